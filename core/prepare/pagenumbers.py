"""Page numbers at the edges of pages, alone on their line or at the end of a running head.

A number is taken for a page's when it counts on from page to page. Pages without one (blank, full-page figures) leave
gaps, so a step of up to three is counting still. Where real pages are known, one distance between the printed number
and the page's place holds for a whole stretch of them, and then even a head that stands only once is found by it.
"""

import re
from collections import Counter
from collections.abc import Sequence

from .lines import Line

LONE = re.compile(
    r"^[\s–—|·•~\[-]{0,3}(?:(?:page|seite|p\.|s\.)\s*)?(?:(?:\d{1,4}:)?(?P<arabic>\d{1,5})|(?P<roman>[ivxlc]{1,7}))"
    r"(?:\s*(?:of|/|von|de)\s*\d{1,4})?[\s–—|·•~\].-]{0,3}$",
    re.I,
)
AT_END = re.compile(r"^\s*(?:(?P<first>\d{1,4})\s+\S|.*[^\d.,–-]\s*\b(?P<last>\d{1,4})\s*$)")
PAGE_OF = re.compile(r"\b(?:page|seite) \d+ (?:of|von) \d+\b", re.I)
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
GAP = 3
"""Largest step from one page number to the next."""
LOOK_BACK = 12
SHORTEST_CHAIN = 3
CHAPTERS = 0.5
"""There are fewer chapters than this share of the pages."""
HEAD_LENGTH = 100
FEWEST_LINES = 4
"""A page with no more lines has no head above its text."""


def lone_number(line: Line) -> tuple[int, bool] | None:
    """The number that is all of a line, and whether it is roman."""
    match = LONE.match(line.text.strip())
    if match is None or not (match["roman"] or "").isascii():  # "ı" is an "I" to a pattern that knows no case
        return None
    return (roman(match["roman"].lower()), True) if match["roman"] else (int(match["arabic"]), False)


def roman(numeral: str) -> int:
    total = 0
    for one, after in zip(numeral, [*numeral[1:], ""], strict=True):
        value = ROMAN[one]
        total += -value if after and ROMAN[after] > value else value
    return total


def counting_up(edges: Sequence[Sequence[Line]]) -> list[Line]:
    """Lone numbers on the pages' edges that count on over at least three of them."""
    found: list[Line] = []
    for wanted in (False, True):
        numbers = [
            (place, number[0], line)
            for place, page in enumerate(edges)
            for line in page
            if (number := lone_number(line)) is not None and number[1] is wanted
        ]
        found += chained(numbers)
    return found


def of_few_pages(edges: Sequence[Sequence[Line]]) -> list[Line]:
    """The numbers of two or three pages, too few to count up: on an edge of every page, but perhaps the first, stands
    its place in the document."""
    if not 1 < len(edges) <= SHORTEST_CHAIN:
        return []
    found = [
        next((line for line in page[::-1] if lone_number(line) == (place, False)), None)
        for place, page in enumerate(edges, 1)
    ]
    numbers = [line for line in found if line is not None]
    return numbers if len(numbers) > 1 and None not in found[1:] else []


def below_heads(pages: Sequence[Sequence[Line]], numbers: Sequence[Line]) -> list[Line]:
    """Page numbers on the second line of their page, and the heads above them, where the numbers of both neighbours
    tell so: a book's right pages have "2.3 Blocks" and "19" where its left ones have "18" first."""
    places = {line.start: place for place, page in enumerate(pages) for line in (page[0], page[-1])}
    known = {places[line.start]: number for line in numbers if (number := lone_number(line)) and line.start in places}
    found: list[Line] = []
    for place, page in enumerate(pages):
        number = lone_number(page[1]) if len(page) > FEWEST_LINES and place not in known else None
        if number is None or len(page[0].text) > HEAD_LENGTH:
            continue
        value, is_roman = number
        if all(known.get(place + step) == (value + step, is_roman) for step in (-1, 1)):
            found += page[:2]
    return found


def chained(numbers: Sequence[tuple[int, int, Line]]) -> list[Line]:
    """Members of chains (page, number, line) in which the number grows by one to GAP from page to page."""
    length = [1] * len(numbers)
    before: list[int | None] = [None] * len(numbers)
    for here, (page, number, _) in enumerate(numbers):
        for there in range(max(0, here - LOOK_BACK), here):
            earlier_page, earlier, _ = numbers[there]
            if earlier_page < page and 1 <= number - earlier <= GAP and length[there] >= length[here]:
                length[here] = length[there] + 1
                before[here] = there
    found: list[Line] = []
    used: set[int] = set()
    numbered: set[int] = set()
    for end in sorted(range(len(numbers)), key=lambda place: -length[place]):
        chain: list[int] = []
        place: int | None = end
        while place is not None and place not in used:
            chain.append(place)
            place = before[place]
        # Chapters' numbers count on too, on pages that have their own; the pages' are far more.
        pages = {numbers[member][0] for member in chain}
        chapters = len(chain) < CHAPTERS * len(numbered) and len(pages & numbered) * 2 > len(chain)
        if len(chain) >= SHORTEST_CHAIN and not chapters:
            used.update(chain)
            numbered |= pages
            found += [numbers[member][2] for member in chain]
    return found


def numbered_heads(edges: Sequence[Sequence[Line]], all_edges: Sequence[Sequence[Line]]) -> list[Line]:
    """Lines of `edges` that are, begin or end with their page's number; real pages only.

    The distance between number and page is the one that most pages have on `all_edges`, known heads among them. Where
    the number stands alone, another line that begins with it is text: the first page's title, in a manuscript that
    numbers its lines.
    """
    distances: Counter[int] = Counter()
    for page in all_edges:
        distances.update({number - line.page for line in page for number in numbers_at_ends(line)})
    if not distances:
        return []
    distance, pages = distances.most_common(1)[0]
    if pages < max(SHORTEST_CHAIN, len(all_edges) // 3):
        return []
    alone = {line.page for page in all_edges for line in page if lone_number(line) == (line.page + distance, False)}
    return [
        line
        for page in edges
        for line in page
        if line.page + distance in numbers_at_ends(line) and (line.page not in alone or lone_number(line))
    ]


def numbers_at_ends(line: Line) -> set[int]:
    if len(line.text) > HEAD_LENGTH:
        return set()
    lone = lone_number(line)
    if lone is not None:
        return set() if lone[1] else {lone[0]}
    match = AT_END.match(line.text)
    return {int(match[name]) for name in ("first", "last") if match[name]} if match else set()
