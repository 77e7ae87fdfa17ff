"""Text that remembers where each of its characters came from.

Every repair is a list of edits on the text before it. Applying edits carries the origins along, so any character of
the result can be followed back to an offset in the extracted document, and from there to its page.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

OFFSET = "I"
"""Four bytes an offset: a thousand pages are some five million characters, and several texts live at a time."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace text[start:end] by `text`; an empty `text` deletes."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Traced:
    """`text` with, for each character, its offset in the original: len(origins) == len(text), never descending."""

    text: str
    origins: "array[int]"

    @classmethod
    def of(cls, text: str) -> "Traced":
        return cls(text, array(OFFSET, range(len(text))))

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
        origins = array(OFFSET)
        at = 0
        for edit in ordered:
            parts.append(self.text[at : edit.start])
            origins.extend(self.origins[at : edit.start])
            parts.append(edit.text)
            origins.extend(self._spread(edit))
            at = edit.end
        parts.append(self.text[at:])
        origins.extend(self.origins[at:])
        return Traced("".join(parts), origins)

    def _spread(self, edit: Edit) -> "array[int]":
        """Origins for a replacement: one to one while the replaced text lasts, then its last origin."""
        replaced = self.origins[edit.start : edit.end]
        if not replaced:
            here = self.origins[edit.start] if edit.start < len(self.origins) else (self.origins or [0])[-1]
            replaced = array(OFFSET, [here])
        size = len(edit.text)
        return replaced[:size] + array(OFFSET, [replaced[-1]]) * max(0, size - len(replaced))


def page_at(page_starts: Sequence[tuple[int, int]], origin: int) -> int:
    """The number of the page that holds the character at `origin`; `page_starts` as in `Document.page_starts`."""
    index = bisect_right(page_starts, origin, key=lambda start: start[0]) - 1
    return page_starts[max(index, 0)][1]
