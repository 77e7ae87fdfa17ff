"""Where the words stand that a flag shows."""

import re
import unicodedata
from collections.abc import Iterable

from .checks import Flag
from .checks.flags import MAX_EVIDENCE_LENGTH

Ranges = tuple[tuple[int, int], ...]
"""Character ranges, ascending and apart."""

PART = re.compile(r"\s+|\S+")
MOST_PLACES = 2_000
"""Places of one quote from which on no more are marked: a text that is one mark all over shows nothing."""


def evidence_ranges(flags: Iterable[Flag], source: str, cleaned: str) -> tuple[Ranges, Ranges]:
    """(in the source, in the cleaned text): the words that the flags quote, wherever they stand.

    A quote has its white space collapsed, lacks what does not print, and is cut at its end. What was lost stands in the
    source alone, so the source is searched only for what the cleaned text lacks.
    """
    quotes = dict.fromkeys(quote for flag in flags for quote in flag.evidence)
    if not quotes:
        return (), ()
    ours, theirs = Plain(source), Plain(cleaned)
    in_source: list[tuple[int, int]] = []
    in_cleaned: list[tuple[int, int]] = []
    for quote in quotes:
        found = theirs.places(quote)
        in_cleaned += found
        if not found:
            in_source += ours.places(quote)
    return merged(in_source), merged(in_cleaned)


class Plain:
    """A text as quotes are made of it, that knows where each character stood.

    Searching in it takes linear time whatever the text is, which a pattern for each quote would not promise.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain, self._at = plain(text)

    def places(self, quote: str) -> list[tuple[int, int]]:
        """Ranges in the text itself, whole words where there are any; marks on a quote's last character are within."""
        wanted = plain(quote)[0].strip()
        whole: list[tuple[int, int]] = []
        within: list[tuple[int, int]] = []
        at = self._plain.find(wanted) if wanted else -1
        while at >= 0 and max(len(whole), len(within)) < MOST_PLACES:
            end = at + len(wanted)
            last = self._at[end - 1] + 1
            while last < len(self._text) and unicodedata.category(self._text[last])[0] == "M":
                last += 1
            torn = self._inside(at) or (self._inside(end) and len(quote) < MAX_EVIDENCE_LENGTH)
            (within if torn else whole).append((self._at[at], last))
            at = self._plain.find(wanted, end)
        return whole or within

    def _inside(self, at: int) -> bool:
        """Whether this is the inside of a word."""
        return 0 < at < len(self._plain) and self._plain[at - 1].isalnum() and self._plain[at].isalnum()


def plain(text: str) -> tuple[str, range | list[int]]:
    """`text` without what does not print, each run of white space as one blank; and each character's offset in it."""
    if text.isprintable() and "  " not in text:
        return text, range(len(text))
    parts: list[str] = []
    places: list[int] = []
    for match in PART.finditer(text):
        part, start = match.group(), match.start()
        if part.isspace():
            if not parts or parts[-1] != " ":
                parts.append(" ")
                places.append(start)
        elif part.isprintable():
            parts.append(part)
            places.extend(range(start, start + len(part)))
        else:
            kept = [at for at, char in enumerate(part) if char.isprintable()]
            if kept:
                parts.append("".join(part[at] for at in kept))
                places.extend(start + at for at in kept)
    return "".join(parts), places


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The ranges in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)
