"""Where footnotes begin: a line that opens with a number which stands as a mark behind a word above it.

Where the mark is lost, as in a figure, the number that comes next does, on a line that tears a sentence.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ..signs import RAISED
from .lines import Line

DOMAIN = r"[a-z][a-z.-]{2,40}\.(?:org|com|net|edu|gov|io)\b"
"""A web address without its scheme."""
FOOTNOTE = re.compile(
    rf"^\s*(\d{{1,2}}|[{RAISED}]{{1,2}})[.)]?\s*"
    rf"(?=[^\W\d_a-z][^\W\d_]|[^\W\d_a-zα-ωµ] [^\W\d_]{{2}}|[“\"„‘]|https?://|www\.|{DOMAIN})"
)
WORD_WITH_NUMBER = re.compile(r"^\s*\d{1,2}[A-ZÄÖÜ]{2}")
"""No number of a footnote stands right before capitals: "2PC", "3D"."""
COUNTED = re.compile(r"\b(?:Figs?|Eqs?|Sect?|Secs|Section|Chapter|Table|Tab|Refs?|No|Abb|Tabelle|Kapitel|Nr)\.?\s*$")
"""What a number belongs to, not a footnote, when it begins the next line."""
MARK = re.compile(rf"(?<=[^\W\d_])(?<![A-Z])[.,;:!?)”’\"']?(\d{{1,2}}|[{RAISED}]{{1,2}})(?=[\s.,;:)]|$)")
DIGIT = re.compile(rf"[\d{RAISED}]")
PLAIN = str.maketrans(RAISED, "0123456789")
REACH = 100
"""How many lines above its footnote a mark may stand: a page of two columns."""
SHORTEST = 20
"""Characters; what is shorter is a label or a piece of a formula."""
OPEN = re.compile(r"[^\W\d_A-Z][,-]?\s*$")
CLOSED = re.compile(r"(?:[.!?][\"'”’»)\]]*|https?://\S+|\S+@\S+|[a-z]\.(?:org|com|net|edu|gov|io)(?:/\S*)?)\s*$")
MOST_LINES = 6
"""Of a footnote that tears a sentence."""


def footnote_starts(lines: Sequence[Line]) -> Iterator[int]:
    """Offsets of the lines that begin a footnote."""
    marked: dict[str, int] = {}
    last = 0
    for place, line in enumerate(lines):
        match = FOOTNOTE.match(line.text) if not WORD_WITH_NUMBER.match(line.text) else None
        number = match[1].translate(PLAIN) if match else ""
        known = place - marked.get(number, -REACH - 1) <= REACH or (
            number == str(last + 1) and tears_sentence(lines, place)
        )
        if match and len(line.text) >= SHORTEST and known and not (place and COUNTED.search(lines[place - 1].text)):
            marked.pop(number, None)
            last = int(number)
            yield line.start
        for mark in MARK.finditer(line.text) if DIGIT.search(line.text) else ():
            marked[mark[1].translate(PLAIN)] = place


def tears_sentence(lines: Sequence[Line], place: int) -> bool:
    """Whether a sentence breaks off above a line and goes on below what begins there."""
    if not (place and OPEN.search(lines[place - 1].text)):
        return False
    for line, after in pairwise(lines[place : place + MOST_LINES + 1]):
        if CLOSED.search(line.text):
            return after.text.lstrip()[:1].islower()
    return False
