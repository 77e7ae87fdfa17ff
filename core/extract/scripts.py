"""Whether a blank or a line break that pdfium put between two glyphs is on the page.

pdfium begins a new line, or leaves a blank, wherever the baseline moves by enough, so an exponent falls off its base:
"R" and "n" on two lines. The glyphs' places tell: where one is set higher or lower and right beside the other, nothing
stands between them. Everywhere else pdfium's word stands. Only a power of a number must not become a longer number, so
it gets the sign of a power: 10^5.
"""

from dataclasses import dataclass

LEVEL = 0.05
"""A baseline that moves by less than this share of the size has not moved."""
FURTHEST = 0.75
"""A script's baseline moves by no more than this share of the larger size."""
BESIDE = 0.12
"""Glyphs with less room than this share of the size between them touch; the smallest blank of print is 0.2."""
OVERLAP = 0.25
"""So far may the second begin inside the first, as after a slanted letter; numerator and denominator lie farther."""
RAISED = 0.6
"""An accent over a capital is set higher by less than this share of the size."""
PRIME, ROOT = "′√"
PRIMED = 1.0
"""An index below a prime is farther from it than from its base, and begins as far left."""
TOUCHING = 0.035
ELLIPSIS = 0.2
"""So far apart, in shares of the size, may glyphs of a word be that pdfium parts, and the dots of an ellipsis."""
SMALLER = 0.95
"""A script is smaller than this share of its base."""
SAME_LINE = 0.8
"""With up to this much room, a script and what follows it are still on one line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a glyph stands, in points: its origin, where the next one would begin, and its height."""

    left: float
    right: float
    baseline: float
    size: float
    hangs: bool = False
    """Whether it is drawn below its baseline, as TeX's tall brackets are: then the baseline says nothing."""

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def separator(before: str, one: Place, after: str, other: Place, given: str) -> str:
    """What stands between two glyphs where pdfium has `given`: nothing, a blank, a line break or a power's sign."""
    size = max(one.size, other.size)
    shift, gap = abs(one.baseline - other.baseline), other.left - one.right
    if min(one.size, other.size) <= 0:
        return given
    if shift <= LEVEL * size:
        return level_separator(before, after, gap / size, given)
    if one.hangs or other.hangs:
        return hanging_separator(before, gap / min(one.size, other.size), given)
    primed = before == PRIME and other.baseline < one.baseline
    furthest, overlap = (PRIMED, PRIMED) if primed else (FURTHEST, OVERLAP)
    if shift >= furthest * size or not -overlap * size < gap < SAME_LINE * size:
        return given
    if gap >= BESIDE * size:
        return " "
    if not (before.isdigit() and after.isdigit()):
        return ""
    return "^" if other.baseline > one.baseline and other.size < one.size else " "


def hanging_separator(before: str, gap: float, given: str) -> str:
    """The same beside a glyph that hangs: room for a blank is one, and under a root nothing is."""
    if BESIDE <= gap < SAME_LINE:
        return " "
    return "" if before == ROOT and abs(gap) < BESIDE else given


def level_separator(before: str, after: str, gap: float, given: str) -> str:
    """The same on one line: glyphs that touch have no blank between them ("PQ"), and the dots of an ellipsis none
    either, however TeX spreads them. `gap` is in shares of the size."""
    if given == " " and gap > -OVERLAP and (gap < TOUCHING or (before == after == "." and gap < ELLIPSIS)):
        return ""
    return given


def stands_on(accent: Place, base: Place) -> bool:
    """Whether an accent is set over a glyph: its middle over the glyph's width, as high as the glyph or a little
    higher."""
    return base.left <= accent.middle <= base.right and is_near(accent, base.left, base.baseline, base.size)


def is_near(accent: Place, left: float, baseline: float, size: float) -> bool:
    """Whether a glyph that begins there may be under the accent."""
    return left <= accent.middle and 0 <= accent.baseline - baseline + LEVEL * size < RAISED * size


def is_beside(one: Place, other: Place) -> bool:
    """Whether no blank is between two glyphs."""
    return -OVERLAP * one.size < other.left - one.right < BESIDE * one.size


def is_raised(word: Place, mark: Place) -> bool:
    """Whether a glyph is set as a footnote's mark is: smaller than a word before it, and higher on the same line."""
    rise = mark.baseline - word.baseline
    return mark.size < SMALLER * word.size and LEVEL * word.size < rise < FURTHEST * word.size
