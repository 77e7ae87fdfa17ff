"""Lines of a text with their place on the page, which most repairs look at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..traced import Edit

PAGE_BREAK = "\f"


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end; `start` and `end` are offsets in the text, `end` before the line's end character."""

    start: int
    end: int
    text: str
    page: int
    """Position of its page in the document, from 0."""

    @property
    def blank(self) -> bool:
        return not self.text.strip()


LINE = re.compile(r"[^\n\f]*")


def lines_of(text: str) -> list[Line]:
    """Every line, blank ones too; form feeds end lines and pages."""
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    page, at = 0, 0
    while at <= len(text):
        match = LINE.match(text, at)
        assert match is not None
        yield Line(at, match.end(), match.group(), page)
        if match.end() < len(text) and text[match.end()] == PAGE_BREAK:
            page += 1
        at = match.end() + 1


def without(line: Line, text: str) -> Edit:
    """The edit that takes a line away, with its line feed but never with a page break."""
    end = line.end + 1 if text[line.end : line.end + 1] == "\n" else line.end
    return Edit(line.start, end)
