"""Workers that are started while the command is still being loaded: they read like any other, and none outlives it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

from galley.cli.main import read_ahead
from galley.core.extract import extract
from galley.core.extract.process import end_ahead, next_worker, start_ahead

SAMPLE = Path(__file__).parent / "data" / "sample.pdf"


def workers() -> set[int]:
    return {child.pid for child in psutil.Process().children() if "galley.core.extract.worker" in child.cmdline()}


def test_a_worker_started_ahead_reads_the_file_as_any_other_does() -> None:
    usual = extract(SAMPLE)
    start_ahead(1)
    started = workers()

    assert len(started) == 1
    assert extract(SAMPLE) == usual
    assert not started & workers()


def test_the_one_started_ahead_is_taken_first_and_those_left_are_ended() -> None:
    start_ahead(2)
    started = workers()

    taken = next_worker()
    assert taken.pid in started
    taken.end()
    end_ahead()

    assert not workers()


def test_nothing_is_started_for_what_is_no_pdf_or_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note.")

    read_ahead([str(tmp_path / "note.txt"), str(tmp_path / "gone.pdf"), "--help"])

    assert not workers()


def test_a_command_that_never_reads_leaves_no_worker_behind(tmp_path: Path) -> None:
    program = "from galley.cli.main import main; main()"
    environment = {**os.environ, "GALLEY_HOME": str(tmp_path)}
    command = [sys.executable, "-c", program, "clean", str(SAMPLE), "--no-such-option"]
    ended = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=60)

    assert ended.returncode == 2
    left = [process for process in psutil.process_iter(["environ"]) if home_of(process) == str(tmp_path)]
    assert not psutil.wait_procs(left, timeout=20)[1]


def home_of(process: psutil.Process) -> str:
    return (process.info["environ"] or {}).get("GALLEY_HOME", "")
