"""Reading stored texts anew, when the analyser has another version. Nothing is fetched, filed or told again."""

from collections.abc import Callable

import msgspec

from tocsin.stores.port import RoadStore
from tocsin.words import ANALYSER, Words

BATCH = 50


def reindex(
    store: RoadStore, words: Words, progress: Callable[[int], None], stopped: Callable[[], bool] = lambda: False
) -> int:
    """Bring every ready article to this analyser, batch by batch; what is done is kept, whatever comes between.

    ``progress`` is told the number of articles done so far. Returns that number.
    """
    done = 0
    while not stopped() and (batch := store.outdated(ANALYSER, BATCH)):
        store.reindex(
            [
                (
                    msgspec.structs.replace(article, analyser=ANALYSER),
                    words.analyse(article.title, article.text, article.lang),
                )
                for article in batch
            ]
        )
        done += len(batch)
        progress(done)
    return done
