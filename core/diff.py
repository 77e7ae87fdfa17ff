"""A word-level diff of prose, for the eyes of a reviewer.

Characters mark nearly everything and lines nearly nothing; words, punctuation and white space are what a reader
compares by. What only lays the same words out otherwise (line ends, closed hyphens, ligatures) is a class of its own,
which a reviewer may hide: so it holds no change of words, not even of where one ends ("not able", "notable"). Words
are the same here if NFKC makes them so.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, groupby
from typing import Literal

Kind = Literal["equal", "deleted", "inserted", "reflow"]

CJK = "\u2e80-\u2fff\u3001-\u312f\u3190-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
"""Ideographs, kana and their punctuation, as ranges of a character class. Hangul has words."""
SOFT = "\u00ad"
JOINERS = frozenset(f"-\u2010\u2011\u00ac{SOFT}")
"""What stands between the halves of a word that a line's end cut."""
NO_JOINERS = dict.fromkeys(map(ord, JOINERS))
MARK = "\ue000"
"""Stands for what belongs to the character before it: `re` knows no class of marks."""
WORD = re.compile(rf"[{CJK}]{MARK}*|(?:[^\W_{CJK}]+{MARK}*)+(?:['’](?:[^\W_{CJK}]+{MARK}*)+)*|\S{MARK}*")
"""A word with its inner apostrophes, one CJK character, or one mark of punctuation."""
CUT = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011\u00ac]\s+(?=[^\W\d_])")
"""Between letters alone: "10- 20" is not 1020."""
COMMON_SHARE = 0.25
"""With a smaller share of the longer side's words in common a pair is shown as one replaced block."""
ISLAND_WORDS = 2
ISLAND_LETTERS = 3
ANCHORED_FROM = 1500
"""Tokens on a side from which on anchors divide the texts first: difflib is cubic at worst."""
ANCHORS = (4, 1)
"""Words an anchor has: of runs of four first, then, in stretches that are still long, of one."""
ASCENDING = 0.5
"""With a smaller share of single words in the same order both stretches are about other things."""
WORK = 6_000_000
"""Pairs of words that difflib may look at for a pair of texts, about 0.6 s; what is left then is shown as replaced."""
MOST_MARKS = 30
"""Marks in a row that are still normalised (as in UAX #15's stream-safe format): sorting them is quadratic."""

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
    """A word or a mark. Offsets are in characters, [start, end)."""

    start: int
    end: int
    key: str
    """What it is compared by: compatibility forms are one, so that a ligature is its letters."""


def diff(source: str, cleaned: str) -> tuple[Span, ...]:
    """Spans in order that cover both texts wholly; `equal` ones are the same text on both sides."""
    left, right = tokens(source), tokens(cleaned)
    whole = {token.key for token in left} | {token.key for token in right}
    left, right = closed(left, source, whole), closed(right, cleaned, whole)
    blocks = Matcher([token.key for token in left], [token.key for token in right]).blocks()
    if share(left, right, blocks) < COMMON_SHARE:
        blocks = []
    return tuple(joined(Marker(source, cleaned).spans(left, right, without_islands(blocks, left))))


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


def layout_alone(source: str, cleaned: str) -> bool:
    """Whether two stretches differ in white space, in hyphens at which words are cut, and in ligatures alone."""
    ours, theirs = folded(source), folded(cleaned)
    if bare(ours) != bare(theirs) or not theirs.strip():  # cheaper than words, and rarely the same
        return False
    words = keys(theirs)
    return keys(ours) == words or keys(CUT.sub("", ours)) == words


def keys(text: str) -> list[str]:
    return [token.key for token in tokens(text)]


def bare(text: str) -> str:
    """A text without what layout may change."""
    return "".join(text.translate(NO_JOINERS).split())


def folded(text: str) -> str:
    """The text under NFKC, but for one that is made to take long."""
    if text.isascii() or any(
        marks and sum(1 for _ in run) > MOST_MARKS
        for marks, run in groupby(text, lambda c: unicodedata.combining(c) > 0)
    ):
        return text
    return unicodedata.normalize("NFKC", text)


def tokens(text: str) -> list[Token]:
    """Words and marks; white space is between them."""
    if text.isascii():
        return [Token(*match.span(), match.group()) for match in WORD.finditer(text)]
    inner = {ord(c): MARK for c in set(text) if c in f"{SOFT}\u200c\u200d" or unicodedata.category(c)[0] == "M"}
    found: list[Token] = []
    for match in WORD.finditer(text.translate(inner)):
        word = text[slice(*match.span())]
        found.append(Token(*match.span(), word if word.isascii() else folded(word.replace(SOFT, "")) or word))
    return found


def closed(found: Sequence[Token], text: str, whole: set[str]) -> list[Token]:
    """The tokens, with words that a line's end cut as one wherever either text has the word in one piece.

    So such a word is matched like any other, also right beside a change.
    """
    words: list[Token] = []
    at = 0
    while at < len(found):
        one, other = found[at], at + 1
        if other < len(found) and found[other].start == one.end and found[other].key in JOINERS:
            other += 1
        elif text[one.end - 1] != SOFT:
            other = len(found)
        if other < len(found) and found[other].start > found[other - 1].end:
            rest = found[other]
            # As in CUT, digits are no halves of a word.
            if one.key + rest.key in whole and not (one.key[-1].isnumeric() or rest.key[0].isnumeric()):
                words.append(Token(one.start, rest.end, one.key + rest.key))
                at = other + 1
                continue
        words.append(one)
        at += 1
    return words


def share(left: Sequence[Token], right: Sequence[Token], blocks: Iterable[Block]) -> float:
    """Words in common by words of the longer side; where there are none, marks."""
    ours, theirs = ([token.key[0].isalnum() for token in side] for side in (left, right))
    if not any(ours) and not any(theirs):
        ours, theirs = [True] * len(left), [True] * len(right)
    common = sum(sum(ours[at : at + length]) for at, _, length in blocks)
    return common / max(1, sum(ours), sum(theirs))


class Matcher:
    """Finds equal runs of two lists of words, with an effort that is linear in their length."""

    def __init__(self, left: Sequence[str], right: Sequence[str]) -> None:
        self._left, self._right = left, right
        self._found: list[Block] = []
        self._spent = 0

    def blocks(self) -> list[Block]:
        """Equal runs, ascending in both; between two of them there is a difference."""
        self._divide(0, len(self._left), 0, len(self._right), ANCHORS)
        blocks: list[Block] = []
        for at, other, length in sorted(self._found):
            if blocks:
                before, across, size = blocks[-1]
                if (before + size, across + size) == (at, other):
                    blocks[-1] = before, across, size + length
                    continue
            blocks.append((at, other, length))
        return blocks

    def _divide(self, at: int, end: int, other: int, stop: int, sizes: Sequence[int]) -> None:
        """Matches left[at:end] with right[other:stop]; long ones at anchors of `sizes` words, the first size first."""
        head = self._run(at, end, other, stop)
        at, other = at + head, other + head
        tail = 0
        while tail < min(end - at, stop - other) and self._left[end - 1 - tail] == self._right[stop - 1 - tail]:
            tail += 1
        end, stop = end - tail, stop - tail
        if tail:
            self._found.append((end, stop, tail))
        if not sizes or max(end - at, stop - other) < ANCHORED_FROM:
            self._compare(at, end, other, stop)
            return
        from_left, from_right = at, other
        for one, two in anchors(self._left[at:end], self._right[other:stop], sizes[0]):
            one, two = one + from_left, two + from_right
            if one < at or two < other:
                continue  # within the run of the last anchor
            self._divide(at, one, other, two, sizes[1:])
            length = self._run(one, end, two, stop)
            at, other = one + length, two + length
        self._divide(at, end, other, stop, sizes[1:])

    def _run(self, at: int, end: int, other: int, stop: int) -> int:
        """Takes down how many words are equal from here on, and returns it."""
        length = 0
        while at + length < end and other + length < stop and self._left[at + length] == self._right[other + length]:
            length += 1
        if length:
            self._found.append((at, other, length))
        return length

    def _compare(self, at: int, end: int, other: int, stop: int) -> None:
        """difflib's runs, as many as can be had for the work that is due by this place of the texts."""
        if at == end or other == stop:
            return
        ours, theirs = self._left[at:end], self._right[other:stop]
        matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
        counts = Counter(theirs)
        price = [0, *accumulate(1 + counts[word] for word in ours)]
        due = WORK * (end + stop) // (len(self._left) + len(self._right))
        # Widest first, unlike difflib itself: what the work does not reach is then short.
        waiting = deque([(0, end - at, 0, stop - other)])
        while waiting:
            low, high, below, above = waiting.popleft()
            if self._spent + price[high] - price[low] > due:
                continue
            self._spent += price[high] - price[low]
            one, two, length = matcher.find_longest_match(low, high, below, above)
            if not length:
                continue
            self._found.append((at + one, other + two, length))
            for rest in ((low, one, below, two), (one + length, high, two + length, above)):
                if rest[0] < rest[1] and rest[2] < rest[3]:
                    waiting.append(rest)


def anchors(left: Sequence[str], right: Sequence[str], size: int) -> list[tuple[int, int]]:
    """Places of the runs of `size` words that each text has once, as many as ascend in both (patience diff)."""
    ours, theirs = once(left, size), once(right, size)
    pairs = sorted((at, theirs[gram]) for gram, at in ours.items() if gram in theirs)
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, at) in enumerate(pairs):
        place = bisect_left(tails, at)
        tails[place : place + 1] = [at]
        ends[place : place + 1] = [number]
        before.append(ends[place - 1] if place else -1)
    if size == 1 and len(tails) < ASCENDING * len(pairs):
        return []
    found: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def once(words: Sequence[str], size: int) -> dict[tuple[str, ...], int]:
    """Runs of `size` words that come only once, and where."""
    grams = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
    counts = Counter(grams)
    return {gram: at for at, gram in enumerate(grams) if counts[gram] == 1}


def without_islands(blocks: Sequence[Block], left: Sequence[Token]) -> list[Block]:
    """The runs but for one or two short words between replacements, which tear a phrase into confetti.

    Beside a plain deletion or insertion they stay: such a word is kept, and must not show as deleted and written anew.
    """
    kept: list[Block] = []
    for number, (at, other, length) in enumerate(blocks):
        before = kept[-1] if kept else (0, 0, 0)
        after = blocks[number + 1] if number + 1 < len(blocks) else None
        small = length <= ISLAND_WORDS and all(len(token.key) <= ISLAND_LETTERS for token in left[at : at + length])
        replaced_before = at > before[0] + before[2] and other > before[1] + before[2]
        replaced_after = after is not None and after[0] > at + length and after[1] > other + length
        if not (small and replaced_before and replaced_after):
            kept.append((at, other, length))
    return kept


class Marker:
    """Makes the spans of two texts."""

    def __init__(self, source: str, cleaned: str) -> None:
        self._source, self._cleaned = source, cleaned

    def spans(self, left: Sequence[Token], right: Sequence[Token], blocks: Iterable[Block]) -> Iterator[Span]:
        """The equal words one by one, and what lies between them."""
        alike = [(at + i, other + i) for at, other, length in blocks for i in range(length)]
        end = Token(len(self._source), len(self._source), ""), Token(len(self._cleaned), len(self._cleaned), "")
        at = other = 0
        from_source = from_cleaned = 0
        for one, two in [*alike, (len(left), len(right))]:
            ours, theirs = (left[one], right[two]) if one < len(left) and two < len(right) else end
            between = (from_source, ours.start), (from_cleaned, theirs.start)
            yield from self._changed(*between) if one > at or two > other else self._same(*between)
            yield from self._same((ours.start, ours.end), (theirs.start, theirs.end))
            at, other = one + 1, two + 1
            from_source, from_cleaned = ours.end, theirs.end

    def _same(self, ours: tuple[int, int], theirs: tuple[int, int]) -> Iterator[Span]:
        """The same words: equal, or laid out otherwise."""
        if self._source[slice(*ours)] != self._cleaned[slice(*theirs)]:
            yield Span("reflow", ours, theirs)
        elif ours[1] > ours[0]:
            yield Span("equal", ours, theirs)

    def _changed(self, ours: tuple[int, int], theirs: tuple[int, int]) -> Iterator[Span]:
        """Words that differ; white space that both have at an end is no part of the change."""
        heads, tails = paired_space(self._source[slice(*ours)], self._cleaned[slice(*theirs)])
        inner = ours[0] + heads[0], ours[1] - tails[0]
        outer = theirs[0] + heads[1], theirs[1] - tails[1]
        yield from self._same((ours[0], inner[0]), (theirs[0], outer[0]))
        if layout_alone(self._source[slice(*inner)], self._cleaned[slice(*outer)]):
            yield from self._same(inner, outer)
        else:
            bare_word = but_for_marks(self._source[slice(*inner)], self._cleaned[slice(*outer)])
            yield from self._same((inner[0], inner[0] + bare_word), (outer[0], outer[0] + bare_word))
            inner, outer = (inner[0] + bare_word, inner[1]), (outer[0] + bare_word, outer[1])
            if inner[1] > inner[0]:
                yield Span("deleted", inner, (outer[0], outer[0]))
            if outer[1] > outer[0]:
                yield Span("inserted", (inner[1], inner[1]), outer)
        yield from self._same((inner[1], ours[1]), (outer[1], theirs[1]))


def but_for_marks(one: str, other: str) -> int:
    """Characters both begin with, where all that one of them has beyond is marks: an accent is shown alone."""
    length = min(len(one), len(other))
    rest = one[length:] + other[length:]
    return length if one[:length] == other[:length] and all(unicodedata.category(c)[0] == "M" for c in rest) else 0


def paired_space(one: str, other: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many characters of white space at the beginnings, and at the ends, of two texts stand for each other.

    Where a text has nothing else, its white space stands for the end that is more like it, so that a citation between
    a blank and a new paragraph leaves the paragraph.
    """
    heads = len(one) - len(one.lstrip()), len(other) - len(other.lstrip())
    tails = len(one) - len(one.rstrip()), len(other) - len(other.rstrip())
    if not one.strip() or not other.strip():
        space, text, side = (one, other, 1) if not one.strip() else (other, one, 0)
        ends = text[: heads[side]], text[len(text) - tails[side] :]
        likeness = [(end == space, ("\n" in end) == ("\n" in space)) if end else () for end in ends]
        heads, tails = (heads, (0, 0)) if likeness[0] >= likeness[1] else ((0, 0), tails)
    return heads if all(heads) else (0, 0), tails if all(tails) else (0, 0)


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Neighbours of one kind as one."""
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
