"""A number or a name that stands where the source has another one: the slip that a reader sees least."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .pair import Pair
from .words import Word, grams

BETWEEN_DIGITS = (".", ",", ":")
"""What ties two groups of digits to one number: 96.54, 60,000, 09:00."""
FREE = re.compile(r"[\s(\[“\"±~-]\d[\d.,:]*\w?(?![\d′'^_/])")
"""A number as it stands in a sentence, with what is before it."""
MOST = 20
"""Between words that have more different ones between them, in a list, nothing stands in another's place."""


class Token(NamedTuple):
    """A word, or all the groups of digits of a number."""

    form: str
    raw: str
    last: int
    """The place of its last word among the words it was made from."""
    start: int
    prose: bool


def exchanged(pair: Pair) -> Iterator[Token]:
    """Such numbers and names of the words judged.

    The words on both sides are the same, one of them of running text, and between these two the source has nowhere
    anything but other numbers or other names. So it counts in a heading too, and though the source has the number in
    another place. Near a number there has to be a sentence, since tables may be read by row or by column, and it stands
    free: a part of a path or a formula is none.
    """
    text, words = pair.cleaned.text, pair.judged
    between: dict[tuple[str, str], set[str]] = {}
    for source_words in (pair.source.words, pair.source_text):
        for before, token, behind in grams(tuple(tokens(source_words, pair.source.text)), 3):
            between.setdefault((before.form, behind.form), set()).add(token.raw)
    for before, token, behind in grams(tuple(tokens(words, text)), 3):
        others = between.get((before.form, behind.form))
        if not others or len(others) > MOST or not (before.prose or behind.prose):
            continue
        if all(is_other_number(token.raw, other) for other in others):
            near = (before.last - 1, before.last, token.last + 1, token.last + 2)
            if FREE.match(text, token.start - 1) and any(pair.running[at] for at in near if 0 <= at < len(words)):
                yield token
        elif all(is_other_name(token, other) for other in others):
            yield token


def tokens(words: Sequence[Word], text: str) -> Iterator[Token]:
    """The words, with the groups of digits of one number together."""
    token: Token | None = None
    for place, word in enumerate(words):
        raw = text[word.start : word.end]
        if token and token.raw[-1].isdigit() and raw[0].isdigit() and tie(token, word, text):
            raw = text[token.start : word.end]
            token = Token(raw, raw, place, token.start, False)
            continue
        if token:
            yield token
        token = Token(word.form, raw, place, word.start, word.prose)
    if token:
        yield token


def tie(token: Token, word: Word, text: str) -> bool:
    return text[token.start + len(token.raw) : word.start] in BETWEEN_DIGITS


def is_other_number(raw: str, other: str) -> bool:
    return raw[0].isdigit() and other[0].isdigit() and raw != other


def is_other_name(token: Token, other: str) -> bool:
    """Whether both are names, and neither is short for the other."""
    if not (token.raw[0].isupper() and other[0].isupper()):
        return False
    short, long = sorted((token.raw.casefold(), other.casefold()), key=len)
    letters = iter(long)
    return not all(char in letters for char in short)
