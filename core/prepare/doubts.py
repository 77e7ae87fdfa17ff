"""Places where a step was not sure, kept until the text is finished.

Later steps move everything, so a doubt is known by the origins of the two characters that stay around it. Where one
of them has gone, or a paragraph's end has come between, there is nothing left to decide.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from ..edits import Candidate
from ..traced import Traced


@dataclass(frozen=True, slots=True)
class Doubt:
    """Replacing what stands between two characters by `replacement` may be right."""

    left: int
    """Origin of the last character before, -1 at the text's beginning."""
    right: int
    """Origin of the first character behind."""
    replacement: str
    kind: str
    prior: float


def around(traced: Traced, start: int, end: int, replacement: str, kind: str, prior: float) -> Doubt:
    """A doubt about text[start:end]; `end` must be before the text's end."""
    left = traced.origins[start - 1] if start else -1
    return Doubt(left, traced.origins[end], replacement, kind, prior)


def placed(doubts: Iterable[Doubt], traced: Traced) -> tuple[Candidate, ...]:
    """Doubts as candidates with offsets in the finished text, ascending and apart."""
    return without_overlaps([found for doubt in doubts if (found := place(doubt, traced)) is not None])


def without_overlaps(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Ascending; of two that overlap, the likelier."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates):
        if not kept or candidate.start >= kept[-1].end:
            kept.append(candidate)
        elif candidate.prior > kept[-1].prior:
            kept[-1] = candidate
    return tuple(kept)


def place(doubt: Doubt, traced: Traced) -> Candidate | None:
    origins, text = traced.origins, traced.text
    start, end = bisect_right(origins, doubt.left), bisect_left(origins, doubt.right)
    if start > end or end >= len(text) or origins[end] != doubt.right:
        return None
    if start and origins[start - 1] != doubt.left:
        return None
    if doubt.kind == "debris":
        start, end = with_one_gap(text, start, end)
        return Candidate(start, end, doubt.replacement, doubt.kind, doubt.prior) if end > start else None
    if text[start:end] == doubt.replacement or "\n" in text[start:end]:
        return None
    return Candidate(start, end, doubt.replacement, doubt.kind, doubt.prior)


def with_one_gap(text: str, start: int, end: int) -> tuple[int, int]:
    """text[start:end] with the smaller of the gaps around it, so that one gap stays."""
    while start > 0 and text[start - 1].isspace():
        start -= 1
    inner = text[start:end]
    body = inner.strip()
    if not body:
        return start, start
    before = len(inner) - len(inner.lstrip())
    behind = len(inner) - len(inner.rstrip())
    return (start, end - behind) if before <= behind else (start + before, end)
