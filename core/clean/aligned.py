"""What a freely written text says about candidate edits, for models that can't be asked about each.

The text is never taken itself. Its words are aligned with the source's, and a candidate is voted for where the words
around it are kept and what it is about came out as the edit would have it, against where it came out as it was, and
not at all where the model went its own way.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..edits import Candidate

VOTE = 2.0
"""Log-odds of what a model did: a vote, and not a probability."""
AROUND = 3
"""Words on each side that are looked at."""
KEPT = 2
"""How many of them have to be there."""
GONE, THERE = 0.2, 0.8
"""Shares of a candidate's words: up to the first it is gone, from the second on it is still there."""
STRAYS = 2
"""Words between the two sides that may be new in the place of a deletion."""
BOUND = 1_500_000
"""Words of the source times words of the output: beyond this an alignment takes seconds."""
WORD = re.compile(r"\w+|[^\w\s]")
EDGES = re.compile(r"^\W+|\W+$")
SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a mark of a text, without case."""

    start: int
    end: int
    text: str


class Alignment:
    """The words of the source, and where they stand in the output."""

    def __init__(self, source: str, candidates: Sequence[Candidate], output: str) -> None:
        self.source = source
        self.output = output
        self.words = words_in(source)
        self.written = words_in(output)
        self.starts = [word.start for word in self.words]
        touched: set[int] = set()
        for candidate in candidates:
            touched.update(self.overlapping(candidate.start, candidate.end))
        self.steady = [i for i, word in enumerate(self.words) if i not in touched and word.text.isalnum()]
        """Words that no candidate is about: by them a place is found again."""
        self.place = self._align()
        """Number of a source's word to number of the output's word."""

    def _align(self) -> dict[int, int]:
        matcher = SequenceMatcher(
            None, [word.text for word in self.words], [word.text for word in self.written], autojunk=False
        )
        return {block.a + i: block.b + i for block in matcher.get_matching_blocks() for i in range(block.size)}

    def overlapping(self, start: int, end: int) -> range:
        """Numbers of the words that share a character with source[start:end]."""
        first = bisect_left(self.starts, start)
        if first > 0 and self.words[first - 1].end > start:
            first -= 1
        last = first
        while last < len(self.words) and self.words[last].start < end:
            last += 1
        return range(first, last)

    def sides(self, start: int, end: int) -> tuple[int, int] | None:
        """Where in the output the words just before source[start:end] end and those just after begin, as numbers of
        words between which the place lies; None when the model did not keep enough of them."""
        before = [i for i in self.steady if self.words[i].end <= start][-AROUND:]
        after = [i for i in self.steady if self.words[i].start >= end][:AROUND]
        if not before and not after:
            return None
        for side in (before, after):
            if sum(i in self.place for i in side) < min(KEPT, len(side)):
                return None
        left = [self.place[i] for i in before if i in self.place]
        right = [self.place[i] for i in after if i in self.place]
        return (left[-1] + 1 if left else 0), (right[0] if right else len(self.written))


def votes(source: str, candidates: Sequence[Candidate], output: str) -> list[float | None]:
    """Log-odds for each candidate (offsets in `source`) that the edit is right, by what a model made of the source:
    VOTE, -VOTE, or None where its text says nothing."""
    if len(words_in(source)) * len(words_in(output)) > BOUND:
        return [None] * len(candidates)
    alignment = Alignment(source, candidates, output)
    return [vote(alignment, candidate) for candidate in candidates]


def vote(alignment: Alignment, candidate: Candidate) -> float | None:
    inside = alignment.overlapping(candidate.start, candidate.end)
    cut = any(alignment.words[i].start < candidate.start or alignment.words[i].end > candidate.end for i in inside)
    joined = beside_words(alignment.source, candidate)
    if candidate.replacement.strip() or cut or joined or not inside:
        return repaired(alignment, candidate)
    return deleted(alignment, candidate, inside)


def deleted(alignment: Alignment, candidate: Candidate, inside: range) -> float | None:
    """Whether the candidate's words are gone while those around it are there."""
    sides = alignment.sides(candidate.start, candidate.end)
    if sides is None:
        return None
    words = [i for i in inside if alignment.words[i].text.isalnum()] or list(inside)
    left, right = sides
    there = sum(left <= alignment.place.get(i, -1) < right for i in words) / len(words)
    if there >= THERE:
        return -VOTE
    new = sum(word.text.isalnum() for word in alignment.written[left:right])
    others = sum(left <= at < right for at in alignment.place.values())
    return VOTE if there <= GONE and new - others <= STRAYS else None


def repaired(alignment: Alignment, candidate: Candidate) -> float | None:
    """Whether the words that the edit changes came out in the edited form or in another."""
    source = alignment.source
    start = max(source.rfind(" ", 0, candidate.start), source.rfind("\n", 0, candidate.start)) + 1
    end = min(
        (at for at in (source.find(" ", candidate.end), source.find("\n", candidate.end)) if at >= 0),
        default=len(source),
    )
    sides = alignment.sides(start, end)
    if sides is None:
        return None
    before, after = source[start : candidate.start], source[candidate.end : end]
    original = source[candidate.start : candidate.end]
    edited = plain(before + candidate.replacement + after)
    others = {plain(before + between + after) for between in (original, "", "-", " ")} - {edited}
    found = {plain(text) for text in written_between(alignment, *sides)} - {""}
    if edited in found:
        return VOTE
    return -VOTE if others & found else None


def written_between(alignment: Alignment, left: int, right: int) -> list[str]:
    """The output's text in a place, with the words there one by one, two by two and three by three, since a place can
    hold more than the words in question."""
    words = alignment.written[left:right][: 8 * AROUND]
    return [
        alignment.output[words[i].start : words[j].end]
        for i in range(len(words))
        for j in range(i, min(i + 2 * AROUND + 3, len(words)))
    ]


def beside_words(source: str, candidate: Candidate) -> bool:
    """Whether the edit is about what stands between two halves of a word, and not about words."""
    around = source[candidate.start - 1 : candidate.start] + source[candidate.end : candidate.end + 1]
    within = source[candidate.start : candidate.end]
    return len(around) == 2 and around.isalnum() and not any(c.isalnum() for c in within)


def words_in(text: str) -> list[Word]:
    return [Word(match.start(), match.end(), match[0].casefold()) for match in WORD.finditer(text)]


def plain(text: str) -> str:
    """For comparing: without case, marks at the ends, and the length of blanks."""
    return SPACES.sub(" ", EDGES.sub("", text)).casefold()
