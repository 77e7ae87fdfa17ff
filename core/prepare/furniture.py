"""Running heads, footers, page numbers and margin stamps: what stands on a page but belongs to no text.

A head recurs at the edge of pages, and what changes in it counts up. Where nothing recurs, on a single page, only a
shape at the very edge tells. Plain text has no pages, but extractors leave an empty line where one ended, so empty
lines stand in for page breaks there.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from ..traced import Edit, Traced
from .doubts import Doubt, around
from .figures import BROKEN
from .lines import PAGE_BREAK, Line, lines_of, without
from .lonely import KEPT_LISTS, lonely_heads
from .numbering import heads_of_sections
from .pagenumbers import PAGE_OF, below_heads, counting_up, lone_number, numbered_heads, of_few_pages

EDGE_LINES = 3
"""How far from a page's edge a head may stand, in lines that are not blank."""
RECURS = 3
INNER = 2
"""So many lines more may a footer have above its last and the page's number, if they stand on half of the pages."""
SENTENCE = 30
"""A sentence's end of as many characters is no line that many pages have of themselves."""
RECURS_ON_EDGE = 2
"""So often does a longer line stand on the very edge of pages if it is a head."""
MAX_HEAD = 120
NEAR = 2
"""So many pages apart at the most are two that a list's name heads, if it is not a heading twice."""
ALWAYS = 0.75
"""On this share of the pages a line stands that is a head however long it is, and whether or not it looks like one."""
SHORTEST_HEAD = 10
INLINE_STAMP = re.compile(r"arXiv:\d{4}\.\d{4,5}(?:v\d+)?\s{1,3}\[[\w.-]{2,20}\]\s{1,3}\d{1,2}\s{1,3}\w{3}\s{1,3}\d{4}")
FIRST_PAGE = 12_000
"""Characters in which a stamp is looked for where pages are not known: references have such numbers too."""
DIGITS = re.compile(r"\d+")
HEADING = re.compile(r"^\s*(?:\d{1,2}\.|\d{1,2}(?:\.\d{1,2})+\.?|[IVX]+\.|chapter|kapitel)\s+\S", re.I)
CHAPTER = re.compile(r"^\s*(?:chapter|kapitel|appendix|anhang)\s+(?:\d{1,2}|[A-Z])\s*$", re.I)
"""What stands above a chapter's title; a running head has the title beside it, or recurs with the same number."""
CAPTION = re.compile(r"^\s*(?:Fig(?:ure|\.)|Tab(?:le|\.)|Abb(?:ildung|\.)|Tabelle)\s*[A-Z]?\.?\d{1,3}[.:]", re.I)
"""A caption, not a head such as "Table 3 (continued)"."""
CLOSED = re.compile(r"(?<!et al)[.!?,;:)\]}]$")
COUNTING = 0.7
"""Share of a head's numbers that must not fall from page to page."""


def stamps(text: str, stamp: str) -> list[Edit]:
    """The document's `stamp`, a line of its own or run into the line that the margin's text was read with, goes out of
    the text that it tears."""
    edits: list[Edit] = []
    for match in INLINE_STAMP.finditer(text) if stamp else ():
        if match.group().split() != stamp.split():
            continue
        start, end = match.span()
        before, behind = text[start - 1 : start], text[end : end + 1]
        if before in ("", "\n", PAGE_BREAK) and behind == "\n":
            end += 1
        glued = before.isalnum() and behind.isalnum()
        edits.append(Edit(start, end, " " if glued else ""))
    return edits


def stamp_of(text: str) -> str:
    """The first page's stamp, which says what the text is; empty without one."""
    first_page = text.find(PAGE_BREAK) if PAGE_BREAK in text else FIRST_PAGE
    first = INLINE_STAMP.search(text, 0, first_page)
    return first.group() if first else ""


def clear_heads(traced: Traced, paged: bool = False) -> tuple[Traced, int, list[Doubt]]:
    """The text without heads, footers and page numbers, whole lines each; how many; and lines that may be such.

    `paged` says that the text is of real pages, though it be one without a page break.
    """
    heads, unsure = running_heads(traced.text, paged)
    doubts = [
        around(traced, line.start, line.end + 1, "", "debris", prior)
        for line, prior in unsure
        if line.end + 1 < len(traced.text)
    ]
    return traced.apply(without(line, traced.text) for line in heads), len(heads), doubts


def running_heads(text: str, paged: bool = False) -> tuple[list[Line], list[tuple[Line, float]]]:
    """Lines that are heads, footers or page numbers, and lines that may be with how likely that is."""
    paged = paged or PAGE_BREAK in text
    pages = pages_of(text, paged)
    heads = {line.start: line for line in recurring(pages)}
    heads |= {line.start: line for line in list(heads_of_sections(pages, heads))}
    bare = [page for page in ([line for line in page if line.start not in heads] for page in pages) if page]
    outermost = [[page[0], page[-1]] if len(page) > 1 else [page[0]] for page in bare]
    numbers = counting_up(outermost) or of_few_pages(outermost)
    numbers += below_heads(bare, numbers)
    if paged:
        beside = numbered_heads(outermost, [[page[0], page[-1]] for page in pages])
        numbers += [line for line in beside if not CHAPTER.match(line.text)]
    numbers += ends_of_single_page(bare, paged)
    numbered = {line.start for line in numbers}
    for _ in range(INNER):
        gone = heads.keys() | numbered
        left = ([line for line in page if line.start not in gone] for page in bare)
        inner = [page for page in left if len(page) > 2 * EDGE_LINES]  # a few lines are text, not a foot of it
        heads |= {line.start: line for line in recurring(inner, often=len(inner) / 2)}
    lonely = lonely_heads(bare) if paged or len(bare) == 1 else []
    heads |= {line.start: line for line in [*numbers, *lonely]}
    unsure = [
        (line, 0.4 if paged else 0.25)
        for page in outermost
        for line in page
        if line.start not in heads and lone_number(line) is not None
    ]
    return sorted(heads.values(), key=lambda line: line.start), unsure


def pages_of(text: str, by_page: bool) -> list[list[Line]]:
    """Lines that are not blank, by page; without real pages, by what empty lines set apart."""
    lines = lines_of(text)
    groups: list[list[Line]] = [[]]
    previous = 0
    for line in lines:
        if (line.page != previous) if by_page else line.text == "":
            groups.append([])
        previous = line.page
        if not line.blank:
            groups[-1].append(line)
    return [group for group in groups if group]


def signature(line: Line) -> str:
    """What stays the same of a head from page to page: no digits, no case, no spacing."""
    return " ".join(DIGITS.sub("#", line.text).casefold().split())


def recurring(pages: Sequence[Sequence[Line]], often: float = 0) -> list[Line]:
    """Edge lines whose signature stands on several pages, `often` of them at the least, and whose numbers count.

    Lines that look like text, are long or have no letters must stand on nearly all pages, as preprints' licences do:
    on pages that the text has, with more on them than a few lines, which may be all the text there is.
    """
    seen: dict[str, list[Line]] = defaultdict(list)
    on_edge: dict[str, list[Line]] = defaultdict(list)
    last_on: dict[str, int] = {}
    far_apart: set[str] = set()
    torn: set[str] = set()
    unusual: set[str] = set()
    real = bool(pages) and pages[0][0].page != pages[-1][0].page
    for place, page in enumerate(without_numbers(page) for page in pages):
        broken = {after.start for line, after in pairwise(page[-EDGE_LINES - 1 :]) if BROKEN.search(line.text)}
        for line in {line.start: line for line in [*page[:EDGE_LINES], *page[-EDGE_LINES:]]}.values():
            key, text = signature(line), line.text.strip()
            of_text = is_of_text(text)
            if CAPTION.match(text) or (of_text and len(text) < SENTENCE):
                continue
            lettered = sum(character.isalpha() for character in key) >= 3
            if not lettered or len(key) > MAX_HEAD or of_text:
                if len(page) <= (EDGE_LINES if real else 2 * EDGE_LINES):
                    continue
                key = key if lettered else text
                unusual.add(key)
            seen[key].append(line)
            if line.start in broken:
                torn.add(key)
            if place - last_on.get(key, place) > NEAR:
                far_apart.add(key)
            last_on[key] = place
            if line in (page[0], page[-1]):
                on_edge[key].append(line)
    least = RECURS if len(pages) > 4 else 2
    found: list[Line] = []
    for key, lines in seen.items():
        enough = len(lines) >= least and len(on_edge[key]) * 2 >= len(lines)
        longer = len(key) >= SHORTEST_HEAD and len(on_edge[key]) >= RECURS_ON_EDGE
        numbered = PAGE_OF.search(lines[0].text) is not None
        if key in unusual and len(lines) < max(RECURS, ALWAYS * len(pages)):
            continue
        if not enough and (key in torn or (key in far_apart and KEPT_LISTS.fullmatch(key))):
            continue  # the rest of a word, or the lists of a paper and of its supplement
        if len(pages) == 1 and not numbered:  # a head and its heading, or what a table repeats
            continue
        if (enough or longer or numbered) and len(lines) >= often and counts(lines):
            found += lines if enough or numbered else on_edge[key]
    originals = {start for lines in seen.values() for start in original(lines, pages)}
    return [line for line in found if line.start not in originals]


def is_of_text(text: str) -> bool:
    """Whether a line that recurs is all the same the end of a sentence ("as desired.") or a piece of a formula: what
    begins in a small letter and closes, or is short and no number's."""
    if text.startswith(("continued", "c\u20dd")):  # what a long table has on each page; a copyright sign of TeX's
        return False
    return text[0].islower() and (CLOSED.search(text) is not None or (len(text) < SHORTEST_HEAD and text.isalpha()))


def without_numbers(page: Sequence[Line]) -> Sequence[Line]:
    """A page's lines but for a lone number at either end, so that the head beside it stands on the edge."""
    if len(page) > 2 and lone_number(page[0]) is not None:
        page = page[1:]
    return page[:-1] if len(page) > 2 and lone_number(page[-1]) is not None else page


def counts(lines: Sequence[Line]) -> bool:
    """Whether each number in a recurring line stays the same or grows, as page numbers do and years don't."""
    rows = [[int(number) for number in DIGITS.findall(line.text)] for line in lines]
    return all(
        sum(after >= before for before, after in pairwise(column)) >= COUNTING * (len(column) - 1)
        for column in zip(*rows, strict=True)
    )


def original(same: Sequence[Line], pages: Sequence[Sequence[Line]]) -> list[int]:
    """Starts of the lines that are the title or a heading itself, which later heads repeat: the first, without a
    number, and "Chapter 3" where no other line says the same."""
    first = min(same, key=lambda line: line.start)
    top = pages[0][: max(EDGE_LINES, len(pages[0]) // 4)]
    heads_first_page = top[0].start <= first.start <= top[-1].start
    often = Counter(line.text.strip() for line in same)
    if len(often) > 1:
        once = [line.start for line in same if CHAPTER.match(line.text) and often[line.text.strip()] == 1]
        cased = len({text.casefold() for text in often}) == 1  # the title, which the heads have in capitals
        return [first.start] if cased and heads_first_page and often[first.text.strip()] == 1 else once
    return [first.start] if heads_first_page or HEADING.match(first.text) else []


def ends_of_single_page(pages: Sequence[Sequence[Line]], real: bool) -> list[Line]:
    """On one page nothing recurs: a lone number at the very top or bottom, and "page 1 of 12"."""
    if not pages or (real and len(pages) > 1):
        return []
    ends = [pages[0][0], pages[-1][-1]]
    if ends[0] is ends[1]:
        return []
    numbers = [line for line in ends if (number := lone_number(line)) is not None and number[0] > 0]
    # Of two the upper one is a section's, on a line of its own above its title, or an axis's.
    page = numbers[-1:] if len(pages) == 1 else []
    return [line for line in ends if line in page or (PAGE_OF.search(line.text) and len(line.text) < MAX_HEAD)]
