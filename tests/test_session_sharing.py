"""Several threads, processes and file systems around one session."""

import errno
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from making import attempt, document, new_session

from galley.core.chunk import ChunkOptions, chunk
from galley.core.errors import SessionBusyError
from galley.core.prepare import prepare
from galley.core.session import Session, find_session
from galley.core.session.lock import lock_path
from galley.core.session.names import session_name
from galley.core.settings import RunSettings


def test_a_person_decides_in_one_thread_while_a_run_works_in_another(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:

        def work() -> None:
            for number in range(40):
                session.add_attempt(attempt(0, f"text {number}"), choose=True, state="done")

        run = threading.Thread(target=work)
        run.start()
        for number in range(40):
            session.decide(1, "edited", f"edit {number}")
            session.results()
        run.join()
        assert len(session.attempts(0)) == 40
        assert session.text_of(1) == "edit 39"


def test_a_session_that_is_closed_while_another_thread_reads_it_ends_that_reading_and_no_more(tmp_path: Path) -> None:
    # In a process of its own: what goes wrong here ends it.
    code = """
import sys, threading
from pathlib import Path
from making import attempt, new_session
from galley.core.errors import GalleyError

def read(session, begun):
    try:
        while True:
            session.attempts(0)
            begun.set()
    except GalleyError:
        print("ended")

for number in range(20):
    folder = Path(sys.argv[1]) / str(number)
    folder.mkdir()
    session, begun = new_session(folder), threading.Event()
    for _ in range(30):
        session.add_attempt(attempt(0, "text " * 200), choose=True, state="done")
    reader = threading.Thread(target=read, args=(session, begun))
    reader.start()
    begun.wait()
    session.close()
    reader.join()
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "ended\n" * 20), ran.stderr


def test_results_agree_with_what_is_asked_one_by_one(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        for index in range(4):
            session.add_attempt(attempt(index, f"text {index}"), choose=True, state="done")
        session.decide(0, "edited", "by hand")
        session.decide(1, "source")
        session.decide(2, "accepted")
        path = session.path
    with Session.open(path, write=False) as session:
        for index, result in enumerate(session.results()):
            assert result.chunk == session.chunk(index)
            assert result.attempt == session.chosen(index)
            assert result.text == session.text_of(index)


def without_locks(descriptor: int, operation: int) -> None:
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


def holder(pid: int, started: float, host: str) -> str:
    return json.dumps({"pid": pid, "host": host, "started": started, "since": "2026-01-01T00:00:00+00:00"})


def test_where_there_are_no_locks_the_holders_name_keeps_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", without_locks)
    with new_session(tmp_path) as session, pytest.raises(SessionBusyError, match=str(os.getpid())):
        Session.open(session.path)
    Session.open(session.path).close()


def test_where_there_are_no_locks_the_name_of_a_dead_process_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", without_locks)
    with new_session(tmp_path) as session:
        path = session.path
    parent = psutil.Process(os.getppid())
    lock_path(path).write_text(holder(parent.pid, parent.create_time() - 100, socket.gethostname()))
    Session.open(path).close()
    lock_path(path).write_text(holder(1, 0.0, "another-host"))
    with pytest.raises(SessionBusyError, match="another-host"):
        Session.open(path)


def test_a_document_whose_name_is_not_utf_8_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.pdf")
    made = document(path=path)
    prepared = prepare(made)
    settings = RunSettings()
    chunks = chunk(prepared, ChunkOptions(size=80))
    Session.create(tmp_path, made, prepared, chunks, settings).close()
    found = find_session(tmp_path, made.sha256, settings)
    assert found is not None
    with Session.open(found) as session:
        assert session.document.path == path


def test_text_that_no_encoding_can_hold_is_kept_as_far_as_it_can_be(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.add_attempt(attempt(0, "half a pair \ud83d", error="\udce9"), choose=True, state="done")
        assert session.text_of(0) == "half a pair \ufffd"
        session.decide(0, "edited", "\ud83d")
        assert session.text_of(0) == "\ufffd"


@pytest.mark.parametrize("stem", ["𠀀" * 80, "é" * 300, "../..", "a b\n*?", "", "..."])
def test_session_names_fit_every_file_system(stem: str) -> None:
    name = session_name(Path("/x") / f"{stem}.pdf", "ab" * 32, "cd" * 32)
    assert len(f".{name}.new-journal".encode()) <= 143
    assert name.endswith("-abababab-cdcdcdcd.galley")
    assert not set(name) & set("/\n*? \0")
    assert not name.startswith(".")
