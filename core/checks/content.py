"""What became of the content: `summarised`, `rewritten`, `invented`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .exchanged import exchanged
from .flags import Flag, flag
from .options import CheckOptions
from .pair import Pair
from .words import Reading, Word, grams

FUNCTION_LENGTH = 4
"""Shorter words are seldom content, and too short to know by their stem."""
SENTENCE = 15
"""Words in a sentence, roughly: inventions come together, rewordings here and there."""
NAME_WEIGHT = 4
INSTEAD = 2
"""So many new words in a row stand in the place of others: a rewording, which counts half."""
DIGITS = re.compile(r"\d+")
SHORT = re.compile(r"(?<!\w)[A-Z][a-z]{1,4}(?=\.)")
ABBREVIATION = re.compile(r"(?<!\w)[A-Z]{2,5}s?(?!\w)")


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
    """The passages of the cleaned text that stand in no short run of the source, longest first."""
    words = pair.judged
    marks = pair.copied[: len(words)]
    passages: list[str] = []
    start = None
    for at, there in enumerate([*marks, True]):
        if not there and start is None:
            start = at
        elif there and start is not None:
            passages.append(pair.cleaned.text[words[start].start : words[at - 1].end])
            start = None
    yield from sorted(passages, key=len, reverse=True)


def invented(pair: Pair, options: CheckOptions, unsettled: int = 0) -> Iterator[Flag]:
    """With `unsettled` the last words, so many, are left out: a text goes on there."""
    until = len(pair.judged) - unsettled
    found = [word for word in new_words(pair) if word.place < until]
    weight = heaviest(found)
    if weight >= options.invented_warning:
        yield flag("invented", "error" if weight >= options.invented_error else "warning", shown(pair, found))


@dataclass(frozen=True, slots=True)
class NewWord:
    """A word of the cleaned text that the source lacks: its place among the words judged, and its weight."""

    place: int
    start: int
    end: int
    weight: float


def heaviest(found: Sequence[NewWord]) -> float:
    """The greatest weight of new words within a sentence's length."""
    best = total = 0.0
    first = 0
    for word in found:
        total += word.weight
        while found[first].place <= word.place - SENTENCE:
            total -= found[first].weight
            first += 1
        best = max(best, total)
    return best


def shown(pair: Pair, found: Sequence[NewWord]) -> Iterator[str]:
    """Names and numbers first, then the other words, the longest of them first: they say most."""
    for word in sorted(found, key=lambda item: (-item.weight, item.start - item.end)):
        yield pair.cleaned.text[word.start : word.end]


def new_words(pair: Pair) -> list[NewWord]:
    """Numbers, names and content words of the cleaned text that the source lacks, in their order.

    The first word is left to `cut_start`; the last may be one that was cut off, and then it is none.
    """
    source = Source(pair.source)
    text = pair.cleaned.text
    words = pair.judged
    expanded = expansions(words, text, pair.source)
    instead = {token.last: token for token in exchanged(pair) if not begins_sentence(text, token.start)}
    found: list[NewWord] = []
    for place, word in enumerate(words):
        raw = text[word.start : word.end]
        token = instead.get(place)
        if token and (token.raw[0].isdigit() or not source.has(word.form, raw)):
            found.append(NewWord(place, token.start, word.end, NAME_WEIGHT))
            continue
        if place == 0 or place in expanded or source.has(word.form, raw):
            continue
        if word.end == len(text.rstrip()) and source.begins(word.form):
            continue
        found.append(NewWord(place, word.start, word.end, weigh(pair, place)))
    return found


def weigh(pair: Pair, place: int) -> float:
    """In running text, names inside a sentence and numbers of two digits and more weigh most, and words put in the
    place of others least.

    What mixes letters and digits is of a formula and weighs nothing.
    """
    text, words = pair.cleaned.text, pair.judged
    word = words[place]
    raw = text[word.start : word.end]
    inside = any(near.prose for near in words[max(0, place - 2) : place])
    if any(char.isdigit() for char in raw):
        followed = all(near.prose for near in words[place + 1 : place + 2])
        return NAME_WEIGHT if inside and followed and word.form.isdigit() and len(word.form) > 1 else 0
    if inside and raw[0].isupper() and not begins_sentence(text, word.start):
        return NAME_WEIGHT
    return 1 if pair.strange[place] > INSTEAD else 0.5


def begins_sentence(text: str, start: int) -> bool:
    before = text[max(0, start - 4) : start]
    return not before.strip() or "\n" in before or before.rstrip(" \"'“‘(*_").endswith(tuple(".!?:…•"))


def expansions(words: Sequence[Word], text: str, source: Reading) -> set[int]:
    """Places of words that spell out an abbreviation of the source: `Large Language Models` for `LLMs`."""
    known = {raw.rstrip("s") for raw in ABBREVIATION.findall(source.text)}
    initials = "".join(text[word.start] for word in words).upper()
    places: set[int] = set()
    for size in range(2, 6):
        for at in range(len(initials) - size + 1):
            if initials[at : at + size] in known:
                places.update(range(at, at + size))
    return places


class Source:
    """What the source can be said to contain, stems, joined words and abbreviations included."""

    def __init__(self, reading: Reading) -> None:
        self.known = reading.known
        self.stems = {form[:size] for form in reading.known for size in range(FUNCTION_LENGTH, min(len(form), 24) + 1)}
        self.joined = {left + right for left, right in grams(reading.forms, 2)}
        self.short = tuple({short.casefold() for short in SHORT.findall(reading.text)})
        self.stream = "".join(reading.forms)
        numbers = re.findall(r"\d[\d.,\s]*", reading.text)
        self.digits = {*DIGITS.findall(reading.text), *(re.sub(r"\D", "", number) for number in numbers)}

    def has(self, form: str, raw: str) -> bool:
        """Whether the source has the word, its stem, its beginning with a point (`Fig.`), or the word inside others;
        short words count as known."""
        if form in self.known:
            return True
        if raw[0].isdigit():
            return set(DIGITS.findall(form)) <= self.digits or set(DIGITS.findall(raw)) <= self.digits
        if any(char.isdigit() for char in form):
            return True
        if len(form) < FUNCTION_LENGTH or (raw[0].isupper() and form.startswith(self.short)):
            return True
        return stem(form) in self.stems or form in self.joined or (len(form) > FUNCTION_LENGTH and form in self.stream)

    def begins(self, form: str) -> bool:
        """Whether a word of the source begins so."""
        return any(known.startswith(form) for known in self.known)


@lru_cache(maxsize=65536)
def stem(form: str) -> str:
    """The part of a word that its inflections share, roughly: its first three fifths."""
    return form[: max(FUNCTION_LENGTH, -(-len(form) * 3 // 5))]
