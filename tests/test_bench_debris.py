"""The benchmarks of debris: what is too much is told apart, and a score is measured on what it was not fitted on."""

import pytest
from making import document

from bench.debris import KINDS, taken, too_much
from bench.likelihood import SETS, Asking, held_out
from bench.quality import Paper
from galley.core.prepare import prepare

STAMP, FIGURE, MOVED, BLANKS, SPELLING, REST = KINDS


def paper(text: str, reference: str) -> Paper:
    found = document(text)
    return Paper("p", found, prepare(found), reference)


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("It has a filter of 3 × 3 × 3 and no more.", "It has a filter of 3×3×3 and no more.", {BLANKS: 3}),
        ("The end. 0 10 20 kpc Fig. 1. A.", "The end. [IMAGE] Fig. 1. A.", {FIGURE: 4}),
        ("It is the so-called thing.", "It is the socalled thing.", {BLANKS: 1}),
        ("We see that colour is all.", "We see that color is all.", {SPELLING: 1}),
        ("We see that x is all of it.", "We see that is all of it.", {REST: 1}),
        (
            "One two three four five six seven eight. A b c d e f g h i j k l.",
            "A b c d e f g h i j k l. One two three four five six seven eight.",
            {MOVED: 8},
        ),
    ],
)
def test_words_too_many_are_told_apart(text: str, reference: str, expected: dict[str, int]) -> None:
    assert dict(too_much(paper(text, reference))) == expected


def test_what_goes_as_debris_is_listed_and_what_is_only_proposed_is_not() -> None:
    text = "Draft version May 5, 2020\n\nWe begin with the oldest of them here.\n\n0.1 0.2 ± 0.3 = 0.4 < 0.5 > 0.6 x"
    assert [piece.strip() for piece in taken(prepare(document(text)))] == ["Draft version May 5, 2020"]


def asking(name: str, gain: float, told: float) -> Asking:
    return Asking(name, gain, (1.0, told, 0.0, 0.0, 0.0, 0.0))


def test_a_score_that_tells_gains_on_the_document_it_was_not_fitted_on_and_one_that_does_not_makes_nothing() -> None:
    sizes = {"a": 100, "b": 100, "c": 100}
    tells = [asking(name, gain, gain) for name in sizes for gain in (2.0, 2.0, -2.0, -2.0, -2.0)]
    assert held_out(tells, SETS["rules alone"], sizes) == "1.00 | +2.000 | +2.000 | 6 / 0"
    other = [asking(name, gain, 0.0) for name in sizes for gain in (2.0, -2.0, -2.0, -2.0)]
    assert held_out(other, SETS["rules alone"], sizes).endswith("+0.000 | +0.000 | 0 / 0")
    turned = [asking(name, gain, gain if name != "c" else -gain) for name in sizes for gain in (2.0, -2.0, -2.0)]
    assert "-2.000" in held_out(turned, SETS["rules alone"], sizes)
