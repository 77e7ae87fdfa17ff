"""A text that has said all of its source is ended there: what a small model writes behind it is no cleaning."""

from collections.abc import Sequence

import pytest
from fake import FakeEngine
from hypothesis import given, settings
from hypothesis import strategies as st
from test_certain import ASKED, FIRST, SENTENCES, SOURCE, Typist, make

from galley.core.checks import CheckOptions, said_all, surely_said_all
from galley.core.clean.policy import Step

OPTIONS = CheckOptions()
FULL = SOURCE.replace(" (Moxon, 1683)", "").removesuffix(" (see also Gaskell, 1972).") + "."
INVENTED = "Many of them went on to work for the king in the following years."
CAPTION = "Figure 3. The frames in which the sheets of a week were hung to dry."


def end(written: str, source: str = SOURCE) -> str | None:
    """The text up to where it is ended."""
    at = said_all(source, written, OPTIONS)
    return None if at is None else written[:at]


@pytest.mark.parametrize("behind", [INVENTED, FULL, "Let me know if you want me to clean another text for you."])
def test_what_is_written_behind_the_source_is_left_out(behind: str) -> None:
    assert end(f"{FULL} {behind}") == FULL
    assert end(f"{SOURCE}\n\n{behind}") == SOURCE, "a citation that was kept is not torn from its sentence"


@pytest.mark.parametrize("behind", ["", " So it was.", " And this is five words"])
def test_a_text_that_ends_where_its_source_does_is_left_alone(behind: str) -> None:
    assert end(FULL + behind) is None


def test_what_is_brought_behind_its_sentence_is_waited_for() -> None:
    before, after = FULL.split(" line by line,")
    torn = f"{before} {CAPTION} line by line,{after}"
    assert end(f"{FULL} {CAPTION}", torn) is None
    assert end(f"{FULL} {CAPTION} {INVENTED}", torn) is None


def test_a_text_that_leapt_to_the_end_of_its_source_has_not_said_it() -> None:
    assert end(f"The readers of the next proof found what he had left. {INVENTED}") is None


def test_last_words_that_stand_in_the_source_twice_are_no_end() -> None:
    refrain = "and he mended the type in the galley."
    source = f"The sheets came back to the house, {refrain} They came back once more in the evening, {refrain}"
    assert end(f"{source.split(' They')[0]} {INVENTED}", source) is None


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from((*SENTENCES, FULL, SOURCE, INVENTED)), min_size=1, max_size=6).map(" ".join),
    st.floats(0, 1),
)
def test_where_it_is_ended_does_not_depend_on_what_comes_behind(cleaned: str, share: float) -> None:
    for first in ("", f"{FULL} ", f"{SOURCE} "):
        whole = first + cleaned
        at = surely_said_all(SOURCE, whole[: int(share * len(whole))], OPTIONS)
        assert at is None or at == said_all(SOURCE, whole, OPTIONS)


ON = [*FULL.split(), *f"{INVENTED} {INVENTED} {INVENTED}".split()]


@pytest.mark.parametrize("words", [ON, ON[: len(FULL.split()) + 7]])
def test_a_rewrite_that_runs_on_is_kept_as_far_as_its_source_and_says_what_was_left_out(words: Sequence[str]) -> None:
    engine = Typist(words)
    made = make(engine)
    assert made.output == FULL
    assert engine.written <= len(FULL.split()) + 15
    assert made.usage.output_tokens == engine.written
    assert made.report is not None
    assert [(flag.name, flag.severity) for flag in made.report.flags] == [("ran_on", "info")]
    assert made.report.flags[0].evidence[0].startswith("Many of them went on")


@pytest.mark.parametrize(("step", "stop"), [(ASKED, True), (FIRST, False)])
def test_what_a_person_asked_for_is_not_ended(step: Step, stop: bool) -> None:
    engine: FakeEngine = Typist(ON)
    assert make(engine, step, stop).output == " ".join(ON)
