"""Where sessions lie and how they are called: found by what was cleaned and how."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ..atomic import storage_error, sync_folder
from ..errors import GalleyError, SessionBusyError, SessionError
from ..settings import RunSettings
from .database import NeedsWriter, connect, journal_path
from .lock import WriterLock, lock_path, unwritable

T = TypeVar("T")
SUFFIX = ".galley"
DIGITS = 8
"""Of a hash, in a name."""
STEM_BYTES = 80
"""File systems allow 255 bytes for a name, encrypted ones 143; what SQLite and the lock append comes on top."""


def session_name(document: Path, sha256: str, settings_digest: str) -> str:
    """The document's name in safe characters, and eight hex digits each of its hash and the settings' digest."""
    safe = re.sub(r"[^\w.-]+", "-", document.stem).strip("-.")
    stem = safe.encode()[:STEM_BYTES].decode(errors="ignore") or "document"
    return f"{stem}-{sha256[:DIGITS]}-{settings_digest[:DIGITS]}{SUFFIX}"


def find_session(directory: Path, sha256: str, settings: RunSettings) -> Path | None:
    """The session of these bytes and settings, whatever the document was called; None when there is none."""
    ending = f"-{sha256[:DIGITS]}-{settings.digest()[:DIGITS]}{SUFFIX}"
    found = [path for path in directory.glob(f"*{SUFFIX}") if path.name.endswith(ending)]
    return min(found, default=None)


def set_aside(path: Path) -> Path:
    """Give an old session another name, to make room for a new one. Raises SessionBusyError or StorageError."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.old{number}{SUFFIX}")).exists():
        number += 1
    with_lock(path, lambda: move(path, aside))
    return aside


def move(path: Path, target: Path) -> None:
    """Rename a session, what a crash left being undone first: a journal belongs to the name it was written under."""
    if journal_path(path).exists():
        with suppress(GalleyError):
            connect(path, write=True).close()
    path.rename(target)
    with suppress(FileNotFoundError):
        journal_path(path).rename(journal_path(target))


def settle(path: Path) -> None:
    """Undo what a killed writer was in the middle of, and bring the file up to date. Another process that has it open
    for writing has done so itself.

    Raises SessionError or StorageError.
    """
    with suppress(SessionBusyError):
        with_lock(path, lambda: connect(path, write=True).close())


def remove(path: Path) -> None:
    """Delete a session and what lies beside it. Raises SessionError, SessionBusyError or StorageError."""
    if not path.is_file() or path.suffix != SUFFIX:
        raise SessionError(f"There is no session {path}.", "galley sessions lists those that there are.")
    with_lock(path, lambda: delete(path))


def delete(path: Path) -> None:
    """The lock file goes last and under the lock, so that nobody holds one that is no longer there."""
    path.unlink()
    for beside in (journal_path(path), lock_path(path)):
        with suppress(FileNotFoundError):
            beside.unlink()


def with_lock(path: Path, action: Callable[[], object]) -> None:
    try:
        lock = WriterLock(path)
        try:
            action()
        finally:
            lock.release()
    except OSError as error:
        raise unwritable(path, error) from error


def put_in_place(draft: Path, path: Path) -> None:
    """Give a finished draft its name; a journal that an earlier file of the name left would be played into it."""
    try:
        journal_path(path).unlink(missing_ok=True)
        draft.rename(path)
    except OSError as error:
        raise storage_error(path, error) from error
    sync_folder(path.parent)


def remove_with_journal(draft: Path) -> None:
    """A session that was never finished being made, and its journal."""
    for path in (draft, journal_path(draft)):
        with suppress(OSError):
            path.unlink()


def settled(path: Path, read: Callable[[], T]) -> T:
    """`read`, once more if it met what a writer has to settle first."""
    try:
        return read()
    except NeedsWriter:
        settle(path)
        return read()
