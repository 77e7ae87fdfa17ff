"""The sample paper is what its source says, and holds the difficulties it was made for."""

import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest
from pypdf import PdfReader

HYPHEN = "\x02"
"""What pdfium gives for a hyphen at a line's end."""


def page_texts(path: Path) -> list[str]:
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]


@pytest.fixture(scope="module")
def pages(sample_pdf: Path) -> list[str]:
    return page_texts(sample_pdf)


def test_the_script_makes_the_same_text_again(sample_pdf: Path, pages: list[str], tmp_path: Path) -> None:
    script = sample_pdf.parent / "make_sample.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True)
    assert page_texts(tmp_path / "sample.pdf") == pages
    for name in ("sample.reference.txt", "damaged.pdf"):
        assert (tmp_path / name).stat().st_size == (sample_pdf.parent / name).stat().st_size


def test_it_holds_what_makes_extraction_hard(pages: list[str]) -> None:
    assert len(pages) == 4
    assert "arXiv:2511.99999v2" in pages[0]
    assert f"self{HYPHEN}" in pages[0]
    assert "improvement" in pages[1]
    assert f"fol{HYPHEN}low" in pages[0]
    assert "2 Fennimore and Quillon" in pages[1].splitlines()
    assert "The Second Pair of Eyes 3" in pages[2].splitlines()
    assert "(Moxon, 1683; Simpson et al.," in pages[0]
    assert "Table 1: Errors found" in pages[1]


def test_its_text_layer_has_ligatures(sample_pdf: Path) -> None:
    text = "".join(page.extract_text() for page in PdfReader(sample_pdf).pages)
    assert {"ﬁ", "ﬂ", "ﬀ"} <= set(text)


def test_its_reference_has_none_of_the_furniture(sample_pdf: Path) -> None:
    reference = sample_pdf.with_name("sample.reference.txt").read_text("utf-8")
    assert "self-improvement" in reference
    assert "arXiv" not in reference
    assert "Fennimore and Quillon\n" not in reference
    assert not set("ﬁﬂﬀ") & set(reference)
