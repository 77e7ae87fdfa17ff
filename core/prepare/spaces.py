"""Words run together ("modelsarXiv") and torn apart ("ro bust"): never mended here, only proposed.

A list of words can't tell a name or a new term from a slip of the extractor, so each find is a candidate whose
likelihood follows from how common the parts or the whole are.
"""

import re
from collections import Counter
from collections.abc import Iterator

from ..edits import Candidate
from .frequency import zipf

WORD = re.compile(r"(?<![\w@/.\-])[^\W\d_]{6,40}(?![\w@/\-])")
WORD_NUMBER = re.compile(r"(?<![\w@/.\-])([A-Z][a-z]{3,12})(\d{1,3})(?![\w@/\-])")
PAIR = re.compile(r"(?<![\w-])([^\W\d_]{1,12})[ ](?=([^\W\d_]{2,12})(?![\w-]))")
NUMBERED = frozenset({"Figure", "Fig", "Table", "Section", "Equation", "Chapter", "Appendix", "Abbildung", "Tabelle"})
RARE = 1.0
COMMON = 3.5
SMALL = 6.0
"""Zipf frequency of articles, prepositions and their like."""


def spaces(text: str, language: str) -> Iterator[Candidate]:
    """Candidates of the kind `space`, ascending and apart."""
    counted = Counter(match.group() for match in WORD.finditer(text))
    found = [*together(text, counted, language), *apart(text, language), *before_numbers(text)]
    end = -1
    for candidate in sorted(found):
        if candidate.start > end:
            yield candidate
            end = candidate.end


def together(text: str, counted: Counter[str], language: str) -> Iterator[Candidate]:
    """A blank inside a word that nobody knows, that stands once, and that a small word and a common one make up.

    Two nouns run together are as often a name or a new term, so they are left alone.
    """
    for match in WORD.finditer(text):
        word = match.group()
        if counted[word] > 1 or not word.islower() or zipf(word, language) > 0:
            continue
        for cut in range(2, len(word) - 1):
            parts = sorted((zipf(word[:cut], language), zipf(word[cut:], language)))
            if parts[0] >= COMMON + 1 and parts[1] >= SMALL:
                place = match.start() + cut
                yield Candidate(place, place, " ", "space", 0.3)
                break


def apart(text: str, language: str) -> Iterator[Candidate]:
    """The blank between two pieces of which one is no word and which make a common one."""
    for match in PAIR.finditer(text):
        first, second = match[1].lower(), match[2].lower()
        if len(first) + len(second) < 5 or match[2][0].isupper():
            continue
        if min(zipf(first, language), zipf(second, language)) <= RARE and zipf(first + second, language) >= COMMON:
            yield Candidate(match.end(1), match.end(), "", "space", 0.45)


def before_numbers(text: str) -> Iterator[Candidate]:
    for match in WORD_NUMBER.finditer(text):
        if match[1] in NUMBERED:
            yield Candidate(match.end(1), match.end(1), " ", "space", 0.45)
