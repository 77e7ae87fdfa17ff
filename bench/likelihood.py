"""Whether likelihoods tell what is debris, on documents that were not fitted: `python -m bench likelihood DATA`.

Of each proposal the model is asked how likely the fragment is behind the text before it, and how likely the next words
are with the fragment before them and without it. A logistic score of these, of the fragment's length and of the rules'
prior is fitted on all documents but one and measured on that one. Not all proposals are asked about: all that are
right, all insides of figures, and some others a document.
"""

import argparse
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from galley.core.clean.candidates import IMPRINT
from galley.core.clean.verbatim import log_odds
from galley.core.edits import Candidate

from .calibrate import Judge, sort_of
from .decisions import auc
from .quality import Asked, Paper, model_named, papers, proposals
from .rules import words

BEFORE, BOTH = 200, 400
"""Characters before a fragment, and with it, that a question shows."""
RUN, BEHIND = 70, 32
"""Characters of the fragment, and behind it, whose likelihood is asked for."""
SENTENCE = "debris sentence"
SETS = {"rules alone": (0, 1, 4, 5), "model alone": (0, 2, 3), "both": (0, 1, 2, 3, 4, 5)}
STEPS, RATE, SHRINK = 400, 0.3, 0.01


@dataclass(frozen=True, slots=True)
class Asking:
    """A proposal with what was found of it."""

    paper: str
    gain: float
    """Words by which the edit comes nearer to the reference."""
    features: tuple[float, ...]
    """One, the rules' log-odds, the model's log-likelihoods, length, and whether it is the inside of a figure."""


def proposed(paper: Paper, judge: Judge) -> Iterator[tuple[Candidate, str, float]]:
    """(candidate, sort, gain) of all debris with a word in it that is proposed and not made."""
    text = paper.prepared.text
    doubts = {(c.start, c.end, c.kind) for c in paper.prepared.candidates}
    for start, _, candidates in proposals(paper.prepared):
        for c in candidates:
            if c.kind != "debris" or c.prior >= IMPRINT:
                continue
            placed = Candidate(c.start + start, c.end + start, "", c.kind, c.prior)
            if any(map(str.isalnum, text[placed.start : placed.end])):
                sort = sort_of(placed, text, (placed.start, placed.end, placed.kind) in doubts)
                yield placed, sort, judge.gain(placed)


def asked(paper: Paper, engine: Asked, others: int) -> Iterator[Asking]:
    """All that are right or figures' insides, and some others."""
    found = list(proposed(paper, Judge(paper)))
    some = [one for one in found if one[2] > 0 or one[1] != SENTENCE]
    rest = [one for one in found if one not in some]
    some += sorted(rest, key=lambda one: random.Random(one[0].start).random())[:others]
    text = paper.prepared.text
    for c, sort, gain in some:
        before = flat(text[max(0, c.start - BEFORE - 50) : c.start])[-BEFORE:]
        run, behind = flat(text[c.start : c.end]), flat(text[c.end : c.end + 90])[:BEHIND]
        if not run or not behind:
            continue
        alone, with_it, without = (
            likelihood(engine, before, run[:RUN]),
            likelihood(engine, f"{before} {run}"[-BOTH:], behind),
            likelihood(engine, before, behind),
        )
        length = math.log(c.end - c.start) - 4
        figure = float(sort != SENTENCE)
        features = (1.0, log_odds(c.prior) + 1.5, alone / 16 + 4, (with_it - without) / 8, length, figure)
        yield Asking(paper.name, gain, features)


def flat(text: str) -> str:
    return " ".join(text.split())


def likelihood(engine: Asked, before: str, text: str) -> float:
    """Log-probability of the beginning of `text` behind `before`."""
    return engine.compare(before, "", (f" {text}", "\n"), lambda: False).logprobs[0]


def fitted(some: Sequence[Asking], used: Sequence[int]) -> Callable[[Asking], float]:
    """A logistic score by gradient descent."""
    rows = [(float(one.gain > 0), [one.features[k] for k in used]) for one in some if one.gain]
    weights = [0.0] * len(used)
    for _ in range(STEPS):
        slope = [0.0] * len(used)
        for right, features in rows:
            odds = sum(w * f for w, f in zip(weights, features, strict=True))
            error = 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0))) - right
            slope = [s + error * f / len(rows) for s, f in zip(slope, features, strict=True)]
        weights = [w - RATE * (s + SHRINK * w * (k > 0)) for k, (w, s) in enumerate(zip(weights, slope, strict=True))]
    return lambda one: sum(w * one.features[k] for w, k in zip(weights, used, strict=True))


def ranked(some: Sequence[Asking], score: Callable[[Asking], float]) -> float:
    return auc([score(one) for one in some if one.gain > 0], [score(one) for one in some if one.gain < 0])


def held_out(found: Sequence[Asking], used: Sequence[int], sizes: dict[str, int]) -> str:
    """A row: AUC, points of word F1 in the mean and in the worst document, and what is made."""

    def points(some: Sequence[Asking]) -> float:
        return sum(100 * one.gain / 2 / sizes[one.paper] for one in some)

    scores: dict[int, float] = {}
    gains: list[float] = []
    made: list[Asking] = []
    for name in dict.fromkeys(one.paper for one in found):
        rest = [one for one in found if one.paper != name]
        score = fitted(rest, used)
        bounds = [*sorted(map(score, rest)), math.inf]
        bound = max(bounds, key=lambda bound: (points([one for one in rest if score(one) >= bound]), bound))
        mine = [one for one in found if one.paper == name]
        scores |= {id(one): score(one) for one in mine}
        chosen = [one for one in mine if score(one) >= bound]
        gains.append(points(chosen))
        made += chosen
    right, wrong = sum(one.gain > 0 for one in made), sum(one.gain < 0 for one in made)
    rank = ranked(found, lambda one: scores[id(one)])
    return f"{rank:.2f} | {mean(gains):+.3f} | {min(gains):+.3f} | {right} / {wrong}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/ and geotopo/")
    parser.add_argument("--others", type=int, default=45, help="proposals a document besides")
    parser.add_argument("--model", help="name or path of a model; the embedded one without")
    arguments = parser.parse_args()
    engine = Asked(model_named(arguments.model))
    found: list[Asking] = []
    sizes: dict[str, int] = {}
    for paper in papers(arguments.data):
        sizes[paper.name] = len(words(paper.reference))
        found += asked(paper, engine, arguments.others)
        engine.save()
    engine.close()
    print(
        f"{len(found)} asked, {sum(one.gain > 0 for one in found)} right, {sum(one.gain < 0 for one in found)} wrong\n"
    )
    for place, name in (
        (1, "prior"),
        (2, "likelihood, less is right"),
        (3, "next words with it less without, less is right"),
    ):
        rank = ranked(found, lambda one, place=place: one.features[place])
        print(f"{name}: AUC {rank if place == 1 else 1 - rank:.2f}")
    print("\n| fitted | AUC held out | points, mean | worst document | made right / wrong |\n|---|---|---|---|---|")
    for name, used in SETS.items():
        print(f"| {name} | {held_out(found, used, sizes)} |")


if __name__ == "__main__":
    main()
