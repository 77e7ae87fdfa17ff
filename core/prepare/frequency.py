"""How common a word is, by wordfreq (Speer 2022); its lists load at the first question and not at import."""

from functools import lru_cache

from .language import CANDIDATES

PLAIN = frozenset(CANDIDATES)
"""Languages whose lists hold a word of small Latin letters as it is."""

scale: dict[float, float] = {}
"""What wordfreq makes of a frequency in its lists."""


@lru_cache(maxsize=200_000)
def zipf(word: str, language: str) -> float:
    """Zipf frequency: the base-10 logarithm of uses in a billion words; 0.0 for an unknown word."""
    from wordfreq import get_frequency_dict, zipf_frequency

    # wordfreq parses each word as a text before it looks it up; of one that is plain it is enough to ask once a
    # frequency, of which a list has some 600.
    if not (language in PLAIN and word.isascii() and word.isalpha() and word.islower()):
        return zipf_frequency(word, language)
    frequency = get_frequency_dict(language, "best").get(word)  # asked as wordfreq does, which keeps it by the question
    if frequency is None:
        return 0.0
    if frequency not in scale:
        scale[frequency] = zipf_frequency(word, language)
    return scale[frequency]
