"""What may be left out on request: reference list, footnotes, tables, addresses and citations. All off by default."""

import re
from collections.abc import Iterator

from ..signs import RAISED
from ..traced import Edit
from .lines import Line, lines_of, without

REFERENCES = re.compile(
    r"^\s*(?:\d{1,2}\.?\s+|[IVX]{1,5}\.\s+)?(?:references|bibliography|literatur(?:verzeichnis)?|"
    r"works cited|bibliographie)\s*$",
    re.I,
)
AFTER_REFERENCES = re.compile(r"^\s*(?:(?:\d{1,2}|[A-Z])\.?\s+)?(?:appendix|appendices|anhang|supplementary)\b", re.I)
FOOTNOTE = re.compile(rf"^\s*(?:\d{{1,2}}|[{RAISED}]{{1,2}}|[*†‡§¶])\s?[A-Z(\"“h]\S*\s+\S+")
CELL = re.compile(r"^[\s\d.,%±+−–—()/*-]+$")
URL = re.compile(r"[ \t]?\b(?:https?://|www\.)[^\s<>\"]{3,400}")
EMAIL = re.compile(r"[ \t]?(?:\{[^{}@\n]{1,200}\}|[\w.+-]{1,64})\s?@\s?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
CITATION = re.compile(
    r"[ \t]?(?:\((?=[^()\n]{0,400}\b(?:1[5-9]|20)\d\d[a-z]?\b)(?:see |e\.g\.,? |cf\. )?[A-ZÄÖÜ][^()\n]{2,400}\)"
    r"|\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\])"
)
FEW_WORDS = 4


def references(text: str) -> list[Edit]:
    """From the last heading that names the reference list to an appendix or the end."""
    lines = lines_of(text)
    starts = [line for line in lines if REFERENCES.match(line.text)]
    if not starts:
        return []
    start = starts[-1].start
    stops = [line.start for line in lines if line.start > start and AFTER_REFERENCES.match(line.text)]
    return [Edit(start, min(stops, default=len(text)))]


def footnotes(text: str) -> list[Edit]:
    """Lines at the foot of a page that begin with a mark, and the lines that go on from them."""
    pages: dict[int, list[Line]] = {}
    for line in lines_of(text):
        if not line.blank:
            pages.setdefault(line.page, []).append(line)
    edits: list[Edit] = []
    for page in pages.values():
        foot = page[max(1, len(page) * 3 // 4) :]
        begun = next((place for place, line in enumerate(foot) if FOOTNOTE.match(line.text)), None)
        if begun is not None:
            edits += [without(line, text) for line in foot[begun:]]
    return edits


def tables(text: str) -> list[Edit]:
    """Runs of three and more lines that hold numbers and hardly a word."""
    edits: list[Edit] = []
    run: list[Line] = []
    for line in [*lines_of(text), Line(len(text), len(text), "end of the text, which is no row", -1)]:
        if not line.blank and CELL.match(line.text):
            run.append(line)
        else:
            if len(run) >= 3:
                edits += [without(row, text) for row in run]
            run = []
    return edits


def addresses(text: str) -> list[Edit]:
    """URLs and e-mail addresses."""
    return list(apart(sorted([*spans(URL, text), *spans(EMAIL, text)])))


def citations(text: str) -> list[Edit]:
    """Citations in parentheses that hold a year, and in brackets."""
    return list(spans(CITATION, text))


def spans(pattern: re.Pattern[str], text: str) -> Iterator[Edit]:
    for match in pattern.finditer(text):
        kept = len(match.group()) - len(match.group().rstrip(".,;:"))
        yield Edit(match.start(), match.end() - kept)


def apart(edits: list[Edit]) -> Iterator[Edit]:
    """Those that don't overlap the one before."""
    end = 0
    for edit in edits:
        if edit.start >= end:
            yield edit
            end = edit.end
