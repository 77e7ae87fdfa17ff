"""Files that can't be used: one sentence each, saying what, where and what to do."""

import os
from pathlib import Path

import pytest
from pdfs import assemble, page_tree_loop, pages_saying, pdf_of, stream, unknown_security_handler

from galley.core.errors import InputError
from galley.core.extract import ExtractOptions, extract, probe

REFUSED = {
    "empty.pdf": (b"", "empty.pdf is empty."),
    "empty.txt": (b"", "empty.txt is empty."),
    "page.pdf": (
        b"<!DOCTYPE html><title>Log in</title>",
        "is no PDF despite its name: it looks like a web page",
    ),
    "noise.pdf": (b"\x00\x01\x02" * 99, "is no PDF despite its name"),
    "cut.pdf": (pages_saying("Hello")[:300], "cut.pdf is damaged beyond repair"),
    "pageless.pdf": (
        pages_saying("Hello").replace(b"/Pages ", b"/Pagez "),
        r"pageless\.pdf is damaged beyond repair: none of its pages can be found\. Download",
    ),
    "nonsense.pdf": (b"%PDF-1.7\nnothing at all", "nonsense.pdf is damaged beyond repair"),
    "nopages.pdf": (pdf_of(), "nopages.pdf has no pages."),
    "scan.pdf": (
        pdf_of(None, stream(b"0 0 9 9 re f")),
        r"no text layer.*ocrmypdf --skip-text scan.pdf scan-ocr.pdf",
    ),
    "it's a scan.pdf": (
        pdf_of(None),
        r"""ocrmypdf --skip-text 'it'"'"'s a scan.pdf' 'it'"'"'s a scan-ocr.pdf'""",
    ),
    "handler.pdf": (unknown_security_handler(), "handler.pdf is encrypted in a way that can't be opened"),
    "loop.pdf": (page_tree_loop(), "No page of loop.pdf could be read"),
    "huge.pdf": (assemble([b"<< /Type /Catalog /Pages 9 0 R >>"], size=10**9), "huge.pdf"),
    "book.epub": (b"PK\x03\x04 and so on", "book.epub is a ZIP archive .* Galley takes PDF"),
    "paper.docx": (b"who knows", r"paper.docx is a \.docx file\. Galley takes PDF files"),
    "photo.txt": (b"\x89PNG\r\n\x1a\n\x00\x00", "photo.txt is a PNG image"),
    "zeros.txt": (bytes(5000), "zeros.txt holds no text in an encoding that can be told"),
    "noise.txt": (bytes(range(256)) * 40, "noise.txt holds no text in an encoding that can be told"),
    "half.txt": (b"\xff\xfea\x00b", "half.txt claims to be UTF-16 and is not"),
    "blank.txt": (b" \n\n\t\n", "blank.txt holds no text."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_used_gets_one_sentence_and_a_hint(tmp_path: Path, name: str):
    data, expected = REFUSED[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=expected) as raised:
        extract(path, ExtractOptions(timeout_seconds=60))
    assert "\n" not in str(raised.value)
    assert raised.value.hint
    assert raised.value.exit_code == 2


def test_a_missing_file_is_said(tmp_path: Path):
    for look in (extract, probe):
        with pytest.raises(InputError, match=r"There is no file .*missing\.pdf"):
            look(tmp_path / "missing.pdf")


def test_a_directory_is_said(tmp_path: Path):
    with pytest.raises(InputError, match="is a directory"):
        extract(tmp_path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_said(tmp_path: Path):
    path = tmp_path / "mine.pdf"
    path.write_bytes(pages_saying("private"))
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read by you"):
        extract(path)


@pytest.mark.skipif(os.name == "nt", reason="there are no FIFOs")
def test_a_pipe_or_device_is_refused_without_waiting_on_it(tmp_path: Path):
    os.mkfifo(tmp_path / "fifo.pdf")
    for path in (tmp_path / "fifo.pdf", Path("/dev/zero")):
        with pytest.raises(InputError, match="is a pipe or a device"):
            extract(path)


def test_a_path_that_cannot_be_is_said(tmp_path: Path):
    (tmp_path / "a.pdf").symlink_to(tmp_path / "a.pdf")
    for path in (tmp_path / "a.pdf", tmp_path / ("x" * 5000), Path("nul\0.pdf")):
        with pytest.raises(InputError, match="can't be opened"):
            extract(path)


def test_escape_sequences_in_a_file_name_do_not_reach_the_message(tmp_path: Path):
    path = tmp_path / "a\x1b[31m\u202e.pdf"
    path.write_bytes(b"no")
    with pytest.raises(InputError, match=r"^a\.pdf is no PDF"):
        extract(path)


def test_too_little_memory_is_said(tmp_path: Path):
    path = tmp_path / "a.pdf"
    path.write_bytes(pages_saying("Hello"))
    with pytest.raises(InputError, match=r"a\.pdf .*memory"):
        extract(path, ExtractOptions(memory_mb=16))
