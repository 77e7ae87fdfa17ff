"""Drop caps and headings with blanks between their letters."""

import pytest

from galley.core.prepare.initials import initials
from galley.core.traced import Traced


def mended(text: str, language: str = "en") -> str:
    return Traced.of(text).apply(initials(text, language)).text


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        ("T\nhe editor reads the proof.", "The editor reads the proof."),
        ("T he editor reads the proof.", "The editor reads the proof."),
        ("T HE editor reads the proof.", "THE editor reads the proof."),
        ("Text.\nW\nhen we read the proof, we", "Text.\nWhen we read the proof, we"),
    ],
)
def test_a_drop_cap_comes_back_to_its_word(torn: str, whole: str) -> None:
    assert mended(torn) == whole


@pytest.mark.parametrize(
    "text",
    [
        "A head for figures helps.",
        "I am the editor.",
        "X\nis the matrix of all weights.",
        "N denotes the number of pages.",
        "A\nlong line follows the label.",
        "C code compiles.",
    ],
)
def test_a_capital_that_stands_for_itself_stays_alone(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        ("A B S T R A C T", "ABSTRACT"),
        ("R E L A T E D  W O R K", "RELATED WORK"),
        ("R E L A T E D W O R K\nMuch is known.", "RELATED WORK\nMuch is known."),
        ("I n t r o d u c t i o n", "Introduction"),
    ],
)
def test_a_heading_with_blanks_between_its_letters_is_closed(torn: str, whole: str) -> None:
    assert mended(torn) == whole


@pytest.mark.parametrize("text", ["a b c d e f", "x y z w v u q", "U V W X Y Z", "P Q\nR S"])
def test_letters_that_make_no_words_are_symbols(text: str) -> None:
    assert mended(text) == text


def test_german_headings_are_known_by_german_words() -> None:
    assert mended("E I N L E I T U N G", "de") == "EINLEITUNG"
