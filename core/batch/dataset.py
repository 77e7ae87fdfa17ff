"""A batch's results as one data set: a row for each chunk, in part files of some thousand rows each.

A part is written whole or not at all, out of the sessions of finished documents, and only then does the ledger say
whose rows it holds. A part that the ledger does not know was never finished being entered, and goes.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from ..atomic import write_atomically, write_whole
from ..errors import ConfigError, SessionError, StorageError
from ..export import chunk_data
from ..paths import private_dir
from ..session import Session
from .entry import shown
from .ledger import Ledger, moved_away, row_errors
from .records import CLEANED, DONE, Record

FORMATS = ("jsonl", "parquet")
PART_ROWS = 10_000
"""A part is written once its documents have so many rows; a document's rows are never parted."""
PARQUET_ROWS = 1_000
"""Rows of a Parquet file that are in memory at a time."""
UNREADABLE = (OSError, ValueError, TypeError, KeyError, RecursionError)
"""What comes of reading a part that somebody changed; pyarrow's own errors are such too."""
PREFIX = "part-"
PART = re.compile(rf"{PREFIX}(\d{{5,9}})")
FOREIGN = "foreign parts"
"""The ledger's fact that names the files of others which are called as parts are."""
FOLDER = "data"
"""Within the batch's folder, with nothing else in it: what reads Parquet takes a whole folder for a data set."""


class Dataset:
    """The parts of one folder. May be used from several threads."""

    def __init__(self, folder: Path, format: str, ledger: Ledger, rows: int = PART_ROWS) -> None:
        """Raises ConfigError when the format needs a package that is not here."""
        self._write: Callable[[Path, Iterator[dict[str, Any]]], None] = write_json
        self._read: Callable[[Path], Iterator[dict[str, Any]]] = read_json
        if format == "parquet":
            arrow()
            self._write, self._read = write_parquet, read_parquet
        self._folder = folder / FOLDER
        self._suffix = f".{format}"
        self._ledger = ledger
        self._rows = rows
        self._lock = threading.RLock()
        self._waiting: dict[int, int] = {}
        """Rows of the documents that are in no part yet, by number."""

    def holds(self, record: Record) -> bool:
        """Whether a finished document's rows are in a part, or can be made."""
        if record.state == DONE:
            return bool(record.part) and (self._folder / record.part).is_file()
        return record.state == CLEANED and record.outcome is not None and Path(record.outcome.session).is_file()

    def add(self, number: int, rows: int) -> None:
        """A document is finished, which the ledger knows; its part is written when it is full."""
        with self._lock:
            self._waiting[number] = rows
            if sum(self._waiting.values()) >= self._rows:
                self.flush()

    def flush(self) -> None:
        """Write a part of what waits for one. Raises StorageError or SessionError."""
        with self._lock:
            numbers = sorted(self._waiting)
            if not numbers:
                return
            if not self._ledger.path.is_file():
                raise moved_away(self._ledger.path.parent)
            name = self._next_name()
            private_dir(self._folder)
            self._write(self._folder / name, self._rows_of(numbers))
            self._ledger.place(numbers, name)
            self._waiting.clear()

    def displace(self, record: Record) -> None:
        """Take out the rows that an earlier cleaning of the document left. Raises StorageError or SessionError."""
        if not record.part:
            return
        with self._lock:
            path = self._folder / record.part
            if path.is_file():
                try:
                    self._without(path, record.output)
                except UNREADABLE as error:
                    raise StorageError(
                        f"{path} can't be read: it was changed, or is damaged.",
                        "Move it away: its rows are made again from the sessions.",
                    ) from error
            self._ledger.displace(record.number)

    def _without(self, path: Path, key: str) -> None:
        """The part without a document's rows."""
        kept = (row for row in self._read(path) if row["document"] != key)
        first = next(kept, None)
        if first is None:
            path.unlink()
        else:
            self._write(path, chain([first], kept))

    def mend(self) -> None:
        """Remove parts that the ledger does not know: a kill came between the two. What stood there before our first
        part was written is somebody else's.
        """
        known, foreign = self._ledger.parts(), self._foreign()
        if not known and foreign is None:
            return
        for name in self._parts() - known - (foreign or set()):
            with suppress(OSError):
                (self._folder / name).unlink()

    def _next_name(self) -> str:
        """A part's name that no other file has."""
        if self._foreign() is None:
            self._ledger.keep({FOREIGN: json.dumps(sorted(self._parts()))})
        numbers = [int(found[1]) for name in self._ledger.parts() | self._parts() if (found := PART.match(name))]
        return f"{PREFIX}{max(numbers, default=0) + 1:05d}{self._suffix}"

    def _parts(self) -> set[str]:
        """Files that are called as our parts are."""
        found = self._folder.glob(f"{PREFIX}*{self._suffix}")
        return {path.name for path in found if PART.fullmatch(path.name.removesuffix(self._suffix))}

    def _foreign(self) -> set[str] | None:
        """Those that were there before our first one; None before that."""
        kept = self._ledger.facts().get(FOREIGN)
        with row_errors(self._ledger.path):
            return set(map(str, json.loads(kept))) if kept is not None else None

    def _rows_of(self, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
        for number in numbers:
            record = self._ledger.after(number - 1)
            if record is None or record.number != number or record.outcome is None:
                raise SessionError(f"Document {number} of the batch is gone from its ledger.")
            yield from rows_of(record)


def rows_of(record: Record) -> Iterator[dict[str, Any]]:
    """A row for each chunk of a finished document. Raises SessionError."""
    assert record.outcome is not None
    with Session.open(Path(record.outcome.session), write=False) as session:
        for result in session.results():
            chunk = chunk_data(result)
            yield {
                "document": record.output,
                "input": shown(record.source),
                "sha256": record.outcome.sha256,
                "chunk": chunk["chunk"],
                "first_page": chunk["pages"][0],
                "last_page": chunk["pages"][1],
                "state": chunk["state"],
                "mode": chunk["mode"],
                "reason": chunk["reason"],
                "model": result.attempt.model if result.attempt is not None and result.attempt.model else None,
                "source": chunk["source"],
                "cleaned": chunk["cleaned"],
                "flags": [flag["name"] for flag in chunk["flags"]],
                "decision": chunk["decision"],
                "note": chunk["note"],
            }


def write_json(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    write_atomically(path, (json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows))


def read_json(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def arrow() -> Any:
    """pyarrow. Raises ConfigError when it is not here."""
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow.", "pip install 'galley-tui[parquet]', or use --format jsonl."
        ) from error


def write_parquet(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Row group by row group into a file beside `path`, which then takes its name."""
    pa = arrow()
    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("document", "input", "sha256")),
            *((name, pa.int32()) for name in ("chunk", "first_page", "last_page")),
            *((name, pa.string()) for name in ("state", "mode", "reason", "model", "source", "cleaned")),
            ("flags", pa.list_(pa.string())),
            ("decision", pa.string()),
            ("note", pa.string()),
        ]
    )

    def fill(file: BinaryIO) -> None:
        with pa.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            while batch := list(islice(rows, PARQUET_ROWS)):
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))

    write_whole(path, fill)


def read_parquet(path: Path) -> Iterator[dict[str, Any]]:
    pa = arrow()
    with pa.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(PARQUET_ROWS):
            yield from batch.to_pylist()
