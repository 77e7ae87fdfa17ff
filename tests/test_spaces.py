"""Words run together and torn apart are proposed, and the likelier the commoner what comes of it."""

import pytest

from galley.core.edits import apply_candidates
from galley.core.prepare.spaces import spaces

PROSE = "The models of this kind are large, and the models that came before were small. We put the models on arXiv. "


def proposed(text: str, language: str = "en", least: float = 0.0) -> list[str]:
    """What the text would be with each proposal alone."""
    found = [candidate for candidate in spaces(text, language) if candidate.prior >= least]
    return [apply_candidates(text, [candidate]) for candidate in found]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("The method is ro bust to noise.", "The method is robust to noise."),
        ("It is a sig nificant step.", "It is a significant step."),
        ("The temper ature rises.", "The temperature rises."),
        ("Das ist eine Über raschung für alle.", "Das ist eine Überraschung für alle."),
    ],
)
def test_a_word_that_a_blank_tears_is_likely_to_be_one(text: str, mended: str) -> None:
    language = "de" if "Das" in text else "en"
    assert proposed(text, language, 0.5) == [mended]


@pytest.mark.parametrize("name", ["igraph", "ScanNet", "IsAll", "NewOrder", "CodeLlama"])
def test_a_name_with_a_capital_inside_and_a_small_i_are_no_place_for_a_blank(name: str) -> None:
    assert proposed(f"We call {name} once and {name} again.") == []


def test_a_capital_behind_a_word_in_small_letters_is_one() -> None:
    assert proposed(PROSE + "We put the modelsOn arXiv.", least=0.5) == [PROSE + "We put the models On arXiv."]


def test_a_word_that_only_the_document_knows_is_found_torn() -> None:
    text = "The tachocline is thin. A tachocline spins. Below the tachocline it is still. The tacho cline mixes."
    assert proposed(text, least=0.5) == [text.replace("tacho cline", "tachocline")]


@pytest.mark.parametrize(
    "text",
    [
        "They came in to see a cross on the wall, and may be over all of it.",
        "No one knows how ever it was, some times or any time at all.",
        "A data set of time scales, read line by line.",
        "Er ging in der Zeit vor bei, und er kam zu rück.",
    ],
)
def test_words_that_may_stand_side_by_side_are_not_joined_by_the_rules_alone(text: str) -> None:
    assert proposed(text, "de" if "ging" in text else "en", 0.8) == []


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("This is one ofthe things.", "This is one of the things."),
        (PROSE * 5 + "All modelsof this kind.", PROSE * 5 + "All models of this kind."),
        (PROSE * 5 + "See the modelsarXiv has.", PROSE * 5 + "See the models arXiv has."),
    ],
)
def test_a_blank_between_two_common_words_is_proposed_where_it_is_missing(text: str, mended: str) -> None:
    assert mended in proposed(text)


@pytest.mark.parametrize("word", ["robustness", "Kantorovich", "understanding", "notwithstanding", "Milosavljević"])
def test_a_word_is_not_taken_for_two(word: str) -> None:
    assert proposed(f"It is about {word} and more.", least=0.5) == []


def test_a_word_that_the_document_often_has_is_its_own() -> None:
    text = "A nonf loop is one; the modelsof are ours. " * 4
    assert not any("models of" in other for other in proposed(text))


def test_a_german_ending_is_no_word_that_ran_into_another() -> None:
    text = "Der Simplizialkomplex ist klein. " * 5 + "Die Ecken des Simplizialkomplexes sind Punkte."
    assert proposed(text, "de", 0.5) == []
