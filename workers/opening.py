"""What is opened once in every process that carries articles."""

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

from tocsin.clock import Clock
from tocsin.lists import load
from tocsin.query.expand import Expander
from tocsin.settings import Settings
from tocsin.words import Words
from workers.enrich import Enricher
from workers.flow import Hall
from workers.rules import RuleBook

if TYPE_CHECKING:
    from tocsin.stores.port import Store


def open_hall(store: "Store", settings: Settings, clock: Clock, rang: Callable[[], object] = lambda: None) -> Hall:
    """The hall over a store; ``rang`` is called whenever somebody is to be told."""
    # A text is thousands of small objects that hold each other in no ring. Looking for rings among them, and among the
    # words that a process remembers, took a quarter of all the time.
    gc.set_threshold(50_000, 20, 50)
    words = Words.open(settings.cache_dir)
    lists = load(settings.user_lists)
    expander = Expander(words, lists)
    return Hall(store, clock, Enricher(words, expander, lists), RuleBook(store, expander), rang)
