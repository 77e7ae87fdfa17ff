"""Titles of sections on lines of their own: below their number ("3.2", "Data"), behind it, or without one.

A number with parts, or with a point behind it, is a section's by its shape. One of digits or a letter alone ("1",
"Introduction") may as well be an axis's or a page's, so those count only where they count on through the document, from
the first section on. A title without a number is a short line of words between a sentence's end and a full line. The
caption of a figure or a table that is a short line and no more is one, too.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .lines import Line

SECTION = re.compile(r"^(?:[IVX]{1,5}\.|[ivx]{1,5}\.|[A-H]\.|(?:[1-9]\d?|[A-H])(?:\.[1-9]\d?){1,3}\.?)$")
ALONE = re.compile(r"^(?:[1-9]\d?|[A-H])\.?$")
LONGEST_NUMBER = 9
TITLE = re.compile(r"^(?:An? )?[A-ZÄÖÜÉ][^\W\d_]+\b(?:[^.!?;=]*[^.!?;:=,])?$")
NUMBERED = re.compile(rf"^(?:[1-9]\d?|[A-H])(?:\.[1-9]\d?){{1,3}}\.?\s+(?P<title>{TITLE.pattern[1:]})")
OWN = re.compile(r"^[A-ZÄÖÜÉÀ][^\W\d_]+(?:(?: |, |['’/-]| & )[^\W\d_]+)*$")
LONGEST = 60
SMALL = re.compile(
    r"an?|and|are|as|at|be|but|by|for|from|if|in|is|its?|let|of|on|or|our|than|th(?:at|e|eir|en|ese|is|ose|us)|to|we(?:re)?|"
    r"was|when|where|which|while|with|however|hence|since|there|here|also|so|such|one|because|although|now|au|aux|avec|dans|"
    r"des?|du|en|et|las?|les?|nous|par|pour|que|sur|une?|con|del|el|los|para|por|una|y|e|o|als|au[fs]|bei|das|de[mnr]|"
    r"die|durch|eine?|für|im|ist|mit|oder|sich|sind|und|von|wie|wir|zu|zur"
)
"""Words with which sentences begin, or break off, and titles don't."""
LOWER = re.compile(r"(?<![\w-])[a-zäöüéß]{2,}")
FLOAT = re.compile(r"^(?:Fig|Tab|Abb|Algorithm|Listing|Diagram)", re.I)
CAPTION = re.compile(
    r"(?:Fig(?:ure|\.)|Tab(?:le|elle|\.)|Abb(?:ildung|\.)|Algorithm|Listing)\s*[A-Z]?(?:[\d.]{0,4}\d|[IVX]+)(?:[.:]\s|\s\s)",
    re.I,
)
WIDEST = 1.07
"""A line of the page is no wider than this times the usual width."""
FEWEST_OF_CAPTION = 3
"""Words, the float's name among them."""
ENDED = re.compile(r"(?<!al)(?<!Fig)(?<!Eq)(?<!Sec)(?<!cf)(?<!vs)[.!?][\"'”’»)\]]*$")
NARROW, WHOLE = 0.6, 0.75
"""Shares of a full line: a title without a number has less, and the line behind it more."""
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
FIRST_LINE = 0.5
"""has at least this."""
CLOSED = re.compile(r"[.!?;:,=]$")


class Title(NamedTuple):
    """A section's title with its number: `number` and `last` are places of lines, the number's and the title's last."""

    value: int
    number: int
    last: int


def section_titles(lines: Sequence[Line], widths: Sequence[int], around: int) -> list[Title]:
    """Every title and short caption; one is shorter than most of the lines `around` it, or has a number before it."""
    found: list[Title] = []
    numbers: list[Title] = []
    letters: list[Title] = []
    for place, line in enumerate(lines[:-2]):
        text = line.text.strip()
        of_section = len(text) <= LONGEST_NUMBER and SECTION.match(text)
        if not of_section and not ALONE.match(text):
            if text[0].isupper() and (
                (len(text) <= LONGEST and is_own(lines, place, widths, around))
                or (CAPTION.match(text) and is_short_caption(lines, place, widths, around))
            ):
                found.append(Title(0, place, place))
            elif "." in text[1:3] and NUMBERED.match(text):
                found += behind_number(lines, place, typical(widths, place, around))
            continue
        last = last_line(lines, place, typical(widths, place + 1, around))
        number = text.rstrip(".")
        if last == place:
            continue
        if of_section:
            found.append(Title(0, place, last))
        elif number.isalpha():
            letters.append(Title(ord(number) - ord("A") + 1, place, last))
        else:
            numbers.append(Title(int(number), place, last))
    sections = counted(numbers)
    if len(sections) < FEWEST_SECTIONS:
        return found
    return found + sections + counted([letter for letter in letters if letter.number > sections[-1].number])


def is_own(lines: Sequence[Line], place: int, widths: Sequence[int], around: int) -> bool:
    """Whether a line is a title without a number."""
    following = lines[place + 1].text.strip()
    if place == 0 or not following[0].isupper() or FLOAT.match(following):
        return False
    text = lines[place].text.strip()
    words = text.lower().split()
    if SMALL.fullmatch(words[0]) or SMALL.fullmatch(words[-1]) or OWN.match(text) is None or FLOAT.match(text):
        return False
    width = typical(widths, place, around)
    if len(text) >= NARROW * width or widths[place + 1] < WHOLE * width or len(LOWER.findall(following)) < FEWEST:
        return False
    above = lines[place - 1].text.rstrip()
    return ENDED.search(above) is not None and WORD.search(above) is not None and not is_number(above)


def is_short_caption(lines: Sequence[Line], place: int, widths: Sequence[int], around: int) -> bool:
    """Whether a caption is one short line that no point ends, with text behind it."""
    text, following = lines[place].text.strip(), lines[place + 1].text.strip()
    if CLOSED.search(text) or len(WORD.findall(text)) < FEWEST_OF_CAPTION or SMALL.fullmatch(text.split()[-1].lower()):
        return False
    width = typical(widths, place, around)
    prose = widths[place + 1] >= WHOLE * width and len(LOWER.findall(following)) >= FEWEST
    two_lines = len(text) + widths[place + 1] > WIDEST * width  # and not one that was read as two
    return prose and len(text) < SHORT * width and (following[0].isupper() or two_lines)


def behind_number(lines: Sequence[Line], place: int, width: int) -> list[Title]:
    """The title of a section of the second level or below, behind its number on the line or on two."""
    above = lines[place - 1].text.rstrip() if place else "."
    second = lines[place + 1].text.strip()
    if ENDED.search(above) is None:
        return []
    if not second[0].islower() and SMALL.fullmatch(lines[place].text.split()[-1].lower()) is None:
        return [Title(0, place, place)]
    after = lines[place + 2].text.strip()
    short = len(second) < SECOND_LINE * width and CLOSED.search(second) is None and begins_text(after)
    return [Title(0, place, place + 1)] if short else []


def counted(titles: Sequence[Title]) -> list[Title]:
    """The longest chain of titles whose numbers count on from the first section's."""
    lengths: list[int] = []
    before: list[int] = []
    ending: dict[int, int] = {}
    """By number, the title that ends the longest chain up to it; of equals the last."""
    for here, title in enumerate(titles):
        known = [ending[value] for value in range(title.value - MISSED, title.value) if value in ending]
        last = max(known, key=lambda place: (lengths[place], place), default=-1)
        lengths.append(lengths[last] + 1 if known else int(title.value <= FIRST))
        before.append(last)
        if lengths[here] and lengths[here] >= lengths[ending.get(title.value, here)]:
            ending[title.value] = here
    place = max(range(len(titles)), key=lambda at: lengths[at], default=-1)
    chain: list[Title] = []
    while place >= 0 and lengths[place]:
        chain.append(titles[place])
        place = before[place]
    return chain[::-1]


def last_line(lines: Sequence[Line], number: int, width: int) -> int:
    """Place of the last line of the title below a number; the number's own where no title is."""
    above = lines[number - 1].text.rstrip() if number else "."
    title = lines[number + 1]
    if title.page != lines[number].page or above.endswith(","):
        return number
    text, second = title.text.strip(), lines[number + 2].text.strip()
    if TITLE.match(text) is None or is_number(above) or (second[0].isdigit() and number and not WORD.search(above)):
        return number
    if len(text) < SHORT * width and begins_text(second):
        return number + 1
    after = lines[number + 3].text.strip() if number + 3 < len(lines) else ""
    short = len(second) < SECOND_LINE * width and WORD.search(second) and CLOSED.search(second) is None
    return number + 2 if short and len(text) >= FIRST_LINE * width and begins_text(after) else number


def is_number(text: str) -> bool:
    """Whether a line has a number alone, a section's, a table's or an axis's."""
    return SECTION.match(text.strip()) is not None or text.strip("-−+. \t").replace(".", "").isdigit()


def begins_text(text: str) -> bool:
    """Whether what stands behind a title may: another section's number, or a line of text from its beginning."""
    if SECTION.match(text) or NUMBERED.match(text):
        return True
    if FLOAT.match(text):
        return False
    return len(WORD.findall(text)) >= FEWEST and not text[0].islower()


def typical(widths: Sequence[int], place: int, around: int) -> int:
    """The width of a full line hereabouts."""
    near = sorted(widths[max(0, place - around) : place + around])
    return near[len(near) * 3 // 4]
