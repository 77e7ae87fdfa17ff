"""How well and how fast a model tells citations from other parentheses: `python -m bench.decisions PAPER.pdf`.

Ways of asking, side by side on the same places of the same paper with the same model:
- fragment: the parenthesis alone, after a few answered examples (what `verbatim` does);
- in its place: the same with the words before it;
- many: the same with the decisions before it in the prompt, as the model made them, one list for all;
- copy: the passage and its clean text up to the place; is going on without the parenthesis likelier than with it?
A place counts as a citation when it holds a year and only names beside it. AUC is the probability that a citation
scores above another parenthesis.
"""

import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from galley.core.clean.citations import YEAR, citation_prior
from galley.core.clean.verbatim import LABELS, prefix_of
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.extract import extract
from galley.core.models import describe, pull
from galley.core.prepare import prepare
from galley.core.prompts import load_judge

from .bootstrap import interval

PARENTHESES = re.compile(r"[ \t]?\([^()\n]{2,120}\)")
EACH = 40
NEAR = 60
"""Characters before a place."""
EARLIER = 8
"""Decisions that stay in the prompt."""
TASK = "The text below is repeated word for word, without its citations."


def auc(positive: list[float], negative: list[float]) -> float:
    """Share of pairs in the right order, ties by half."""
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / len(positive) / len(negative)


def judged(scores: Sequence[tuple[float, int]]) -> str:
    """AUC of (log-odds, 0 for a citation and 1 for none), with its 95 % interval over places."""

    def of(some: Sequence[tuple[float, int]]) -> float:
        right, wrong = ([odds for odds, group in some if group == which] for which in (0, 1))
        return auc(right, wrong) if right and wrong else 0.5

    low, high = interval(scores, of, 500)
    return f"{of(scores):.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    text = prepare(extract(Path(sys.argv[1]))).text
    places = [(m.start(), m.end()) for m in PARENTHESES.finditer(text)]
    cited = [p for p in places if YEAR.search(text[slice(*p)]) and citation_prior(text[slice(*p)]) > 0.9]
    other = [p for p in places if not YEAR.search(text[slice(*p)])]
    chance = random.Random(1)
    sample = [chance.sample(group, min(EACH, len(group))) for group in (cited, other)]
    engine = LocalEngine(describe(pull()), EngineOptions(jobs=1), context=2048)
    engine.start()
    judge = prefix_of(load_judge().kinds["citation"])

    def odds(prefix: str, query: str, options: tuple[str, str]) -> float:
        first, second = engine.compare(prefix, query, options, lambda: False).logprobs
        return first - second

    def fragment(start: int, end: int) -> float:
        return odds(judge, f"{text[start:end].strip()} ->", LABELS)

    def in_place(start: int, end: int) -> float:
        before = " ".join(text[max(0, start - NEAR) : start].split())
        return odds(judge, f"{before} {text[start:end].strip()} ->", LABELS)

    made: list[str] = []

    def many(start: int, end: int) -> float:
        shown = f"{text[start:end].strip()} ->"
        found = odds(judge, "".join(made[-EARLIER:]) + shown, LABELS)
        made.append(f"{shown}{LABELS[0] if found >= 0 else LABELS[1]}\n")
        return found

    def copy(start: int, end: int) -> float:
        begin = max(0, start - 300)
        passage, stem, after = text[begin : end + 100], text[begin:start], text[end : end + 12]
        return odds(
            f"{TASK}\n\n{passage}\n\nRepeated:\n\n", PARENTHESES.sub("", stem), (after, text[start:end] + after)
        )

    ways: dict[str, Callable[[int, int], float]] = {
        "fragment": fragment,
        "in its place": in_place,
        "many": many,
        "copy": copy,
    }
    places = sorted((place, group) for group, some in enumerate(sample) for place in some)
    print(f"{len(sample[0])} citations, {len(sample[1])} other parentheses, {engine.start().model}")
    print("| way | AUC | ms a decision |\n|---|---|---|")
    for name, ask in ways.items():
        began = time.perf_counter()
        scores = [(ask(*place), group) for place, group in places]
        each = (time.perf_counter() - began) / len(places)
        print(f"| {name} | {judged(scores)} | {each * 1000:.0f} |", flush=True)
    engine.close()


if __name__ == "__main__":
    main()
