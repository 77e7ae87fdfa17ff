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

from pypdfium2 import PdfDocument

from galley.core.checks.patterns import citations
from galley.core.checks.words import Reading, grams

SIZE = 1000
HALF = 4
MARKER = re.compile(r"\[(?:IMAGE|TABLE|FIGURE|DIAGRAM)\]")
"""What the references write for what is no text."""
CUT = 500
"""Characters of a text that simply stops, as in the notebook's log."""


@dataclass(frozen=True, slots=True)
class Control:
    """A source and a faithful cleaning of it."""

    kind: str
    name: str
    source: str
    cleaned: str


def controls(data: Path) -> tuple[list[Control], int]:
    """All controls of the folders `arxiv` and `geotopo`, and how many passages were left out for their lengths."""
    found: list[Control] = []
    left_out = 0
    for path in sorted((data / "arxiv").glob("*.reference.txt")):
        reference = MARKER.sub("", path.read_text(encoding="utf-8"))
        paper = path.name.removesuffix(".reference.txt")
        for extractor in ("pymupdf", "pdfminer"):
            raw = (data / "arxiv" / f"{paper}.{extractor}.txt").read_text(encoding="utf-8")
            pairs, unequal = of_like_length(raw, reference)
            left_out += unequal
            for number, (source, cleaned) in enumerate(pairs):
                found += variants(f"{paper}.{extractor} {number}", source, cleaned)
        found += [Control("same", f"{paper} {number}", text, text) for number, text in enumerate(pieces(reference))]
    book, unequal = german(data / "geotopo")
    return found + book, left_out + unequal


def variants(name: str, source: str, cleaned: str) -> Iterator[Control]:
    """The passage as it is, without citations, in one line, and stopping after `CUT` characters."""
    line = " ".join(cleaned.split())
    yield Control("kept", name, source, cleaned)
    yield Control("removed", name, source, uncited(cleaned))
    yield Control("joined", name, " ".join(source.split()), line)
    yield Control("cut", name, source, line[:CUT])


def german(folder: Path) -> tuple[list[Control], int]:
    """The passages of the German book as pdfium reads it; it is full of formulas."""
    document = PdfDocument(folder / "GeoTopo-komprimiert.pdf")
    raw = "\n".join(page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document)
    reference = MARKER.sub("", (folder / "GeoTopo-komprimiert.reference.txt").read_text(encoding="utf-8"))
    pairs, unequal = of_like_length(raw, reference)
    return [Control("german", f"geotopo {number}", *pair) for number, pair in enumerate(pairs)], unequal


def of_like_length(raw: str, reference: str) -> tuple[list[tuple[str, str]], int]:
    """The aligned passages (raw, reference), and the count of those left out."""
    pairs = list(aligned(raw, reference))
    alike = [pair for pair in pairs if 0.8 <= bare_length(pair[1]) / bare_length(pair[0]) <= 1.05]
    return alike, len(pairs) - len(alike)


def bare_length(text: str) -> int:
    return len(" ".join(text.split()))


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
