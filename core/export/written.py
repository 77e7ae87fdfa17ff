"""Which texts are Galley's own, so that no other is ever replaced.

A text is known by its hash, wherever it was moved or renamed to: beside the sessions lies, for each that was written, a
small file with the name of the session that can write it again. What is not known there, or whose session is gone,
may be the only copy of somebody's words.
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import GalleyError
from ..paths import private_dir
from ..session import Session

FOLDER = ".written"
"""In the sessions' folder."""


class NotOursError(GalleyError):
    """What stands where a text is to go is none that a session could write again."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text of another session that made room."""

    session: Path
    """Where it can be had again."""
    what: str
    """Which text it was, in words."""


def refuse_foreign(target: Path, sessions: Path) -> None:
    """Say before a long run that its text will find no place. `sessions` is their folder. Raises NotOursError."""
    there = digest_of(target)
    if there and source_of(there, sessions) is None:
        raise not_ours(target)


def make_room(target: Path, digest: str, session: Session) -> Replaced | None:
    """Whether the text with that hash may take the place of what stands at `target`, and whose text that is if it is
    another session's. A file that is empty, or holds the very text, is in nobody's way. Raises NotOursError.
    """
    there = digest_of(target)
    if not there or there == digest:
        return None
    source = source_of(there, session.path.parent)
    if source is None:
        raise not_ours(target)
    if source == session.path:
        return None
    try:
        with Session.open(source, write=False) as earlier:
            return Replaced(source, which(earlier, session))
    except GalleyError as error:
        raise not_ours(target) from error


def which(earlier: Session, session: Session) -> str:
    """What sets the earlier session's text apart from this one's."""
    mode = earlier.settings.clean.mode
    if mode != session.settings.clean.mode:
        return f"the text of an earlier run in {mode} mode"
    if earlier.document.sha256 != session.document.sha256:
        return "the text of another file, or of this one before it changed"
    return "the text of an earlier run with other settings"


def remember(digest: str, session: Path) -> None:
    """Note that the session can write this text. Where no note can be left the text passes for somebody else's, which
    is the safe way to be wrong.
    """
    with suppress(OSError, GalleyError):
        note = private_dir(session.parent / FOLDER) / digest
        descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, os.fsencode(session.name))
        finally:
            os.close(descriptor)


def source_of(digest: str, folder: Path) -> Path | None:
    """The session of this folder that can write the text; None when it is not known, or gone."""
    with suppress(OSError, ValueError):
        name = os.fsdecode((folder / FOLDER / digest).read_bytes())
        path = folder / name
        if name and path.parent == folder and path.is_file():
            return path
    return None


def digest_of(target: Path) -> str:
    """SHA-256 of a file in hex; empty when there is none, or nothing is in it. What is no regular file is told by who
    writes there.
    """
    try:
        if not target.is_file() or not target.stat().st_size:
            return ""
        with target.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise not_ours(target) from error


def not_ours(target: Path) -> NotOursError:
    return NotOursError(
        f"{target} was changed since Galley wrote it, or is not Galley's: it was left as it is.",
        "Move it away, or replace it with --force.",
    )
