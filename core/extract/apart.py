"""Whether a page's first line stands apart from its text as a running head does, by the places of the lines.

A head is set further above the text than its lines are from each other, and in letters no larger; a heading is larger,
or nearer to what it heads. Such a line is marked, so that the repairs of a single page, where nothing recurs, can tell
it; the mark is two blanks, which go as all blanks at lines' ends do.
"""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from ..document import APART

FEWEST_LINES = 8
LEAST_LEADING, MOST_LEADING = 4.0, 40.0
"""Points from one line of text to the next."""
SAME_LINE = 2.0
LONG_LINE = 25
"""Characters from which on a line's letters are the text's."""
FAR, SMALL = 2.0, 1.02
"""So many times the leading above the rest stands a head in letters of the text's size at the most."""
NEARER, SMALLER = 1.7, 0.96
"""And one in smaller letters."""


class Row(NamedTuple):
    """A line of glyphs; places and sizes in points."""

    baseline: float
    size: float
    length: int
    """Characters."""


def first_stands_apart(rows: Sequence[Row]) -> bool:
    """Whether the first of a page's lines, in reading order, does; False where too few lines tell."""
    if len(rows) < FEWEST_LINES:
        return False
    first, rest = rows[0], [row.baseline for row in rows[1:] if abs(row.baseline - rows[0].baseline) > SAME_LINE]
    down = (above.baseline - below.baseline for above, below in pairwise(rows))
    leadings = [step for step in down if LEAST_LEADING < step < MOST_LEADING]
    if not rest or len(leadings) < FEWEST_LINES // 2:
        return False
    usual = median([row.size for row in rows if row.length > LONG_LINE] or [row.size for row in rows])
    gap, size = (first.baseline - max(rest)) / median(leadings), first.size / usual if usual > 0 else FAR
    return (gap > FAR - 1e-3 and size <= SMALL) or (gap > NEARER and size < SMALLER)


def marked(text: str) -> str:
    """The page's text with its first line's end marked."""
    first, end, rest = text.partition("\n")
    return f"{first}{APART}{end}{rest}" if end and first.strip() else text
