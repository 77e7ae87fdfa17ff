"""The quality benchmark measures what it says, and `verbatim` does not fall behind `rules`."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.bootstrap import interval
from bench.calibrate import Case, Judge, Way, chosen, held_out
from bench.quality import (
    SET_ASIDE,
    Asked,
    Paper,
    begins,
    decisions,
    edited,
    figures,
    numbers,
    papers,
    raw,
    reference_fates,
)
from bench.rules import as_document
from galley.core.clean.verbatim import Verbatim
from galley.core.edits import Candidate
from galley.core.engine.base import Comparison, EngineInfo, Usage
from galley.core.model import identify
from galley.core.prepare import prepare
from galley.core.prompts import load_judge

SOURCE = (
    "Head of the page\nThe type was set by hand, and the com-\npositor read it.\n0.1 0.2 0.3\nIn 1450 it was new.\n"
)
REFERENCE = "The type was set by hand, and the compositor read it.\n\nIn 1450 it was new."


def paper(source: str = SOURCE, reference: str = REFERENCE) -> Paper:
    document = as_document(source, Path("paper.txt"))
    return Paper("paper", document, prepare(document), reference)


def test_an_interval_holds_the_mean_and_is_the_same_each_time() -> None:
    values = [0.9, 0.95, 0.97, 0.99]
    low, high = interval(values)
    assert min(values) <= low < sum(values) / 4 < high <= max(values)
    assert interval(values) == (low, high)


def test_an_interval_of_equal_values_is_that_value_and_one_of_nothing_is_refused() -> None:
    assert interval([0.5] * 3) == (0.5, 0.5)
    with pytest.raises(ValueError, match="at least one"):
        interval([])


def test_the_beginning_of_a_text_has_the_part_of_the_reference_that_is_about_it() -> None:
    text, reference = begins(SOURCE, REFERENCE, SOURCE.index("In 1450"))
    assert text.endswith("0.3\n")
    assert reference.endswith("read it.")


def test_a_word_of_the_source_is_kept_or_deleted_by_the_reference_and_a_broken_one_is_one_word() -> None:
    spans, fates = reference_fates(SOURCE, REFERENCE)
    of = {SOURCE[start:end]: fate for (start, end), fate in zip(spans, fates, strict=True)}
    assert of["Head"] == of["0.2"] == "deleted"
    assert of["com-\npositor"] == of["1450"] == "kept"


def test_the_repaired_text_is_nearer_to_the_reference_than_the_raw_one() -> None:
    one = paper()
    before, after = figures(one, raw(one.document)), figures(one, one.prepared)
    assert before.f1 < after.f1
    assert (before.deleted, before.rightly) == (0, 0)
    assert before.open == 1
    assert after.open == 0
    assert after.grams == 1.0
    assert after.wanted == 7


def test_numbers_are_lost_only_where_the_reference_has_them_and_invented_where_the_source_has_not() -> None:
    assert numbers("1 2 3.5 4", "1 9", "1 3.5") == (1, 1)


class Counting:
    """Stands for a model that says yes to everything, and counts the questions."""

    def __init__(self) -> None:
        self.asked = 0

    def start(self) -> EngineInfo:
        return EngineInfo("counting", "1", "smollm2-135m.gguf", "m", 2048, 1, 1, (), 0.0)

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: object) -> Comparison:
        self.asked += 1
        return Comparison((-0.5, -3.0), Usage())

    def close(self) -> None:
        """There is no process."""


def test_an_answer_is_asked_for_once_and_remembered_by_the_next_run(
    embedded_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting()
    for expected in (1, 1):
        asked = Asked(identify(embedded_model))
        monkeypatch.setattr(asked, "_engine", counting)
        assert asked.compare("p", "q", (" a", " b"), lambda: False).logprobs == (-0.5, -3.0)
        asked.close()
        assert counting.asked == expected


def test_an_edit_is_right_when_it_brings_the_words_around_it_nearer_to_the_reference() -> None:
    one = paper()
    text = one.prepared.text
    judge = Judge(one)
    scrap, year = text.index("0.1"), text.index("1450")
    assert judge.gain(Candidate(scrap, scrap + len("0.1 0.2 0.3"), "", "debris", 0.5)) == 3
    assert judge.gain(Candidate(year, year + 5, "", "citation", 0.5)) == -1
    inside = text.index("compositor") + 3
    assert judge.gain(Candidate(inside, inside, "-", "hyphen", 0.5)) == -2


def case(name: str, at: int, model: float, gain: float) -> Case:
    return Case(name, "", Candidate(at, at + 1, "", "space", 0.5), model, gain, "torn apart", 0.5)


def test_of_overlapping_edits_the_likelier_is_made() -> None:
    both = [case("a", 0, 1.0, -1), case("a", 0, 2.0, 1), case("b", 0, 0.5, 1)]
    assert chosen(both, Way(1.0, 0.0)) == both[1:]


def test_a_document_is_measured_by_weights_that_were_chosen_without_it() -> None:
    """Three documents where the model is right and one where it is wrong: the last pays, since none of it was seen."""
    sizes = dict.fromkeys("abcd", 100)
    found = [case(name, at, 4.0, 1) for name in "abc" for at in (0, 10)]
    found += [case(name, 20, -4.0, -1) for name in "abc"]
    found += [case("d", 0, 4.0, -1)]
    points = held_out(found, sizes)
    assert points["a"] > 0
    assert points["d"] < 0


@pytest.mark.parametrize("name", ["1601.03642", "2201.00037", "2201.00151", "2201.00200"])
def test_verbatim_falls_below_rules_on_no_paper_where_the_references_can_judge(shared: Path, name: str) -> None:
    one = next(found for found in papers(shared, book=False) if found.name == name)
    edits = decisions(one.prepared, Verbatim(Counting(), load_judge()))  # type: ignore[arg-type]
    rules = figures(one, one.prepared)
    verbatim = figures(one, edited(one.prepared, edits, SET_ASIDE))
    assert verbatim.f1 > rules.f1 - 0.002
    assert verbatim.invented == 0
