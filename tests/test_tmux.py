"""A review from start to export in a real terminal with the real model, cut off in the middle by kill -9."""

import os
import re
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from terminal import Terminal

from galley.core.paths import sessions_dir
from galley.core.session import Session

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
SLOW = [sys.executable, "-m", "bench.link", "--rate", "9600", "--"]

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not on this machine")


def only_session() -> Path:
    (path,) = sessions_dir().glob("*.galley")
    return path


def decisions() -> list[str | None]:
    with Session.open(only_session(), write=False) as session:
        return [row.decision for row in session.rows()]


def begin(terminal: Terminal) -> None:
    """From the desk to the first finished chunk."""
    terminal.wait("sample.pdf")
    for _ in range(4):  # on a busy machine keys come while the tree is still being filled
        terminal.press("/")
        terminal.type("sample")
        terminal.press("Enter")
        with suppress(AssertionError):
            terminal.wait("verbatim with smollm2-135m", seconds=20)
            break
        terminal.press("Escape")
    terminal.wait("verbatim with smollm2-135m", seconds=1)
    terminal.press("Enter")
    terminal.wait("[1/")
    terminal.wait("✓")


def review_three(terminal: Terminal) -> None:
    for number, key in enumerate(("a", "x", "a")):
        terminal.wait(lambda number=number: sum(d is not None for d in decisions()) == number)
        terminal.wait(lambda: finished_under_cursor(terminal.screen))
        terminal.press(key)
    terminal.wait(lambda: sum(d is not None for d in decisions()) == 3)


def finished_under_cursor(screen: str) -> bool:
    """The chunk in view is there to be decided."""
    found = re.search(r"\[(\d+)/\d+\]", screen)
    with Session.open(only_session(), write=False) as session:
        return found is not None and session.row(int(found[1]) - 1).undecided


def finish_and_write(terminal: Terminal, target: Path) -> None:
    terminal.wait("finished", 120)
    terminal.press("w")
    terminal.wait("Write the text")
    terminal.press("Enter")
    terminal.wait(target.exists)
    terminal.press("q")
    terminal.wait("Sessions")
    terminal.press("q")
    terminal.wait(lambda: terminal.ended)


def check_export(target: Path, said: list[str | None]) -> None:
    text = target.read_text(encoding="utf-8")
    with Session.open(only_session(), write=False) as session:
        assert [row.decision for row in session.rows()] == said
        for result in session.results():
            assert result.text is not None
            assert result.text.strip() in text
            if result.chunk.decision == "source":
                assert result.text == result.chunk.source
        assert session.status().pending == 0


@pytest.fixture
def desk(tmp_path: Path, sample_pdf: Path, embedded_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the sample in it, to stand in; the model fetched."""
    root = Path(__file__).resolve().parent.parent
    monkeypatch.setenv("PYTHONPATH", str(root))
    folder = tmp_path / "papers"
    folder.mkdir()
    shutil.copy(sample_pdf, folder)
    monkeypatch.chdir(folder)
    return folder


def test_a_review_that_is_killed_is_gone_on_with_and_exported(desk: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path, GALLEY) as terminal:
        begin(terminal)
        review_three(terminal)
        said = decisions()
        assert sum(decision is not None for decision in said) == 3
        time.sleep(1.2)  # the place is kept a second after the cursor rests
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.wait(lambda: terminal.ended)
    assert decisions() == said, "what was decided is on disk"
    with Terminal(tmp_path, GALLEY) as terminal:
        terminal.wait("sample.pdf")
        terminal.wait("✎3")
        terminal.press("Tab", "Enter")
        screen = terminal.wait("[4/")
        assert "accepted" in screen
        assert "source" in screen
        terminal.press("Space")
        finish_and_write(terminal, desk / "clean_sample.txt")
    check_export(desk / "clean_sample.txt", said)


def test_a_hang_up_keeps_the_place_and_leaves_no_process(desk: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path, GALLEY) as terminal:
        begin(terminal)
        terminal.wait(lambda: finished_under_cursor(terminal.screen))
        terminal.press("a")
        terminal.wait(lambda: decisions()[0] == "accepted")
        terminal.press("G")
        terminal.wait(lambda: re.search(r"\[(\d+)/\1\]", terminal.screen))
        pid = terminal.pid
        os.kill(pid, signal.SIGHUP)
        terminal.wait(lambda: not Path(f"/proc/{pid}").exists() or terminal.ended)
    with Session.open(only_session()) as session:
        assert session.place()["chunk"] == str(session.status().total - 1)
        assert session.row(0).decision == "accepted"


def test_the_same_over_a_line_of_9600_bytes_a_second(desk: Path, tmp_path: Path) -> None:
    with Terminal(tmp_path, [*SLOW, *GALLEY]) as terminal:
        begin(terminal)
        review_three(terminal)
        said = decisions()
        finish_and_write(terminal, desk / "clean_sample.txt")
    check_export(desk / "clean_sample.txt", said)
