"""Makes a session out of the rows that were saved: every chunk in its place, and nothing that refers to what is gone.

Works on a new file, one transaction, foreign keys off. Whatever a person decided about a text that is gone is dropped,
so that it never counts for another; what they wrote themselves is kept.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..settings import RunSettings
from .database import NONSENSE
from .leaves import Value
from .records import Attempt
from .rows import attempt_record, document_record
from .shapes import Found

LOST = "[The text of this chunk was lost.]"
LOST_NOTE = "Its text was lost when the session was damaged."


@dataclass(slots=True)
class Mended:
    """What became of the rows."""

    has_document: bool = False
    lost: set[int] = field(default_factory=set[int])
    """Indices of chunks without their source; they keep their place."""
    made_from: int = 0
    """Those of them that still have a cleaned text."""
    again: int = 0
    """Chunks that were finished and have to be cleaned again."""
    fell_back: int = 0
    """Chunks for which another attempt counts than did."""


def mend(connection: sqlite3.Connection, found: Found, size: int) -> Mended:
    """Fill an empty session file; `size` is the damaged one's, in bytes: no text was ever longer."""
    mended = Mended()
    for table in ("document", "pages", "attempts", "decisions", "runs"):
        insert(connection, table, [(rowid, *values[1:]) for rowid, values in found[table].items()])
    insert(connection, "place", list(found["place"].values()))
    mended.has_document = _document(connection)
    _place_chunks(connection, found, size, mended)
    connection.execute("DELETE FROM pages WHERE number < 1")
    attempts = _attempts(connection, mended.lost)
    _chosen(connection, attempts, mended)
    _decisions(connection, attempts, mended.lost)
    return mended


def insert(connection: sqlite3.Connection, table: str, rows: list[tuple[Value, ...]]) -> None:
    """Rows that the schema's own rules refuse are left out."""
    if rows:
        connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def makes_sense(row: sqlite3.Row, make: Callable[[sqlite3.Row], object]) -> bool:
    try:
        make(row)
    except NONSENSE:
        return False
    return True


def _document(connection: sqlite3.Connection) -> bool:
    """Whether the document's row is there and can be used; one that can't is deleted."""

    def make(row: sqlite3.Row) -> None:
        document_record(row)
        RunSettings.model_validate(json.loads(row["settings"]))
        [(offset, page) for offset, page in json.loads(row["page_runs"])]

    for row in connection.execute("SELECT * FROM document").fetchall():
        if makes_sense(row, make):
            return True
    connection.execute("DELETE FROM document")
    return False


def _place_chunks(connection: sqlite3.Connection, found: Found, size: int, mended: Mended) -> None:
    """Every chunk in its place, and something in each place: offsets and page numbers of the rest go on holding.

    Any number can be a flipped bit, so none makes more than `size` characters, nor those behind the last chunk more
    than the longest that is there.
    """
    characters = next((row["characters"] for row in connection.execute("SELECT * FROM document")), None)
    limit = size if characters is None else min(characters, size)
    rows: list[tuple[Value, ...]] = []
    index, at, page = 0, 0, 1

    def fill(until: int, end: int) -> None:
        nonlocal index, at
        while index < until:
            share = max(1, (end - at) // (until - index))
            text = LOST[:share].ljust(share)
            rows.append((index, at, text, page, page, "size", "[]", "failed", LOST_NOTE, None))
            mended.lost.add(index)
            index, at = index + 1, at + share

    for rowid, values in sorted(found["chunks"].items()):
        start, source, gap = as_int(values[1]), str(values[2]), rowid - index
        sensible = gap <= start - at and start + len(source) <= limit
        if gap < 0 or (not sensible and gap > len(found["chunks"])):
            continue
        fill(rowid, start if sensible else at + gap * len(LOST))
        first, last = max(1, as_int(values[3])), max(1, as_int(values[3]), as_int(values[4]))
        state = values[7] if values[7] in ("pending", "done", "failed") else "pending"
        candidates = values[6] if values[6] and _candidates_fit(values[6], source) else "[]"
        rows.append((index, at, source, first, last, values[5], candidates, state, values[8], values[9]))
        index, at, page = index + 1, at + len(source), last
    if characters is not None and at < characters:
        last = connection.execute("SELECT coalesce(max(chunk), 0) FROM attempts").fetchone()[0]
        count = max(1, min(last + 1 - index, len(found["chunks"]) + 1))
        longest = max((len(str(values[2])) for values in found["chunks"].values()), default=len(LOST))
        fill(index + count, min(limit, at + count * longest))
    insert(connection, "chunks", rows)
    connection.execute("UPDATE document SET characters = ?", (at,))


def as_int(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _candidates_fit(raw: Value, source: str) -> bool:
    try:
        return all(
            set(one) == {"start", "end", "replacement", "kind", "prior"}
            and 0 <= one["start"] <= one["end"] <= len(source)
            for one in json.loads(str(raw))
        )
    except NONSENSE:
        return False


def _attempts(connection: sqlite3.Connection, lost: set[int]) -> dict[int, Attempt]:
    """Those that are left, by id; what belongs to no chunk or can't be understood is deleted."""
    sources = {index: str(source) for index, source in connection.execute("SELECT idx, source FROM chunks")}
    kept: dict[int, Attempt] = {}
    for row in connection.execute("SELECT * FROM attempts").fetchall():
        try:
            attempt = attempt_record(row)
            reach = len(sources[attempt.chunk])
            sound = all(0 <= e.start <= e.end and (e.end <= reach or attempt.chunk in lost) for e in attempt.edits)
            flagged = any(flag.severity != "info" for flag in attempt.flags)
        except NONSENSE:
            sound, flagged, attempt = False, False, None
        if attempt is None or not sound:
            connection.execute("DELETE FROM attempts WHERE id = ?", (row["id"],))
            continue
        connection.execute("UPDATE attempts SET flagged = ? WHERE id = ?", (flagged, row["id"]))
        kept[attempt.id] = attempt
    return kept


def _chosen(connection: sqlite3.Connection, attempts: dict[int, Attempt], mended: Mended) -> None:
    """The attempt that counts, for every chunk; what was finished and has nothing left is to be cleaned again."""
    by_chunk: dict[int, list[Attempt]] = {}
    for attempt in sorted(attempts.values(), key=lambda attempt: attempt.id):
        by_chunk.setdefault(attempt.chunk, []).append(attempt)
    for index, state, note, chosen in connection.execute("SELECT idx, state, note, chosen FROM chunks").fetchall():
        lost = index in mended.lost
        made = [attempt for attempt in by_chunk.get(index, []) if not attempt.died]
        good = [attempt for attempt in made if attempt.error is None]
        if chosen is not None and any(attempt.id == chosen for attempt in good):
            continue
        usable = [attempt for attempt in good if counts(attempt)] or (good if state == "done" or lost else [])
        finished = state == "done" or lost or (state == "pending" and made and counts(made[-1]))
        if finished and usable:
            state, note, chosen = "done", "", usable[-1].id
            mended.made_from += lost
            mended.fell_back += not lost
        elif state == "done":
            state, chosen = ("failed" if any(attempt.mode == "rules" for attempt in made) else "pending"), None
            mended.again += 1
        else:
            chosen = None
        connection.execute(
            "UPDATE chunks SET state = ?, note = ?, chosen = ? WHERE idx = ?", (state, note, chosen, index)
        )


def counts(attempt: Attempt) -> bool:
    """Whether a run would have ended with it."""
    failed = any(flag.severity == "error" for flag in attempt.flags)
    return attempt.error is None and not (attempt.mode == "rewrite" and failed)


def _decisions(connection: sqlite3.Connection, attempts: dict[int, Attempt], lost: set[int]) -> None:
    """Keep what still holds of what a person said."""
    rows = connection.execute(
        "SELECT d.*, c.chosen, c.source FROM decisions d LEFT JOIN chunks c ON c.idx = d.chunk ORDER BY d.id"
    ).fetchall()
    last: dict[Any, int] = {row["chunk"]: row["id"] for row in rows if not row["undone"]}
    steps = {row["id"]: row["step"] if isinstance(row["step"], int) else row["id"] for row in rows}
    standing = max((steps[row["id"]] for row in rows if not row["undone"]), default=0)
    for row in rows:
        attempt, before = (known(row[of], row["chunk"], attempts) for of in ("attempt", "before"))
        gone = attempt is None and row["attempt"] is not None
        counts_now = row["kind"] != "accepted" or row["id"] != last.get(row["chunk"]) or attempt == row["chosen"]
        holds = (
            row["source"] is not None
            and (row["kind"] == "edited") == (row["text"] is not None)
            and not (gone and row["kind"] in ("accepted", None))
            and not (row["kind"] == "source" and row["chunk"] in lost)
            and not (row["undone"] and steps[row["id"]] < standing)
            and counts_now
        )
        if not holds:
            connection.execute("DELETE FROM decisions WHERE id = ?", (row["id"],))
            continue
        switched = row["switched"] if fits(row["switched"], attempt, attempts) else None
        connection.execute(
            "UPDATE decisions SET attempt = ?, before = ?, switched = ?, step = ?, undone = ? WHERE id = ?",
            (attempt, before, switched, steps[row["id"]], bool(row["undone"]), row["id"]),
        )


def known(attempt: Any, chunk: int, attempts: dict[int, Attempt]) -> int | None:
    """The attempt's id if it is there and the chunk's."""
    return attempt if attempt in attempts and attempts[attempt].chunk == chunk else None


def fits(switched: str | None, attempt: int | None, attempts: dict[int, Attempt]) -> bool:
    try:
        edits = len(attempts[attempt].edits) if attempt is not None else 0
        return all(0 <= number < edits for number in json.loads(switched or "[]"))
    except NONSENSE:
        return False
