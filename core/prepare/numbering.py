"""What the numbers on a page say of the line at its top: whether the section that it names begins there.

A heading is followed by the first section inside it or by the next beside it, and where it opens a chapter by the
chapter's first figure, table and formula. "2. Networks" over "2.2 Layers" or over "Figure 2.7:" only says where the
page is.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence

from .lines import Line
from .pagenumbers import lone_number
from .paragraphs import SENTENCE_END

Number = tuple[int, ...]
_PARTS = r"[1-9]\d?(?:\.[1-9]\d?)"
NAMED = re.compile(rf"^(?:(?i:chapter|kapitel)\s*)?({_PARTS}{{0,4}})\.?\s+[^\W\d_a-z]")
"""The number of the section that a line names."""
HEADING = re.compile(rf"^({_PARTS}{{1,4}})\.?(?:\s+[^\W\d_a-z][^\W\d_]|$)")
"""A heading inside the page; a number without a point may as well be a list's."""
CAPTION = re.compile(rf"^(Fig|Tab|Abb|Algorithm|Listing)[a-z]*\.?\s*({_PARTS}{{1,3}})\.?:", re.I)
EQUATION = re.compile(rf"(?:^|\s)\(({_PARTS}{{1,3}})[a-z]?\)$")
TITLE = re.compile(r"[^\W\d_a-z][^\W\d_]")
SECTION_ALONE = re.compile(r"(?:[1-9]\d?|[A-H])(?:\.[1-9]\d?){0,3}\.?$")
WITH_TITLE = re.compile(r"((?:[1-9]\d?|[A-H])(?:\.[1-9]\d?){0,3})\.?\s+([^\W\d_a-z][^\W\d_].*)$")
LONGEST_TITLE = 90
TWO_LINES = 2
PROSE = 30
"""Characters of the line behind a heading, where one in a table of contents has a page's number."""
FOOT = 3
"""Lines at the end in which a footer may name the section."""


def heads_of_sections(pages: Sequence[Sequence[Line]], heads: Container[int]) -> Iterator[Line]:
    """Heads that name a section, the number on one line and the title on the next, whose heading stands before them or
    below them on the page; perhaps below a page's number or others of its `heads`, which are offsets.

    Those of one line recur, and the first of them stays, as it may be the heading.
    """
    seen: set[str] = set()
    for page in pages:
        headings = headings_in(page)
        left = [line for line in page if line.start not in heads]
        for lines in (page, page[1:] if lone_number(page[0]) else [], left):
            head, name = named_section(lines, 0)
            place = page.index(head[0]) if head else 0
            if len(head) == TWO_LINES and (name in seen or any(at > place and name == it for at, it in headings)):
                yield from head
                break
        seen.update(name for _, name in headings)


def headings_in(page: Sequence[Line]) -> list[tuple[int, str]]:
    """Places, numbers and titles of a page's headings, with text behind them, or behind the heading that follows at
    once."""
    found: list[tuple[int, str]] = []
    for place, line in enumerate(page[:-1]):
        if not (line.text[:1].isdigit() or line.text[1:2] in ("", ".", " ")):  # quicker than the pattern
            continue
        heading, name = named_section(page, place)
        if name:
            behind = place + len(heading)
            behind += len(named_section(page, behind)[0])
            after = page[behind].text.strip() if behind < len(page) else ""
            if len(after) >= PROSE and not after.endswith(". .") and not after[-1].isdigit():
                found.append((place, name))
    return found


def named_section(page: Sequence[Line], place: int) -> tuple[list[Line], str]:
    """The lines, one or two, with a section's number and title from `place` on, and both as one text."""
    if place >= len(page):
        return [], ""
    text = page[place].text.strip()
    if SECTION_ALONE.match(text) and place + 1 < len(page):
        lines, text = [page[place], page[place + 1]], f"{text} {page[place + 1].text.strip()}"
    else:
        lines = [page[place]]
    match = WITH_TITLE.match(text) if len(text) <= LONGEST_TITLE else None
    return (lines, f"{match[1]} {match[2]}".casefold()) if match else ([], "")


def number_of(text: str) -> Number:
    """The section's number at a line's beginning; empty where there is none."""
    match = NAMED.match(text.strip())
    return parts(match[1]) if match else ()


def parts(number: str) -> Number:
    return tuple(int(part) for part in number.split("."))


def begun_before(number: Number, behind: Sequence[Line]) -> bool:
    """Whether section `number` began on an earlier page, by the headings, captions and formulas in `behind`."""
    return bool(number) and (is_inside(number, behind) or has_counted(number, behind))


def is_inside(number: Number, behind: Sequence[Line]) -> bool:
    """Whether the first heading below is inside the section and not its first, or the section's own."""
    first = next(headings(behind[:-FOOT]), ())
    if first == number:
        return True
    if first[: len(number)] != number or first[len(number) :] in ((0,), (1,)):
        return False
    return not any(begins(line, (*number, inner)) for line in behind for inner in (0, 1))


def begins(line: Line, number: Number) -> bool:
    """Whether section `number` may begin in the line, even in one that does not look like a heading."""
    return re.match("\\s*" + r"\.".join(map(str, number)) + r"(?![\d.]*\d)", line.text) is not None


def is_elsewhere(number: int, behind: Sequence[Line]) -> bool:
    """Whether the first heading below is of a section that can't come next behind the heading of section `number`."""
    first = next(headings(behind[:-FOOT]), ())
    return bool(first) and first[0] not in (number, number + 1)


def headings(lines: Sequence[Line]) -> Iterator[Number]:
    """Numbers of the headings on a page, of two levels and more; each begins a paragraph. The number may have a line
    of its own, with the title on the next."""
    before = ""
    for line, after in zip(lines, [*lines[1:], None], strict=True):
        text, following = line.text.strip(), after.text.strip() if after else ""
        match = HEADING.match(text)
        begins = not before or SENTENCE_END.search(before) is not None
        if match and begins:
            alone = match.end() <= len(match[1]) + 1
            sure = match[1].count(".") > 1 or (match.end(1) < len(text) and text[match.end(1)] == ".")
            if may_be_title(following) if alone else sure or may_be_title(text[match.end(1) :].strip(), following):
                yield parts(match[1])
        before = text


def may_be_title(text: str, following: str = "") -> bool:
    """Whether a line reads as a heading's title, and not as a sentence that goes on in the line that follows."""
    whole = not text.endswith((".", ",")) and not following[:1].islower()
    return len(text) <= LONGEST_TITLE and TITLE.match(text) is not None and whole


def has_counted(number: Number, behind: Sequence[Line]) -> bool:
    """Whether the figures, the tables or the formulas of the section that stand on the page are not its first."""
    counts: dict[str, list[int]] = defaultdict(list)
    for line in behind:
        text = line.text.strip()
        caption, equation = CAPTION.match(text), EQUATION.search(text)
        kind, found = (caption[1], caption[2]) if caption else ("", equation[1] if equation else "")
        if found and parts(found)[:-1] == number:
            counts[kind.casefold()].append(parts(found)[-1])
    return any(min(found) > 1 for found in counts.values())
