"""Numbers of lines in the margin of a manuscript, which copies for referees have: every line's, or every second's,
fifth's or tenth's. Extracted, they stand between the lines, or at their beginnings or ends, and tear each sentence; or
apart from them, a heap on each page.

They are told by counting on over most of the pages, or from each page's top, with a line or two of text between, where
sentences go on: the entries of a list, the rows of a table and the steps of a program begin anew behind each number,
and stand on few pages.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from ..traced import Edit
from .lines import Line, without

LONE = re.compile(r"\s*(\d{1,4})\s*$")
FIRST = re.compile(r"\s*(\d{1,4})(?:\s+|$)")
LAST = re.compile(r"(?<!\S)(\d{1,4})\s*$")
STEPS = (1, 2, 5, 10)
MISSED = 3
"""So many steps further the next number may be, where one is lost."""
FEWEST = 30
"""Numbers in a whole document."""
FEWEST_ON_PAGE = 5
FEW_PAGES = 2
FEWEST_ON_FEW_PAGES = 8
LINES_OF_FEW_PAGES = 20
"""So many lines must be counted on them."""
LINES_OF_PAGE = 10
"""A page with fewer lines counts for nothing."""
PAGES = 0.5
"""Share of the pages that have numbers."""
NEAR = 0.6
"""Share of the numbers that have the next a few lines on."""
FLOWING = 0.3
"""Share of the numbers behind which a line begins in a small letter."""
COVERED = 0.5
"""Share of a page's lines that are counted, in the middle one of the pages: of a program's page fewer are."""
MANY, MOSTLY_FLOWING, LEAST_COVERED = 200, 0.6, 0.25
"""Among so many numbers, with sentences that go on behind so many of them, a page may have fewer lines that are
counted: it is full of formulas."""
HEAP, LONGEST_NUMBER, TEXT = 20, 8, 30
"""So many numbers in a row count the lines of their page, if half of the pages have them, and half as many lines of
text; characters of a number and of a line."""
FULL = 40
"""Characters in the middle one of the lines of a document of few pages."""
HOLE = 15
"""So many lines for each that is counted part the first or the last few numbers from theirs: they are others."""
FEW = 4


class Number(NamedTuple):
    """A number that may be its line's."""

    place: int
    """Of its line in the document, blank lines left out."""
    page: int
    value: int
    edit: Edit
    bare: bool
    """Whether it is all of its line."""
    following: str
    """The first sign of the text behind it."""


def line_numbers(text: str, pages: Sequence[Sequence[Line]]) -> list[Edit]:
    """What takes the numbers out; `pages` are the lines that are not blank, page by page."""
    apart = continued([heap for page in pages for heap in heaps(page)])
    if len(apart) > 1 and len(apart) >= PAGES * len(pages):
        return [without(line, text) for heap in apart for line in heap]
    for pattern in (LONE, FIRST, LAST):
        numbers = numbers_of(text, pages, pattern)
        if len(numbers) < FEWEST_ON_FEW_PAGES:
            continue
        for step in STEPS:
            whole = longest(numbers, step)
            by_page = [number for page in split(numbers) for number in from_top(longest(page, step), step)]
            for chain in sorted((without_strays(whole, step), by_page), key=len, reverse=True):
                if are_lines(chain, pages):
                    return [number.edit for number in chain]
    return []


def heaps(page: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines of a page with a number alone that count on by one from line to line, many in a row, beside text."""
    if 2 * sum(len(line.text) >= TEXT for line in page) < HEAP:
        return
    heap: list[Line] = []
    last = -1
    for line in page:
        number = int(line.text.strip()) if len(line.text) < LONGEST_NUMBER and line.text.strip().isdecimal() else -1
        if number < 0 or number != last + 1:
            if len(heap) >= HEAP:
                yield heap
            heap = []
        if number >= 0:
            heap.append(line)
        last = number
    if len(heap) >= HEAP:
        yield heap


def continued(found: Sequence[list[Line]]) -> list[list[Line]]:
    """Those that begin with the first line or go on from the heap before: years and other columns of tables don't."""
    kept: list[list[Line]] = []
    last = 0
    for heap in found:
        first = int(heap[0].text.strip())
        if first in (1, last + 1):
            kept.append(heap)
            last = first + len(heap) - 1
    return kept


def numbers_of(text: str, pages: Sequence[Sequence[Line]], pattern: re.Pattern[str]) -> list[Number]:
    """Every number that stands as `pattern` says, in order."""
    found: list[Number] = []
    place = -1
    for page, lines in enumerate(pages):
        for at, line in enumerate(lines):
            place += 1
            trimmed = line.text.strip()
            if not (trimmed[-1:] if pattern is LAST else trimmed[:1]).isdigit():  # quicker than the pattern
                continue
            match = pattern.search(line.text) if pattern is LAST else pattern.match(line.text)
            if match:
                start = len(line.text[: match.start()].rstrip())
                bare = match.end() - start == len(line.text)
                edit = without(line, text) if bare else Edit(line.start + start, line.start + match.end())
                rest = line.text[match.end() :] if pattern is FIRST and not bare else ""
                after = rest or next((other.text for other in lines[at + 1 : at + 2]), "")
                found.append(Number(place, page, int(match[1]), edit, bare, after.lstrip()[:1]))
    return found


def longest(numbers: Sequence[Number], step: int) -> list[Number]:
    """The longest chain in which each number is the one before and `step`, or a few steps where some are lost."""
    best: dict[int, tuple[int, int]] = {}  # the last number's value: the chain's length, and its place
    before: list[int] = []
    for here, number in enumerate(numbers):
        earlier = [best[value] for n in range(1, MISSED + 1) if (value := number.value - n * step) in best]
        length, last = max(earlier, key=lambda chain: chain[0], default=(0, -1))
        before.append(last)
        if length + 1 >= best.get(number.value, (0, -1))[0]:
            best[number.value] = length + 1, here
    place = max(best.values(), default=(0, -1))[1]
    chain: list[Number] = []
    while place >= 0:
        chain.append(numbers[place])
        place = before[place]
    return chain[::-1]


def split(numbers: Sequence[Number]) -> list[list[Number]]:
    pages: dict[int, list[Number]] = {}
    for number in numbers:
        pages.setdefault(number.page, []).append(number)
    return list(pages.values())


def from_top(chain: list[Number], step: int) -> list[Number]:
    """The chain if it begins with a page's first numbers."""
    return chain if len(chain) >= FEWEST_ON_PAGE and chain[0].value <= MISSED * step else []


def without_strays(chain: list[Number], step: int) -> list[Number]:
    """The chain without a few numbers at its ends that stand far from the others."""
    holes = [at for at, (one, after) in enumerate(pairwise(chain), 1) if after.place - one.place > HOLE * step]
    start = next((at for at in reversed(holes) if at < FEW), 0)
    stop = next((at for at in holes if at > len(chain) - FEW), len(chain))
    return chain[start:stop]


def are_lines(chain: Sequence[Number], pages: Sequence[Sequence[Line]]) -> bool:
    """Whether the chain stands on most pages, beside lines of text that goes on from one to the next."""
    long = [page for page, lines in enumerate(pages) if len(lines) >= LINES_OF_PAGE]
    few = len(long) <= FEW_PAGES
    if len(chain) < (FEWEST_ON_FEW_PAGES if few else FEWEST):
        return False
    step = median(after.value - one.value for one, after in pairwise(chain))
    if few and len(chain) * step < LINES_OF_FEW_PAGES:
        return False
    often = Counter(number.page for number in chain)
    if sum(often[page] >= FEWEST_ON_PAGE for page in long) < PAGES * len(long):
        return False
    gaps = [
        after.place - one.place - (one.bare and after.bare) for one, after in pairwise(chain) if one.page == after.page
    ]
    near = sum(step / 2 <= gap <= 3 * step + 2 for gap in gaps)
    flowing = sum(number.following.islower() for number in chain)
    if near < NEAR * len(gaps) or flowing < FLOWING * len(chain):
        return False
    alone = {number.place for number in chain if number.bare}
    covered: list[float] = []
    widths: list[int] = []
    place = 0
    for page, lines in enumerate(pages):
        beside = [len(line.text.strip()) for at, line in enumerate(lines, place) if at not in alone]
        place += len(lines)
        if page in often:
            covered.append(often[page] * step / max(1, len(beside)))
            widths += beside
    least = LEAST_COVERED if len(chain) >= MANY and flowing >= MOSTLY_FLOWING * len(chain) else COVERED
    return median(covered) >= least and (not few or median(widths) >= FULL)
