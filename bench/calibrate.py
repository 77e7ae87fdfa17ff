"""What the model's evidence is worth, kind by kind, and how much of it to take: `python -m bench.calibrate DATA`.

Each candidate is tried alone against the reference: the edit is right when the words around it come nearer to it.
Weight of the model's log-odds and what is added to the rules' are chosen on half of the documents and measured on the
other half, for every way to halve them, so that no document speaks for itself.
"""

import argparse
import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from pathlib import Path
from statistics import mean

from rapidfuzz.distance import Indel, Levenshtein

from galley.core.clean.candidates import IMPRINT
from galley.core.clean.verbatim import Verbatim, log_odds, overlap
from galley.core.edits import Candidate
from galley.core.prepare.tears import KIND as ASIDE
from galley.core.prompts import load_judge

from .alignment import pairs
from .bootstrap import interval
from .decisions import auc
from .quality import SET_ASIDE, Asked, Paper, model_named, papers, proposals
from .rules import folded, words

NUMBER = re.compile(r"[\divxlIVXL]{1,6}\.?")
ANCHORS = 5
"""Shared words on each side between which an edit is tried."""
WEIGHTS = (0.0, 0.25, 0.5, 1.0)
ROUNDS = 300
"""Resamplings for an interval of an AUC."""
OFFSETS = (-9.0, -6.0, -4.0, -3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0)


@dataclass(frozen=True, slots=True)
class Case:
    """A candidate, the model's word on it, and the reference's."""

    paper: str
    text: str
    """What it is about, with some words around it."""
    candidate: Candidate
    """Offsets in the prepared text."""
    model: float
    """The model's log-odds that the edit is right."""
    gain: float
    """Words by which the edit comes nearer to the reference; less than 0 when it leads away. Counted as insertions and
    deletions, and in hundredths by characters where no word changes."""

    sort: str
    """What kind of decision it is, finer than the candidate's kind; see `sort_of`."""
    now: float
    """How likely `verbatim` holds the edit to be right, as it is."""

    @property
    def odds(self) -> float:
        """The rules' log-odds."""
        return log_odds(self.candidate.prior)


class Judge:
    """The reference of one paper as a judge of edits."""

    def __init__(self, paper: Paper) -> None:
        self._text = paper.prepared.text
        self._reference = paper.reference
        self._here = spans(self._text)
        self._there = spans(self._reference)
        shared = pairs(
            [folded(form) for form, _, _ in self._here],
            [folded(form) for form, _, _ in self._there],
        )
        self._sources = [here for here, _ in shared]
        self._targets = [there for _, there in shared]
        self._starts = [start for _, start, _ in self._here]
        self._ends = [end for _, _, end in self._here]

    def gain(self, candidate: Candidate) -> float:
        """See `Case.gain`."""
        first = bisect_left(self._ends, candidate.start)
        last = bisect_right(self._starts, candidate.end) - 1
        left = max(0, bisect_left(self._sources, first) - ANCHORS)
        right = min(len(self._sources) - 1, bisect_right(self._sources, last) + ANCHORS - 1)
        begin, end = self._starts[self._sources[left]], self._ends[self._sources[right]]
        target = self._reference[self._there[self._targets[left]][1] : self._there[self._targets[right]][2]]
        begin, end = min(begin, candidate.start), max(end, candidate.end)
        kept = self._text[begin:end]
        made = self._text[begin : candidate.start] + candidate.replacement + self._text[candidate.end : end]
        wanted = words(folded(target))
        gain = Indel.distance(words(folded(kept)), wanted) - Indel.distance(words(folded(made)), wanted)
        if gain or candidate.kind not in SET_ASIDE:
            return gain
        flat = " ".join(folded(target).split())
        before, after = (Levenshtein.distance(" ".join(folded(text).split()), flat) for text in (kept, made))
        return (before - after) / 100


def spans(text: str) -> list[tuple[str, int, int]]:
    """The words that are measured, with their places."""
    found: list[tuple[str, int, int]] = []
    at = 0
    for token in text.split():
        at = text.index(token, at)
        plain = words(token)
        if plain:
            found.append((plain[0], at, at + len(token)))
        at += len(token)
    return found


def cases(paper: Paper, verbatim: Verbatim) -> Iterator[Case]:
    """Every candidate of a paper. Of several edits of one place only the best is right."""
    judge = Judge(paper)
    found: list[Case] = []
    doubts = {(c.start, c.end, c.kind) for c in paper.prepared.candidates}
    for start, text, candidates in proposals(paper.prepared):
        for c in candidates:
            if c.kind == ASIDE:  # no model is asked; `bench.asides` measures it
                continue
            model, _ = verbatim.evidence(text, c, lambda: False)
            placed = Candidate(c.start + start, c.end + start, c.replacement, c.kind, c.prior)
            sort = sort_of(placed, paper.prepared.text, (placed.start, placed.end, placed.kind) in doubts)
            now = verbatim.weighed(c, model)
            found.append(Case(paper.name, shown(text, c), placed, model, judge.gain(placed), sort, now))
    best: dict[tuple[int, int], float] = defaultdict(float)
    for case in found:
        place = (case.candidate.start, case.candidate.end)
        best[place] = max(best[place], case.gain)
    for case in found:
        rival = best[case.candidate.start, case.candidate.end]
        gain = case.gain - rival if case.gain < rival else case.gain
        yield replace(case, gain=gain)


def sort_of(candidate: Candidate, text: str, doubt: bool) -> str:
    """The kind of decision; `doubt` says that the repairs proposed it, and not a finder of `verbatim`."""
    if candidate.kind == "space":
        if not candidate.replacement:
            return "torn apart"
        return "before a number" if text[candidate.end].isdigit() else "run together"
    if candidate.kind == "debris" and candidate.prior == IMPRINT:
        return "imprint" if any(map(str.isalpha, text[candidate.start : candidate.end])) else "dots and pieces"
    if candidate.kind == "debris" and doubt:
        return "lone number" if NUMBER.fullmatch(text[candidate.start : candidate.end].strip()) else "figure's inside"
    return {"debris": "debris sentence", "symbol": "torn symbol"}.get(candidate.kind, candidate.kind)


def shown(text: str, c: Candidate) -> str:
    before, after = text[max(0, c.start - 20) : c.start], text[c.end : c.end + 20]
    return f"{before}[{text[c.start : c.end]}>{c.replacement}]{after}"


@dataclass(frozen=True, slots=True)
class Way:
    """How evidence of one kind becomes a decision: the edit is made from log-odds 0 on."""

    weight: float
    """Of the model's log-odds."""
    offset: float
    """Added to the rules' log-odds."""

    def odds(self, case: Case) -> float:
        return case.odds + self.offset + self.weight * case.model


@dataclass(frozen=True, slots=True)
class Shipped:
    """What `verbatim` does."""

    def odds(self, case: Case) -> float:
        return log_odds(case.now)


def chosen(some: Iterable[Case], way: Way | Shipped) -> list[Case]:
    """What a way decides to do, no two edits at one place."""
    made: list[Case] = []
    for case in sorted((c for c in some if way.odds(c) >= 0), key=lambda c: -way.odds(c)):
        if not any(overlap(case.candidate, other.candidate) for other in made if other.paper == case.paper):
            made.append(case)
    return made


def gained(some: Iterable[Case], way: Way | Shipped, sizes: dict[str, int]) -> float:
    """Points of word F1 (hundredths), summed over documents, by the edits that a way makes."""
    return sum(100 * case.gain / 2 / sizes[case.paper] for case in chosen(some, way))


def best_way(some: Sequence[Case], sizes: dict[str, int]) -> Way:
    """The most gain; of equal ones the least evidence of the model and the least correction."""
    ways = [Way(weight, offset) for weight, offset in product(WEIGHTS, OFFSETS)]
    return max(ways, key=lambda way: (round(gained(some, way, sizes), 6), -way.weight, -abs(way.offset)))


def held_out(some: Sequence[Case], sizes: dict[str, int]) -> dict[str, float]:
    """Points gained in each document by ways that were chosen without it, mean over all halves."""
    names = sorted(sizes)
    points: dict[str, list[float]] = defaultdict(list)
    for half in combinations(names, len(names) // 2):
        way = best_way([case for case in some if case.paper in half], sizes)
        for name in names:
            if name not in half:
                points[name].append(gained([case for case in some if case.paper == name], way, sizes))
    return {name: mean(found) for name, found in points.items()}


def ranked(some: Sequence[Case], score: str) -> str:
    """AUC of the model's log-odds, the rules', or both added, with its 95 % interval over documents."""
    scores = {"model": lambda c: c.model, "prior": lambda c: c.odds, "both": lambda c: c.model + c.odds}

    def of(groups: Sequence[Sequence[Case]]) -> float:
        cases = [case for group in groups for case in group]
        right = [scores[score](case) for case in cases if case.gain > 0]
        wrong = [scores[score](case) for case in cases if case.gain < 0]
        return auc(right, wrong) if right and wrong else 0.5

    if not any(case.gain > 0 for case in some) or not any(case.gain < 0 for case in some):
        return ""
    groups = [[case for case in some if case.paper == name] for name in dict.fromkeys(case.paper for case in some)]
    low, high = interval(groups, of, ROUNDS)
    return f"{of(groups):.2f} ({low:.2f} to {high:.2f})"


def report(found: Sequence[Case], sizes: dict[str, int]) -> Iterator[str]:
    sorts = sorted({case.sort for case in found}, key=lambda sort: (sort in SET_ASIDE, sort))
    yield "| kind | proposed | right | wrong | made rightly | wrongly | AUC model | AUC rules | AUC both |"
    yield "|---" * 9 + "|"
    for sort in sorts:
        some = [case for case in found if case.sort == sort]
        made = chosen(some, Shipped())
        counts = [sum(c.gain > 0 for c in some), sum(c.gain < 0 for c in some)]
        does = [sum(c.gain > 0 for c in made), sum(c.gain < 0 for c in made)]
        cells = [sort, len(some), *counts, *does, *(ranked(some, score) for score in ("model", "prior", "both"))]
        yield "| " + " | ".join(map(str, cells)) + " |"
    yield (
        "\nPoints of word F1 over `rules`, mean over documents:\n\n"
        "| kind | as it is | worst document | model and rules plainly added | rules alone "
        "| chosen on other documents | worst document | chosen on all | weight | offset |"
    )
    yield "|---" * 10 + "|"
    for sort in sorts:
        if sort in SET_ASIDE:
            continue
        some = [case for case in found if case.sort == sort]
        way, elsewhere = best_way(some, sizes), held_out(some, sizes)
        now = [gained([c for c in some if c.paper == name], Shipped(), sizes) for name in sizes]
        plain, prior, best = (gained(some, w, sizes) / len(sizes) for w in (Way(1.0, 0.0), Way(0.0, 0.0), way))
        yield (
            f"| {sort} | {mean(now):+.3f} | {min(now):+.3f} | {plain:+.3f} | {prior:+.3f} "
            f"| {mean(elsewhere.values()):+.3f} | {min(elsewhere.values()):+.3f} "
            f"| {best:+.3f} | {way.weight} | {way.offset} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/ and geotopo/")
    parser.add_argument("--model", help="name or path of a model; the embedded one without")
    parser.add_argument("--chars", type=int, help="only the first characters of each document")
    parser.add_argument("--no-book", action="store_true")
    parser.add_argument(
        "--details", metavar="KIND", action="append", default=[], help="show the cases of this kind or sort"
    )
    arguments = parser.parse_args()
    engine = Asked(model_named(arguments.model))
    verbatim = Verbatim(engine, load_judge())  # type: ignore[arg-type]
    found: list[Case] = []
    sizes: dict[str, int] = {}
    for paper in papers(arguments.data, arguments.chars, not arguments.no_book):
        sizes[paper.name] = len(words(paper.reference))
        found += cases(paper, verbatim)
    engine.close()
    print("\n".join(report(found, sizes)))
    for case in sorted(found, key=lambda c: c.gain):
        if {case.candidate.kind, case.sort} & set(arguments.details) and math.isfinite(case.model):
            print(f"{case.gain:+6.2f} {case.candidate.prior:.2f} {case.model:+6.2f} {case.paper} {case.text!r}")


if __name__ == "__main__":
    main()
