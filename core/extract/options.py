"""Settings of extraction."""

from typing import Literal

from ..options import Options


class ExtractOptions(Options):
    """How text is taken from a file."""

    extractor: Literal["auto", "pypdf", "pdfium"] = "auto"
    """`auto` takes pdfium's text, and pypdf's where pdfium fails or finds nothing."""
    pages: str = ""
    """Pages to take, as in "3-17,20"; empty takes all."""
    max_chars: int = 0
    """Stop after this many characters; 0 takes all."""
    timeout_seconds: float = 300.0
    """How long the extraction worker may go without finishing a page."""
    memory_mb: int = 2048
    """Address space the extraction worker may use, in MiB; 0 sets no limit."""
