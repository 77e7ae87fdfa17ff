"""What a person sees while a command works: from the first moment, and in a pipe as well."""

import sys
from pathlib import Path

import pytest
from batches import galley
from terminal import Terminal

from galley.cli.batchview import Counts
from galley.cli.progress import meter
from galley.core.batch.events import DocumentBegun, DocumentDropped, DocumentMoved

NOTE = "One sentence of plain text (Moxon, 1683). Another one follows it here.\n"


def test_before_the_first_chunk_it_is_said_that_the_model_is_loading(tmp_path: Path, embedded_model: Path) -> None:
    (tmp_path / "notes.txt").write_text(NOTE)
    done = galley(tmp_path, "clean", "notes.txt", "--mode", "verbatim")
    lines = [line.split()[0] for line in done.stderr.splitlines()]
    assert "Loading smollm2-135m…" in done.stderr
    assert lines.index("Loading") < lines.index("Cleaning")


def test_without_a_model_or_when_quiet_nothing_is_loaded_or_said(tmp_path: Path, embedded_model: Path) -> None:
    (tmp_path / "notes.txt").write_text(NOTE)
    assert "Loading" not in galley(tmp_path, "clean", "notes.txt", "--mode", "rules").stderr
    assert galley(tmp_path, "clean", "notes.txt", "--mode", "verbatim", "-q").stderr == ""


def test_a_terminal_shows_what_is_waited_for_and_for_how_long(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "from galley.cli.progress import meter\n"
        "with meter('Cleaning', count='chunks') as shown:\n"
        "    shown.waits(3, 40, 'loading a-model')\n"
        "    time.sleep(60)\n"
    )
    with Terminal(tmp_path, [sys.executable, "-c", code], (80, 10)) as terminal:
        screen = terminal.wait(lambda: "loading a-model" in terminal.screen and "0:00:01" in terminal.screen)
    (line,) = [line for line in screen.splitlines() if "loading" in line]
    assert "3/40" in line
    assert len(line) <= 80


def test_what_is_said_while_a_terminal_shows_a_picture_stays_above_it(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "from galley.cli.batchview import view\n"
        "from galley.core.batch.events import DocumentBegun\n"
        "from galley.core.events import ServerWaited\n"
        "with view(2) as shown:\n"
        "    shown(DocumentBegun(1, 'first.pdf'))\n"
        "    time.sleep(1)\n"  # several pictures
        "    shown(ServerWaited('The server is gone.', True))\n"
        "    time.sleep(1)\n"
        "    shown(DocumentBegun(2, 'second.pdf'))\n"
        "    time.sleep(60)\n"
    )
    with Terminal(tmp_path, [sys.executable, "-c", code], (80, 12)) as terminal:
        lines = [line.split()[:4] for line in terminal.wait("second.pdf").splitlines()]
    assert lines[0] == ["The", "server", "is", "gone."]
    assert [lines[1][0], lines[2][0]] == ["first.pdf", "second.pdf"]


def test_the_time_left_counts_parts_of_documents_and_not_what_an_earlier_call_did() -> None:
    counts = Counts(2)
    counts(DocumentBegun(1, "a.pdf"))
    counts(DocumentMoved(1, "pages", 9, 9))
    assert counts.seconds_left is None
    counts(DocumentMoved(1, "chunks", 61, 100))
    assert counts.seconds_left is None, "60 of them were done before"
    counts(DocumentMoved(1, "chunks", 90, 100))
    left = counts.seconds_left
    assert left is not None
    assert left > 0
    assert counts.words().startswith("0 of 2 documents, 90 chunks, 0 flagged")
    counts(DocumentDropped(1))
    assert (counts.kept, counts.seconds_left) == (90, None)


def test_in_a_pipe_what_is_waited_for_is_a_line_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with meter("Cleaning", count="chunks") as shown:
        shown.waits(0, 12, "loading a-model")
        assert capsys.readouterr().err == "Loading a-model…\n"
