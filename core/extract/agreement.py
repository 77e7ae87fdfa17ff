"""How far two extractions of the same page agree, in words.

Words are compared as a bag, after closing hyphenated line ends and unfolding ligatures, because both libraries may be
right about a page and still differ in line ends and in the order of columns.
"""

import re
import unicodedata
from collections import Counter

MUCH = 0.8
"""Below this two extractions disagree much. On a two-column arXiv paper every page agrees above 0.96; in a German
mathematics book of 117 pages, full of formulas, above 0.84."""
FEWEST_WORDS = 20
"""Pages with fewer words on both sides say nothing about agreement."""

_WORD = re.compile(r"[^\W_]+")
_CLOSED = re.compile(r"(?<=\w)-\s*\n\s*(?=\w)|(?<=\w)-(?=\w)")


def agreement(first: str, second: str) -> float | None:
    """The Dice coefficient of the two bags of words, 0 to 1; None when both are nearly empty."""
    one, other = _bag(first), _bag(second)
    total = one.total() + other.total()
    if total < 2 * FEWEST_WORDS:
        return None
    return 2 * (one & other).total() / total


def _bag(text: str) -> Counter[str]:
    return Counter(_WORD.findall(_CLOSED.sub("", unicodedata.normalize("NFKC", text)).casefold()))
