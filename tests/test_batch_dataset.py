"""A batch's results as one data set: whole parts, a row a chunk, none twice."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from batches import PROSE, batch, report, shelf

from galley.core.batch import Ledger
from galley.core.batch.dataset import Dataset
from galley.core.session import Session


def rows(folder: Path) -> list[dict[str, Any]]:
    """Every row of every part."""
    found: list[dict[str, Any]] = []
    for path in sorted((folder / "out" / "data").glob("part-*.jsonl")):
        found += map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return found


def test_there_is_a_row_for_each_chunk_with_what_its_session_says(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt", "two/b.txt")
    assert batch(tmp_path, "in", "--format", "jsonl", "--chunk-size", "120").returncode == 0
    found = rows(tmp_path)
    for name, entry in report(tmp_path).items():
        mine = [row for row in found if row["document"] == name]
        assert [row["chunk"] for row in mine] == list(range(1, int(str(entry["chunks"])) + 1))
        with Session.open(Path(str(entry["session"])), write=False) as session:
            assert [row["cleaned"] for row in mine] == [result.text for result in session.results()]
    assert not list((tmp_path / "out").rglob("*.txt"))


def test_a_changed_document_leaves_none_of_its_old_rows(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt", "b.txt")
    batch(tmp_path, "in", "--format", "jsonl")
    (root / "a.txt").write_text("Other words. " + PROSE)
    assert batch(tmp_path, mode="").returncode == 0
    found = rows(tmp_path)
    assert Counter((row["document"], row["chunk"]) for row in found).most_common(1)[0][1] == 1
    assert {row["document"] for row in found} == {"a", "b"}
    assert any(row["cleaned"].startswith("Other words") for row in found)
    assert not any(row["cleaned"].startswith("This is a.txt") for row in found)


def test_a_part_that_is_gone_is_made_again_and_one_that_was_never_entered_goes(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    batch(tmp_path, "in", "--format", "jsonl")
    whole = rows(tmp_path)
    (part,) = (tmp_path / "out" / "data").glob("part-*.jsonl")
    part.rename(part.with_name("part-00009.jsonl"))
    assert batch(tmp_path, mode="").returncode == 0
    assert rows(tmp_path) == whole


def test_parts_are_bounded_and_a_kill_between_part_and_ledger_costs_nothing(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt", "b.txt", "c.txt")
    batch(tmp_path, "in", "--format", "jsonl", "--chunk-size", "120")
    whole = rows(tmp_path)
    out = tmp_path / "out"
    with Ledger(out) as ledger:
        for path in (out / "data").glob("part-*"):
            path.unlink()
        numbers = [record.number for record in ledger.documents()]
        ledger.register_known()
        small = Dataset(out, "jsonl", ledger, rows=4)
        for record in ledger.documents():
            assert record.outcome is not None
            small.add(record.number, record.outcome.chunks)
        small.flush()
        assert len(list((out / "data").glob("part-*.jsonl"))) == len(numbers)
        assert rows(tmp_path) == whole
        (out / "data" / "part-00099.jsonl").write_text('{"document": "half"}\n')
        small.mend()
    assert rows(tmp_path) == whole


def test_a_folder_holds_one_format(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    batch(tmp_path, "in", "--format", "jsonl")
    other = batch(tmp_path, "in", "--format", "txt")
    assert other.returncode == 2
    assert "The folder holds a batch in jsonl" in other.stderr


def test_parquet_holds_the_same_rows_and_loses_none_when_one_document_changes(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    root = shelf(tmp_path, "a.txt", "b.txt")
    assert batch(tmp_path, "in", "--format", "parquet").returncode == 0
    (root / "a.txt").write_text("Other words. " + PROSE)
    assert batch(tmp_path, mode="").returncode == 0
    table = parquet.read_table(tmp_path / "out" / "data")
    assert sorted(table.column("document").to_pylist()) == ["a", "b"]
    assert str(table.schema.field("flags").type.value_type) == "string"
    (cleaned,) = [row["cleaned"] for row in table.to_pylist() if row["document"] == "a"]
    assert cleaned.startswith("Other words")
