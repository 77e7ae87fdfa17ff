"""Lines of a text with their place on the page, which most repairs look at."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..traced import Edit

PAGE_BREAK = "\f"
STRETCH = 50_000
"""Characters."""


class Line(NamedTuple):
    """A line without its end; `start` and `end` are offsets in the text, `end` before the line's end character.

    A tuple, since each line of a document becomes one several times over.
    """

    start: int
    end: int
    text: str
    page: int
    """Position of its page in the document, from 0."""

    @property
    def blank(self) -> bool:
        return not self.text.strip()


def lines_of(text: str) -> list[Line]:
    """Every line, blank ones too; form feeds end lines and pages."""
    lines: list[Line] = []
    start = 0
    for page, content in enumerate(text.split(PAGE_BREAK)):
        for line in content.split("\n"):
            end = start + len(line)
            lines.append(Line(start, end, line, page))
            start = end + 1
    return lines


def filled_lines(text: str) -> list[Line]:
    """The lines that are not blank."""
    return [line for line in lines_of(text) if line.text and not line.text.isspace()]


def without(line: Line, text: str) -> Edit:
    """The edit that takes a line away, with its line feed but never with a page break."""
    end = line.end + 1 if text[line.end : line.end + 1] == "\n" else line.end
    return Edit(line.start, end)


def lower_words(word: re.Pattern[str], text: str) -> Iterator[str]:
    """What `word`, which has no line end in it, finds, in lower case. Some lines at a time, since a list of all words
    of a long document is larger than the document."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + STRETCH) + 1 or len(text)
        yield from map(str.lower, word.findall(text, start, end))
        start = end
