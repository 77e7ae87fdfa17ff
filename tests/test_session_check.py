"""A session is looked at without being touched, and what is wrong with it is said."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from making import attempt, new_session
from spoiling import PAGE, finished, spoil

from galley.core.errors import SessionBusyError, SessionError
from galley.core.session import Session, check, salvage
from galley.core.session.migrations import VERSION

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
VERSION_1 = Path(__file__).parent / "data" / "session-v1.sql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A finished session, to be spoiled."""
    return finished(tmp_path)


def test_a_whole_session_is_whole_and_its_counts_are_told(path: Path) -> None:
    before = path.read_bytes()
    health = check(path)
    assert health.problems == ()
    assert health.counts["attempts"] == health.counts["chunks"] + 1
    assert health.counts["decisions"] == 5
    assert path.read_bytes() == before


@pytest.mark.parametrize("how", ["pending", "failed", "edits switched"])
def test_what_is_unfinished_or_failed_is_no_damage(tmp_path: Path, how: str) -> None:
    with new_session(tmp_path) as session:
        path = session.path
        if how == "failed":
            session.add_attempt(attempt(0, "", error="no"), choose=False, state="failed", note="no")
        if how == "edits switched":
            session.add_attempt(attempt(0), choose=True, state="done")
            session.decide(0, "edited", "by hand", switched=[0])
    assert check(path).problems == ()


WRONG = {
    "DELETE FROM chunks WHERE idx = 2": "Chunks 3 to 3 are missing.",
    "UPDATE chunks SET source = source || '!' WHERE idx = 2": "Chunk 4 does not begin where the one before it ends.",
    "UPDATE chunks SET last_page = 0 WHERE idx = 2": "Chunk 3 has no sensible pages",
    "UPDATE chunks SET candidates = '[{]' WHERE idx = 2": "Chunk 3 can't be understood",
    "UPDATE chunks SET chosen = NULL WHERE idx = 2": "Chunk 3 is done, and no attempt counts.",
    "UPDATE chunks SET chosen = 1 WHERE idx = 2": "The attempt that counts for chunk 3 is another chunk's.",
    "UPDATE attempts SET error = 'no' WHERE id = 3": "The attempt that counts for chunk 3 has no output.",
    "DELETE FROM attempts WHERE id = 3": "Row 2 of chunks belongs to a row of attempts that is gone.",
    "UPDATE attempts SET flags = '7' WHERE id = 3": "Attempt 3 can't be understood",
    "UPDATE attempts SET flagged = 0 WHERE id = 3": "Attempt 3 is counted as not flagged",
    "UPDATE attempts SET edits = replace(edits, '7', '9999') WHERE id = 3": "Attempt 3 has edits outside",
    "UPDATE attempts SET chunk = 999 WHERE id = 3": "Row 3 of attempts belongs to a row of chunks that is gone.",
    "UPDATE decisions SET text = NULL WHERE id = 1": "Decision 1 is edited and has no text.",
    "UPDATE decisions SET text = 'x' WHERE id = 2": "Decision 2 is source and has a text.",
    "UPDATE decisions SET attempt = 99 WHERE id = 3": "Decision 3 is about an attempt (99) that is not its chunk's.",
    "UPDATE decisions SET switched = '[5]' WHERE id = 1": "Decision 1 switches edits that its attempt does not have.",
    "UPDATE decisions SET step = NULL WHERE id = 1": "Decision 1 belongs to no step.",
    "UPDATE decisions SET undone = 1 WHERE id = 1": "Decision 2 stands, and one before it is undone.",
    "DELETE FROM document": "The document's own row is gone.",
    "UPDATE document SET settings = '{}x'": "The document's row can't be understood",
    "UPDATE document SET characters = 5": "The chunks end at character",
}


@pytest.mark.parametrize("query", WRONG)
def test_each_rule_that_does_not_hold_is_a_sentence_and_the_repaired_session_is_whole(path: Path, query: str) -> None:
    spoil(path, query)
    before = path.read_bytes()
    health = check(path)
    assert any(problem.startswith(WRONG[query]) for problem in health.problems), health.problems
    salvaged = salvage(path)
    if salvaged.path.suffix == ".galley":
        assert check(salvaged.path).problems == ()
    assert path.read_bytes() == before


def test_a_session_in_the_middle_of_a_commit_or_of_an_earlier_version_is_looked_at_in_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "old.galley"
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1.read_text())
    connection.close()
    before = path.read_bytes()
    assert check(path).problems == ()
    assert path.read_bytes() == before


def test_a_session_of_a_newer_version_is_neither_judged_nor_repaired(path: Path) -> None:
    spoil(path, f"PRAGMA user_version = {VERSION + 1}")
    for look in (check, salvage):
        with pytest.raises(SessionError, match="newer Galley"):
            look(path)


def test_a_session_that_somebody_writes_to_is_checked_and_not_repaired(path: Path) -> None:
    with Session.open(path):
        assert check(path).problems == ()
        with pytest.raises(SessionBusyError):
            salvage(path)


@pytest.mark.parametrize(
    ("was", "became"),
    [
        (b"CREATE TABLE document", b"CREATE TABLE docu\x1b[2J"),
        (b"chunks_by_statechunks\x05CREATE", b"chunks\nby\nstatechunks\x05CR\nATE"),
    ],
    ids=["an escape sequence", "several lines"],
)
def test_what_sqlite_quotes_out_of_a_damaged_file_is_one_line_that_paints_on_no_terminal(
    path: Path, was: bytes, became: bytes
) -> None:
    path.write_bytes(path.read_bytes().replace(was, became, 1))
    (problem,) = check(path).problems
    assert problem.isprintable()
    with pytest.raises(SessionError, match="malformed") as caught:
        Session.open(path, write=False)
    assert str(caught.value).isprintable()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GALLEY, "sessions", "check", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_line_checks_repairs_and_says_what_was_lost(path: Path) -> None:
    where = ["--session-dir", str(path.parent)]
    whole = run("--all", *where)
    assert (whole.returncode, whole.stdout.count("whole (")) == (0, 1)
    path.write_bytes(path.read_bytes()[:-PAGE])
    done = run(path.stem, "--repair", *where)
    assert done.returncode == 1
    assert "damaged." in done.stdout
    assert "Saved: " in done.stdout
    assert ".repaired1.galley" in done.stdout
    both = run("--all", "--json", *where)
    told = json.loads(both.stdout)
    assert [bool(entry["problems"]) for entry in told] == [True, False]
    assert run(*where).returncode == 2
