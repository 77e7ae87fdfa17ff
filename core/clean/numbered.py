"""Citations that are numbers in parentheses, "(4, 5)", which only the whole document tells from a formula's number.

A document cites so if it ends in a numbered list of references, numbers its references in the order in which it cites
them, names several at once here and there, and has neither citations in brackets nor numbered formulas. All of that
must hold: a number that belongs to the text is worth more than ten citations.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..edits import Candidate
from .citations import YEAR, Cited, linked

HEADING = re.compile(r"\b(?:References|REFERENCES|Literature [Cc]ited|Bibliography|BIBLIOGRAPHY|Literatur)\b")
REACH, ENTRY = 300, 1500
"""Characters from the heading to the first entry, and from one entry to the next, at the most."""
FEWEST_ENTRIES = 8
DATED = 0.8
"""So many of the entries have a year, in the mean."""
GROUP = re.compile(r"(?<=\S)(?P<blank>[ \t]?)\((?P<numbers>\d{1,3}(?:(?:, ?|,? ?[–-] ?)\d{1,3}){0,9})\)")
RANGE = re.compile(r"(\d+)(?: ?[–-] ?(\d+))?")
WIDEST = 30
"""References in one range."""
BRACKETED = re.compile(r"\[\d{1,3}(?:(?:, ?|[–-])\d{1,3}){0,9}\]")
MOST_BRACKETED = 1
FORMULA = re.compile(
    r"[=≈∑∫√∝≤≥][^\n.]{0,120}\(\d{1,3}\)[.,]?[ \t]*(?:\n|$)|\b(?:Eqs?|Equations?|Gl)\.?[ ]\(\d{1,3}", re.M
)
"""A numbered formula, or what names one."""
SEVERAL = 2
CITED = 0.6
"""Share of the references that are cited."""
OTHERS = 0.1
"""Numbers in parentheses that are no references', by those that may be."""
IN_ORDER = 0.8
NEXT = 3
"""A reference that is cited for the first time is numbered at most so much higher than those before it."""
BEFORE = re.compile(r"(?:[^\W\d_]{2}|[^\W\d_]{3}\d{1,2}|[)\]%”\"’])$")
GLUED = re.compile(r"[a-z]{4}$")
BEHIND = re.compile(r"[.,;:)]|\s|$")
COUNTED = re.compile(
    r"\b(?:eqs?|equations?|figs?|figures?|tables?|steps?|cases?|items?|parts?|sections?|types?|groups?|classe?s?|models?|"
    r"levels?|stages?|phases?|grades?|scores?|conditions?|hypothes[ei]s|experiments?|panels?|appendix|rules?"
    r"|et al)\.?$",
    re.I,
)
"""What has numbers of its own."""
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_a-z])|\n\n+")
LAST_WORD = re.compile(r"[^\W\d_]+$")
LARGEST_ITEM = 9
PRIOR = 0.9


def numbered_citations(text: str) -> list[Candidate]:
    """The deletions of such citations in a whole document's prepared text; none if it does not surely cite so."""
    start, entries = reference_list(text)
    if not entries or len(BRACKETED.findall(text, 0, start)) > MOST_BRACKETED or FORMULA.search(text, 0, start):
        return []
    every = [(match, numbers) for match in GROUP.finditer(text, 0, start) if (numbers := cited(match["numbers"]))]
    groups = [(match, numbers) for match, numbers in every if min(numbers) >= 1 and max(numbers) <= entries]
    others = len(every) - len(groups)
    if others > OTHERS * len(groups) or not cites_so([numbers for _, numbers in groups], entries):
        return []
    matches = [match for match, _ in groups]
    left = enumerated(text, matches) | counts(matches)
    found = [Cited(match.start(), match.end(), PRIOR) for match in matches if stands_so(match) and match not in left]
    return [candidate for candidate in linked(text, found) if candidate.prior == PRIOR]


def reference_list(text: str) -> tuple[int, int]:
    """Where the numbered list of references begins, and how many entries it has; 0 where there is none."""
    for heading in reversed(list(HEADING.finditer(text))):
        at, count, reach = heading.end(), 0, REACH
        while entry := re.compile(rf"(?<!\S){count + 1}\.\s+[^\W\d_a-z]").search(text, at, at + reach):
            at, count, reach = entry.end(), count + 1, ENTRY
        if count >= FEWEST_ENTRIES and len(YEAR.findall(text, heading.end(), at + ENTRY)) >= DATED * count:
            return heading.start(), count
    return len(text), 0


def cited(numbers: str) -> list[int]:
    """The numbers that "4, 7–9" names; none for what is no such list, as "12–3"."""
    found: list[int] = []
    for match in RANGE.finditer(numbers):
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last <= first + WIDEST:
            return []
        found += range(first, last + 1)
    return found if found == sorted(set(found)) else []


def cites_so(groups: Sequence[Sequence[int]], entries: int) -> bool:
    """Whether the numbers are those of references: many of them, some together, and new ones in their order."""
    highest, new, ordered = 0, 0, 0
    seen: set[int] = set()
    for number in (number for group in groups for number in group):
        if number not in seen:
            new, ordered = new + 1, ordered + (number <= highest + NEXT)
            seen.add(number)
            highest = max(highest, number)
    several = {tuple(group) for group in groups if len(group) > 1}
    return len(several) >= SEVERAL and new >= CITED * entries and ordered >= IN_ORDER * new


def stands_so(match: re.Match[str]) -> bool:
    """Whether the number stands where a citation does: behind a word that has no number of its own."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    glued = not match["blank"]
    if COUNTED.search(before) or (glued and not GLUED.search(before)):
        return False
    return BEFORE.search(before) is not None and BEHIND.match(match.string, match.end()) is not None


def enumerated(text: str, groups: Sequence[re.Match[str]]) -> set[re.Match[str]]:
    """Numbers that count items of a sentence, "(1) to collect and (2) to sort", and so begin at one."""
    items: set[re.Match[str]] = set()
    for sentence in sentences(text, groups):
        run = [match for match in sentence if match["numbers"].isdigit()]
        values = [int(match["numbers"]) for match in run]
        if len(run) > 1 and values[:2] == [1, 2]:
            items.update(match for match, value in zip(run, values, strict=True) if value <= LARGEST_ITEM)
    return items


def counts(groups: Sequence[re.Match[str]]) -> set[re.Match[str]]:
    """Single numbers behind a word that has another one elsewhere: "women (12)" and "women (9)"."""
    behind: dict[str, list[re.Match[str]]] = defaultdict(list)
    for match in groups:
        word = LAST_WORD.search(match.string, max(0, match.start() - 40), match.start())
        if word and match["numbers"].isdigit():
            behind[word.group().casefold()].append(match)
    several = (same for same in behind.values() if len({match["numbers"] for match in same}) > 1)
    return {match for same in several for match in same}


def sentences(text: str, groups: Sequence[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """The groups, those of one sentence together."""
    together: list[re.Match[str]] = []
    for match in groups:
        if together and SENTENCE.search(text, together[-1].end(), match.start() + 1):
            yield together
            together = []
        together.append(match)
    if together:
        yield together
