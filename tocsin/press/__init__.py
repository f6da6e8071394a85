"""A small press on loopback: twelve outlets that publish while they are watched, and the truth about every page.

The demo crawls it, the tests measure against it. See ``open_press``.
"""

from tocsin.press.server import Piece, Press, open_press

__all__ = ["Piece", "Press", "open_press"]
