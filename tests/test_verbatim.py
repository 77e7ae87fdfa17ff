"""verbatim cannot invent, whatever the engine answers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import NEUTRAL, Oracle, clean

from galley.core.clean.candidates import FINDERS, find_candidates
from galley.core.clean.verbatim import Verbatim
from galley.core.edits import Candidate, apply_candidates
from galley.core.engine.base import EngineInfo, Usage
from galley.core.prompts import load_judge

SOURCE = (
    "Large models (Wei et al., 2022a; Xu, 2024) have un- locked new uses [3, 4–7]. Write to jd@press.org, or "
    "see https://press.org/a. The firm (OpenAI) was founded (in 2015) and "
    "grew (LLMs; Brown et al., 2020).3 Next year came.\n\n"
    "x i = y 2 j ∑ ( 3 ) 1 n 0.91 0.88 ± 0.2 → ∞\n\nSelf- improvement is hard."
)


floats = st.floats(allow_nan=True, allow_infinity=True)


@given(st.text(max_size=400) | st.just(SOURCE), st.lists(floats, min_size=1, max_size=12))
def test_the_output_is_the_source_with_some_of_the_candidate_edits_whatever_the_engine_says(
    source: str, answers: list[float]
) -> None:
    text, applied = clean(source, answers)
    offered = {(c.start, c.end, c.replacement) for c in find_candidates(source, FINDERS)}
    assert {(c.start, c.end, c.replacement) for c in applied} <= offered
    assert text == apply_candidates(source, applied)
    assert is_subsequence(text.replace("-", ""), source.replace("-", "")), "only deletions and joined words"


def test_votes_of_a_choice_are_not_corrected_by_a_vote_about_nothing() -> None:
    oracle = Oracle([0.0, -2.0])
    oracle.decides = "choice"
    Verbatim(oracle, load_judge()).clean(SOURCE, sorted(find_candidates(SOURCE, FINDERS)), lambda: False)  # type: ignore[arg-type]
    assert oracle.asked
    assert not any(query.endswith(NEUTRAL) for query in oracle.asked)


def test_a_citation_that_comes_again_is_asked_once_and_decided_alike() -> None:
    source = (
        "Printers kept books (Moxon, 1683) and rules (Gaskell, 1972). Others did (Moxon, 1683). All (Moxon, 1683), "
        "and some etc. (Gaskell, 1972)."
    )
    oracle = Oracle([0.0, -20.0])
    verbatim = Verbatim(oracle, load_judge())  # type: ignore[arg-type]
    for _ in range(2):
        result = verbatim.clean(source, sorted(find_candidates(source, ("citation",))), lambda: False)
        assert result.text == "Printers kept books and rules. Others did. All, and some etc."
    assert sorted(oracle.asked) == ["(Gaskell, 1972) ->", "(Moxon, 1683) ->", NEUTRAL[0]]


@given(
    st.sampled_from(["space", "hyphen", "symbol", "citation", "debris"]),
    st.floats(min_value=0.0, max_value=1.0),
    st.floats(min_value=0.0, max_value=1.0),
    st.sampled_from([-1e9, -3.0, 0.0, 3.0, 1e9]),
)
def test_the_model_is_not_asked_only_where_no_answer_would_change_the_decision(
    kind: str, prior: float, threshold: float, odds: float
) -> None:
    candidate = Candidate(4, 5, "", kind, prior)
    oracle = Oracle([odds, 0.0])
    verbatim = Verbatim(oracle, load_judge(), threshold)  # type: ignore[arg-type]
    (edit,) = verbatim.clean("a ro bust way", [candidate], lambda: False).edits
    evidence, _ = verbatim.evidence("a ro bust way", candidate, lambda: False)
    assert edit.applied == (verbatim.weighed(candidate, evidence) >= threshold)


def test_what_the_rules_are_sure_of_is_not_asked() -> None:
    oracle = Oracle([0.0, -20.0])
    verbatim = Verbatim(oracle, load_judge())  # type: ignore[arg-type]
    sure, doubtful = (Candidate(4, 5, "", "space", prior) for prior in (0.99, 0.6))
    assert verbatim.clean("a ro bust way", [sure], lambda: False).text == "a robust way"
    assert oracle.asked == []
    verbatim.clean("a ro bust way", [doubtful], lambda: False)
    assert len(oracle.asked) == 1


class Author:
    """An engine that can say no probabilities, and is let write."""

    def start(self) -> EngineInfo:
        return EngineInfo("author", "1", "m", "m", 2048, 1, 1, (), 0.0, decides="alignment")


@given(
    st.text(max_size=400) | st.just(SOURCE),
    st.text(max_size=400)
    | st.sampled_from([SOURCE, SOURCE.upper(), SOURCE[::-1], SOURCE.replace("(", ""), SOURCE * 3]),
)
def test_by_alignment_too_the_output_is_the_source_with_some_of_the_candidate_edits(source: str, output: str) -> None:
    candidates = sorted(find_candidates(source, FINDERS))
    verbatim = Verbatim(Author(), load_judge(), write=lambda text, cancelled: (output, Usage()))  # type: ignore[arg-type]
    result = verbatim.clean(source, candidates, lambda: False)
    applied = [Candidate(e.start, e.end, e.replacement, e.kind, 0.0) for e in result.edits if e.applied]
    assert {(c.start, c.end, c.replacement) for c in applied} <= {(c.start, c.end, c.replacement) for c in candidates}
    assert result.text == apply_candidates(source, applied)


def test_by_alignment_the_edits_are_those_that_the_answer_made() -> None:
    answer = (
        "Large models have unlocked new uses. Write to jd@press.org, or see us. "
        "The firm (OpenAI) was founded (in 2015) and grew. A lie that was never in the source. Next year came. "
        "Self-improvement is hard."
    )
    candidates = sorted(find_candidates(SOURCE, FINDERS))
    verbatim = Verbatim(Author(), load_judge(), write=lambda text, cancelled: (answer, Usage()))  # type: ignore[arg-type]
    text = verbatim.clean(SOURCE, candidates, lambda: False).text
    assert text.startswith("Large models have unlocked new uses. Write to")
    assert "(in 2015)" in text
    assert "Wei et al." not in text
    assert "lie" not in text


class Measured(Oracle):
    """An engine with a model whose evidence on torn symbols and debris was measured to be worse than the rules'."""

    def start(self) -> EngineInfo:
        return EngineInfo("oracle", "1", "SmolLM2-135M.gguf", "m", 2048, 1, 1, (), 0.0)


@pytest.mark.parametrize("answers", [[0.0, -50.0], [-50.0, 0.0]])
def test_a_model_that_is_known_to_judge_worse_than_the_rules_is_not_asked(answers: list[float]) -> None:
    oracle = Measured(answers)
    candidates = sorted({*find_candidates(SOURCE, FINDERS), Candidate(5, 6, "", "symbol", 0.4)})
    result = Verbatim(oracle, load_judge()).clean(SOURCE, candidates, lambda: False)  # type: ignore[arg-type]
    decided = {(e.kind, e.replacement): e for e in result.edits}
    assert not any("0.91" in query and query.endswith("->") for query in oracle.asked)
    assert len(oracle.asked) == len([c for c in candidates if c.kind not in {"symbol", "debris"}]) + 2  # biases
    assert decided["debris", ""].probability is not None
    assert not decided["debris", ""].applied
    assert not decided["symbol", ""].applied
    assert "unlocked" in result.text
    assert ("(Wei et al." in result.text) == (answers[0] < answers[1])


@pytest.mark.parametrize(("prior", "made"), [(0.05, False), (0.3, True)])
def test_a_model_settles_a_doubtful_repair_and_overturns_no_sure_one(prior: float, made: bool) -> None:
    doubt = Candidate(4, 5, "", "hyphen", prior)
    result = Verbatim(Oracle([0.0, -50.0]), load_judge()).clean("well-known", [doubt], lambda: False)  # type: ignore[arg-type]
    assert result.text == ("wellknown" if made else "well-known")


@given(st.text(alphabet="([{a1 ,.;-@)]}\n20é", max_size=300) | st.text(alphabet="cRênf 23−1-(),∈σ\n", max_size=100))
def test_candidates_lie_in_the_text_and_only_delete_or_close(source: str) -> None:
    for candidate in find_candidates(source, FINDERS):
        assert 0 <= candidate.start < candidate.end <= len(source)
        assert candidate.replacement in {"", "-"}
        assert 0 < candidate.prior < 1
        if candidate.kind in {"hyphen", "symbol"}:
            assert set(source[candidate.start : candidate.end]) <= {"-", " "}


def is_subsequence(short: str, long: str) -> bool:
    rest = iter(long)
    return all(character in rest for character in short)


def test_an_engine_that_agrees_to_everything_removes_the_debris_and_keeps_the_sentences() -> None:
    text, _ = clean(SOURCE, [0.0, -50.0])
    assert "(Wei et al., 2022a; Xu, 2024)" not in text
    assert "jd@press.org" not in text
    assert "[3, 4–7]" not in text
    assert "(LLMs)" in text
    assert "(OpenAI)" in text
    assert "Large models have un" in text


def test_an_engine_that_refuses_everything_changes_nothing() -> None:
    text, applied = clean(SOURCE, [-50.0, 0.0])
    assert [candidate for candidate in applied if candidate.kind != "hyphen"] == []
    assert text.replace("- ", "").replace("-", "") == SOURCE.replace("- ", "").replace("-", "")


def test_an_engine_without_an_opinion_leaves_the_decision_to_the_rules() -> None:
    text, _ = clean(SOURCE, [math.nan])
    assert "(Wei et al., 2022a; Xu, 2024)" not in text
    assert "(in 2015)" in text
    assert "unlocked" in text


def test_a_question_shows_the_fragment_on_one_line_and_bounded() -> None:
    oracle = Oracle([0.0])
    source = "See (" + "Very Long Name, " * 20 + "2020) here."
    Verbatim(oracle, load_judge()).clean(source, find_candidates(source, FINDERS), lambda: False)  # type: ignore[arg-type]
    assert oracle.asked
    assert all("\n" not in query and len(query) < 300 for query in oracle.asked)


def test_regexes_stay_linear_on_hostile_text() -> None:
    for hostile in (
        "(" * 200_000,
        "a-" * 100_000,
        "[1," * 60_000,
        "a@" * 100_000,
        "1" * 200_000,
        "(Smith, 2020; " * 15_000,
        "∈ R " * 50_000,
        "ê" * 200_000,
        "c2 " * 60_000,
        "https://a.b/ 1a1a1a_" * 10_000,
        "https://a.b/ " + "a1" * 100_000,
    ):
        find_candidates(hostile, FINDERS)
