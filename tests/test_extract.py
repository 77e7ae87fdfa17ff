"""Extraction of sound files: text, line ends, metadata, notes, selections, progress."""

import threading
import unicodedata
from pathlib import Path

import pytest
from pdfs import encrypted, pages_saying, pdf_of, show, stream

from galley.core.document import Document
from galley.core.errors import InputError
from galley.core.extract import ExtractionCancelled, ExtractOptions, PasswordNeeded, extract, probe

SHARED = Path(__file__).parents[2] / "shared" / "data"
SEED = SHARED / "2402.13116v4.pdf"
BOOK = SHARED / "geotopo" / "GeoTopo-komprimiert.pdf"
needs_shared = pytest.mark.skipif(not SEED.exists(), reason="the shared data is not beside the repository")


def saved(folder: Path, data: bytes | str, name: str = "paper.pdf") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def texts(document: Document) -> list[str]:
    return [page.text for page in document.pages]


@pytest.fixture
def five_pages(tmp_path: Path) -> Path:
    return saved(tmp_path, pages_saying(*(f"This is page {number}." for number in range(1, 6))))


@pytest.mark.parametrize("extractor", ["auto", "pypdf", "pdfium"])
def test_every_extractor_gives_each_page_its_number_and_its_lines(tmp_path: Path, extractor: str):
    path = saved(tmp_path, pages_saying("First line\nsecond line", "Page two"))
    document = extract(path, ExtractOptions.model_validate({"extractor": extractor}))
    assert [(page.number, page.text.rstrip("\n")) for page in document.pages] == [
        (1, "First line\nsecond line"),
        (2, "Page two"),
    ]
    assert {page.extractor for page in document.pages} == {"pypdf" if extractor == "pypdf" else "pdfium"}
    assert (document.kind, document.page_count, document.skipped, document.notes) == ("pdf", 2, (), ())
    assert len(document.sha256) == 64


def test_escape_sequences_and_control_characters_are_stripped_and_counted(tmp_path: Path):
    path = saved(tmp_path, pdf_of(stream(show(b"a\x1b[31mred\x1b[0m b\x07c\x1b]0;title\x07d"))))
    document = extract(path)
    assert document.text == "ared bcd"
    assert document.stripped_controls == 4


def test_metadata_is_stripped_bounded_and_without_empty_values(tmp_path: Path):
    title = "Bold \x1b[1mclaim".encode("utf-16-be").hex().encode()
    info = b"/Title <FEFF%s> /Author () /Subject (%s) /Pages 3" % (title, b"long " * 1000)
    metadata = extract(saved(tmp_path, pdf_of(stream(show(b"text")), info=info))).metadata
    assert metadata["Title"] == "Bold claim"
    assert "Author" not in metadata
    assert len(metadata["Subject"]) == 500
    assert metadata["Pages"] == "3"


def test_a_choice_of_pages_is_taken_and_the_rest_is_said(five_pages: Path):
    document = extract(five_pages, ExtractOptions(pages="4-,2"))
    assert [page.number for page in document.pages] == [2, 4, 5]
    assert document.page_count == 5
    assert document.notes == ("Left out by the choice of pages: pages 1, 3, 2 of 5.",)


def test_a_page_that_is_not_there_is_an_error_that_names_the_pages(five_pages: Path):
    with pytest.raises(InputError, match=r"There is no page 9\. The file has pages 1 to 5\."):
        extract(five_pages, ExtractOptions(pages="2-9"))


@pytest.mark.parametrize("limit", [4, 11, 12, 30])
def test_the_limit_of_characters_holds_exactly(tmp_path: Path, limit: int):
    whole = "012345678\n\fabcd\n\fxyz\n"
    path = saved(tmp_path, whole, "a.txt")
    document = extract(path, ExtractOptions(max_chars=limit))
    assert document.text == whole[:limit].removesuffix("\f")
    assert bool(document.notes) == (limit < len(whole))


def test_what_the_limit_of_characters_left_out_is_said(five_pages: Path):
    document = extract(five_pages, ExtractOptions(max_chars=20))
    assert texts(document) == ["This is page 1.", "This"]
    assert document.notes == (
        "Cut at 20 characters by choice: 11 characters of the last page taken and all of pages 3-5 (3) left out.",
    )


def test_progress_reports_every_page(five_pages: Path):
    seen: list[tuple[int, int]] = []
    extract(five_pages, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(number, 5) for number in range(1, 6)]


def test_a_cancelled_extraction_stops_and_leaves_no_worker(five_pages: Path):
    before = threading.active_count()
    with pytest.raises(ExtractionCancelled):
        extract(five_pages, cancelled=lambda: True)
    assert threading.active_count() == before


def test_pages_without_text_are_named_when_others_have_some(tmp_path: Path):
    document = extract(saved(tmp_path, pdf_of(None, stream(show(b"words")), None, None)))
    assert document.notes == (
        "No text layer on pages 1, 3-4; ocrmypdf --skip-text paper.pdf paper-ocr.pdf can add one.",
    )


@pytest.mark.parametrize("algorithm", ["AES-256", "RC4-128"])
def test_an_encrypted_file_opens_with_its_password_only(tmp_path: Path, algorithm: str):
    path = saved(tmp_path, encrypted(pages_saying("kept secret"), "sesame", algorithm))
    assert extract(path, password="sesame").text == "kept secret"
    with pytest.raises(PasswordNeeded, match=r"paper\.pdf is encrypted and needs a password\. .*--password"):
        extract(path)
    with pytest.raises(PasswordNeeded, match="The password does not open"):
        extract(path, password="open")


def test_a_password_that_is_not_needed_does_no_harm(five_pages: Path):
    assert extract(five_pages, password="whatever").page_count == 5


def test_a_damaged_structure_is_repaired_and_said(tmp_path: Path):
    damaged = pages_saying("still here").replace(b"startxref\n", b"startxref\n9")
    document = extract(saved(tmp_path, damaged))
    assert document.text == "still here"
    assert "repaired" in document.notes[0]


def test_the_suffix_does_not_matter_to_a_pdf(tmp_path: Path):
    assert extract(saved(tmp_path, pages_saying("a PDF"), "download.docx")).kind == "pdf"


def test_form_feeds_separate_the_pages_of_a_text_file(tmp_path: Path):
    document = extract(saved(tmp_path, "one\r\ntwo\rthree\n\ffour\n\f", "paper.txt"))
    assert texts(document) == ["one\ntwo\nthree\n", "four\n"]
    assert (document.kind, document.page_count) == ("text", 2)
    assert document.page_starts == ((0, 1), (15, 2))


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("one\n\ftwo", 2),
        ("one\f\ntwo", 2),
        ("one\f\r\ntwo", 2),
        ("one\n\f\ftwo", 3),
        ("\fone", 2),
        ("one\f", 1),
    ],
)
def test_a_form_feed_beside_a_line_end_parts_pages(tmp_path: Path, text: str, pages: int):
    document = extract(saved(tmp_path, text, "paper.txt"))
    assert document.page_count == pages
    assert "".join(texts(document)).split() == text.split()


def test_a_form_feed_inside_a_line_is_a_character_that_could_not_be_read(tmp_path: Path):
    document = extract(saved(tmp_path, "an e\fective one \f\f, and\n\fa second page\n", "paper.txt"))
    assert texts(document) == ["an e\ufffdective one \ufffd\ufffd, and\n", "a second page\n"]
    assert document.notes == ("3 characters could not be read and stand as �, on page 1.",)


@pytest.mark.parametrize("shown", ["\x12 \x13\nx\n" * 4, "\f\f\f x"])
def test_a_form_feed_on_a_line_of_its_own_is_no_pages_end_among_other_glyphs_codes(tmp_path: Path, shown: str):
    before = "A line of the proof.\n" * 20
    pages = f"{before}so that\n{shown}\n\f\nholds for it.\n\fa second page\n"
    document = extract(saved(tmp_path, pages, "paper.txt"))
    assert document.page_count == 2
    assert texts(document)[0].endswith("\ufffd\nholds for it.\n")
    assert texts(document)[1] == "a second page\n"


def test_a_stray_code_makes_no_glyphs_of_pages_ends(tmp_path: Path):
    page = "A line of the proof.\n" * 20
    document = extract(saved(tmp_path, f"{page}One \x01.\n\f\n{page}Two.\n\f{page}Three.\n\f", "paper.txt"))
    assert [text.strip().splitlines()[-1] for text in texts(document)] == ["One .", "Two.", "Three."]
    assert not document.notes[1:], "nothing could not be read"


def test_pages_that_were_joined_by_form_feeds_alone_are_pages(tmp_path: Path):
    pages = [f"Reports {number}\n" + "A page of a report, of some length. " * 12 + str(number) for number in (1, 2, 3)]
    document = extract(saved(tmp_path, "\f".join(pages), "joined.txt"))
    assert texts(document) == pages
    coded = "\n".join("The e\fect is di\ferent, and so it goes on for a while in this line." for _ in range(40))
    assert extract(saved(tmp_path, coded, "coded.txt")).page_count == 1
    assert extract(saved(tmp_path, "The e\fect. " + "And so it goes on for a while. " * 40, "one.txt")).page_count == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_text_is_read_without_a_guess(tmp_path: Path, encoding: str):
    document = extract(saved(tmp_path, "Größe – “naïve”\n".encode(encoding), "notes.md"))
    assert document.text == "Größe – “naïve”\n"
    assert document.notes == ()


def test_text_in_an_old_encoding_is_read_with_a_note(tmp_path: Path):
    said = "Die Größe der Übungsaufgaben überrascht manchen Schüler, der für die Prüfung übt. " * 5
    document = extract(saved(tmp_path, said.encode("cp1252"), "alt.txt"))
    assert document.text == said
    assert "is a guess" in document.notes[0]


def test_a_few_accents_are_not_taken_for_chinese(tmp_path: Path):
    said = "Das Maß der Größe.\nGrüße von der Straße, an der Übung war.\n"
    assert extract(saved(tmp_path, said.encode("latin-1"), "kurz.txt")).text == said


def test_a_probe_says_what_a_file_is_without_taking_its_text(five_pages: Path):
    info = probe(five_pages)
    assert (info.kind, info.page_count, info.encrypted, info.has_text_layer) == ("pdf", 5, False, True)
    assert info.size == five_pages.stat().st_size
    assert info.sha256 == extract(five_pages).sha256


def test_a_probe_of_a_scan_finds_no_text_layer(tmp_path: Path):
    assert probe(saved(tmp_path, pdf_of(None, None))).has_text_layer is False


def test_a_probe_describes_a_locked_file_and_opens_it_with_its_password(tmp_path: Path):
    path = saved(tmp_path, encrypted(pages_saying("secret"), "sesame"))
    locked = probe(path)
    assert (locked.locked, locked.encrypted, locked.page_count, locked.has_text_layer) == (
        True,
        True,
        0,
        None,
    )
    opened = probe(path, password="sesame")
    assert (opened.locked, opened.encrypted, opened.page_count) == (False, True, 1)
    with pytest.raises(PasswordNeeded):
        probe(path, password="wrong")


@needs_shared
def test_pypdf_takes_all_269520_characters_of_the_seed_paper():
    document = extract(SEED, ExtractOptions(extractor="pypdf"))
    assert document.page_count == 43
    assert sum(len(page.text) for page in document.pages) + document.stripped_controls == 269_520


@needs_shared
def test_the_seed_paper_keeps_its_hyphenated_line_ends_and_both_extractors_agree():
    document = extract(SEED)
    assert document.text.count("-\n") > 600
    assert "self-\nimprovement" in document.text
    assert all(page.agreement is not None and page.agreement > 0.9 for page in document.pages)
    assert not [c for c in document.text if unicodedata.category(c) == "Cc" and c not in "\n\t\f"]


def test_pages_on_which_the_extractors_disagree_are_named(tmp_path: Path):
    seen, unseen = b"what stands on the page " * 5, b"what only one of both reads " * 20
    page = show(seen) + b" BT /F1 12 Tf 50 -700 Td <%s> Tj ET" % unseen.hex().encode()
    document = extract(saved(tmp_path, pdf_of(stream(show(seen)), stream(page))))
    assert "pdfium and pypdf disagree much on page 2: look at their text before trusting it." in document.notes


@needs_shared
def test_a_long_book_is_compared_on_a_sample_and_its_formulas_agree():
    document = extract(BOOK, ExtractOptions(pages="60-117", compare_pages=50))
    agreements = [page.agreement for page in document.pages if page.agreement is not None]
    assert 0 < len(agreements) <= 50
    assert any("were compared on 50 of 58 pages" in note for note in document.notes)
    assert min(agreements) > 0.8
