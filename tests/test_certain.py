"""What has failed for certain is ended there: the check of a text that goes on never takes back what it says."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from fake import FakeEngine
from hypothesis import example, given, settings
from hypothesis import strategies as st

from galley.core.checks import CheckOptions, certain, check
from galley.core.checks.certain import without_last
from galley.core.clean.cleaner import Cleaner, Made
from galley.core.clean.options import CleanOptions
from galley.core.clean.policy import Step
from galley.core.engine.base import Cancelled, Completion, Message, OnText, RequestCancelled, Sampling, Usage
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.models import describe
from galley.core.prompts import load_judge, load_prompt

SOURCE = (
    "A printing house of that kind could finish forty sheets in a week, and it kept its own book of rules, in which "
    "every mark had a single meaning (Moxon, 1683). When the sheets came back to the compositor he mended the type in "
    "the galley, line by line, and the readers of the next proof found what he had left (see also Gaskell, 1972)."
)
PROMPT = load_prompt("default").shown
SENTENCES = (
    *(part.strip() + "." for part in SOURCE.split(". ")),
    *(part.strip() for part in PROMPT.split(". ")),
    "Sure, here is the cleaned text:",
    "The house was bought by Benjamin Franklin in 1732 and moved to Philadelphia with ninety workers.",
    "(Franklin, 1732; Hopkinson et al., 1741, and many others in Philadelphia and Boston",
    "and Stower, 1808) in",
    "ess of a house",
    "he mended the type in the galley, line by line, and the readers",
    "so it is and so it is and so it is and so it is",
    "[12]",
    "=====",
)


AGAIN = f"{SOURCE} " + " ".join(
    f"As {name} says a printing house of that kind could finish it." for name in ("Moxon", "Gaskell", "Bodoni", "Didot")
)
"""Eleven words again and again, each time behind another name."""


def found(written: str) -> set[str]:
    return {flag.name for flag in certain(SOURCE, written, CheckOptions(), PROMPT)}


def errors(cleaned: str, source: str = SOURCE) -> set[str]:
    return {flag.name for flag in check(source, cleaned, prompt=PROMPT).flags if flag.severity == "error"}


@settings(max_examples=300)
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=8).map(" ".join), st.floats(0, 1))
@example(" ".join(SENTENCES), 0.5)
def test_what_is_certain_stays_whatever_is_written_behind_it(cleaned: str, share: float) -> None:
    assert found(cleaned[: int(share * len(cleaned))]) <= errors(cleaned)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            " (see Moxon [1], Franklin, Hopkinson, Boston, Philadelphia, Stower, Bodoni, Didot, and Baskerville",
            ", 1732)",
        ),
        (" by Franklin in 17", " Moxon"),
    ],
)
def test_what_a_later_word_may_change_is_not_certain(before: str, after: str) -> None:
    head, tail = SOURCE.split(" (Moxon, 1683)")
    cleaned = f"{head}{before}{after}{tail}"
    for end in range(len(head), len(cleaned) + 1):
        assert found(cleaned[:end]) <= errors(cleaned)


def test_a_word_that_may_be_joined_to_the_next_is_left_open() -> None:
    assert without_last("one two three-  four", 1) == "one two"
    assert without_last("one- two", 1) == ""
    assert without_last("one", 1) == without_last("", 3) == ""


def test_what_is_certain_is_in_the_check_of_real_failures_too(shared: Path) -> None:
    pairs = [json.loads(line) for line in (shared / "notebook_pairs.jsonl").read_text().splitlines()]
    soon = 0
    for pair in pairs:
        source, output = pair["input"], pair["output"]
        words = output.split(" ")
        for count in range(0, len(words), 7):
            some = certain(source, " ".join(words[:count]), CheckOptions(), PROMPT)
            assert {flag.name for flag in some} <= errors(output, source)
            soon += bool(some) and count <= len(words) // 2
    assert soon > len(pairs) // 4, "most of the log's failures show early"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (f"{SOURCE} And so on, and so on.", set[str]()),
        ("Sure, here is the cleaned text: A printing", {"acknowledged"}),
        (load_prompt("default").examples[0].cleaned, {"prompt_leaked"}),
        ("ouse of that kind could finish forty sheets in a week, and it kept its own book of rules, in which "
         "every mark had a single meaning.", {"cut_start"}),
        (f"A printing house of that kind {SENTENCES[-8]} {SENTENCES[-8]}", {"invented"}),
        ("A printing house " + "could finish and finish and so it kept the rules of " * 3 + "the", {"loop"}),
        (f"{' '.join(SENTENCES[:4])} {' '.join(SENTENCES[:2])}", {"loop"}),
        (f"{SENTENCES[0]} 1683-{'14851-' * 10}", {"loop"}),
        (f"{SENTENCES[0]} 1683-{'2023-04-28/11/' * 10}", {"loop"}),
        (AGAIN, {"loop"}),
        (AGAIN[: AGAIN.index("Bodoni")], set[str]()),
    ],
)  # fmt: skip
def test_failures_are_seen_before_the_end(written: str, names: set[str]) -> None:
    assert names <= found(written)
    assert names or not found(written)


class Typist(FakeEngine):
    """Writes an answer word by word, and ends where it is told to."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(lambda source, seed: "")
        self.words = words
        self.written = 0

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None, cancelled: Cancelled
    ) -> Completion:
        for count in range(1, len(self.words) + 1):
            assert on_text is not None
            self.written = count
            on_text(" ".join(self.words[:count]), count)
            if cancelled():
                raise RequestCancelled(Usage(7, 5, count))
        return Completion(" ".join(self.words), False, Usage(7, 5, self.written))


FIRST = Step("rewrite", 1, 0.0, "first")
ASKED = Step("rewrite", 2, 0.5, "asked", to_the_end=True)


def make(engine: FakeEngine, step: Step = FIRST, stop: bool = True, cancel: bool = False) -> Made:
    options = CleanOptions(stop_failed=stop)
    cleaner = Cleaner(engine, load_prompt("default"), load_judge(), options, CheckOptions(), "en")
    return cleaner.make(step, SOURCE, [], lambda: cancel)


LEAK = [*load_prompt("default").examples[0].cleaned.split(), *SOURCE.split()]


def test_a_rewrite_that_has_failed_is_ended_kept_as_far_as_it_came_and_says_so() -> None:
    engine = Typist(LEAK)
    made = make(engine)
    assert engine.written < 20
    assert made.output == " ".join(LEAK[: engine.written])
    assert made.usage == Usage(7, 5, engine.written)
    assert made.report is not None
    assert [flag.name for flag in made.report.flags] == ["prompt_leaked", "stopped"]
    assert made.past(SOURCE, "en").failed_flags == ("prompt_leaked",)
    shown = made.report.flags[-1]
    assert shown.severity == "info"
    assert made.output.endswith(shown.evidence[0])


@pytest.mark.parametrize(("step", "stop"), [(ASKED, True), (FIRST, False)])
def test_what_a_person_asked_for_is_written_to_its_end(step: Step, stop: bool) -> None:
    made = make(Typist(LEAK), step, stop)
    assert made.output == " ".join(LEAK)
    assert made.report is not None
    assert "stopped" not in {flag.name for flag in made.report.flags}


def test_a_good_rewrite_is_not_touched() -> None:
    made = make(Typist(SOURCE.split()))
    assert made.output == SOURCE
    assert made.report is not None
    assert not made.report.failed


def test_stopping_the_run_is_no_attempt() -> None:
    with pytest.raises(RequestCancelled):
        make(Typist(LEAK), cancel=True)


def test_the_real_model_is_ended_in_the_middle_of_an_answer_and_says_what_it_cost(embedded_model: Path) -> None:
    engine = LocalEngine(describe(embedded_model), EngineOptions(jobs=1), context=2048)
    seen: list[int] = []
    try:
        with pytest.raises(RequestCancelled) as stopped:
            engine.complete(
                [Message("user", "Count to one thousand.")],
                Sampling(max_tokens=1000, temperature=0.9),
                lambda text, tokens: seen.append(tokens),
                lambda: bool(seen),
            )
    finally:
        engine.close()
    assert 0 < stopped.value.usage.output_tokens < 1000
    assert stopped.value.usage.prompt_tokens > 5
