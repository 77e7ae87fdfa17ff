"""What commands say: what is left to do, how to go on, and lines that a terminal of 80 columns does not tear."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from batches import batch, galley, shelf
from faults import disk, fill
from test_cli_sessions import lines_in_terminal

from galley.core import job as jobs
from galley.core.config import load_config
from galley.core.events import AttemptFinished, Event
from galley.core.session import Session

MARKS = ("paper", "ink", "type", "lead", "a press", "a proof", "a reader", "a comma")
TEXT = "\n\n".join(f"On {one} there is more to say than on {two}, and {two} says it." for one in MARKS for two in MARKS)
SMALL = ("--mode", "rules", "--chunk-size", "100")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with notes.txt."""
    (tmp_path / "notes.txt").write_text(TEXT)
    return tmp_path


def begun(folder: Path) -> Session:
    """An open session of notes.txt by SMALL, as a run leaves it that was stopped after the first chunks."""
    config = load_config(overrides={"clean.mode": "rules", "chunk.size": 100})
    session = jobs.open_job(folder / "notes.txt", config, None).session
    stop = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, AttemptFinished):
            stop.set()

    jobs.make_run(session, None, listen).work(stop)
    assert 0 < session.status().done < session.status().total
    return session


@contextmanager
def read_only(folder: Path) -> Generator[Path]:
    """A folder with notes.txt into which nobody, root included, can write."""
    if os.geteuid() == 0:
        with disk(folder, "size=1m") as place:
            (place / "notes.txt").write_text(TEXT)
            subprocess.run(["mount", "-o", "remount,ro", place], check=True)
            yield place
        return
    folder.mkdir()
    (folder / "notes.txt").write_text(TEXT)
    folder.chmod(0o555)
    try:
        yield folder
    finally:
        folder.chmod(0o755)


def test_info_says_what_is_left_of_a_document_that_was_begun(folder: Path) -> None:
    untouched = galley(folder, "info", "notes.txt", *SMALL).stdout
    assert "How long it takes is not known yet" in untouched
    with begun(folder) as session:
        status, name = session.status(), session.path.stem
    said = galley(folder, "info", "notes.txt", *SMALL).stdout
    assert f"{status.done} of {status.total} chunks are done. `galley clean` would go on with session {name}." in said
    assert "By earlier runs on this machine the rest takes" in said
    left = json.loads(galley(folder, "info", "notes.txt", *SMALL, "--json").stdout)["would"]
    assert (left["chunks"], left["chunks_left"]) == (status.total, status.pending)


def test_info_gives_no_time_for_a_document_that_is_done(folder: Path) -> None:
    galley(folder, "clean", "notes.txt", *SMALL, "-q")
    said = galley(folder, "info", "notes.txt", *SMALL).stdout
    assert "would write the text of session notes-" in said
    assert "takes" not in said
    would = json.loads(galley(folder, "info", "notes.txt", *SMALL, "--json").stdout)["would"]
    assert (would["chunks_left"], would["seconds"]) == (0, 0.0)


def test_a_folder_that_takes_no_text_is_told_before_the_work(tmp_path: Path) -> None:
    with read_only(tmp_path / "read-only") as place:
        done = galley(place, "clean", "notes.txt", *SMALL)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "clean_notes.txt can't be written: its folder takes no files." in done.stderr
        assert json.loads(galley(place, "sessions", "--json").stdout) == []
        assert galley(place, "clean", "notes.txt", *SMALL, "-o", str(tmp_path / "out.txt")).returncode == 0


def test_a_text_that_a_full_disk_does_not_take_is_had_elsewhere_by_the_command_that_is_named(folder: Path) -> None:
    with disk(folder / "full", "size=64k") as full:
        fill(full)
        refused = galley(folder, "clean", "notes.txt", *SMALL, "-o", "full/out.txt")
    assert refused.returncode == 2
    assert "The disk is full" in refused.stderr
    found = re.search(r"It is all in the session\. To write it elsewhere: galley (.*) -o OTHER\.txt", refused.stderr)
    assert found is not None
    assert galley(folder, *found[1].split(), "-o", "other.txt").returncode == 0
    assert "a comma says it" in (folder / "other.txt").read_text()


def test_commands_name_a_session_as_short_as_they_can_be_typed(folder: Path) -> None:
    galley(folder, "clean", "notes.txt", *SMALL, "--max-chars", "300", "-q")
    usual = galley(folder, "clean", "notes.txt", "--mode", "rules").stderr
    assert re.search(r"to have that again: galley export notes-\w{8}-\w{8} -o OTHER\.txt", usual)
    galley(folder, "clean", "notes.txt", *SMALL, "--max-chars", "300", "--session-dir", "own", "-o", "own.txt", "-q")
    elsewhere = galley(folder, "clean", "notes.txt", "--mode", "rules", "--session-dir", "own", "-o", "own.txt").stderr
    assert re.search(r"to have that again: galley export \S*own/notes-\w{8}-\w{8}\.galley -o OTHER\.txt", elsewhere)


def test_in_a_terminal_words_are_whole_and_a_command_stands_in_one_line(folder: Path) -> None:
    galley(folder, "clean", "notes.txt", *SMALL, "--max-chars", "300", "-q")
    lines = lines_in_terminal("clean", str(folder / "notes.txt"), "--mode", "rules")
    (command,) = [line for line in lines if "galley export" in line]
    assert re.fullmatch(r"galley export notes-\w{8}-\w{8} -o OTHER\.txt", command.strip())
    said = " ".join(lines)
    for line in galley(folder, "clean", "notes.txt", "--mode", "rules").stderr.splitlines():
        if line.startswith(("First line", "Last line")):
            assert line in said, "broken at blanks alone"


def test_a_session_that_is_open_elsewhere_is_named_when_nothing_else_waits(folder: Path) -> None:
    with begun(folder) as session:
        done = galley(folder, "resume")
        assert done.returncode == 2
        assert f"{session.path.stem} is open in process {os.getpid()}" in done.stderr
    assert galley(folder, "resume").returncode == 0


def test_names_of_models_are_whole_in_a_terminal_of_80_columns(embedded_model: Path) -> None:
    assert embedded_model.is_file()
    header, row, *_ = lines_in_terminal("models")
    assert row.split()[0] == "smollm2-135m"
    assert header.split()[-1] == "PLACE"
    listed = lines_in_terminal("models", "catalogue")
    assert all(len(line) <= 80 for line in listed)
    names = [line.split()[0] for line in listed if line and not line.startswith("MODEL")]
    assert {"smollm2-135m", "llama-3.2-1b"} <= set(names)
    assert any(line.startswith("llama-3.2-1b: The one to take") for line in listed)


def test_inputs_that_meant_nothing_are_counted_and_no_command_is_named_that_would_not_help(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    first = batch(tmp_path, "-", stdin="in/a.txt\nin/b*.txt\n")
    assert first.returncode == 1
    assert "1 input meant no document. Given again, such an input is looked for again" in first.stderr
    assert "To try again" not in first.stderr
    shelf(tmp_path, "b1.txt")
    alone = galley(tmp_path, "batch", "-o", "out", "--retry-failed")
    assert "1 input meant no document" in alone.stderr
    again = batch(tmp_path, "-", stdin="in/a.txt\nin/b*.txt\n")
    assert (again.returncode, "meant no document" in again.stderr) == (0, False), again.stderr
    assert (tmp_path / "out" / "b1.txt").is_file()


def test_a_file_that_fails_beside_such_an_input_can_be_tried_again(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    (tmp_path / "in" / "broken.pdf").write_text("no PDF")
    done = batch(tmp_path, "-", stdin="in/broken.pdf\nin/b*.txt\n")
    assert "1 input meant no document" in done.stderr
    assert "To try again: galley batch -o out --retry-failed" in done.stderr
