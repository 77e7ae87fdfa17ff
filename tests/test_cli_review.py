"""A session reviewed from the command line alone: from `galley clean` to the attempts and edits of one chunk."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from piloting import FIRST, SOURCES, a_session

from galley.core.session import Session, list_sessions

TEXT = """The compositor sets the lines by hand and reads them upside down in the stick (Moxon, 1683).

A corrector then compares the sheet with the copy, while a boy reads the manuscript aloud to him [12].

Every mark in the margin costs the house a little money, so that most authors are asked to be brief.
"""


def galley(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from galley.cli.main import main; main()", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)


def chunk(number: int, name: str = "notes") -> dict[str, Any]:
    done = galley("sessions", "show", name, "--chunk", str(number), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def cleaned(tmp_path: Path, own_home: Path) -> Path:
    """A session of `rules`, made by the command itself."""
    notes = tmp_path / "notes.txt"
    notes.write_text(TEXT)
    done = galley("clean", str(notes), "--mode", "rules", "--chunk-size", "100", "-q")
    assert done.returncode == 0, done.stderr
    (session,) = list_sessions(own_home / "sessions")
    assert session.status.total > 1
    return session.path


def test_what_was_cleaned_is_decided_undone_and_exported(cleaned: Path) -> None:
    assert galley("decide", "notes", "edit", "1", "-", stdin="By hand.\n").returncode == 0
    assert galley("export", "notes", "-o", "-").stdout.startswith("By hand.")
    assert galley("undo", "notes").returncode == 0
    assert chunk(1)["decision"] is None
    assert galley("redo", "notes").returncode == 0
    assert (chunk(1)["decision"], chunk(1)["text"]) == ("edited", "By hand.")


def test_nothing_to_undo_or_redo_is_said_and_no_error(cleaned: Path) -> None:
    for command in ("undo", "redo"):
        done = galley(command, "notes")
        assert done.returncode == 0
        assert "nothing to" in done.stderr


def test_a_retry_by_the_real_model_is_listed_and_the_first_attempt_chosen_again_by_its_id(
    cleaned: Path, embedded_model: Path
) -> None:
    (first,) = chunk(1)["all_attempts"]
    done = galley("retry", "notes", "1", "--mode", "verbatim")
    assert done.returncode == 0, done.stderr
    shown = chunk(1)
    assert [attempt["mode"] for attempt in shown["all_attempts"]] == ["rules", "verbatim"]
    second = shown["all_attempts"][1]
    assert shown["chosen"] == second["id"]
    assert (second["model"], second["error"]) == (embedded_model.name, None)
    assert {edit["number"] for edit in second["edits"]} == set(range(1, len(second["edits"]) + 1))
    assert galley("decide", "notes", "choose", "1", str(first["id"])).returncode == 0
    assert chunk(1)["chosen"] == first["id"]


def test_a_session_open_elsewhere_is_shown_but_not_changed(cleaned: Path) -> None:
    with Session.open(cleaned):
        assert galley("sessions", "show", "notes", "--chunk", "1").returncode == 0
        for command in (["undo", "notes"], ["decide", "notes", "accept", "1"], ["retry", "notes", "1"]):
            done = galley(*command)
            assert done.returncode == 2
            assert "is open in process" in done.stderr
            assert "Traceback" not in done.stderr


def test_an_edit_stands_under_the_number_that_switches_it(tmp_path: Path) -> None:
    a_session(tmp_path)
    before = galley("sessions", "show", "paper", "--chunk", "1").stdout
    assert made(before) == {"1": "yes", "2": "no"}
    assert "(Wei, 2022)" in before
    assert galley("decide", "paper", "switch", "1", "1").returncode == 0
    assert made(galley("sessions", "show", "paper", "--chunk", "1").stdout) == {"1": "no", "2": "no"}
    shown = chunk(1, "paper")
    assert (shown["text"], shown["switched"]) == (SOURCES[0], [1])
    assert shown["all_attempts"][0]["output"] == FIRST


def test_edits_of_a_text_that_is_no_longer_the_attempts_are_shown_with_why_they_stay(tmp_path: Path) -> None:
    a_session(tmp_path)
    assert galley("decide", "paper", "source", "1").returncode == 0
    shown = galley("sessions", "show", "paper", "--chunk", "1").stdout
    assert made(shown) == {"1": "yes", "2": "no"}
    assert "no longer the attempt's" in shown


def test_an_attempt_without_output_shows_its_error(tmp_path: Path) -> None:
    a_session(tmp_path)
    shown = galley("sessions", "show", "paper", "--chunk", "4").stdout
    assert "failed" in shown
    assert "died" in shown
    assert chunk(4, "paper")["all_attempts"][0]["output"] is None


def test_a_chunk_that_waits_has_no_attempt_and_nothing_to_accept(tmp_path: Path) -> None:
    a_session(tmp_path, pending=1)
    assert "No attempt was made yet." in galley("sessions", "show", "paper", "--chunk", "5").stdout
    done = galley("decide", "paper", "accept", "5")
    assert done.returncode == 2
    assert "no cleaned text to accept" in done.stderr


def test_a_chunk_that_there_is_not_is_a_sentence(tmp_path: Path) -> None:
    a_session(tmp_path)
    done = galley("sessions", "show", "paper", "--chunk", "99")
    assert done.returncode == 2
    assert "has no chunk 99" in done.stderr
    assert galley("sessions", "show", "paper", "--chunk", "0").returncode == 2


def made(shown: str) -> dict[str, str]:
    """Whether each edit is made, by its number, out of the table of edits."""
    lines = shown.split("\n\n")[1].splitlines()[1:]
    return {cells[0]: cells[1] for cells in (line.split() for line in lines) if cells[0].isdigit()}
