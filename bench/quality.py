"""How near each mode comes to text that was cleaned by hand: `python -m bench.quality DATA`.

The same figures for the raw text, for `rules` and for `verbatim`. Everything is looked up by traced origins, so that
what a mode deleted is known and not guessed. The references keep citations, addresses and marks of footnotes, which
`verbatim` is meant to take out; so it has a row with those decisions set aside, and that row is the one to compare.

Answers of the model are kept in the cache directory: other thresholds and priors are tried without asking again.
"""

import argparse
import hashlib
import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean

from galley.core import models
from galley.core.atomic import write_atomically
from galley.core.chunk import chunk
from galley.core.clean.candidates import find_candidates
from galley.core.clean.options import CleanOptions
from galley.core.clean.verbatim import Verbatim
from galley.core.document import Document
from galley.core.edits import Candidate, EditDecision
from galley.core.engine.base import Cancelled, Comparison, EngineInfo, Usage
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.extract import ExtractOptions, extract
from galley.core.model import Model, identify
from galley.core.paths import cache_dir
from galley.core.prepare import Prepared, PrepareOptions, prepare
from galley.core.prepare.tears import KIND as ASIDE
from galley.core.prompts import load_judge
from galley.core.traced import Edit, Traced

from .alignment import overlap, pairs
from .bootstrap import interval
from .rules import BROKEN, as_document, folded, head_lines, hyphens, words

SET_ASIDE = frozenset({"citation", "contact", "footnote_mark", "aside"})
"""Kinds that the references keep whatever a mode thinks of them."""
GRAM = 5
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
CONTEXT = 2048
SAVE_EVERY = 200


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as extracted, as repaired, and as a person cleaned it."""

    name: str
    document: Document
    prepared: Prepared
    reference: str


@dataclass(frozen=True, slots=True)
class Figures:
    """One output of one document against its reference. Shares are 0 to 1."""

    f1: float
    precision: float
    recall: float
    grams: float
    """Share of the output's 5-grams that the source has, with its line breaks closed or hyphenated."""
    foreign: int
    """5-grams of the output that neither the source nor the reference has: a right repair makes five new ones."""
    open: int
    """Broken words still open."""
    wrong: int
    """Broken words closed where the reference keeps the hyphen."""
    heads: int
    """Running heads and page numbers left."""
    deleted: int
    """Words deleted, of those whose fate in the reference is sure."""
    rightly: int
    """Those of them that the reference deletes too: of `deleted` this is precision, of `wanted` recall."""
    wanted: int
    """Words of the source that the reference deletes."""
    lost: int
    """Numbers of source and reference that are missing."""
    invented: int
    """Numbers that the source has not."""


class Asked:
    """An engine that remembers every answer in a file, so that it is asked once; loads the model only when it must."""

    def __init__(self, model: Model) -> None:
        assert model.info is not None
        self.info = EngineInfo("cached", "", model.path.name, str(model.path), CONTEXT, 1, 1, (), 0.0)
        safe = re.sub(r"[^\w.-]", "_", model.identity)
        self._path = cache_dir() / "bench" / f"answers-{safe}.json"
        self._answers: dict[str, list[float]] = {}
        if self._path.is_file():
            self._answers = json.loads(self._path.read_text(encoding="utf-8"))
        self._engine = LocalEngine(model.info, EngineOptions(jobs=1), context=CONTEXT)
        self._new = 0

    def start(self) -> EngineInfo:
        return self.info

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: Cancelled) -> Comparison:
        """As any engine's; the prefix holds the judge's examples, so changed examples are new questions."""
        key = hashlib.sha256("\0".join([prefix, query, *options]).encode()).hexdigest()
        if key not in self._answers:
            self._answers[key] = list(self._engine.compare(prefix, query, options, cancelled).logprobs)
            self._new += 1
            if self._new % SAVE_EVERY == 0:
                self.save()
        return Comparison(tuple(self._answers[key]), Usage())

    def save(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, [json.dumps(self._answers).encode()])

    def close(self) -> None:
        self.save()
        self._engine.close()


def papers(data: Path, chars: int | None = None, book: bool = True) -> Iterator[Paper]:
    """The arXiv papers from PyMuPDF's raw text, and the German book with its running heads, which its reference has."""
    for path in sorted((data / "arxiv").glob("*.pymupdf.txt")):
        text = path.read_text(encoding="utf-8")
        reference = path.with_name(path.name.replace("pymupdf", "reference")).read_text(encoding="utf-8")
        if chars is not None:
            text, reference = begins(text, reference, chars)
        document = as_document(text, path)
        yield Paper(path.name.removesuffix(".pymupdf.txt"), document, prepare(document), reference)
    pdf = data / "geotopo" / "GeoTopo-komprimiert.pdf"
    if book and pdf.is_file():
        document = extract(pdf, ExtractOptions(extractor="pdfium"))
        reference = pdf.with_suffix(".reference.txt").read_text(encoding="utf-8")
        if chars is not None:
            text, reference = begins(document.text, reference, chars)
            document = as_document(text, pdf)
        yield Paper("German book", document, prepare(document, PrepareOptions(running_heads=False)), reference)


def begins(text: str, reference: str, chars: int) -> tuple[str, str]:
    """The first characters of a text, to the end of a line, and the part of the reference that is about them."""
    end = text.rfind("\n", 0, chars) + 1 or chars
    cut = text[:end]
    spans = [match.span() for match in re.finditer(r"\S+", reference)]
    shared = pairs([folded(w) for w in cut.split()], [folded(reference[a:b]) for a, b in spans])
    return cut, reference[: spans[shared[-1][1]][1]] if shared else ""


def proposals(prepared: Prepared) -> Iterator[tuple[int, str, list[Candidate]]]:
    """(start, text, candidates) of each chunk, as a run would have them."""
    kinds = CleanOptions().kinds
    for piece in chunk(prepared):
        yield piece.start, piece.text, list(find_candidates(piece.text, kinds, prepared.language, piece.candidates))


def decisions(prepared: Prepared, verbatim: Verbatim, *, asides: bool = True) -> list[EditDecision]:
    """What `verbatim` decides in the whole text, with offsets in it; without `asides`, what else is done in a sentence
    that is put together stands on its own."""
    found: list[EditDecision] = []
    for start, text, candidates in proposals(prepared):
        wanted = [c for c in candidates if asides or c.kind != ASIDE]
        edits = verbatim.clean(text, wanted, lambda: False).edits
        found += [replace(edit, start=edit.start + start, end=edit.end + start) for edit in edits]
    return found


def edited(prepared: Prepared, edits: Sequence[EditDecision], aside: frozenset[str] = frozenset()) -> Prepared:
    """The prepared text with the applied edits made, but for kinds that are set aside."""
    wanted = [Edit(e.start, e.end, e.replacement) for e in edits if e.applied and e.kind not in aside]
    traced = prepared.traced.apply(wanted)
    return replace(prepared, text=traced.text, traced=traced)


def figures(paper: Paper, output: Prepared) -> Figures:
    """All measurements of one output."""
    found, wanted = words(folded(output.text)), words(folded(paper.reference))
    text = paper.document.text
    share = overlap(found, wanted)
    broken = hyphens(text, paper.reference, output)
    _, heads = head_lines(text, paper.reference, output)
    lost, invented = numbers(text, output.text, paper.reference)
    return Figures(
        share.f1,
        share.precision,
        share.recall,
        *gram_precision(text, output.text, paper.reference),
        len(broken.open),
        len(broken.wrong),
        len(heads),
        *deletions(paper, output),
        lost,
        invented,
    )


def gram_precision(source: str, output: str, reference: str) -> tuple[float, int]:
    """The share that the source has, and how many neither it nor the reference has."""
    closed = re.sub(r"[-\u00ad‐] ?\n\s*", "", source)
    hyphenated = re.sub(r"([-\u00ad‐]) ?\n\s*", "-", source)
    known = {gram for form in (source, closed, hyphenated) for gram in grams(form)}
    found = list(grams(output))
    new = [gram for gram in found if gram not in known]
    wanted = set(grams(reference)) if new else set()
    share = 1 - len(new) / len(found) if found else 1.0
    return share, sum(gram not in wanted for gram in new)


def grams(text: str) -> Iterator[tuple[str, ...]]:
    listed = words(folded(text))
    return zip(*(listed[n:] for n in range(GRAM)), strict=False)


def deletions(paper: Paper, output: Prepared) -> tuple[int, int, int]:
    """Words of the source that were deleted, those deleted rightly, and those that the reference deletes.

    A word that the alignment finds in the reference is kept there; it is deleted there when nothing of the reference
    stands in its place. What the reference has in another form or order is counted in neither.
    """
    tokens, fate = reference_fates(paper.document.text, paper.reference)
    origins = output.traced.origins
    gone = [bisect_left(origins, start) == bisect_left(origins, end) for start, end in tokens]
    both = sum(f == "deleted" for g, f in zip(gone, fate, strict=True) if g)
    removed = sum(g and f != "other" for g, f in zip(gone, fate, strict=True))
    return removed, both, fate.count("deleted")


def reference_fates(text: str, reference: str) -> tuple[list[tuple[int, int]], list[str]]:
    """The source's words as spans, and for each `kept`, `deleted` or `other`; a broken word counts as one."""
    wanted = words(folded(reference))
    known = set(wanted)
    spans: list[tuple[int, int]] = []
    forms: list[str] = []
    for match in re.finditer(r"\S+?[-\u00ad‐] ?\n\s*[^\W\d_]\S*|\S+", text):
        plain = words(folded(match.group()))
        if len(plain) > 1:
            halves = BROKEN.split(match.group())
            closed = words(folded("".join(halves)))
            hyphenated = (
                words(folded("-".join([halves[0] + halves[1], "".join(halves[2:])]))) if len(halves) > 2 else []
            )
            plain = next((form for form in (hyphenated, closed) if form and form[0] in known), closed)
        if plain:
            spans.append(match.span())
            forms.append(plain[0])
    shared = pairs(forms, wanted)
    fate = ["other"] * len(forms)
    bounds = [(-1, -1), *shared, (len(forms), len(wanted))]
    for (here, there), (next_here, next_there) in pairwise(bounds):
        if here >= 0:
            fate[here] = "kept"
        if next_there == there + 1:
            fate[here + 1 : next_here] = ["deleted"] * (next_here - here - 1)
    return spans, fate


def numbers(source: str, output: str, reference: str) -> tuple[int, int]:
    """How many numbers of source and reference the output lacks, and how many it has that the source has not."""
    there, here, wanted = (Counter(NUMBER.findall(folded(text))) for text in (source, output, reference))
    return (((there & wanted) - here).total(), (here - there).total())


def raw(document: Document) -> Prepared:
    """The extracted text as it is."""
    return Prepared(document.text, Traced.of(document.text), document.page_starts, {}, (), "en")


def report(rows: Sequence[tuple[str, str, Figures]]) -> Iterator[str]:
    """A Markdown table: each document in each mode, then all documents; means have their interval."""
    yield (
        "| document | text | F1 | precision | recall | 5-grams | of neither | open | wrong | heads "
        "| deleted | rightly | the reference deletes | lost | invented |"
    )
    yield "|---" * 15 + "|"
    for name, mode, figure in rows:
        cells = [f"{v:.4f}" if isinstance(v, float) else str(v) for v in asdict(figure).values()]
        yield " | ".join([f"| {name}", mode, *cells]) + " |"
    for mode in dict.fromkeys(mode for _, mode, _ in rows):
        mine = [figure for _, other, figure in rows if other == mode]
        cells = [whole([getattr(figure, field.name) for figure in mine]) for field in fields(Figures)]
        yield " | ".join(["| all", mode, *cells]) + " |"


def whole(values: Sequence[float]) -> str:
    """Counts add up; shares have a mean and its 95 % interval over documents."""
    if all(isinstance(value, int) for value in values):
        return str(sum(values))
    low, high = interval(values)
    return f"{mean(values):.4f} ({low:.4f} to {high:.4f})"


def measured(paper: Paper, verbatim: Verbatim | None) -> Iterator[tuple[str, str, Figures]]:
    """The rows of one document."""
    yield paper.name, "raw", figures(paper, raw(paper.document))
    yield paper.name, "rules", figures(paper, paper.prepared)
    if verbatim is not None:
        edits = decisions(paper.prepared, verbatim, asides=False)
        yield paper.name, "verbatim, scored kinds", figures(paper, edited(paper.prepared, edits, SET_ASIDE))
        edits = decisions(paper.prepared, verbatim)
        yield paper.name, "verbatim, all kinds", figures(paper, edited(paper.prepared, edits))


def model_named(name: str | None) -> Model:
    """A model file on this machine; the embedded one, fetched if need be, without a name."""
    path = models.find(name) if name else models.pull()
    if path is None:
        raise SystemExit(f"There is no model {name!r} on this machine.")
    return identify(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/ and geotopo/")
    parser.add_argument("--mode", choices=["rules", "verbatim"], default="rules", help="verbatim has rules beside it")
    parser.add_argument("--model", help="name or path of a model for verbatim; the embedded one without")
    parser.add_argument("--chars", type=int, help="only the first characters of each document")
    parser.add_argument("--no-book", action="store_true")
    arguments = parser.parse_args()
    engine = Asked(model_named(arguments.model)) if arguments.mode == "verbatim" else None
    verbatim = Verbatim(engine, load_judge(), CleanOptions().threshold) if engine else None  # type: ignore[arg-type]
    rows: list[tuple[str, str, Figures]] = []
    for paper in papers(arguments.data, arguments.chars, not arguments.no_book):
        rows += measured(paper, verbatim)
    if engine is not None:
        engine.close()
    print("\n".join(report(rows)))


if __name__ == "__main__":
    main()
