"""Sketches as bytes: small enough that a million of them are no burden.

Of the hashes of a text's shingles three bytes of four are kept. The fourth is put back from the text that they are
compared with, where it has a hash that begins alike: two texts agree in one of a hundred thousand shingles by chance.
"""

import struct
import zlib
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from typing import Any

import msgspec

from tocsin.stores.port import Sketch

_decode = msgspec.msgpack.Decoder().decode
_encode = msgspec.msgpack.Encoder().encode

_FIELDS = tuple(name for name in Sketch.__struct_fields__ if name != "story")
"""The fields in the order in which they are packed: a new one comes last, or what was packed before is misread."""
_IDS = frozenset({"article", "address_id", "text_hash", "title_hash"})
_SORTED = frozenset({"shingles", "quoted"})
_MANY = 64
"""Hashes from which it pays to keep three bytes of each, and the first as the difference to the one before."""


def key(text: str) -> int:
    """A number for a text, to find it by: signed, 64 bits."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def packed(sketch: Sketch) -> bytes:
    """All of a sketch but its story, which may change."""
    fields = ((name, getattr(sketch, name)) for name in _FIELDS)
    return _encode([_short(it) if name in _IDS else _squeezed(it) if name in _SORTED else it for name, it in fields])


def unpacked(data: bytes, story: str, beside: Sketch) -> Sketch:
    """The sketch of ``packed``, to be compared with another one and with no other."""
    fields: dict[str, Any] = dict(zip(_FIELDS, _decode(data), strict=False))
    known = _by_beginning(beside.shingles + beside.quoted + beside.denied)
    for name in _IDS:
        fields[name] = _long(fields[name])
    for name in _SORTED:
        fields[name] = _unsqueezed(fields[name], known)
    fields["numbers"] = tuple(fields["numbers"])
    return Sketch(story=story, **fields)


def _short(name: str) -> str | bytes:
    """A name in hex as half as many bytes; any other one as it is."""
    try:
        half = bytes.fromhex(name)
    except ValueError:
        return name
    return half if half.hex() == name else name


def _long(name: str | bytes) -> str:
    return name.hex() if isinstance(name, bytes) else name


def _squeezed(hashes: bytes) -> bytes | tuple[bytes, bytes]:
    """Sorted 32-bit little-endian numbers: few as they are, of many the first three bytes."""
    count = len(hashes) // 4
    if count < _MANY:
        return hashes
    column = int.from_bytes(hashes[3::4], "little")
    # One subtraction for all of them: the numbers are sorted, so that no difference borrows from the next one.
    steps = (column - (column << 8) & (1 << 8 * count) - 1).to_bytes(count, "little")
    return _counted(steps), hashes[2::4] + hashes[1::4]


def _counted(steps: bytes) -> bytes:
    """Raw deflate without a search for repetitions: of small differences there are none worth their time and bytes.

    The window and the memory are the smallest that hold such a run, since both are set up anew for each text.
    """
    huffman = zlib.compressobj(1, zlib.DEFLATED, -9, 5, zlib.Z_HUFFMAN_ONLY)
    return huffman.compress(steps) + huffman.flush()


def _unsqueezed(data: bytes | list[bytes], known: dict[int, int]) -> bytes:
    if isinstance(data, bytes):
        return data
    steps, rest = data
    count = len(rest) // 2
    hashes = bytearray(4 * count)
    hashes[3::4], hashes[2::4], hashes[1::4] = accumulate(zlib.decompress(steps, -15)), rest[:count], rest[count:]
    form = f"<{count}I"
    beginnings = struct.unpack(form, hashes[1:] + b"\0")
    return struct.pack(form, *map(known.get, beginnings, struct.unpack(form, hashes)))


@lru_cache(8)
def _by_beginning(hashes: bytes) -> dict[int, int]:
    """32-bit numbers by their first three bytes."""
    return {number >> 8: number for number in struct.unpack(f"<{len(hashes) // 4}I", hashes)}
