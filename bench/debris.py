"""What `rules` leaves too much, and what `verbatim` takes out of it: `python -m bench debris DATA [FILE…]`.

The first table has the words of the output that the reference has not in their place, by what they are. The second has
what goes as debris: words, and rows of dots and pieces of brackets, which are none; and how many of these words the
reference keeps. Of other files, PDFs or plain text, it has the counts alone. No model is asked: what goes is decided
by the rules.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from galley.core.clean.candidates import IMPRINT
from galley.core.extract import ExtractOptions, extract
from galley.core.prepare import Prepared, prepare
from galley.core.prepare.furniture import INLINE_STAMP

from .alignment import pairs
from .calibrate import NUMBER, spans
from .quality import Paper, papers, proposals
from .rules import folded

MARK = re.compile(r"\[[A-Z]{4,10}\]")
"""What the references have where a figure stood."""
MOVED = 8
"""So many words in a row that the reference has elsewhere were only moved."""
KINDS = (
    "stamp of arXiv",
    "inside of a figure",
    "in another place",
    "same signs, other blanks",
    "other spelling",
    "formulas, and the rest",
)


def too_much(paper: Paper) -> Counter[str]:
    """Words that the output has and the reference has not in their place, by kind."""
    text, reference = paper.prepared.text, paper.reference
    here, there = spans(text), spans(reference)
    shared = pairs([folded(form) for form, _, _ in here], [folded(form) for form, _, _ in there])
    known = " ".join(form for form, _, _ in there)
    found: Counter[str] = Counter()
    for (first, before), (last, after) in pairwise([(-1, -1), *shared, (len(here), len(there))]):
        if last - first < 2:
            continue
        start = there[before][2] if before >= 0 else 0
        gap = reference[start : there[after][1] if after < len(there) else len(reference)]
        words = [form for form, _, _ in here[first + 1 : last]]
        found[kind_of(words, text[here[first + 1][1] : here[last - 1][2]], gap, known)] += len(words)
    return found


def kind_of(words: Sequence[str], text: str, gap: str, known: str) -> str:
    """What kind of difference it is; `gap` is what the reference has in its place, `known` all of its words."""
    stamp, figure, moved, blanks, spelling, rest = KINDS
    if INLINE_STAMP.match(text):
        return stamp
    if MARK.search(gap):
        return figure
    if len(words) >= MOVED and " ".join(words[:MOVED]) in known:
        return moved
    if bare(text) == bare(gap):
        return blanks
    return spelling if len(words) <= 2 and bare(gap)[:2] == bare(text)[:2] and len(gap.split()) <= 2 else rest


def bare(text: str) -> str:
    return "".join(filter(str.isalnum, folded(text).lower()))


def figures_kept(paper: Paper) -> int:
    """Words inside figures, as far as the repairs find these, that the reference keeps."""
    here = spans(paper.prepared.text)
    there = [folded(form) for form, _, _ in spans(paper.reference)]
    kept = {place for place, _ in pairs([folded(form) for form, _, _ in here], there)}
    inside = [c for c in paper.prepared.candidates if c.kind == "debris"]
    inside = [c for c in inside if not NUMBER.fullmatch(paper.prepared.text[c.start : c.end].strip())]
    return sum(
        place in kept and any(c.start <= start and end <= c.end for c in inside)
        for place, (_, start, end) in enumerate(here)
    )


def taken(prepared: Prepared) -> Iterator[str]:
    """What `verbatim` takes out as debris."""
    for _, text, candidates in proposals(prepared):
        yield from (text[c.start : c.end] for c in candidates if c.kind == "debris" and c.prior >= IMPRINT)


def counted(name: str, prepared: Prepared, reference: str | None) -> str:
    pieces = list(taken(prepared))
    words = [form for piece in pieces for form, _, _ in spans(piece)]
    without = sum(not spans(piece) for piece in pieces)
    kept = ""
    if reference is not None:
        there = Counter(folded(form) for form, _, _ in spans(reference))
        kept = str((Counter(map(folded, words)) & there).total())
    return f"| {name} | {len(pieces) - without} | {len(words)} | {kept} | {without} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/ and geotopo/")
    parser.add_argument("files", type=Path, nargs="*", help="PDFs or text files of which the second table tells, too")
    parser.add_argument("--show", action="store_true", help="show what goes")
    arguments = parser.parse_args()
    rows = list(papers(arguments.data))
    found = [too_much(paper) for paper in rows]
    print("| words too many | " + " | ".join(paper.name for paper in rows) + " | all |")
    print("|---" * (len(rows) + 2) + "|")
    for kind in KINDS:
        cells = [counts[kind] for counts in found]
        print(f"| {kind} | " + " | ".join(map(str, cells)) + f" | {sum(cells)} |")
    kept = [figures_kept(paper) for paper in rows]
    print("| *inside of figures, kept by the reference* | " + " | ".join(map(str, kept)) + f" | {sum(kept)} |")
    print(
        "\n| document | imprints | words of them | which the reference has | dots and pieces |\n|---|---|---|---|---|"
    )
    texts = [(paper.name, paper.prepared, paper.reference) for paper in rows]
    texts += [(path.name, prepare(extract(path, ExtractOptions(extractor="auto"))), None) for path in arguments.files]
    for name, prepared, reference in texts:
        print(counted(name, prepared, reference), flush=True)
        for piece in taken(prepared) if arguments.show else ():
            print("   ", repr(piece))


if __name__ == "__main__":
    main()
