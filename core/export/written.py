"""Which texts are Galley's own, so that no other is ever replaced.

A text is known by its hash, wherever it was moved or renamed to: beside the sessions lies, for each that was written, a
small file that says which session can write it again. A name is used again when a session was removed or set aside, so
the time the session was made stands there too, and which decisions of a person's own words the text holds: a decision
that was undone can be gone. What is not known there, or what no session could write again, may be the only copy of
somebody's words.
"""

import hashlib
import json
import os
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from ..errors import GalleyError, StorageError
from ..paths import private_dir
from ..session import SUFFIX, Session
from ..session.names import DIGITS

LATER = re.compile(rf"\.(old|repaired)\d+{re.escape(SUFFIX)}$")
"""How names end of sessions that were set aside, or saved from a damaged one."""
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


@dataclass(frozen=True, slots=True)
class Note:
    """What is kept of a text that was written."""

    session: str
    """Name of its file, or the whole path where it lies in another folder than the notes."""
    created_at: str
    edits: frozenset[int]
    """Ids of the decisions whose words stand in the text."""


def refuse_foreign(target: Path, notes: Path, session: Session | None = None) -> None:
    """Say before a long run that its text will find no place. `notes` is the sessions' folder, `session` the one that
    is open, if one is. Raises NotOursError or StorageError.
    """
    there = digest_of(target)
    if there and source_of(there, notes, session) is None:
        raise not_ours(target)


def make_room(target: Path, digest: str, session: Session, notes: Path) -> Replaced | None:
    """Whether the text with that hash may take the place of what stands at `target`, and whose text that is if it is
    another session's. A file that is empty, or holds the very text, is in nobody's way. Raises NotOursError or
    StorageError.
    """
    there = digest_of(target)
    if not there or there == digest:
        return None
    source = source_of(there, notes, session)
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
    if earlier.settings.digest() == session.settings.digest():
        return "the text of an earlier run with these settings"
    return "the text of an earlier run with other settings"


def remember(digest: str, session: Session, edits: Collection[int], notes: Path) -> None:
    """Note that the session can write this text, with those of its decisions. Where no note can be left the text passes
    for somebody else's, which is the safe way to be wrong.
    """
    path = session.path
    name = path.name if same(path.parent, notes) else os.path.realpath(path)
    words = json.dumps({"session": name, "created_at": session.created_at, "edits": sorted(edits)})
    with suppress(OSError, GalleyError):
        note = private_dir(notes / FOLDER) / digest
        descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, words.encode())
        finally:
            os.close(descriptor)


def was_written(path: Path, notes: Path) -> bool:
    """Whether the file is, byte for byte, a text that was written; not where it is that text's own source as well. What
    can't be read is for whoever reads it.
    """
    with suppress(StorageError):
        digest = digest_of(path) if (notes / FOLDER).is_dir() else ""
        note = note_at(notes / FOLDER / digest) if digest else None
        return note is not None and f"-{digest[:DIGITS]}-" not in note.session
    return False


def forget(removed: Collection[Path], notes: Path) -> None:
    """Drop the notes of sessions that were removed; one that was set aside has its own, under the same name."""
    full = {name for path in removed for name in (path.name, os.path.realpath(path))}
    names = full | {original(name) for name in full}
    with suppress(OSError):
        for path in list((notes / FOLDER).iterdir()):
            note = note_at(path)
            if note is not None and note.session in names and source_of(path.name, notes) is None:
                path.unlink()


def original(name: str) -> str:
    """A session's name before it was set aside, or of the one that it was saved from."""
    return LATER.sub(SUFFIX, name)


def source_of(digest: str, notes: Path, session: Session | None = None) -> Path | None:
    """The session that can write the text; None when it is not known, or gone, or has lost words of it. `session` is
    one that is open, and asked as it is.
    """
    note = note_at(notes / FOLDER / digest)
    if note is None:
        return None
    path = notes / note.session
    for found in (path, *(p for p in path.parent.glob(f"{escape(path.stem)}.*{SUFFIX}") if LATER.search(p.name))):
        if session is not None and same(found, session.path):
            if can_write(session, note):
                return session.path
            continue
        with suppress(GalleyError), Session.open(found, write=False) as other:
            if can_write(other, note):
                return found
    return None


def same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def can_write(session: Session, note: Note) -> bool:
    """Of a session that was saved from a damaged one, every chunk has to be cleaned: what was lost is pending again."""
    whole = ".repaired" not in session.path.name or not session.status().pending
    return whole and session.created_at == note.created_at and note.edits <= session.edits()


def note_at(path: Path) -> Note | None:
    """None where there is none, or none that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        raw = json.loads(path.read_bytes())
        return Note(str(raw["session"]), str(raw["created_at"]), frozenset(int(edit) for edit in raw["edits"]))
    return None


def digest_of(target: Path) -> str:
    """SHA-256 of a file in hex; empty when there is none, or nothing is in it. What is no regular file is told by who
    writes there. Raises StorageError.
    """
    try:
        if not target.is_file() or not target.stat().st_size:
            return ""
        with target.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(
            f"{target} can't be read: {error.strerror or error}. It was left as it is.",
            "Choose another place or check its permissions.",
        ) from error


def not_ours(target: Path) -> NotOursError:
    return NotOursError(
        f"{target} was changed since Galley wrote it, or is not Galley's, or its session no longer has the words: "
        "it was left as it is.",
        "Move it away, or replace it with --force.",
    )
