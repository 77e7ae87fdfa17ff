"""Words run together ("modelsarXiv") and torn apart ("ro bust"): never mended here, only proposed.

How likely a find is follows from how common the whole and the parts are, in the language and in the document itself:
a text that has "models" forty times and "modelsof" once has most likely lost a blank. The chance of two words side by
side is held against that of one word; how much more of it a slip of the extractor needs than a name or a new term was
measured on clean texts that were damaged on purpose (`python -m bench.damage`).
"""

import math
import re
from collections import Counter
from collections.abc import Iterator

from ..edits import Candidate
from .frequency import zipf
from .lines import lower_words

WORD = re.compile(r"(?<![\w@/.’'\-])[^\W\d_]{5,40}(?![\w@/’'\-])")
COUNTED = re.compile(r"[^\W\d_]+")
WORD_NUMBER = re.compile(r"(?<![\w@/.\-])([A-Z][a-z]{3,12})(\d{1,3})(?![\w@/\-])")
PAIR = re.compile(r"(?<![\w@/.’'\-])([^\W\d_]{1,20})[ ](?=([^\W\d_]{1,20})(?![\w@/’'\-]))")
NUMBERED = frozenset({"Figure", "Fig", "Table", "Section", "Equation", "Chapter", "Appendix", "Abbildung", "Tabelle"})
SCALE = 9.0
"""A Zipf frequency is the logarithm of uses in so many powers of ten of words."""
UNKNOWN = 1.0
"""Zipf frequency that a word has which nobody knows."""
SEEN = 3
"""So often a word has to stand in the document for that to say anything."""
COMMON = 2.0
"""A word is one from this Zipf frequency on, or if the document has it twice."""
SHORTEST = 5
TOGETHER, APART = 3.0, 4.5
"""Powers of ten by which the parts (the whole) must be likelier for a slip to be as likely as not."""
PROPOSED = 1.75
"""So many powers of ten below that a find is still proposed."""
NUMBER_APART = 0.1
"""How likely "Table1" is to be mended: people who clean by hand left a dozen and mended one, so a person may."""
ONE_LETTER = frozenset({"a", "A", "I"})
ENDINGS = frozenset({"es", "er", "en", "em", "ist"})
"""German words that are also how other words end."""
MOST = 8.0
"""No word has a higher Zipf frequency."""
POWER = math.log(10)


def spaces(text: str, language: str) -> Iterator[Candidate]:
    """Candidates of the kind `space`, ascending and apart."""
    known = Known(text, language)
    found = [*together(text, known), *apart(text, known), *before_numbers(text)]
    end = -1
    for candidate in sorted(found):
        if candidate.start > end:
            yield candidate
            end = candidate.end


class Known:
    """How common words are, in the language and in one document."""

    def __init__(self, text: str, language: str) -> None:
        self.language = language
        self._counts = Counter(lower_words(COUNTED, text))
        self._total = max(1, self._counts.total())
        self._common: dict[str, float] = {}

    def is_word(self, word: str) -> bool:
        """Whether the language or the document has it."""
        return zipf(word, self.language) >= COMMON or self.count(word) >= 2

    def count(self, word: str) -> int:
        return self._counts.get(word, 0)

    def common(self, word: str) -> float:
        """Zipf frequency in the language or in the document, whichever is more."""
        common = self._common.get(word)
        if common is None:
            count = self._counts[word]
            here = SCALE + math.log10(count / self._total) if count >= SEEN else 0.0
            common = self._common[word] = max(zipf(word, self.language), here, UNKNOWN)
        return common


def together(text: str, known: Known) -> Iterator[Candidate]:
    """A blank inside a word that is hardly used and that two common ones make up."""
    for match in WORD.finditer(text):
        word = match.group().lower()
        if known.count(word) >= SEEN or len(word) != len(match.group()):
            continue
        whole = max(zipf(word, known.language), UNKNOWN)
        powers, cut = best_cut(match.group(), SCALE + whole + TOGETHER, known)
        if powers >= -PROPOSED:
            place = match.start() + cut
            yield Candidate(place, place, " ", "space", likelihood(powers))


def best_cut(written: str, needed: float, known: Known) -> tuple[float, int]:
    """The likeliest place for a blank, and by how many powers of ten the two parts are commoner than `needed`."""
    best, word = (-SCALE, 0), written.lower()
    for at in cuts(written, known.language):
        first = known.common(word[:at])
        if first + MOST >= needed - PROPOSED:  # a look-up is what takes time here
            best = max(best, (first + known.common(word[at:]) - needed, at))
    return best


def cuts(word: str, language: str) -> Iterator[int]:
    """Where a word may be two: not behind a small "i", which is no word, nor before a capital inside a name that begins
    with one ("ScanNet")."""
    for at in range(1, len(word)):
        if (at == 1 and word[0] not in ONE_LETTER) or at == len(word) - 1:
            continue
        if word[0].isupper() and word[at].isupper():
            continue
        if language != "de" or word[at:] not in ENDINGS:
            yield at


def apart(text: str, known: Known) -> Iterator[Candidate]:
    """The blank between two pieces that make a word which is likelier than both side by side."""
    for match in PAIR.finditer(text):
        one, other = match.groups()
        first, second = one.lower(), other.lower()
        whole = first + second
        # Few pairs make a word, so that is asked first.
        if len(whole) < SHORTEST or not known.is_word(whole) or other[0].isupper() or (len(one) > 1 and one.isupper()):
            continue
        powers = SCALE + known.common(whole) - known.common(first) - known.common(second) - APART
        if powers >= -PROPOSED:
            yield Candidate(match.end(1), match.end(), "", "space", likelihood(powers))


def likelihood(powers: float) -> float:
    """Probability from odds in powers of ten."""
    return round(1 / (1 + math.exp(-POWER * powers)), 3)


def before_numbers(text: str) -> Iterator[Candidate]:
    for match in WORD_NUMBER.finditer(text):
        if match[1] in NUMBERED:
            yield Candidate(match.end(1), match.end(1), " ", "space", NUMBER_APART)
