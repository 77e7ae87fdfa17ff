"""The mode that cannot invent: a model decides candidate edits, and the output is the source with those applied.

Each decision is a question of its own. Whether a fragment goes is asked as `fragment ->`, after a few answered examples
that stay in the engine's cache. Which spelling is right is asked by how likely the text before it goes on with the one
or the other: a small model tells broken words so that it got wrong after examples. Nothing is generated. Whatever the
engine answers, the output is the source with some of the candidates applied, because `apply_candidates` is the only
thing that makes text here.

An engine that can't compare is let write freely, and each candidate is decided by whether that text agrees with it.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..edits import Candidate, EditDecision, apply_candidates
from ..engine.base import Cancelled, Engine, Usage
from ..prepare.tears import KIND as ASIDE
from ..prompts import Judge, JudgeKind
from .aligned import votes
from .asides import carry

Write = Callable[[str, Cancelled], tuple[str, Usage]]
LABELS = (" remove", " keep")
QUESTION_OF = {"footnote_mark": "contact", "symbol": "space"}
"""Kinds that share another kind's question."""
MAX_FRAGMENT = 240
CONTEXT = 200
"""Characters before a repair that its question shows."""
BEHIND = 1
"""Words behind a repair that its answers go on with, besides the rest of its own."""
REST = re.compile(r"\S{0,40}")
NEXT = re.compile(r" \S{1,20}")
MOST_ANSWERS = 10_000
"""Answers that are remembered, for a document that cites without end."""
SURE = 30.0
"""Log-odds beyond which more makes no difference."""
SPACES = re.compile(r"\s+")
EDGES = re.compile(r"^[\s,;]+|[\s,;]+$|(?<=[)\]])\.$")
"""What a deletion takes along and is no part of the question: "(2020)." and ", [3]" are "(2020)" and "[3]"."""
TRUST = {
    "citation": 1.0,
    "contact": 1.0,
    "footnote_mark": 1.0,
    "hyphen": 0.5,
    "space": 0.5,
    "symbol": 0.5,
    "debris": 0.0,
    ASIDE: 0.0,
}
"""How much of a model's log-odds counts, by kind; with none the rules decide and the model isn't asked. What looks like
debris is a table or a formula nine times of ten, and people who clean text by hand keep those: it is only proposed."""
MEASURED = {"smollm2-135m": {**TRUST, "symbol": 0.0}}
"""Models whose evidence was held against references (`python -m bench.calibrate`, `bench.damage`), by the beginning of
their name. A small one says nothing about blanks in formulas."""
BOUNDED = {"hyphen": 4.0, "space": 4.0, "symbol": 4.0}
"""Most log-odds of a model that are looked at where the rules know the document's own words and it sees one: it can
settle what is doubtful and not overturn what is nearly sure."""


@dataclass(frozen=True, slots=True)
class VerbatimResult:
    """The cleaned text, every decision that was asked for, and what the asking cost."""

    text: str
    edits: tuple[EditDecision, ...]
    usage: Usage


class Verbatim:
    """The decisions of one model. Keeps the model's bias per kind, which costs one request a kind, and its answers."""

    def __init__(self, engine: Engine, judge: Judge, threshold: float = 0.5, write: Write | None = None) -> None:
        """`write` has the model write a text anew, for engines that decide by alignment."""
        self._engine = engine
        self._judge = judge
        self._threshold = threshold
        self._write = write
        self._bias: dict[str, float] = {}
        self._answered: dict[tuple[str, str], float] = {}

    def clean(
        self,
        source: str,
        candidates: Sequence[Candidate],
        cancelled: Cancelled,
        on_decision: Callable[[int, int], None] | None = None,
    ) -> VerbatimResult:
        """Decide every candidate (offsets in `source`) and apply what was chosen.

        `on_decision` is told how many are decided, of how many. Raises what the engine raises.
        """
        if candidates and self._write is not None and self._engine.start().decides == "alignment":
            probabilities, total = self._by_alignment(source, candidates, self._write, cancelled)
        else:
            probabilities, total = self._by_questions(source, candidates, cancelled, on_decision)
        likely = list(zip(candidates, probabilities, strict=True))
        moves = choose([one for one in likely if one[0].kind == ASIDE], self._threshold)
        others = choose([one for one in likely if one[0].kind != ASIDE], self._threshold)
        carried, left = carry(source, moves, others)
        edits = tuple(
            EditDecision(
                *(c.start, c.end, carried.get(c, c).replacement, c.kind, round(p, 4)), c in left or c in carried
            )
            for c, p in likely
        )
        return VerbatimResult(apply_candidates(source, {*left, *carried.values()}), edits, total)

    def _by_alignment(
        self, source: str, candidates: Sequence[Candidate], write: Write, cancelled: Cancelled
    ) -> tuple[list[float], Usage]:
        """One free answer for the whole chunk; where it says nothing of a candidate, the rules' prior stands."""
        output, usage = write(source, cancelled)
        asked = [c for c in candidates if c.kind != ASIDE]
        found = dict(zip(asked, votes(source, asked, output), strict=True))
        return [self.weighed(c, found.get(c) or 0.0) for c in candidates], usage

    def _by_questions(
        self,
        source: str,
        candidates: Sequence[Candidate],
        cancelled: Cancelled,
        on_decision: Callable[[int, int], None] | None,
    ) -> tuple[list[float], Usage]:
        total = Usage()
        probabilities: list[float] = []
        for number, candidate in enumerate(candidates, 1):
            alone = is_alone(candidate, candidates)
            likely, usage = self._decide(source, candidate, alone, cancelled)
            probabilities.append(likely)
            total += usage
            if on_decision is not None:
                on_decision(number, len(candidates))
        return probabilities, total

    def _decide(self, source: str, candidate: Candidate, alone: bool, cancelled: Cancelled) -> tuple[float, Usage]:
        """Probability that the edit is right, and what it cost to ask. One that overlaps another is asked about even if
        it is settled, since the likelier of both is made."""
        if not is_asked(candidate, alone, self._trust(candidate.kind), self._threshold):
            return self.weighed(candidate, 0.0), Usage()
        odds, usage = self.evidence(source, candidate, cancelled)
        return self.weighed(candidate, odds), usage

    def weighed(self, candidate: Candidate, evidence: float) -> float:
        """Probability by the rules' log-odds and the model's, as far as these are trusted, added."""
        most = BOUNDED.get(candidate.kind, SURE)
        return probability(log_odds(candidate.prior) + self._trust(candidate.kind) * min(max(evidence, -most), most))

    def _trust(self, kind: str) -> float:
        return trust(self._engine.start().model, kind)

    def evidence(self, source: str, candidate: Candidate, cancelled: Cancelled) -> tuple[float, Usage]:
        """The model's own log-odds that the edit is right, without the rules' and without its leaning."""
        question = QUESTION_OF.get(candidate.kind, candidate.kind)
        kind = self._judge.kinds[question]
        if kind.answer == "label":
            return self._labelled(question, kind, fragment(source[candidate.start : candidate.end]), cancelled)
        prefix = prefix_of(kind)
        if self._engine.start().decides == "probabilities":
            prefix, (query, options) = f"{kind.preface}\n\n", passages(source, candidate)
        else:
            query, options = spellings(source, candidate)
        return self._odds(prefix, query, options, cancelled)

    def _labelled(self, question: str, kind: JudgeKind, shown: str, cancelled: Cancelled) -> tuple[float, Usage]:
        """Whether a fragment goes. It is asked without what stands around it, so the answer is the same wherever it
        stands: a paper cites the same works again and again, and each is asked once."""
        if (question, shown) in self._answered:
            return self._answered[question, shown], Usage()
        bias, usage = 0.0, Usage()
        if kind.neutral and self._engine.start().decides != "choice":  # a vote has no strength to correct
            bias, usage = self._bias_of(question, kind, cancelled)
        odds, spent = self._odds(prefix_of(kind), f"{shown} ->", LABELS, cancelled)
        if len(self._answered) < MOST_ANSWERS and odds:  # 0 is what nonsense counts as; it may be better next time
            self._answered[question, shown] = odds - bias
        return odds - bias, usage + spent

    def _bias_of(self, question: str, kind: JudgeKind, cancelled: Cancelled) -> tuple[float, Usage]:
        usage = Usage()
        if question not in self._bias:
            self._bias[question], usage = self._odds(prefix_of(kind), f"{kind.neutral} ->", LABELS, cancelled)
        return self._bias[question], usage

    def _odds(self, prefix: str, query: str, options: tuple[str, str], cancelled: Cancelled) -> tuple[float, Usage]:
        """How much likelier the first option is, as log-odds; nonsense counts as a tie."""
        answer = self._engine.compare(prefix, query, options, cancelled)
        odds = answer.logprobs[0] - answer.logprobs[1]
        return odds if math.isfinite(odds) else 0.0, answer.usage


def trust(model: str, kind: str) -> float:
    """How much the word of a model of that name counts for edits of that kind."""
    return next((known for name, known in MEASURED.items() if model.lower().startswith(name)), TRUST).get(kind, 1.0)


def is_alone(candidate: Candidate, candidates: Sequence[Candidate]) -> bool:
    return not any(overlap(candidate, other) for other in candidates if other is not candidate)


def is_asked(candidate: Candidate, alone: bool, trust: float, threshold: float) -> bool:
    """Whether the model is asked: not where it counts nothing, nor where the rules are so sure that nothing it may say
    would change anything and there is no other edit to be likelier."""
    settled = abs(log_odds(candidate.prior) - log_odds(threshold)) > trust * BOUNDED.get(candidate.kind, SURE)
    return trust > 0 and not (alone and settled)


def questions(
    chunks: Iterable[tuple[str, Sequence[Candidate]]], model: str, threshold: float, judge: Judge
) -> Iterator[int]:
    """How many questions each chunk will take, in order; a fragment that was asked about before takes none."""
    seen: set[tuple[str, str]] = set()
    for source, candidates in chunks:
        count = 0
        for candidate in candidates:
            if is_asked(candidate, is_alone(candidate, candidates), trust(model, candidate.kind), threshold):
                question = QUESTION_OF.get(candidate.kind, candidate.kind)
                key = question, fragment(source[candidate.start : candidate.end])
                count += key not in seen
                if judge.kinds[question].answer == "label":
                    seen.add(key)
        yield count


def prefix_of(kind: JudgeKind) -> str:
    """The preface and the answered examples, the same for every candidate of a kind."""
    return "".join([kind.preface, "\n", *(f"{shown} -> {answer}\n" for shown, answer in kind.examples)])


def fragment(text: str) -> str:
    """`text` on one line, without marks at its ends, its middle left out when it is long."""
    flat = EDGES.sub("", SPACES.sub(" ", text))
    if len(flat) <= MAX_FRAGMENT:
        return flat
    return f"{flat[: MAX_FRAGMENT // 2]} … {flat[-MAX_FRAGMENT // 2 :]}"


def spellings(source: str, candidate: Candidate) -> tuple[str, tuple[str, str]]:
    """The question and the two answers for a repair: the words around it with the edit and without."""
    start = max(source.rfind(" ", 0, candidate.start), source.rfind("\n", 0, candidate.start)) + 1
    stops = [at for at in (source.find(" ", candidate.end), source.find("\n", candidate.end)) if at >= 0]
    end = min(stops, default=len(source))
    before, after = source[start : candidate.start], source[candidate.end : end]
    original = source[candidate.start : candidate.end]
    edited, kept = before + candidate.replacement + after, before + original + after
    question = kept
    if candidate.kind == "hyphen":
        question = f"{before}- {after}"
        kept = before + ("-" if candidate.replacement == "" else "") + after
    # The line's end is part of an answer: "state" must not gain from being the beginning of "statement".
    return f"{question} ->", (f" {edited}\n", f" {kept}\n")


def passages(
    source: str, candidate: Candidate, context: int = CONTEXT, behind: int = BEHIND
) -> tuple[str, tuple[str, str]]:
    """The text before a repair, and the two ways in which it may go on: by the next words the model shows best which
    spelling it holds for right (`python -m bench.damage`)."""
    start = max(source.rfind(" ", 0, candidate.start), source.rfind("\n", 0, candidate.start)) + 1
    before = SPACES.sub(" ", source[max(0, start - context) : start]).strip()
    end = candidate.end
    for pattern in [REST, *[NEXT] * behind]:
        found = pattern.match(source, end)
        end = found.end() if found else end
    word, after = source[start : candidate.start], source[candidate.end : end]
    original = source[candidate.start : candidate.end]
    return before, (f" {word}{candidate.replacement}{after}\n", f" {word}{original}{after}\n")


def choose(likely: Sequence[tuple[Candidate, float]], threshold: float) -> frozenset[Candidate]:
    """The likeliest candidates from the threshold on, no two of which overlap."""
    chosen: list[Candidate] = []
    for candidate, probability in sorted(likely, key=lambda one: (-one[1], one[0])):
        if probability >= threshold and not any(overlap(candidate, other) for other in chosen):
            chosen.append(candidate)
    return frozenset(chosen)


def overlap(one: Candidate, other: Candidate) -> bool:
    return (one.start < other.end and other.start < one.end) or (one.start, one.end) == (other.start, other.end)


def log_odds(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def probability(odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(odds, -SURE), SURE)))
