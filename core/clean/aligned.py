"""Evidence for candidate edits out of a text that a model wrote freely, for engines that can do nothing else.

The words of the source and of the answer are aligned; a candidate's fate in the answer is read off where its
neighbourhood was kept, and where it was not the answer says nothing of it. The answer itself is never used as text.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from ..edits import Candidate

VOTE = 2.0
"""Log-odds that one free answer is worth: a vote, and no measured probability."""
NEAR = 3
"""So many words on each side are looked at; one of them must have been kept for the answer to count."""
WINDOW = 6
"""Where a repair has a kept neighbour on one side alone, so many words of the answer are searched."""
MOST_WORDS = 4000
"""Longer texts are not aligned: the time for it grows with the product of the lengths."""
WORD = re.compile(r"\w+|[^\w\s]")


def votes(source: str, candidates: Sequence[Candidate], output: str) -> list[float | None]:
    """For each candidate the log-odds that the answer speaks for it with, or None where it says nothing.

    A deletion has a vote for it when none of its words was kept while words on both sides were, and one against it
    when all of them were kept. A repair has one for it when the repaired form stands in the answer where the broken
    one was, and one against it when the broken form was kept.
    """
    words = [(m.start(), m.end()) for m in WORD.finditer(source)]
    answer = [m.group().casefold() for m in WORD.finditer(output)]
    if not answer or len(words) > MOST_WORDS or len(answer) > MOST_WORDS:
        return [None] * len(candidates)
    kept = kept_words([source[start:end].casefold() for start, end in words], answer)
    return [vote(source, words, kept, answer, candidate) for candidate in candidates]


def kept_words(source: Sequence[str], answer: Sequence[str]) -> list[int | None]:
    """For each word of the source the place of the word in the answer that it was aligned with, or None."""
    places: list[int | None] = [None] * len(source)
    for block in SequenceMatcher(None, source, answer, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            places[block.a + offset] = block.b + offset
    return places


def vote(
    source: str,
    words: Sequence[tuple[int, int]],
    kept: Sequence[int | None],
    answer: Sequence[str],
    candidate: Candidate,
) -> float | None:
    inside = [n for n, (start, end) in enumerate(words) if start < candidate.end and end > candidate.start]
    if is_repair(source, candidate):
        return repair_vote(source, words, kept, answer, candidate)
    if not inside:
        return None
    before, after = inside[0], inside[-1] + 1
    left = [place for place in kept[max(0, before - NEAR) : before] if place is not None]
    right = [place for place in kept[after : after + NEAR] if place is not None]
    if (before > 0 and not left) or (after < len(words) and not right) or not (left or right):
        return None
    letters = [n for n in inside if source[words[n][0]].isalnum()] or inside
    survived = sum(kept[n] is not None for n in letters)
    if survived == 0:
        return VOTE
    return -VOTE if survived == len(letters) else None


def is_repair(source: str, candidate: Candidate) -> bool:
    """Whether the edit joins the letters on its two sides instead of removing words."""
    return not any(char.isalnum() for char in source[candidate.start : candidate.end])


def repair_vote(
    source: str,
    words: Sequence[tuple[int, int]],
    kept: Sequence[int | None],
    answer: Sequence[str],
    candidate: Candidate,
) -> float | None:
    """Look for the joined word between the places where the neighbours were kept."""
    left = max((n for n, (_, end) in enumerate(words) if end <= candidate.start), default=None)
    right = min((n for n, (start, _) in enumerate(words) if start >= candidate.end), default=None)
    if left is None or right is None:
        return None
    first, last = source[slice(*words[left])].casefold(), source[slice(*words[right])].casefold()
    low = max((place for place in kept[max(0, left - NEAR) : left] if place is not None), default=None)
    high = min((place for place in kept[right + 1 : right + 1 + NEAR] if place is not None), default=None)
    if low is None and high is None:
        return None
    low = low if low is not None else max(-1, (high or 0) - WINDOW)
    high = high if high is not None else low + WINDOW
    between = answer[low + 1 : high]
    edited = [match.group() for match in WORD.finditer(f"{first}{candidate.replacement}{last}")]
    if contains(between, edited):
        return VOTE
    return -VOTE if kept[left] is not None and kept[right] is not None else None


def contains(words: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(list(words[at : at + len(wanted)]) == list(wanted) for at in range(len(words) - len(wanted) + 1))
