"""What a batch must not overlook: folders it can't see, names with odd characters, leftovers of a crash, and a stop."""

import os
import shlex
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from batches import GALLEY, LONG_SECONDS, PROSE, batch, galley, report, shelf, texts

from galley.core.batch import Batch, Ledger, Plan, find
from galley.core.batch.dataset import Dataset
from galley.core.batch.entry import Entry
from galley.core.batch.events import DocumentDropped
from galley.core.batch.ledger import PAGE
from galley.core.batch.records import DONE, Outcome
from galley.core.batch.remote import Stopped, fetched
from galley.core.batch.tasks import Task, make_room
from galley.core.batch.worker import answer
from galley.core.errors import InputError, SessionError, StorageError
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
    (tmp_path / "taken").write_text("A file where the folder of the sessions should be.")
    (out / "report.json").mkdir()
    done = batch(tmp_path, "in", "--session-dir", "taken/sessions")
    assert done.returncode == 2
    assert "taken" in done.stderr
    assert "report.json" not in done.stderr


def test_a_damaged_ledger_is_not_held_by_who_could_not_open_it(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger, ledger._writing():
        ledger._connection.execute("DROP TABLE documents")
    for _ in range(2):
        with pytest.raises(SessionError, match="can't be used"):
            Ledger(tmp_path)


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


def test_a_pattern_goes_into_no_link_and_so_round_in_no_loop(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt", "below/b.txt", "below/.hidden/c.txt")
    for link in ("loop", "below/up", "below/again"):  # with glob alone two of them take for ever
        (root / link).symlink_to(root)
    for pattern in (f"{root}/**/*.txt", f"{root}/**", f"{root}/**/below/**/*.txt"):
        names = [entry.name for entry in find([pattern], tmp_path / "out")]
        assert names == (["below/b"] if "/below/" in pattern else ["a", "below/b"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["", "-o", "out"], "An input is empty"),
        (["x" * 300, "-o", "out"], "There is no file or folder xxx"),
        (["in", "-o", "x" * 300], "File name too long. Give another folder with -o."),
        (["in", "-o", "in/a.txt/out"], "Not a directory. Give another folder with -o."),
        (["in", "-o", "s3://shelf/clean_out"], "s3://shelf/clean_out is an address: results go into a folder"),
        (["in", "-o", "out", "--pages", "x-y"], '"x-y" is no page or range of pages'),
    ],
)
def test_a_name_that_can_be_none_is_a_sentence_and_makes_nothing(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    shelf(tmp_path, "a.txt")
    done = galley(tmp_path, "batch", *arguments, "--mode", "rules")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert os.listdir(tmp_path) == ["in"]


def test_a_list_without_a_standard_input_is_an_empty_one(tmp_path: Path) -> None:
    command = shlex.join([*GALLEY, "batch", "-", "-o", "out"])
    done = subprocess.run(
        ["sh", "-c", f"{command} <&-"], cwd=tmp_path, capture_output=True, text=True, timeout=LONG_SECONDS, check=False
    )
    assert (done.returncode, "The list on standard input names no document" in done.stderr) == (2, True)


def test_a_name_between_nuls_may_end_in_a_line_break(tmp_path: Path) -> None:
    (tmp_path / "odd.txt\n").write_text(PROSE)
    (tmp_path / "b.txt").write_text(PROSE)
    batch(tmp_path, "-", stdin="odd.txt\n\0b.txt\0")
    assert all("There is no file" not in str(document["reason"]) for document in report(tmp_path).values())


def test_a_folder_that_is_moved_away_under_a_batch_is_told_and_nothing_is_put_where_it_was(
    tmp_path: Path, own_home: Path
) -> None:
    out = tmp_path / "out"
    with Ledger(out) as ledger:
        ledger.register([Entry("/in/a.txt", "a")], out, ".txt")
        out.rename(tmp_path / "elsewhere")
        with pytest.raises(StorageError, match="was moved or removed"):
            ledger.set_aside(1, "why", "", "")
        with pytest.raises(StorageError, match="was moved or removed"):
            make_room(out / "below" / "a.txt", out)
        with pytest.raises(StorageError, match="was moved or removed"), fetched("memory://a.pdf", out / "f", Event()):
            pass
        rows = Dataset(out, "jsonl", ledger)
        rows.add(1, 1)
        with pytest.raises(StorageError, match="was moved or removed"):
            rows.flush()
    assert not out.exists()


@pytest.mark.parametrize("place", ["taken/a.txt", "/".join(["x" * 100] * 50)])
def test_a_place_that_one_document_cannot_have_sets_that_one_aside(tmp_path: Path, place: str) -> None:
    shelf(tmp_path, "taken/a.txt", "b.txt")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "taken").write_text("Somebody's file where a folder has to be.")
    (tmp_path / "m.csv").write_text(f"input,output\nin/taken/a.txt,{place}\nin/b.txt,b\n")
    done = batch(tmp_path, "m.csv")
    assert done.returncode == 1
    assert "can't be its text" in done.stderr
    assert (tmp_path / "out" / "b.txt").is_file()


def test_what_failed_before_is_not_counted_as_done_before(tmp_path: Path) -> None:
    (shelf(tmp_path, "a.txt") / "empty.txt").touch()
    batch(tmp_path, "in")
    again = batch(tmp_path, "in")
    assert "1 document done before and unchanged." in again.stderr
    assert "1 document failed before and unchanged, not tried again." in again.stderr


def test_a_document_that_waits_for_its_session_is_not_shown_as_in_hand(tmp_path: Path, own_home: Path) -> None:
    told: list[object] = []
    plan = Plan(tmp_path / "out", {}, None, 1)
    with Ledger(plan.folder) as ledger:
        ledger.register([Entry("/in/a.txt", "a")], plan.folder, ".txt")
        record = next(ledger.documents())
        Batch(plan, ledger, None, told.append)._later(record)
    assert told == [DocumentDropped(record.number)]
