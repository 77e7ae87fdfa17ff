"""Titles of sections whose number stands alone on the line above: "3.2", "Data", or "1", "Introduction".

A number with parts, or with a point behind it, is a section's by its shape. One of digits or a letter alone may as well
be an axis's or a page's, so those count only where they count on through the document, from the first section on.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .lines import Line

SECTION = re.compile(r"^(?:[IVX]{1,5}\.|[A-H]\.|(?:[1-9]\d?|[A-H])(?:\.[1-9]\d?){1,3}\.?)$")
ALONE = re.compile(r"^(?:[1-9]\d?|[A-H])\.?$")
LONGEST_NUMBER = 9
TITLE = re.compile(r"^(?:An? )?[A-ZÄÖÜÉ][^\W\d_]+\b(?:[^.!?;:=]*[^.!?;:=,])?$")
WORD = re.compile(r"[^\W\d_]{2,}")
FEWEST = 4
"""Words of the line behind a title, as no cell of a table has."""
SHORT = 0.8
"""A title is shorter than this share of the lines around it."""
FEWEST_SECTIONS = 3
MISSED = 2
"""So many steps further the next number may be, where one was not seen."""
FIRST = 2
"""The first section's number at the most."""
SECOND_LINE = 0.6
"""A title's second line is shorter than this share, and its first"""
FIRST_LINE = 20
"""is at least as many characters long."""
FULL, TWICE = 30, 1.6
"""A line of text has so many characters; where a hyphen was closed it has become two, which are so much longer."""
CLOSED = re.compile(r"[.!?;:,=]$")


class Title(NamedTuple):
    """A section's title with its number: `number` and `last` are places of lines, the number's and the title's last."""

    value: int
    number: int
    last: int


def section_titles(lines: Sequence[Line], widths: Sequence[int], around: int) -> list[Title]:
    """The titles below a number of their own; a title is shorter than most of the lines `around` it."""
    found: list[Title] = []
    numbers: list[Title] = []
    letters: list[Title] = []
    for place, line in enumerate(lines[:-2]):
        text = line.text.strip()
        if len(text) > LONGEST_NUMBER or not (SECTION.match(text) or ALONE.match(text)):
            continue
        last = last_line(lines, place, typical(widths, place + 1, around))
        if last == place:
            continue
        number = text.rstrip(".")
        if SECTION.match(text):
            found.append(Title(0, place, last))
        elif number.isalpha():
            letters.append(Title(ord(number) - ord("A") + 1, place, last))
        else:
            numbers.append(Title(int(number), place, last))
    sections = counted(numbers)
    if len(sections) < FEWEST_SECTIONS:
        return found
    return found + sections + counted([letter for letter in letters if letter.number > sections[-1].number])


def counted(titles: Sequence[Title]) -> list[Title]:
    """The longest chain of titles whose numbers count on from the first section's."""
    best: list[tuple[int, int]] = []  # length of the chain that ends there, and the one before
    for here, title in enumerate(titles):
        length, before = (1, -1) if title.value <= FIRST else (0, -1)
        for there in range(here):
            if best[there][0] and 1 <= title.value - titles[there].value <= MISSED:
                length, before = max((length, before), (best[there][0] + 1, there))
        best.append((length, before))
    chain: list[Title] = []
    place = max(range(len(best)), key=lambda at: best[at][0], default=-1)
    while place >= 0 and best[place][0]:
        chain.append(titles[place])
        place = best[place][1]
    return chain[::-1]


def last_line(lines: Sequence[Line], number: int, width: int) -> int:
    """Place of the last line of the title below a number; the number's own where no title is."""
    above = lines[number - 1].text.rstrip() if number else "."
    title = lines[number + 1]
    if title.page != lines[number].page or above.endswith(",") or not (WORD.search(above) or number < 2):
        return number
    text, second = title.text.strip(), lines[number + 2].text.strip()
    if TITLE.match(text) is None:
        return number
    if len(text) < SHORT * width and begins_text(second):
        return number + 1
    after = lines[number + 3].text.strip() if number + 3 < len(lines) else ""
    short = len(second) < SECOND_LINE * width and WORD.search(second) and CLOSED.search(second) is None
    return number + 2 if short and len(text) >= FIRST_LINE and begins_text(after) else number


def begins_text(text: str) -> bool:
    """Whether what stands behind a title may: another section's number, or a line of text from its beginning."""
    if SECTION.match(text):
        return True
    return len(WORD.findall(text)) >= FEWEST and not text[0].islower()


def typical(widths: Sequence[int], place: int, around: int) -> int:
    """The width of a full line hereabouts."""
    near = sorted(widths[max(0, place - around) : place + around])
    upper, middle = near[len(near) * 3 // 4], near[len(near) // 2]
    return upper
