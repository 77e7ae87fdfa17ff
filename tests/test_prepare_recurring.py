"""Heads that recur in other shapes, and what recurs at pages' edges and is none."""

from pathlib import Path

import pytest

from galley.core.document import Document, Page
from galley.core.prepare import PrepareOptions, prepare

SENTENCES = (
    "The river rises far in the north and runs south through the hills.",
    "Its water turns the wheels of eleven mills, and most of them are old.",
    "In winter the ice is thick enough to walk on, and nobody ever drowned.",
    "Children of the village skate there until dark, when the lamps are lit.",
    "When spring comes the meadows stand under water for the whole of March.",
    "Nobody knows who built the oldest bridge over it, or when it was built.",
    "Fishermen sell what they catch on the market below the church on Fridays.",
)


def text_of(*pages: str, plain: bool = True) -> str:
    """Prepared; `plain` joins the pages as PyMuPDF's text does, an empty line between two and no form feed."""
    pages = ("\n\n".join(pages),) if plain else pages
    numbered = tuple(Page(number, text, "text") for number, text in enumerate(pages, 1))
    return prepare(
        Document(Path("paper.txt"), "0" * 64, "text", len(pages), numbered), PrepareOptions(language="en")
    ).text


def body(number: int) -> str:
    return "\n".join(SENTENCES[(number + step) % 7] for step in range(5))


@pytest.mark.parametrize("plain", [False, True], ids=["form feeds", "plain text"])
def test_page_numbers_of_five_digits_and_the_footer_above_them_go(plain: bool) -> None:
    feet = (f"{body(n)}\nToulouse, France, July 9-14, 2017\n{16540 + n}" for n in range(1, 7))
    text = text_of(*feet, plain=plain)
    assert "Toulouse" not in text
    assert "1654" not in text


@pytest.mark.parametrize("pages", [2, 3])
def test_the_numbers_of_a_few_pages_go_though_they_are_too_few_to_count(pages: int) -> None:
    text = text_of(body(1), *(f"{n}\n{body(n)}" for n in range(2, pages + 1))) if pages > 2 else ""
    text += text_of(*(f"{body(n)}\n{n}" for n in range(1, pages + 1)))
    assert not any(character.isdigit() for character in text)


def test_a_number_at_the_foot_of_one_of_two_pages_stays() -> None:
    assert "7" in text_of(body(1), f"{body(2)}\n7")


def test_the_head_of_a_section_goes_with_its_number_on_the_line_above() -> None:
    first = f"{body(0)}\n2\nAges of the stars\n{body(1)}\n1"
    text = text_of(first, *(f"2\nAGES OF THE STARS\n{body(n)}\n{n}" for n in range(2, 6)))
    assert "Ages of the stars" in text
    assert "AGES" not in text
    assert text.count("2") == 1


def test_a_title_that_the_heads_have_in_capitals_stays() -> None:
    heads = (f"THE MILLS ON THE RIVER\n{body(n)}\n{n}" for n in range(2, 8))
    text = text_of(f"The Mills on the River\nJane Doe\n{body(1)}", *heads)
    assert "The Mills on the River" in text
    assert "THE MILLS" not in text


def test_the_end_of_a_caption_that_two_figures_share_is_no_footer() -> None:
    caption = "Figure {0}: The mills in groups, by way of DB-\nSCAN. Wheels are shown in red and the water in blue."
    text = text_of(*(f"{body(n)}\n{caption.format(n) if n in (2, 4) else body(n + 2)}\n{n}" for n in range(1, 7)))
    assert text.count("Wheels are shown in red") == 2


def test_the_reference_lists_of_a_paper_and_of_its_supplement_keep_their_titles() -> None:
    pages = [f"{'References' if n in (4, 9) else SENTENCES[n % 7]}\n{body(n)}\n{n}" for n in range(1, 10)]
    assert text_of(*pages).count("References") == 2


def test_a_dotless_letter_alone_at_a_pages_foot_is_no_roman_number() -> None:
    assert text_of(*(f"{body(page)}\nı" for page in range(6)), plain=False).count("ı") >= 1
