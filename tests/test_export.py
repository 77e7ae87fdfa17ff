"""What leaves Galley: whole, in order, and honest about what is not clean."""

import io
import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import attempt, document, new_session
from markdown_it import MarkdownIt

from galley.core.chunk import ChunkOptions, chunk
from galley.core.errors import ConfigError, StorageError
from galley.core.export import default_target, escaped, format_for, write
from galley.core.prepare import prepare
from galley.core.session import Session


def finished(directory: Path) -> Session:
    """A session of which every chunk is its source, stripped as a model's output would be."""
    session = new_session(directory)
    for record in session.chunks():
        session.add_attempt(attempt(record.index, record.source.strip(), flags=()), choose=True, state="done")
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


FRAGMENTS = [
    "a",
    "b ",
    "\n",
    "\n\n",
    "\n===\n",
    "\n---\n",
    "\n- ",
    "\n12. ",
    "\n1)",
    "    ",
    "\t",
    "&amp;",
    "<i>",
    "# ",
    "> ",
]
MARKUP = st.lists(st.sampled_from([*FRAGMENTS, *"+=*_`~|[](!)$\\;"]), max_size=25).map("".join)


@settings(deadline=None, max_examples=150)
@given(MARKUP)
def test_escaped_text_reads_as_the_text_in_markdown(text: str) -> None:
    blocks = MarkdownIt("commonmark").parse(escaped(text))
    assert {block.type for block in blocks} <= {"paragraph_open", "inline", "paragraph_close"}
    spans = [span for block in blocks for span in block.children or []]
    assert {span.type for span in spans} <= {"text", "text_special", "softbreak"}
    assert "".join("".join(span.content for span in spans).split()) == "".join(text.split())


def test_a_text_is_never_written_over_its_own_source(tmp_path: Path) -> None:
    paper = tmp_path / "paper.txt"
    paper.write_text("the source")
    made = document(path=paper)
    prepared = prepare(made)
    chunks = chunk(prepared, ChunkOptions(size=80))
    with Session.create(tmp_path / "s", made, prepared, chunks, new_session(tmp_path).settings) as session:
        with pytest.raises(StorageError, match="is the input itself"):
            write(session, paper, "txt")
        (tmp_path / "link.txt").symlink_to(paper)
        with pytest.raises(StorageError, match="is the input itself"):
            write(session, tmp_path / "link.txt", "txt")
    assert paper.read_text() == "the source"


def test_control_characters_of_a_source_never_leave_either(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        path = session.path
    connection = sqlite3.connect(path)
    connection.execute("UPDATE chunks SET source = 'red \x1b[31malert\x07' WHERE idx = 0")
    connection.commit()
    connection.close()
    with Session.open(path, write=False) as session:
        for format in ("txt", "md", "jsonl"):
            stream = io.BytesIO()
            write(session, stream, format)
            assert b"red alert" in stream.getvalue()
            assert not {"\x1b", "\x07"} & set(stream.getvalue().decode())
            assert b"u001b" not in stream.getvalue()
