"""An engine that answers questions from a list, and what `verbatim` makes of a text with it."""

import itertools
from collections.abc import Sequence

from galley.core.clean.candidates import FINDERS, find_candidates
from galley.core.clean.verbatim import Verbatim
from galley.core.edits import Candidate
from galley.core.engine.base import Comparison, EngineInfo, Usage
from galley.core.prompts import load_judge

NEUTRAL = ("(N/A) ->", "N/A ->")
"""The questions by which a model's bias is found."""


class Oracle:
    """An engine without bias that answers from a list, over and over."""

    def __init__(self, answers: Sequence[float]) -> None:
        self._answers = itertools.cycle(answers)
        self.asked: list[str] = []
        self.decides = "probabilities"

    def start(self) -> EngineInfo:
        return EngineInfo("oracle", "1", "m", "m", 2048, 1, 1, (), 0.0, decides=self.decides)

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: object) -> Comparison:
        self.asked.append(query)
        if query.endswith(NEUTRAL):
            return Comparison((0.0, 0.0), Usage())
        return Comparison(tuple(next(self._answers) for _ in options), Usage(1, 1, 0, 0.0))


def clean(source: str, answers: Sequence[float], extra: Sequence[Candidate] = ()) -> tuple[str, list[Candidate]]:
    candidates = sorted({*find_candidates(source, FINDERS), *extra})
    verbatim = Verbatim(Oracle(answers), load_judge())  # type: ignore[arg-type]
    result = verbatim.clean(source, candidates, lambda: False)
    applied = [Candidate(e.start, e.end, e.replacement, e.kind, 0.0) for e in result.edits if e.applied]
    return result.text, applied
