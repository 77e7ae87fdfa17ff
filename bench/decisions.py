"""How well and how fast a model tells citations from other parentheses: `python -m bench.decisions PAPER.pdf`.

Two ways of asking, side by side on the same places of the same paper with the same model:
- fragment: the parenthesis alone, after a few answered examples (what `verbatim` does);
- copy: the passage and its clean text up to the place; is going on without the parenthesis likelier than with it?
A place counts as a citation when it holds a year and only names beside it. AUC is the probability that a citation
scores above another parenthesis.
"""

import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from galley.core.clean.candidates import YEAR, citation_prior
from galley.core.clean.verbatim import LABELS, prefix_of
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.extract import extract
from galley.core.models import describe, pull
from galley.core.prepare import prepare
from galley.core.prompts import load_judge

PARENTHESES = re.compile(r"[ \t]?\([^()\n]{2,120}\)")
EACH = 40
TASK = "The text below is repeated word for word, without its citations."


def auc(positive: list[float], negative: list[float]) -> float:
    """Share of pairs in the right order, ties by half."""
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)
    return wins / len(positive) / len(negative)


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

    def copy(start: int, end: int) -> float:
        begin = max(0, start - 300)
        passage, stem, after = text[begin : end + 100], text[begin:start], text[end : end + 12]
        return odds(
            f"{TASK}\n\n{passage}\n\nRepeated:\n\n", PARENTHESES.sub("", stem), (after, text[start:end] + after)
        )

    ways: dict[str, Callable[[int, int], float]] = {"fragment": fragment, "copy": copy}
    print(f"{len(sample[0])} citations, {len(sample[1])} other parentheses, {engine.start().model}")
    print("| way | AUC | ms a decision |\n|---|---|---|")
    for name, ask in ways.items():
        began = time.perf_counter()
        scores = [[ask(*place) for place in group] for group in sample]
        each = (time.perf_counter() - began) / sum(map(len, sample))
        print(f"| {name} | {auc(*scores):.3f} | {each * 1000:.0f} |")
    engine.close()


if __name__ == "__main__":
    main()
