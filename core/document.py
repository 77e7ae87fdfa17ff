"""What was extracted from a file, page by page."""

from dataclasses import dataclass, field
from pathlib import Path

APART = "  "
"""What a page's first line ends in if it was seen to stand apart from the text, as a running head does."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page's raw text: control characters stripped, lines separated by "\\n", nothing repaired yet.

    The first ends in `APART` where the places on the page say so.
    """

    number: int
    """Position in the file, from 1."""
    text: str
    extractor: str
    """`pdfium`, `pypdf`, or `text` for a plain text file."""
    agreement: float | None = None
    """How much the two extractors agree on this page's words, 0 to 1; None where only one was asked."""


@dataclass(frozen=True, slots=True)
class SkippedPage:
    """A page that failed; the others went on."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """An input file's text and what is known about it.

    `text` joins the pages by a form feed, and `page_starts` gives the offset of each page in it, so that an offset
    says which page a character came from.
    """

    path: Path
    sha256: str
    kind: str
    """`pdf` or `text`."""
    page_count: int
    """Pages in the file, taken or not; 1 for a text file without form feeds."""
    pages: tuple[Page, ...]
    skipped: tuple[SkippedPage, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    stripped_controls: int = 0
    """Control characters and escape sequences that were removed."""
    notes: tuple[str, ...] = ()
    """Sentences for the user: what was left out by choice, which pages disagree, what was repaired."""

    @property
    def text(self) -> str:
        return "\f".join(page.text for page in self.pages)

    @property
    def page_starts(self) -> tuple[tuple[int, int], ...]:
        """(offset in `text`, page number) for each page, ascending."""
        starts: list[tuple[int, int]] = []
        at = 0
        for page in self.pages:
            starts.append((at, page.number))
            at += len(page.text) + 1
        return tuple(starts)
