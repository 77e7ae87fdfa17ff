"""Faithful cleanings to check the checks with: raw extractions beside the passages of a text cleaned by hand.

Raw text and reference are tied at sentence ends around which both have the same eight words, once. What lies between
two such places, about a thousand characters apart, is a pair. A passage that the reference has elsewhere (a figure, a
footnote) makes a pair of unequal lengths; these are left out and counted.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from galley.core.checks.patterns import citations
from galley.core.checks.words import Reading, grams

SIZE = 1000
HALF = 4
IMAGE = re.compile(r"\[(?:IMAGE|TABLE|FIGURE)\]")


@dataclass(frozen=True, slots=True)
class Control:
    """A source and a faithful cleaning of it."""

    kind: str
    name: str
    source: str
    cleaned: str


def controls(data: Path) -> tuple[list[Control], int]:
    """All controls of the `arxiv` folder, and how many passages were left out for their lengths."""
    found: list[Control] = []
    left_out = 0
    for path in sorted((data / "arxiv").glob("*.reference.txt")):
        reference = IMAGE.sub("", path.read_text(encoding="utf-8"))
        paper = path.name.removesuffix(".reference.txt")
        for extractor in ("pymupdf", "pdfminer"):
            raw = (data / "arxiv" / f"{paper}.{extractor}.txt").read_text(encoding="utf-8")
            for number, (source, cleaned) in enumerate(aligned(raw, reference)):
                if not 0.8 <= len(" ".join(cleaned.split())) / len(" ".join(source.split())) <= 1.05:
                    left_out += 1
                    continue
                name = f"{paper}.{extractor} {number}"
                found.append(Control("kept", name, source, cleaned))
                found.append(Control("removed", name, source, uncited(cleaned)))
                found.append(Control("joined", name, " ".join(source.split()), " ".join(cleaned.split())))
        found += [Control("same", f"{paper} {number}", text, text) for number, text in enumerate(pieces(reference))]
    return found, left_out


def aligned(raw: str, reference: str) -> Iterator[tuple[str, str]]:
    """Passages of about `SIZE` characters that begin and end at the same sentence ends."""
    left, right = Reading(raw), Reading(reference)
    there = once(right)
    before = (0, 0)
    for gram, at in once(left).items():
        if gram not in there:
            continue
        here = (left.words[at + HALF].start, right.words[there[gram] + HALF].start)
        stop = raw[left.words[at + HALF - 1].end : here[0]].strip()
        if stop[:1] not in (".", "?", "!") or not raw[here[0]].isupper() or here[0] - before[0] < SIZE * 0.8:
            continue
        if here[1] > before[1] and here[0] - before[0] < SIZE * 2 and before[0]:
            yield raw[before[0] : here[0]].strip(), reference[before[1] : here[1]].strip()
        before = here


def once(reading: Reading) -> dict[tuple[str, ...], int]:
    """The runs of eight words that stand in a text once, and where."""
    counts = Counter(grams(reading.forms, 2 * HALF))
    return {gram: at for at, gram in enumerate(grams(reading.forms, 2 * HALF)) if counts[gram] == 1}


def uncited(text: str) -> str:
    """The text without its citations in brackets, and without the blanks before them."""
    for start, end in sorted(citations(text), reverse=True):
        text = text[:start].rstrip() + text[end:]
    return text


def pieces(text: str) -> Iterator[str]:
    """Paragraphs put together to about `SIZE` characters."""
    piece = ""
    for paragraph in re.split(r"\n\s*\n", text):
        piece = f"{piece}\n\n{paragraph}" if piece else paragraph
        if len(piece) >= SIZE * 0.8:
            yield piece.strip()
            piece = ""
