"""The names that the lines of a manifest give, so that no two give the same one."""

import sqlite3

from ..errors import InputError
from .entry import Entry
from .names import safe


class Lines:
    """Which line of a manifest wants which name, in a table that goes with the connection: there may be a million."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("DROP TABLE IF EXISTS temp.lines")
        connection.execute("CREATE TEMP TABLE lines (name TEXT PRIMARY KEY COLLATE NOCASE, key BLOB, place TEXT)")

    def take(self, entry: Entry, key: bytes) -> None:
        """Raises InputError where a name that was given by hand is another line's already."""
        if not entry.where:
            return
        name = safe(entry.name)
        other = self._connection.execute("SELECT key, place FROM lines WHERE name = ?", (name,)).fetchone()
        if other is None:
            self._connection.execute("INSERT INTO lines VALUES (?, ?, ?)", (name, key, entry.where))
        elif entry.fixed and other["key"] != key:
            raise InputError(
                f"{entry.where}: the output {name} is that of {other['place']} already.", "Give each a name of its own."
            )
