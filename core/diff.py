"""A word-level diff of prose, for the eyes of a reviewer.

Characters mark nearly everything and lines nearly nothing; words, punctuation and white space are what a reader
compares by. What only lays the same words out otherwise (line ends, closed hyphens, ligatures) is a class of its own.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["equal", "deleted", "inserted", "reflow"]

WORD = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W_\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+(?:['’][^\W_]+)*|\S"
)
"""A word with its inner apostrophes, one CJK character, or one mark of punctuation."""
JOINERS = frozenset("-\u2010\u2011\u00ad\u00ac")
"""What stands between the halves of a word that a line's end cut."""
COMMON_SHARE = 0.25
"""With a smaller share of common words a pair is shown as one replaced block."""
ISLAND_WORDS = 2
ISLAND_LETTERS = 3
ANCHORED_FROM = 1500
"""Tokens on a side from which on anchors divide the texts first: difflib is quadratic at worst."""
ANCHOR = 4
MOST_PAIRS = 4_000_000
"""Stretches whose lengths multiply to more are shown as replaced."""

Block = tuple[int, int, int]
"""Position in the source's tokens, in the cleaned text's, and how many are equal."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of both texts. Offsets are in characters, [start, end)."""

    kind: Kind
    source: tuple[int, int]
    """Empty for `inserted`."""
    cleaned: tuple[int, int]
    """Empty for `deleted`."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a mark."""

    start: int
    end: int
    key: str
    """What it is compared by: compatibility forms are one, so that a ligature is its letters."""


def diff(source: str, cleaned: str) -> tuple[Span, ...]:
    """Spans in order that cover both texts wholly; `equal` ones are the same text on both sides."""
    left, right = tokens(source), tokens(cleaned)
    blocks = list(matches([t.key for t in left], [t.key for t in right]))
    common = sum(length for _, _, length in blocks)
    if common < COMMON_SHARE * max(len(left), len(right)):
        blocks = []
    found = [*spans_of(source, cleaned, left, right, without_islands(blocks, left, source))]
    return tuple(joined(found))


def changes(spans: Sequence[Span], *, reflow: bool = True) -> list[tuple[int, int]]:
    """[first, last) index ranges of neighbouring spans that form one change.

    `reflow=False` leaves out those that only lay the text out otherwise.
    """
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(spans):
        end = at
        while end < len(spans) and spans[end].kind != "equal":
            end += 1
        if end > at and (reflow or any(span.kind != "reflow" for span in spans[at:end])):
            found.append((at, end))
        at = max(end, at + 1)
    return found


def tokens(text: str) -> list[Token]:
    """Words and marks; white space is between them."""
    return [
        Token(m.start(), m.end(), m.group() if m.group().isascii() else unicodedata.normalize("NFKC", m.group()))
        for m in WORD.finditer(text)
    ]


def matches(left: Sequence[str], right: Sequence[str]) -> Iterator[Block]:
    """Equal runs, ascending in both."""
    if max(len(left), len(right)) < ANCHORED_FROM:
        yield from plain(left, right, 0, 0)
        return
    at_left = at_right = 0
    for anchor_left, anchor_right in [*anchors(left, right), (len(left), len(right))]:
        if anchor_left < at_left or anchor_right < at_right:
            continue
        yield from plain(left[at_left:anchor_left], right[at_right:anchor_right], at_left, at_right)
        length = 0
        while (
            anchor_left + length < len(left)
            and anchor_right + length < len(right)
            and left[anchor_left + length] == right[anchor_right + length]
        ):
            length += 1
        if length:
            yield anchor_left, anchor_right, length
        at_left, at_right = anchor_left + length, anchor_right + length


def plain(left: Sequence[str], right: Sequence[str], at_left: int, at_right: int) -> Iterator[Block]:
    """difflib's runs, after equal beginnings and ends; none where that would take too long."""
    begin = 0
    while begin < min(len(left), len(right)) and left[begin] == right[begin]:
        begin += 1
    end = 0
    while end < min(len(left), len(right)) - begin and left[-1 - end] == right[-1 - end]:
        end += 1
    if begin:
        yield at_left, at_right, begin
    middle = left[begin : len(left) - end], right[begin : len(right) - end]
    if all(middle) and cost(*middle) <= MOST_PAIRS:
        for block in SequenceMatcher(None, *middle, autojunk=False).get_matching_blocks():
            if block.size:
                yield at_left + begin + block.a, at_right + begin + block.b, block.size
    if end:
        yield at_left + len(left) - end, at_right + len(right) - end, end


def cost(left: Sequence[str], right: Sequence[str]) -> int:
    """Pairs of equal words that difflib would look at in one pass."""
    if len(left) * len(right) <= MOST_PAIRS // 8:
        return 0
    counts = Counter(right)
    return 8 * sum(counts[word] for word in left) + len(left) + len(right)


def anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Places of the runs of four that each text has once, as many as ascend in both (patience diff)."""
    ours, theirs = once(left), once(right)
    pairs = sorted((at, theirs[gram]) for gram, at in ours.items() if gram in theirs)
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, at) in enumerate(pairs):
        place = bisect_left(tails, at)
        tails[place : place + 1] = [at]
        ends[place : place + 1] = [number]
        before.append(ends[place - 1] if place else -1)
    found: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def once(words: Sequence[str]) -> dict[tuple[str, ...], int]:
    """Runs of four words that come only once, and where."""
    grams = [tuple(words[at : at + ANCHOR]) for at in range(len(words) - ANCHOR + 1)]
    counts = Counter(grams)
    return {gram: at for at, gram in enumerate(grams) if counts[gram] == 1}


def without_islands(blocks: Sequence[Block], left: Sequence[Token], source: str) -> list[Block]:
    """The runs but for one or two short words between replacements, which tear a phrase into confetti."""
    kept: list[Block] = []
    for number, block in enumerate(blocks):
        at, other, length = block
        before = kept[-1] if kept else (0, 0, 0)
        after = blocks[number + 1] if number + 1 < len(blocks) else None
        small = length <= ISLAND_WORDS and all(
            left[at + i].end - left[at + i].start <= ISLAND_LETTERS for i in range(length)
        )
        replaced_before = at > before[0] + before[2] and other > before[1] + before[2]
        replaced_after = after is not None and after[0] > at + length and after[1] > other + length
        if not (small and replaced_before and replaced_after):
            kept.append(block)
    return kept


def spans_of(
    source: str, cleaned: str, left: Sequence[Token], right: Sequence[Token], blocks: Sequence[Block]
) -> Iterator[Span]:
    """What lies between the equal words, word by word, and the words themselves."""
    at_source = at_cleaned = 0
    before = 0, 0
    for at, other, length in [*blocks, (len(left), len(right), 0)]:
        gap_left, gap_right = left[before[0] : at], right[before[1] : other]
        for i in range(length + 1):
            last = i == length
            if i == 0:
                stop_source = left[at].start if at < len(left) else len(source)
                stop_cleaned = right[other].start if other < len(right) else len(cleaned)
                if last and length == 0:
                    stop_source, stop_cleaned = len(source), len(cleaned)
                yield from between(
                    source, cleaned, (at_source, stop_source), (at_cleaned, stop_cleaned), gap_left, gap_right
                )
                at_source, at_cleaned = stop_source, stop_cleaned
            if last:
                break
            one, two = left[at + i], right[other + i]
            yield from between(source, cleaned, (at_source, one.start), (at_cleaned, two.start), (), ())
            yield from same(source, cleaned, (one.start, one.end), (two.start, two.end))
            at_source, at_cleaned = one.end, two.end
        before = at + length, other + length


def between(
    source: str,
    cleaned: str,
    ours: tuple[int, int],
    theirs: tuple[int, int],
    gap_left: Sequence[Token],
    gap_right: Sequence[Token],
) -> Iterator[Span]:
    """White space alone, or words that differ."""
    if not gap_left and not gap_right:
        yield from same(source, cleaned, ours, theirs)
        return
    # White space that both have at the ends is no part of the change.
    head = common_space(source[slice(*ours)], cleaned[slice(*theirs)])
    if head:
        yield Span("equal", (ours[0], ours[0] + head), (theirs[0], theirs[0] + head))
        ours, theirs = (ours[0] + head, ours[1]), (theirs[0] + head, theirs[1])
    tail = common_space(source[slice(*ours)][::-1], cleaned[slice(*theirs)][::-1])
    inner, outer = (ours[0], ours[1] - tail), (theirs[0], theirs[1] - tail)
    if layout_alone(source[slice(*inner)], cleaned[slice(*outer)]):
        yield Span("reflow", inner, outer)
    else:
        if inner[1] > inner[0]:
            yield Span("deleted", inner, (outer[0], outer[0]))
        if outer[1] > outer[0]:
            yield Span("inserted", (inner[1], inner[1]), outer)
    if tail:
        yield Span("equal", (ours[1] - tail, ours[1]), (theirs[1] - tail, theirs[1]))


def same(source: str, cleaned: str, ours: tuple[int, int], theirs: tuple[int, int]) -> Iterator[Span]:
    """The same words: equal, or laid out otherwise."""
    if source[slice(*ours)] == cleaned[slice(*theirs)]:
        if ours[1] > ours[0]:
            yield Span("equal", ours, theirs)
    else:
        yield Span("reflow", ours, theirs)


def layout_alone(source: str, cleaned: str) -> bool:
    """Whether two stretches differ in white space, in hyphens at which words are cut, and in ligatures alone."""
    ours, theirs = squeezed(source), squeezed(cleaned)
    if ours == theirs:
        return bool(ours)
    cut = re.sub(r"(?<=\w)[-\u2010\u2011\u00ad\u00ac]\s+(?=\w)|\u00ad", "", source)
    return bool(theirs) and squeezed(cut) == theirs


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def common_space(one: str, other: str) -> int:
    """Characters of white space with which both begin alike."""
    length = 0
    while length < min(len(one), len(other)) and one[length] == other[length] and one[length].isspace():
        length += 1
    return length


def joined(spans: Sequence[Span]) -> Iterator[Span]:
    """Neighbours of one kind as one; of a change, deletions before insertions."""
    current: Span | None = None
    for span in spans:
        if current is not None and span.kind == current.kind:
            current = Span(span.kind, (current.source[0], span.source[1]), (current.cleaned[0], span.cleaned[1]))
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current
