"""Running heads, footers, page numbers and margin stamps: what stands on a page but belongs to no text.

A head recurs at the same edge of pages near each other, with another number each time; page numbers count up with the
pages. Where nothing recurs, on a single page, only a shape at the very edge tells. Plain text has no pages, but
extractors leave an empty line where one ended, so empty lines stand in for page breaks there.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..traced import Edit
from .lines import PAGE_BREAK, Line, lines_of, without

EDGE_LINES = 3
"""How far from a page's edge a head may stand, in lines that are not blank."""
RECURS = 3
NEAR = 4
"""Pages between two occurrences of one head, at most: it may alternate, and a full-page figure may have none."""
FREQUENT = 0.2
"""A line on this share of the pages is a head even where something else stands nearer to the edge."""
MAX_HEAD = 120
STAMP = re.compile(r"^\s*arXiv:\d{4}\.\d{4,5}(?:v\d+)?\s+\[[\w.-]+\]\s+\d{1,2}\s+\w{3}\s+\d{4}\s*$")
INLINE_STAMP = re.compile(r"arXiv:\d{4}\.\d{4,5}(?:v\d+)?\s{1,3}\[[\w.-]{2,20}\]\s{1,3}\d{1,2}\s{1,3}\w{3}\s{1,3}\d{4}")
NUMBER = re.compile(
    r"^\W{0,3}(?:(?:page|seite|p\.)\s*)?(?:(\d{1,4})|([ivxlc]{1,7}))(?:\s*(?:of|/|von)\s*\d{1,4})?\W{0,3}$", re.I
)
EQUATION = re.compile(r"^\(\d{1,3}[a-z]?\)[.,]?$")
NUMBERED_HEADING = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[A-Z]\.|[IVX]{1,5}\.)\s+[^\W\d_]")
DIGITS = re.compile(r"\d+")
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
PAGE_OF = re.compile(r"\bpage \d+ of \d+\b", re.I)
NUMBERED_HEAD = re.compile(r"^\d{1,4}\s+(\S.*)|^(\S.*?)\s+\d{1,4}$")
SAYS_HEAD = re.compile(r"\bet al\b|\bvol\.|\bpp\.|\bISSN\b|\bdoi\b|\bpreprint\b|\bproceedings\b|©", re.I)


@dataclass(frozen=True, slots=True)
class Edge:
    """A line near a page's top or bottom."""

    line: Line
    page: int
    """Place of its page among the pages that have text, from 0."""
    depth: int
    """Lines between it and the edge."""
    top: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """A number at an edge, and the chain of numbers that it goes on."""

    edge: Edge
    length: int
    before: "Chain | None"


def stamps(text: str) -> list[Edit]:
    """arXiv's stamp: a line of its own, or run into the line that the margin's text was read with."""
    edits = [without(line, text) for line in lines_of(text) if STAMP.match(line.text)]
    whole = {edit.start for edit in edits}
    for match in INLINE_STAMP.finditer(text):
        start = match.start()
        line_start = max(text.rfind("\n", 0, start), text.rfind(PAGE_BREAK, 0, start)) + 1
        if line_start not in whole:
            glued = start > 0 and text[start - 1].isalnum()
            edits.append(Edit(start, match.end(), " " if glued else ""))
    return edits


def running_heads(text: str) -> list[Edit]:
    """Heads, footers and page numbers, whole lines each."""
    pages = pages_of(text)
    edges = edges_of(pages)
    numbers = page_numbers(edges, PAGE_BREAK in text, len(pages))
    heads = recurring(edges, numbers, len(pages))
    chosen = {line.start: line for line in numbers + without_headings(heads, pages)}
    if len(pages) == 1:
        chosen |= {line.start: line for line in single_page(pages[0])}
    return [without(line, text) for line in chosen.values()]


def pages_of(text: str) -> list[list[Line]]:
    """Lines that are not blank, by page; without page breaks, by what empty lines set apart."""
    groups: list[list[Line]] = [[]]
    by_page = PAGE_BREAK in text
    previous = 0
    for line in lines_of(text):
        if (line.page != previous) if by_page else line.text == "":
            groups.append([])
        previous = line.page
        if not line.blank:
            groups[-1].append(line)
    return [group for group in groups if group]


def edges_of(pages: Sequence[Sequence[Line]]) -> list[Edge]:
    """The first and the last lines of each page, each once, outermost first."""
    found: list[Edge] = []
    for place, page in enumerate(pages):
        top = page[:EDGE_LINES]
        bottom = page[max(EDGE_LINES, len(page) - EDGE_LINES) :]
        found += [Edge(line, place, depth, True) for depth, line in enumerate(top)]
        found += [Edge(line, place, depth, False) for depth, line in enumerate(reversed(bottom))]
    return found


def signature(line: Line) -> str:
    """What stays the same of a head from page to page: no digits, no case, no spacing."""
    return " ".join(DIGITS.sub("#", line.text).casefold().split())


def page_numbers(edges: Sequence[Edge], by_page: bool, pages: int) -> list[Line]:
    """Lone numbers at the edges that count up with the pages: the longest such chain, and others beside it.

    Plain text has more breaks than pages, so there a chain may skip some.
    """
    chains: list[Chain] = []
    by_value: dict[int, list[Chain]] = defaultdict(list)
    for edge in sorted(edges, key=lambda edge: (edge.page, edge.depth)):
        value = page_number(edge.line)
        if value is None:
            continue
        before: Chain | None = None
        for step in range(1, NEAR + 1):
            for chain in by_value[value - step][-2 * EDGE_LINES :]:
                gap = edge.page - chain.edge.page
                follows = gap == step if by_page else step <= gap <= step + NEAR
                if follows and (before is None or chain.length > before.length):
                    before = chain
        chains.append(Chain(edge, before.length + 1 if before else 1, before))
        by_value[value].append(chains[-1])
    return longest_chains(chains, min(RECURS, max(2, pages)))


def longest_chains(chains: Sequence["Chain"], enough: int) -> list[Line]:
    """The lines of the longest chains that share no page, outer lines before inner ones."""
    found: list[Line] = []
    taken: set[int] = set()
    for chain in sorted(chains, key=lambda chain: (-chain.length, chain.edge.depth)):
        free: list[Line] = []
        here: Chain | None = chain
        while here is not None and here.edge.page not in taken:
            free.append(here.edge.line)
            taken.add(here.edge.page)
            here = here.before
        if len(free) >= enough:
            found += free
    return found


def page_number(line: Line) -> int | None:
    """The page number that a line may be: digits or a roman numeral alone, perhaps between dashes."""
    stripped = line.text.strip()
    match = NUMBER.match(stripped)
    if match is None or EQUATION.match(stripped) or stripped.startswith(("-", "−")) and stripped[-1:].isdigit():
        return None
    return int(match[1]) if match[1] else roman(match[2].lower())


def roman(numeral: str) -> int:
    total = 0
    for one, after in zip(numeral, [*numeral[1:], ""], strict=True):
        value = ROMAN[one]
        total += -value if after and ROMAN[after] > value else value
    return total


def recurring(edges: Sequence[Edge], numbers: Sequence[Line], pages: int) -> list[Line]:
    """Edge lines that recur on pages near each other, with nothing but heads and page numbers outside them."""
    seen: dict[tuple[str, bool], list[Edge]] = defaultdict(list)
    for edge in edges:
        key = signature(edge.line)
        if sum(character.isalpha() for character in key) >= 3 and len(key) <= MAX_HEAD:
            seen[key, edge.top].append(edge)
    enough = RECURS if pages > 4 else 2
    groups = {key: group for key, group in seen.items() if spread(group) >= enough or says_page(group)}
    peeled = {line.start for line in numbers}
    peeled |= {edge.line.start for group in groups.values() for edge in group if edge.depth == 0}
    outside = {(edge.page, edge.top, edge.depth): edge.line.start for edge in edges}
    found: list[Line] = []
    for depth in range(EDGE_LINES):
        for group in groups.values():
            often = len({edge.page for edge in group}) >= max(enough, FREQUENT * pages)
            for edge in group:
                over = [outside[edge.page, edge.top, above] for above in range(edge.depth)]
                if edge.depth == depth and (often or all(start in peeled for start in over)):
                    found.append(edge.line)
                    peeled.add(edge.line.start)
    return found


def spread(group: Sequence[Edge]) -> int:
    """On how many pages, each near the one before, the largest cluster of these lines stands."""
    best = length = 0
    before = -1
    for page in sorted({edge.page for edge in group}):
        length = length + 1 if 0 <= before and page - before <= NEAR else 1
        best = max(best, length)
        before = page
    return best


def says_page(group: Sequence[Edge]) -> bool:
    """Whether it is "page 3 of 12", which two occurrences prove."""
    return len(group) >= 2 and PAGE_OF.search(group[0].line.text) is not None


def without_headings(heads: Sequence[Line], pages: Sequence[Sequence[Line]]) -> list[Line]:
    """The heads without the headings they repeat.

    What stands on the first page, with no number that changes, is a title. And a numbered heading that opens a page is
    where the running head comes from, when the same line does not stand in the text shortly before (a table of
    contents stands long before).
    """
    starts = {line.start for line in heads}
    spared: set[int] = set()
    met: set[str] = set()
    latest: dict[str, int] = {}
    for place, page in enumerate(pages):
        for line in page:
            key = signature(line)
            if line.start in starts and key not in met:
                met.add(key)
                title = place == 0 and "#" not in key
                heading = NUMBERED_HEADING.match(line.text.strip()) and place - latest.get(key, -9) > 2
                if title or heading:
                    spared.add(line.start)
            latest[key] = place
    return [line for line in heads if line.start not in spared]


def single_page(page: Sequence[Line]) -> list[Line]:
    """On one page nothing recurs: a lone number at the very top or bottom, and what says that it is a head."""
    ends = [page[0], page[-1]] if len(page) > 2 else []
    return [line for line in ends if page_number(line) is not None or looks_like_head(line.text.strip())]


def looks_like_head(text: str) -> bool:
    """ "Page 1 of 12", "4 MÜLLER ET AL.", "Journal of Things, vol. 3, pp. 12"."""
    if len(text) > MAX_HEAD:
        return False
    match = NUMBERED_HEAD.match(text)
    return PAGE_OF.search(text) is not None or (match is not None and SAYS_HEAD.search(text) is not None)
