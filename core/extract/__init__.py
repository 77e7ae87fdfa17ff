"""PDF and text files into a document, in a worker process with a time and a memory limit."""

from .assemble import extract
from .failures import ExtractionCancelled, PasswordNeeded
from .info import FileInfo, probe
from .options import ExtractOptions
from .pagespec import format_pages, select_pages

__all__ = [
    "ExtractOptions",
    "ExtractionCancelled",
    "FileInfo",
    "PasswordNeeded",
    "extract",
    "format_pages",
    "probe",
    "select_pages",
]
