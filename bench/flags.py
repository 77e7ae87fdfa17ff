"""How well the checks find what a person labelled, and how often they disturb a faithful text.

Run as `python -m bench.flags DATA`. Thresholds are also fitted without each pair in turn (leave one out), since a few
dozen pairs are soon learnt by heart.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from bench.controls import Control, controls
from bench.spoiled import shortened, spoiled
from galley.core.checks import Flag, Report, check

ROUNDS = 200
LABELS = ("empty", "markdown", "cut_start", "invented", "rewritten", "debris_kept", "summarised")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A pair with its labels (None: not sure) and what the checks say of it."""

    labels: dict[str, bool | None]
    complete: bool
    """The source is whole; otherwise only its first 500 characters are known."""
    report: Report


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of a yes-or-no finding."""

    hits: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.hits / (2 * self.hits + self.false + self.missed) if self.hits else 0.0


def score(pairs: Sequence[tuple[bool, bool]]) -> Score:
    """From (truth, said)."""
    counts = Counter(pairs)
    return Score(counts[True, True], counts[False, True], counts[True, False])


def load(data: Path) -> list[Labelled]:
    lines = (data / "notebook_labelled.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Labelled(row["labels"], row["source_complete"], check(row["source"], row["output"])) for row in rows]


def said(pair: Labelled, name: str) -> bool:
    return any(flag.name == name for flag in pair.report.flags)


def truths(pairs: Sequence[Labelled], name: str) -> list[tuple[Labelled, bool]]:
    """The pairs whose label is sure."""
    return [(pair, truth) for pair in pairs if (truth := pair.labels[name]) is not None]


MEASURES: dict[str, Callable[[Report], float]] = {
    "summarised": lambda report: -report.measures["kept"],
    "rewritten": lambda report: -report.measures["precision"],
    "invented": lambda report: report.measures["new_words_together"],
}
"""The flags with a fitted threshold: they are raised where the measure reaches it."""


def leave_one_out(pairs: Sequence[Labelled], name: str) -> Score:
    """Each pair judged by a threshold fitted on all others. An empty text is judged by nothing else."""
    known = [(pair, truth) for pair, truth in truths(pairs, name) if not said(pair, "empty")]
    points = [(MEASURES[name](pair.report), truth) for pair, truth in known]
    judged = []
    for at, (value, truth) in enumerate(points):
        judged.append((truth, value >= fit([*points[:at], *points[at + 1 :]])))
    return score(judged)


def halves(pairs: Sequence[Labelled], name: str, rounds: int = ROUNDS) -> tuple[float, float]:
    """Mean F1, and the F1 that nine of ten draws reach, with the threshold fitted on one half of the pairs and judged
    on the other, yes and no halved apart."""
    known = [(pair, truth) for pair, truth in truths(pairs, name) if not said(pair, "empty")]
    points = [(MEASURES[name](pair.report), truth) for pair, truth in known]
    chance = random.Random(1)
    found: list[float] = []
    for _ in range(rounds):
        one: list[tuple[float, bool]] = []
        other: list[tuple[float, bool]] = []
        for wanted in (True, False):
            group = [point for point in points if point[1] is wanted]
            chance.shuffle(group)
            one += group[: len(group) // 2]
            other += group[len(group) // 2 :]
        limit = fit(one)
        found.append(score([(truth, value >= limit) for value, truth in other]).f1)
    return mean(found), sorted(found)[rounds // 10]


def fit(points: Sequence[tuple[float, bool]]) -> float:
    """The threshold of best F1, half way to the next value below it."""
    values = sorted({value for value, _ in points})
    best = max(values, key=lambda limit: score([(truth, value >= limit) for value, truth in points]).f1)
    below = [value for value in values if value < best]
    return (best + below[-1]) / 2 if below else best


def print_labelled(pairs: Sequence[Labelled]) -> None:
    print(
        f"{'flag':12} {'yes':>4} {'no':>4} {'precision':>10} {'recall':>7} {'F1':>6} {'left out':>9} {'halves':>6}"
        f" {'whole':>6}"
    )
    whole = [pair for pair in pairs if pair.complete]
    for name in LABELS:
        result = score([(truth, said(pair, name)) for pair, truth in truths(pairs, name)])
        part = score([(truth, said(pair, name)) for pair, truth in truths(whole, name)])
        counts = Counter(truth for _, truth in truths(pairs, name))
        without = f"{leave_one_out(pairs, name).f1:.2f}" if name in MEASURES else "-"
        halved = f"{halves(pairs, name)[0]:.2f}" if name in MEASURES else "-"
        print(
            f"{name:12} {counts[True]:4} {counts[False]:4} {result.precision:10.2f} {result.recall:7.2f}"
            f" {result.f1:6.2f} {without:>9} {halved:>6} {part.f1:6.2f}"
        )
    print(
        "left out: F1 with the threshold fitted without the pair; halves: fitted on one half and judged on the other,"
        f" mean of {ROUNDS} draws; `-`: no threshold, so these rules have seen the pairs"
    )


def print_controls(found: Sequence[Control], left_out: int) -> None:
    print(f"\nfaithful cleanings (passages left out for their lengths: {left_out})")
    print("`cut` stops after 500 characters, so that tail_lost is true there and only the other flags count")
    print(f"{'kind':9} {'chunks':>6} {'any':>7} {'warning':>8} {'error':>7}  flags")
    for kind in dict.fromkeys(control.kind for control in found):
        reports = [wrong_flags(control) for control in found if control.kind == kind]
        of = 100 / len(reports)
        worse = sum(any(flag.severity != "info" for flag in flags) for flags in reports)
        failed = sum(any(flag.severity == "error" for flag in flags) for flags in reports)
        names = Counter(flag.name for flags in reports for flag in flags)
        some = sum(bool(flags) for flags in reports)
        print(f"{kind:9} {len(reports):6} {some * of:6.1f}% {worse * of:7.1f}% {failed * of:6.1f}%  {dict(names)}")


def wrong_flags(control: Control) -> list[Flag]:
    flags = check(control.source, control.cleaned).flags
    return [flag for flag in flags if control.kind != "cut" or flag.name != "tail_lost"]


def print_spoiled(found: Sequence[Control]) -> None:
    print("\nfaithful cleanings spoiled in one way: how often that is found, and how often anything is")
    results: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for name, control in spoiled(list(found)):
        flags = [flag for flag in check(control.source, control.cleaned).flags if flag.severity != "info"]
        hit = any(flag.name == name for flag in flags)
        results.setdefault((name, control.kind), []).append((hit, bool(flags)))
    for (name, kind), hits in results.items():
        named, some = (100 * sum(column) / len(hits) for column in zip(*hits, strict=True))
        print(f"{name:12} {kind:14} {named:5.1f}% {some:5.1f}% of {len(hits)}")
    print("\nfaithful cleanings with words left out: how often they are said to be rewritten or invented")
    wrong: dict[str, list[tuple[bool, bool]]] = {}
    for control in shortened(list(found)):
        names = {flag.name for flag in check(control.source, control.cleaned).flags}
        wrong.setdefault(control.kind, []).append(("rewritten" in names, "invented" in names))
    for kind, said_so in wrong.items():
        shares = (100 * sum(column) / len(said_so) for column in zip(*said_so, strict=True))
        print(f"{kind:12} " + " ".join(f"{share:5.1f}%" for share in shares) + f" of {len(said_so)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the checks on labelled pairs and on faithful cleanings.")
    parser.add_argument("data", type=Path, help="folder with notebook_labelled.jsonl and arxiv/")
    arguments = parser.parse_args()
    print_labelled(load(arguments.data))
    found, left_out = controls(arguments.data)
    print_controls(found, left_out)
    print_spoiled(found)


if __name__ == "__main__":
    main()
