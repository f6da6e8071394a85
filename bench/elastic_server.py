"""The real Elasticsearch of the tests, for benches and for looking.

``python -m bench.elastic_server`` prints its address and stops it on Ctrl-C.
"""

import contextlib
import sys
import threading
from collections.abc import Iterator

from tests.services import elastic_server


@contextlib.contextmanager
def running(heap: str = "1g") -> Iterator[str]:
    """Its address. Ends the program with a sentence where the server is absent."""
    server = elastic_server.home()
    if not server:
        sys.exit("There is no Elasticsearch here: make servers")
    with elastic_server.running(server, heap) as address:
        yield address


def main() -> None:
    """Until Ctrl-C."""
    with running(*sys.argv[1:2]) as address, contextlib.suppress(KeyboardInterrupt):
        print(address, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
