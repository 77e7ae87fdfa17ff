"""Which attempt comes next on a chunk: a pure function of the attempts it has had.

Because nothing else is remembered, a run that was killed between two attempts goes on exactly where an uninterrupted
one would have gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .options import CleanOptions

MAX_DEATHS = 3
RETRY_TEMPERATURE = 0.5
"""Lowest temperature of a retry: at 0 another seed would give the same text again."""


@dataclass(frozen=True, slots=True)
class Step:
    """An attempt to make."""

    mode: str
    seed: int
    temperature: float
    reason: str
    """Why: `first`, `retry: …` or `fallback: …`, with the flags or the error that led to it; `asked` by a person."""
    to_the_end: bool = False
    """Whether a `rewrite` is written to its end though it has failed for certain: a person wants to see it."""


@dataclass(frozen=True, slots=True)
class Past:
    """What the policy needs to know of an attempt that was made."""

    mode: str
    failed_flags: tuple[str, ...]
    """Names of the flags of severity `error`; empty when the attempt passed."""
    error: str | None = None
    """The engine's error, when there was no output."""
    died: bool = False
    """The worker process died during it."""


def next_step(mode: str, past: Sequence[Past], options: CleanOptions) -> Step | None:
    """The next attempt on a chunk cleaned in `mode`, or None when it is finished or given up (see `given_up`)."""
    if given_up(past):
        return None
    made = [attempt for attempt in past if not attempt.died]
    if made and not unusable(made[-1]):
        return None
    if mode == "rules" or (made and made[-1].mode in {"verbatim", "rules"}):
        return after_verbatim(made, options)
    rewrites = [attempt for attempt in made if attempt.mode == "rewrite"]
    refused = any(attempt.error for attempt in rewrites)
    if mode == "verbatim" or refused or (rewrites and len(rewrites) > options.retries):
        return Step("verbatim", options.seed, 0.0, reason("fallback", made))
    temperature = max(options.temperature, RETRY_TEMPERATURE) if rewrites else options.temperature
    return Step("rewrite", options.seed + len(rewrites), temperature, reason("retry", made))


def after_verbatim(made: Sequence[Past], options: CleanOptions) -> Step | None:
    """`rules` closes every chain: it needs no model and always has an output."""
    if made and made[-1].mode == "rules":
        return None
    return Step("rules", options.seed, 0.0, reason("fallback", made))


def unusable(attempt: Past) -> bool:
    """Whether something else must be tried: no output, or a `rewrite` that failed its checks, or nothing left."""
    if attempt.error is not None:
        return True
    return "empty" in attempt.failed_flags or (attempt.mode == "rewrite" and bool(attempt.failed_flags))


def given_up(past: Sequence[Past]) -> bool:
    """After three deaths of the worker in one run the chunk is marked failed and the run goes on.

    Deaths of earlier runs are left out of `past`: whoever killed those may have had nothing against the chunk.
    """
    return sum(attempt.died for attempt in past) >= MAX_DEATHS


def reason(word: str, made: Sequence[Past]) -> str:
    if not made:
        return "first"
    last = made[-1]
    return f"{word}: {last.error or ', '.join(last.failed_flags)}"
