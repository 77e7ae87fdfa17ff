"""Where sessions lie and how they are called: found by what was cleaned and how."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import SessionError, StorageError
from ..settings import RunSettings
from .lock import WriterLock, lock_path

SUFFIX = ".galley"
STEM_LENGTH = 60


def session_name(document: Path, sha256: str, settings_digest: str) -> str:
    """The document's name in safe characters, and eight hex digits each of its hash and the settings' digest."""
    stem = re.sub(r"[^\w.-]+", "-", document.stem).strip("-.")[:STEM_LENGTH] or "document"
    return f"{stem}-{sha256[:8]}-{settings_digest[:8]}{SUFFIX}"


def find_session(directory: Path, sha256: str, settings: RunSettings) -> Path | None:
    """The session of these bytes and settings, whatever the document was called; None when there is none."""
    ending = f"-{sha256[:8]}-{settings.digest()[:8]}{SUFFIX}"
    found = [path for path in directory.glob(f"*{SUFFIX}") if path.name.endswith(ending)]
    return min(found, default=None)


def set_aside(path: Path) -> Path:
    """Give an old session another name, to make room for a new one. Raises SessionBusyError or StorageError."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.old{number}{SUFFIX}")).exists():
        number += 1
    with_lock(path, lambda: path.rename(aside))
    return aside


def remove(path: Path) -> None:
    """Delete a session and what lies beside it. Raises SessionError, SessionBusyError or StorageError."""
    if not path.is_file():
        raise SessionError(f"There is no session {path}.", "galley sessions lists those that there are.")
    with_lock(path, path.unlink)
    for beside in (lock_path(path), path.with_name(f"{path.name}-journal")):
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
        raise StorageError(f"{path} can't be changed: {error.strerror}.", "Check its folder's permissions.") from error
