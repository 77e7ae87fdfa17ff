"""Running heads, footers, page numbers and margin stamps: what stands on a page but belongs to no text.

A head recurs at the edge of pages, with another number each time; page numbers count up. Where nothing recurs, on a
single page, only a shape at the very edge tells. Plain text has no pages, but extractors leave an empty line where one
ended, so empty lines stand in for page breaks there.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from ..traced import Edit
from .lines import PAGE_BREAK, Line, lines_of, without

EDGE_LINES = 3
"""How far from a page's edge a head may stand, in lines that are not blank."""
RECURS = 3
MAX_HEAD = 120
STAMP = re.compile(r"^\s*arXiv:\d{4}\.\d{4,5}(?:v\d+)?\s+\[[\w.-]+\]\s+\d{1,2}\s+\w{3}\s+\d{4}\s*$")
INLINE_STAMP = re.compile(r"arXiv:\d{4}\.\d{4,5}(?:v\d+)?\s{1,3}\[[\w.-]{2,20}\]\s{1,3}\d{1,2}\s{1,3}\w{3}\s{1,3}\d{4}")
NUMBER = re.compile(
    r"^\W{0,3}(?:(?:page|seite|p\.)\s*)?(?:(\d{1,4})|([ivxlc]{1,7}))(?:\s*(?:of|/|von)\s*\d{1,4})?\W{0,3}$",
    re.I,
)
DIGITS = re.compile(r"\d+")
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
PAGE_OF = re.compile(r"\bpage \d+ of \d+\b", re.I)


def stamps(text: str) -> list[Edit]:
    """arXiv's stamp: a line of its own, or run into the line that the margin's text was read with."""
    edits = [without(line, text) for line in lines_of(text) if STAMP.match(line.text)]
    taken = {edit.start for edit in edits}
    for match in INLINE_STAMP.finditer(text):
        start = match.start()
        if not any(edit.start <= start < edit.end for edit in edits) and start not in taken:
            glued = start > 0 and text[start - 1].isalnum()
            edits.append(Edit(start, match.end(), " " if glued else ""))
    return edits


def running_heads(text: str) -> list[Edit]:
    """Heads, footers and page numbers, whole lines each."""
    pages = pages_of(text)
    edges = [edge_lines(page) for page in pages]
    chosen = {line.start: line for line in recurring(edges, len(pages)) + page_numbers(edges)}
    if len(pages) == 1 and pages[0]:
        chosen |= {line.start: line for line in single_page(pages[0])}
    return [without(line, text) for line in chosen.values()]


def pages_of(text: str) -> list[list[Line]]:
    """Lines that are not blank, by page; without page breaks, by what empty lines set apart."""
    lines = lines_of(text)
    groups: list[list[Line]] = [[]]
    by_page = PAGE_BREAK in text
    previous = 0
    for line in lines:
        if (line.page != previous) if by_page else line.text == "":
            groups.append([])
        previous = line.page
        if not line.blank:
            groups[-1].append(line)
    return [group for group in groups if group]


def edge_lines(page: Sequence[Line]) -> list[Line]:
    """The first and the last lines of a page, each once."""
    return [*page[:EDGE_LINES], *page[max(EDGE_LINES, len(page) - EDGE_LINES) :]]


def signature(line: Line) -> str:
    """What stays the same of a head from page to page: no digits, no case, no spacing."""
    return " ".join(DIGITS.sub("#", line.text).casefold().split())


def recurring(edges: Sequence[Sequence[Line]], pages: int) -> list[Line]:
    """Edge lines whose signature stands on several pages."""
    seen: dict[str, list[Line]] = defaultdict(list)
    spread: Counter[str] = Counter()
    for page in edges:
        for key in {signature(line) for line in page}:
            spread[key] += 1
        for line in page:
            seen[signature(line)].append(line)
    found: list[Line] = []
    for key, lines in seen.items():
        letters = sum(character.isalpha() for character in key)
        if letters < 3 or len(key) > MAX_HEAD:
            continue
        enough = RECURS if pages > 4 else 2
        if spread[key] >= enough or (spread[key] >= 2 and "#" in key and PAGE_OF.search(lines[0].text)):
            found += lines
    return found


def page_numbers(edges: Sequence[Sequence[Line]]) -> list[Line]:
    """Lone numbers at the edges that count up by one from page to page."""
    numbers = [(value, line) for page in edges for line in page for value in values(line)]
    found: dict[int, Line] = {}
    best: dict[int, list[Line]] = {}
    for value, line in numbers:
        chain = [*best.get(value - 1, []), line]
        if len(chain) >= len(best.get(value, [])):
            best[value] = chain
    longest = max((len(chain) for chain in best.values()), default=0)
    enough = min(RECURS, max(2, len(edges)))
    for chain in best.values():
        if len(chain) >= enough and (len(chain) == longest or len(chain) >= 5):
            found |= {line.start: line for line in chain}
    return list(found.values())


def values(line: Line) -> list[int]:
    """The page number that a line may be: digits or a roman numeral alone."""
    match = NUMBER.match(line.text.strip())
    if match is None:
        return []
    if match[1]:
        return [int(match[1])]
    return [roman(match[2].lower())]


def roman(numeral: str) -> int:
    total = 0
    for one, after in zip(numeral, [*numeral[1:], ""], strict=True):
        value = ROMAN[one]
        total += -value if after and ROMAN[after] > value else value
    return total


def single_page(page: Sequence[Line]) -> list[Line]:
    """On one page nothing recurs: a lone number at the very top or bottom, and "page 1 of 12"."""
    ends = [page[0], page[-1]] if len(page) > 2 else []
    return [line for line in ends if values(line) or (PAGE_OF.search(line.text) and len(line.text) < MAX_HEAD)]
