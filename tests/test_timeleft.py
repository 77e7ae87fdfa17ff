"""The time left is told by what there is to do, and not by the number of chunks alone."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from making import attempt, new_session

from galley.core.timeleft import TimeLeft, questions, share

RECORD = Path(__file__).parent / "data" / "verbatim-run.txt"
SLOTS = 2
SAYS = 26
"""After so many chunks, a twelfth of the run, the time left has to mean something."""
MOST = 1.4


@dataclass(frozen=True)
class Done:
    index: int
    characters: int
    fragments: int
    took: float
    """Tokens that were read for it, which stand for its time: no load of the machine changes them."""


def record() -> list[Done]:
    """A run in `verbatim` over a survey of 43 pages, by the order in which its chunks were finished."""
    rows = (line.split() for line in RECORD.read_text().splitlines())
    return [Done(int(index), int(length), int(new), float(took)) for index, length, new, took in rows]


def told(run: list[Done], shares: dict[int, float]) -> list[float]:
    """After each chunk but the last, the time left that is told by what is really left."""
    left = TimeLeft(shares, set(shares), 0.0)
    found: list[float] = []
    for place, done in enumerate(run[:-1], 1):
        left.count(done.index, done.took, ended=True)
        found.append(left.seconds / sum(later.took for later in run[place:]))
    return found


def test_of_a_survey_it_is_right_within_two_fifths_once_a_twelfth_is_done_where_chunks_alone_said_twice_too_much() -> (
    None
):
    run = record()
    half = slice(SAYS, len(run) // 2)
    ours = told(run, {done.index: share(done.characters, done.fragments) for done in run})[half]
    by_chunks = told(run, {done.index: 1.0 for done in run})[half]
    assert max(by_chunks) > 2
    assert min(ours) > 1 / MOST
    assert max(ours) < MOST


def test_what_was_asked_before_is_not_counted_again() -> None:
    first, again, other = questions(["It is known [3] (Moxon, 1683).", "It is known [3] (Moxon, 1683).", "x" * 30])
    assert first == pytest.approx(again + 2)
    assert again == pytest.approx(other)


def test_an_attempt_that_ends_nothing_makes_the_rest_longer() -> None:
    left = TimeLeft({0: 1.0, 1: 1.0, 2: 2.0}, {0, 1, 2}, 0.0)
    left.count(0, 5.0, ended=True)
    assert left.seconds == pytest.approx(15.0)
    left.count(1, 1.0, ended=False)
    assert left.seconds == pytest.approx(18.0)


@pytest.mark.parametrize("mode", ["rules", "verbatim", "rewrite"])
def test_a_session_that_goes_on_knows_its_pace_from_the_start(tmp_path: Path, mode: str) -> None:
    with new_session(tmp_path, "A sentence of the same length. " * 20, size=80) as session:
        total = session.status().total
        session.add_attempt(attempt(0, seconds=3.0), choose=True, state="done")
        left = TimeLeft.of(session, mode)
        assert left.seconds == pytest.approx(3.0 * (total - 1), rel=0.1)
        session.add_attempt(attempt(1, seconds=9.0), choose=True, state="done")
        left.ask(session)
        assert left.seconds == pytest.approx(6.0 * (total - 2), rel=0.1)
