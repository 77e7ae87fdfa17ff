"""Where footnotes begin: a line that opens with a number which stands as a mark behind a word above it."""

import re
from collections.abc import Iterator, Sequence

from ..signs import RAISED
from .lines import Line

FOOTNOTE = re.compile(
    rf"^\s*(\d{{1,2}}|[{RAISED}]{{1,2}})[.)]?\s*"
    r"(?=[^\W\d_a-z][^\W\d_]|[^\W\d_a-z] [^\W\d_]{2}|[“\"„‘]|https?://|www\.)"
)
COUNTED = re.compile(r"\b(?:Figs?|Eqs?|Sect?|Secs|Section|Chapter|Table|Tab|Refs?|No|Abb|Tabelle|Kapitel|Nr)\.?\s*$")
"""What a number belongs to, not a footnote, when it begins the next line."""
MARK = re.compile(rf"(?<=[^\W\d_])(?<![A-Z])[.,;:!?)”’\"']?(\d{{1,2}}|[{RAISED}]{{1,2}})(?=[\s.,;:)]|$)")
DIGIT = re.compile(rf"[\d{RAISED}]")
PLAIN = str.maketrans(RAISED, "0123456789")
REACH = 100
"""How many lines above its footnote a mark may stand: a page of two columns."""
SHORTEST = 20
"""Characters; what is shorter is a label or a piece of a formula."""


def footnote_starts(lines: Sequence[Line]) -> Iterator[int]:
    """Offsets of the lines that begin a footnote."""
    marked: dict[str, int] = {}
    for place, line in enumerate(lines):
        match = FOOTNOTE.match(line.text)
        number = match[1].translate(PLAIN) if match else ""
        noted = match and len(line.text) >= SHORTEST and place - marked.get(number, -REACH - 1) <= REACH
        if noted and not (place > 0 and COUNTED.search(lines[place - 1].text)):
            del marked[number]
            yield line.start
        for mark in MARK.finditer(line.text) if DIGIT.search(line.text) else ():
            marked[mark[1].translate(PLAIN)] = place
