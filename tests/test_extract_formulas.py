"""Formulas out of PDFs: scripts stay on their base, and the glyphs of TeX's fonts mean what they show."""

import io
import math
import re
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from pdfs import assemble, pages_saying, pdf_of, stream
from pypdf import PdfReader, PdfWriter

from galley.core.extract import ExtractOptions, extract, pdfium
from galley.core.extract.scripts import Place, separator
from galley.core.extract.symbols import NEGATION, OMS, OMX, meaning, with_negations

BOX = ((0, 0), (0, 700), (500, 700), (500, 0))


def text_of(folder: Path, data: bytes) -> str:
    path = folder / "formula.pdf"
    path.write_bytes(data)
    return extract(path, ExtractOptions(extractor="pdfium")).text.strip()


def placed(*parts: tuple[bytes, float, float, float]) -> bytes:
    """A content stream of (text, size, x, y)."""
    shown = b" ".join(b"/F1 %g Tf 1 0 0 1 %g %g Tm (%s) Tj" % (size, x, y, text) for text, size, x, y in parts)
    return stream(b"BT " + shown + b" ET")


def repaired(data: bytes) -> bytes:
    """The PDF with the places of its objects found anew, after its bytes were changed."""
    out = io.BytesIO()
    PdfWriter(clone_from=PdfReader(io.BytesIO(data))).write(out)
    return out.getvalue()


def font_with(codes: bytes) -> bytes:
    """A Type 1C font with a box for each code, under glyph names that no list knows."""
    builder = FontBuilder(1000, isTTF=False)
    names = [".notdef", *(f"nobody{code}" for code in codes)]
    pen = T2CharStringPen(600, None)
    for move, corner in zip((pen.moveTo, pen.lineTo, pen.lineTo, pen.lineTo), BOX, strict=True):
        move(corner)
    pen.closePath()
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({})
    builder.setupCFF("Nobody", {}, dict.fromkeys(names, pen.getCharString()), {})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader()
    builder.setupPost()
    return bytes(builder.font.getTableData("CFF "))


def with_font(name: bytes, codes: bytes) -> bytes:
    """A page whose second word is set in a font of this name."""
    named = b" ".join(b"%d /nobody%d" % (code, code) for code in codes)
    widths = b" ".join([b"600"] * (max(codes) - min(codes) + 1))
    return assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 6 0 R /Resources"
            b" << /Font << /F1 4 0 R /F2 5 0 R >> >> >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /ABCDEF+%s /FirstChar %d /LastChar %d /Widths [%s]"
            b" /FontDescriptor 7 0 R /Encoding << /Differences [%s] >> >>"
            % (name, min(codes), max(codes), widths, named),
            stream(
                b"BT /F1 12 Tf 50 700 Td (norm) Tj /F2 12 Tf 40 0 Td <%s> Tj /F1 12 Tf 60 0 Td (end) Tj ET"
                % codes.hex().encode()
            ),
            b"<< /Type /FontDescriptor /FontName /ABCDEF+%s /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0"
            b" /Ascent 800 /Descent 0 /CapHeight 700 /StemV 80 /FontFile3 8 0 R >>" % name,
            stream(font_with(codes), b"/Subtype /Type1C"),
        ]
    )


def test_an_exponent_stays_on_its_base_and_the_line_goes_on_behind_it(tmp_path: Path):
    page = placed((b"The space R", 12, 50, 700), (b"n", 8, 117, 706), (b"is open.", 12, 126, 700))
    assert text_of(tmp_path, pdf_of(page)) == "The space Rn is open."


def test_a_comma_right_behind_an_index_has_no_blank_before_it(tmp_path: Path):
    page = placed((b"all of y", 12, 50, 700), (b"j", 8, 84.7, 697), (b", and more", 12, 86.6, 700))
    assert text_of(tmp_path, pdf_of(page)) == "all of yj, and more"


def test_a_power_of_a_number_never_becomes_a_longer_number(tmp_path: Path):
    page = placed((b"about 10", 12, 50, 700), (b"5", 8, 97, 706), (b"of them", 12, 106, 700))
    assert text_of(tmp_path, pdf_of(page)) == "about 10^5 of them"


def test_a_glyph_off_the_page_changes_nothing_on_it(tmp_path: Path):
    parts = ((b"about 10", 12.0, 50.0, 700.0), (b"5", 8.0, 97.0, 706.0), (b"of them", 12.0, 106.0, 700.0))
    assert text_of(tmp_path, pdf_of(placed(*parts, (b"hidden", 12, -500, 700)))) == "about 10^5 of them"


def test_numerator_and_denominator_stay_apart():
    numerator, denominator = Place(100, 106, 706, 8), Place(100, 106, 696, 8)
    assert separator("a", numerator, "b", denominator, "\n") == "\n"


def test_an_index_below_a_prime_stays_with_it():
    prime, index = Place(100, 103, 704, 8), Place(100, 104, 697.6, 8)
    assert separator("′", prime, "1", index, "\n") == ""
    assert separator("n", prime, "1", index, "\n") == "\n"


def test_glyphs_that_touch_have_no_blank_between_them():
    letter = Place(100, 108.5, 700, 11)
    assert separator("P", letter, "Q", Place(108.8, 117, 700, 11), " ") == ""
    assert separator("P", letter, "Q", Place(110.5, 118, 700, 11), " ") == " "


def test_a_glyph_further_left_on_the_line_does_not_touch_the_one_before_it():
    assert separator("P", Place(100, 108.5, 700, 11), "Q", Place(50, 58, 700, 11), " ") == " "


def test_a_glyph_without_a_size_says_nothing():
    bracket, nothing = Place(112, 120, 715, 26, hangs=True), Place(121, 121, 700, 0)
    assert separator("(", bracket, "x", nothing, "\n") == "\n"


def test_the_dots_of_an_ellipsis_stand_together_and_leaders_stay_apart(tmp_path: Path):
    def dots(count: int, step: float) -> bytes:
        return pdf_of(placed((b"from x to", 12, 50, 700), *((b".", 12, 105 + step * n, 700) for n in range(count))))

    assert text_of(tmp_path, dots(3, 5.2)) == "from x to ..."
    assert text_of(tmp_path, dots(3, 8)) == "from x to . . ."
    assert text_of(tmp_path, dots(5, 5.2)) == "from x to . . . . ."


def test_what_stands_beside_a_tall_bracket_is_judged_by_the_room_between_them():
    bracket, sign = Place(112, 120, 715, 26, hangs=True), Place(100, 108.5, 700, 11)
    assert separator("=", sign, "(", bracket, "\n") == " "
    assert separator("(", bracket, "a", Place(120, 126, 707, 11), "\n") == "\n"


def test_an_accent_goes_on_the_letter_that_it_stands_over(tmp_path: Path):
    page = placed((b"a path x", 12, 50, 700), (b"\x98", 12, 85.8, 700), (b"i", 8, 92, 697), (b"in it", 12, 99, 700))
    assert text_of(tmp_path, pdf_of(page)) == "a path x̃i in it"


def test_an_accent_that_comes_behind_its_word_goes_on_its_letter(tmp_path: Path):
    page = placed((b"by Kopf et al.", 12, 50, 700), (b"\xa8", 12, 75.3, 700), (b", and", 12, 120.1, 700))
    assert text_of(tmp_path, pdf_of(page)) == "by Köpf et al., and"


def test_what_stands_under_a_root_stays_there():
    root, letter = Place(100, 109, 715, 26, hangs=True), Place(109, 115, 700, 11)
    assert separator("√", root, "x", letter, "\n") == ""


def test_an_accent_over_no_letter_stays_as_it_is(tmp_path: Path):
    page = placed((b"of about", 12, 50, 700), (b"\x98", 12, 104, 700), (b"5 kg", 12, 108, 700))
    assert text_of(tmp_path, pdf_of(page)) == "of about ˜5 kg"


def test_a_tall_bar_is_one_sign_however_many_pieces_it_is_drawn_of(tmp_path: Path):
    pieces = b"".join(b"1 0 0 1 90 %d Tm <0c> Tj " % (700 - 6 * number) for number in range(3))
    data = with_font(b"CMEX10", b"\x0c").replace(b"40 0 Td <0c> Tj", pieces).replace(b"60 0 Td", b"1 0 0 1 130 700 Tm")
    assert text_of(tmp_path, repaired(data)).split() == ["norm", "|", "end"]


def test_a_footnotes_mark_behind_a_word_is_raised_and_a_number_in_a_name_is_not(tmp_path: Path):
    page = placed((b"Gemini, Claude", 12, 50, 700), (b"12", 7, 133.5, 704.5), (b"and GPT2 stay", 12, 146, 700))
    assert text_of(tmp_path, pdf_of(page)) == "Gemini, Claude¹² and GPT2 stay"


@pytest.mark.parametrize(("height", "expected"), [(704.5, "Moxon¹, ²³ and Day"), (700, "Moxon¹, 23 and Day")])
def test_a_mark_behind_a_mark_is_raised_if_it_is_set_as_high(tmp_path: Path, height: float, expected: str):
    page = placed(
        (b"Moxon", 12, 50, 700), (b"1,", 7, 87.2, 704.5), (b"23", 7, 95.5, height), (b"and Day", 12, 107, 700)
    )
    assert text_of(tmp_path, pdf_of(page)) == expected


def test_a_footnotes_mark_before_its_text_is_raised(tmp_path: Path):
    page = placed((b"4", 7, 50, 704.5), (b"Even for many.", 12, 53.9, 700), (b"4 Even here", 12, 50, 650))
    assert text_of(tmp_path, pdf_of(page)) == "⁴Even for many.\n4 Even here"


def test_a_fraction_behind_a_word_is_no_mark_of_a_footnote(tmp_path: Path):
    page = placed((b"at most", 12, 50, 700), (b"1", 7, 95, 704.5), (b"/", 12, 99, 700), (b"2", 7, 102.5, 697))
    assert "¹" not in text_of(tmp_path, pdf_of(page))


def test_lines_of_text_stay_lines(tmp_path: Path):
    assert text_of(tmp_path, pages_saying("one line\nand the next")) == "one line\nand the next"


@pytest.mark.parametrize(
    ("font", "codes", "seen"),
    [
        (b"CMSY10", b"\x30", "′"),
        (b"CMSY10", b"k", "‖"),
        (b"CMEX10", b"P", "∑"),
        (b"CMEX10", b"\x12", "("),
        (b"CMMI10", b"\x60", "ℓ"),
        (b"CMMIB10", b"\x0f", "ϵ"),
        (b"MSAM10", b"\x04", "■"),
        (b"Fancy", b"P", "P"),
    ],
)
def test_a_glyph_without_a_meaning_is_looked_up_by_its_font(tmp_path: Path, font: bytes, codes: bytes, seen: str):
    assert text_of(tmp_path, with_font(font, codes)).split()[1] == seen


def test_a_glyph_with_a_meaning_is_left_alone(tmp_path: Path):
    data = with_font(b"CMSY10", b"z").replace(b"/nobody122", b"/braceleft")
    assert text_of(tmp_path, data).split()[1] == "{"


def test_tips_of_a_brace_are_no_text(tmp_path: Path):
    assert text_of(tmp_path, with_font(b"CMEX10", b"z{|}")).split() == ["norm", "end"]


def test_a_stroke_goes_through_the_relation_beside_it():
    assert with_negations(f"x {NEGATION}= y") == "x ≠ y"
    assert with_negations(f"x ={NEGATION} y") == "x ≠ y"
    assert with_negations(f"x {NEGATION}∈ y and z") == "x ∉ y and z"
    assert with_negations(f"lost {NEGATION}here") == "lost here"
    assert with_negations("x ↦→ y") == "x ↦ y"
    assert with_negations("p\u0338 = m") == "p\u0338 = m"


def test_the_tables_have_a_place_for_each_code():
    assert (len(OMS), len(OMX)) == (128, 128)
    assert meaning("XYZABC+CMSY7", 0x31) == "∞"
    assert meaning("Times-Roman", 0x31) is None


def test_the_hook_of_an_arrow_and_the_arrow_are_one_sign():
    assert with_negations("A ↪→ X, B → Y") == "A ↪ X, B → Y"


def test_places_that_are_not_asked_for_would_have_changed_nothing(sample_pdf: Path, monkeypatch: pytest.MonkeyPatch):
    """A blank between two plain words, and a line's end behind which the next line begins far to the left."""

    def texts() -> list[str]:
        reader = pdfium.PdfiumReader(sample_pdf.read_bytes(), None)
        try:
            return [reader.text(number) for number in range(1, reader.page_count + 1)]
        finally:
            reader.close()

    quickly = texts()
    monkeypatch.setattr(pdfium, "_DOUBTFUL", re.compile("\r\n| "))
    monkeypatch.setattr(pdfium, "_FAR_BACK", math.inf)
    assert texts() == quickly
