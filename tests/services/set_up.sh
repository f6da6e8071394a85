#!/usr/bin/env bash
# Brings the servers that tests start: Redis from Debian, Elasticsearch from Maven Central. Neither is left running.
# Always succeeds: what cannot be brought is told in one line, and its tests skip at home and fail in CI.
set -uo pipefail
VERSION=8.19.4
if [ "$(id -u)" = 0 ]; then
  # Elasticsearch refuses to run as root, and whoever runs it for root cannot look into root's home.
  cache=/var/cache/tocsin
else
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/tocsin
fi
home=$cache/elasticsearch-$VERSION

has() { command -v "$1" >/dev/null 2>&1; }

updated=
install() { # WHAT PACKAGE...: with Debian's tools, quietly, without starting anything
  local what=$1
  shift
  if [ "$(id -u)" != 0 ] || ! has apt-get; then
    echo "No $what here: tests that need it will be skipped. On Debian: apt install $*"
    return 1
  fi
  echo "Installing $what for the tests (once) …"
  [ -n "$updated" ] || apt-get update -qq </dev/null >/dev/null 2>&1
  updated=1
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null 2>&1 && return
  echo "$what could not be installed: tests that need it will be skipped (in CI they fail)."
  return 1
}

runtime() { # Java 17 or newer
  has java && [ "$(java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = //p')" -ge 17 ] 2>/dev/null
}

elasticsearch() {
  [ -x "$home/bin/elasticsearch" ] && runtime && return
  runtime || install "Java" openjdk-17-jre-headless || install "Java" default-jre-headless || return
  [ -x "$home/bin/elasticsearch" ] && return
  has mvn || install "Maven" maven || return
  echo "Fetching Elasticsearch $VERSION from Maven Central (once, 97 MB) …"
  local draft
  draft=$(mkdir -p "$cache" && mktemp -d "$cache/draft.XXXXXX") || { echo "Cannot write to $cache: tests that need Elasticsearch will be skipped (in CI they fail)."; return; }
  chmod 755 "$draft"
  if mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:copy -DoutputDirectory="$draft" \
      -Dartifact="org.elasticsearch.distribution.integ-test-zip:elasticsearch:$VERSION:zip" </dev/null >"$draft/log" 2>&1 \
    && python3 -m zipfile -e "$draft/elasticsearch-$VERSION.zip" "$draft" \
    && chmod -R a+rX "$draft/elasticsearch-$VERSION" && chmod a+x "$draft/elasticsearch-$VERSION"/bin/*; then
    mv -T "$draft/elasticsearch-$VERSION" "$home" 2>/dev/null || [ -x "$home/bin/elasticsearch" ]
  else
    echo "Elasticsearch could not be fetched: tests that need it will be skipped (in CI they fail). $(grep -m1 ERROR "$draft/log")"
  fi
  rm -rf "$draft"
}

has redis-server || install "Redis" redis-server
elasticsearch
exit 0
