"""The first line of a page that stands apart from its text: on a real page, by pdfium, and in the repairs after it."""

from pathlib import Path

import pytest
from pdfs import pdf_of, show, stream

from galley.core.document import APART, Document, Page
from galley.core.extract import ExtractOptions, extract
from galley.core.extract.apart import Row, first_stands_apart
from galley.core.prepare import prepare

BODY = (
    b"The water was low in those years and the mills stood still for many weeks",
    b"at a time, so that the millers took up other trades and learned to weave,",
    b"as their fathers had done before them when the river froze in the winter.",
    b"Only the oldest of them stayed by the wheel and kept it from falling into",
    b"pieces, and told everybody who would hear it that the water would be back",
    b"before long. It came back in the spring of the third year, all in a night,",
    b"and took the wheel with it, and the mill, and a good part of the meadow.",
    b"The old man was found on the roof of the church, unhurt and content.",
)
HEAD = b"On the River and its Mills"


def page(tmp_path: Path, first: bytes, y: int, size: int) -> Document:
    """A page with `first` at a height, in points, above text of 12 points that begins at 700."""
    head = b"BT /F1 %d Tf 50 %d Td <%s> Tj ET " % (size, y, first.hex().encode())
    path = tmp_path / "mills.pdf"
    path.write_bytes(pdf_of(stream(head + show(*BODY))))
    return extract(path, ExtractOptions(extractor="pdfium"))


@pytest.mark.parametrize(("y", "size"), [(730, 12), (726, 10)], ids=["far above", "less far, and smaller"])
def test_a_line_far_above_the_text_and_no_larger_is_a_head(tmp_path: Path, y: int, size: int) -> None:
    document = page(tmp_path, HEAD, y, size)
    assert document.pages[0].text.startswith(HEAD.decode() + APART)
    assert prepare(document).text.startswith("The water was low")


@pytest.mark.parametrize(("y", "size"), [(730, 17), (718, 12), (714, 12), (714, 10)])
def test_a_line_that_is_larger_or_nearer_may_be_a_heading_and_stays(tmp_path: Path, y: int, size: int) -> None:
    assert prepare(page(tmp_path, HEAD, y, size)).text.startswith(HEAD.decode())


@pytest.mark.parametrize(
    "first",
    [
        b"They had been told so by all of those who came down the river in the spring, and",
        b"Figure 3. The mill before the flood",
        b"and that was the end of the mill.",
    ],
)
def test_text_and_captions_stay_though_they_stand_apart(tmp_path: Path, first: bytes) -> None:
    assert first.decode() in prepare(page(tmp_path, first, 740, 12)).text


def test_what_empty_lines_part_on_one_page_are_no_pages() -> None:
    row = "rows that a table has over and over"
    text = "\n\n".join(f"{row}\n{line.decode()}" for line in BODY)
    document = Document(Path("mills.pdf"), "0" * 64, "pdf", 1, (Page(1, text, "pdfium"),))
    assert prepare(document).text.count(row) == len(BODY)


def test_the_mark_leaves_nothing_in_the_text(tmp_path: Path) -> None:
    document = page(tmp_path, b"Figure 3. The mill before the flood", 740, 12)
    assert APART in document.text
    assert APART not in prepare(document).text


def test_lines_numbers_in_the_margin_are_no_pages_numbers(tmp_path: Path) -> None:
    lines = [b"%d %s" % (number, line) for number, line in enumerate(BODY, 157)]
    path = tmp_path / "mills.pdf"
    head = b"BT /F1 12 Tf 50 740 Td <%s> Tj ET " % b"156 References".hex().encode()
    path.write_bytes(pdf_of(stream(head + show(*lines))))
    assert "References" in prepare(extract(path, ExtractOptions(extractor="pdfium"))).text


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [Row(700 - 14 * place, 12, 70) for place in range(4)],
        [Row(700, 12, 70)] * 9,
        [Row(740, 12, 20), *(Row(700 - 90 * place, 12, 70) for place in range(9))],
        [Row(100, 12, 20), *(Row(700 - 14 * place, 12, 70) for place in range(9))],
        [Row(740, 0, 20), *(Row(700 - 14 * place, 0, 70) for place in range(9))],
    ],
    ids=["none", "too few", "one line", "no leading", "below the text", "without size"],
)
def test_nothing_is_told_of_lines_without_an_order(rows: list[Row]) -> None:
    assert not first_stands_apart(rows)
