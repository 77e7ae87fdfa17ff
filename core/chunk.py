"""Prepared text cut into chunks that join to it again, exactly."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from .clean.numbered import numbered_citations
from .edits import Candidate
from .options import Options
from .prepare import Prepared
from .prepare.tears import Tear, move_of, tears
from .sentences import is_mark, sentence_ends

WORD_START = re.compile(r"\S")
CLAUSE = re.compile(r"[;:,–—)]\s+")
PARAGRAPH_SHARE = 0.6
"""A paragraph's end is taken when the chunk is at least this full."""
TOKEN_CHARACTERS = 8
"""No tokenizer makes tokens longer than this on average over a chunk."""
HEADING_LENGTH = 80


class ChunkOptions(Options):
    """How the prepared text is cut."""

    size: int = Field(default=1000, ge=50, le=1_000_000)
    """Largest size of a chunk."""
    unit: Literal["characters", "tokens"] = "characters"
    """What the size is counted in; tokens are the model's own."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the prepared text: text == prepared.text[start:end]."""

    index: int
    """From 0."""
    start: int
    end: int
    text: str
    pages: tuple[int, int]
    """Numbers of the first and the last page it has text of."""
    ends: str
    """What it ends at: `sentence`, `clause`, `word`, or `size` where there was no better place."""
    candidates: tuple[Candidate, ...] = ()
    """Edits that the whole document proposes in it, ascending: what the repairs doubted, sentences that something
    tears, and citations that are numbers in parentheses; offsets in `text`."""


def chunk(
    prepared: Prepared, options: ChunkOptions | None = None, count: Callable[[str], int] | None = None
) -> tuple[Chunk, ...]:
    """Cut `prepared.text`; the chunks' texts joined are that text (there are none for white space alone).

    The size is a maximum, but for white space at a chunk's ends that would make a chunk of its own.
    `count` gives the tokens of a text and is needed for chunks in tokens. Raises ValueError without it.
    """
    options = options or ChunkOptions()
    if options.unit == "tokens" and count is None:
        raise ValueError("chunks in tokens need a token counter")
    measure = count if options.unit == "tokens" and count is not None else len
    found: list[Chunk] = []
    start = 0
    torn = list(tears(prepared.text, prepared.language))
    moves = (move_of(prepared.text, tear) for tear in torn)
    candidates = sorted([*prepared.candidates, *moves, *numbered_citations(prepared.text)])
    for end, ends in boundaries(prepared.text, options.size, measure, [tear for tear in torn if tear.sure]):
        text = prepared.text[start:end]
        mine = inside(candidates, start, end)
        found.append(Chunk(len(found), start, end, text, prepared.pages(start, end), ends, mine))
        start = end
    return tuple(found)


def inside(candidates: Sequence[Candidate], start: int, end: int) -> tuple[Candidate, ...]:
    """Those of `candidates`, ascending, that lie wholly in text[start:end], with offsets counted from its start.

    One that ends in an empty line needs something behind it: a chunk's text keeps none at its end, so that the next
    would run on in its last paragraph.
    """
    first = bisect_left(candidates, start, key=lambda c: c.start)
    last = bisect_left(candidates, end + 1, key=lambda c: c.start)
    near = (c for c in candidates[first:last] if c.end < end or (c.end == end and not c.replacement.endswith("\n\n")))
    return tuple(replace(c, start=c.start - start, end=c.end - start) for c in near)


def boundaries(
    text: str, size: int, measure: Callable[[str], int], torn: Sequence[Tear] = ()
) -> Iterator[tuple[int, str]]:
    """(end, what it ends at) of each chunk; none for white space alone. Sentences that something tears stay in
    one chunk with it where they fit in one."""
    body = len(text.rstrip())
    if not body:
        return
    stops = sentence_ends(text)
    paragraphs = [match.end() for match in re.finditer(r"\n\n+", text)]
    for begin, ends in [whole(tear, stops) for tear in torn]:
        end = next((end for end in ends if measure(text[begin:end].strip()) <= size), begin)
        for places in (stops, paragraphs):
            del places[bisect_right(places, begin) : bisect_left(places, end)]
    start = 0
    while start < body:
        reach = furthest(text, start, size, measure)
        if reach >= body:
            # White space behind the last word can be no chunk of its own.
            yield len(text), "sentence"
            return
        first = next_word(text, start)
        if first >= reach:
            # White space that fills a chunk alone goes, uncounted, with the word behind it.
            reach = min(first + reach - start, body)
        end, ends = best_end(text, first, reach, stops, paragraphs)
        yield (len(text) if end >= body else end), ends
        start = end


def whole(tear: Tear, stops: Sequence[int]) -> tuple[int, Sequence[int]]:
    """Where a torn sentence begins, and where what has to stay with it may end: behind it, or better behind one more
    where its paragraph goes on, so that what tore it is not the chunk's last and runs on into the next."""
    before, behind = bisect_right(stops, tear.at) - 1, bisect_left(stops, tear.end)
    ends = stops[behind : behind + 1] if tear.last else stops[behind : behind + 2][::-1]
    return stops[before] if before >= 0 else 0, ends


def next_word(text: str, at: int) -> int:
    """Offset of the first character from `at` that is no white space."""
    found = WORD_START.search(text, at)
    return found.start() if found else len(text)


def furthest(text: str, start: int, size: int, measure: Callable[[str], int]) -> int:
    """The largest end for which text[start:end] is within the size; at least one character on."""
    if measure is len:
        return min(len(text), start + size)
    low, high = start + 1, min(len(text), start + size * TOKEN_CHARACTERS)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[start:middle]) <= size:
            low = middle
        else:
            high = middle - 1
    return low


def best_end(text: str, start: int, reach: int, stops: list[int], paragraphs: list[int]) -> tuple[int, str]:
    """The best place to cut in text[start:reach], which begins with a word, and its kind."""
    paragraph = last_in(paragraphs, start + int((reach - start) * PARAGRAPH_SHARE), reach)
    if paragraph is not None and not ends_with_heading(text, start, paragraph):
        return paragraph, "sentence"
    least = start + (reach - start) // 3
    stop = last_in(stops, start, reach)
    while stop is not None and ends_with_heading(text, start, stop):
        earlier = last_in(stops, start, stop - 1)
        if earlier is None or earlier < least:
            break
        stop = earlier
    if stop is not None:
        return stop, "sentence"
    clause = max((match.end() for match in CLAUSE.finditer(text, least, reach)), default=None)
    if clause is not None and not is_mark(text, clause):
        return clause, "clause"
    word = last_space(text, start, reach)
    if word is not None:
        return word, "word"
    return whole_character(text, start, reach), "size"


def last_in(places: list[int], low: int, high: int) -> int | None:
    """The last place p with low < p <= high."""
    at = bisect_right(places, high) - 1
    return places[at] if at >= 0 and places[at] > low else None


def ends_with_heading(text: str, start: int, end: int) -> bool:
    """Whether the last paragraph of text[start:end] is a short line without a full stop, and not all there is."""
    body = text[start:end].rstrip()
    last = body.rpartition("\n\n")[2]
    return "\n\n" in body and len(last) < HEADING_LENGTH and not re.search(r"[.!?:;,][\"'”’)\]]*$", last)


def last_space(text: str, start: int, reach: int) -> int | None:
    """Just behind the last white space in text[start:reach]."""
    for at in range(reach, start, -1):
        if text[at - 1].isspace() and not is_mark(text, at):
            return at
    return None


def whole_character(text: str, start: int, reach: int) -> int:
    """`reach`, moved back so that no mark is cut from its letter."""
    end = reach
    while end > start + 1 and is_mark(text, end):
        end -= 1
    return reach if is_mark(text, end) else end
