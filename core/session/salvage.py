"""What can be saved of a damaged session, written to a new file beside it; the damaged one is left as it is.

Rows are read leaf by leaf, told apart by their shape, and put together again (`leaves`, `shapes`, `mend`). Where the
document's own row is gone there can be no session, and the text is saved instead.
"""

import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ..atomic import storage_error, write_atomically
from ..errors import SessionError
from ..wording import plural
from .check import copy, problems
from .database import APPLICATION_ID_AT, MAGIC, connect, create_file, transaction
from .leaves import Leaves
from .mend import Mended, mend
from .migrations import APPLICATION_ID, VERSION
from .names import SUFFIX, put_in_place, remove_with_journal, with_lock
from .shapes import Found, collect

VERSION_AT = 60
LARGEST_LOSS = 1_000_000
"""An id beyond that is a flipped bit, not a count."""
TABLES = ("chunks", "attempts", "decisions")


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was written, and what is missing in it."""

    path: Path
    """The new session, or a text file where the document's own row was lost."""
    saved: dict[str, int]
    """Rows of `chunks` (with their text), `attempts` and `decisions`."""
    lost: dict[str, int]
    """The same. Of attempts and decisions it is the most that can be: ids that were given and are not there, of which
    some may have been taken back and dropped long ago."""
    notes: tuple[str, ...]
    """Sentences on what else the person should know."""


def salvage(path: Path) -> Salvaged:
    """Save what can be read of the session at `path`. Raises SessionError when there is nothing, SessionBusyError while
    somebody writes to it, or StorageError."""
    done: list[Salvaged] = []
    with_lock(path, lambda: done.append(_salvage(path)))
    return done[0]


def _salvage(path: Path) -> Salvaged:
    data = bytes_of(path)
    if int.from_bytes(data[VERSION_AT : VERSION_AT + 4], "big") > VERSION and is_session(data):
        raise SessionError(f"The session {path.name} was made by a newer Galley.", "Update Galley to repair it.")
    leaves = Leaves(data)
    found = collect(leaves)
    if not (found["chunks"] or found["attempts"] or found["decisions"]):
        raise SessionError(f"Nothing could be saved of {path}.", "It is left as it is.")
    target = free_name(path)
    draft = target.with_name(f".{target.name}.new")
    try:
        remove_with_journal(draft)
        create_file(draft)
        with closing(connect(draft, write=True, new=True)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            with transaction(connection, target):
                mended = mend(connection, found, len(data))
            saved, lost = counted(connection, found, mended)
            wrong = list(problems(connection)) if mended.has_document else []
            if not mended.has_document:
                target = target.with_suffix(".txt")
                write_atomically(target, [text_of(connection).encode()])
        if mended.has_document:
            put_in_place(draft, target)
        return Salvaged(target, saved, lost, (*notes(mended, leaves.unreadable), *wrong))
    finally:
        remove_with_journal(draft)


def is_session(data: bytes) -> bool:
    return data.startswith(MAGIC) and int.from_bytes(data[APPLICATION_ID_AT:][:4], "big") == APPLICATION_ID


def bytes_of(path: Path) -> bytes:
    """The session's bytes as of its last commit, as far as its journal can still tell. Raises StorageError."""
    try:
        with tempfile.TemporaryDirectory(prefix="galley-salvage-") as folder:
            there = copy(path, Path(folder))
            with suppress(sqlite3.Error, UnicodeError), closing(sqlite3.connect(there)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            return there.read_bytes()
    except OSError as error:
        raise storage_error(path, error) from error


def free_name(path: Path) -> Path:
    """A name beside the session that neither a session nor a text has."""
    number = 1
    while any(path.with_name(f"{path.stem}.repaired{number}{suffix}").exists() for suffix in (SUFFIX, ".txt")):
        number += 1
    return path.with_name(f"{path.stem}.repaired{number}{SUFFIX}")


def counted(connection: sqlite3.Connection, found: Found, mended: Mended) -> tuple[dict[str, int], dict[str, int]]:
    """Rows saved and lost, by table."""
    saved = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}
    saved["chunks"] -= len(mended.lost)
    given = {str(name): value for name, value in found["counters"].values() if isinstance(value, int)}
    lost = {"chunks": len(mended.lost)}
    for table in ("attempts", "decisions"):
        highest = max([given.get(table, 0), *found[table]])
        lost[table] = max(0, min(highest, saved[table] + LARGEST_LOSS) - saved[table])
    return saved, lost


def text_of(connection: sqlite3.Connection) -> str:
    """The chunks as text, by what counts (see `records.text_by`)."""
    rows = connection.execute(
        "SELECT CASE d.kind WHEN 'edited' THEN d.text WHEN 'source' THEN c.source"
        " ELSE coalesce(a.output, c.source) END AS text FROM chunks c LEFT JOIN attempts a ON a.id = c.chosen"
        " LEFT JOIN decisions d ON d.id = (SELECT max(id) FROM decisions WHERE chunk = c.idx AND NOT undone)"
        " ORDER BY c.idx"
    )
    return "\n\n".join(str(row["text"]).strip() for row in rows) + "\n"


def notes(mended: Mended, unreadable: int) -> list[str]:
    said: list[str] = []
    if not mended.has_document:
        said.append("The document's own row is lost, so there can be no session: the text alone was saved.")
    if mended.lost:
        said.append(
            f"The source of {plural(len(mended.lost), 'chunk')} is lost: {mended.made_from} still with a cleaned text, "
            f"{len(mended.lost) - mended.made_from} as failed."
        )
    if mended.fell_back:
        said.append(f"Another attempt counts than did, for {plural(mended.fell_back, 'chunk')}.")
    if mended.again:
        said.append(f"To be cleaned again, since the attempt that counted is lost: {plural(mended.again, 'chunk')}.")
    if unreadable:
        said.append(f"Characters that could not be read stand as \ufffd in {plural(unreadable, 'text')}.")
    return said
