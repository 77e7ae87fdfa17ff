"""Captions and footnotes put into sentences on purpose, so that what is right is known: `python -m bench.asides DATA`.

The asides are those of all the papers, the places line ends of running text, both chosen by a seed. A caption stands in
the middle of a page or at its end, a footnote at its end, with its mark on the line above. The damaged text is
prepared, cut and decided as in a run, by the rules, since no model is asked. Beside it stands what is moved in the
undamaged texts.
"""

import argparse
import random
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from pathlib import Path

from galley.core.clean.asides import carry
from galley.core.clean.verbatim import choose
from galley.core.document import Document
from galley.core.edits import Candidate, apply_candidates
from galley.core.extract import ExtractOptions, extract
from galley.core.prepare import Prepared, PrepareOptions, prepare
from galley.core.prepare.paragraphs import NUMBERED
from galley.core.prepare.tears import KIND, is_float, is_prose

from .quality import Paper, papers, proposals
from .rules import as_document, folded, words

SHORTEST_LINE = 30
APART = 20
"""Lines between two places at least."""
SHORTEST, LONGEST = 40, 600
CAPTION = re.compile(
    r"(?:Fig(?:ure|\.)|Tab(?:le|\.)|Abb(?:ildung|\.)|Tabelle|TABLE)\s*[A-Z]?[\d.]{1,6}(?::|\.:?\s+[A-ZÄÖÜ])"
)
FOOTNOTE = re.compile(r"\d{1,2}\s?[A-Z“][^\n]*[.!?]$")
AROUND = 3
"""Words on each side of a tear by which it is known."""
PAGE_END = "\n\n"
"""As plain text has it."""


@dataclass(frozen=True, slots=True)
class Torn:
    """A sentence that was torn: the words on both sides of the tear."""

    before: tuple[str, ...]
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the tears of one text."""

    torn: int
    whole: int
    """Tears that the repairs alone mend."""
    proposed: int
    """Moves that are proposed."""
    made: int
    """Moves that are made."""
    mended: int
    """Tears that are mended."""
    strange: int
    """Moves of neither a tear made nor one that the undamaged text has."""
    lost: int
    """Words that the output has more or less than the prepared text; moving must not change one."""
    by_option: int
    """Tears that `prepare.torn_sentences` mends."""


def asides_of(prepared: Prepared) -> list[str]:
    """The captions and footnotes of a text."""
    paragraphs = (" ".join(part.split()) for part in prepared.text.split("\n\n"))
    return [
        part
        for part in paragraphs
        if SHORTEST <= len(part) <= LONGEST
        and (CAPTION.match(part) or (FOOTNOTE.match(part) and not NUMBERED.match(part)))
        and part.endswith((".", "!", "?"))
    ]


def spots(text: str, prepared: Prepared) -> list[int]:
    """Offsets of the line ends inside sentences that the repairs join as they should."""
    running = [part for part in prepared.text.split("\n\n") if not is_float(part)]
    joined = " ".join(words(folded("\n".join(running))))
    found: list[int] = []
    lines = list(re.finditer(r"[^\n\f]+", text))
    for line, after in pairwise(lines):
        one, other = line.group().strip(), after.group().strip()
        inside = after.start() - line.end() == 1 and min(len(one), len(other)) >= SHORTEST_LINE
        if (
            not inside
            or re.search(r"[.!?:;-]$", one)
            or is_float(other)
            or not (is_prose(one.split()) and is_prose(other.split()))
        ):
            continue
        if " ".join([*words(folded(one))[-AROUND:], *words(folded(other))[:AROUND]]) in joined:
            found.append(line.end())
    return found


def damaged(text: str, prepared: Prepared, asides: list[str], each: int, seed: int) -> tuple[str, list[Torn]]:
    """The text with asides in sentences, each once, since what recurs is a running head; and the sentences."""
    chance = random.Random(seed)
    asides, places = list(dict.fromkeys(asides)), spots(text, prepared)
    chance.shuffle(asides)
    chance.shuffle(places)
    each = min(each, len(asides))
    taken: list[int] = []
    for place in places:
        near = (text.count("\n", *sorted((place, other))) < APART for other in taken)
        if len(taken) < each and not any(near):
            taken.append(place)
    torn: list[Torn] = []
    for number, place in enumerate(sorted(taken, reverse=True)):
        aside = asides[number]
        lines = "\n".join(textwrap.wrap(aside, 90))
        rest = re.split(r"(?<=[.!?])\s", text[place : place + 200], maxsplit=1)[0]
        before, behind = words(folded(text[:place][-200:])), words(folded(rest))
        torn.append(Torn(tuple(before[-AROUND:]), tuple(behind[:AROUND])))
        note = not CAPTION.match(aside)
        gap = PAGE_END if note or number % 2 else "\n"
        above = text[:place]
        if note:
            mark = above.rfind(" ", 0, above.rfind("\n"))
            above = f"{above[:mark]}{re.match(r'[0-9]+', aside)[0]}{above[mark:]}"  # type: ignore[index]
        text = f"{above}\n{lines}{gap}{text[place + 1 :]}"
    return text, torn


def strange(moved: Sequence[str], known: Sequence[str], torn: Sequence[Torn]) -> list[str]:
    """Moves that mend neither a tear that was made, with its own rest, nor one that was there before."""
    rests = {one.before[-AROUND:]: one.behind for one in torn}
    before = {tear.partition("‖")[0] for tear in known}
    odd: list[str] = []
    for move in moved:
        first, rest, _ = move.split("‖", 2)
        wanted = rests.get(tuple(words(folded(first)))[-AROUND:])
        mends = wanted is not None and tuple(words(folded(rest)))[: len(wanted)] == wanted
        if not mends and first not in before:
            odd.append(move)
    return odd


def decided(prepared: Prepared) -> tuple[str, list[str], int]:
    """The text with the moves of the rules made, what was moved, and how many moves were proposed."""
    parts: list[str] = []
    moved: list[str] = []
    proposed = 0
    for start, source, candidates in proposals(prepared):
        mine = [(c, c.prior) for c in candidates if c.kind == KIND]
        proposed += len(mine)
        made, _ = carry(source, choose(mine, 0.5), [])
        parts.append(apply_candidates(source, made.values()))
        moved += [shown(prepared.text[: start + move.start], move) for move in made]
    return "".join(parts), moved, proposed


def shown(before: str, move: Candidate) -> str:
    """The tear with what it is joined to."""
    rest, _, aside = move.replacement.partition("\n\n")
    return f"…{before[-70:]} ‖{rest[:70]}… ‖ {' '.join(aside.split())[:50]}…"


def mended(text: str, torn: Sequence[Torn]) -> int:
    joined = " ".join(words(folded(text)))
    return sum(" ".join([*one.before, *one.behind]) in joined for one in torn)


def outcome(paper: Paper, asides: list[str], known: Sequence[str], each: int, seed: int) -> tuple[Outcome, list[str]]:
    raw, torn = damaged(paper.document.text, paper.prepared, asides, each, seed)
    path = Path(paper.name)
    prepared = prepare(as_document(raw, path), PrepareOptions(language=paper.prepared.language))
    text, moved, proposed = decided(prepared)
    option = prepare(as_document(raw, path), PrepareOptions(language=paper.prepared.language, torn_sentences=True))
    lost = len(set(words(text)) ^ set(words(prepared.text))) + abs(len(words(text)) - len(words(prepared.text)))
    odd = strange(moved, known, torn)
    counts = (
        len(torn),
        mended(prepared.text, torn),
        proposed,
        len(moved),
        mended(text, torn),
        len(odd),
        lost,
        mended(option.text, torn),
    )
    return Outcome(*counts), odd


def documents(data: Path) -> Iterator[Paper]:
    """The papers and the book, and the survey from its PDF."""
    yield from papers(data)
    for pdf in sorted(data.glob("*.pdf")):
        document: Document = extract(pdf, ExtractOptions(extractor="pdfium"))
        yield Paper(pdf.stem, document, prepare(document), "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/, geotopo/ and PDFs")
    parser.add_argument("--each", type=int, default=20, help="tears in a document, at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--details", action="store_true", help="show what is moved")
    arguments = parser.parse_args()
    print(
        "| document | torn | whole by the repairs | proposed | moved | mended | other moves | words lost "
        "| by the option | undamaged: proposed | moved |"
    )
    print("|---" * 11 + "|")
    details: list[str] = []
    rows: list[list[int]] = []
    some = list(documents(arguments.data))
    for paper in some:
        asides = [
            aside
            for one in some
            if one.prepared.language == paper.prepared.language
            for aside in asides_of(one.prepared)
        ]
        _, alarms, offered = decided(paper.prepared)
        made, odd = outcome(paper, asides, alarms, arguments.each, arguments.seed)
        row = [*astuple(made), offered, len(alarms)]
        rows.append(row)
        print(f"| {paper.name} | {' | '.join(map(str, row))} |", flush=True)
        details += [f"\n{paper.name}, undamaged:", *alarms, f"{paper.name}, other moves:", *odd]
    print(f"| all | {' | '.join(str(sum(column)) for column in zip(*rows, strict=True))} |")
    if arguments.details:
        print("\n".join(details))


if __name__ == "__main__":
    main()
