"""A caption or a footnote in the middle of a sentence: the sentence is put together and the aside comes behind it.

The edit is one replacement of all from the tear to the sentence's end, by the same words in another order (`tears.py`),
so that nothing can get lost on the way. What else is decided in there is done inside the replacement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..edits import Candidate, apply_candidates
from ..prepare.tears import joint


def carry(
    source: str, moves: Iterable[Candidate], others: Iterable[Candidate]
) -> tuple[dict[Candidate, Candidate], frozenset[Candidate]]:
    """Each move with what was decided inside it, and the other edits that are to be made besides.

    An edit that reaches over a move's end, or from the aside into the sentence, gives way to it.
    """
    left = set(others)
    carried: dict[Candidate, Candidate] = {}
    for move in moves:
        inside = sorted(other for other in left if other.start < move.end and move.start < other.end)
        left.difference_update(inside)
        carried[move] = with_edits(source, move, inside)
    return carried, frozenset(left)


def with_edits(source: str, move: Candidate, inside: Sequence[Candidate]) -> Candidate:
    """The move with the edits made that lie wholly in one of its two parts."""
    rest_text = move.replacement.partition("\n\n")[0].removeprefix(" ")
    stop = len(source[: move.end].rstrip(" "))
    rest = stop - len(rest_text)
    first = move.end - len(source[move.start : move.end].lstrip())
    last = len(source[:rest].rstrip())
    sentence = part(source, rest, stop, inside)
    aside = part(source, first, last, inside).strip()
    behind = "\n\n" if move.replacement.endswith("\n\n") else ""
    whole = joint(rest_text[0]) + sentence + (f"\n\n{aside}" if aside else "") + behind
    return replace(move, replacement=whole)


def part(source: str, start: int, end: int, edits: Sequence[Candidate]) -> str:
    """source[start:end] with those of the edits made that lie in it; empty lines behind it are none of its own."""
    mine = [
        replace(edit, start=edit.start - start, end=min(edit.end, end) - start)
        for edit in edits
        if start <= edit.start <= end and not source[end : edit.end].strip()
    ]
    return apply_candidates(source[start:end], mine)
