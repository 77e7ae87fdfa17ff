"""How long the rest of a run takes, by what was done of it.

Chunks are not equal. In `verbatim` one takes as long as its questions, and these are about what stands in parentheses
and brackets, each asked once: a paper's introduction has most of them, and by chunks alone a survey of 43 pages said
twice too much for a third of its run.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from .session import Session

FRAGMENT = re.compile(r"\([^()]{1,200}\)|\[[^\[\]]{1,200}\]")
CHARACTERS = 300
"""So many take as long as a question, with all that is done to a chunk besides."""


class TimeLeft:
    """What was spent on what is done, and how much of all there is to do is pending."""

    def __init__(self, shares: Mapping[int, float], pending: Collection[int], spent: float) -> None:
        """`shares` of all chunks, by index; only their ratios say something. `spent` is in seconds."""
        self._shares = shares
        self._all = sum(shares.values())
        self._set(pending, spent)

    @classmethod
    def of(cls, session: Session, mode: str) -> "TimeLeft":
        if mode == "verbatim":
            chunks = session.chunks()
            found = zip((chunk.index for chunk in chunks), questions(chunk.source for chunk in chunks), strict=True)
        else:
            found = ((row.index, float(row.characters)) for row in session.rows())
        return cls(dict(found), session.pending(), session.attempt_seconds())

    def ask(self, session: Session) -> None:
        """Take the figures as they are there."""
        self._set(session.pending(), session.attempt_seconds())

    def count(self, index: int, seconds: float, *, ended: bool) -> None:
        """An attempt on a chunk, and whether the chunk is no longer pending."""
        self._spent += seconds
        if ended and index in self._pending:
            self._pending.remove(index)
            self._left -= self._shares[index]

    @property
    def seconds(self) -> float:
        """Of one after another, by the pace of what is done; there must be something that is."""
        return self._spent * self._left / (self._all - self._left)

    def _set(self, pending: Collection[int], spent: float) -> None:
        self._pending, self._spent = set(pending), spent
        self._left = sum(self._shares[index] for index in self._pending)


def questions(sources: Iterable[str]) -> Iterable[float]:
    """Shares of chunks, in order, by what is asked of each: what stood in one before is not asked about again."""
    seen: set[str] = set()
    for source in sources:
        new = set(FRAGMENT.findall(source)) - seen
        seen |= new
        yield share(len(source), len(new))


def share(characters: int, fragments: int) -> float:
    return characters / CHARACTERS + fragments
