"""What a crash or a bad disk leaves of a session is settled or told, and never made worse."""

import io
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from making import TEXT, attempt, new_session

from galley.core.errors import SessionError
from galley.core.export import FORMATTERS, write
from galley.core.session import SUFFIX, Session, list_sessions, remove, set_aside
from galley.core.session.database import journal_path
from galley.core.session.migrations import VERSION

VERSION_1 = Path(__file__).parent / "data" / "session-v1.sql"

DIE_IN_A_COMMIT = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 5")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE chunks SET source = source || hex(randomblob(900))")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """A session whose writer was killed when half of its pages were written."""
    with new_session(tmp_path, TEXT * 50) as session:
        path = session.path
    subprocess.run([sys.executable, "-c", DIE_IN_A_COMMIT, str(path)], check=False)
    assert journal_path(path).stat().st_size > 0
    return path


def sources(path: Path) -> list[str]:
    with Session.open(path, write=False) as session:
        return [chunk.source for chunk in session.chunks()]


@pytest.fixture
def whole(tmp_path: Path) -> list[str]:
    with new_session(tmp_path / "whole", TEXT * 50) as session:
        return [chunk.source for chunk in session.chunks()]


def test_a_reader_sees_the_last_commit_after_a_crash(crashed: Path, whole: list[str]) -> None:
    assert list_sessions(crashed.parent)[0].error is None
    assert sources(crashed) == whole


def test_setting_aside_after_a_crash_harms_neither_the_old_session_nor_the_new(crashed: Path, whole: list[str]) -> None:
    aside = set_aside(crashed)
    with new_session(crashed.parent) as session:
        new = [chunk.source for chunk in session.chunks()]
    assert sources(aside) == whole
    assert sources(crashed) == new != whole


def test_a_journal_without_its_session_is_never_played_into_a_new_one(crashed: Path) -> None:
    crashed.unlink()
    with new_session(crashed.parent) as session:
        assert session.status().total == len(session.chunks())
    assert sqlite3.connect(crashed).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_removing_after_a_crash_leaves_nothing(crashed: Path) -> None:
    remove(crashed)
    assert list(crashed.parent.glob(f"*{SUFFIX}*")) == []


def test_whatever_bytes_are_damaged_the_answer_is_a_sentence(tmp_path: Path) -> None:
    with new_session(tmp_path, TEXT * 6) as session:
        for chunk in session.chunks():
            session.add_attempt(attempt(chunk.index, chunk.source), choose=True, state="done")
        session.decide(0, "edited", "by hand")
        data = session.path.read_bytes()
    path = tmp_path / "spoiled.galley"
    chance = random.Random(7)
    refused = 0
    for _ in range(150):
        spoiled = bytearray(data)
        for _ in range(chance.choice([1, 5, 50])):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        path.write_bytes(spoiled)
        try:
            with Session.open(path, write=False) as session:
                assert session.document.page_count
                assert session.settings.digest()
                assert session.page_runs
                for index in range(session.status().total):
                    session.attempts(index)
                for format in FORMATTERS:
                    write(session, io.BytesIO(), format)
        except SessionError:
            refused += 1
        assert path.read_bytes() == spoiled
    assert refused > 30


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 a paper", b"SQLite format 3\0" + bytes(2000)])
def test_a_file_that_is_no_session_is_not_touched_by_opening_it_for_writing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.galley"
    path.write_bytes(content)
    with pytest.raises(SessionError, match="no Galley session"):
        Session.open(path)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["file.galley"]


def test_only_sessions_are_removed(tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(b"%PDF")
    with pytest.raises(SessionError):
        remove(paper)
    assert paper.exists()


@pytest.mark.parametrize("for_writing", [True, False])
def test_a_file_of_version_1_is_brought_up_to_date(tmp_path: Path, for_writing: bool) -> None:
    path = tmp_path / "old.galley"
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1.read_text())
    connection.close()
    with Session.open(path, write=for_writing) as session:
        assert session.document.path == Path("/home/reader/paper.pdf")
        assert session.settings.clean.mode == "rules"
        assert session.text_of(0) == "by hand"
        assert [a.output for a in session.attempts(1)] == ["second"]
        status = session.status()
        assert (status.total, status.done, status.flagged, status.decided) == (5, 1, 1, 1)
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (VERSION,)
