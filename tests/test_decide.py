"""What the app's keys do to a session, from the command line."""

import subprocess
import sys
from pathlib import Path

import pytest
from piloting import FIRST, SOURCES, a_session

from galley.core.session import Session


def galley(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from galley.cli.main import main; main()", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def rows(path: Path) -> list[str | None]:
    with Session.open(path, write=False) as session:
        return [row.decision for row in session.rows()]


def text(path: Path, index: int) -> str | None:
    with Session.open(path, write=False) as session:
        return session.text_of(index)


def test_chunks_are_accepted_kept_cleared_and_undone(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    assert galley("decide", str(path), "accept", "1-2").returncode == 0
    assert galley("decide", "paper", "source", "3,5").returncode == 0
    assert rows(path) == ["accepted", "accepted", "source", None, "source"]
    assert galley("decide", str(path), "clear", "1").returncode == 0
    assert "Undone: chunk 1." in galley("undo", str(path)).stderr
    assert "Undone: 2 chunks (3, 5)." in galley("undo", str(path)).stderr  # what one command did, one takes back
    assert rows(path) == ["accepted", "accepted", None, None, None]
    assert "Done again: 2 chunks (3, 5)." in galley("redo", str(path)).stderr
    assert rows(path) == ["accepted", "accepted", "source", None, "source"]


def test_all_that_are_clean_are_accepted_in_one_step(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    assert "3 chunks accepted" in galley("decide", str(path), "accept", "clean").stderr
    assert "Undone: 3 chunks (1, 3, 5)." in galley("undo", str(path)).stderr
    assert rows(path) == [None] * 5


def test_a_text_of_ones_own_comes_from_a_file_or_standard_input(tmp_path: Path) -> None:
    path, new = a_session(tmp_path), tmp_path / "new.txt"
    new.write_text("by hand\n")
    assert galley("decide", str(path), "edit", "2", str(new)).returncode == 0
    assert text(path, 1) == "by hand"
    done = galley("decide", str(path), "edit", "3", "-", stdin="typed\x1b[31m\n")
    assert "Control characters were taken out" in done.stderr
    assert text(path, 2) == "typed"


def test_an_edit_is_switched_and_an_attempt_chosen(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    assert galley("decide", str(path), "switch", "1", "1").returncode == 0
    assert text(path, 0) == SOURCES[0]
    assert galley("retry", str(path), "1", "--mode", "rules").returncode == 0
    assert text(path, 0) == SOURCES[0]
    assert galley("decide", str(path), "choose", "1", "1").returncode == 0
    assert text(path, 0) == FIRST


def test_a_chunk_is_cleaned_again_by_the_real_model(tmp_path: Path, embedded_model: Path) -> None:
    path = a_session(tmp_path)
    done = galley("retry", str(path), "2,4", "--mode", "verbatim")
    assert done.returncode == 0, done.stderr
    assert "Chunk 2: cleaned again in verbatim" in done.stderr
    with Session.open(path, write=False) as session:
        attempt = session.chosen(3)
        assert attempt is not None
        assert (attempt.mode, attempt.model) == ("verbatim", embedded_model.name)
        assert session.row(3).state == "done"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["decide", "paper", "accept", "9"], "There is no chunk 9"),
        (["decide", "paper", "accept", "x"], "'x' names no chunks"),
        (["decide", "paper", "accept", "4"], "Chunk 4 has no cleaned text"),
        (["decide", "paper", "edit", "1", "nowhere.txt"], "nowhere.txt can't be read"),
        (["decide", "paper", "edit", "1"], "edit takes a file"),
        (["decide", "paper", "accept", "²"], "'²' names no chunks"),
        (["decide", "paper", "source", "9" * 5000], "9' names no chunks"),
        (["decide", "paper", "edit", "1-2", "-"], "edit takes one chunk at a time"),
        (["decide", "paper", "choose", "1,2", "1"], "choose takes one chunk at a time"),
        (["decide", "paper", "switch", "1", "9"], "has no edit 9"),
        (["decide", "paper", "choose", "1", "99"], "no usable attempt 99"),
        (["decide", "nowhere", "accept", "1"], "There is no session 'nowhere'"),
        (["retry", "paper", "1", "--model", "nowhere"], "rules uses no model"),
        (["retry", "paper", "1", "--mode", "verbatim", "--model", "nowhere"], "There is no model called 'nowhere'"),
        (["retry", "paper", "1", "--temperature", "9"], "not in the range"),
    ],
)
def test_a_mistake_is_a_sentence_and_changes_nothing(tmp_path: Path, arguments: list[str], expected: str) -> None:
    path = a_session(tmp_path)
    done = galley(*arguments)
    assert done.returncode in {1, 2}
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert rows(path) == [None] * 5


def test_the_app_needs_a_terminal_and_says_what_does_not() -> None:
    done = galley()
    assert done.returncode == 2
    assert "galley clean" in done.stderr
    assert galley("review", "nowhere").returncode == 2
