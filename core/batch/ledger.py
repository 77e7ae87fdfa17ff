"""What a batch knows of its documents, in one SQLite file in its folder: which are done, and what came of each.

It is opened as a session is, and for the same reasons: no write-ahead log, every commit synced, its owner's alone, one
writer. A document is entered as done when its text is in place, so that a kill at any moment costs at most the writing
of a text that is there already.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import GalleyError, InputError, SessionError, StorageError
from ..paths import private_dir
from ..session.database import (
    NONSENSE,
    create_file,
    in_a_line,
    open_database,
    sentence_for,
    sync_every_commit,
    transaction,
)
from ..session.lock import WriterLock, writer_of
from ..session.names import delete, put_in_place, remove_with_journal
from .entry import Entry, shown
from .lines import Lines
from .names import unique
from .records import DONE, FAILED, UNMEANT, WAITING, Outcome, Record, Totals, inside

NAME = "batch.galley-batch"
APPLICATION_ID = 0x47414C42  # "GALB"
VERSION = 1
SCHEMA = f"""
    CREATE TABLE documents (
        number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, source BLOB NOT NULL,
        output TEXT NOT NULL UNIQUE COLLATE NOCASE, settings TEXT NOT NULL, password_env TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'cleaned', 'done', 'failed')),
        reason TEXT NOT NULL DEFAULT '', stamp TEXT NOT NULL DEFAULT '', digest TEXT NOT NULL DEFAULT '',
        part TEXT NOT NULL DEFAULT '', outcome TEXT, worst INTEGER NOT NULL DEFAULT 0, call INTEGER NOT NULL
    );
    CREATE INDEX documents_by_call ON documents (call, number);
    CREATE INDEX documents_by_part ON documents (part);
    CREATE INDEX documents_by_worst ON documents (worst DESC, number);
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {VERSION};
"""
TOTALS = """
    SELECT count(*) AS documents, total(state = 'done') AS done, total(state = 'failed') AS failed,
        total(state IN ('waiting', 'cleaned')) AS waiting, total(json_extract(outcome, '$.pages')) AS pages,
        total(json_extract(outcome, '$.chunks')) AS chunks, total(json_extract(outcome, '$.failed')) AS failed_chunks,
        total(json_extract(outcome, '$.flagged')) AS flagged, total(json_extract(outcome, '$.tokens')) AS tokens,
        total(json_extract(outcome, '$.seconds')) AS seconds
    FROM (SELECT state, call, CASE WHEN state != 'failed' THEN outcome END AS outcome FROM documents)
"""
MOVE_AWAY = "Move it away: what is finished is found again by its sessions."
PAGE = 500
"""Records in memory at a time."""
FAILED_CHUNK_WEIGHT = 1000
"""In the order of what to look at first, a failed chunk outweighs so many flagged ones."""


class BatchBusyError(GalleyError):
    """Another process runs a batch into the same folder."""


def ledger_path(folder: Path) -> Path:
    return folder / NAME


def is_batch(folder: Path) -> bool:
    """Whether a batch was run into this folder."""
    return ledger_path(folder).is_file()


class Ledger:
    """An open ledger; use it as a context manager. May be used from several threads."""

    def __init__(self, folder: Path, *, write: bool = True) -> None:
        """Open the folder's ledger; with `write` it is made when there is none.

        Raises BatchBusyError, SessionError (no ledger, or damaged) or StorageError.
        """
        self.path = ledger_path(folder)
        self._mutex = threading.RLock()
        self._new_folder = not os.path.exists(folder)  # False for a name that is too long
        self._lock = locked(self.path) if write else None
        try:
            self._connection = connect(self.path, write)
            self._call = self._last_call() + 1
        except BaseException:
            self._release()
            raise

    def close(self) -> None:
        self._connection.close()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._lock is not None:
            with suppress(GalleyError, OSError):
                self._remove_if_new()
        self.close()

    def register(self, entries: Iterable[Entry], folder: Path, suffix: str) -> int:
        """Enter the documents of this call, each under a name that no other has; returns how many there are.

        A document that is known keeps its name. `suffix` is what texts get: a file that stands in `folder` already and
        is none of ours is left alone, and the document gets another name. What means no document is set aside.

        Raises InputError when a manifest wants two things of one document, or one name for two.
        """
        known = "SELECT number, call, settings, password_env FROM documents WHERE key = ?"
        with self._writing():
            lines = Lines(self._connection)
            for entry in entries:
                key = os.fsencode(entry.key)
                lines.take(entry, key)
                found = self._connection.execute(known, (key,)).fetchone()
                settings = json.dumps(dict(entry.settings), sort_keys=True)
                if found is not None:
                    wanted = (self._call, settings, entry.password_env)
                    if entry.where and found["call"] == self._call and wanted != tuple(found)[1:]:
                        raise InputError(
                            f"{entry.where}: {shown(entry.source)} was named before, with other settings.",
                            "Give one of them an output of its own.",
                        )
                    self._connection.execute(
                        "UPDATE documents SET call = ?, settings = ?, password_env = ?, digest = replace(digest, ?, '')"
                        " WHERE number = ?",
                        (*wanted, UNMEANT, found["number"]),
                    )
                else:
                    output = unique(entry.name, entry.key, lambda name: self._taken(name, folder, suffix))
                    self._connection.execute(
                        "INSERT INTO documents (key, source, output, settings, password_env, call)"
                        " VALUES (?, ?, ?, ?, ?, ?)",
                        (key, os.fsencode(entry.source), output, settings, entry.password_env, self._call),
                    )
                if entry.fault:
                    self._connection.execute(
                        "UPDATE documents SET state = ?, reason = ?, digest = ? WHERE key = ?",
                        (FAILED, os.fsencode(entry.fault).decode(errors="replace"), UNMEANT, key),
                    )
        return self.totals(here=True).documents

    def register_known(self) -> int:
        """The documents of the last call are this call's; returns how many there are. Those of calls before it were
        entered with other settings, which are not known any more.
        """
        with self._writing():
            self._connection.execute("UPDATE documents SET call = ? WHERE call = ?", (self._call, self._call - 1))
        return self.totals(here=True).documents

    def kinds(self) -> list[dict[str, str]]:
        """The different settings that documents of this call have of their own."""
        with self._mutex, errors(self.path), row_errors(self.path):
            query = "SELECT DISTINCT settings FROM documents WHERE call = ?"
            return [settings_of(row) for row in self._connection.execute(query, (self._call,))]

    def after(self, number: int) -> Record | None:
        """The next document of this call behind that one."""
        query = "SELECT * FROM documents WHERE call = ? AND number > ? ORDER BY number LIMIT 1"
        return next(iter(self._all(query, self._call, number)), None)

    def finish(self, number: int, outcome: Outcome, stamp: str, state: str = DONE) -> None:
        """What came of a document, once its text is in place (`done`) or can be had of its session (`cleaned`)."""
        worst = outcome.failed * FAILED_CHUNK_WEIGHT + outcome.flagged
        raw = json.dumps(outcome.to_dict(), ensure_ascii=True)
        with self._writing():
            self._connection.execute(
                "UPDATE documents SET state = ?, reason = '', stamp = ?, digest = ?, outcome = ?, worst = ?"
                " WHERE number = ?",
                (state, stamp, outcome.digest, raw, worst, number),
            )

    def set_aside(self, number: int, reason: str, stamp: str, digest: str) -> None:
        """The document failed, by these settings and in this state of its file."""
        with self._writing():
            self._connection.execute(
                "UPDATE documents SET state = ?, reason = ?, stamp = ?, digest = ? WHERE number = ?",
                (FAILED, os.fsencode(reason).decode(errors="replace"), stamp, digest, number),
            )

    def place(self, numbers: Iterable[int], part: str) -> None:
        """The rows of these documents are in that part of the data set, on disk."""
        with self._writing():
            self._connection.executemany(
                "UPDATE documents SET part = ?, state = 'done' WHERE number = ?", [(part, n) for n in numbers]
            )

    def displace(self, number: int) -> None:
        """The document's rows are in no part any more."""
        with self._writing():
            self._connection.execute("UPDATE documents SET part = '' WHERE number = ?", (number,))

    def folders(self) -> set[str]:
        """The folders that texts are in, relative to the batch's own."""
        with self._mutex, errors(self.path):
            return {
                row["output"].rpartition("/")[0] for row in self._connection.execute("SELECT output FROM documents")
            }

    def parts(self) -> set[str]:
        """Names of the parts that hold rows."""
        with self._mutex, errors(self.path):
            rows = self._connection.execute("SELECT DISTINCT part FROM documents WHERE part != ''").fetchall()
        return {row["part"] for row in rows}

    def documents(self, *, worst_first: bool = False, here: bool = False) -> Iterator[Record]:
        """All documents, or (`here`) those of this call, a few hundred in memory at a time."""
        only = "call = ?" if here else "call <= ?"
        if not worst_first:
            yield from self._in_order(only, self._call)
            return
        with self._mutex, errors(self.path):
            query = f"SELECT DISTINCT state != 'failed' AS fine, worst FROM documents WHERE {only} ORDER BY 1, 2 DESC"
            ranks = [(row["fine"], row["worst"]) for row in self._connection.execute(query, (self._call,))]
        for fine, worst in ranks:  # each by its index: to skip what was seen would take longer page by page
            yield from self._in_order(f"+{only} AND (state != 'failed') = ? AND worst = ?", self._call, fine, worst)

    def _in_order(self, which: str, *values: Any) -> Iterator[Record]:
        """Those of them, by their numbers."""
        at = 0
        query = f"SELECT * FROM documents WHERE {which} AND number > ? ORDER BY number LIMIT {PAGE}"
        while found := self._all(query, *values, at):
            yield from found
            at = found[-1].number

    def totals(self, *, here: bool = False) -> Totals:
        """Sums over all documents, or (`here`) over those of this call."""
        with self._mutex, errors(self.path), row_errors(self.path):
            only = f"WHERE call = {self._call}" if here else ""
            row = self._connection.execute(f"{TOTALS} {only}").fetchone()
            whole = {name: int(row[name]) for name in row.keys() if name != "seconds"}  # noqa: SIM118
            return Totals(**whole, seconds=float(row["seconds"]))

    def unmeant(self) -> int:
        """How many inputs of this call meant no document when they were given."""
        with self._mutex, errors(self.path):
            query = "SELECT count(*) AS inputs FROM documents WHERE call = ? AND digest = ?"
            return self._connection.execute(query, (self._call, UNMEANT)).fetchone()["inputs"]

    def facts(self) -> dict[str, str]:
        """What was kept of how the batch was called."""
        with self._mutex, errors(self.path):
            return {row["name"]: row["value"] for row in self._connection.execute("SELECT * FROM facts")}

    def keep(self, facts: Mapping[str, str]) -> None:
        with self._writing():
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", list(facts.items()))

    def _taken(self, name: str, folder: Path, suffix: str) -> bool:
        query = "SELECT 1 FROM documents WHERE output = ?"
        if self._connection.execute(query, (name,)).fetchone() is not None:
            return True
        return bool(suffix) and os.path.lexists(folder / f"{name}{suffix}")

    def _last_call(self) -> int:
        with self._mutex, errors(self.path):
            return self._connection.execute("SELECT coalesce(max(call), 0) AS call FROM documents").fetchone()["call"]

    def _all(self, query: str, *values: Any) -> list[Record]:
        with self._mutex, errors(self.path), row_errors(self.path):
            return [record(row) for row in self._connection.execute(query, values).fetchall()]

    def _remove_if_new(self) -> None:
        """A ledger that never came to know a document goes, and the folder if that was made for it."""
        if self._last_call():
            return
        self._connection.close()
        delete(self.path)
        if self._new_folder:
            self.path.parent.rmdir()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @contextmanager
    def _writing(self) -> Generator[None]:
        with self._mutex, errors(self.path), transaction(self._connection, self.path):
            yield


def locked(path: Path) -> WriterLock:
    """The right to write to the ledger. Raises BatchBusyError or StorageError."""
    try:
        private_dir(path.parent)
    except StorageError as error:
        raise StorageError(error.message, "Give another folder with -o.") from error
    try:
        return WriterLock(path)
    except SessionError as error:
        raise BatchBusyError(
            f"Another batch writes to {path.parent}: {writer_of(path) or 'another process'}.",
            "Wait for it to end, or give another folder with -o.",
        ) from error
    except OSError as error:
        raise StorageError(
            f"{path.parent} can't be written: {error.strerror}.", "Give another folder with -o."
        ) from error


def connect(path: Path, write: bool) -> sqlite3.Connection:
    """Open the file, and make it when there is none. Raises SessionError or StorageError."""
    if write and not path.exists():
        draft = path.with_name(f".{path.name}.new")
        remove_with_journal(draft)
        create_file(draft)
        try:
            with errors(path), closing(sqlite3.connect(draft)) as connection:
                connection.executescript(f"BEGIN; {SCHEMA} COMMIT;")
            put_in_place(draft, path)
        finally:
            remove_with_journal(draft)
    if not path.is_file():
        raise SessionError(f"There is no batch in {path.parent.absolute()}.", "galley batch INPUT -o DIR begins one.")
    with errors(path):
        connection = open_database(path, write=write)
        ours = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if not ours or version > VERSION:
            connection.close()
            why = "it was made by a newer Galley" if ours else "it is no ledger of a batch"
            raise SessionError(f"{path} can't be used: {why}.", "Give another folder with -o.")
        if write:
            sync_every_commit(connection)
    return connection


def moved_away(folder: Path) -> StorageError:
    """The folder of the results is not where it was: whatever is written there now would be in another one."""
    return StorageError(
        f"The folder {folder} was moved or removed while the batch ran.",
        "What is finished is saved: galley batch -o with its new name goes on, or the same command begins again.",
    )


@contextmanager
def errors(path: Path) -> Generator[None]:
    """SQLite's errors as sentences about the ledger."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        told = sentence_for(path, error)
        if isinstance(told, StorageError):
            raise told from error
        raise SessionError(
            f"The batch's ledger {path} can't be used ({in_a_line(error)}).",
            MOVE_AWAY,
        ) from error


@contextmanager
def row_errors(path: Path) -> Generator[None]:
    """What no Galley wrote into a row, as a sentence about the ledger."""
    try:
        yield
    except NONSENSE as error:
        raise SessionError(
            f"The batch's ledger {path} is damaged: a row of it says what can't be.", MOVE_AWAY
        ) from error


def settings_of(row: sqlite3.Row) -> dict[str, str]:
    """A document's own settings. Raises ValueError or AttributeError."""
    return {str(name): str(value) for name, value in json.loads(row["settings"]).items()}


def record(row: sqlite3.Row) -> Record:
    return Record(
        number=row["number"],
        source=os.fsdecode(row["source"]),
        output=inside(row["output"]),
        settings=settings_of(row),
        password_env=row["password_env"],
        state=row["state"],
        reason=row["reason"],
        stamp=row["stamp"],
        digest=row["digest"],
        part=inside(row["part"]),
        outcome=Outcome.from_dict(json.loads(row["outcome"])) if row["outcome"] else None,
    )


__all__ = ["DONE", "FAILED", "WAITING", "BatchBusyError", "Ledger", "is_batch", "ledger_path"]
