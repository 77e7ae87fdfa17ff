"""The SQLite file behind a session: opened so that a crash, a full disk or a network home can do it no harm.

No WAL, because home directories are often on NFS; every commit is synced, and the folder after it (EXTRA: else a power
cut could bring the journal back, and undo what was reported); the file is owner-only from its first byte.
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ..errors import SessionDamagedError, SessionError, StorageError
from ..wording import excerpt, printable
from .lock import lock_path
from .migrations import APPLICATION_ID, MIGRATIONS, VERSION

BUSY_TIMEOUT_SECONDS = 10.0
HEADER_BYTES = 100
MAGIC = b"SQLite format 3\0"
APPLICATION_ID_AT = 68
NONSENSE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What comes of making values out of rows that no Galley wrote: a bit can make another name of a column, too, and a
person lists within lists without end."""
CAN_BE_SAVED = "galley sessions check --repair writes what can be read of it to a new one"


def create_file(path: Path) -> None:
    """An empty file that only its owner may read. Raises StorageError when it is there or can't be made."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise StorageError(f"{path} exists already.", "Remove it or choose another session folder.") from error
    except OSError as error:
        raise StorageError(
            f"The session {path} can't be made: {error.strerror}.", "Set GALLEY_HOME or --session-dir."
        ) from error


class NeedsWriter(StorageError):
    """A reader met what only a writer can settle: a commit that was killed, or a file of an earlier version."""


def journal_path(path: Path) -> Path:
    """Where SQLite keeps what a commit in progress would undo. After a crash, the file is not whole without it."""
    return path.with_name(f"{path.name}-journal")


def check_header(path: Path) -> None:
    """Refuse what is no session by its first bytes, before a lock or SQLite touches anything. Raises SessionError."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except FileNotFoundError:
        raise SessionError(f"There is no session {path}.", "galley sessions lists those that there are.") from None
    except OSError as error:
        raise SessionError(f"The session {path} can't be read: {error.strerror}.", "Check its permissions.") from error
    application = int.from_bytes(header[APPLICATION_ID_AT : APPLICATION_ID_AT + 4], "big")
    if not header.startswith(MAGIC) or application != APPLICATION_ID:
        raise SessionDamagedError(
            f"{path} is no Galley session, or its beginning is damaged.",
            f"It is left as it is; {CAN_BE_SAVED}",
            "its beginning is not that of a session",
        )


def connect(path: Path, *, write: bool, new: bool = False) -> sqlite3.Connection:
    """Open and, when writing, bring the schema up to date; `new` for an empty file of our own.

    Raises SessionError or StorageError.
    """
    if not new:
        check_header(path)
    with sqlite_errors(path):
        connection = open_database(path, write=write, new=new)
        try:
            prepare_connection(connection, path, write=write, new=new)
        except BaseException:
            connection.close()
            raise
    return connection


def open_database(path: Path, *, write: bool, new: bool = False) -> sqlite3.Connection:
    """A connection to a file of ours, of whatever schema, that may go from thread to thread. Raises sqlite3.Error."""
    mode = "rw" if write else "ro"
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}{locking(path, new)}",
        uri=True,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    return connection


def sync_every_commit(connection: sqlite3.Connection) -> None:
    """What a commit says is on disk when it returns, on a network home as well. Raises sqlite3.Error."""
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = EXTRA")


def locking(path: Path, new: bool) -> str:
    """What SQLite is told where the file system has no locks: it would take every failed one for another process's.

    Our own lock then keeps writers apart by the holder's name. It is tried on the file beside the session, or on a new
    session that nobody else has open: closing a file gives up all locks that the process has on it.
    """
    try:
        descriptor = os.open(path if new else lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return "" if error.errno in (errno.EACCES, errno.EAGAIN) else "&vfs=unix-none"
    finally:
        os.close(descriptor)
    return ""


def prepare_connection(connection: sqlite3.Connection, path: Path, *, write: bool, new: bool) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and not new:
        raise damaged(path, "it has no version")
    if version > VERSION:
        raise SessionError(
            f"The session {path.name} was made by a newer Galley (file version {version}, known here {VERSION}).",
            "Update Galley to open it.",
        )
    refuse_programs(connection, path)
    if version < VERSION and not write:
        raise NeedsWriter(f"The session {path} is of an earlier version.", "Its folder has to be writable once.")
    connection.execute("PRAGMA foreign_keys = ON")
    if write:
        sync_every_commit(connection)
        if not new and connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise damaged(path, "its pages do not fit together")
        migrate(connection, version)


def refuse_programs(connection: sqlite3.Connection, path: Path) -> None:
    """Views and triggers run when a table is read or written, as long as whoever wrote the file likes. None is ours.

    Raises SessionDamagedError, and sqlite3.Error.
    """
    query = "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
    if connection.execute(query).fetchone()[0]:
        raise damaged(path, "there is more than tables in it")


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Run the steps that the file has not seen, each with its number in one transaction."""
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script}; PRAGMA application_id = {APPLICATION_ID}; "
            f"PRAGMA user_version = {number}; COMMIT;"
        )


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path, *, write: bool = True) -> Generator[None]:
    """All or nothing, and on disk when the block is left; without `write`, reading of one moment.

    Raises StorageError or SessionError.
    """
    with sqlite_errors(path):
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def sqlite_errors(path: Path) -> Generator[None]:
    """SQLite's errors as sentences. A damaged schema can make its message undecodable, which is an error of its own."""
    try:
        yield
    except sqlite3.ProgrammingError as error:  # what a file holds is never one
        if "closed" not in str(error):
            raise
        raise SessionError(f"The session {path.name} is closed.", "Open it again.") from error
    except sqlite3.DatabaseError as error:
        raise sentence_for(path, error) from error
    except UnicodeDecodeError as error:
        raise damaged(path, "text in it is not UTF-8") from error


@contextmanager
def row_errors(path: Path) -> Generator[None]:
    """For making values out of rows: flipped bits leave valid SQLite with columns that say nothing. Use only there."""
    try:
        with sqlite_errors(path):
            yield
    except NONSENSE as error:
        raise damaged(path, f"{type(error).__name__} in its values") from error


def in_a_line(error: object) -> str:
    """SQLite quotes what it stumbled over, byte by byte, be it a whole page of text: the beginning of it on one line,
    without what would paint on a terminal."""
    return excerpt(printable(str(error)))


def damaged(path: Path, why: str) -> SessionDamagedError:
    why = in_a_line(why)
    return SessionDamagedError(
        f"The session {path} is damaged ({why}).",
        f"It is left as it is; {CAN_BE_SAVED}; clean with --fresh begins anew.",
        why,
    )


def sentence_for(path: Path, error: sqlite3.DatabaseError) -> SessionError | StorageError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN} and journal_path(path).exists():
        return NeedsWriter(f"{path} was left in the middle of a commit.", "Its folder has to be writable once.")
    gone = code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL} and not path.exists()
    if gone or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
        return StorageError(
            f"{path} was moved or removed while it was written to.",
            "If it was moved, what was finished is in it and goes on from there; if not, the same command begins anew.",
        )
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return StorageError(
            f"The disk is full or failing: {path} could not be written ({in_a_line(error)}).",
            "What was finished before is saved; free some space and resume.",
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}:
        why = in_a_line(error)
        return StorageError(f"{path} can't be opened or written ({why}).", "Check its folder's permissions.")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return SessionError(f"{path} is locked by another process.", "Try again when that has ended.")
    return damaged(path, str(error))
