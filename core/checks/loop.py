"""`loop`: the cleaned text says again what it has said, more than the source does."""

import re
from collections import Counter
from collections.abc import Iterator

from .answer import runs
from .flags import Flag, flag
from .options import CheckOptions
from .pair import Pair
from .words import grams

UNBROKEN = re.compile(r"(\S)\1{29,}|(?!(\S)\2)(\S{2,40}?)\3{9,}")
"""A sign thirty times on end, or different signs ten times, with no blank in between: `14851-14851-14851-`."""
LONGEST_PERIOD = 8
"""Loops of up to so many words are a failure where the source lacks the words, longer ones where it says them less
often."""
LONGEST_PASSAGE = 60
"""A passage of up to so many words that is said three times on end is a loop, however long the text is."""
SAID_AGAIN = 12
"""So many words in a row that were said before, more often than in the source, are a loop, wherever they stand."""
SAID_AGAIN_IN_ALL = 24
"""So many are one in shorter runs too: a list that names the same work again and again, each time with other authors.
Faithful cleanings, of 4,579, have nine at most."""


def loop(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    marks = repeated(pair, options)
    if found := [*certainly(pair, pair.cleaned.text, options, marks), *long_loops(pair, options, marks)]:
        yield flag("loop", "error", found)


def going_on(pair: Pair, written: str, options: CheckOptions) -> Iterator[Flag]:
    """`loop` as far as it doesn't depend on the text's length. `written` is the text with its last word, which may be
    the loop itself."""
    if found := certainly(pair, written, options, repeated(pair, options)):
        yield flag("loop", "error", found)


def certainly(pair: Pair, written: str, options: CheckOptions, marks: list[bool]) -> list[str]:
    """What is a loop however the text goes on."""
    on_end = [*unbroken(pair.source.text, written), *short_loops(pair, options), *passages(pair, options)]
    return [*on_end, *said_again(pair, marks)]


def unbroken(source: str, cleaned: str) -> Iterator[str]:
    """Signs again and again without a blank, where the source has no such run of them."""
    for match in UNBROKEN.finditer(cleaned):
        least = match.group(1) * 30 if match.group(1) else match.group(3) * 10
        if least not in source:
            yield match.group()


def short_loops(pair: Pair, options: CheckOptions) -> Iterator[str]:
    """The same few words at least four times on end, where the source has no such run."""
    forms = pair.cleaned.forms
    source = set(grams(pair.source.forms, options.loop_words))
    for period in range(1, LONGEST_PERIOD + 1):
        length = 0
        for at in range(period, len(forms)):
            length = length + 1 if forms[at] == forms[at - period] else 0
            if length == max(3 * period, options.loop_words):
                first = at - length - period + 1
                if tuple(forms[first : first + options.loop_words]) not in source:
                    yield pair.cleaned.quote(first, at)


def passages(pair: Pair, options: CheckOptions) -> Iterator[str]:
    """A longer passage three times on end, where the source has its words less often."""
    forms, size = pair.cleaned.forms, options.loop_words
    allowed = Counter(grams(pair.source.forms, size))
    seen: dict[tuple[str, ...], int] = {}
    before = length = 0
    for at, gram in enumerate(grams(forms, size)):
        period = at - seen.get(gram, at)
        seen[gram] = at
        length = length + 1 if period and period == before else bool(period)
        before = period
        # Runs that come again at one distance are the passage but for the words of the last run.
        if LONGEST_PERIOD < period <= LONGEST_PASSAGE and length == 2 * period - size + 1 and allowed[gram] < 3:
            yield pair.cleaned.quote(at - length - period + 1, at + size - 1)


def repeated(pair: Pair, options: CheckOptions) -> list[bool]:
    """Whether each word of the cleaned text is in a run of running text that it has said before, more often than the
    source does."""
    forms, size = pair.cleaned.forms, options.loop_words
    allowed = Counter(grams(pair.source.forms, size))
    seen: Counter[tuple[str, ...]] = Counter()
    marks = [False] * len(forms)
    prose = grams(tuple(word.prose for word in pair.cleaned.words), size)
    for at, (gram, small) in enumerate(zip(grams(forms, size), prose, strict=True)):
        if sum(small) < 2:
            continue
        seen[gram] += 1
        if seen[gram] > max(1, allowed[gram]):
            marks[at : at + size] = [True] * size
    return marks


def said_again(pair: Pair, marks: list[bool]) -> Iterator[str]:
    """A whole passage that was said before, or many pieces."""
    length = 0
    for at, mark in enumerate(marks):
        length = length + 1 if mark else 0
        if length == SAID_AGAIN:
            yield pair.cleaned.quote(at - length + 1, at)
    if sum(marks) >= SAID_AGAIN_IN_ALL:
        yield from runs(pair.cleaned, marks)


def long_loops(pair: Pair, options: CheckOptions, marks: list[bool]) -> Iterator[str]:
    """Repeated runs that make up much of the cleaned text."""
    if sum(marks) >= max(2 * options.loop_words, options.loop_share * len(marks)):
        yield from runs(pair.cleaned, marks)
