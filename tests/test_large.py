"""A large document's session is made by another process, and is the very one that this process would have made."""

import sqlite3
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from faults import PROSE
from making import document, new_session

from galley.core import job as jobs
from galley.core import large
from galley.core.config import load_config
from galley.core.document import Document, Page, SkippedPage
from galley.core.errors import InputError, StorageError
from galley.core.settings import RunSettings

TIMES = {"created_at"}


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows by table, but for the time at which they were written."""
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found: dict[str, list[tuple[Any, ...]]] = {}
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] not in TIMES]
            found[table] = connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1").fetchall()
    connection.close()
    return found


def opened(path: Path, folder: Path) -> Path:
    """The session that the command makes of a file."""
    config = load_config(overrides={"clean.mode": "rules", "session.directory": str(folder)})
    with jobs.open_job(path, config, None).session as session:
        assert session.status().pending > 3
        return session.path


def test_the_session_of_a_large_document_is_made_elsewhere_and_is_the_same(
    tmp_path: Path, sample_pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = opened(sample_pdf, tmp_path / "here")

    def refuse(*given: Any) -> Any:
        raise AssertionError("repaired in this process")

    monkeypatch.setattr(large, "LARGE", 1000)
    monkeypatch.setattr(jobs, "reading_of", refuse)
    made = opened(sample_pdf, tmp_path / "apart")

    assert made.name == usual.name
    assert contents(made) == contents(usual)


def test_a_document_is_told_whole() -> None:
    strange = Document(
        path=Path("caf\udce9 😀.pdf"),
        sha256="ab" * 32,
        kind="pdf",
        page_count=9,
        pages=(Page(2, "one 𝑥\n\ud800\u2028", "pdfium", 0.123456789012345), Page(3, "", "pypdf")),
        skipped=(SkippedPage(4, "it crashed"),),
        metadata={"Title": "Proofs"},
        stripped_controls=3,
        notes=("a note",),
    )
    settings = RunSettings(prompt_digest="abc")
    lines = BytesIO(b"".join(large.told(Path("folder"), strange, settings)))
    assert large.heard(lines) == (Path("folder"), strange, settings)


def test_what_goes_wrong_there_is_said_here(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no text after the repairs"):
        large.session_apart(tmp_path, document("7\f8\f9"), RunSettings())
    settings = RunSettings()
    with new_session(tmp_path, settings=settings) as session:
        session.close()
        with pytest.raises(StorageError, match="exists already"):
            large.session_apart(tmp_path, document(), settings)


def test_a_process_that_is_lost_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dies"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(InputError, match="the process that did it was lost"):
        large.session_apart(tmp_path / "sessions", document(PROSE * 5000), RunSettings())
    assert not (tmp_path / "sessions").exists()
