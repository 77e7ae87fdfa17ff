"""What leaves Galley: whole, in order, and honest about what is not clean."""

import io
import json
from pathlib import Path

import pytest
from making import attempt, new_session

from galley.core.errors import ConfigError, StorageError
from galley.core.export import default_target, format_for, write
from galley.core.session import Session


def finished(directory: Path) -> Session:
    """A session of which every chunk is its source, stripped as a model's output would be."""
    session = new_session(directory)
    for chunk in session.chunks():
        session.add_attempt(attempt(chunk.index, chunk.source.strip(), flags=()), choose=True, state="done")
    return session


def test_chunks_join_as_the_prepared_text_did(tmp_path: Path) -> None:
    with finished(tmp_path) as session:
        prepared = "".join(chunk.source for chunk in session.chunks())
        stream = io.BytesIO()
        report = write(session, stream, "txt")
    assert stream.getvalue().decode() == prepared + "\n"
    assert (report.pending, report.failed, report.path) == (0, 0, None)
    assert report.first_line.startswith("The first page has one paragraph")


def test_what_is_not_cleaned_stands_there_under_a_mark_and_is_counted(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.add_attempt(attempt(0, "clean one"), choose=True, state="done")
        session.add_attempt(attempt(1, "", error="died", died=True), choose=False, state="failed", note="it died")
        source = session.chunk(1).source.strip()
        target = tmp_path / "out.txt"
        report = write(session, target, "txt")
        total = session.status().total
    text = target.read_text()
    assert "[chunk 2, page 1: not cleaned; its source follows]\n" + source in text
    assert (report.failed, report.pending, report.flagged) == (1, total - 2, 1)


def test_a_chunk_that_was_cleaned_to_nothing_leaves_no_gap(tmp_path: Path) -> None:
    with finished(tmp_path) as session:
        session.add_attempt(attempt(1, ""), choose=True, state="done")
        stream = io.BytesIO()
        write(session, stream, "txt")
    assert "\n\n\n" not in stream.getvalue().decode()
    assert "  " not in stream.getvalue().decode()


def test_markdown_has_an_anchor_a_page_and_escapes_what_would_be_markup(tmp_path: Path) -> None:
    with finished(tmp_path) as session:
        target = tmp_path / "out.md"
        write(session, target, format_for(target))
    text = target.read_text()
    assert text.count('<a id="page-1"></a>') == 1
    assert text.count('<a id="page-2"></a>') == 1
    assert "\\*stars\\*" in text
    assert "\\[3\\]" in text


def test_json_lines_hold_a_chunk_each(tmp_path: Path) -> None:
    with finished(tmp_path) as session:
        session.decide(0, "edited", "by hand")
        target = tmp_path / "out.jsonl"
        write(session, target, format_for(target))
        total = session.status().total
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert len(lines) == total
    assert lines[0]["cleaned"] == "by hand"
    assert lines[0]["decision"] == "edited"
    assert lines[-1]["pages"] == [2, 2]
    assert {"source", "flags", "mode"} <= set(lines[0])


def test_control_characters_never_leave(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.add_attempt(attempt(0, "red \x1b[31malert\x07 text\u202e"), choose=True, state="done")
        stream = io.BytesIO()
        write(session, stream, "txt")
    assert stream.getvalue().decode().startswith("red alert text")


def test_a_failed_write_keeps_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    with finished(tmp_path) as session, pytest.raises(StorageError):
        write(session, folder / "out.txt", "txt")
    target = tmp_path / "out.txt"
    target.write_text("precious")
    with finished(tmp_path / "other") as session, pytest.raises(KeyError):
        write(session, target, "docx")
    assert target.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_an_export_is_its_owners_alone(tmp_path: Path) -> None:
    with finished(tmp_path) as session:
        write(session, tmp_path / "out.txt", "txt")
    assert (tmp_path / "out.txt").stat().st_mode & 0o777 == 0o600


def test_the_suffix_chooses_the_format() -> None:
    assert [format_for(Path(f"a{s}")) for s in (".txt", ".md", ".JSONL")] == ["txt", "md", "jsonl"]
    with pytest.raises(ConfigError, match=r"a\.docx.*\.txt, \.md, \.jsonl"):
        format_for(Path("a.docx"))
    assert default_target(Path("x/paper.pdf")) == Path("x/clean_paper.txt")
