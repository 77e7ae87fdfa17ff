"""How near the deterministic repairs come to text that was cleaned by hand: `python -m bench.rules ../shared/data`.

Each figure is measured against the same reference for the raw text and for the repaired one. What became of a hyphen
or of a running head is looked up through the traced origins, so that nothing is guessed from the output's words.
"""

import argparse
import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from galley.core.document import Document, Page
from galley.core.extract import ExtractOptions, extract
from galley.core.prepare import Prepared, PrepareOptions, prepare
from galley.core.prepare.furniture import running_heads

from .alignment import Overlap, character_similarity, overlap, pairs

BROKEN = re.compile(r"([^\W\d_]+)[-\u00ad‐] ?\n\s*([^\W\d_]+)")
EDGES = re.compile(r"^\W+|\W+$")
SPACING_ACCENT = re.compile("[´¨ˆ˜¯˙]")
RECURS = 3
SHORT_LINE = 90
SMALL_GROUP = 12


@dataclass(frozen=True, slots=True)
class Hyphens:
    """What became of the line-break hyphens whose right form the reference shows."""

    total: int
    open: tuple[str, ...]
    """Still "un- locked", or a hyphen that should have gone."""
    wrong: tuple[str, ...]
    """Closed where the reference keeps the hyphen."""


@dataclass(frozen=True, slots=True)
class Result:
    """One document's figures."""

    name: str
    raw: Overlap
    rules: Overlap
    kept: float
    """Share of the reference's words, of those the raw text had, that the repaired text still has, wherever."""
    in_order: float
    """The same of those that the raw text had in the reference's order and the repaired text still has so."""
    foreign: float
    """Words per 10,000 that neither the source nor the source with its line breaks closed has."""
    hyphens: Hyphens
    heads: tuple[str, ...]
    """Running heads and page numbers of the raw text."""
    heads_left: tuple[str, ...]
    left_alone: tuple[str, ...]
    """Those left where each page is a document of its own."""


def words(text: str) -> list[str]:
    """Words by white space, without case and without the punctuation around them."""
    bare_words = (EDGES.sub("", word) for word in text.lower().split())
    return [word for word in bare_words if word]


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def as_document(text: str, path: Path) -> Document:
    """A document as extraction makes it of a text file: form feeds part pages."""
    pages = tuple(Page(number, page, "text") for number, page in enumerate(text.split("\f"), 1))
    return Document(path=path, sha256="0" * 64, kind="text", page_count=len(pages), pages=pages)


def measure(path: Path, reference: str) -> tuple[Result, Prepared]:
    text = path.read_text(encoding="utf-8")
    prepared = prepare(as_document(text, path), PrepareOptions())
    before, after, wanted = words(folded(text)), words(folded(prepared.text)), words(folded(reference))
    heads, left = head_lines(text, reference, prepared)
    result = Result(
        path.name,
        overlap(before, wanted),
        overlap(after, wanted),
        *kept(text, after, wanted),
        foreign(text, after),
        hyphens(text, reference, prepared),
        heads,
        left,
        left_on_single_pages(text, reference, left),
    )
    return result, prepared


def kept(text: str, after: list[str], wanted: list[str]) -> tuple[float, float]:
    """(wherever, in order), against the raw text with every line break closed as the reference has it."""
    known = set(wanted)
    closed = words(folded(BROKEN.sub(lambda m: m[1] + ("-" if f"{m[1]}-{m[2]}" in known else "") + m[2], text)))
    had = Counter(closed) & Counter(wanted)
    source = {there for _, there in pairs(closed, wanted)}
    now = {there for _, there in pairs(after, wanted)}
    return 1 - (had - Counter(after)).total() / had.total(), len(source & now) / len(source)


def foreign(text: str, after: list[str]) -> float:
    """Words (letters and digits only) of the output that the source can't yield, per 10,000."""
    closed = re.sub(r"[-\u00ad‐] ?\n\s*", "", text)
    hyphenated = re.sub(r"([-\u00ad‐]) ?\n\s*", "-", text)
    forms = (text, closed, hyphenated, SPACING_ACCENT.sub("", hyphenated), SPACING_ACCENT.sub("", closed))
    known = {bare(w) for form in forms for w in words(folded(form))}
    return 10_000 * sum(bare(w) not in known for w in after) / max(1, len(after))


def bare(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if c.isalnum())


def hyphens(text: str, reference: str, prepared: Prepared) -> Hyphens:
    """Each broken word whose closed or hyphenated form the reference has, and only one of both (or more of one)."""
    joined = " ".join(folded(reference).split())
    total = 0
    still: list[str] = []
    wrong: list[str] = []
    for match in BROKEN.finditer(text):
        left, right = folded(match[1]), folded(match[2])
        closing = seen(joined, text, match, left + right)
        keeping = seen(joined, text, match, f"{left}-{right}")
        if closing == keeping:
            continue
        now = output_between(prepared, match.start(), match.end())
        if now is None:
            continue
        total += 1
        if closing and now != left + right:
            still.append(f"{now!r} for {left + right}")
        if keeping and now == left + right:
            wrong.append(f"{now} for {left}-{right}")
    return Hyphens(total, tuple(still), tuple(wrong))


def seen(joined: str, text: str, match: re.Match[str], form: str) -> bool:
    """Whether the reference has the form where its neighbours in the line also stand."""
    before = re.findall(r"\S+", folded(text[max(0, match.start() - 60) : match.start()]))
    after = re.findall(r"\S+", folded(text[match.end() : match.end() + 60]))
    for place in re.finditer(re.escape(form), joined):
        near = joined[max(0, place.start() - 60) : place.end() + 60]
        if sum(w in near for w in before[-3:]) + sum(w in near for w in after[:3]) >= 3:
            return True
    return False


def output_between(prepared: Prepared, start: int, end: int) -> str | None:
    """The prepared text that came of text[start:end]; None if it was removed."""
    origins = prepared.traced.origins
    low, high = bisect_left(origins, start), bisect_left(origins, end)
    return folded(prepared.text[low:high]) if high > low else None


def head_lines(text: str, reference: str, prepared: Prepared) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Running heads and page numbers of the raw text, and those still in the output."""
    heads = heads_of(text, reference)
    left = [
        line.group().strip() for line in heads if (output_between(prepared, line.start(), line.end()) or "").strip()
    ]
    # One line of several equal ones may be the heading itself, if the reference has it too.
    original = {text for text, count in Counter(left).items() if count == 1 and folded(text) in folded(reference)}
    return tuple(line.group() for line in heads), tuple(text for text in left if text not in original)


def heads_of(text: str, reference: str) -> list[re.Match[str]]:
    """Lines that are running heads or page numbers.

    A line is one when it stands near a page's edge, the reference has not a word of it there, and it either recurs
    (digits aside) at edges or is a lone number on the very edge.
    """
    lines = [line for line in re.finditer(r"[^\n\f]+", text) if line.group().strip()]
    keys = Counter(key(line.group()) for line in lines)
    at_edge = Counter(key(line.group()) for line in lines if from_edge(text, line.start(), line.end()) <= 1)
    unused = unaligned(text, reference, lines)
    heads: list[re.Match[str]] = []
    for line in lines:
        if line.start() not in unused or len(line.group()) > SHORT_LINE:
            continue
        distance = from_edge(text, line.start(), line.end())
        shape = key(line.group())
        recurs = at_edge[shape] >= max(RECURS, 0.6 * keys[shape]) and re.search(r"[^\W\d_]{3}", shape)
        number = re.fullmatch(r"\W*(?:\d{1,4}|[ivxl]{1,6})\W*", line.group().strip())
        if (recurs and distance <= 1) or (number and distance == 0):
            heads.append(line)
    return heads


def left_on_single_pages(text: str, reference: str, left_in_whole: Collection[str]) -> tuple[str, ...]:
    """Heads and page numbers that stay where each page is a document of its own. What stays in the whole document and
    is not counted there is a heading that later heads repeat; where a page has both, one is the heading."""
    heads = {line.start for line in running_heads(text)[0]}
    lines = heads_of(text, reference)
    wanted = [line for line in lines if line.start() in heads or line.group().strip() in left_in_whole]
    left: list[str] = []
    at = 0
    for match in re.finditer(r"\n\n\s*|\f\s*|\Z", text):
        found = running_heads(text[at : match.end()])[0]
        gone, texts = {at + line.start for line in found}, {line.text.strip() for line in found}
        stay = (line for line in wanted if at <= line.start() < match.end() and line.start() not in gone)
        left += [head for line in stay if (head := line.group().strip()) not in texts]
        at = match.end()
    return tuple(left)


def key(line: str) -> str:
    return " ".join(re.sub(r"\d+", "#", line).casefold().split())


def from_edge(text: str, start: int, end: int) -> int:
    """How many lines part this line from a page's begin or end. In plain text an empty line is where a page ends; a
    line with a blank is not, which figures have."""
    before = "\n\n" + text[max(0, start - 1500) : start]
    after = text[end : end + 1500] + "\n\n"
    above = re.split(r"\n\n\s*|\f\s*", before)[-1]
    below = re.split(r"\n\n|\n?\f", after)[0]
    if above.count("\n") + below.count("\n") < SMALL_GROUP:  # an empty line inside a page
        return SMALL_GROUP
    return min(above.count("\n"), below.count("\n"))


def unaligned(text: str, reference: str, lines: list[re.Match[str]]) -> set[int]:
    """Starts of the lines that share no word with the reference in the alignment."""
    tokens = [(word.group(), line.start()) for line in lines for word in re.finditer(r"\S+", line.group())]
    used = {tokens[here][1] for here, _ in pairs([folded(t) for t, _ in tokens], words(folded(reference)))}
    return {line.start() for line in lines} - used


def book(folder: Path) -> Iterator[str]:
    """The German book from its PDF. Its reference keeps the running heads, so there is a row with them, too."""
    document = extract(folder / "GeoTopo-komprimiert.pdf", ExtractOptions(extractor="pdfium"))
    reference = (folder / "GeoTopo-komprimiert.reference.txt").read_text(encoding="utf-8")
    wanted = words(folded(reference))
    with_heads = prepare(document, PrepareOptions(running_heads=False))
    rows = (("raw pdfium", document), ("rules", prepare(document)), ("rules, heads kept", with_heads))
    for name, text in ((name, source.text) for name, source in rows):
        share = overlap(words(folded(text)), wanted)
        similarity = character_similarity(" ".join(folded(text).split()), " ".join(folded(reference).split()))
        yield (f"| {name} | {share.f1:.4f} | {share.precision:.4f} | {share.recall:.4f} | {similarity:.4f} |")


def report(results: list[Result], details: bool) -> Iterator[str]:
    yield (
        "| input | raw F1 | F1 | precision | recall | kept | in order "
        "| not in source /10k | open | wrong | of | heads left | on single pages |"
    )
    yield "|---" * 13 + "|"
    for r in results:
        yield (
            f"| {r.name} | {r.raw.f1:.4f} | {r.rules.f1:.4f} | {r.rules.precision:.4f} | {r.rules.recall:.4f} "
            f"| {r.kept:.4f} | {r.in_order:.4f} | {r.foreign:.1f} "
            f"| {len(r.hyphens.open)} | {len(r.hyphens.wrong)} | {r.hyphens.total} "
            f"| {len(r.heads_left)} of {len(r.heads)} | {len(r.left_alone)} |"
        )
    yield (
        f"| mean, sums | {mean(r.raw.f1 for r in results):.4f} | {mean(r.rules.f1 for r in results):.4f} "
        f"| {mean(r.rules.precision for r in results):.4f} | {mean(r.rules.recall for r in results):.4f} "
        f"| {mean(r.kept for r in results):.4f}, worst {min(r.kept for r in results):.4f} "
        f"| {mean(r.in_order for r in results):.4f}, worst {min(r.in_order for r in results):.4f} "
        f"| {mean(r.foreign for r in results):.1f} | {sum(len(r.hyphens.open) for r in results)} "
        f"| {sum(len(r.hyphens.wrong) for r in results)} | {sum(r.hyphens.total for r in results)} "
        f"| {sum(len(r.heads_left) for r in results)} of {sum(len(r.heads) for r in results)} "
        f"| {sum(len(r.left_alone) for r in results)} |"
    )
    if details:
        for r in results:
            yield f"\n{r.name}\n  open: {r.hyphens.open}\n  wrong: {r.hyphens.wrong}\n  heads: {r.heads_left}"
            yield f"  on single pages: {r.left_alone}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/ and geotopo/")
    parser.add_argument("--details", action="store_true", help="name each hyphen and head")
    parser.add_argument("--extractor", action="append", choices=["pymupdf", "pdfminer"], default=[])
    parser.add_argument("--no-book", action="store_true")
    parser.add_argument("--write", type=Path, help="write each prepared text to this folder")
    arguments = parser.parse_args()
    for extractor in arguments.extractor or ["pymupdf", "pdfminer"]:
        results: list[Result] = []
        for path in sorted((arguments.data / "arxiv").glob(f"*.{extractor}.txt")):
            reference = path.with_name(path.name.replace(extractor, "reference"))
            result, prepared = measure(path, reference.read_text(encoding="utf-8"))
            results.append(result)
            if arguments.write:
                arguments.write.mkdir(parents=True, exist_ok=True)
                (arguments.write / path.name).write_text(prepared.text, encoding="utf-8")
        print(f"\n## {extractor}\n")
        print("\n".join(report(results, arguments.details)))
    if not arguments.no_book:
        print("\n## German book\n\n| text | F1 | precision | recall | character similarity |\n|---|---|---|---|---|")
        print("\n".join(book(arguments.data / "geotopo")))


if __name__ == "__main__":
    main()
