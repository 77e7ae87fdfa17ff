"""Session files that somebody else wrote, or laid something beside: a sentence soon, and no file of ours harmed."""

import io
import json
import sqlite3
import struct
from pathlib import Path

import pytest
from making import attempt, new_session

from galley.core.errors import GalleyError, SessionError, StorageError
from galley.core.export import write
from galley.core.session import Session, check, list_sessions, salvage
from galley.core.session.leaves import Leaves
from galley.core.session.lock import lock_path, writer_of

DEEP = "[" * 100_000
NO_TEXT = [
    ("document", "metadata", DEEP),
    ("document", "settings", DEEP),
    ("document", "page_runs", DEEP),
    ("chunks", "candidates", DEEP),
    ("chunks", "source", b"bytes"),
    ("chunks", "note", b"bytes"),
    ("chunks", "first_page", "one"),
    ("chunks", "last_page", float("inf")),
    ("attempts", "flags", DEEP),
    ("attempts", "edits", DEEP),
    ("attempts", "mode", b"bytes"),
    ("attempts", "output_tokens", float("inf")),
    ("decisions", "switched", DEEP),
    ("decisions", "text", b"bytes"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with new_session(tmp_path) as session:
        session.add_attempt(attempt(0), choose=True, state="done")
        session.decide(0, "edited", "by hand")
        return session.path


def read_all(path: Path) -> None:
    """What the fronts read of a session."""
    with Session.open(path, write=False) as session:
        for index in range(session.status().total):
            assert session.result(index).chunk.index == index
            assert [one.chunk for one in session.attempts(index)] == [index] * (index == 0)
            assert session.decision(index) is None or index == 0
        assert len(session.rows()) == session.status().total
        assert session.settings.clean
        assert session.document.notes
        assert session.page_runs
        assert session.work_done().tokens
        for format in ("txt", "md", "jsonl"):
            write(session, io.BytesIO(), format)


@pytest.mark.parametrize(("table", "column", "value"), NO_TEXT, ids=[f"{table}.{name}" for table, name, _ in NO_TEXT])
def test_values_that_say_nothing_are_a_sentence_wherever_they_are_read(
    path: Path, table: str, column: str, value: str | bytes | float
) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
    connection.close()
    with pytest.raises(SessionError):
        read_all(path)
    assert len(list_sessions(path.parent)) == 1
    assert check(path).problems
    saved = salvage(path).path
    assert saved.suffix == ".txt" if table == "document" else not check(saved).problems


@pytest.mark.parametrize(
    "program",
    [
        "ALTER TABLE pages RENAME TO leaves; CREATE VIEW pages AS WITH RECURSIVE n (number) AS (SELECT 1 UNION ALL"
        " SELECT number + 1 FROM n) SELECT number, '' AS text, '' AS extractor, 1.0 AS agreement FROM n",
        "CREATE TRIGGER taken AFTER INSERT ON attempts BEGIN DELETE FROM decisions; END",
    ],
    ids=["a view without end", "a trigger"],
)
def test_a_file_with_programs_in_it_is_refused_before_they_run(path: Path, program: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(program)
    connection.close()
    for writing in (True, False):
        with pytest.raises(SessionError, match="more than tables"):
            Session.open(path, write=writing)
    assert any("more than tables" in problem for problem in check(path).problems)
    assert salvage(path).saved["decisions"] == 1


def test_leaves_that_all_name_the_same_bytes_are_not_read_without_end() -> None:
    text = b"x" * 3000
    header = bytes([3, *varint(12 + 2 * 0 + 2 * len(text) + 1)])
    payload = header + text
    cell = varint(len(payload)) + bytes([1]) + payload
    at = 4096 - len(cell)
    leaf = struct.pack(">BHHHB", 0x0D, 0, 500, at, 0) + struct.pack(">H", at) * 500
    page = leaf.ljust(at, b"\0") + cell
    data = page * 20
    rows = list(Leaves(data).rows())
    assert rows
    assert sum(len(str(row.values)) for row in rows) < 5 * len(data)


def varint(number: int) -> bytes:
    return bytes([number >> 7 | 0x80, number & 0x7F])


def test_a_lock_that_is_a_link_empties_nothing(path: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("words of mine")
    lock_path(path).unlink(missing_ok=True)
    lock_path(path).symlink_to(mine)
    with pytest.raises(StorageError):
        Session.open(path)
    assert mine.read_text() == "words of mine"


@pytest.mark.parametrize("said", [{"pid": "1"}, {"pid": -1}, {"pid": 10**30}, {"started": "early"}])
def test_a_lock_that_names_nobody_holds_nothing(path: Path, said: dict[str, object]) -> None:
    with Session.open(path) as session:
        holder = {**json.loads(lock_path(path).read_text()), **said}
        session.close()
    lock_path(path).write_text(json.dumps(holder))
    assert writer_of(path) is None
    with Session.open(path) as session:
        assert session.status().total


def test_a_person_hears_of_it_in_one_line(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE document SET notes = ?", (DEEP,))
    connection.close()
    with pytest.raises(GalleyError) as caught, Session.open(path, write=False) as session:
        assert session.document
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
