"""Where a page parts: an empty line goes between text and what is set otherwise, as a reader of the page sees it.

A heading without a number is told from the text by its letters alone, larger or in another face; a caption or a
footnote by smaller ones, or by the space below it. Once the lines are plain text nothing shows that any more, and a
heading would be the first words of its section. An empty line is what the repairs take for such a sign; it decides
nothing alone (`prepare/paragraphs.py`).
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

FEWEST_LINES = 8
LONG_LINE = 25
"""Characters from which on a line's letters are the text's."""
SMALL, LARGE = 0.94, 1.06
"""Sizes of letters, as shares of the text's, that are not the text's any more."""
FEWEST_LETTERS = 4
MANY_LETTERS = 10
"""So many make a line of words; fewer in small letters are an index of a formula."""
LETTERED = 0.6
"""A line with a smaller share of letters is a formula's or a table's and shows no style."""
MOSTLY = 0.8
"""Of a line's letters."""
LEAST_LEADING, MOST_LEADING = 4.0, 40.0
"""Points from one line of text to the next."""
LONGEST_HEADING = 70
"""Characters of a heading in italics."""
LEADING = 1.2
"""Of letters, as a share of their size."""
SHORT = 0.85
"""A line shorter than this share of the next may be a caption's last."""
BELOW_CAPTION, ABOVE_HEADING = 1.4, 1.25
"""So many times the leading is the space that ends a caption, and that stands above a heading in italics."""
FURTHEST = 60.0
"""Points below a caption; what is further down has nothing to do with it."""
CAPTION = re.compile(
    r"(?:Fig(?:ure|\.)|FIG(?:URE|\.)|Tab(?:le|\.)|TABLE|Abb(?:ildung|\.)|Tabelle)\s*[A-Z]?[\d.IVX]*[\dIVX]"
    r"(?:[.:]|\s+[A-ZÄÖÜ(—–]|\s*$)"
)
WORD = re.compile(r"[^\W\d_]{4}")
NO_LETTERS = re.compile(r"[\W\d_]+")
SENTENCE_END = re.compile(r"[.!?:…][\"'”’»)\]]*\s*$")
BROKEN = re.compile(r"[^\W\d_][-‐\u00ad\ufffe\x02]\s*$")


class Face(NamedTuple):
    """What a letter is set in."""

    font: str
    size: float
    """Points, on the page."""
    bold: bool
    italic: bool
    serif: bool


class SetLine(NamedTuple):
    """A line of a page as it is set."""

    text: str
    baseline: float
    """Of its first glyph, in points from the page's foot."""
    foot: float
    """Of its last: a word that is broken at a line's end goes on in the same line here."""
    faces: tuple[Face, ...]
    """Of some of its letters, the first among them, in their order."""


def partings(lines: Sequence[SetLine]) -> set[int]:
    """Places of the lines before which the page parts; none on a page of too few lines to tell what its text is."""
    body = body_face(lines)
    if len(lines) < FEWEST_LINES or body is None:
        return set()
    leading = usual_leading(lines)
    kinds = kinds_of(lines, body, leading)
    found: set[int] = set()
    in_caption = False
    for place, (before, line) in enumerate(pairwise(lines), 1):
        if CAPTION.match(before.text):
            in_caption = True
        ends = in_caption and ends_above(before, line, leading)
        if ends or kinds[place] != kinds[place - 1] or leads_in(before, line, body):
            in_caption = False
            if not (BROKEN.search(before.text) and line.text[:1].islower()):
                found.add(place)
    return found


def ends_above(before: SetLine, line: SetLine, leading: float) -> bool:
    """Whether a caption ends between two lines: further apart than lines are, and the upper one is short or closed."""
    size = max((face.size for face in before.faces), default=0.0)
    far = BELOW_CAPTION * max(leading, LEADING * size) < before.foot - line.baseline < FURTHEST
    closed = SENTENCE_END.search(before.text) is not None or len(before.text) < SHORT * len(line.text)
    return far and closed


def body_face(lines: Sequence[SetLine]) -> Face | None:
    """What most letters of the page's long lines are set in."""
    counted: Counter[Face] = Counter()
    for line in lines:
        if len(line.text) > LONG_LINE:
            counted.update({line.faces[0]: len(line.faces)} if is_even(line) else line.faces)
    return counted.most_common(1)[0][0] if counted else None


def is_even(line: SetLine) -> bool:
    """Whether all of a line is set alike; most lines are, and need no counting."""
    return bool(line.faces) and line.faces.count(line.faces[0]) == len(line.faces)


def usual_leading(lines: Sequence[SetLine]) -> float:
    """From one line of text to the next, in points."""
    long = (pair for pair in pairwise(lines) if min(len(line.text) for line in pair) > LONG_LINE)
    down = (above.foot - below.baseline for above, below in long)
    steps = [step for step in down if LEAST_LEADING < step < MOST_LEADING]
    return median(steps) if steps else MOST_LEADING


def kinds_of(lines: Sequence[SetLine], body: Face, leading: float) -> list[str]:
    """What each line is by its letters: text, small print, a heading; one without a style of its own is what the line
    before it is."""
    kinds: list[str] = []
    for place, line in enumerate(lines):
        kind = kind_of(line, body)
        if kind == "italic":
            kind = "heading" if heads(lines, place, body, leading) else "text"
        elif kind == "mixed":
            kind = "heading" if kinds[-1:] == ["heading"] else "text"
        kinds.append(kind or (kinds[-1] if kinds else "text"))
    return kinds


def kind_of(line: SetLine, body: Face) -> str:
    """The kind of a line that shows one."""
    letters, visible = len(NO_LETTERS.sub("", line.text)), len("".join(line.text.split()))
    worded = WORD.search(line.text) is not None
    if len(line.faces) < FEWEST_LETTERS or letters < LETTERED * visible or not (worded or letters >= MANY_LETTERS):
        return ""
    if line.faces[0] == body and is_even(line):
        return "text"
    size = median(face.size for face in line.faces)
    if size < SMALL * body.size:
        return "small" if worded and letters >= MANY_LETTERS else ""
    if size > LARGE * body.size:
        return f"heading {size:.0f}"
    face, count = Counter(line.faces).most_common(1)[0]
    if face.font == body.font:
        return "text"
    if count < MOSTLY * len(line.faces):
        return "mixed"
    if line.faces[-1] == body:
        return "text"
    if (face.bold and not body.bold) or (face.serif != body.serif and not face.italic):
        return "heading"
    return "italic" if face.italic and not body.italic else "text"


def heads(lines: Sequence[SetLine], place: int, body: Face, leading: float) -> bool:
    """Whether a line in italics is a heading: short, further below the text than lines are, and text behind it, where a
    theorem has more italics."""
    line = lines[place]
    if not 0 < place < len(lines) - 1 or len(line.text) > LONGEST_HEADING:
        return False
    before, after = lines[place - 1], lines[place + 1]
    return (
        before.foot - line.baseline > ABOVE_HEADING * leading
        and before.text.rstrip().endswith((".", ")"))
        and not line.text.rstrip().endswith((",", "."))
        and kind_of(after, body) == "text"
    )


def leads_in(before: SetLine, line: SetLine, body: Face) -> bool:
    """Whether a line begins in bold behind a sentence's end, as a paragraph with a title of its own does."""
    if len(line.faces) < FEWEST_LETTERS or body.bold or not line.text[:1].isupper():
        return False
    return all(face.bold for face in line.faces[:2]) and SENTENCE_END.search(before.text) is not None
