"""Running heads of a document so short that they don't recur: a page out of a paper, a letter, a hand-out.

Only what stands around a head can tell it there. A heading stands above the text that it belongs to, so a line above
the page's number is no heading, and neither is one after which a sentence goes on in its middle; and publishers'
lines have words of their own. What nothing tells stays.
"""

import re
from collections.abc import Sequence

from .figures import CAPTION, FORMULA, TABLE, is_fragment
from .lines import Line
from .pagenumbers import lone_number

FEW_PAGES = 4
"""In a longer document heads recur, or count."""
FEWEST_LINES = 8
"""A page with fewer lines that are not blank shows too little of its text."""
LONGEST = 100
BODY = 0.7
"""A line of running text has at least this share of the page's usual width."""
BODY_LINES = 3
"""So many lines of running text must follow a head that only the sentence behind it gives away."""
FULL_LINES = 2
"""So many of them must be full; another may be the last of its paragraph."""
SENTENCE_END = re.compile(r"[.!?][\"'”’»)\]]*$")
SECTION_NUMBER = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[^\W\d_a-z]")
FEWEST_WORDS = 2
WORD = re.compile(r"[^\W\d_]{3,}")
IMPRINT = re.compile(
    r"^(?:\S+ ){0,4}(?:manuscript|preprint|paper)(?:,? version| no\.?| number)? \S*\d\S*$|"
    r"^(?:\S+ ){0,5}manuscript no\. \S+$|"
    r"^(?:\S+ ){0,3}(?:submitted|to appear|accepted) (?:to|in|by|for publication in) (?-i:[A-Z])\S*(?: \S+){0,6}$|"
    r"^(?:draft version|article number|preprint typeset|manuscript prepared for)\b|^\S+ proofs: |"
    r"^(?:paper )?under review(?: as a\b.*)?$|"
    r"\bISSN\b|^(?:©|\(c\) \d|copyright (?:©|\(c\)|\d))",
    re.I,
)
"""What publishers print at the edges of pages; a sentence that uses the words has others around them."""
VOLUME = re.compile(r"\b(?:vol(?:ume|\.)|band) \d+\b.*\b(?:no\.|issue|pp?\.|heft) ?\d", re.I)
"""So do they name the journal, as a list of references names its own."""
INITIALS = r"(?:[A-Z]\.[ -]?)"
SURNAME = r"[^\W\d_a-z][^\W\d_]+(?:-[^\W\d_]+)?"
AND = r"(?:,| &| and| und) "
AUTHORS = re.compile(
    rf"^(?:{INITIALS}{{0,3}}{SURNAME}(?:{AND}{INITIALS}{{0,3}}{SURNAME}){{0,3}},? et al\.?(?::.{{8,}})?"
    rf"|{INITIALS}{{1,3}}{SURNAME}(?:{AND}{INITIALS}{{1,3}}{SURNAME})?: .{{8,}})$"
)

NUMBERED_TWICE = re.compile(r"^\d{1,4}\s+(?:\d{1,2}(?:\.\d{1,2})*\.?|[IVX]+\.|chapter|kapitel)\s+\S", re.I)
NUMBER_BESIDE = re.compile(r"^(?:(?P<first>\d{2,4})\s+[^\W\d_a-z]|.*[^\W\d_]\s+(?P<last>\d{2,4})$)")
PAST_SECTIONS = 30
"""A larger number at a line's end or beginning is no section's; years, from 1500 to 2100, are left alone."""


def lonely_heads(pages: Sequence[Sequence[Line]]) -> list[Line]:
    """Heads and footers of a document of few pages; `pages` are its lines that are not blank, page by page."""
    if len(pages) > FEW_PAGES:
        return []
    return [line for page in pages if len(page) >= FEWEST_LINES for line in (*top(page), *bottom(page))]


def top(page: Sequence[Line]) -> list[Line]:
    """A head on the first line with the page's number below it, or on the second where the number is the first."""
    numbered = lone_number(page[0]) is not None
    head, behind = (page[1], page[2:]) if numbered else (page[0], page[1:])
    if names_volume(head, page):
        return [head]
    if not may_be_head(head.text):
        return []
    if not numbered and lone_number(page[1]) is not None:
        return [head, page[1]]
    told = (
        by_wording(head.text)
        or (not numbered and has_page_number(head, behind))
        or is_section_above(head.text, behind[0].text)
        or goes_on(head, behind)
    )
    return [head] if told else []


def bottom(page: Sequence[Line]) -> list[Line]:
    """A footer on the last line, or on the last but one where the last is the page's number."""
    numbered = lone_number(page[-1]) is not None
    foot = page[-2] if numbered else page[-1]
    return [foot] if (may_be_head(foot.text) and by_wording(foot.text)) or names_volume(foot, page) else []


def by_wording(text: str) -> bool:
    stripped = text.strip()
    return bool(IMPRINT.search(stripped) or AUTHORS.match(stripped))


def names_volume(line: Line, page: Sequence[Line]) -> bool:
    """Whether the line, and none besides on the page, names a journal's volume."""
    text = line.text.strip()
    whole = text[:1].isupper() and not text.endswith(",") and len(text) <= LONGEST
    return whole and [other for other in page if VOLUME.search(other.text)] == [line]


def has_page_number(head: Line, behind: Sequence[Line]) -> bool:
    """Whether a line has a page's number beside its words: before a section's own, or, in a line too short for running
    text, too high for a section's."""
    stripped = head.text.strip()
    if NUMBERED_TWICE.match(stripped):
        return True
    beside = NUMBER_BESIDE.match(stripped)
    number = int(beside["first"] or beside["last"]) if beside else 0
    short = len(stripped) < full_line(behind) and not behind[0].text.lstrip()[0].islower()
    return short and number > PAST_SECTIONS and not 1500 <= number <= 2100


def full_line(page: Sequence[Line]) -> float:
    """The least width of a line of running text."""
    widths = sorted(len(line.text.strip()) for line in page)
    return BODY * widths[len(widths) * 3 // 4]


def may_be_head(text: str) -> bool:
    """A short line with words that begins as a head does, and is no caption, no formula and no end of a sentence."""
    stripped = text.strip()
    if not stripped or len(stripped) > LONGEST or CAPTION.match(stripped) or TABLE.match(stripped):
        return False
    if FORMULA.search(stripped) or len(WORD.findall(stripped)) < FEWEST_WORDS:
        return bool(AUTHORS.match(stripped) or NUMBERED_TWICE.match(stripped))
    return by_wording(text) or not (stripped[0].islower() or stripped.endswith((".", ",", ";", ":", "-", "?", "!")))


def is_section_above(text: str, below: str) -> bool:
    """Whether the heading below is a section inside the one that the line names, and not its first: so the line names
    where the page is, and its own heading stands further in front. "2.3 Blocks" over "2.3.2 Dense Blocks", or again."""
    outer, inner = SECTION_NUMBER.match(text.strip()), SECTION_NUMBER.match(below.strip())
    if not outer or not inner or not may_be_head(below):
        return False
    above, at = outer[1].split("."), inner[1].split(".")
    return at[: len(above)] == above and at[len(above) :] not in (["0"], ["1"])


def goes_on(head: Line, behind: Sequence[Line]) -> bool:
    """Whether running text goes on in the middle of a sentence behind the head, which it can't behind a heading."""
    full = full_line(behind)
    text = [line.text.strip() for line in behind[:BODY_LINES]]
    return (
        len(text) == BODY_LINES
        and text[0][0].islower()
        and sum(len(line) >= full for line in text) >= FULL_LINES
        and all((len(line) >= full or SENTENCE_END.search(line)) and not is_fragment(line) for line in text)
        and len(head.text.strip()) < full
    )
