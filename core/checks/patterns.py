"""What a page carries besides its text: citations, addresses, stamps, broken words, remains of formulas.

All patterns are bounded or leave out the character they begin with, so that any input is read in linear time.
"""

import re
from collections.abc import Iterator

from ..imprint import imprints

YEAR = r"(?:1[5-9]|20)\d\d[a-z]?\b"
ROUND = re.compile(r"\([^()]{4,500}\)")
SQUARE = re.compile(r"\[[^\[\]]{1,500}\]")
NAMED_YEAR = re.compile(rf"et\s+al\b|[^\W\d_]\.?,\s{{0,3}}{YEAR}|(?:\band|&)\s{{1,3}}[^\W\d_]+,?\s{{1,3}}{YEAR}")
HAS_YEAR = re.compile(rf"\b{YEAR}")
COMMA_YEAR = re.compile(rf"[^\W\d_]\.?,\s{{0,3}}{YEAR}")
SMALL = re.compile(r"(?<!\w)[^\W\d_A-Z]{3,}(?!\w)")
CITING = frozenset(
    ("and", "see", "also", "the", "von", "van", "der", "den", "des", "del", "und", "siehe", "voir", "therein")
)
LABELS = re.compile(
    r"\[\s*(?:\d{1,3}|[A-Z][A-Za-z+]{0,12}\d{2}[a-z]?)(?:\s*[,;–-]\s*(?:\d{1,3}|[A-Z][A-Za-z+]{0,12}\d{2}[a-z]?)){0,30}\s*\]"
)
BARE = re.compile(rf"\bet\s{{1,3}}al\.?,\s{{0,3}}{YEAR}")
EMAIL = re.compile(r"(?:\{[^{}]{1,200}\}\s?|(?<![\w.+-])[\w.+-]{1,64})@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
URL = re.compile(r"(?:https?://|www\.)\S{1,500}")
STAMP = re.compile(
    r"arXiv:\d{4}\.\d{4,5}v\d{1,2}\s{1,4}\[[\w.-]{2,20}\](?:\s{1,4}\d{1,2}\s[A-Z][a-z]{2}\s(?:19|20)\d\d)?"
)


def citations(text: str) -> Iterator[tuple[int, int]]:
    """Spans of citations in brackets: `(Moxon, 1683)`, `[Moxon et al., 1683]`, `[4, 7]`, `[Mox83]`."""
    for match in ROUND.finditer(text):
        if is_citation(match.group()):
            yield match.span()
    for match in SQUARE.finditer(text):
        if LABELS.fullmatch(match.group()) or is_citation(match.group()):
            yield match.span()


def is_citation(bracket: str) -> bool:
    """Names and years, with hardly a word of running text."""
    if not HAS_YEAR.search(bracket) or not NAMED_YEAR.search(bracket):
        return False
    return sum(word not in CITING for word in SMALL.findall(bracket)) <= 1 + len(bracket) // 60


def debris_spans(text: str) -> list[tuple[int, int]]:
    """Spans of citations, e-mail addresses, URLs, arXiv stamps and imprints, sorted and without overlap."""
    found = [*citations(text), *(match.span() for shape in (EMAIL, URL, STAMP) for match in shape.finditer(text))]
    found += imprints(text)
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans
