"""What a batch must not overlook: folders it can't see, names with odd characters, leftovers of a crash, and a stop."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from batches import PROSE, batch, shelf, texts

from galley.core.batch import Ledger, find
from galley.core.batch.entry import Entry
from galley.core.batch.ledger import PAGE
from galley.core.batch.records import DONE, Outcome
from galley.core.batch.remote import Stopped, fetched
from galley.core.batch.tasks import Task
from galley.core.batch.worker import answer
from galley.core.errors import InputError
from galley.core.session.names import journal_path


def outcome(*, failed: int = 0, flagged: int = 0, pages: int = 1) -> Outcome:
    return Outcome("", "", "", "rules", pages, 1, failed, flagged)


def test_a_folder_that_cannot_be_looked_into_is_told_and_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, scan = shelf(tmp_path, "a.txt", "closed/b.txt"), os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(InputError, match=r"closed can't be read: Permission denied"):
        list(find([str(root)], tmp_path / "out", ()))


@pytest.mark.parametrize("odd", ["\u2028", "\u0085", "\x0c"])
def test_a_name_in_a_list_ends_at_its_line_and_nowhere_else(tmp_path: Path, odd: str) -> None:
    name = f"one{odd}two.txt"
    (tmp_path / name).write_text(PROSE)
    (tmp_path / "b.txt").write_text(PROSE)
    done = batch(tmp_path, "-", stdin=f"{name}\nb.txt\n")
    assert done.returncode == 0, done.stderr
    assert len(texts(tmp_path)) == 2


def test_the_worst_come_first_and_none_is_missed_or_told_twice_over_many_pages(tmp_path: Path) -> None:
    count = 3 * PAGE + 7
    flagged = {number: number % 3 for number in range(1, count + 1)}
    failed = {10, 700, count}
    with Ledger(tmp_path / "out") as ledger:
        entries = [Entry(f"/in/{number}.txt", str(number)) for number in flagged]
        assert ledger.register(entries, tmp_path / "out", "") == count
        with ledger._writing():
            for number in flagged:
                worst = flagged[number]
                ledger._connection.execute(
                    "UPDATE documents SET worst = ?, state = ? WHERE number = ?",
                    (worst, "failed" if number in failed else DONE, number),
                )
        found = [record.number for record in ledger.documents(worst_first=True)]
    expected = sorted(flagged, key=lambda number: (number not in failed, -flagged[number], number))
    assert found == expected


def test_what_failed_now_adds_no_pages_of_before_to_the_totals(tmp_path: Path) -> None:
    with Ledger(tmp_path / "out") as ledger:
        ledger.register([Entry("/in/a.txt", "a"), Entry("/in/b.txt", "b")], tmp_path / "out", "")
        ledger.finish(1, outcome(pages=5, flagged=2), "", DONE)
        ledger.finish(2, outcome(pages=7), "", DONE)
        assert ledger.totals().pages == 12
        ledger.set_aside(1, "It is damaged now.", "", "")
        totals = ledger.totals()
    assert (totals.done, totals.failed, totals.pages, totals.flagged) == (1, 1, 7, 0)


def test_what_stopped_the_batch_is_told_and_not_that_the_report_cannot_be_written(tmp_path: Path) -> None:
    shelf(tmp_path, "deep/a.txt")
    out = tmp_path / "out"
    out.mkdir()
    (out / "deep").write_text("A file where a folder of the results should be.")
    (out / "report.json").mkdir()
    done = batch(tmp_path, "in")
    assert done.returncode == 2
    assert "deep" in done.stderr
    assert "report.json" not in done.stderr


def test_a_ledger_begins_whole_whatever_a_crash_left_beside_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Ledger(out) as ledger:
        ledger.register([Entry("/in/a.txt", "a")], out, "")
        path = ledger.path
    whole = path.read_bytes()
    path.unlink()
    draft = path.with_name(f".{path.name}.new")
    for name in (draft, journal_path(draft), journal_path(path)):
        name.write_bytes(whole[: len(whole) // 2])
    with Ledger(out) as ledger:
        assert ledger.totals().documents == 0
        assert ledger.register([Entry("/in/b.txt", "b")], out, "") == 1
    assert not draft.exists()
    assert not journal_path(draft).exists()
    assert not journal_path(path).exists()


def stopping(stop: threading.Event) -> Callable[[int], bytes]:
    """Reads of a document that never ends; the stop comes with the second block."""
    blocks = 0

    def read(size: int) -> bytes:
        nonlocal blocks
        blocks += 1
        assert blocks < 5, "it was read on after the stop"
        if blocks == 2:
            stop.set()
        return b"x" * 10

    return read


class Endless:
    """A file system whose one file never ends."""

    def __init__(self, stop: threading.Event) -> None:
        self.read = stopping(stop)

    def open(self, path: str, mode: str) -> "Endless":
        return self

    def info(self, path: str) -> dict[str, Any]:
        return {}

    def __enter__(self) -> "Endless":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to close."""


def test_a_stop_is_heard_while_a_document_is_fetched_and_nothing_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    monkeypatch.setattr("galley.core.batch.remote.opened", lambda address: (Endless(stop), "a.txt"))
    with pytest.raises(Stopped), fetched("memory://a.txt", tmp_path / "fetched", stop):
        pytest.fail("it was never whole")
    assert list((tmp_path / "fetched").iterdir()) == []


def test_a_worker_that_was_stopped_says_so_and_no_document_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Channel:
        stop = threading.Event()

        def progress(self, counted: str, done: int, total: int) -> None:
            """Not wanted."""

        def send(self, **message: Any) -> None:
            told.append(message["event"])

    monkeypatch.setattr("galley.core.batch.remote.opened", lambda address: (Endless(Channel.stop), "a.txt"))
    task = Task(1, "memory://a.txt", {}, None, "", True, fetched=str(tmp_path / "fetched"))
    answer(task, Channel())  # type: ignore[arg-type]
    assert told == ["stopped"]
