"""PDF and text files into a document, in a worker process with a time and a memory limit.

What is named here is loaded when it is first asked for: the worker lives in this package too, and would wait a quarter
of a second for its parent's side and for pydantic, which it does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assemble import NOT_COMPARED, Comparison, Extraction, extract
    from .failures import ExtractionCancelled, PasswordNeeded
    from .info import FileInfo, probe
    from .options import ExtractOptions
    from .pagespec import format_pages, select_pages

__all__ = [
    "NOT_COMPARED",
    "Comparison",
    "ExtractOptions",
    "Extraction",
    "ExtractionCancelled",
    "FileInfo",
    "PasswordNeeded",
    "extract",
    "format_pages",
    "probe",
    "select_pages",
]
HOMES = {
    "NOT_COMPARED": "assemble",
    "Comparison": "assemble",
    "ExtractOptions": "options",
    "Extraction": "assemble",
    "ExtractionCancelled": "failures",
    "FileInfo": "info",
    "PasswordNeeded": "failures",
    "extract": "assemble",
    "format_pages": "pagespec",
    "probe": "info",
    "select_pages": "pagespec",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOMES[name]}", __name__), name)
