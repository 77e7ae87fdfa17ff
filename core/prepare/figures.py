"""What is printed inside a figure: tick labels, axis names, legends. Extracted, they are a heap of short lines.

Two things tell them from tables and formulas: they stand before their figure's caption without prose between, and
they hold ticks, numbers in even steps, or are many and no formula. Where such a run tears a sentence in two it goes;
elsewhere people who clean text by hand disagree, so it stays unless asked, and is only proposed. Captions always
stay.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..traced import Edit, Traced
from .doubts import Doubt, around
from .lines import Line, filled_lines, without

CAPTION = re.compile(r"^\s*(?:Fig(?:ure|\.)|FIG(?:URE|\.)|Abb(?:ildung|\.))\s*[A-Z]?\.?\d{1,3}")
TABLE = re.compile(r"^\s*(?:Tab(?:le|elle|\.)|TABLE|Algorithm|Listing)\s*[\dIVXA-Z]")
OF_SENTENCE = re.compile(r"^\s*\S+\s+[\dIVXA-Z][\d.]*\)?,?\s+[a-zäöü]{2}")
SUBCAPTION = re.compile(r"^\s*\([a-z]\)(?:\s|$)")
EQUATION_NUMBER = re.compile(r"(?:^|\s)\(\d{1,3}(?:\.\d{1,3})?[a-z]?\)[.,]?\s*$")
SECTION = re.compile(r"^\s*(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-Z]\.(?:\d{1,2}\.)*)\s+[A-Z][a-z]{2}")
NO_FRAGMENT = re.compile("|".join(pattern.pattern for pattern in (CAPTION, TABLE, SUBCAPTION, SECTION)))
NUMBER = re.compile(r"[-−–+]?\d+(?:\.\d+)?")
SENTENCE_END = re.compile(r"[.!?][\"'”’»)\]]*\s*$")
BROKEN = re.compile(r"[^\W\d_][-‐\u00ad]\s*$")
SECOND_HALF = re.compile(r"\s*(?![A-ZÄÖÜ])[^\W\d_]{3}")
PROSE_WORD = re.compile(r"[^\W\d_]{2,}")
LONGEST = 60
"""A line longer than this belongs to the text."""
LABEL = 25
"""A line up to this long may end in a colon or a full stop and still be a label."""
SHORTEST_TEXT = 30
"""A line of running text is at least this long."""
DIAGRAM = 8
"""So many lines without ticks, before a caption, make a drawing."""
FORMULA = re.compile(r"[=≈∑∫√∝≤≥\uf8e6-\uf8fe�]")
CAPTIONED = 0.45
UNCAPTIONED = 0.25
"""How likely a figure's text that tears nothing should go all the same."""
LONGEST_CAPTION = 14
"""Lines."""
FEWEST = 4
"""So many lines (or ticks) make a run."""


@dataclass(frozen=True, slots=True)
class FigureText:
    """One figure's inside: text[start:end], whole lines."""

    start: int
    end: int
    tears: bool
    """Whether it stands inside a sentence, before its caption."""
    captioned: bool


def clear_figures(traced: Traced, *, everything: bool) -> tuple[Traced, int, list[Doubt]]:
    """The text without figures' insides where they tear a sentence, or anywhere; how many went; and the others."""
    figures = find_figures(traced.text)
    gone = [figure for figure in figures if figure.tears or everything]
    stay = [figure for figure in figures if not (figure.tears or everything)]
    doubts = [
        around(traced, figure.start, figure.end, "", "debris", CAPTIONED if figure.captioned else UNCAPTIONED)
        for figure in stay
        if figure.end < len(traced.text)
    ]
    return traced.apply(Edit(figure.start, figure.end) for figure in gone), len(gone), doubts


def find_figures(text: str) -> list[FigureText]:
    """What stands inside figures, in order."""
    lines = filled_lines(text)
    found: list[FigureText] = []
    tearing_until = -1
    for first, last in runs(lines):
        if not is_figure(lines, first, last):
            continue
        torn = first > 0 and (is_torn(lines, first - 1) or first <= tearing_until)
        if torn:
            tearing_until = caption_end(lines, last)
        shown = captioned(lines, first, last)
        start, end = lines[first].start, without(lines[last - 1], text).end
        found.append(FigureText(start, end, torn and shown, shown))
    return found


def is_torn(lines: Sequence[Line], place: int) -> bool:
    """Whether the line at `place` goes on after it: a sentence's middle, or a formula that the text continues."""
    text = lines[place].text
    if EQUATION_NUMBER.search(text):
        return True
    long = len(text.strip()) >= SHORTEST_TEXT or (place > 0 and goes_on(lines[place - 1].text, text))
    return long and not SENTENCE_END.search(text)


def caption_end(lines: Sequence[Line], place: int) -> int:
    """The place behind the captions that begin at `place`: a figure there still stands in the torn sentence."""
    stop = min(len(lines), place + LONGEST_CAPTION)
    if place >= stop or not (CAPTION.match(lines[place].text) or SUBCAPTION.match(lines[place].text)):
        return place
    while place < stop and not SENTENCE_END.search(lines[place].text):
        place += 1
    while place + 1 < stop and not is_fragment(lines[place + 1].text):
        place += 1
    return place + 1


def runs(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """[first, last) of each longest stretch of fragments."""
    found: list[tuple[int, int]] = []
    first: int | None = None
    for place, line in enumerate(lines):
        if is_fragment(line.text) and not (place and goes_on(lines[place - 1].text, line.text)):
            first = place if first is None else first
        elif first is not None:
            found.append((first, place))
            first = None
    if first is not None:
        found.append((first, len(lines)))
    return found


def goes_on(text: str, following: str) -> bool:
    """Whether a word that a hyphen breaks may go on in the next line, which no name of an axis ("mf") begins."""
    return BROKEN.search(text) is not None and SECOND_HALF.match(following) is not None


def is_fragment(text: str) -> bool:
    """A short line that is no part of a sentence, no heading, no caption, no numbered formula."""
    stripped = text.strip()
    if len(stripped) > LONGEST or "http" in stripped:
        return False
    if NO_FRAGMENT.match(stripped) or (")" in stripped[-2:] and EQUATION_NUMBER.search(stripped)):
        return False
    words = PROSE_WORD.findall(stripped)
    capitals = bool(words) and all(word[0].isupper() for word in words)
    if stripped.endswith((".", ":")):
        return len(stripped) <= LABEL and (capitals or stripped.endswith(":"))
    return not stripped.endswith((",", ";", "?", "!", "-")) and (len(words) <= 4 or capitals)


def is_figure(lines: Sequence[Line], first: int, last: int) -> bool:
    """Whether a run of fragments is the inside of a figure."""
    run = [line.text for line in lines[first:last]]
    numbers = ticks(run)
    if near_table(lines, first, last):
        return False
    if not captioned(lines, first, last):
        return numbers >= 2 * FEWEST
    return numbers >= FEWEST or (len(run) >= DIAGRAM and not any(FORMULA.search(line) for line in run))


def captioned(lines: Sequence[Line], first: int, last: int) -> bool:
    """Whether a figure's caption stands right behind the run, parts' captions apart."""
    behind = last
    while behind < len(lines) and SUBCAPTION.match(lines[behind].text):
        behind += 1
    return behind < len(lines) and CAPTION.match(lines[behind].text) is not None


def near_table(lines: Sequence[Line], first: int, last: int) -> bool:
    """Whether a table's title stands right before the run or behind it; "Table 1 gives" is a sentence's."""
    around = [*lines[max(0, first - 3) : first], *lines[last : last + 2]]
    return any(TABLE.match(line.text) and not OF_SENTENCE.match(line.text) for line in around)


def ticks(run: Sequence[str]) -> int:
    """How many numbers of the run stand in a sequence of even steps, four and more in a row."""
    values = [float(word.replace("−", "-").replace("–", "-")) for line in run for word in numbers_of(line)]
    steps = [after - before for before, after in pairwise(values)]
    total = length = 0
    for before, after in pairwise([*steps, float("nan")]):
        even = before != 0 and abs(before - after) <= 1e-6 * max(1.0, abs(before))
        length = length + 1 if even else 0
        if length == 2:
            total += 4
        elif length > 2:
            total += 1
    return total


def numbers_of(line: str) -> list[str]:
    """The line's words if all of them are numbers."""
    found = line.split()
    return found if all(NUMBER.fullmatch(word) for word in found) else []
