"""Figures in words: what was measured exactly, what was reckoned no finer than it is known."""

import pytest

from galley.core.wording import duration, estimate


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "a few seconds"),
        (9.9, "a few seconds"),
        (12.0, "about 10 s"),
        (51.3, "about 50 s"),
        (57.0, "about 1 min"),
        (200.0, "about 3 min"),
        (721.0, "about 12 min"),
        (39 * 60 + 49.0, "about 40 min"),
        (58 * 60.0, "about 1 h"),
        (95 * 60.0, "about 1.5 h"),
        (2 * 3600 + 180.0, "about 2 h"),
        (26.2 * 3600, "about 26 h"),
        (47.6 * 3600, "about 2 days"),
        (100 * 3600.0, "about 4 days"),
    ],
)
def test_an_estimate_is_no_finer_than_it_is_known(seconds: float, words: str) -> None:
    assert estimate(seconds) == words


def test_an_estimate_never_says_less_for_more() -> None:
    """Over a day and a half in steps of eleven seconds: what is said of them comes in runs, each once."""
    said = [estimate(float(seconds)) for seconds in range(0, 36 * 3600, 11)]
    runs = [words for at, words in enumerate(said) if at == 0 or said[at - 1] != words]
    assert len(runs) == len(set(runs))


def test_a_time_that_was_measured_is_said_exactly() -> None:
    assert duration(39 * 60 + 49) == "39 min 49 s"
