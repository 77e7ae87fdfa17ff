"""Which attempt follows which."""

from pathlib import Path

import pytest

from galley.core.clean.options import CleanOptions
from galley.core.clean.policy import MAX_DEATHS, Past, given_up, next_step
from galley.core.config import Config
from galley.core.job import run_settings
from galley.core.model import Model

OPTIONS = CleanOptions(seed=7, retries=1)
DEATH = Past("rewrite", (), "died", died=True)


def test_a_rewrite_that_passes_is_the_last_attempt() -> None:
    assert next_step("rewrite", [Past("rewrite", ())], OPTIONS) is None


def test_a_failed_rewrite_is_tried_with_another_seed_and_then_done_in_verbatim() -> None:
    first = next_step("rewrite", [], OPTIONS)
    assert first is not None
    assert (first.mode, first.seed, first.temperature, first.reason) == ("rewrite", 7, 0.0, "first")
    failed = Past("rewrite", ("invented", "loop"))
    second = next_step("rewrite", [failed], OPTIONS)
    assert second is not None
    assert (second.mode, second.seed, second.reason) == ("rewrite", 8, "retry: invented, loop")
    assert second.temperature > 0, "the same text would come again at temperature 0"
    third = next_step("rewrite", [failed, failed], OPTIONS)
    assert third is not None
    assert (third.mode, third.reason) == ("verbatim", "fallback: invented, loop")
    assert next_step("rewrite", [failed, failed, Past("verbatim", ("debris_kept",))], OPTIONS) is None


def test_a_rewrite_that_the_engine_refuses_is_not_asked_for_again() -> None:
    step = next_step("rewrite", [Past("rewrite", (), "too long for the context")], OPTIONS)
    assert step is not None
    assert (step.mode, step.reason) == ("verbatim", "fallback: too long for the context")


@pytest.mark.parametrize("last", [Past("verbatim", ("empty",)), Past("verbatim", (), "refused")])
def test_a_verbatim_without_output_ends_in_rules(last: Past) -> None:
    step = next_step("verbatim", [last], OPTIONS)
    assert step is not None
    assert step.mode == "rules"
    assert next_step("verbatim", [last, Past("rules", ("empty",))], OPTIONS) is None


def test_a_death_repeats_the_same_step_until_the_chunk_is_given_up() -> None:
    for deaths in range(MAX_DEATHS):
        step = next_step("rewrite", [DEATH] * deaths, OPTIONS)
        assert step is not None
        assert (step.mode, step.seed, step.reason) == ("rewrite", 7, "first")
    assert given_up([DEATH] * MAX_DEATHS)
    assert next_step("rewrite", [DEATH] * MAX_DEATHS, OPTIONS) is None


def test_the_retries_are_as_many_as_asked_for() -> None:
    failed = Past("rewrite", ("loop",))
    none = CleanOptions(retries=0)
    step = next_step("rewrite", [failed], none)
    assert step is not None
    assert step.mode == "verbatim"


@pytest.mark.parametrize(
    ("mode", "parameters", "asked", "retries"),
    [
        ("rewrite", 135_000_000, -1, 0),
        ("rewrite", 1_200_000_000, -1, 1),
        ("auto", 1_200_000_000, -1, 1),
        ("rewrite", 0, -1, 1),  # nobody knows how large: a server's model
        ("rewrite", 135_000_000, 2, 2),
        ("rewrite", 1_200_000_000, 0, 0),
        ("verbatim", 135_000_000, -1, 1),  # as in the sessions made before
    ],
)
def test_a_small_model_is_given_no_second_try_unless_asked_for(
    mode: str, parameters: int, asked: int, retries: int
) -> None:
    config = Config.model_validate({"clean": {"mode": mode, "retries": asked}})
    clean = run_settings(config, Model(Path("llama.gguf"), "llama.gguf:1:0", parameters, 2048)).clean
    assert clean.retries == retries


def test_without_a_number_of_retries_the_policy_makes_none() -> None:
    assert CleanOptions().retries < 0
    step = next_step("rewrite", [], CleanOptions())
    assert step is not None
    assert step.mode == "rewrite"
    step = next_step("rewrite", [Past("rewrite", ("loop",))], CleanOptions())
    assert step is not None
    assert step.mode == "verbatim"
