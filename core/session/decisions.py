"""What a person said of a chunk: a log that is only added to, with marks for what was undone.

The last decision that is not undone counts. Undo marks the newest step, which may be of several chunks; redo unmarks
the oldest marked one; a new decision drops what could be redone, as an editor does. Choosing an attempt is in the log
too, as a row without a kind: what was said before was said of another text.
"""

import sqlite3
from collections.abc import Iterable

from .rows import now

ADD = """
    INSERT INTO decisions (chunk, kind, text, switched, attempt, before, decided_at, step)
    SELECT idx, :kind, :text, :switched, coalesce(:attempt, chosen), chosen, :now, :step FROM chunks WHERE idx = :chunk
"""


def add(
    connection: sqlite3.Connection,
    chunks: Iterable[int],
    kind: str | None,
    text: str | None = None,
    switched: str | None = None,
    attempt: int | None = None,
) -> None:
    """One step. `attempt` is the one that counts from now on, where that changes."""
    connection.execute("DELETE FROM decisions WHERE undone")
    step = connection.execute("SELECT coalesce(max(step), 0) + 1 FROM decisions").fetchone()[0]
    row = {"kind": kind, "text": text, "switched": switched, "attempt": attempt, "now": now(), "step": step}
    connection.executemany(ADD, [{**row, "chunk": chunk} for chunk in chunks])


def undo(connection: sqlite3.Connection) -> list[int]:
    return mark(connection, "SELECT max(step) FROM decisions WHERE NOT undone", 1, "before")


def redo(connection: sqlite3.Connection) -> list[int]:
    return mark(connection, "SELECT min(step) FROM decisions WHERE undone", 0, "attempt")


def mark(connection: sqlite3.Connection, query: str, undone: int, column: str) -> list[int]:
    """The chunks of the step that `query` finds, ascending. `column` holds the attempt that counts then.

    Only a row that changed the attempt touches it: a run may have chosen another since.
    """
    step = connection.execute(query).fetchone()[0]
    if step is None:
        return []
    connection.execute("UPDATE decisions SET undone = ? WHERE step = ?", (undone, step))
    rows = connection.execute(
        f"SELECT chunk, {column}, attempt IS NOT before FROM decisions WHERE step = ? ORDER BY chunk", (step,)
    ).fetchall()
    for chunk, attempt, changed in rows:
        if changed and attempt is not None:
            connection.execute("UPDATE chunks SET chosen = ? WHERE idx = ?", (attempt, chunk))
    return [int(row[0]) for row in rows]
