"""Rows of the database from values, and values from rows."""

import json
import os
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..checks import Flag
from ..chunk import Chunk
from ..document import Document
from ..edits import Candidate, EditDecision
from ..prepare import Prepared
from ..settings import RunSettings
from .records import Attempt, ChunkRecord, Decision, Row, SessionDocument

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""What no encoding of Unicode can hold; it comes out of broken JSON and of file names that are not UTF-8."""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def fill(
    connection: sqlite3.Connection,
    document: Document,
    prepared: Prepared,
    chunks: Sequence[Chunk],
    settings: RunSettings,
) -> None:
    """The rows of a new session."""
    connection.execute(
        f"INSERT INTO document VALUES (1{', ?' * 13})",
        (
            path_value(document.path.resolve()),
            document.sha256,
            document.kind,
            document.page_count,
            to_json(document.metadata),
            to_json(document.notes),
            to_json([(page.number, page.reason) for page in document.skipped]),
            to_json(prepared.counts),
            prepared.language,
            len(prepared.text),
            to_json(prepared.page_runs()),
            to_json(settings.model_dump()),
            now(),
        ),
    )
    connection.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?)",
        [(page.number, storable(page.text), page.extractor, page.agreement) for page in document.pages],
    )
    connection.executemany(
        "INSERT INTO chunks (idx, start, source, first_page, last_page, ends, candidates) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                c.index,
                c.start,
                storable(c.text),
                *c.pages,
                c.ends,
                to_json([asdict(candidate) for candidate in c.candidates]),
            )
            for c in chunks
        ],
    )


def compare(connection: sqlite3.Connection, agreements: Mapping[int, float | None], notes: Sequence[str]) -> None:
    """What a comparison that came later than the rows makes of them."""
    connection.execute("UPDATE document SET notes = ?", (to_json(list(notes)),))
    connection.executemany(
        "UPDATE pages SET agreement = ? WHERE number = ?", [(found, number) for number, found in agreements.items()]
    )


def document_record(row: sqlite3.Row) -> SessionDocument:
    return SessionDocument(
        path=Path(os.fsdecode(row["path"])),
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


def refuse_bytes(row: sqlite3.Row) -> None:
    """A flipped bit can make bytes of a text, which nothing further on expects. Raises TypeError."""
    if any(isinstance(value, bytes) for value in row):
        raise TypeError("bytes in place of a text")


def chunk_record(row: sqlite3.Row) -> ChunkRecord:
    """Raises one of `database.NONSENSE`, as all of these do."""
    refuse_bytes(row)
    return ChunkRecord(
        index=row["idx"],
        source=row["source"],
        pages=(int(row["first_page"]), int(row["last_page"])),
        ends=row["ends"],
        candidates=tuple(Candidate(**raw) for raw in json.loads(row["candidates"])),
        state=row["state"],
        note=row["note"],
        chosen=row["chosen"],
        decision=row["decision"],
    )


def list_row(row: sqlite3.Row) -> Row:
    severities: list[str] = [flag["severity"] for flag in json.loads(row["flags"] or "[]")]
    return Row(
        index=row["idx"],
        pages=(row["first_page"], row["last_page"]),
        state=row["state"],
        decision=row["decision"],
        mode=row["mode"] or "",
        errors=severities.count("error"),
        warnings=severities.count("warning"),
        infos=severities.count("info"),
        characters=row["characters"],
    )


def decision_record(row: sqlite3.Row) -> Decision:
    refuse_bytes(row)
    return Decision(row["kind"], row["text"], tuple(json.loads(row["switched"] or "[]")), row["attempt"])


def attempt_columns(attempt: Attempt) -> dict[str, Any]:
    """Column names and values; the id is the database's to give."""
    values = {field.name: getattr(attempt, field.name) for field in fields(attempt) if field.name != "id"}
    columns = {key: storable(value) if isinstance(value, str) else value for key, value in values.items()}
    columns["flags"] = to_json([flag.to_dict() for flag in attempt.flags])
    columns["flagged"] = any(flag.severity != "info" for flag in attempt.flags)
    columns["measures"] = to_json(attempt.measures)
    columns["edits"] = to_json([asdict(edit) for edit in attempt.edits])
    return columns


def attempt_record(row: sqlite3.Row) -> Attempt:
    refuse_bytes(row)
    columns: dict[str, Any] = {name: row[name] for name in row.keys() if name != "flagged"}  # noqa: SIM118
    columns["flags"] = tuple(Flag.from_dict(raw) for raw in json.loads(row["flags"]))
    columns["measures"] = json.loads(row["measures"])
    columns["edits"] = tuple(EditDecision(**raw) for raw in json.loads(row["edits"]))
    columns["died"] = bool(row["died"])
    columns |= {name: int(row[name]) for name in ("prompt_tokens", "cached_tokens", "output_tokens")}
    return Attempt(**columns)


def to_json(value: Any) -> str:
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def storable(text: str) -> str:
    """`text` as UTF-8 can hold it, of the same length."""
    return LONE_SURROGATE.sub("\ufffd", text)


def path_value(path: Path) -> str | bytes:
    """Text, or the very bytes of a path that is not UTF-8, so that it can be found again."""
    raw = os.fsencode(path)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
