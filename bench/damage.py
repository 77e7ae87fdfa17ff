"""Words run together and torn apart on purpose, so that what is right is known: `python -m bench.damage DATA`.

In real extractions such slips are few, and the references show a handful. Here every reference is damaged at places
chosen by a seed, prepared, and decided as in a run. Beside them stand real hyphens at line ends, whose right form the
reference shows. Each kind is judged as it is shipped and by ways that were chosen on half of the documents and measured
on the other half; `--ways` asks the model with more and with less of the text around.
"""

import argparse
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import mean

from galley.core.chunk import chunk
from galley.core.clean.candidates import is_common
from galley.core.clean.verbatim import SURE, Verbatim, log_odds, passages, probability
from galley.core.edits import Candidate, EditDecision
from galley.core.prepare import Prepared, prepare
from galley.core.prompts import load_judge

from .alignment import overlap
from .bootstrap import interval
from .decisions import auc
from .quality import Asked, Paper, edited, model_named, papers
from .rules import BROKEN, as_document, folded, seen, words

PLAIN = re.compile(r"(?<![\w@/.’'\-])[^\W\d_]{2,30}(?![\w@/’'\-])")
SHORTEST = 5
"""A word is torn from so many letters on."""
LONGEST = 150_000
"""Characters of a reference that are used."""
CLOSED_OF = 5
"""One in so many hyphens that close is asked about, and all that stay."""
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0)
OFFSETS = (-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0)
WAYS = ((60, 1), (200, 0), (200, 1), (200, 5), (600, 1), (600, 5))
"""Characters before and words behind a place that the model is shown."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A text with slips, and where they are."""

    text: str
    together: frozenset[int]
    """Offsets at which a blank is missing."""
    apart: frozenset[int]
    """Offsets of blanks that tear a word."""


@dataclass(frozen=True, slots=True)
class Place:
    """A decision whose right answer is known."""

    paper: str
    kind: str
    right: bool
    """Whether the edit is right."""
    source: str
    """The chunk, or the text around."""
    candidate: Candidate
    """Offsets in `source`."""
    start: int = 0
    """Where the chunk begins in the prepared text."""


def damaged(text: str, each: int, seed: int) -> Damaged:
    """About `each` blanks taken out between plain words, and as many put into words, never two side by side."""
    chance = random.Random(seed)
    found = list(PLAIN.finditer(text))
    places = sorted(chance.sample(range(len(found) - 1), min(4 * each, len(found) // 8)))
    parts: list[str] = []
    together: set[int] = set()
    apart: set[int] = set()
    at = length = 0
    last = -3
    for place in places:
        word, following = found[place], found[place + 1]
        tear = chance.random() < 0.5
        if place - last < 3 or (len(word.group()) < SHORTEST if tear else following.start() - word.end() != 1):
            continue
        if not tear and text[word.end()] != " ":
            continue
        cut = word.start() + chance.randint(2, len(word.group()) - 2) if tear else word.end()
        parts.append(text[at:cut])
        length += cut - at
        (apart if tear else together).add(length)
        if tear:
            parts.append(" ")
            length += 1
        at = cut if tear else following.start()
        last = place
    parts.append(text[at:])
    return Damaged("".join(parts), frozenset(together), frozenset(apart))


def slips(paper: Paper, each: int, seed: int) -> tuple[list[Place], dict[str, int], Prepared]:
    """What is proposed in a damaged reference, how much damage there is of each kind, and the damaged text prepared."""
    made = damaged(paper.reference[:LONGEST], each, seed)
    prepared = prepare(as_document(made.text, Path(paper.name)))
    origins = prepared.traced.origins
    found: list[Place] = []
    for piece in chunk(prepared):
        for candidate in piece.candidates:
            if candidate.kind != "space" or piece.text[candidate.start - 1 : candidate.end + 1][-1:].isdigit():
                continue
            kind, truth = ("together", made.together) if candidate.replacement else ("apart", made.apart)
            right = origins[piece.start + candidate.start] in truth
            found.append(Place(paper.name, kind, right, piece.text, candidate, piece.start))
    return found, {"together": len(made.together), "apart": len(made.apart)}, prepared


def word_scores(paper: Paper, damage: Prepared, places: Sequence[Place], verbatim: Verbatim) -> tuple[float, float]:
    """Word F1 of a damaged reference against itself, by the rules and with what `verbatim` decides of blanks."""
    wanted = words(folded(paper.reference[:LONGEST]))
    edits: list[EditDecision] = []
    for place in places:
        c = place.candidate
        odds = verbatim.evidence(place.source, c, lambda: False)[0]
        applied = (likely := verbatim.weighed(c, odds)) >= 0.5
        edits.append(EditDecision(place.start + c.start, place.start + c.end, c.replacement, c.kind, likely, applied))
    texts = (damage, edited(damage, edits))
    rules, decided = (overlap(words(folded(text.text)), wanted).f1 for text in texts)
    return rules, decided


def breaks(paper: Paper) -> Iterator[Place]:
    """Hyphens at the line ends of the raw text, as far as the reference shows whether they go."""
    text, joined = paper.document.text, " ".join(folded(paper.reference).split())
    language = paper.prepared.language
    closed = 0
    for match in BROKEN.finditer(text):
        left, right = folded(match[1]), folded(match[2])
        goes, stays = seen(joined, text, match, left + right), seen(joined, text, match, f"{left}-{right}")
        if goes == stays:
            continue
        closed += goes
        if goes and closed % CLOSED_OF:
            continue
        before = re.sub(r"[-\u00ad‐] ?\n\s*", "", text[max(0, match.start() - 700) : match.start()])
        behind = text[match.end() : match.end() + 300]
        source = " ".join(before.split()) + f" {left}-{right}" + re.sub(r"\s+", " ", behind)
        at = source.index(f" {left}-{right}", len(" ".join(before.split()))) + 1 + len(left)
        prior = 0.9 if is_common((left + right).lower(), language) else 0.4
        yield Place(paper.name, "line end", goes, source, Candidate(at, at + 1, "", "hyphen", prior))


Odds = Callable[[Place], float]


def ranked(places: Sequence[Place], odds: Odds) -> str:
    """AUC with its 95 % interval over documents."""

    def of(groups: Sequence[Sequence[Place]]) -> float:
        some = [place for group in groups for place in group]
        right = [odds(place) for place in some if place.right]
        wrong = [odds(place) for place in some if not place.right]
        return auc(right, wrong) if right and wrong else 0.5

    groups = [[place for place in places if place.paper == name] for name in dict.fromkeys(p.paper for p in places)]
    if len({place.right for place in places}) < 2:
        return ""
    low, high = interval(groups, of, 500)
    return f"{of(groups):.2f} ({low:.2f} to {high:.2f})"


def profit(cases: Sequence[tuple[str, bool, float, float]], weight: float, offset: float) -> int:
    """Edits made rightly less those made wrongly."""
    return sum(1 if right else -1 for _, right, prior, said in cases if prior + offset + weight * said >= 0)


def held_out(places: Sequence[Place], model: Odds) -> tuple[float, float, float]:
    """What ways do that were chosen on the other half of the documents, means over all halves: the share of the right
    edits proposed that is made, the edits made wrongly a document, and the weight of the model's word."""
    names = sorted({place.paper for place in places})
    cases = [(p.paper, p.right, log_odds(p.candidate.prior), model(p)) for p in places]
    ways = [(weight, offset) for weight in WEIGHTS for offset in OFFSETS]
    found: list[tuple[float, float, float]] = []
    for half in combinations(names, len(names) // 2):
        inner = [case for case in cases if case[0] in half]
        outer = [case for case in cases if case[0] not in half]
        weight, offset = max(ways, key=lambda way: (profit(inner, *way), -way[0], -abs(way[1])))
        made = [right for _, right, prior, said in outer if prior + offset + weight * said >= 0]
        right = sum(case[1] for case in outer)
        found.append((made.count(True) / max(1, right), made.count(False) / (len(names) - len(half)), weight))
    share, wrong, weight = (mean(column) for column in zip(*found, strict=True))
    return share, wrong, weight


def report(places: Sequence[Place], verbatim: Verbatim, counts: dict[str, int]) -> Iterator[str]:
    """A row a kind."""
    yield (
        "| kind | there | proposed | of them right | made rightly | wrongly | without the model "
        "| AUC rules | AUC model | AUC both | held out: share made, wrongly a document, weight |"
    )
    yield "|---" * 11 + "|"
    told = {id(place): verbatim.evidence(place.source, place.candidate, lambda: False)[0] for place in places}
    for kind in sorted({place.kind for place in places}):
        some = [place for place in places if place.kind == kind]

        def model(place: Place) -> float:
            return told[id(place)]

        def prior(place: Place) -> float:
            return log_odds(place.candidate.prior)

        now = [place for place in some if verbatim.weighed(place.candidate, model(place)) >= 0.5]
        rules = [place for place in some if place.candidate.prior >= 0.5]
        alone = f"{sum(p.right for p in rules)} / {sum(not p.right for p in rules)}"
        share, wrong, weight = held_out(some, model)
        cells = [
            *(kind, counts.get(kind, sum(p.right for p in some)), len(some), sum(p.right for p in some)),
            *(sum(p.right for p in now), sum(not p.right for p in now), alone),
            *(ranked(some, prior), ranked(some, model), ranked(some, lambda place: prior(place) + model(place))),
            f"{share:.2f}, {wrong:.1f}, {weight:.2f}",
        ]
        yield "| " + " | ".join(map(str, cells)) + " |"


def ways(places: Sequence[Place], engine: Asked) -> Iterator[str]:
    """AUC of the model's word by how much of the text it is shown."""
    yield "| kind | characters before | words behind | AUC model |\n|---|---|---|---|"
    preface = load_judge().kinds
    for kind in sorted({place.kind for place in places}):
        some = [place for place in places if place.kind == kind]
        for before, behind in WAYS:

            def odds(place: Place, before: int = before, behind: int = behind) -> float:
                query, options = passages(place.source, place.candidate, before, behind)
                prefix = f"{preface[place.candidate.kind].preface}\n\n"
                first, second = engine.compare(prefix, query, options, lambda: False).logprobs
                return min(max(first - second, -SURE), SURE)

            yield f"| {kind} | {before} | {behind} | {ranked(some, odds)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/ and geotopo/")
    parser.add_argument("--each", type=int, default=40, help="slips of a kind in a document, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", help="name or path of a model; the embedded one without")
    parser.add_argument("--ways", type=int, metavar="COUNT", default=0, help="compare ways of asking on so many places")
    parser.add_argument("--details", action="store_true", help="show what is decided wrongly")
    arguments = parser.parse_args()
    engine = Asked(model_named(arguments.model))
    verbatim = Verbatim(engine, load_judge())  # type: ignore[arg-type]
    places: list[Place] = []
    counts = {"together": 0, "apart": 0}
    scores: list[tuple[float, float]] = []
    for paper in papers(arguments.data):
        found, there, damage = slips(paper, arguments.each, arguments.seed)
        places += [*found, *breaks(paper)]
        scores.append(word_scores(paper, damage, found, verbatim))
        counts = {kind: counts[kind] + there[kind] for kind in counts}
    print("\n".join(report(places, verbatim, counts)))
    gains = [100 * (decided - rules) for rules, decided in scores]
    low, high = interval(gains)
    print(
        f"\nWord F1 of the damaged texts: rules {mean(rules for rules, _ in scores):.4f},"
        f" verbatim {mean(decided for _, decided in scores):.4f};"
        f" gained {mean(gains):+.2f} points ({low:+.2f} to {high:+.2f}), least {min(gains):+.2f}",
        flush=True,
    )
    if arguments.ways:
        some = random.Random(arguments.seed).sample(places, min(arguments.ways, len(places)))
        print("\n" + "\n".join(ways(some, engine)))
    engine.close()
    for place in places if arguments.details else []:
        odds = verbatim.evidence(place.source, place.candidate, lambda: False)[0]
        if (verbatim.weighed(place.candidate, odds) >= 0.5) is not place.right:
            c = place.candidate
            shown = f"{place.source[c.start - 15 : c.start]}[{c.replacement}]{place.source[c.end : c.end + 15]}"
            print(place.paper, place.kind, place.right, c.prior, f"{odds:+.1f} {probability(odds):.2f}", repr(shown))


if __name__ == "__main__":
    main()
