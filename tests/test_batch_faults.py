"""What goes wrong around a batch is one sentence, harms no other document, and costs nothing that stands already."""

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from batches import PROSE, batch, shelf

from galley.core.batch import Ledger, Plan, find
from galley.core.batch import ledger as ledgers
from galley.core.batch.clerk import Clerk
from galley.core.batch.dataset import Dataset
from galley.core.batch.entry import Entry
from galley.core.batch.manifest import read_manifest
from galley.core.batch.remote import stamp_of
from galley.core.batch.tasks import Task
from galley.core.batch.worker import answer, work
from galley.core.errors import InputError, SessionError
from galley.core.session import Session


class Opening:
    """A channel whose other end opens the session the moment it hears of it, as a cleaner does."""

    stop = threading.Event()

    def __init__(self) -> None:
        self.heard: list[str] = []

    def progress(self, counted: str, done: int, total: int) -> None:
        """Not wanted."""

    def send(self, **message: Any) -> None:
        self.heard.append(message["event"])
        with Session.open(Path(message["session"])) as session:
            assert session.status().pending


def test_a_session_that_a_worker_tells_of_is_free_to_be_opened(tmp_path: Path, own_home: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    channel = Opening()
    work(Task(1, str(tmp_path / "a.txt"), {"clean": {"mode": "rules"}}, None, "", False), channel)  # type: ignore[arg-type]
    assert channel.heard == ["begun"]


@pytest.mark.parametrize(
    "row",
    [
        '{"input": "a\\u0000b.txt"}',
        '{"input": "\\ud800.txt"}',
        '{"input": "a.txt", "password_env": "A\\u0000"}',
        '{"input": "a.txt", "password_env": "\\ud800"}',
    ],
)
def test_a_name_that_no_file_can_have_is_told_with_its_line(tmp_path: Path, row: str) -> None:
    (tmp_path / "m.jsonl").write_text(f'{{"input": "a.txt"}}\n{row}\n')
    with pytest.raises(InputError, match=r"m\.jsonl, line 2: .* holds a character"):
        list(read_manifest(tmp_path / "m.jsonl"))


def test_a_column_without_a_heading_holds_nothing_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("input,\na.txt,remark\n")
    assert [entry.name for entry in read_manifest(tmp_path / "m.csv")] == ["a"]


@pytest.mark.parametrize("address", ["ftp://u:secret@127.0.0.1:1/x/", "ftp://u:secret@127.0.0.1:1/x.pdf"])
def test_a_server_that_is_not_there_is_a_sentence_without_the_password(tmp_path: Path, address: str) -> None:
    with pytest.raises(InputError, match="Connection refused") as caught:
        list(map(stamp_of, (entry.source for entry in find([address], tmp_path))))
    assert "secret" not in str(caught.value)


NONSENSE = [
    ("settings", "{"),
    ("settings", "[]"),
    ("settings", "[" * 100_000),
    ("outcome", '{"mode": 1}'),
    ("output", "../../taken"),
    ("output", "/taken"),
    ("part", "../../taken.jsonl"),
]


@pytest.mark.parametrize(("column", "value"), NONSENSE, ids=[f"{name}={value[:20]}" for name, value in NONSENSE])
def test_nonsense_in_a_row_of_the_ledger_is_a_sentence(tmp_path: Path, column: str, value: str) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.register([Entry("/a.txt", "a")], tmp_path, ".txt")
        with sqlite3.connect(ledger.path) as other:
            other.execute(f"UPDATE documents SET {column} = ?", (value,))
        with pytest.raises(SessionError, match="says what can't be"):
            list(ledger.documents())


def test_figures_that_can_be_none_are_a_sentence(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.register([Entry("/a.txt", "a")], tmp_path, ".txt")
        with sqlite3.connect(ledger.path) as other:
            other.execute("UPDATE documents SET outcome = ?", ('{"pages": 9e999}',))
        with pytest.raises(SessionError, match="says what can't be"):
            ledger.totals()


def test_a_ledger_that_can_not_be_begun_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "SCHEMA", "no schema;")
    with pytest.raises(SessionError):
        Ledger(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["batch.galley-batch.lock"]


def test_a_part_that_was_changed_is_a_sentence_that_says_how_to_go_on(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt", "b.txt")
    batch(tmp_path, "in", "--format", "jsonl")
    (part,) = (tmp_path / "out" / "data").glob("part-*.jsonl")
    part.write_text(part.read_text()[:200])
    (root / "a.txt").write_text(f"Other words. {PROSE}")
    done = batch(tmp_path, mode="")
    assert done.returncode == 2
    assert "part-00001.jsonl can't be read" in done.stderr
    assert "Traceback" not in done.stderr
    part.unlink()
    assert batch(tmp_path, mode="").returncode == 0
    lines = [json.loads(line) for path in part.parent.iterdir() for line in path.read_text().splitlines()]
    assert {line["document"] for line in lines} == {"a", "b"}


def test_a_document_that_a_manifest_wants_in_two_ways_is_told_with_its_line(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text("input,mode\na.txt,rules\nb.txt,rules\na.txt,verbatim\n")
    with (
        pytest.raises(InputError, match=r"m\.csv, line 4: .*a\.txt was named before"),
        Ledger(tmp_path / "out") as ledger,
    ):
        ledger.register(read_manifest(manifest), tmp_path / "out", ".txt")
    manifest.write_text("input,mode,output\na.txt,rules,one\na.txt,verbatim,two\na.txt,rules,one\n")
    with Ledger(tmp_path / "out") as ledger:
        assert ledger.register(read_manifest(manifest), tmp_path / "out", ".txt") == 2


def test_no_folder_of_the_results_is_called_as_a_text_is(tmp_path: Path) -> None:
    root = shelf(tmp_path, "foo.md", "foo.txt/z.txt", "report.JSON/a.txt")
    with Ledger(tmp_path / "out") as ledger:
        ledger.register(find([str(root)], tmp_path / "out"), tmp_path / "out", ".txt")
        assert [record.output for record in ledger.documents()] == ["foo", "foo.txt_/z", "report.JSON_/a"]


def test_an_input_that_is_none_changes_no_settings_and_leaves_no_folder(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    assert batch(tmp_path, "typo").returncode == 2
    assert not (tmp_path / "out").exists()
    assert batch(tmp_path, "in", "--chunk-size", "100", "--base-url", "http://u:hunter2@there/v1").returncode == 0
    with Ledger(tmp_path / "out", write=False) as ledger:
        before = ledger.facts()
    assert "hunter2" not in str(before)
    assert batch(tmp_path, "typo", "--chunk-size", "200").returncode == 2
    with Ledger(tmp_path / "out", write=False) as ledger:
        assert ledger.facts() == before


def known(folder: Path, *entries: Entry) -> Ledger:
    """The ledger of a call for these documents."""
    ledger = Ledger(folder)
    ledger.register(entries, folder, ".txt")
    return ledger


def test_without_inputs_the_documents_of_the_last_call_alone_are_meant(tmp_path: Path) -> None:
    known(tmp_path, Entry("/a.txt", "a"), Entry("/b.txt", "b")).close()
    known(tmp_path, Entry("/b.txt", "b"), Entry("/c.txt", "c")).close()
    with Ledger(tmp_path) as ledger:
        assert ledger.register_known() == 2
        assert [record.output for record in ledger.documents(here=True)] == ["b", "c"]
        assert [record.output for record in ledger.documents()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("source", "password", "again"),
    [("/a.pdf", None, False), ("/a.pdf", "sesame", True), ("https://127.0.0.1:1/a.pdf", None, True)],
)
def test_what_failed_is_tried_again_where_a_password_is_given_or_an_address_may_hold_more(
    tmp_path: Path, own_home: Path, source: str, password: str | None, again: bool
) -> None:
    plan = Plan(tmp_path, {"clean.mode": "rules"}, None, 1, password=password)
    with known(tmp_path, Entry(source, "a")) as ledger:
        clerk = Clerk(plan, ledger, lambda event: None)
        (first,) = ledger.documents()
        clerk.set_aside(first, "It failed.", "")
        (failed,) = ledger.documents()
        assert (clerk.wanted(failed) is not None) == again


def test_files_of_others_that_are_called_as_parts_are_stay(tmp_path: Path, own_home: Path) -> None:
    shelf(tmp_path, "a.txt")
    data = tmp_path / "out" / "data"
    data.mkdir(parents=True)
    for name in ("part-00000-spark.jsonl", "part-00001.jsonl"):
        (data / name).write_text("{}\n")
    assert batch(tmp_path, "in", "--format", "jsonl").returncode == 0
    (data / "part-00007.jsonl").write_text("{}\n")
    with Ledger(tmp_path / "out") as ledger:
        Dataset(tmp_path / "out", "jsonl", ledger).mend()
    assert sorted(path.name for path in data.iterdir()) == [
        "part-00000-spark.jsonl",
        "part-00001.jsonl",
        "part-00002.jsonl",
    ]


def test_a_folder_that_cannot_be_made_is_told_as_what_meets_every_document(tmp_path: Path, own_home: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    (tmp_path / "out").write_text("A file where the folder should be.")
    told: list[dict[str, Any]] = []

    class Channel(Opening):
        def send(self, **message: Any) -> None:
            told.append(message)

    output = str(tmp_path / "out" / "a.txt")
    settings = {"clean": {"mode": "rules"}}
    task = Task(1, str(tmp_path / "a.txt"), settings, None, output, True, fetched=str(tmp_path / "out" / "fetched"))
    answer(task, Channel())  # type: ignore[arg-type]
    assert [(message["event"], message["kind"], message["fatal"]) for message in told] == [
        ("failed", "StorageError", True)
    ]


def test_a_prompt_that_there_is_not_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("input,clean.prompt\na.txt,nobodys\n")
    with pytest.raises(InputError, match=r"m\.csv, line 2: There is no prompt 'nobodys'"):
        list(read_manifest(tmp_path / "m.csv"))
