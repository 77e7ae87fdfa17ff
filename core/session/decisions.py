"""What a person said of a chunk: a log that is only added to, with marks for what was undone.

The last decision that is not undone counts. Undo marks the newest step, which may be of several chunks; redo unmarks
the oldest marked one; a new decision drops what could be redone, as an editor does. Choosing an attempt is in the log
too, as a row without a kind: what was said before was said of another text. One that comes in by itself, minutes after
it was asked for, drops only what was said of its own chunk, and goes below what is undone of the others.
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
    *,
    came_in: bool = False,
) -> int:
    """One step. `attempt` is the one that counts from now on, where that changes; `came_in` when it did so by itself.

    Returns how many decisions can no longer be redone.
    """
    chunks = list(chunks)
    drop, of = "DELETE FROM decisions WHERE undone", [(chunk,) for chunk in chunks]
    dropped = (connection.executemany(f"{drop} AND chunk = ?", of) if came_in else connection.execute(drop)).rowcount
    step = connection.execute("SELECT coalesce(max(step), 0) + 1 FROM decisions WHERE NOT undone").fetchone()[0]
    connection.execute("UPDATE decisions SET step = step + 1 WHERE undone")
    row = {"kind": kind, "text": text, "switched": switched, "attempt": attempt, "now": now(), "step": step}
    connection.executemany(ADD, [{**row, "chunk": chunk} for chunk in chunks])
    return dropped


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
