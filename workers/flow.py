"""The hall: the whole order of room two, one short function for each stretch of the road.

    accepted ──file──▶ filed ──publish──▶ ready

Each stretch ends in one write transaction. Whatever dies between them is found again by its lease, and doing a stretch
twice makes nothing twice.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
import structlog

from tocsin import logs
from tocsin.addresses import address_id
from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.query.document import Document
from tocsin.records import Article
from tocsin.stores.port import FingerprintsMissing, Hint, Store
from tocsin.words import ANALYSER, Analysed
from workers.alert import ring
from workers.dedupe import CANDIDATES, decide
from workers.enrich import Enricher
from workers.rebuild import rebuild
from workers.rules import RuleBook
from workers.sketch import sketch

BATCH = 20
LEASE_SECONDS = 30.0
MAX_ATTEMPTS = 3

log = structlog.get_logger()


class Hall(NamedTuple):
    """What the stretches need: opened in a main and passed."""

    store: Store
    clock: Clock
    enricher: Enricher
    rules: RuleBook
    rang: Callable[[], object] = lambda: None
    """Called when there are notices to be sent."""


class Carried(NamedTuple):
    """An article on its way, with its analysis."""

    article: Article
    analysed: Analysed


def turn(hall: Hall) -> int:
    """Carry one batch along the road. Returns how many articles were waiting."""
    try:
        return carry(hall, hall.store.claim(BATCH, LEASE_SECONDS, hall.clock.now()))
    except FingerprintsMissing:
        restore(hall)
        return 0


def turn_to(hall: Hall, hints: Sequence[Hint]) -> int:
    """Carry those of these articles that nobody else carries. Returns how many.

    Raises FingerprintsMissing where they have to be restored first.
    """
    carried = 0
    while claimed := hall.store.claim_these(hints, LEASE_SECONDS, hall.clock.now()):
        carried += carry(hall, claimed)
    return carried


def carry(hall: Hall, claimed: Sequence[Article]) -> int:
    """Carry leased articles as far as they go. Returns how many there were.

    Raises FingerprintsMissing or UserError after giving them back.
    """
    try:
        willing = _without_poison(hall, claimed)
        filed = file(hall, [article for article in willing if article.state == "accepted"])
        halfway = [article for article in willing if article.state == "filed"]
        publish(hall, [*_analysed_before(hall, halfway), *filed])
    except (FingerprintsMissing, UserError):
        # The disk is full, say: that is no article's fault, and none may end up parked for it.
        with suppress(UserError):
            hall.store.release(claimed)
        raise
    return len(claimed)


def restore(hall: Hall) -> bool:
    """Fill fingerprints that were lost from what the store has filed. False where another worker is at it."""
    shared = hall.store.fingerprints
    return shared is None or rebuild(hall.store, shared, hall.enricher.words, hall.clock.now() - shared.KEPT)


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
    for article, _ in filed:
        logs.follow("filed", article=article.id, story=article.story, relation=article.relation)
    return filed


def publish(hall: Hall, carried: Sequence[Carried]) -> None:
    """From filed to ready: searchable, and whoever asked for it has an alert row, in one transaction."""
    if not carried:
        return
    rules, now = hall.rules.current(), hall.clock.now()
    with hall.store.publishing() as publishing:
        met = [
            (msgspec.structs.replace(article, generation=rules.generation), analysed) for article, analysed in carried
        ]
        arrived = [
            (article, Document.of(article, analysed, now))
            for article, analysed in met
            if publishing.make_ready(article, analysed, now)
        ]
        notices = ring(arrived, rules, publishing, hall.store, now)
    for article, _ in arrived:
        logs.follow("ready", article=article.id)
    logs.follow("a batch is ready", "info", articles=len(arrived), notices=notices)
    if notices:
        hall.rang()


def _without_poison(hall: Hall, claimed: Sequence[Article]) -> list[Article]:
    willing = []
    for article in claimed:
        if article.attempts > MAX_ATTEMPTS:
            hall.store.park(article, "the workers failed on it three times", hall.clock.now())
            log.warning("an article is parked: the workers failed on it three times", article=article.id)
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
        logs.follow("enriched", article=article.id, lang=enriched.lang)
        yield Carried(msgspec.structs.replace(enriched, analyser=ANALYSER), analysed)


def _analysed_before(hall: Hall, articles: Iterable[Article]) -> list[Carried]:
    return [Carried(article, hall.store.tokens(article.id) or hall.enricher.analyse(article)) for article in articles]
