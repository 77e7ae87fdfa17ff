"""What a person said of a chunk: a log that is only added to, with marks for what was undone.

The last decision that is not undone counts. Undo marks the newest one; redo unmarks the oldest marked one; a new
decision drops what could be redone, as an editor does.
"""

import sqlite3
from datetime import UTC, datetime


def add(connection: sqlite3.Connection, chunk: int, kind: str | None, text: str | None) -> None:
    connection.execute("DELETE FROM decisions WHERE undone")
    connection.execute(
        "INSERT INTO decisions (chunk, kind, text, attempt, decided_at) "
        "VALUES (?, ?, ?, (SELECT chosen FROM chunks WHERE idx = ?), ?)",
        (chunk, kind, text, chunk, datetime.now(UTC).isoformat(timespec="milliseconds")),
    )


def undo(connection: sqlite3.Connection) -> int | None:
    return mark(connection, "SELECT id, chunk FROM decisions WHERE NOT undone ORDER BY id DESC LIMIT 1", 1)


def redo(connection: sqlite3.Connection) -> int | None:
    return mark(connection, "SELECT id, chunk FROM decisions WHERE undone ORDER BY id LIMIT 1", 0)


def mark(connection: sqlite3.Connection, query: str, undone: int) -> int | None:
    row = connection.execute(query).fetchone()
    if row is None:
        return None
    connection.execute("UPDATE decisions SET undone = ? WHERE id = ?", (undone, row[0]))
    return int(row[1])
