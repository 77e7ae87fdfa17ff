"""A session keeps all it was given, however the process ends, and lets one process write at a time."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from making import attempt, new_session

from galley.core.errors import SessionBusyError, SessionDamagedError, SessionError, StorageError
from galley.core.session import Session, find_session, list_sessions, remove, resolve, set_aside
from galley.core.session.migrations import VERSION
from galley.core.settings import RunSettings

TESTS = Path(__file__).parent


def test_what_is_added_is_there_after_reopening(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
        first = session.add_attempt(attempt(0, "one"), choose=False)
        second = session.add_attempt(attempt(0, "two", reason="retry: loop"), choose=True, state="done")
        chunks = session.chunks()
    with Session.open(path) as again:
        assert [a.output for a in again.attempts(0)] == ["one", "two"]
        assert again.chosen(0) == attempt(0, "two", reason="retry: loop", id=second)
        assert [chunk.source for chunk in again.chunks()] == [chunk.source for chunk in chunks]
        assert again.status().done == 1
        assert again.status().flagged == 1
        assert again.document.metadata == {"Title": "Proofs"}
        assert again.settings == RunSettings()
        assert first < second


def test_what_is_written_together_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        with suppress(RuntimeError), session.together():
            session.add_attempt(attempt(0, "one"), choose=True, state="done")
            raise RuntimeError
        assert session.attempts(0) == []
        assert session.status().done == 0
        with session.together():
            session.add_attempt(attempt(0, "one"), choose=True, state="done")
            session.add_attempt(attempt(1, "two"), choose=True, state="done")
            with Session.open(session.path, write=False) as reader:
                assert reader.status().done == 0
        with Session.open(session.path, write=False) as reader:
            assert reader.status().done == 2


def test_chunks_know_their_pages(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        pages = [chunk.pages for chunk in session.chunks()]
        assert pages[0] == (1, 1)
        assert pages[-1] == (2, 2)
        assert session.page_runs[0] == (0, 1)


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    with new_session(tmp_path / "sessions") as session:
        assert session.path.stat().st_mode & 0o777 == 0o600
        assert session.path.parent.stat().st_mode & 0o777 == 0o700


def test_decisions_are_undone_and_redone_across_restarts(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
        session.add_attempt(attempt(0, "model's text"), choose=True, state="done")
        session.decide(0, "edited", "my text")
        session.decide(1, "source")
        assert session.text_of(0) == "my text"
        assert session.text_of(1) == session.chunk(1).source
    with Session.open(path) as session:
        assert session.undo() == [1]
        assert session.text_of(1) is None
        assert session.undo() == [0]
        assert session.text_of(0) == "model's text"
        assert session.undo() == []
    with Session.open(path) as session:
        assert session.redo() == [0]
        assert session.text_of(0) == "my text"
        session.decide(2, "accepted")
        assert session.redo() == [], "a new decision drops what could be redone"


def test_what_was_accepted_together_is_undone_together(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.decide(1, "source")
        session.decide_all([0, 2], "accepted")
        assert [row.decision for row in session.rows()][:3] == ["accepted", "source", "accepted"]
        assert session.undo() == [0, 2]
        assert [row.decision for row in session.rows()][:3] == [None, "source", None]
        assert session.redo() == [0, 2]


def test_choosing_an_attempt_takes_back_what_was_said_of_another_and_can_be_undone(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        first = session.add_attempt(attempt(0, "first"), choose=True, state="done")
        second = session.add_attempt(attempt(0, "second"), choose=False)
        session.decide(0, "accepted")
        session.choose(0, second)
        assert (session.text_of(0), session.decision(0)) == ("second", None)
        assert session.undo() == [0]
        decision = session.decision(0)
        assert session.text_of(0) == "first"
        assert decision is not None
        assert (decision.kind, decision.attempt) == ("accepted", first)
        assert session.redo() == [0]
        assert (session.text_of(0), session.row(0).decision) == ("second", None)


def test_undoing_a_decision_leaves_an_attempt_alone_that_a_run_chose_since(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.decide(0, "source")
        session.add_attempt(attempt(0, "made later"), choose=True, state="done")
        session.undo()
        assert session.text_of(0) == "made later"


def test_edits_switched_by_hand_are_kept_with_the_decision(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.decide(0, "edited", "text", switched=[0, 3])
        decision = session.decision(0)
        assert decision is not None
        assert (decision.text, decision.switched) == ("text", (0, 3))


def test_the_place_where_a_person_left_off_survives_a_restart(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
        session.keep_place({"chunk": "1", "filter": "flagged"})
        session.keep_place({"chunk": "2"})
    with Session.open(path) as session:
        assert session.place() == {"chunk": "2", "filter": "flagged"}


def test_the_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        with pytest.raises(SessionBusyError, match=f"process {os.getpid()} on "):
            Session.open(session.path)
        with Session.open(session.path, write=False) as reader:
            assert reader.status().total == session.status().total
    Session.open(session.path).close()


HOLD = """
import sys, time
from pathlib import Path
from galley.core.session import Session
session = Session.open(Path(sys.argv[1]))
print("open", flush=True)
time.sleep(60)
"""


def test_the_right_to_write_ends_with_a_killed_process(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"open\n"
    with pytest.raises(SessionBusyError, match=str(holder.pid)):
        Session.open(path)
    assert list_sessions(tmp_path)[0].writer is not None
    holder.kill()
    holder.wait()
    holder.stdout.close()
    Session.open(path).close()


ADD_FOR_EVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from making import attempt
from galley.core.session import Session
with Session.open(Path(sys.argv[1])) as session:
    for number in range(100000):
        session.add_attempt(attempt(number % 3, f"text {number}" + "x" * 3000), choose=True, state="done")
        print(number, flush=True)
"""


def test_every_attempt_that_was_reported_survives_kill_9(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    for moment in (0.3, 0.5, 0.75):
        with Session.open(path) as session:
            before = sum(len(session.attempts(i)) for i in range(3))
        writer = subprocess.Popen([sys.executable, "-c", ADD_FOR_EVER, str(path), str(TESTS)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"0\n"
        time.sleep(moment)
        writer.send_signal(signal.SIGKILL)
        reported = 1 + len(writer.stdout.read().splitlines())
        writer.wait()
        writer.stdout.close()
        with Session.open(path) as session:
            kept = sum(len(session.attempts(i)) for i in range(3)) - before
        assert reported <= kept <= reported + 1


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    limit = path.stat().st_size + 60_000

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-c", ADD_FOR_EVER, str(path), str(TESTS)],
        preexec_fn=small_disk,
        capture_output=True,
        text=True,
        check=False,
    )
    reported = len(done.stdout.splitlines())
    assert 0 < reported < 1000
    assert "StorageError: The disk is full or failing" in done.stderr
    with Session.open(path) as session:
        assert sum(len(session.attempts(i)) for i in range(3)) == reported
        session.add_attempt(attempt(0, "after"), choose=True, state="done")


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty", "other"])
def test_a_damaged_session_is_one_sentence_and_stays_as_it_is(tmp_path: Path, damage: str) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    data = path.read_bytes()
    if damage == "other":
        path.unlink()
        sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close()
        data = path.read_bytes()
    else:
        data = {
            "cut": data[: len(data) // 3],
            "flipped": bytes(b ^ 0xFF if 100 < i < 4000 else b for i, b in enumerate(data)),
            "text": b"not a database at all" * 300,
            "empty": b"",
        }[damage]
        path.write_bytes(data)
    with pytest.raises(SessionError), Session.open(path, write=False) as session:
        session.chunks()
    assert list_sessions(tmp_path)[0].error
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    "ask",
    [Session.status, Session.results, Session.undo, Session.reopen_failed, lambda session: session.decide(0, "source")],
    ids=["status", "results", "undo", "reopen_failed", "decide"],
)
@pytest.mark.parametrize("write", [True, False])
def test_a_closed_session_says_that_it_is_closed_and_not_that_it_is_damaged(
    tmp_path: Path, ask: Callable[[Session], object], write: bool
) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    session = Session.open(path, write=write)
    session.close()
    with pytest.raises(SessionError, match=r"is closed\. Open it again") as caught:
        ask(session)
    assert not isinstance(caught.value, SessionDamagedError)


def test_a_session_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(SessionError, match="newer Galley"):
        Session.open(path)


def test_a_session_is_found_again_by_what_was_cleaned_and_how(tmp_path: Path) -> None:
    settings = RunSettings()
    with new_session(tmp_path, settings=settings) as session:
        sha, path = session.document.sha256, session.path
    assert find_session(tmp_path, sha, settings) == path
    assert find_session(tmp_path, sha, settings.model_copy(update={"model": "other"})) is None
    slower = settings.model_copy(update={"extract": settings.extract.model_copy(update={"timeout_seconds": 9.0})})
    assert find_session(tmp_path, sha, slower) == path, "limits are no part of a run's identity"


def test_setting_aside_keeps_the_old_session_and_frees_its_name(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    aside = set_aside(path)
    assert aside.is_file()
    assert not path.exists()
    new_session(tmp_path).close()
    assert len(list_sessions(tmp_path)) == 2


def test_removing_leaves_nothing_behind(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    remove(path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SessionError):
        remove(path)


def test_a_session_is_named_by_the_beginning_of_its_name(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    assert resolve(path.stem[:8], tmp_path) == path
    assert resolve(str(path), tmp_path) == path
    shutil.copy(path, path.with_name("paper-other.galley"))
    with pytest.raises(SessionError, match="fits 2 sessions"):
        resolve("paper", tmp_path)
    with pytest.raises(SessionError, match="no session"):
        resolve("nothing", tmp_path)


def test_a_failed_chunk_can_be_opened_again(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.add_attempt(attempt(0, "", error="died", died=True), choose=False, state="failed", note="it died")
        assert session.chunk(0).note == "it died"
        assert session.status().failed == 1
        assert session.reopen_failed() == 1
        assert 0 in session.pending()


def test_settings_are_kept_as_they_were_given(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        raw = sqlite3.connect(session.path).execute("SELECT settings FROM document").fetchone()[0]
        assert json.loads(raw)["clean"]["mode"] == "rules"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        new_session(tmp_path / "file" / "sessions")
