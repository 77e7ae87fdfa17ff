"""One document that a batch was asked for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from ..extract.controls import strip_controls

ARROW = " -> "
SUFFIXES = {".pdf", ".txt", ".text", ".md", ".markdown"}
"""What is taken out of a folder; a file that is named itself is looked at whatever it is called."""

KEYED = {"file", "gcs", "gs", "local", "memory", "s3", "s3a"}
"""Of the others, most have what opens them in the query."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document and what is wanted of it alone."""

    source: str
    """An absolute path, or an address as in `s3://bucket/paper.pdf`."""
    name: str
    """Where its text should go: a path without a suffix, relative to the batch's folder."""
    fixed: bool = False
    """The name was given by hand: the same source under another name is another document."""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """Settings of its own over the batch's, by dotted key."""
    password_env: str = ""
    """The environment variable that holds its password; empty for the batch's own."""
    where: str = field(default="", compare=False)
    """The manifest and the line that it stands in; empty where it was found otherwise."""

    fault: str = ""
    """Why it means no document, in sentences; empty where it does."""

    @property
    def key(self) -> str:
        """What tells it from all others of the batch, in this run and the next."""
        return f"{self.source}{ARROW}{self.name}" if self.fixed else self.source


def is_address(source: str) -> bool:
    """Whether it is an address and no path."""
    return "://" in source


def password_of(variable: str, given: str | None) -> str | None:
    """A document's password: what its environment variable holds here, or where it names none the call's."""
    return os.environ.get(variable) if variable else given


def is_key(source: str) -> bool:
    """Whether everything behind an address's host is a name, in which ? and # are signs like others."""
    return source.partition("://")[0].lower() in KEYED


def shown(source: str) -> str:
    """A source as it may be shown and kept: an address without its user and password, and without its query and
    fragment where it has such.
    """
    if is_key(source):
        protocol, _, rest = source.partition("://")
        host, slash, name = rest.partition("/")
        source = f"{protocol}://{host.rpartition('@')[2]}{slash}{name}"
    elif is_address(source):
        try:
            parts = urlsplit(source)
        except ValueError:
            return strip_controls(source.partition("?")[0]).text
        source = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return " ".join(strip_controls(source).text.split())
