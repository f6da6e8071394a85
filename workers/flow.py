"""The hall: the whole order of room two, one short function for each stretch of the road.

    accepted ──file──▶ filed ──publish──▶ ready

Each stretch ends in one write transaction. Whatever dies between them is found again by its lease, and doing a stretch
twice makes nothing twice.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
import structlog

from tocsin.addresses import address_id
from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.query.document import Document
from tocsin.records import Article
from tocsin.stores.port import RoadStore
from tocsin.words import ANALYSER, Analysed
from workers.alert import RuleBook, ring
from workers.dedupe import CANDIDATES, decide
from workers.enrich import Enricher
from workers.sketch import sketch

BATCH = 20
LEASE_SECONDS = 30.0
MAX_ATTEMPTS = 3

log = structlog.get_logger()


class Hall(NamedTuple):
    """What the stretches need: opened in a main and passed."""

    store: RoadStore
    clock: Clock
    enricher: Enricher
    rules: RuleBook


class Carried(NamedTuple):
    """An article on its way, with its analysis."""

    article: Article
    analysed: Analysed


def turn(hall: Hall) -> int:
    """Carry one batch along the road. Returns how many articles were waiting."""
    claimed = hall.store.claim(BATCH, LEASE_SECONDS, hall.clock.now())
    try:
        willing = _without_poison(hall, claimed)
        filed = file(hall, [article for article in willing if article.state == "accepted"])
        halfway = [article for article in willing if article.state == "filed"]
        publish(hall, [*_analysed_before(hall, halfway), *filed])
    except UserError:
        # The disk is full, say: that is no article's fault, and none may end up parked for it.
        with suppress(UserError):
            hall.store.release(claimed)
        raise
    return len(claimed)


def file(hall: Hall, articles: Sequence[Article]) -> list[Carried]:
    """From accepted to filed: what language, which names, which topics; then, in one transaction, which story."""
    enriched = list(_enriched(hall, articles))
    sketches = [sketch(carried.article, carried.analysed) for carried in enriched]
    filed = []
    with hall.store.filing() as filing:
        for (article, analysed), drawn in zip(enriched, sketches, strict=True):
            met = filing.meet(drawn.sketch, drawn.prints, [address_id(url) for url in article.alternates], CANDIDATES)
            decided = decide(article, drawn, met)
            if filing.file(decided.article, decided.sketch, drawn.prints, analysed):
                for other in decided.joins:
                    filing.join(decided.article.story, other)
                filed.append(Carried(msgspec.structs.replace(decided.article, state="filed"), analysed))
    return filed


def publish(hall: Hall, carried: Sequence[Carried]) -> None:
    """From filed to ready: searchable, and whoever asked for it has an alert row, in one transaction."""
    if not carried:
        return
    rules, now = hall.rules.current(), hall.clock.now()
    with hall.store.publishing() as publishing:
        for article, analysed in carried:
            met = msgspec.structs.replace(article, generation=rules.generation)
            if publishing.make_ready(met, analysed, now) is not None:
                ring(met, Document.of(met, analysed, now), rules, publishing, now)


def _without_poison(hall: Hall, claimed: Sequence[Article]) -> list[Article]:
    willing = []
    for article in claimed:
        if article.attempts > MAX_ATTEMPTS:
            hall.store.park(article, "the workers failed on it three times", hall.clock.now())
        else:
            willing.append(article)
    return willing


def _enriched(hall: Hall, articles: Iterable[Article]) -> Iterable[Carried]:
    """Enrich one by one: what fails stays under its lease and comes back, until its attempts are used up."""
    for article in articles:
        try:
            enriched, analysed = hall.enricher.enrich(article)
        except Exception:  # one poisoned text must not stop the others
            log.exception("an article could not be enriched", article=article.id, url=article.url)
            continue
        yield Carried(msgspec.structs.replace(enriched, analyser=ANALYSER), analysed)


def _analysed_before(hall: Hall, articles: Iterable[Article]) -> list[Carried]:
    return [Carried(article, hall.store.tokens(article.id) or hall.enricher.analyse(article)) for article in articles]
