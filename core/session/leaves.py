"""Reads rows out of a SQLite file page by page, so that what is damaged costs itself only.

SQLite finds rows by going down a tree: a torn inner page hides all below it, and a torn first page everything. But each
row lies whole in a leaf (and in a chain of pages of its own where it is long), and leaves can be told by their first
byte. So every page is looked at, whoever points to it. The format is sqlite.org/fileformat2.html.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

Value = int | float | str | bytes | None

TABLE_LEAF = 0x0D
FIRST_PAGE_HEADER = 100
USUAL_PAGE = 4096
INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
LONGEST_VALUE = 1 << 30
MOST_READ = 4
"""So many times a file's length are read of it at most: rows lie beside each other, but for old ones that were given up
below them, and a file in which all leaves name the same bytes must not fill the memory."""


class Torn(Exception):
    """A row, or a page, that holds no sense."""


class Unreadable(str):
    """A text with marks in it for bytes that were no characters."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of some table; which one only its shape can tell."""

    rowid: int
    values: tuple[Value, ...]


class Leaves:
    """The file's bytes. `unreadable` counts the texts met so far in which bytes were no characters."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        size = int.from_bytes(data[16:18], "big")
        size = 65536 if size == 1 else size
        self._size = size if 512 <= size <= 65536 and size.bit_count() == 1 else USUAL_PAGE
        self.unreadable = 0
        self._left = MOST_READ * len(data)
        """Bytes of rows that are still read."""
        self._usable = self._size - (data[20] if len(data) > 20 and data[20] < 64 else 0)

    def rows(self) -> Iterator[RawRow]:
        """Every row of every table, in the order of the pages; pages that SQLite has given up are left out."""
        free = self._free_pages()
        for number in range(1, -(-len(self._data) // self._size) + 1):
            if number not in free:
                yield from self._rows_of(number)

    def _rows_of(self, number: int) -> Iterator[RawRow]:
        start = (number - 1) * self._size
        page = self._data[start : start + self._size]
        head = FIRST_PAGE_HEADER if number == 1 else 0
        if len(page) < head + 8 or page[head] != TABLE_LEAF:
            return
        count = int.from_bytes(page[head + 3 : head + 5], "big")
        for at in range(min(count, self._size // 4)):
            with suppress(Torn, IndexError):
                yield self._row(page, _uint(page, head + 8 + 2 * at, 2))

    def _row(self, page: bytes, at: int) -> RawRow:
        length, at = _varint(page, at)
        rowid, at = _varint(page, at)
        values = _values(self._payload(page, at, length))
        self.unreadable += sum(isinstance(value, Unreadable) for value in values)
        return RawRow(rowid - (1 << 64) if rowid >> 63 else rowid, values)

    def _payload(self, page: bytes, at: int, length: int) -> bytes:
        """A row's bytes, of which the end may lie in a chain of other pages."""
        usable = self._usable
        if length > min(LONGEST_VALUE, self._left):
            raise Torn
        self._left -= length
        if length <= usable - 35:
            return _cut(page, at, length)
        least = (usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (usable - 4)
        here = here if here <= usable - 35 else least
        parts, left = [_cut(page, at, here)], length - here
        following = _uint(page, at + here, 4)
        while left > 0:
            if following == 0:
                raise Torn
            start = (following - 1) * self._size
            parts.append(_cut(self._data, start + 4, min(left, usable - 4)))
            left -= len(parts[-1])
            following = _uint(self._data, start, 4)
        return b"".join(parts)

    def _free_pages(self) -> set[int]:
        """Pages that were given back and may still hold rows of long ago."""
        free: set[int] = set()
        trunk = int.from_bytes(self._data[32:36], "big")
        with suppress(Torn):
            while trunk and trunk not in free:
                free.add(trunk)
                start = (trunk - 1) * self._size
                count = min(_uint(self._data, start + 4, 4), self._size // 4)
                free |= {_uint(self._data, start + 8 + 4 * at, 4) for at in range(count)}
                trunk = _uint(self._data, start, 4)
        return free


def _values(payload: bytes) -> tuple[Value, ...]:
    """Raises Torn unless the row fills its length to the last byte."""
    end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise Torn
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind in (0, 8, 9):
        return (None if kind == 0 else kind - 8), at
    if kind == 7:
        return struct.unpack(">d", _cut(payload, at, 8))[0], at + 8
    if kind in INTEGER_BYTES:
        length = INTEGER_BYTES[kind]
        return int.from_bytes(_cut(payload, at, length), "big", signed=True), at + length
    if kind < 12:
        raise Torn
    length = (kind - 12) // 2
    raw = _cut(payload, at, length)
    return (_text(raw) if kind % 2 else raw), at + length


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return Unreadable(raw.decode(errors="replace"))


def _cut(data: bytes, at: int, length: int) -> bytes:
    part = data[at : at + length]
    if len(part) < length:
        raise Torn
    return part


def _uint(data: bytes, at: int, length: int) -> int:
    return int.from_bytes(_cut(data, at, length), "big")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """SQLite's integers of 1 to 9 bytes, and where the next thing stands."""
    value = 0
    for count in range(9):
        byte = data[at + count]
        if count == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + count + 1
    raise AssertionError
