"""Words torn by a float: "galac-" at a line's end, then a footnote or a caption, and "tic" where the text goes on.

The second half is brought back to the first. The place between keeps its order, so origins stay ascending; only the
letters that were moved count as inserted where the word begins.
"""

import re
from collections import Counter
from itertools import pairwise

from ..traced import Edit
from .figures import SENTENCE_END
from .frequency import zipf
from .lines import filled_lines

HYPHENS = ("-", "‐", "\u00ad")
FIRST_HALF = re.compile(r"(?<![\w-])([^\W\d_]{2,20})[-‐\u00ad]\s*$")
SECOND_HALF = re.compile(r"([^\W\d_]{2,20})\b(?!-)[ \t]?")
FURTHEST = 80
"""How many lines further on the second half is looked for."""
COMMON = 3.0
RARER = 2.0
"""So much rarer than the whole, in powers of ten, is "ent" than "different"."""
PREFIXES = frozenset(["self", "non", "well", "half", "quasi", "cross"])
"""Halves that nearly always keep their hyphen, whatever the other is."""


def mend_torn(text: str, words: Counter[str], language: str) -> list[Edit]:
    """Edits that bring second halves back; `words` are the document's own words in lower case."""
    lines = filled_lines(text)
    edits: list[Edit] = []
    taken: set[int] = set()
    for place, line in enumerate(lines[:-1]):
        if not line.text.rstrip().endswith(HYPHENS):
            continue
        first = FIRST_HALF.search(line.text)
        following = lines[place + 1].text.lstrip()
        if first is None or following[0].islower():
            continue
        titled = first[1][0].isupper() and following[0].isupper() and first[1].lower() in PREFIXES  # "Non-Orthogonal"
        if titled or known_compound(first[1], following, words):
            continue
        for before, later in pairwise(lines[place + 1 : place + FURTHEST]):
            second = SECOND_HALF.match(later.text)
            if second is None or later.start in taken or not second[1].islower():
                continue
            if before.text.rstrip().endswith(HYPHENS):  # the rest of another word
                continue
            resumes = SENTENCE_END.search(before.text) is not None
            compound = (resumes and first[1].lower() in PREFIXES) or words[f"{first[1]}-{second[1]}".lower()] > 0
            known = resumes and words[(first[1] + second[1]).lower()] > 0
            if compound or known or is_torn(first[1], second[1], words, language):
                half = f"-{second[1]}" if compound else second[1]
                edits.append(Edit(line.start + first.end(1), line.start + len(line.text.rstrip()), half))
                edits.append(Edit(later.start, later.start + second.end()))
                taken.add(later.start)
                break
    return edits


def known_compound(first: str, following: str, words: Counter[str]) -> bool:
    """Whether the document has the two lines' words joined, with a hyphen or without, elsewhere."""
    word = re.match(r"\w+", following)
    return word is not None and bool(words[f"{first}-{word.group()}".lower()] or words[(first + word.group()).lower()])


def is_torn(first: str, second: str, words: Counter[str], language: str) -> bool:
    """Whether the halves make a word together and one of them is none alone, or the second is much the rarer."""
    whole = (first + second).lower()
    common = zipf(whole, language)
    if not words[whole] and common < COMMON:
        return False
    rest = zipf(second.lower(), language)
    return min(zipf(first.lower(), language), rest) < COMMON or (bool(words[whole]) and rest < common - RARER)
