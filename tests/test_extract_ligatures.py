"""Ligatures that a PDF has as bare codes, read by the words that they stand in."""

from pathlib import Path

import pytest
from pdfs import pdf_of, stream

from galley.core.extract import ExtractOptions, extract
from galley.core.extract.ligatures import with_ligatures


def test_a_word_that_a_pdf_has_with_a_bare_code_keeps_its_letters(tmp_path: Path):
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf_of(stream(b"BT /F1 12 Tf 50 700 Td (the \x1crst of di\x1berent words) Tj ET")))
    assert extract(path, ExtractOptions(extractor="pdfium")).text.strip() == "the ﬁrst of diﬀerent words"


@pytest.mark.parametrize(
    ("page", "meant"),
    [
        ("coe\x1ecients in the \x1crst \x1celd", "coeﬃcients in the ﬁrst ﬁeld"),
        ("a scienti\x1fc e\x1dort, su\x1cciently re\x1eected", "a scientiﬁc eﬀort, suﬃciently reﬂected"),
        ("the \x0crst in\x0duence", "the ﬁrst in\x0duence"),  # 13 is a line's end as well
        ("the \x1crst e\x1bort, the Gre\x1b, 612\x15626", "the ﬁrst eﬀort, the Greﬀ, 612–626"),
        ("the \x1crst of a\x1bba", "the ﬁrst of a\x1bba"),
    ],
)
def test_the_words_of_a_page_say_which_ligature_a_code_is(page: str, meant: str):
    assert with_ligatures(page) == meant


@pytest.mark.parametrize("page", ["x\x1by and \x12Z", "\x1b[31mred\x1b[0m", "612\x15626", "re\x02ect", "plain text"])
def test_a_code_that_no_word_speaks_for_stays(page: str):
    assert with_ligatures(page) == page
