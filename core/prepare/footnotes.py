"""Where footnotes begin: a line that opens with a number which stands as a mark behind a word above it."""

import re
from collections.abc import Iterator, Sequence

from .lines import Line

FOOTNOTE = re.compile(r"^\s*(\d{1,2})[.)]?\s*(?=[^\W\d_a-z][^\W\d_]|[^\W\d_a-z] [^\W\d_]{2}|[“\"„‘]|https?://|www\.)")
COUNTED = re.compile(r"\b(?:Figs?|Eqs?|Sect?|Secs|Section|Chapter|Table|Tab|Refs?|No|Abb|Tabelle|Kapitel|Nr)\.?\s*$")
"""What a number belongs to, not a footnote, when it begins the next line."""
MARK = re.compile(r"(?<=[^\W\d_])(?<![A-Z])[.,;:!?)”’\"']?(\d{1,2})(?=[\s.,;:)]|$)")
DIGIT = re.compile(r"\d")
REACH = 100
"""How many lines above its footnote a mark may stand: a page of two columns."""
SHORTEST = 20
"""Characters; what is shorter is a label or a piece of a formula."""


def footnote_starts(lines: Sequence[Line]) -> Iterator[int]:
    """Offsets of the lines that begin a footnote."""
    marked: dict[str, int] = {}
    for place, line in enumerate(lines):
        match = FOOTNOTE.match(line.text)
        noted = match and len(line.text) >= SHORTEST and place - marked.get(match[1], -REACH - 1) <= REACH
        if match and noted and not (place > 0 and COUNTED.search(lines[place - 1].text)):
            del marked[match[1]]
            yield line.start
        for mark in MARK.finditer(line.text) if DIGIT.search(line.text) else ():
            marked[mark[1]] = place
