"""The reader's desk: pages, a JSON API and feeds over a store. It only asks, it never changes anything.

Server-rendered, without JavaScript, without a single remote resource; answers on loopback only.
"""

from tocsin.desk.app import create_app
from tocsin.desk.reading import DeskStore

__all__ = ["DeskStore", "create_app"]
