"""What a model writes freely is held against its source and against all that it was shown."""

import pytest
from fake import FakeEngine

from galley.core.checks import CheckOptions
from galley.core.clean.cleaner import Cleaner
from galley.core.clean.options import CleanOptions
from galley.core.clean.policy import Step
from galley.core.prompts import load_judge, load_prompt

SOURCE = (
    "A printing house of that kind could finish forty sheets in a week, and it kept its own book of rules, in which "
    "every mark had a single meaning. When the sheets came back to the compositor he mended the type in the galley."
)


def flags(prompt: str, answer: str) -> set[str]:
    engine = FakeEngine(lambda source, seed: answer)
    cleaner = Cleaner(engine, load_prompt(prompt), load_judge(), CleanOptions(), CheckOptions(), "en")
    made = cleaner.make(Step("rewrite", 1, 0.0, "first"), SOURCE, [], lambda: False)
    assert made.report is not None
    return {flag.name for flag in made.report.flags if flag.severity == "error"}


@pytest.mark.parametrize("prompt", ["default", "short"])
def test_an_answer_that_repeats_the_prompts_example_is_refused_for_it(prompt: str) -> None:
    example = load_prompt(prompt).examples[0].cleaned
    assert "prompt_leaked" in flags(prompt, f"{example} {SOURCE}")
    assert flags(prompt, SOURCE) == set()


def test_what_a_model_is_shown_is_its_orders_and_its_examples() -> None:
    prompt = load_prompt("short")
    assert prompt.system in prompt.shown
    assert prompt.examples[0].cleaned in prompt.shown
    assert load_prompt("notebook").shown == load_prompt("notebook").system
