"""The errors that only extraction raises, and how files and other people's messages are named in a sentence.

File names, metadata and library messages can carry escape sequences, so whatever is quoted passes through `quoted`.
"""

from pathlib import Path

from ..errors import GalleyError, InputError
from .controls import strip_controls

LONGEST_QUOTE = 200


class PasswordNeeded(InputError):
    """The PDF is encrypted and opens only with a password, or the one given is wrong."""


class FileChanged(InputError):
    """The file has other bytes than when it was first opened."""


class ExtractionCancelled(GalleyError):
    """The caller asked for the extraction to stop; nothing was kept."""

    exit_code = 130


def quoted(text: str, longest: int = LONGEST_QUOTE) -> str:
    """`text` on one line, without control characters, cut at `longest` characters."""
    line = " ".join(strip_controls(text).text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def named(path: Path) -> str:
    """The file's name as it may stand in a message."""
    return quoted(path.name or str(path))


def password_needed(path: Path, given: bool) -> PasswordNeeded:
    if given:
        return PasswordNeeded(f"The password does not open {named(path)}.", "Give the right one with --password.")
    return PasswordNeeded(f"{named(path)} is encrypted and needs a password.", "Give it with --password.")
