"""Letters that design has parted: a drop cap from the rest of its word, and headings set with blanks between letters.

Both are only put together where a list of words knows the whole, since single letters are symbols as often.
"""

import re
from collections.abc import Iterator

from ..traced import Edit
from .frequency import zipf

DROP_CAP = re.compile(
    r"(?:^|(?<=[\n\f]))[ \t]*([^\W\d_a-z])([ \t]*\n[ \t]*|[ \t]+)([^\W\d_]{2,})(?= ([^\W\d_])[^\W\d_]*[ ,])"
)
SPACED = re.compile(r"(?:^|(?<=[\n\f]))[ \t]*(?:[^\W\d_] +){4,40}[^\W\d_](?=[ \t]*(?:[\n\f]|$))")
GAP = re.compile(r" +")
COMMON = 3.0
"""Zipf frequency of a word that stands once in a million."""
LESS = 0.5
ALONE = frozenset("AIOÀEYÉ")
"""Capitals that are words themselves in one language or another."""
LONGEST_WORD = 20
SHORTEST_ON_AVERAGE = 4
"""Letters a word in a heading; nearly any letters make words of two or three."""


def initials(text: str, language: str) -> list[Edit]:
    """Edits that close the gaps; they don't overlap."""
    spaced = list(spaced_headings(text, language))
    taken = {edit.start for edit in spaced}
    return [*spaced, *(edit for edit in drop_caps(text, language) if edit.start not in taken)]


def drop_caps(text: str, language: str) -> Iterator[Edit]:
    """ "T" and "he editor" on two lines, or "T he" on one."""
    for match in DROP_CAP.finditer(text):
        capital, rest = match[1], match[3]
        whole = zipf((capital + rest).lower(), language)
        if not (rest.islower() or (rest.isupper() and match[4].islower())) or whole < COMMON:
            continue
        # "H and H" is no hand, and "A head" is "ahead" as well: the rest alone must be far less of a word.
        if zipf(rest.lower(), language) < (min(COMMON, whole - 1) if capital in ALONE else whole - LESS):
            yield Edit(match.start(2), match.end(2))


def spaced_headings(text: str, language: str) -> Iterator[Edit]:
    """ "R E L A T E D  W O R K", with or without a wider gap between the words."""
    for match in SPACED.finditer(text):
        gaps = list(GAP.finditer(text, match.start(), match.end()))
        widths = {gap.end() - gap.start() for gap in gaps if gap.start() > match.start()}
        letters = [gap.start() for gap in gaps if gap.start() > match.start()]
        words = split_words("".join(match.group().split()).lower(), language)
        if words is None:
            continue
        ends: set[int] = set()
        place = 0
        for word in words[:-1]:
            place += len(word)
            ends.add(letters[place - 1])
        wide = max(widths)
        for gap in gaps:
            if gap.start() in letters:
                apart = gap.end() - gap.start() == wide if len(widths) > 1 else gap.start() in ends
                yield Edit(gap.start(), gap.end(), " " if apart else "")


def split_words(letters: str, language: str) -> list[str] | None:
    """The likeliest way to read `letters` as common words; None where there is none."""
    best: list[tuple[float, list[str]] | None] = [(0.0, [])]
    for end in range(1, len(letters) + 1):
        ways: list[tuple[float, list[str]]] = []
        for start in range(max(0, end - LONGEST_WORD), end):
            before, word = best[start], letters[start:end]
            frequency = zipf(word, language)
            if before is not None and len(word) > 1 and frequency >= COMMON:
                ways.append((before[0] + frequency - 9.0, [*before[1], word]))
        best.append(max(ways, default=None))
    words = best[-1][1] if best[-1] is not None else []
    return words if words and len(letters) >= SHORTEST_ON_AVERAGE * len(words) else None
