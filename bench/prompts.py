"""The prompts of `rewrite` side by side, on the same chunks with the same model: `python -m bench.prompts DATA`.

Words that are kept and words that are right are counted against the passage that a person made of the chunk, without
its citations, since every prompt asks for them to go. "falls back" is the share of the answers that the checks refuse,
which a run would try again and then clean in `verbatim`. The row `source` is the chunk as the repairs leave it.
"""

import argparse
import random
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import mean

from galley.core.checks import check
from galley.core.chunk import chunk
from galley.core.clean.cleaner import has_prose
from galley.core.clean.options import CleanOptions
from galley.core.clean.rewrite import rewrite, sampling_for
from galley.core.engine.base import Engine
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.prompts import Prompt, load_prompt, prompt_names

from .alignment import overlap, pairs
from .bootstrap import interval
from .calibrate import spans
from .controls import MARKER, uncited
from .quality import CONTEXT, Paper, gram_precision, model_named, papers
from .rules import folded, words

ALIKE = (0.7, 1.1)
"""Lengths of a passage by those of its chunk, citations in both; outside of this the reference has it elsewhere."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A chunk, and what a person made of it."""

    source: str
    wanted: str
    language: str


@dataclass(frozen=True, slots=True)
class Score:
    """How one answer came out; shares of 1."""

    recall: float
    """Of the person's words, in their order."""
    precision: float
    """Of the answer's words."""
    grams: float
    """Of its 5-grams, those that the source has."""
    falls_back: float
    """1 when the checks refuse it."""
    hit_limit: float
    """1 when it ran into the token limit."""


def samples(paper: Paper) -> Iterator[Sample]:
    """The chunks of running text whose passage in the reference is sure."""
    text = paper.prepared.text
    here, there = spans(text), spans(paper.reference)
    shared = pairs([folded(form) for form, _, _ in here], [folded(form) for form, _, _ in there])
    starts = [here[place][1] for place, _ in shared]
    for piece in chunk(paper.prepared):
        first, last = bisect_left(starts, piece.start), bisect_left(starts, piece.end) - 1
        if last <= first or not has_prose(piece.text, paper.prepared.language):
            continue
        passage = paper.reference[there[shared[first][1]][1] : there[shared[last][1]][2]]
        wanted = MARKER.sub("", passage)
        if ALIKE[0] <= len(wanted.split()) / len(piece.text.split()) <= ALIKE[1]:
            yield Sample(piece.text.strip(), uncited(wanted), paper.prepared.language)


def scored(sample: Sample, output: str, prompt: str = "", hit_limit: bool = False) -> Score:
    """One answer held against the person's passage and against its source."""
    share = overlap(words(folded(output)), words(folded(sample.wanted)))
    report = check(sample.source, output, hit_token_limit=hit_limit, prompt=prompt)
    failed = any(flag.severity == "error" for flag in report.flags)
    return Score(
        share.recall, share.precision, gram_precision(sample.source, output, "")[0], float(failed), float(hit_limit)
    )


def answers(engine: Engine, prompt: Prompt, found: Sequence[Sample]) -> Iterator[tuple[Sample, str, Score]]:
    """Each sample cleaned freely, as the first attempt of a run does it."""
    options = CleanOptions()
    for sample in found:
        sampling = sampling_for(engine, sample.source, options, options.seed, options.temperature)
        answer = rewrite(engine, prompt, sample.source, sampling, lambda: False)
        yield sample, answer.text, scored(sample, answer.text.strip(), prompt.shown, answer.hit_limit)


def row(name: str, scores: Sequence[Score]) -> str:
    """Means; recall, precision and 5-grams with their 95 % interval over chunks."""
    cells: list[str] = []
    for number, values in enumerate(zip(*map(astuple, scores), strict=True)):
        low, high = interval(values)
        cells.append(f"{mean(values):.2f}" + (f" ({low:.2f} to {high:.2f})" if number < 3 else ""))
    return " | ".join([f"| {name}", *cells]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/")
    parser.add_argument("--prompt", action="append", default=[], help="name or path of a prompt; all without")
    parser.add_argument("--count", type=int, default=12, help="chunks")
    parser.add_argument("--seed", type=int, default=1, help="which chunks")
    parser.add_argument("--model", help="name or path of a model; the embedded one without")
    parser.add_argument("--show", action="store_true", help="print the answers")
    arguments = parser.parse_args()
    everything = [sample for paper in papers(arguments.data, book=False) for sample in samples(paper)]
    found = random.Random(arguments.seed).sample(everything, min(arguments.count, len(everything)))
    model = model_named(arguments.model)
    assert model.info is not None
    engine = LocalEngine(model.info, EngineOptions(jobs=1), context=CONTEXT)
    print(f"{len(found)} of {len(everything)} chunks, {engine.start().model}\n")
    print(
        "| prompt | words kept | words right | 5-grams of the source | falls back | token limit |\n" + "|---" * 6 + "|"
    )
    print(row("source", [scored(sample, sample.source) for sample in found]), flush=True)
    for name in arguments.prompt or prompt_names():
        made = list(answers(engine, load_prompt(name), found))
        print(row(name, [score for _, _, score in made]), flush=True)
        for _, text, score in made if arguments.show else []:
            print(f"    {score.falls_back:.0f} {score.recall:.2f} {re.sub(chr(10), ' / ', text)[:300]}")
    engine.close()


if __name__ == "__main__":
    main()
