"""The thresholds hold on real pairs: those labelled by hand, and faithful cleanings of papers."""

import json
from functools import cache
from pathlib import Path

import pytest

from bench.flags import halves, load
from galley.core.checks import check

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository")

LEAST_F1 = {
    "empty": 0.9,
    "markdown": 0.9,
    "cut_start": 0.9,
    "debris_kept": 0.9,
    "invented": 0.8,
    "rewritten": 0.8,
    "summarised": 0.8,
}


@cache
def labelled() -> list[tuple[dict[str, bool | None], set[str]]]:
    lines = (DATA / "notebook_labelled.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["labels"], {flag.name for flag in check(row["source"], row["output"]).flags}) for row in rows]


@pytest.mark.parametrize("name", sorted(LEAST_F1))
def test_a_flag_says_what_a_person_said(name: str) -> None:
    pairs = [(labels[name], name in found) for labels, found in labelled() if labels[name] is not None]
    hits = sum(truth is True and said for truth, said in pairs)
    wrong = sum(truth is not said for truth, said in pairs)
    assert 2 * hits / (2 * hits + wrong) >= LEAST_F1[name]


@pytest.mark.parametrize("name", ["invented", "rewritten"])
def test_a_threshold_holds_on_the_half_of_the_pairs_that_it_was_not_fitted_on(name: str) -> None:
    assert halves(load(DATA), name, 200)[0] >= 0.8


def test_references_left_as_they_are_hardly_get_a_flag() -> None:
    flagged = worse = total = 0
    for path in sorted((DATA / "arxiv").glob("*.reference.txt")):
        paragraphs = path.read_text(encoding="utf-8").split("\n\n")
        for start in range(0, len(paragraphs), 4):
            text = "\n\n".join(paragraphs[start : start + 4]).strip()
            flags = check(text, text).flags
            total += 1
            flagged += bool(flags)
            worse += any(flag.severity != "info" for flag in flags)
    assert flagged <= 0.05 * total
    assert worse <= 0.02 * total
