"""A disk that is full, or that nobody may write to, at every place where Galley writes."""

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import PROSE, disk, fill, galley, in_one_sentence, inventory
from making import attempt, new_session

from galley.core import job as jobs
from galley.core.config import load_config
from galley.core.errors import StorageError
from galley.core.session import Session, list_sessions

TEXT = PROSE * 40
ROOM_FOR_A_LOCK = 4096
"""Bytes: enough to begin, and too few for a commit."""
RULES = ("clean", "notes.txt", "--mode", "rules", "-o", "out.txt")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a text, on a disk that has room."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "notes.txt").write_text(TEXT)
    (folder / "other.txt").write_text(TEXT + "Another end.")
    return folder


@pytest.fixture
def full(own_home: Path, work: Path) -> Iterator[Path]:
    """Everything of Galley's own lies on a disk without a byte left: a config, and a session that waits."""
    with disk(own_home, "size=2m"):
        (own_home / "config.toml").write_text("[clean]\nseed = 7\n")
        half_done(work / "notes.txt")
        (work / "out.txt").write_text("precious")
        fill(own_home)
        yield own_home


def half_done(path: Path) -> None:
    """A session in which some chunks are cleaned and one is still to be."""
    config = load_config(overrides={"clean.mode": "rules"})
    with jobs.open_job(path, config, None).session as session:
        jobs.make_run(session, None, lambda event: None).work(threading.Event())
        path = session.path
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE chunks SET state = 'pending', chosen = NULL WHERE idx > 2")
        connection.execute("DELETE FROM attempts WHERE chunk > 2")
    connection.close()


def session_of(home: Path) -> Path:
    (summary,) = list_sessions(home / "sessions")
    assert summary.error is None
    return summary.path


NEEDS_ROOM = {
    "a new session": ("clean", "other.txt", "--mode", "rules"),
    "an attempt": ("resume", "--quiet"),
    "a decision": ("decide", "notes", "accept", "1"),
    "a setting": ("config", "set", "clean.seed", "8"),
    "a session that is saved": ("sessions", "check", "--repair", "notes"),
}


@pytest.mark.parametrize("what", NEEDS_ROOM)
def test_a_full_disk_is_one_sentence_and_changes_nothing(what: str, full: Path, work: Path) -> None:
    if what == "a session that is saved":
        with session_of(full).open("r+b") as file:
            file.seek(4096 * 3)
            file.write(bytes(4096))
    before = inventory(full)
    done = galley(*NEEDS_ROOM[what], folder=work)
    said = done.stdout + done.stderr
    assert done.returncode in (1, 2), said
    assert "Traceback" not in said
    assert "disk is full" in said.lower()
    assert inventory(full) == before
    assert (work / "out.txt").read_text() == "precious"


def test_after_room_was_made_the_same_command_goes_on_and_nothing_is_done_twice(full: Path, work: Path) -> None:
    in_one_sentence(galley("resume", folder=work))
    (full / "filler").unlink()
    done = galley("resume", "-o", "whole.txt", folder=work)
    assert done.returncode == 0, done.stderr
    with Session.open(session_of(full), write=False) as session:
        assert all(len(session.attempts(chunk.index)) == 1 for chunk in session.chunks())
    assert (work / "whole.txt").read_text().count("compositor") == TEXT.count("compositor")


def test_a_run_that_a_full_disk_stops_says_how_to_go_on(full: Path, work: Path) -> None:
    os.truncate(full / "filler", (full / "filler").stat().st_size - ROOM_FOR_A_LOCK)
    stopped = galley("resume", folder=work)
    assert in_one_sentence(stopped) == f"To go on: galley resume {session_of(full).stem}"
    assert stopped.stderr.count("The disk is full") == 1


def test_a_batch_that_a_full_disk_stops_says_how_to_go_on_and_does(work: Path, own_home: Path) -> None:
    with disk(own_home, "size=1m"):
        fill(own_home)
        done = galley("batch", "notes.txt", "-o", "clean here", "--mode", "rules", folder=work)
        assert in_one_sentence(done) == "To go on: galley batch -o 'clean here'"
        assert done.stderr.lower().count("disk is full") == 1
        (own_home / "filler").unlink()
        assert galley("batch", "-o", "clean here", folder=work).returncode == 0
    assert (work / "clean here" / "notes.txt").exists()


@pytest.mark.parametrize("how", ["moved", "removed"])
def test_a_folder_of_sessions_that_goes_in_the_midst_is_told_as_that(how: str, tmp_path: Path) -> None:
    with new_session(tmp_path / "sessions") as session:
        session.add_attempt(attempt(0), choose=True)
        (tmp_path / "sessions").rename(tmp_path / "elsewhere")
        if how == "removed":
            shutil.rmtree(tmp_path / "elsewhere")
        with pytest.raises(StorageError, match=r"was moved or removed while it was written to\. If it was moved"):
            session.add_attempt(attempt(1), choose=True)
    if how == "moved":
        with Session.open(tmp_path / "elsewhere" / session.path.name) as there:
            assert [len(there.attempts(at)) for at in (0, 1)] == [1, 0]


GOES_ON = {
    "the index of models": ("models",),
    "the list of sessions": ("sessions",),
    "a look at a file": ("info", "notes.txt", "--mode", "rules"),
    "a look at a session": ("sessions", "check", "notes"),
    "an export elsewhere": ("export", "notes", "-o", "exported.jsonl"),
}


@pytest.mark.parametrize("what", GOES_ON)
def test_what_needs_no_room_of_its_own_goes_on(what: str, full: Path, work: Path, embedded_model: Path) -> None:
    done = galley(*GOES_ON[what], folder=work)
    assert done.returncode == 0, done.stderr
    assert "filler" in inventory(full)


def test_an_export_to_a_full_disk_keeps_what_was_there(work: Path, tmp_path: Path) -> None:
    assert galley(*RULES, folder=work).returncode == 0
    with disk(tmp_path / "full", "size=64k") as there:
        (there / "out.md").write_text("precious")
        fill(there)
        before = inventory(there)
        done = galley("clean", "notes.txt", "--mode", "rules", "-o", str(there / "out.md"), folder=work)
        assert "galley export notes" in in_one_sentence(done)
        assert "disk is full" in done.stderr
        assert inventory(there) == before


def test_an_engine_whose_log_has_no_room_works_all_the_same(
    work: Path, tmp_path: Path, own_home: Path, embedded_model: Path
) -> None:
    with disk(own_home, "size=64k"):
        (own_home / "log").mkdir()
        fill(own_home)
        (work / "short.txt").write_text(PROSE * 2)
        done = galley(
            "clean", "short.txt", "--mode", "verbatim", "--session-dir", str(tmp_path / "sessions"), folder=work
        )
        assert done.returncode == 0, done.stderr
        assert "(Moxon, 1683)" not in (work / "clean_short.txt").read_text()


@pytest.fixture
def read_only(own_home: Path) -> Iterator[Path]:
    with disk(own_home, "ro"):
        yield own_home


@pytest.mark.parametrize(
    "command", [RULES, ("config", "set", "clean.seed", "8"), ("config", "init")], ids=lambda command: command[0]
)
def test_a_home_that_nobody_may_write_to_is_one_sentence_that_says_what_to_do(
    command: tuple[str, ...], read_only: Path, work: Path
) -> None:
    said = in_one_sentence(galley(*command, folder=work))
    assert str(read_only) in said
    assert "Read-only" in said
    assert said.endswith(".")
    assert not (work / "out.txt").exists()


@pytest.mark.parametrize("mode", ["rules", "verbatim"])
def test_with_sessions_elsewhere_a_read_only_home_stops_nothing(
    mode: str, read_only: Path, work: Path, tmp_path: Path, embedded_model: Path
) -> None:
    (work / "short.txt").write_text(PROSE * 2)
    where = str(tmp_path / "sessions")
    done = galley("clean", "short.txt", "--mode", mode, "--session-dir", where, folder=work)
    assert done.returncode == 0, done.stderr
    assert (work / "clean_short.txt").exists()
    assert galley("models", folder=work).returncode == 0


def test_sessions_on_a_disk_that_became_read_only_are_listed_and_exported(
    work: Path, tmp_path: Path, own_home: Path
) -> None:
    with disk(tmp_path / "sessions", "size=4m") as there:
        where = ("--session-dir", str(there))
        assert galley(*RULES, *where, folder=work).returncode == 0
        subprocess.run(["mount", "-o", "remount,ro", there], check=True)
        assert "finished" in galley("sessions", *where, folder=work).stdout
        assert galley("sessions", "check", "--all", *where, folder=work).returncode == 0
        assert galley("export", "notes", "-o", "again.txt", *where, folder=work).returncode == 0
        assert (work / "again.txt").read_bytes() == (work / "out.txt").read_bytes()
        said = in_one_sentence(galley("decide", "notes", "accept", "1", *where, folder=work))
        assert "can't be written" in said


def test_a_check_that_finds_no_room_for_its_copy_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "old.galley"
    connection = sqlite3.connect(path)
    connection.executescript((Path(__file__).parent / "data" / "session-v1.sql").read_text())
    connection.close()
    before = path.read_bytes()
    with disk(tmp_path / "tmp", "size=64k") as there:
        filler = fill(there)
        os.truncate(filler, filler.stat().st_size - 8192)  # where there is no room at all, another place is taken
        for more in ((), ("--repair",)):
            done = galley("sessions", "check", str(path), *more, TMPDIR=str(there))
            assert done.returncode == 1
            assert done.stdout.startswith("old: The disk is full")
        assert os.listdir(there) == ["filler"]
    assert path.read_bytes() == before
