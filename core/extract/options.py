"""Settings of extraction."""

from typing import Literal

from pydantic import Field

from ..options import Options


class ExtractOptions(Options):
    """How text is taken from a file."""

    extractor: Literal["auto", "pypdf", "pdfium"] = "auto"
    """`auto` takes pdfium's text, and pypdf's where pdfium fails or finds nothing."""
    pages: str = ""
    """Pages to take, as in "3-17,20"; empty takes all."""
    max_chars: int = Field(default=0, ge=0)
    """Stop after this many characters; 0 takes all."""
    compare_pages: int = Field(default=100, ge=0)
    """`auto` compares the two extractors on this many pages at most, spread evenly; 0 compares none."""
    keep_unseen: bool = True
    """Keep text that a reader of the page does not see (white, without ink, tiny). It is counted either way; what lies
    off the page is never taken. pypdf can't tell."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """How long the extraction worker may go without finishing a page."""
    memory_mb: int = Field(default=2048, ge=0)
    """Address space the extraction worker may use, in MiB; 0 sets no limit."""
    fetch_mb: int = Field(default=1024, ge=0)
    """How large a document behind an address may be for a batch to fetch it, in MiB; 0 sets no limit."""
