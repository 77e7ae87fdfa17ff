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
SAME_LINE = 0.8
"""With up to this much room, a script and what follows it are still on one line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a glyph stands, in points: its origin, where the next one would begin, and its height."""

    left: float
    right: float
    baseline: float
    size: float


def separator(before: str, one: Place, after: str, other: Place, given: str) -> str:
    """What stands between two glyphs where pdfium has `given`: nothing, a blank, a line break or a power's sign."""
    size = max(one.size, other.size)
    shift, gap = abs(one.baseline - other.baseline), other.left - one.right
    if size <= 0 or not LEVEL * size < shift < FURTHEST * size or not -OVERLAP * size < gap < SAME_LINE * size:
        return given
    if gap >= BESIDE * size:
        return " "
    if not (before.isdigit() and after.isdigit()):
        return ""
    return "^" if other.baseline > one.baseline and other.size < one.size else " "
