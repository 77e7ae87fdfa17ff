"""Where the words stand that a flag shows."""

import re
from collections.abc import Iterable

from .checks import Flag

Ranges = tuple[tuple[int, int], ...]
"""Character ranges, ascending and apart."""


def evidence_ranges(flags: Iterable[Flag], source: str, cleaned: str) -> tuple[Ranges, Ranges]:
    """(in the source, in the cleaned text): the words that the flags quote, wherever they stand.

    A quote has its white space collapsed and is cut at its end. What was lost stands in the source alone.
    """
    in_source: list[tuple[int, int]] = []
    in_cleaned: list[tuple[int, int]] = []
    for flag in flags:
        for quote in flag.evidence:
            found = places(quote, cleaned)
            in_cleaned += found
            if not found:
                in_source += places(quote, source)
    return merged(in_source), merged(in_cleaned)


def places(quote: str, text: str) -> list[tuple[int, int]]:
    words = quote.split()
    if not words:
        return []
    pattern = re.compile(r"\s{1,9}".join(map(re.escape, words)))
    return [match.span() for match in pattern.finditer(text)]


def merged(ranges: list[tuple[int, int]]) -> Ranges:
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
