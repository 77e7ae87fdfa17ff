"""A world that does not behave: no locks, a clock that jumps, a file that changes, somebody else at the session."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from faults import GALLEY, PROSE, galley, in_one_sentence, prose, start, without_locks
from making import new_session

from galley.core.session import Session, check, list_sessions
from galley.core.session.lock import Holder, lock_path

RULES = ("clean", "notes.txt", "--mode", "rules", "-o", "out.txt")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "notes.txt").write_text(PROSE * 8)
    return folder


def only_session(home: Path) -> Path:
    (summary,) = list_sessions(home / "sessions")
    assert summary.error is None, summary.error
    return summary.path


def test_on_a_file_system_without_locks_everything_works_as_elsewhere(work: Path, own_home: Path) -> None:
    done = galley(*RULES, folder=work, before=without_locks)
    assert done.returncode == 0, done.stderr
    assert (work / "out.txt").read_text().count("compositor") == 8
    again = galley(*RULES, folder=work, before=without_locks)
    assert "were done before" in again.stderr
    assert "finished" in galley("sessions", folder=work, before=without_locks).stdout
    assert galley("decide", "notes", "accept", "1", folder=work, before=without_locks).returncode == 0
    assert check(only_session(own_home)).problems == ()


HOLD = """
import sys, time
sys.path.insert(0, sys.argv[2])
from faults import without_locks
without_locks()
from pathlib import Path
from galley.core.session import Session
with Session.open(Path(sys.argv[1])) as session:
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_without_locks_the_second_writer_is_told_who_the_first_is(work: Path, own_home: Path) -> None:
    assert galley(*RULES, folder=work, before=without_locks).returncode == 0
    path = only_session(own_home)
    command = [sys.executable, "-c", HOLD, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "open\n"
        said = in_one_sentence(galley("decide", "notes", "accept", "1", folder=work, before=without_locks))
        assert f"process {holder.pid} on " in said
        holder.stdin.write("\n")
    assert galley("decide", "notes", "accept", "1", folder=work, before=without_locks).returncode == 0


JUMP = """
import datetime, time
real, began = time.time, time.monotonic()
def jumped():
    return real() - (86400 if time.monotonic() - began > 0.4 else 0)
time.time = jumped
class Jumping(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(jumped(), tz)
datetime.datetime = Jumping
"""
"""A day back, a moment after the process began."""


def test_a_clock_that_jumps_back_in_the_midst_changes_nothing(
    work: Path, tmp_path: Path, own_home: Path, embedded_model: Path
) -> None:
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(JUMP)
    verbatim = ("clean", "notes.txt", "--mode", "verbatim", "--json")
    jumped = galley(*verbatim, "-o", "jumped.txt", folder=work, PYTHONPATH=str(tmp_path / "hook"))
    assert jumped.returncode == 0, jumped.stderr
    assert json.loads(jumped.stdout)["seconds"] >= 0
    path = only_session(own_home)
    with Session.open(path, write=False) as session:
        assert all(attempt.seconds >= 0 for c in session.chunks() for attempt in session.attempts(c.index))
    assert check(path).problems == ()
    path.unlink()
    assert galley(*verbatim, "-o", "straight.txt", folder=work).returncode == 0
    assert (work / "jumped.txt").read_bytes() == (work / "straight.txt").read_bytes()


def test_a_holder_is_still_known_after_the_clock_was_set_back(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        name = lock_path(session.path).read_text()
        holder = Holder(**json.loads(name))
        assert holder.alive()
        program = (
            "import sys, json, psutil\n"
            "import psutil._pslinux as linux\n"
            "real = linux.boot_time\n"
            "linux.boot_time = psutil.boot_time = lambda: real() - 3600\n"
            "linux.BOOT_TIME = None\n"
            "from galley.core.session.lock import Holder\n"
            "print(Holder(**json.loads(sys.argv[1])).alive())"
        )
        done = subprocess.run([sys.executable, "-c", program, name], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_two_galleys_on_one_document_do_nothing_twice(work: Path, own_home: Path, embedded_model: Path) -> None:
    (work / "notes.txt").write_text(prose(30))
    command = ("clean", "notes.txt", "--mode", "verbatim", "-o", "out.txt")
    first = start(*command, folder=work)
    try:
        deadline = time.monotonic() + 120
        while not (held := [path for path in (own_home / "sessions").glob("*.lock") if path.stat().st_size]):
            assert time.monotonic() < deadline, "the first never began"
            assert first.poll() is None
            time.sleep(0.05)
        assert held
        said = in_one_sentence(galley(*command, folder=work))
        assert "is open in process" in said or "another process" in said
        assert first.wait(200) == 0
    finally:
        first.kill()
        first.wait()
    with Session.open(only_session(own_home), write=False) as session:
        assert session.status().pending == 0
        assert all(len(session.attempts(chunk.index)) == 1 for chunk in session.chunks())
    assert (work / "out.txt").read_text().count("compositor") == 30


def test_a_document_that_is_replaced_in_the_midst_of_a_run_is_not_mixed_in(
    work: Path, own_home: Path, embedded_model: Path
) -> None:
    (work / "notes.txt").write_text(prose(20))
    command = [*GALLEY, "clean", "notes.txt", "--mode", "verbatim", "-o", "out.txt"]
    with subprocess.Popen(command, cwd=work, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith(("Loading", "Cleaning")):  # the document has been read
                os.replace(work / "notes.txt", work / "old.txt")
                (work / "notes.txt").write_text("Another text. " * 300)
                break
        running.stderr.read()
    assert running.returncode == 0
    text = (work / "out.txt").read_text()
    assert text.count("compositor") == 20
    assert "Another text" not in text
    galley("resume", "notes", folder=work)
    assert "has changed since" in galley("resume", "notes", "-o", "again.txt", folder=work).stderr
    assert (work / "again.txt").read_bytes() == (work / "out.txt").read_bytes()
