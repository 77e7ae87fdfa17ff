"""Text that remembers where each of its characters came from.

Every repair is a list of edits on the text before it. Applying edits carries the origins along, so any character of
the result can be followed back to an offset in the extracted document, and from there to its page.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import eq
from typing import overload

OFFSET = "I"
"""Four bytes an offset, of which a line takes three or four."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace text[start:end] by `text`; an empty `text` deletes."""

    start: int
    end: int
    text: str = ""


class Origins(Sequence[int]):
    """An offset for each character, never descending, kept as runs: a thousand pages are some five million characters,
    and several texts live at a time.

    A run's offsets go up by one from character to character, or all are the same where a repair put characters in.
    """

    __slots__ = ("_firsts", "_length", "_starts", "_steps")

    def __init__(self, length: int = 0) -> None:
        """The characters from 0 to `length`, each where it is."""
        self._starts = array(OFFSET, [0] if length else [])
        """Places of the runs, ascending."""
        self._firsts = array(OFFSET, [0] if length else [])
        """The first offset of each."""
        self._steps = bytearray(b"\1" if length else b"")
        """1 where they go up."""
        self._length = length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...

    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(self._length))]
        place = index + self._length if index < 0 else index
        if not 0 <= place < self._length:
            raise IndexError("there is no such character")
        run = bisect_right(self._starts, place) - 1
        return self._firsts[run] + self._steps[run] * (place - self._starts[run])

    def __iter__(self) -> Iterator[int]:
        for run, start in enumerate(self._starts):
            first, step = self._firsts[run], self._steps[run]
            end = self._starts[run + 1] if run + 1 < len(self._starts) else self._length
            yield from range(first, first + end - start) if step else [first] * (end - start)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origins) and self._length == other._length and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def add(self, first: int, length: int, *, rising: bool) -> None:
        """A run at the end; one that goes on with the last becomes part of it."""
        if not length:
            return
        if self._starts:
            step, before = self._steps[-1], self._firsts[-1]
            if rising and step and before + self._length - self._starts[-1] == first:
                self._length += length
                return
        self._starts.append(self._length)
        self._firsts.append(first)
        self._steps.append(rising)
        self._length += length

    def add_from(self, other: "Origins", start: int, end: int) -> None:
        """other[start:end] at the end."""
        if start >= end:
            return
        starts, firsts, steps = other._starts, other._firsts, other._steps
        run = bisect_right(starts, start) - 1
        while start < end:
            stop = min(end, starts[run + 1] if run + 1 < len(starts) else other._length)
            first = firsts[run] + steps[run] * (start - starts[run])
            self.add(first, stop - start, rising=bool(steps[run]))
            start, run = stop, run + 1


@dataclass(frozen=True, slots=True)
class Traced:
    """`text` with, for each character, its offset in the original: len(origins) == len(text), never descending."""

    text: str
    origins: Origins

    @classmethod
    def of(cls, text: str) -> "Traced":
        return cls(text, Origins(len(text)))

    def apply(self, edits: Iterable[Edit]) -> "Traced":
        """Apply edits that don't overlap; inserted characters take the origin of what they replace or precede.

        Raises ValueError when edits overlap or reach outside the text.
        """
        ordered = sorted(edits)
        if not ordered:
            return self
        if ordered[0].start < 0 or any(edit.end < edit.start or edit.end > len(self.text) for edit in ordered):
            raise ValueError("an edit reaches outside the text")
        if any(left.end > right.start for left, right in pairwise(ordered)):
            raise ValueError("edits overlap")
        parts: list[str] = []
        origins = Origins()
        at = 0
        for edit in ordered:
            parts.append(self.text[at : edit.start])
            origins.add_from(self.origins, at, edit.start)
            parts.append(edit.text)
            self._spread(edit, origins)
            at = edit.end
        parts.append(self.text[at:])
        origins.add_from(self.origins, at, len(self.text))
        return Traced("".join(parts), origins)

    def _spread(self, edit: Edit, origins: Origins) -> None:
        """Origins for a replacement: one to one while the replaced text lasts, then its last origin."""
        size, replaced = len(edit.text), edit.end - edit.start
        origins.add_from(self.origins, edit.start, edit.start + min(size, replaced))
        if size > replaced:
            near = max(edit.end - 1, 0) if replaced else min(edit.start, len(self.text) - 1)
            origins.add(self.origins[near] if self.text else 0, size - replaced, rising=False)


def page_at(page_starts: Sequence[tuple[int, int]], origin: int) -> int:
    """The number of the page that holds the character at `origin`; `page_starts` as in `Document.page_starts`."""
    index = bisect_right(page_starts, origin, key=lambda start: start[0]) - 1
    return page_starts[max(index, 0)][1]
