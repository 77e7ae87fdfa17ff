"""Blanks lost behind the ligature ﬀ, which TeX's fonts set so wide that extractors see none ("turned oﬀduring"), and
behind signs that end a formula ("10 M⊙and").

The ligature in the source says where to look; the words say whether a blank is missing: what stands up to it is a
word of its own, here or in the language, and the whole is none. Behind a sign a blank is missing before any common
word, unless it is a function's name; behind a Greek letter, before words that are no index.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from ..traced import Edit, Traced
from .frequency import zipf
from .lines import lower_words

LIGATURE = "ﬀ"
WORD = re.compile(r"[^\W\d_]+")
LONGEST = 40
"""Characters of a word."""
KNOWN = 2.5
"""Zipf frequency from which on the language has the word that ends in the ligature."""
WHOLE = 1.5
"""And from which on it has the whole."""
LINKING = 5.5
"""So common is what follows, where the document does not have it itself: of "oﬀprint" it has no "print"."""
SHORTEST = 2
SIGN = re.compile("[⊙⟩∥∞⌋⌉⋆∗†′Γ-ω](?=[a-z]{2})")
"""A sign, or a Greek letter, before a word."""
ENDS = frozenset("⊙⟩∥∞⌋⌉")
"""Signs with hardly an index behind them."""
LETTERS = re.compile(r"[a-z]{2,20}\b")
FUNCTIONS = frozenset(
    ["arg", "cos", "det", "dim", "exp", "inf", "ker", "lim", "log", "max", "min", "mod", "sin", "sup", "tan"]
)
NO_INDEX = frozenset(
    [
        "and",
        "are",
        "be",
        "can",
        "from",
        "has",
        "have",
        "is",
        "that",
        "the",
        "was",
        "were",
        "where",
        "which",
        "will",
        "with",
        "would",
    ]
)
"""Words behind the others; "as" makes a unit of µ."""
SHORT_WORDS = frozenset(["as", "at", "by", "if", "in", "of", "on", "or", "to", "we"])
COMMON = 4.0
"""Zipf frequency of a longer word behind a sign."""


def ligatures_in(source: str) -> list[int]:
    """Offsets of the ligatures in a text that still has them."""
    return [match.start() for match in re.finditer(LIGATURE, source)]


def lost_blanks(traced: Traced, ligatures: Sequence[int], language: str) -> Iterator[Edit]:
    """Edits that put the blanks back; `ligatures` are offsets in the text that `traced` came of."""
    if not ligatures:
        return
    text, words = traced.text, Counter(lower_words(WORD, traced.text))
    for ligature in ligatures:
        at = bisect_left(traced.origins, ligature + 1)
        behind = WORD.match(text, at)
        if behind is None or not behind.group().islower():
            continue
        first, rest = WORD.findall(text[max(0, at - LONGEST) : at])[-1].lower(), behind.group()
        whole = words[first + rest]
        alone = words[first] > whole or zipf(first, language) >= KNOWN
        follows = len(rest) >= SHORTEST and (words[rest] > whole or zipf(rest, language) >= LINKING)
        if alone and follows and zipf(first + rest, language) < WHOLE:
            yield Edit(at, at, " ")


def behind_signs(text: str, language: str) -> Iterator[Edit]:
    """Edits that put blanks between a sign and the word behind it."""
    for sign in SIGN.finditer(text):
        letters = LETTERS.match(text, sign.end())
        word = letters.group() if letters else ""
        plain = word not in FUNCTIONS and len(word) > SHORTEST and zipf(word, language) >= COMMON
        if word in NO_INDEX or (sign.group() in ENDS and (plain or word in SHORT_WORDS)):
            yield Edit(sign.end(), sign.end(), " ")
