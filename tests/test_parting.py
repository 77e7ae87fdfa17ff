"""Empty lines where a page's lines part: on real pages by pdfium, by the lines alone, and in the repairs after it."""

from pathlib import Path

import pytest
from pdfs import pdf_of, stream

from galley.core.document import Document, Page
from galley.core.extract import ExtractOptions, extract
from galley.core.extract.parting import Face, SetLine, partings
from galley.core.prepare import prepare

ABOVE = [
    "The water was low in those years and the mills stood still for many weeks",
    "at a time, so that the millers took up other trades and learned to weave,",
    "as their fathers had done before them when the river froze in the winter.",
    "Only the oldest of them stayed by the wheel and kept it from falling into",
]
BELOW = [
    "pieces, and told everybody who would hear it that the water would be back",
    "before long. It came back in the spring of the third year, all in a night,",
    "and took the wheel with it, and the mill, and a good part of the meadow by",
    "the bridge. The old man was found on the roof of the church and was well.",
]
BODY = Face("Garamond", 10.0, bold=False, italic=False, serif=True)
BOLD = Face("Garamond-Bold", 10.0, bold=True, italic=False, serif=True)
ITALIC = Face("Garamond-Italic", 10.0, bold=False, italic=True, serif=True)
SANS = Face("Univers", 10.0, bold=False, italic=False, serif=False)
SMALL = BODY._replace(size=8.0)


def page(tmp_path: Path, *lines: tuple[str, int]) -> Document:
    """A page of lines, each in letters of a size."""
    shown = " ".join(f"/F1 {size} Tf 0 -14 Td <{text.encode().hex()}> Tj" for text, size in lines)
    path = tmp_path / "mills.pdf"
    path.write_bytes(pdf_of(stream(f"BT 50 700 Td {shown} ET".encode())))
    return extract(path, ExtractOptions(extractor="pdfium"))


def text(*lines: str) -> list[tuple[str, int]]:
    return [(line, 12) for line in lines]


def test_a_heading_without_a_number_in_larger_letters_is_no_beginning_of_its_section(tmp_path: Path) -> None:
    above, below = [*ABOVE[:2], "as their fathers had done."], ["Only the oldest of them stayed by the wheel", *BELOW]
    found = page(tmp_path, *text(*above), ("Weaving and Millers", 14), *text(*below))
    assert prepare(found).text.split("\n\n") == [" ".join(above), "Weaving and Millers", " ".join(below)]


def test_a_caption_in_smaller_letters_ends_where_the_text_goes_on(tmp_path: Path) -> None:
    caption = [("Figure 3: The mills by the river, from", 9), ("the lake to the sea", 9)]
    found = page(tmp_path, *text(*ABOVE), *caption, *text(*BELOW))
    assert prepare(found).text.split("\n\n")[1] == "Figure 3: The mills by the river, from the lake to the sea"


def test_a_footnote_in_smaller_letters_stands_apart_though_it_has_no_mark(tmp_path: Path) -> None:
    above = [*ABOVE[:2], "as their fathers had done."]
    note = ("Corresponding author: the miller of the lake", 9)
    found = page(tmp_path, *text(*above), note, *text("Only the oldest of them stayed by the wheel", *BELOW))
    assert note[0] in prepare(found).text.split("\n\n")


def test_what_pages_of_one_face_say_is_as_it_was(tmp_path: Path) -> None:
    assert "\n\n" not in page(tmp_path, *text(*ABOVE, *BELOW)).pages[0].text


def set_lines(*lines: tuple[str, tuple[Face, ...]], steps: dict[int, float] | None = None) -> list[SetLine]:
    """Lines 12 points below each other, or further where `steps` says so."""
    found: list[SetLine] = []
    at = 700.0
    for place, (line, faces) in enumerate(lines):
        at -= (steps or {}).get(place, 12.0)
        found.append(SetLine(line, at, at, faces))
    return found


def around(line: str, faces: tuple[Face, ...], below: list[str] = BELOW, step: float = 12.0) -> set[int]:
    """Where a page parts that has this line between ABOVE and what is below."""
    plain = [(other, (BODY,) * 8) for other in ABOVE[:3]]
    lines = [
        *plain,
        ("Only the oldest stayed.", (BODY,) * 8),
        (line, faces),
        *((other, (BODY,) * 8) for other in below),
    ]
    return partings(set_lines(*lines, steps={4: step, 5: step}))


@pytest.mark.parametrize("face", [BOLD, SANS])
def test_a_line_in_another_face_parts_from_the_text_on_both_sides(face: Face) -> None:
    assert around("Weaving and Millers", (face,) * 8) == {4, 5}


def test_a_paragraph_that_begins_in_bold_is_no_end_of_the_one_before() -> None:
    assert around("Weaving. The millers took up other trades", (BOLD, BOLD, *(BODY,) * 6)) == {4}
    assert around("A vector is bold, and no more of it", (BOLD, *(BODY,) * 7)) == set()


@pytest.mark.parametrize(("step", "expected"), [(20.0, {4, 5}), (12.0, set[int]())], ids=["apart", "in the text"])
def test_a_line_in_italics_is_a_heading_where_it_stands_apart(step: float, expected: set[int]) -> None:
    assert around("Weaving and Millers", (ITALIC,) * 8, step=step) == expected


def test_a_theorem_in_italics_is_one() -> None:
    lines = [*((line, (BODY,) * 8) for line in ABOVE), *((line, (ITALIC,) * 8) for line in BELOW)]
    assert partings(set_lines(*lines, steps={4: 20.0, 6: 20.0})) == set()


@pytest.mark.parametrize("index", ["i=1", "n∈N", "Niter k=0", "12 14 16 18 20"])
def test_an_index_in_small_letters_tears_no_formula(index: str) -> None:
    assert around(index, (SMALL,) * 5) == set()


def test_a_caption_in_the_texts_own_letters_ends_by_the_space_below_it() -> None:
    lines = [(line, (BODY,) * 8) for line in ["Figure 3. The mills by the river", *ABOVE, *BELOW]]
    assert partings(set_lines(*lines, steps={1: 24.0, 5: 24.0})) == {1}
    long = [("Figure 3. The mills by the river, which stood still for weeks, as they", (BODY,) * 8), *lines[1:]]
    assert partings(set_lines(*long, steps={1: 24.0})) == set(), "the caption's line is full and goes on"


def test_a_broken_word_goes_on_whatever_it_is_set_in() -> None:
    lines = [*((line, (BODY,) * 8) for line in ABOVE), ("the wea-", (BODY,) * 5), ("ving and milling", (SMALL,) * 8)]
    assert partings(set_lines(*lines, *((line, (SMALL,) * 8) for line in BELOW))) == set()


@pytest.mark.parametrize("first", ["Figure 3. The mills by the river", "1 The lake is fed by the snow of the hills"])
def test_what_tears_a_sentence_ends_at_an_empty_line(first: str) -> None:
    half, rest = "Every mill on the lake1 was driven by the water that", "the wheels had waited for so long."
    found = prepare(
        Document(Path("mills.pdf"), "0" * 64, "pdf", 1, (Page(1, f"{half}\n\n{first}\n\n{rest}", "pdfium"),))
    )
    assert found.text.split("\n\n") == [half, first, rest]


@pytest.mark.parametrize("stamp", ["", "arXiv:2402.13116v4 [cs.CL] 21 Oct 2024\n\n"], ids=["plain", "stamped"])
def test_a_title_of_two_lines_is_one_and_authors_are_their_own(stamp: str) -> None:
    title = "On the River, its Mills and\nTheir Millers"
    front = f"{stamp}{title}\n\nAda Moxon\nBen Gutenberg\n\nAbstract. The water was low."
    found = prepare(Document(Path("mills.pdf"), "0" * 64, "pdf", 1, (Page(1, front, "pdfium"),)))
    rest = ["Ada Moxon", "Ben Gutenberg", "Abstract. The water was low."]
    assert found.text.removeprefix(stamp).split("\n\n") == [title.replace("\n", " "), *rest]
