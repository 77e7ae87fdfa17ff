"""Which language a text is in, by how much of it the commonest words of each language cover."""

import re
from collections import Counter

from wordfreq import available_languages, top_n_list

WORD = re.compile(r"[^\W\d_]+")
SAMPLE_CHARACTERS = 60_000
CANDIDATES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "nb",
    "fi",
    "pl",
    "cs",
    "ro",
    "hu",
    "ru",
    "uk",
    "tr",
)
COMMON_WORDS = 100
FALLBACK = "en"


def detect_language(text: str) -> str:
    """ISO 639-1 code of the likeliest of CANDIDATES; `en` when there are hardly any words."""
    middle = max(0, len(text) // 2 - SAMPLE_CHARACTERS // 2)
    words = Counter(word.lower() for word in WORD.findall(text[middle : middle + SAMPLE_CHARACTERS]))
    known = available_languages()

    def covered(language: str) -> int:
        return sum(words[word] for word in top_n_list(language, COMMON_WORDS))

    best = max((language for language in CANDIDATES if language in known), key=covered)
    return best if covered(best) >= 5 else FALLBACK
