"""Opens an input file safely and says what kind it is, by content before name.

The parent asks these questions before it starts a worker, so that the common mistakes are answered at once, and the
worker asks them again of the very bytes it extracts from. A FIFO or device is refused before anything can block on it.
"""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from ..errors import InputError
from .failures import named, quoted

Kind = Literal["pdf", "text"]

PDF_MARK = b"%PDF-"
HEAD = 1024
"""Bytes in which the PDF mark must stand, as readers have agreed since Acrobat 4 (ISO 32000-1, annex H.3.4.1)."""
TEXT_SUFFIXES = {".txt", ".text", ".md", ".markdown", ""}
WHAT_IS_TAKEN = "Galley takes PDF files (.pdf) and plain text (.txt, .md)."
SIGNATURES = {
    b"PK\x03\x04": "a ZIP archive (or an Office or EPUB file)",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"II*\x00": "a TIFF image",
    b"MM\x00*": "a TIFF image",
    b"\x7fELF": "a program",
    b"\x1f\x8b": "a gzip archive",
    b"%!PS": "a PostScript file",
    b"{\\rtf": "an RTF file",
    b"<!DOCTYPE html": "a web page",
    b"<html": "a web page",
    b"AT&TFORM": "a DjVu file",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file's bytes as they were read, once, with their hash in hex."""

    data: bytes
    sha256: str
    kind: Kind


def check_source(path: Path) -> Kind:
    """The kind of the file at `path`. Raises InputError when it can't be read or is of a kind Galley does not take."""
    with _open_regular(path) as file:
        return _kind(path, _read(path, file, HEAD))


def read_source(path: Path) -> Source:
    """All of the file. Raises as `check_source` does."""
    with _open_regular(path) as file:
        data = _read(path, file, -1)
    return Source(data, hashlib.sha256(data).hexdigest(), _kind(path, data[:HEAD]))


def _open_regular(path: Path) -> BinaryIO:
    where = quoted(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise InputError(f"There is no file {where}.", "Check the path.") from None
    except IsADirectoryError:
        raise InputError(f"{where} is a directory.", "Name a file in it.") from None
    except PermissionError:
        if path.is_dir():
            raise InputError(f"{where} is a directory.", "Name a file in it.") from None
        raise InputError(f"{where} may not be read by you.", "Change its permissions or copy it.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{where} can't be opened: {reason}.", "Check the path.") from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise InputError(f"{where} is a directory.", "Name a file in it.")
    raise InputError(f"{where} is a pipe or a device, not a file.", "Save its content to a file first.")


def _read(path: Path, file: BinaryIO, size: int) -> bytes:
    try:
        data = file.read(size)
    except OSError as error:
        raise InputError(f"{named(path)} can't be read: {error.strerror}.", "Check the disk it is on.") from None
    if not data:
        raise InputError(f"{named(path)} is empty.", "Check that it was saved or downloaded completely.")
    return data


def _kind(path: Path, head: bytes) -> Kind:
    suffix = path.suffix.lower()
    if PDF_MARK in head and (suffix not in {".txt", ".md"} or head.startswith(PDF_MARK)):
        return "pdf"
    looks_like = next((what for mark, what in SIGNATURES.items() if head.lstrip().startswith(mark)), "")
    if suffix == ".pdf":
        content = f"it looks like {looks_like}" if looks_like else 'its beginning has no "%PDF-" mark'
        raise InputError(f"{named(path)} is no PDF despite its name: {content}.", "Download or export it again.")
    if suffix in TEXT_SUFFIXES and (not looks_like or looks_like == "a web page"):
        return "text"
    what = looks_like or f"a {quoted(suffix, 20)} file"
    raise InputError(f"{named(path)} is {what}. {WHAT_IS_TAKEN}", "Convert it to PDF or text first.")
