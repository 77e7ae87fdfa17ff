"""Lines of a text with their place on the page, which most repairs look at."""

import re
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


LINE = re.compile(r"([^\n\f]*)(\n|\f|\Z)")


def lines_of(text: str) -> list[Line]:
    """Every line, blank ones too; form feeds end lines and pages."""
    lines: list[Line] = []
    page = 0
    for match in LINE.finditer(text):
        # After a last line feed the pattern still finds the empty line at the very end, and after a last line nothing.
        if match.start() == len(text) and lines and text[-1] not in "\n\f":
            break
        lines.append(Line(match.start(), match.end(1), match[1], page))
        page += match[2] == PAGE_BREAK
    return lines


def without(line: Line, text: str) -> Edit:
    """The edit that takes a line away, with its line feed but never with a page break."""
    end = line.end + 1 if text[line.end : line.end + 1] == "\n" else line.end
    return Edit(line.start, end)
