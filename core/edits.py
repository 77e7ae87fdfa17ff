"""Candidate edits: what the rules propose and `verbatim` lets a model decide."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """Replacing text[start:end] by `replacement` would be a deletion or a repair; it may be applied or not.

    Offsets are in characters of the text the candidate was found in (the prepared text, or a chunk of it).
    """

    start: int
    end: int
    replacement: str
    kind: str
    """What it is about: `hyphen`, `citation`, `debris`, …"""
    prior: float
    """How likely the rules alone hold the edit to be right, 0 to 1; from 0.5 on `verbatim` makes it unless the model is
    against it."""


def apply_candidates(text: str, chosen: Iterable[Candidate]) -> str:
    """`text` with the chosen candidates applied. Raises ValueError when two of them overlap."""
    parts: list[str] = []
    at = 0
    for candidate in sorted(chosen):
        if candidate.start < at:
            raise ValueError("candidates overlap")
        parts.append(text[at : candidate.start])
        parts.append(candidate.replacement)
        at = candidate.end
    parts.append(text[at:])
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class EditDecision:
    """A candidate after a model decided it. Offsets are in characters of the chunk's source."""

    start: int
    end: int
    replacement: str
    kind: str
    probability: float | None
    """How likely the edit is right, 0 to 1, rules and model together; None where the engine gives no probabilities."""
    applied: bool
