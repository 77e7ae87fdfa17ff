"""Titles of sections set apart from the text, and lines of a page that were read as two."""

from pathlib import Path

import pytest

from galley.core.document import Document, Page
from galley.core.prepare import PrepareOptions, prepare

TEXT = (
    "The editor reads every line of the proof with care and marks whatever looks wrong\n"
    "in the margin, so that the printer can set it right before the book goes to press.\n"
)
NARROW = (
    "The editor reads each line of the proof with\n"
    "care, and marks all of what looks wrong in the\n"
    "margin of the page, so that the printer can set\n"
    "it right before the whole book goes to press.\n"
)


def repaired(text: str) -> str:
    document = Document(Path("x.txt"), "0" * 64, "text", 1, (Page(1, text, "text"),))
    return prepare(document, PrepareOptions(language="en")).text


def test_sections_numbered_by_digits_alone_stand_apart_with_their_numbers() -> None:
    titles = ("Introduction", "Ages of the stars", "Results")
    sections = "".join(f"{number}\n{title}\n{TEXT}" for number, title in enumerate(titles, 1))
    text = repaired(f"{TEXT}{sections}A\nProofs\n{TEXT}")
    assert "press.\n\n1 Introduction\n\nThe editor" in text
    assert "press.\n\n3 Results\n\nThe editor" in text
    assert "press.\n\nA Proofs\n\nThe editor" in text


def test_an_axis_number_above_its_name_is_no_section() -> None:
    ticks = f"1\nIntensity\n{TEXT}5\nFrequency\n{TEXT}"
    assert "1 Intensity\n\n" not in repaired(TEXT + ticks)


def test_a_title_of_two_lines_below_its_number_is_one() -> None:
    title = "Spectral ordering of the magnetic modes in all of the\nsmaller clusters"
    assert f"\n\n2.3 {title.replace(chr(10), ' ')}\n\nThe editor" in repaired(f"{TEXT}2.3\n{title}\n{TEXT}")


@pytest.mark.parametrize("title", ["2.2. Brief description of the transfer code", "3.5. Dusty clouds: escape fraction"])
def test_a_numbered_title_as_wide_as_the_column_stands_apart(title: str) -> None:
    assert f"press.\n\n{title}\n\nThe editor" in repaired(f"{NARROW}{title}\n{NARROW}")


def test_a_number_that_begins_a_line_of_a_sentence_is_no_title() -> None:
    sentence = "They printed and sold, it is said, as many as\n2.2 Million copies of it in each year since then\n"
    assert "as many as 2.2 Million copies" in repaired(f"{NARROW}{sentence}{NARROW}")


def test_a_title_without_a_number_stands_apart() -> None:
    assert "press.\n\nModel description\n\nThe editor" in repaired(f"{TEXT}Model description\n{TEXT}")


@pytest.mark.parametrize("line", ["Melting the", "In this paper", "Printed by J. Doe", "Figure legend"])
def test_a_piece_of_a_sentence_is_no_title(line: str) -> None:
    assert f"\n\n{line}\n\n" not in repaired(f"{TEXT}{line}\n{TEXT}")


def test_a_line_read_as_two_between_its_sentences_begins_no_paragraph() -> None:
    text = repaired(
        f"{NARROW}That was long ago.\nThe book has been on\nthe shelves since then, and nobody reads it any more.\n"
    )
    assert "long ago. The book has been on the shelves" in text


def test_a_full_line_behind_the_end_of_a_paragraph_begins_one() -> None:
    text = repaired(
        f"{NARROW}That was long ago.\nThe book has been on the shelves of the town\nsince then, and nobody reads it.\n"
    )
    assert "long ago.\n\nThe book has been" in text


def test_lines_that_a_hyphen_joined_are_measured_one_by_one() -> None:
    rows = (
        "It was printed in the year of the great fires, when the pa-\n"
        "per was so dear that the printer sold half of his letters to a\n"
        "foundry in the north, which cast them into bells for the chur-\n"
        "ches of all the towns along the river and in the hills of grain.\n"
    )
    text = repaired(f"{rows * 3}So it went on for a hundred years and was not noticed by them.\n{rows}")
    assert "by them. It was printed" in text


def test_a_short_caption_does_not_run_into_the_sentence_that_it_tears() -> None:
    caption = "Fig. 3. The mill on the river"
    torn = TEXT.replace("in the margin", f"{caption}\nin the margin")
    assert f"looks wrong\n\n{caption}\n\nin the margin" in repaired(TEXT + torn + TEXT)


@pytest.mark.parametrize("caption", ["Table 2. Results of the match", "Figure 2.3: The river and all of its mills"])
def test_a_caption_of_one_short_line_does_not_run_into_the_text_behind_it(caption: str) -> None:
    assert f"\n\n{caption}\n\nThe editor" in repaired(f"{TEXT}{caption}\n{TEXT}")


def test_a_reference_to_a_figure_that_begins_a_line_is_no_caption() -> None:
    assert "Figure 3 and of the Editor" in repaired(
        f"{TEXT}It is shown by the top of\nFigure 3 and of\nthe Editor\n{TEXT}"
    )
