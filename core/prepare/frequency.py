"""How common a word is, by wordfreq (Speer 2022); its lists load at the first question and not at import."""

from functools import lru_cache


@lru_cache(maxsize=200_000)
def zipf(word: str, language: str) -> float:
    """Zipf frequency: the base-10 logarithm of uses in a billion words; 0.0 for an unknown word."""
    from wordfreq import zipf_frequency

    return zipf_frequency(word, language)
