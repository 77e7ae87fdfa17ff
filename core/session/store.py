"""A session: a document with its settings, chunks, attempts and decisions, in one file.

Whatever a method reports as added is on disk when it returns. Everything is one connection and one writer; readers in
other processes see the last commit. Threads of one process may share a session: a person decides while a run works.
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TypeVar

from ..chunk import Chunk
from ..document import Document
from ..errors import SessionError, StorageError
from ..paths import private_dir
from ..prepare import Prepared
from ..settings import RunSettings
from . import decisions
from .database import check_header, connect, create_file, damaged, row_errors, sqlite_errors, transaction
from .lock import WriterLock, unwritable
from .names import put_in_place, remove_with_journal, session_name, settled
from .queries import CHOSEN, CHUNK_COLUMNS, DECISION, EDITS, ROWS, STANDING, STATUS, WORK_DONE
from .records import Attempt, ChunkRecord, Decision, Result, Row, SessionDocument, SessionStatus, WorkDone, text_by
from .rows import (
    attempt_columns,
    attempt_record,
    chunk_record,
    compare,
    decision_record,
    document_record,
    fill,
    list_row,
    now,
    storable,
    to_json,
)

T = TypeVar("T")


class Session:
    """An open session; use it as a context manager. Made by `create` or `open`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: WriterLock | None) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self._mutex = threading.RLock()
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
            raise unwritable(path, error) from error
        try:
            if path.exists():
                raise StorageError(f"{path} exists already.", "Resume it, or use --fresh.")
            remove_with_journal(draft)
            create_file(draft)
            connection = connect(draft, write=True, new=True)
            try:
                with transaction(connection, path):
                    fill(connection, document, prepared, chunks, settings)
            finally:
                connection.close()
            put_in_place(draft, path)
            return cls(path, connect(path, write=True), lock)
        except BaseException:
            remove_with_journal(draft)
            lock.release()
            raise

    @classmethod
    def open(cls, path: Path, *, write: bool = True) -> "Session":
        """Open an existing session. A reader never waits for a writer and takes no lock.

        Raises SessionError (missing, damaged, newer version), SessionBusyError or StorageError.
        """
        check_header(path)
        lock: WriterLock | None = None
        if write:
            try:
                lock = WriterLock(path)
            except OSError as error:
                raise unwritable(path, error) from error
        try:
            connection = connect(path, write=True) if write else settled(path, lambda: connect(path, write=False))
            session = cls(path, connection, lock)
            session.status()
            return session
        except BaseException:
            if lock is not None:
                lock.release()
            raise

    def close(self) -> None:
        """Give up the right to write. Harmless when called again, and while another thread reads, which ends first."""
        with self._mutex:
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
            raw: str = self._one("SELECT settings FROM document", lambda row: row["settings"])
            try:
                self._settings = RunSettings.model_validate(json.loads(raw))
            except (ValueError, RecursionError) as error:  # pydantic's are such too
                raise SessionError(
                    f"The settings of {self.path.name} are of another version of Galley.",
                    "Clean with --fresh.",
                ) from error
        return self._settings

    @property
    def document(self) -> SessionDocument:
        """The document, without its pages."""
        if self._document is None:
            self._document = self._one("SELECT * FROM document", document_record)
        return self._document

    @property
    def created_at(self) -> str:
        """When it was made; sets it apart from another that had its name."""
        return self._one("SELECT created_at FROM document", lambda row: str(row["created_at"]))

    @property
    def page_runs(self) -> tuple[tuple[int, int], ...]:
        """(offset in the prepared text, page number), ascending: which page each character is from."""
        return self._one(
            "SELECT page_runs FROM document",
            lambda row: tuple((offset, page) for offset, page in json.loads(row["page_runs"])),
        )

    def status(self) -> SessionStatus:
        """Counts of chunks by state."""
        return self._one(
            STATUS,
            lambda row: SessionStatus(
                total=row["total"],
                done=int(row["done"]),
                failed=int(row["failed"]),
                pending=int(row["pending"]),
                flagged=row["flagged"],
                decided=row["decided"],
            ),
        )

    def chunks(self) -> list[ChunkRecord]:
        """All chunks in order."""
        return self._all(f"{CHUNK_COLUMNS} ORDER BY c.idx", chunk_record)

    def chunk(self, index: int) -> ChunkRecord:
        """Raises SessionError when there is no such chunk."""
        return self._chunk(index, chunk_record)

    def rows(self, indices: Iterable[int] | None = None) -> list[Row]:
        """All chunks in order, or some of them, as a list shows them; cheap for ten thousand."""
        if indices is None:
            return self._all(f"{ROWS} ORDER BY c.idx", list_row)
        wanted = to_json(sorted(indices))
        return self._all(f"{ROWS} WHERE c.idx IN (SELECT value FROM json_each(?)) ORDER BY c.idx", list_row, wanted)

    def row(self, index: int) -> Row:
        """One of `rows`. Raises SessionError when there is no such chunk."""
        found = self.rows([index])
        return found[0] if found else self._missing(index)

    def pending(self) -> list[int]:
        """Indices of the chunks that are still to be cleaned, ascending."""
        return self._all("SELECT idx FROM chunks WHERE state = 'pending' ORDER BY idx", lambda row: row["idx"])

    def state(self, index: int) -> str:
        """`pending`, `done` or `failed`, without the rest of the chunk. Raises SessionError when there is no such."""
        found: list[str] = self._all("SELECT state FROM chunks WHERE idx = ?", lambda row: row["state"], index)
        return found[0] if found else self._missing(index)

    def attempts(self, index: int) -> list[Attempt]:
        """Every attempt on a chunk, oldest first."""
        return self._all("SELECT * FROM attempts WHERE chunk = ? ORDER BY id", attempt_record, index)

    def chosen(self, index: int) -> Attempt | None:
        """The attempt that counts, or None."""
        found = self._all(f"{CHOSEN} WHERE c.idx = ?", attempt_record, index)
        return found[0] if found else None

    def decision(self, index: int) -> Decision | None:
        """What a person said of a chunk last, or None."""
        found = self._all(DECISION, decision_record, index)
        return found[0] if found and found[0].kind else None

    def edits(self, *, standing: bool = False) -> set[int]:
        """Ids of the decisions that hold a person's own words, undone ones too, or of those that count now."""
        return set(self._all(STANDING if standing else EDITS, lambda row: int(row["id"])))

    def text_of(self, index: int) -> str | None:
        """The chunk's text as it stands: a person's decision, else the chosen attempt, else None."""
        return self.result(index).text

    def result(self, index: int) -> Result:
        """One of `results`. Raises SessionError when there is no such chunk."""
        with self._mutex:
            chunk, decided = self._chunk(index, lambda row: (chunk_record(row), row["decided"]))
            attempt = self.chosen(index)
        return Result(chunk, attempt, text_by(chunk, decided, attempt))

    def results(self) -> list[Result]:
        """Every chunk in order, with the attempt and the text that count, all of one moment."""
        with self._mutex, transaction(self._connection, self.path, write=False):
            rows = self._all(f"{CHUNK_COLUMNS} ORDER BY c.idx", lambda row: (chunk_record(row), row["decided"]))
            chosen = {attempt.id: attempt for attempt in self._all(CHOSEN, attempt_record)}
        found = [(chunk, decided, chosen.get(chunk.chosen or 0)) for chunk, decided in rows]
        return [Result(chunk, attempt, text_by(chunk, decided, attempt)) for chunk, decided, attempt in found]

    def add_attempt(self, attempt: Attempt, *, choose: bool, state: str | None = None, note: str = "") -> int:
        """Save an attempt, and what it makes of its chunk, in one transaction; returns its id.

        `choose` makes it the one that counts; `state` (`done` or `failed`) ends the chunk. Raises StorageError.
        """
        with self._writing():
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
                    "UPDATE chunks SET state = ?, note = ? WHERE idx = ?", (state, storable(note), attempt.chunk)
                )
        return cursor.lastrowid

    def choose(self, index: int, attempt_id: int, *, came_in: bool = False) -> int:
        """Let another attempt of the chunk count; what was said of it before no longer holds. Can be undone.

        Returns how many decisions can't be redone now; see decisions.add. Raises SessionError when it is none of its.
        """
        usable = "SELECT id FROM attempts WHERE id = ? AND chunk = ? AND error IS NULL"
        with self._writing():
            if self._connection.execute(usable, (attempt_id, index)).fetchone() is None:
                raise SessionError(f"Chunk {index + 1} has no usable attempt {attempt_id}.")
            dropped = decisions.add(self._connection, [index], None, attempt=attempt_id, came_in=came_in)
            self._connection.execute(
                "UPDATE chunks SET chosen = ?, state = 'done', note = '' WHERE idx = ?", (attempt_id, index)
            )
        return dropped

    def reopen_failed(self) -> int:
        """Make every failed chunk pending again; returns how many."""
        with self._writing():
            cursor = self._connection.execute("UPDATE chunks SET state = 'pending', note = '' WHERE state = 'failed'")
        return cursor.rowcount

    def decide(
        self, index: int, kind: str | None, text: str | None = None, *, switched: Sequence[int] | None = None
    ) -> None:
        """A person's word on a chunk: `accepted`, `edited` (with the text), `source`, or None to take it back.

        `switched` says which edits of the attempt the text differs by, where that is all. Raises SessionError when
        there is no such chunk.
        """
        if (kind == "edited") != (text is not None):
            raise ValueError("a text goes with `edited` and with nothing else")
        self.chunk(index)
        edits = None if switched is None else to_json(list(switched))
        with self._writing():
            decisions.add(self._connection, [index], kind, None if text is None else storable(text), edits)

    def decide_all(self, indices: Iterable[int], kind: str | None) -> None:
        """As `decide`, without a text, of several chunks in one step, which one undo takes back."""
        with self._writing():
            decisions.add(self._connection, indices, kind)

    def undo(self) -> list[int]:
        """Take the last decision back; returns its chunks, ascending, or none when there is nothing to undo."""
        with self._writing():
            return decisions.undo(self._connection)

    def redo(self) -> list[int]:
        """Make the decision again that was undone last; returns its chunks, or none."""
        with self._writing():
            return decisions.redo(self._connection)

    def place(self) -> dict[str, str]:
        """Where a person left off, as the front wrote it down."""
        return dict(self._all("SELECT * FROM place", lambda row: (str(row["name"]), str(row["value"]))))

    def keep_place(self, place: dict[str, str]) -> None:
        with self._writing():
            self._connection.executemany("INSERT OR REPLACE INTO place VALUES (?, ?)", list(place.items()))

    def add_comparison(self, agreements: Mapping[int, float | None], notes: Sequence[str]) -> None:
        """How far two extractors agree on pages, by number, and all notes of the document with what came of that."""
        with self._writing():
            compare(self._connection, agreements, notes)
        self._document = None

    def begin_run(self, engine: str, model: str) -> None:
        with self._writing():
            columns = (engine, model, now())
            self._connection.execute("INSERT INTO runs (engine, model, started_at) VALUES (?, ?, ?)", columns)

    def end_run(self, how: str, seconds: float) -> None:
        """`finished` or `interrupted`; a run without an end crashed."""
        with self._writing():
            last = "UPDATE runs SET how = ?, seconds = ? WHERE id = (SELECT max(id) FROM runs)"
            self._connection.execute(last, (how, seconds))

    def last_model(self) -> str:
        """Path of the model of the last run; empty when none ran."""
        models: list[str] = self._all(
            "SELECT model FROM runs WHERE model != '' ORDER BY id DESC LIMIT 1", lambda row: row["model"]
        )
        return models[0] if models else ""

    def attempt_seconds(self) -> float:
        """Seconds that all attempts took, one after another, in this and earlier runs."""
        return self._one("SELECT total(seconds) AS seconds FROM attempts", lambda row: float(row["seconds"]))

    def work_done(self) -> WorkDone:
        """What all runs took together, for an estimate of the next."""
        return self._one(WORK_DONE, lambda row: WorkDone(float(row["seconds"]), int(row["tokens"])))

    def has_run(self) -> bool:
        return bool(self._all("SELECT id FROM runs LIMIT 1", lambda row: row["id"]))

    def _chunk(self, index: int, convert: Callable[[sqlite3.Row], T]) -> T:
        found = self._all(f"{CHUNK_COLUMNS} WHERE c.idx = ?", convert, index)
        return found[0] if found else self._missing(index)

    def _missing(self, index: int) -> NoReturn:
        raise SessionError(f"The session {self.path.name} has no chunk {index + 1}.")

    def _one(self, query: str, convert: Callable[[sqlite3.Row], T]) -> T:
        found = self._all(query, convert)
        if not found:
            raise damaged(self.path, "it has no document")
        return found[0]

    def _all(self, query: str, convert: Callable[[sqlite3.Row], T], *values: Any) -> list[T]:
        def read() -> list[T]:
            with self._mutex, row_errors(self.path):
                return [convert(row) for row in self._connection.execute(query, values).fetchall()]

        return settled(self.path, read) if self._lock is None else read()

    @contextmanager
    def _writing(self) -> Generator[None]:
        with self._mutex, sqlite_errors(self.path):
            if self._connection.in_transaction:  # one of several that are written `together`
                yield
                return
            with transaction(self._connection, self.path):
                yield

    def together(self) -> AbstractContextManager[None]:
        """What is added in this block is on disk, all of it or nothing, when the block is left: one commit, one sync.

        Other threads wait meanwhile. Raises StorageError.
        """
        return self._writing()
