"""Finished sessions for tests that spoil them, and what stands in them."""

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from making import TEXT, attempt, new_session

from galley.core.session import Session

PAGE = 4096


def make(folder: Path, text: str = TEXT * 30) -> Path:
    """A finished session with some of everything."""
    with new_session(folder, text) as session:
        session.begin_run("llama.cpp", "m.gguf")
        for chunk in session.chunks():
            session.add_attempt(attempt(chunk.index, f"clean {chunk.index}"), choose=True, state="done")
        session.add_attempt(attempt(0, "tried again"), choose=False)
        session.end_run("finished", 3.0)
        session.decide(0, "edited", "by hand")
        session.decide(1, "source")
        session.decide_all([2, 3], "accepted")
        session.decide(4, "accepted")
        session.undo()
        session.keep_place({"chunk": "3"})
        return session.path


@cache
def whole() -> tuple[str, bytes]:
    """Name and bytes of one that is finished."""
    with TemporaryDirectory() as folder:
        path = make(Path(folder))
        return path.name, path.read_bytes()


def finished(folder: Path) -> Path:
    """A finished session, to be spoiled."""
    name, data = whole()
    path = folder / name
    path.write_bytes(data)
    return path


def spoil(path: Path, query: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(query)
    connection.close()


def texts(path: Path) -> list[str | None]:
    with Session.open(path, write=False) as session:
        return [result.text for result in session.results()]


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(path) as connection:
        tables = ("document", "pages", "chunks", "attempts", "decisions", "runs", "place")
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    connection.close()
    return rows
