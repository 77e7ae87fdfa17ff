"""Whether a session is whole: what SQLite says of its pages, and what Galley knows must hold of its rows.

Nothing is ever written to the session that is looked at. What only a writer could settle (a commit that was killed, an
earlier version) is settled in a copy.
"""

import json
import math
import shutil
import sqlite3
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..atomic import storage_error
from ..errors import SessionDamagedError, SessionError
from ..settings import RunSettings
from .database import NONSENSE, NeedsWriter, connect, in_a_line, journal_path, sqlite_errors
from .records import ChunkRecord
from .rows import attempt_record, chunk_record, decision_record, document_record

MOST_OF_SQLITE = 10
"""So many findings of SQLite's own are asked for: one torn page makes hundreds."""


@dataclass(frozen=True, slots=True)
class Health:
    """What was found out about one session."""

    path: Path
    problems: tuple[str, ...] = ()
    """A sentence each; none when the session is whole."""
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """Rows of `chunks`, `attempts` and `decisions`; empty where they can't be counted."""


def check(path: Path) -> Health:
    """Look at a session. Raises SessionError or StorageError where it can't be looked at: it is missing, locked, or of
    a newer Galley."""
    if not path.is_file():
        raise SessionError(f"There is no session {path}.", "galley sessions lists those that there are.")
    try:
        with opened(path) as connection, sqlite_errors(path):
            connection.execute("BEGIN")
            told = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({MOST_OF_SQLITE})")]
            if told != ["ok"]:
                return Health(path, tuple(f"SQLite: {in_a_line(line)}" for line in told))
            tables = ("chunks", "attempts", "decisions")
            counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
            return Health(path, all_problems(connection), counts)
    except SessionDamagedError as error:
        return Health(path, (f"{error.why[0].upper()}{error.why[1:]}.",))


@contextmanager
def opened(path: Path) -> Generator[sqlite3.Connection]:
    """A connection to the session, or to a copy of it that was settled. Raises SessionError or StorageError."""
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(closing(connect(path, write=False)))
            with sqlite_errors(path):
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except NeedsWriter:
            try:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="galley-check-")))
                there = copy(path, folder)
            except OSError as error:
                raise storage_error(Path(tempfile.gettempdir()) / path.name, error) from error
            connection = stack.enter_context(closing(connect(there, write=True)))
        yield connection


def copy(path: Path, folder: Path) -> Path:
    """The session and its journal, in a private folder. Raises OSError."""
    there = folder / path.name
    shutil.copyfile(path, there)
    with suppress(FileNotFoundError):
        shutil.copyfile(journal_path(path), journal_path(there))
    return there


def all_problems(connection: sqlite3.Connection) -> tuple[str, ...]:
    """`problems`, as far as they can be looked for."""
    found: list[str] = []
    try:
        found.extend(problems(connection))
    except NONSENSE as error:
        found.append(f"Not all of it could be looked at ({in_a_line(error)}).")
    return tuple(found)


def problems(connection: sqlite3.Connection) -> Iterator[str]:
    """What of Galley's own rules does not hold, a sentence each."""
    size = Path(connection.execute("PRAGMA database_list").fetchone()["file"]).stat().st_size
    told = math.prod(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    if size < told:
        yield f"The file has {size:,} bytes of {told:,}."
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"Row {row} of {table} belongs to a row of {parent} that is gone."
    documents = connection.execute("SELECT * FROM document").fetchall()
    if len(documents) != 1:
        yield "The document's own row is gone."
    for row in documents:
        yield from _document(row)
    chunks: dict[int, ChunkRecord] = {}
    yield from _chunks(connection, documents[0] if documents else None, chunks)
    edits: dict[int, int] = {}
    yield from _attempts(connection, chunks, edits)
    yield from _chosen(connection)
    yield from _decisions(connection, edits)


def _document(row: sqlite3.Row) -> Iterator[str]:
    try:
        document_record(row)
        RunSettings.model_validate(json.loads(row["settings"]))
        [(offset, page) for offset, page in json.loads(row["page_runs"])]
    except NONSENSE as error:
        yield f"The document's row can't be understood ({type(error).__name__})."


def _chunks(
    connection: sqlite3.Connection, document: sqlite3.Row | None, chunks: dict[int, ChunkRecord]
) -> Iterator[str]:
    """Fills `chunks`, by index."""
    expected, at = 0, 0
    for row in connection.execute("SELECT *, NULL AS decision FROM chunks ORDER BY idx"):
        name = f"Chunk {row['idx'] + 1}"
        try:
            chunks[row["idx"]] = chunk = chunk_record(row)
            length = len(chunk.source)
        except NONSENSE as error:
            yield f"{name} can't be understood ({type(error).__name__})."
            continue
        if row["idx"] != expected:
            yield f"Chunks {expected + 1} to {row['idx']} are missing."
        elif row["start"] != at:
            yield f"{name} does not begin where the one before it ends."
        if not 0 < chunk.pages[0] <= chunk.pages[1]:
            yield f"{name} has no sensible pages ({chunk.pages[0]} to {chunk.pages[1]})."
        if any(not 0 <= edit.start <= edit.end <= length for edit in chunk.candidates):
            yield f"{name} has proposed edits outside its text."
        expected, at = row["idx"] + 1, row["start"] + length
    if document is not None and at != document["characters"]:
        yield f"The chunks end at character {at:,} of {document['characters']:,}."


def _attempts(connection: sqlite3.Connection, chunks: dict[int, ChunkRecord], edits: dict[int, int]) -> Iterator[str]:
    """Fills `edits`: how many each attempt has, by its id."""
    for row in connection.execute("SELECT * FROM attempts ORDER BY id"):
        name = f"Attempt {row['id']}"
        try:
            attempt = attempt_record(row)
            edits[attempt.id] = len(attempt.edits)
            flagged = any(flag.severity != "info" for flag in attempt.flags)
            chunk = chunks.get(attempt.chunk)
            outside = chunk and any(not 0 <= edit.start <= edit.end <= len(chunk.source) for edit in attempt.edits)
        except NONSENSE as error:
            yield f"{name} can't be understood ({type(error).__name__})."
            continue
        if flagged != bool(row["flagged"]):
            yield f"{name} is counted as {'not ' * flagged}flagged, and its flags say otherwise."
        if outside:
            yield f"{name} has edits outside its chunk's text."


CHOSEN = """
    SELECT c.idx, c.chosen, a.id AS attempt, a.chunk, a.error FROM chunks c LEFT JOIN attempts a ON a.id = c.chosen
    WHERE (c.state = 'done' AND a.id IS NULL) OR a.chunk != c.idx OR a.error IS NOT NULL ORDER BY c.idx
"""
DECISIONS = """
    SELECT d.*, (SELECT chunk FROM attempts WHERE id = d.attempt) AS attempt_chunk,
        (SELECT chunk FROM attempts WHERE id = d.before) AS before_chunk FROM decisions d ORDER BY d.step, d.id
"""


def _chosen(connection: sqlite3.Connection) -> Iterator[str]:
    for row in connection.execute(CHOSEN):
        name = f"Chunk {row['idx'] + 1}"
        if row["attempt"] is None:
            yield f"{name} is done, and no attempt counts."
        elif row["chunk"] != row["idx"]:
            yield f"The attempt that counts for chunk {row['idx'] + 1} is another chunk's."
        else:
            yield f"The attempt that counts for chunk {row['idx'] + 1} has no output."


def _decisions(connection: sqlite3.Connection, edits: dict[int, int]) -> Iterator[str]:
    undone_from: int | None = None
    for row in connection.execute(DECISIONS):
        name = f"Decision {row['id']}"
        try:
            decision_record(row)
        except NONSENSE as error:
            yield f"{name} can't be understood ({type(error).__name__})."
            continue
        if (row["kind"] == "edited") != (row["text"] is not None):
            yield f"{name} is {row['kind'] or 'a choice'} and has {'a' if row['text'] is not None else 'no'} text."
        if row["step"] is None:
            yield f"{name} belongs to no step."
        for of, is_ in (("attempt", "is about"), ("before", "came after")):
            if row[of] is not None and row[f"{of}_chunk"] != row["chunk"]:
                yield f"{name} {is_} an attempt ({row[of]}) that is not its chunk's."
        if not _switched(row, edits):
            yield f"{name} switches edits that its attempt does not have."
        if row["undone"]:
            undone_from = row["step"] if undone_from is None else undone_from
        elif undone_from is not None:
            yield f"{name} stands, and one before it is undone."


def _switched(row: sqlite3.Row, edits: dict[int, int]) -> bool:
    """Whether the edits that a decision says were switched are its attempt's."""
    try:
        numbers: list[Any] = json.loads(row["switched"] or "[]")
        return all(0 <= number < edits.get(row["attempt"], 0) for number in numbers)
    except NONSENSE:
        return False
