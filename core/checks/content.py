"""What became of the content: `summarised`, `rewritten`, `invented`."""

import re
from collections.abc import Iterator
from functools import lru_cache

from .flags import Flag, flag
from .options import CheckOptions
from .pair import Pair
from .words import Reading, Word, covered, grams

FUNCTION_LENGTH = 4
"""Shorter words are seldom content, and too short to know by their stem."""
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def summarised(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    if pair.prose_words < options.source_words or pair.kept >= options.kept_warning:
        return
    severity = "error" if pair.kept < options.kept_error else "warning"
    yield flag("summarised", severity, left_out(pair))


def left_out(pair: Pair) -> Iterator[str]:
    """The passages of the source that the cleaned text has no run of, longest first."""
    passages: list[tuple[int, str]] = []
    run: list[Word] = []
    for word, there in [*zip(pair.source_text, pair.anchored, strict=True), (None, True)]:
        if word is not None and not there:
            run.append(word)
        elif run:
            passages.append((sum(w.prose for w in run), pair.source.text[run[0].start : run[-1].end]))
            run = []
    yield from (text for _, text in sorted(passages, key=lambda item: -item[0]))


def rewritten(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    if len(pair.judged) < options.source_words or pair.precision >= options.precision_warning:
        return
    severity = "error" if pair.precision < options.precision_error else "warning"
    yield flag("rewritten", severity, new_passages(pair))


def new_passages(pair: Pair) -> Iterator[str]:
    """The passages of the cleaned text that stand in no 5-word run of the source, longest first."""
    words = pair.judged
    marks = covered(tuple(word.form for word in words), pair.source_grams(3), 3)
    passages: list[str] = []
    start = None
    for at, there in enumerate([*marks, True]):
        if not there and start is None:
            start = at
        elif there and start is not None:
            passages.append(pair.cleaned.text[words[start].start : words[at - 1].end])
            start = None
    yield from sorted(passages, key=len, reverse=True)


def invented(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    found = new_words(pair)
    if len(found) >= options.invented_warning:
        yield flag("invented", "error" if len(found) >= options.invented_error else "warning", found)


def new_words(pair: Pair) -> list[str]:
    """Numbers, names and content words of the cleaned text that the source lacks, as they stand there."""
    source = Source(pair.source)
    text = pair.cleaned.text[: pair.judged[-1].end] if pair.judged else ""
    found: dict[str, str] = {}
    for word in pair.judged:
        raw = text[word.start : word.end]
        if word.form not in found and not source.has(word.form, raw):
            found[word.form] = raw
    numbers = {match.group() for match in NUMBER.finditer(text)} - source.numbers
    for number in sorted(numbers):
        if re.sub(r"\D", "", number) not in source.digits:
            found.setdefault(number, number)
    return list(found.values())


class Source:
    """What the source can be said to contain, stems, joined words and abbreviations included."""

    def __init__(self, reading: Reading) -> None:
        self.known = reading.known
        self.stems = {form[:size] for form in reading.known for size in range(FUNCTION_LENGTH, min(len(form), 24) + 1)}
        self.joined = {left + right for left, right in grams(reading.forms, 2)}
        self.stream = "".join(reading.forms)
        self.numbers = {match.group() for match in NUMBER.finditer(reading.text)}
        self.digits = {re.sub(r"\D", "", number) for number in self.numbers} | set(re.findall(r"\d+", reading.text))

    def has(self, form: str, raw: str) -> bool:
        """Whether the source has the word, its stem, or the word inside others; small and short words count as known."""
        if form in self.known or any(char.isdigit() for char in form):
            return True
        if len(form) < FUNCTION_LENGTH:
            return True
        return stem(form) in self.stems or form in self.joined or (len(form) > FUNCTION_LENGTH and form in self.stream)


@lru_cache(maxsize=65536)
def stem(form: str) -> str:
    """The part of a word that its inflections share, roughly: its first three fifths."""
    return form[: max(FUNCTION_LENGTH, -(-len(form) * 3 // 5))]
