"""A session: a document with its settings, chunks, attempts and decisions, in one file.

Whatever a method reports as added is on disk when it returns. Everything is one connection and one writer; readers in
other processes see the last commit.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import ValidationError

from ..chunk import Chunk
from ..document import Document
from ..errors import SessionError, StorageError
from ..paths import private_dir
from ..prepare import Prepared
from ..settings import RunSettings
from . import decisions
from .database import connect, create_file, sqlite_errors, transaction
from .lock import WriterLock
from .names import session_name
from .records import Attempt, ChunkRecord, SessionDocument, SessionStatus
from .rows import attempt_columns, attempt_record, chunk_record, fill, now

CHUNK_COLUMNS = """
    SELECT c.*, d.kind AS decision FROM chunks c
    LEFT JOIN decisions d ON d.id = (SELECT max(id) FROM decisions WHERE chunk = c.idx AND NOT undone)
"""
STATUS = """
    SELECT count(*) AS total, total(c.state = 'done') AS done, total(c.state = 'failed') AS failed,
        total(c.state = 'pending') AS pending, total(coalesce(a.flagged, 0)) AS flagged
    FROM chunks c LEFT JOIN attempts a ON a.id = c.chosen
"""
DECIDED = """
    SELECT count(*) FROM chunks c WHERE
        (SELECT kind FROM decisions WHERE chunk = c.idx AND NOT undone ORDER BY id DESC LIMIT 1) IS NOT NULL
"""


class Session:
    """An open session; use it as a context manager. Made by `create` or `open`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: WriterLock | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self._settings: RunSettings | None = None
        self._document: SessionDocument | None = None

    @classmethod
    def create(
        cls,
        directory: Path,
        document: Document,
        prepared: Prepared,
        chunks: Sequence[Chunk],
        settings: RunSettings,
    ) -> "Session":
        """Write a new session into `directory`, whole or not at all, and open it for writing.

        Raises StorageError, or SessionBusyError when another process is making the same one.
        """
        private_dir(directory)
        path = directory / session_name(document.path, document.sha256, settings.digest())
        draft = path.with_name(f".{path.name}.new")
        try:
            lock = WriterLock(path)
        except OSError as error:
            raise StorageError(f"{directory} can't be written: {error.strerror}.", "Set --session-dir.") from error
        try:
            if path.exists():
                raise StorageError(f"{path} exists already.", "Resume it, or use --fresh.")
            remove_draft(draft)
            create_file(draft)
            connection = connect(draft, write=True)
            try:
                with transaction(connection, path):
                    fill(connection, document, prepared, chunks, settings)
            finally:
                connection.close()
            draft.rename(path)
            return cls(path, connect(path, write=True), lock)
        except BaseException:
            remove_draft(draft)
            lock.release()
            raise

    @classmethod
    def open(cls, path: Path, *, write: bool = True) -> "Session":
        """Open an existing session. A reader never waits for a writer and takes no lock.

        Raises SessionError (missing, damaged, newer version), SessionBusyError or StorageError.
        """
        if not path.is_file():
            raise SessionError(f"There is no session {path}.", "galley sessions lists those that there are.")
        lock: WriterLock | None = None
        if write:
            try:
                lock = WriterLock(path)
            except OSError as error:
                raise StorageError(
                    f"{path.parent} can't be written: {error.strerror}.", "Set --session-dir."
                ) from error
        try:
            session = cls(path, connect(path, write=write), lock)
            session.status()
            return session
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def close(self) -> None:
        """Give up the right to write. Harmless when called again."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def settings(self) -> RunSettings:
        """What the session was made with. Raises SessionError when this version can't read it."""
        if self._settings is None:
            raw = self._one("SELECT settings FROM document")["settings"]
            try:
                self._settings = RunSettings.model_validate_json(raw)
            except ValidationError as error:
                raise SessionError(
                    f"The settings of {self.path.name} are of another version of Galley.",
                    "Clean with --fresh.",
                ) from error
        return self._settings

    @property
    def document(self) -> SessionDocument:
        if self._document is None:
            row = self._one("SELECT * FROM document")
            self._document = SessionDocument(
                path=Path(row["path"]),
                sha256=row["sha256"],
                kind=row["kind"],
                page_count=row["page_count"],
                metadata=json.loads(row["metadata"]),
                notes=tuple(json.loads(row["notes"])),
                skipped=tuple((number, reason) for number, reason in json.loads(row["skipped"])),
                counts=json.loads(row["counts"]),
                language=row["language"],
                characters=row["characters"],
            )
        return self._document

    @property
    def page_runs(self) -> tuple[tuple[int, int], ...]:
        """(offset in the prepared text, page number), ascending: which page each character is from."""
        runs: list[tuple[int, int]] = json.loads(self._one("SELECT page_runs FROM document")["page_runs"])
        return tuple((offset, page) for offset, page in runs)

    def status(self) -> SessionStatus:
        """Counts of chunks by state."""
        row = self._one(STATUS)
        decided = self._one(DECIDED)[0]
        return SessionStatus(
            int(row["total"]),
            int(row["done"]),
            int(row["failed"]),
            int(row["pending"]),
            int(row["flagged"]),
            decided,
        )

    def chunks(self) -> list[ChunkRecord]:
        """All chunks in order."""
        return [chunk_record(row) for row in self._all(f"{CHUNK_COLUMNS} ORDER BY c.idx")]

    def chunk(self, index: int) -> ChunkRecord:
        """Raises SessionError when there is no such chunk."""
        rows = self._all(f"{CHUNK_COLUMNS} WHERE c.idx = ?", index)
        if not rows:
            raise SessionError(f"The session {self.path.name} has no chunk {index + 1}.")
        return chunk_record(rows[0])

    def pending(self) -> list[int]:
        """Indices of the chunks that are still to be cleaned, ascending."""
        return [row["idx"] for row in self._all("SELECT idx FROM chunks WHERE state = 'pending' ORDER BY idx")]

    def attempts(self, index: int) -> list[Attempt]:
        """Every attempt on a chunk, oldest first."""
        return [attempt_record(row) for row in self._all("SELECT * FROM attempts WHERE chunk = ? ORDER BY id", index)]

    def chosen(self, index: int) -> Attempt | None:
        """The attempt that counts, or None."""
        rows = self._all("SELECT a.* FROM attempts a JOIN chunks c ON c.chosen = a.id WHERE c.idx = ?", index)
        return attempt_record(rows[0]) if rows else None

    def text_of(self, index: int) -> str | None:
        """The chunk's text as it stands: a person's decision, else the chosen attempt, else None."""
        decided = decisions.current(self._connection, index)
        if decided is not None and decided.kind == "edited":
            return decided.text
        if decided is not None and decided.kind == "source":
            return self.chunk(index).source
        attempt = self.chosen(index)
        return attempt.output if attempt is not None else None

    def add_attempt(self, attempt: Attempt, *, choose: bool, state: str | None = None, note: str = "") -> int:
        """Save an attempt, and what it makes of its chunk, in one transaction; returns its id.

        `choose` makes it the one that counts; `state` (`done` or `failed`) ends the chunk. Raises StorageError.
        """
        with transaction(self._connection, self.path):
            columns = attempt_columns(attempt)
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            cursor = self._connection.execute(
                f"INSERT INTO attempts ({names}) VALUES ({marks})", tuple(columns.values())
            )
            assert cursor.lastrowid is not None
            if choose:
                self._connection.execute(
                    "UPDATE chunks SET chosen = ? WHERE idx = ?", (cursor.lastrowid, attempt.chunk)
                )
            if state is not None:
                self._connection.execute(
                    "UPDATE chunks SET state = ?, note = ? WHERE idx = ?", (state, note, attempt.chunk)
                )
        return cursor.lastrowid

    def choose(self, index: int, attempt_id: int) -> None:
        """Let another attempt of the chunk count. Raises SessionError when it is none of the chunk's."""
        with transaction(self._connection, self.path):
            cursor = self._connection.execute(
                "UPDATE chunks SET chosen = ?, state = 'done' WHERE idx = ? AND EXISTS "
                "(SELECT 1 FROM attempts WHERE id = ? AND chunk = ? AND error IS NULL)",
                (attempt_id, index, attempt_id, index),
            )
            if cursor.rowcount == 0:
                raise SessionError(f"Chunk {index + 1} has no usable attempt {attempt_id}.")

    def reopen_failed(self) -> int:
        """Make every failed chunk pending again; returns how many."""
        with transaction(self._connection, self.path):
            cursor = self._connection.execute("UPDATE chunks SET state = 'pending', note = '' WHERE state = 'failed'")
        return cursor.rowcount

    def decide(self, index: int, kind: str | None, text: str | None = None) -> None:
        """A person's word on a chunk: `accepted`, `edited` (with the text), `source`, or None to take it back."""
        self.chunk(index)
        with transaction(self._connection, self.path):
            decisions.add(self._connection, index, kind, text)

    def undo(self) -> int | None:
        """Take the last decision back; returns its chunk, or None when there is none."""
        with transaction(self._connection, self.path):
            return decisions.undo(self._connection)

    def redo(self) -> int | None:
        """Make the decision again that was undone last; returns its chunk, or None."""
        with transaction(self._connection, self.path):
            return decisions.redo(self._connection)

    def begin_run(self, engine: str, model: str) -> None:
        with transaction(self._connection, self.path):
            self._connection.execute(
                "INSERT INTO runs (engine, model, started_at) VALUES (?, ?, ?)", (engine, model, now())
            )

    def end_run(self, how: str, seconds: float) -> None:
        """`finished` or `interrupted`; a run without an end crashed."""
        with transaction(self._connection, self.path):
            self._connection.execute(
                "UPDATE runs SET how = ?, seconds = ? WHERE id = (SELECT max(id) FROM runs)", (how, seconds)
            )

    def last_model(self) -> str:
        """Path of the model of the last run; empty when none ran."""
        rows = self._all("SELECT model FROM runs WHERE model != '' ORDER BY id DESC LIMIT 1")
        return str(rows[0]["model"]) if rows else ""

    def attempt_seconds(self) -> float:
        """Seconds that all attempts took, one after another, in this and earlier runs."""
        return float(self._one("SELECT total(seconds) FROM attempts")[0])

    def has_run(self) -> bool:
        return bool(self._all("SELECT 1 FROM runs LIMIT 1"))

    def _one(self, query: str, *values: Any) -> sqlite3.Row:
        rows = self._all(query, *values)
        if not rows:
            raise SessionError(f"The session {self.path.name} is damaged: it has no document.")
        return rows[0]

    def _all(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with sqlite_errors(self.path):
            return self._connection.execute(query, values).fetchall()


def remove_draft(draft: Path) -> None:
    """A session that was never finished being made, and its journal."""
    for path in (draft, draft.with_name(f"{draft.name}-journal")):
        with suppress(FileNotFoundError):
            path.unlink()
