# Tocsin's commands. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
# Seconds that the demo runs.
FOR ?= 60
# Test processes, and further words for pytest: make test ARGS='-k words'
JOBS ?= 2
ARGS ?=
# The one that resolves the locks; what it wrote is installed with plain pip.
UV := uv==0.13.9

.DEFAULT_GOAL := help
.PHONY: help install demo up test lint bench bench-startup bench-simulator bench-words bench-matching bench-equivalence bench-hostile bench-extraction bench-hostile-pages bench-dedupe bench-dedupe-race bench-storm bench-backtest bench-dedupe-cost bench-scrape bench-engine bench-same-output bench-growth train-blocks faults soak lock chromium servers clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.run ## the program in .venv, its dictionaries compiled
	@$(BIN)/python -m tocsin.words

demo: install ## the whole road over a press on this machine, for 60 seconds (FOR=300: longer)
	@$(BIN)/tocsin demo --for $(FOR)

up: install ## the real thing: your outlets, your alerts, until Ctrl-C
	@$(BIN)/tocsin up

test: $(VENV)/.dev chromium servers ## every test; sets up what it needs
	@$(BIN)/python -m tocsin.words
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy --strict and the ladder of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo --no-cache

bench: ## the benchmarks that exist, each a command of its own
	@awk -F ':.*## ' '/^bench-[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bench-startup: $(VENV)/.run ## CPU seconds until the command line answers
	@$(BIN)/python bench/startup.py

bench-simulator: $(VENV)/.run ## the crawl over forty simulated outlets, judged (needs the simulator beside the project)
	@$(BIN)/python bench/simulator.py

bench-words: $(VENV)/.run ## case forms that meet, look-alikes that must not, spellings of places
	@$(BIN)/python -m bench.right_words

bench-matching: $(VENV)/.dev ## analysis and matching at 10,000 and 100,000 subscriptions, beside a yardstick
	@$(BIN)/python -m bench.matching

bench-equivalence: $(VENV)/.dev servers ## 10,000 queries over 2,000 articles: reference, matcher, SQLite, Elasticsearch
	@$(BIN)/python -m bench.equivalence

bench-hostile: $(VENV)/.dev servers ## refusals in milliseconds; the worst accepted queries over 100,000 articles
	@$(BIN)/python -m bench.hostile

bench-extraction: $(VENV)/.run ## text, title, date, authors over 1,698 real pages, beside trafilatura; CPU time
	@$(BIN)/python -m bench.extraction

train-blocks: $(VENV)/.dev ## train the trees that judge blocks of a page anew, and say how they do on pages held out
	@$(PIP) install -qq "lightgbm==4.7.0" && $(BIN)/python -m bench.train_blocks

bench-hostile-pages: $(VENV)/.run ## pages made to hang, crash or bloat a reader: the batch must come back whole
	@$(BIN)/python -m bench.hostile_pages

bench-dedupe: $(VENV)/.run ## copies that join and look-alikes that must not: events, edited articles, bulletins, the simulator (4 min)
	@$(BIN)/python -m bench.dedupe

bench-dedupe-race: $(VENV)/.run ## copies that come at once to two to eight workers, and kill -9 among them (10 min, needs Redis)
	@$(BIN)/python -m bench.dedupe_race --rounds 10000

bench-engine: $(VENV)/.run ## what an article costs the workers, on SQLite and on Elasticsearch, with 10,000 subscriptions (10 min)
	@$(BIN)/python -m bench.engine

bench-same-output: $(VENV)/.dev servers ## three thousand articles on SQLite, on Elasticsearch, and there by Celery workers: articles, stories and alerts must be equal (8 min)
	@$(BIN)/python -m bench.same_output

bench-growth: $(VENV)/.dev servers ## what an article costs the workers when a million are stored, and two hundred thousand on Elasticsearch (35 min)
	@$(BIN)/python -m bench.growth

bench-storm: $(VENV)/.run ## one text from 300 outlets in two minutes, 10,000 subscriptions: who is told, how often, how soon (3 min)
	@$(BIN)/python -m bench.storm

bench-backtest: $(VENV)/.run ## a hundred random subscriptions over seven simulated days, lived through and rehearsed: 0 differences (4 min)
	@$(BIN)/python -m bench.backtest

bench-scrape: $(VENV)/.run ## what a scrape of the metrics costs over 100,000 articles, and whether it disturbs writes (3 min)
	@$(BIN)/python -m bench.scrape

bench-dedupe-cost: $(VENV)/.run ## what one more article costs dedupe, on SQLite and on Redis
	@$(BIN)/python -m bench.dedupe_cost

faults: $(VENV)/.dev servers ## whatever is killed, stopped, full, busy or poisoned: nothing lost, nothing doubled (an hour)
	@$(BIN)/python -m tocsin.words
	@$(BIN)/python bench/kill_demo.py --kills 6; killed=$$?; $(BIN)/python -m bench.faults $(ARGS) && exit $$killed

soak: $(VENV)/.dev servers ## the load of a day while the calendar goes on by years: memory, descriptors, tables must not grow (15 min)
	@$(BIN)/python -m bench.soak

# The locks: dev is resolved first and holds for the others, so that one environment serves them all.
# Pins stay as they are; `make lock UPGRADE=--upgrade` moves them.
lock: ## write requirements/*.txt anew from pyproject.toml
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && \
	echo "Setting up the resolver …" && $(PYTHON) -m venv "$$tmp/venv" && \
	"$$tmp/venv/bin/python" -m pip --disable-pip-version-check install -q "$(UV)" && \
	compile() { env -u PIP_FIND_LINKS -u UV_FIND_LINKS "$$tmp/venv/bin/uv" pip compile pyproject.toml -q --group build \
	  --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --annotation-style line \
	  --custom-compile-command 'make lock' $(UPGRADE) "$$@" && echo "wrote $$2"; } && \
	compile -o requirements/dev.txt --extra dev --extra distributed --extra apprise && \
	compile -o requirements/distributed.txt --extra distributed -c requirements/dev.txt && \
	compile -o requirements/run.txt -c requirements/dev.txt

clean: ## remove the virtual environment and everything that tools left behind
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage htmlcov
	find tocsin spiders workers tests bench -name __pycache__ -prune -exec rm -rf {} +

# A browser for the desk's tests. They skip without one at home and fail without one in CI.
chromium:
	@if command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "Installing Debian's Chromium for the desk's tests (once, a minute or two) …"; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } \
	    </dev/null >/dev/null || echo "Chromium could not be installed: the browser tests will be skipped (in CI they fail)."; \
	else echo "No Chromium here: the browser tests will be skipped. On Debian: apt install chromium"; fi

# Servers that tests start and talk to. Those that are absent skip at home and fail in CI.
servers:
	@bash tests/services/set_up.sh

# Stamps: what is newer than its lock need not be installed again.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Tocsin needs Python 3.11 or newer, and '$(PYTHON)' is not. Install it, or name it: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments. On Debian: apt install python3-venv" >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV) …"
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && touch $@

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/.made
	@if [ $(VENV)/.dev -nt requirements/dev.txt ] && [ $(VENV)/.dev -nt pyproject.toml ]; then :; else \
	$(call install,run); fi
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/.made
	@$(call install,dev)
	@touch $@

install = echo "Installing $$(grep -c '==' requirements/$(1).txt) locked packages (once, about a minute) …" && \
	$(PIP) install -qq --no-deps --require-hashes -r requirements/$(1).txt && \
	$(PIP) install -qq --no-deps --no-build-isolation -e .
