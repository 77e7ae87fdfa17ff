"""Sentences torn by captions, tables and footnotes."""

from pathlib import Path

import pytest

from galley.core.document import Document, Page
from galley.core.prepare import Prepared, PrepareOptions, prepare

HALF = "Every mill on the river was driven by the water of the lake, which in those years had been falling so low that"
REST = "the wheels stood still for weeks and the grain had to be carried over the hills."
NEXT = "In the spring all of them turned again, and the bread was as cheap as it had ever been before the drought."


def prepared(*pages: str, **options: bool) -> Prepared:
    numbered = tuple(Page(number, text, "text") for number, text in enumerate(pages, 1))
    source = Document(Path("paper.txt"), "0" * 64, "text", len(pages), numbered)
    return prepare(source, PrepareOptions.model_validate({"language": "en", "torn_sentences": True, **options}))


@pytest.mark.parametrize(
    "float_",
    [
        "Fig. 3. The mills on the river, from the lake to the sea.",
        "Table 2. Mills.\n1 2 3\n4 5 6",
        "∗ Corresponding author: miller@example.org",
    ],
)
def test_the_rest_of_a_sentence_comes_before_the_float_that_tore_it(float_: str) -> None:
    text = prepared(f"{HALF}\n\n{float_}\n\n{REST} {NEXT}").text
    assert f"{HALF} {REST}" in text
    assert text.index(REST) < text.index(float_.split()[1]) < text.index(NEXT)


@pytest.mark.parametrize(("line", "moved"), [("1D continuum.", False), ("1 Department of Mills, Lake Town.", True)])
def test_a_word_that_begins_with_a_number_is_no_footnote(line: str, moved: bool) -> None:
    assert (f"{HALF} {REST}" in prepared(f"{HALF}\n\n{line}\n\n{REST} {NEXT}").text) is moved


def test_nothing_is_lost_and_what_was_moved_traces_to_where_the_sentence_began() -> None:
    caption = "Fig. 3. The mills on the river, from the lake to the sea."
    found = prepared(f"{HALF}\n\n{caption}", f"{REST} {NEXT}")
    assert sorted(found.text.split()) == sorted(f"{HALF} {caption} {REST} {NEXT}".split())
    at = found.text.index(REST)
    assert found.pages(at, at + len(REST)) == (1, 1)
    assert list(found.traced.origins) == sorted(found.traced.origins)


def test_where_is_brought_back_to_its_formula() -> None:
    formula = "The force of the water that drives the wheel of the mill is F = m a (1)"
    text = prepared(
        f"{formula}\n\nFig. 3. A wheel.\n\nwhere m is the mass of the water and a how it is slowed. {NEXT}"
    ).text
    assert f"{formula} where m is the mass of the water and a how it is slowed.\n\nFig. 3." in text


@pytest.mark.parametrize(
    ("first", "behind"),
    [
        (f"{HALF} the wheels stood still.", "and this begins small for another reason, as lists of names often do."),
        (HALF, "The wheels stood still, which begins a sentence of its own and not the rest of one."),
        (HALF, "x y z a b c d e f g, which are no words."),
    ],
)
def test_what_is_no_torn_sentence_stays_where_it_is(first: str, behind: str) -> None:
    caption = "Fig. 3. The mills on the river, from the lake to the sea."
    text = prepared(f"{first}\n\n{caption}\n\n{behind}").text
    assert text.index(first[:40]) < text.index("Fig. 3.") < text.index(behind[:10])


def test_it_is_only_done_when_asked() -> None:
    source = f"{HALF}\n\nFig. 3. The mills on the river.\n\n{REST}"
    assert prepared(source, torn_sentences=False).text.index("Fig. 3.") < prepared(source).text.index("Fig. 3.")


def test_a_caption_of_an_appendix_ends_where_the_sentence_goes_on() -> None:
    caption = "Table A.3.: The mills on the river, from the lake to the sea."
    text = prepared(f"{HALF}\n{caption}\n{REST} {NEXT}", torn_sentences=False).text
    assert text.split("\n\n") == [HALF, caption, f"{REST} {NEXT}"]


NOTE = "1. The lake is fed by the snow of the hills and falls with every mild winter."


@pytest.mark.parametrize("mark", ["1", "¹"])
def test_a_footnote_in_the_middle_of_a_sentence_stands_apart(mark: str) -> None:
    marked = HALF.replace("lake", f"lake{mark}")
    text = prepared(f"{marked}\n{NOTE}\n{REST} {NEXT}", torn_sentences=False).text
    assert text.split("\n\n") == [marked, NOTE, f"{REST} {NEXT}"]


def test_a_torn_sentence_comes_together_before_its_footnote() -> None:
    text = prepared(f"{HALF.replace('lake', 'lake1')}\n{NOTE}\n{REST} {NEXT}").text
    assert text.split("\n\n") == [f"{HALF.replace('lake', 'lake1')} {REST}", NOTE, NEXT]


def test_a_number_at_a_lines_beginning_is_no_footnote_without_a_mark() -> None:
    source = "All of the mills by the lake stood still for many weeks, and they turned again on\n"
    assert (
        "again on 3 October of that year"
        in prepared(f"{source}3 October of that year, when it rained for two days.").text
    )


def test_a_footnote_whose_mark_is_lost_is_known_by_its_number_and_by_the_sentence_that_it_tears() -> None:
    first = f"{HALF.replace('lake', 'lake1')}\n{NOTE}\n{REST} {NEXT}"
    second = NOTE.replace("1.", "2.")
    text = prepared(f"{first}\n{HALF}\n{second}\n{REST} {NEXT}", torn_sentences=False).text
    assert f"{HALF}\n\n{second}\n\n{REST}" in text
    list_of_two = f"{HALF}\n{second}\n{NEXT}"
    assert second not in prepared(f"{first}\n{list_of_two}", torn_sentences=False).text.split("\n\n")
    assert second not in prepared(f"{HALF}\n{second}\n{REST}", torn_sentences=False).text.split("\n\n"), "no first"


def test_a_compound_torn_by_a_footnote_comes_together() -> None:
    source = (
        "Its advice is on spelling and mostly about self-\n1 The boy1 was told to speak every point and every\n"
        "capital. He chanted.\nimprovement: do not drink before the second sheet."
    )
    assert "mostly about self-improvement" in prepared(source, torn_sentences=False).text


@pytest.mark.parametrize(
    ("end", "caption", "apart"),
    [
        ("the", "Fig. 3. The mills on the river, from the lake to the sea.", True),
        ("in", "Fig. 3: The mills on the river, from the lake to the sea.", True),
        ("in", "Fig. 3. The mills on the river were driven by the water of it.", False),
        ("in", "Fig. 3: while the others stood still, these went on for weeks.", False),
    ],
)
def test_a_caption_is_told_from_a_sentence_that_names_its_figure(end: str, caption: str, apart: bool) -> None:
    half = HALF.removesuffix(" falling so low that")
    first = f"{half}\nlow for as long as anybody in the whole village could remember them, as is seen {end}"
    text = prepared(f"{first}\n{caption}\n{REST.capitalize()}", torn_sentences=False).text
    assert (f"{end}\n\n{caption}" in text) is apart
    assert (f"{end} {caption}" in text) is not apart


ENUMERATED = "The millers did three things when the water fell below the mark: (i) they waited for it to come back,"


@pytest.mark.parametrize(
    ("source", "paragraphs"),
    [
        (f"{ENUMERATED}\n(ii) they carried the grain over the hills, and (iii) they learned to weave.", 1),
        (
            "The millers did three things when the water fell:\n(a) they waited, (b) they wove, and so on.",
            1,
        ),
        (
            "The millers did two things when the water fell:\n(i) they waited.\n(ii) they wove, see (i).",
            3,
        ),
        ("The mills of the lake are as follows:\n(a) Upper Mill (b) Lower Mill\n(c) The mill that stood still", 3),
    ],
    ids=["second of a sentence", "first of a sentence", "list", "parts of a figure"],
)
def test_a_list_inside_a_sentence_tears_no_paragraph(source: str, paragraphs: int) -> None:
    assert len(prepared(source, torn_sentences=False).text.split("\n\n")) == paragraphs


@pytest.mark.parametrize("line", ["2PC is the time that a mill took.", "1)µ mills were served in the dry years."])
def test_a_number_before_capitals_or_in_a_formula_begins_no_footnote(line: str) -> None:
    above = "All of the mills m1 and m2 by the lake stood still, so that (N −"
    assert f"(N − {line}" in prepared(f"{above}\n{line}", torn_sentences=False).text


def test_a_footnote_that_begins_with_a_bare_address_stands_apart() -> None:
    marked, note = HALF.replace("lake", "lake1"), "1 mills.lake.org, as of the spring"
    text = prepared(f"{marked}\n\n{note}\n\n{REST} {NEXT}", torn_sentences=False).text
    assert text.split("\n\n") == [marked, note, f"{REST} {NEXT}"]
    short = note.partition(",")[0]
    assert prepared(f"{marked}\n\n{short}\n\n{REST} {NEXT}").text.split("\n\n") == [f"{marked} {REST}", short, NEXT]


def test_a_sentence_comes_together_over_a_figures_inside_and_its_caption() -> None:
    inside = ["Upper Mill Lower Mill", "grain per day", "(a) Mills before the flood"]
    caption = "Fig. 3. The mills on the river, from the lake to the sea."
    text = prepared("\n\n".join([HALF, *inside, caption, f"{REST} {NEXT}"])).text
    assert text.split("\n\n") == [f"{HALF} {REST}", *inside, caption, NEXT]
    words = "The miller of the lake and the one of the river are"
    assert REST in prepared("\n\n".join([HALF, words, caption, f"{REST} {NEXT}"])).text.split(f"{HALF} ")[0]


def test_a_theorem_is_no_rest_of_a_sentence() -> None:
    source = f"{HALF} for the\n\nFig. 3. A wheel.\n\nSatz 5.5 (Satz von Mill) Every wheel of the lake turns."
    assert "for the Satz" not in prepared(source).text


def test_a_footnote_is_known_by_its_number_behind_a_name_that_ends_in_one() -> None:
    half = HALF.replace("the lake", "the lake of GPT-4^3")
    text = prepared(f"{half}\n\n{NOTE.replace('1.', '3.')}\n\n{REST} {NEXT}").text
    assert f"{half} {REST}" in text


def test_a_web_address_that_a_lines_end_tears_stays_in_its_paragraph() -> None:
    assert (
        "(at https: //mills.org/lake)" in prepared("The lake has pages of its own (at https:\n//mills.org/lake).").text
    )
