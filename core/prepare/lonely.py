"""Running heads of a document so short that they don't recur: a page out of a paper, a letter, a hand-out.

Only what stands around a head can tell it there. A heading stands above the text that it belongs to, so a line above
the page's number is no heading, and neither is one at a page's end, one after which a sentence goes on in its middle
or one whose section began earlier (`numbering`); and publishers' lines have words of their own. What nothing tells
stays.
"""

import re
from collections.abc import Sequence

from ..document import APART
from .figures import CAPTION, FORMULA, TABLE, is_fragment
from .lines import Line
from .numbering import begun_before, is_elsewhere, number_of
from .pagenumbers import PAGE_OF, lone_number
from .paragraphs import is_prose

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
SHORTEST_FULL = 30
"""A shorter line is none of running text."""
FEWEST_WORDS = 2
WORD = re.compile(r"[^\W\d_]{3,}")
LONGER = re.compile(r"(?<![\w-])[^\W\d_]{4,}")
IMPRINT = re.compile(
    r"^(?:\S+ ){0,4}(?:manuscript|preprint|paper)(?:,? version| no\.?| number)? \S*\d\S*$|"
    r"^(?:\S+ ){0,5}manuscript no\. \S+$|"
    r"^(?:\S+ ){0,3}(?:submitted|to appear|accepted) (?:to|in|by|for publication in) (?-i:[A-Z])\S*(?: \S+){0,6}$|"
    r"^(?:draft version|article number|preprint typeset|manuscript prepared for)\b|^\S+ proofs: |"
    r"^(?:paper )?under review(?: as a\b.*)?$|"
    r"^\d{1,2}/\d{1,2}/\d{2,4}, \d{1,2}:\d\d(?: [AP]M)?\b|^https?://\S+ \d{1,3}/\d{1,3}$|"
    r"\bISSN\b|^(?:©|\(c\) \d|copyright (?:©|\(c\)|\d))",
    re.I,
)
"""What publishers, and browsers that print, set at pages' edges; a sentence with these words has others besides."""
VOLUME = re.compile(r"\b(?:vol(?:ume|\.)|band) \d+\b.*\b(?:no\.|issue|pp?\.|heft) ?\d", re.I)
"""So do they name the journal, as a list of references names its own."""
INITIALS = r"(?:[A-Z]\.[ -]?)"
SURNAME = r"[^\W\d_a-z][^\W\d_]+(?:-[^\W\d_]+)?"
AND = r"(?:,| &| and| und) "
AUTHORS = re.compile(
    rf"^(?:{INITIALS}{{0,3}}{SURNAME}(?:{AND}{INITIALS}{{0,3}}{SURNAME}){{0,3}},? (?:et al|ET AL)\.?(?::.{{8,}})?"
    rf"|{INITIALS}{{1,3}}{SURNAME}(?:{AND}{INITIALS}{{1,3}}{SURNAME})?: .{{8,}})$"
)

NAMES = re.compile(rf"^{INITIALS}{{1,3}}{SURNAME}(?:(?:,|,? &|,? and|,? AND| und) {INITIALS}{{1,3}}{SURNAME}){{1,4}}$")
"""Authors alone on their line, which beside a page's number are a head."""
NUMBERED_TWICE = re.compile(r"^\d{1,4}\s+(?:\d{1,2}(?:\.\d{1,2})*\.?|[IVX]+\.|chapter|kapitel)\s+\S", re.I)
FULL_NAME = r"[^\W\d_a-z][^\W\d_]+(?: [A-Z]\.)?(?: [^\W\d_a-z][^\W\d_]+(?:-[^\W\d_]+)?){1,2}"
FULL_NAMES = re.compile(rf"^{FULL_NAME}(?:, {FULL_NAME}){{1,5}}$")
IN_CHAPTER = re.compile(r"^(?i:chapter|kapitel|appendix|anhang) (?:\d{1,2}|[A-Z])[.:]? \S")
BARRED = re.compile(r"^(?:\d{1,4} ?[|•·] ?\S.*|.*\S ?[|•·] ?\d{1,4})$")
"""A bar between a page's number and its head."""
NUMBER_FIRST = re.compile(r"^\d{1,4}\s+(?=\S+\s)")
NUMBER_LAST = re.compile(r",?\s+\d{1,4}$")
NUMBER_BESIDE = re.compile(
    r"^(?:(?P<first>\d{1,4})\s+(?P<title>[^\W\d_a-z].*)|(?P<before>.*(?:[^\W\d_]\)?|et al\.?,?))\s+(?P<last>\d{1,4}))$"
)
PAST_SECTIONS = 30
"""A larger number at a line's end or beginning is no section's; years are left alone."""
YEARS = range(1500, 2101)
ROMAN = re.compile(r"^(?=[ivx]{2})x{0,3}(?:ix|iv|v?i{0,3})$")
KEPT_LISTS = re.compile(
    r"^(?:(?:table of )?contents|list of (?:figures|tables)|bibliography|references|index|glossary|"
    r"inhaltsverzeichnis|literatur(?:verzeichnis)?|(?:abbildungs|tabellen)verzeichnis)(?:\s+\d{1,4})?$",
    re.I,
)
"""What names a list, of one word most of them; with the page's number it is a head."""
COUNTED = re.compile(
    r"\b(?:number|no|case|step|phase|stage|study|experiment|model|type|class|group|level|version|volume|year|method|"
    r"algorithm|hypothesis|task|test|set|topic|layer|teil)$",
    re.I,
)
"""What has a number of its own behind it, a small one, so that a page's would not be told from it."""
REFERRED = re.compile(
    r"\b(?:chapter|kapitel|section|part|appendix|anhang|figure|table|equation|theorem|lemma|corollary|proposition|"
    r"definition|example|exercise|problem|question|remark|day|week|beispiel|satz|aufgabe|tabelle|abbildung|"
    r"[^\W\d_]{1,3})$",
    re.I,
)
"""And what may have a large one; so may short words of a sentence."""
MOST_COUNTED = 9
MOST_SECTIONS = 3
"""A page with more numbers like sections' on lines of their own is a list."""
NO_TITLE = re.compile(r"[,(\[/]|[^\W\d_]{2}[.!?]\S*\s|[^\W\d_]\S*\s.*\d")
"""Signs, and numbers behind a word, that lists of references and figures have and titles don't."""
SECTION_ALONE = re.compile(r"^([1-9]\d?(?:\.[1-9]\d?){1,3})\.?$")
SITE = re.compile(r"^.{0,40}\bwww\.\S+$")
MARKED = re.compile(r"[.,;\[\]]")
"""A sign behind the first word, as sentences and captions have."""
DOTTED = re.compile(r"(?:\. ?){4}")
"""What leads to the page's number in a table of contents."""
OPEN_END = re.compile(
    r"\b(?:an?|the|and|or|of|for|in|on|to|with|by|as|at|is|are|was|were|be|we|it|its|that|this|these|which|from|not|"
    r"than|und|der|die|das|des|dem|den|ein|eine|mit|von|für|ist|sind)$",
    re.I,
)
"""A word that ends no title."""


def lonely_heads(pages: Sequence[Sequence[Line]]) -> list[Line]:
    """Heads and footers of a document of few pages; `pages` are its lines that are not blank, page by page."""
    if len(pages) > FEW_PAGES:
        return []
    return [line for page in pages if len(page) >= FEWEST_LINES for line in (*top(page), *bottom(page))]


def top(page: Sequence[Line]) -> list[Line]:
    """A head on the first line with the page's number below it, or on the second where the number is the first."""
    first, second = lone_number(page[0]), lone_number(page[1])
    head, behind = (page[0], page[1:]) if first is None else (page[1], page[2:])
    text = head.text.strip()
    if names_volume(head, page):
        return [head]
    if first is not None:
        if KEPT_LISTS.match(text) and text.isupper() and ROMAN.match(page[0].text.strip()):
            return [page[0], head]
        told = may_be_head(text) and (is_pages_number(first, head, behind) or told_alone(head, behind))
        return [page[0], head] if told else []
    if second is not None and number_below(head, page):
        return [head, page[1]]
    if KEPT_LISTS.fullmatch(text):
        return [head] if NUMBER_BESIDE.match(text) and not NUMBER_BESIDE.match(behind[0].text.strip()) else []
    told = may_be_head(text) and (has_page_number(head, behind) or told_alone(head, behind))
    return [head] if told or stands_apart(head, behind) else []


def stands_apart(head: Line, behind: Sequence[Line]) -> bool:
    """Whether a short line was seen on the page to stand apart from its text, as no heading does."""
    text = head.text.strip()
    beside = NUMBER_BESIDE.match(text)
    if not head.text.endswith(APART) or is_numbered_line(beside, behind) or len(text) > full_line(behind) / BODY:
        return False
    if beside is not None and WORD.search(text):
        return True
    after = behind[0].text.strip()  # where no text goes on, what is set apart may be a table's or a program's output
    return may_be_head(text) and is_prose(after) and len(after) >= full_line(behind)


def is_numbered_line(beside: re.Match[str] | None, behind: Sequence[Line]) -> bool:
    """Whether the number before a line is its own in the margin, and the next line has the next."""
    first = beside["first"] if beside else None
    return first is not None and behind[0].text.split()[0] == str(int(first) + 1)


def told_alone(head: Line, behind: Sequence[Line]) -> bool:
    """Whether the words of a line or what stands behind it show that it is a head, wherever the page's number is."""
    number = number_of(NUMBER_FIRST.sub("", head.text.strip()))
    return by_wording(head.text) or begun_before(number, behind) or goes_on(head, behind)


def number_below(head: Line, page: Sequence[Line]) -> bool:
    """Whether the page's number stands alone below its head, and no figure's first tick or one more number."""
    number, is_roman = lone_number(page[1]) or (0, False)
    text = head.text.strip()
    section = number_of(text)
    if number < 1 or page[1].text.lstrip().startswith("-") or PAGE_OF.search(page[-1].text):
        return False
    if KEPT_LISTS.fullmatch(text):
        return (is_roman or number > PAST_SECTIONS) and not KEPT_LISTS.match(page[2].text.strip())
    if section and not is_roman:
        return may_be_head(text) and number >= section[0]
    more = lone_number(page[2]) is not None  # a figure's ticks, or lines' numbers in the margin
    sure = is_capitals(text) or (is_title(text) and lone_number(page[-1]) is None)
    return may_be_head(text) and not OPEN_END.search(text) and (sure or not more)


def is_pages_number(number: tuple[int, bool], head: Line, behind: Sequence[Line]) -> bool:
    """Whether a number alone on the first line is the page's, above its head, and no section's above its title."""
    value, is_roman = number
    text = head.text.strip()
    if NAMES.match(text) and not is_roman:
        return True
    if is_roman or not (is_title(text) or is_capitals(text)):  # the number may be all that stands above the text
        return False
    section = number_of(text)
    if section:
        return value >= section[0] and is_capitals(text) and (len(section) > 1 or not text[0].isdigit())
    after = behind[0].text
    if not is_prose(after) or is_fragment(after):  # printed in a figure, at the top of a page without a head
        return False
    return (value > PAST_SECTIONS and value not in YEARS) or is_elsewhere(value, behind)


def bottom(page: Sequence[Line]) -> list[Line]:
    """A footer on the last line, or on the last but one where the last is the page's number."""
    number = lone_number(page[-1])
    foot = page[-1] if number is None else page[-2]
    if names_volume(foot, page):
        beside = [page[-2]] if number is None and lone_number(page[-2]) is not None else []
        return [*([page[-3]] if beside and SITE.search(page[-3].text.strip()) else []), *beside, foot]
    if may_be_head(foot.text) and by_wording(foot.text):
        return [foot]
    return section_at_foot(page) if number is None else section_above(page, *number)


def section_at_foot(page: Sequence[Line]) -> list[Line]:
    """A last line that names the page's section and its number, as no heading stands at a page's end."""
    text = page[-1].text.strip()
    beside = NUMBER_BESIDE.match(text)
    if not beside or not beside["last"] or DOTTED.search(text) or NUMBER_BESIDE.match(page[-2].text.strip()):
        return []
    if MARKED.search(beside["before"].partition(" ")[2]):
        return []
    section, number = number_of(text), int(beside["last"])
    names = len(section) > 1 and number >= section[0] and not has_own_number(beside["before"], number)
    return [page[-1]] if names or KEPT_LISTS.match(text) else []


def section_above(page: Sequence[Line], number: int, is_roman: bool) -> list[Line]:
    """The same on the line before the page's number, or on two, with the section's number on the first."""
    foot = page[-2].text.strip()
    if KEPT_LISTS.match(foot) and not any(DOTTED.search(line.text) for line in page):
        return [page[-2]]
    alone = SECTION_ALONE.match(page[-3].text.strip())
    section = number_of(f"{alone[1]} {foot}" if alone else foot)
    if is_roman or len(section) < 2 or number < section[0] or not may_be_head(foot):
        return []
    above = page[-4 if alone else -3].text
    listed = sum(SECTION_ALONE.match(line.text.strip()) is not None for line in page) > MOST_SECTIONS
    if listed or WORD.search(above) is None:  # a table's cells, or a list of figures
        return []
    return [page[-3], page[-2]] if alone else [page[-2]]


def by_wording(text: str) -> bool:
    stripped = text.strip()
    return bool(IMPRINT.search(stripped) or AUTHORS.match(stripped))


def names_volume(line: Line, page: Sequence[Line]) -> bool:
    """Whether the line, and none besides on the page, names a journal's volume."""
    text = line.text.strip()
    whole = text[:1].isupper() and not text.endswith(",") and len(text) <= LONGEST
    return whole and [other for other in page if VOLUME.search(other.text)] == [line]


def has_page_number(head: Line, behind: Sequence[Line]) -> bool:
    """Whether a line has a page's number beside its words: before a section's own or behind its title, beside a title
    in capitals, or, in a line too short for running text, too high for a section's."""
    stripped = head.text.strip()
    if NUMBERED_TWICE.match(stripped):
        return True
    if BARRED.match(stripped):
        return not BARRED.match(behind[0].text.strip())
    beside = NUMBER_BESIDE.match(stripped)
    row = behind[0].text.strip()
    listed = NUMBER_BESIDE.match(row) is not None and len(row) < full_line(behind)  # a table, or contents
    if not beside or listed or is_numbered_line(beside, behind):
        return False
    number, words = int(beside["first"] or beside["last"]), (beside["title"] or beside["before"]).strip()
    if number in YEARS:
        return False
    if by_wording(words.rstrip(",")):
        return True
    if beside["last"] and not has_own_number(words, number):
        section = number_of(words)
        names = bool(section) and number >= section[0] and (len(section) > 1 or is_title(words))
        names = names or IN_CHAPTER.match(words) is not None or FULL_NAMES.match(words) is not None
        if names or is_capitals(words) or goes_on(head, behind):
            return True
    if beside["first"] and (NAMES.match(words) or (is_title(words) and is_elsewhere(number, behind))):
        return True
    short = len(stripped) < full_line(behind)
    plain = is_title(words) or not behind[0].text.lstrip()[0].islower()
    return short and plain and number > PAST_SECTIONS


def has_own_number(words: str, number: int) -> bool:
    """Whether the number behind a line's words may be theirs and not the page's."""
    return REFERRED.search(words) is not None or (number <= MOST_COUNTED and COUNTED.search(words) is not None)


def is_capitals(text: str) -> bool:
    """Whether a line is set in capitals, of two words at least."""
    return len(WORD.findall(text)) >= FEWEST_WORDS and all(word.isupper() for word in WORD.findall(text))


def is_title(text: str) -> bool:
    """Whether all words but small ones begin large, two of them at least, as in no sentence's line."""
    words = [word for word in LONGER.findall(text) if not OPEN_END.match(word)]
    large = len(words) >= FEWEST_WORDS and " " in text.strip() and all(word[0].isupper() for word in words)
    return large and NO_TITLE.search(text) is None and OPEN_END.search(text) is None


def full_line(page: Sequence[Line], shortest: int = SHORTEST_FULL) -> float:
    """The least width of a line of running text, by the lines that are not shorter than `shortest`."""
    every = sorted(len(line.text.strip()) for line in page)
    text = [width for width in every if width >= shortest]
    widths = text if len(text) >= BODY_LINES else every
    return BODY * widths[len(widths) * 3 // 4]


def may_be_head(text: str) -> bool:
    """A short line with words that begins as a head does, and is no caption, no formula and no end of a sentence."""
    stripped = text.strip()
    listed = DOTTED.search(stripped) or CAPTION.match(stripped) or TABLE.match(stripped)
    if not stripped or len(stripped) > LONGEST or listed:
        return False
    words = len(WORD.findall(stripped))
    bare = NUMBER_LAST.sub("", NUMBER_FIRST.sub("", stripped))
    if FORMULA.search(stripped) or words < (1 if len(number_of(stripped)) > 1 else FEWEST_WORDS):
        return bool(AUTHORS.match(bare) or NUMBERED_TWICE.match(stripped))
    return by_wording(bare) or not (stripped[0].islower() or stripped.endswith((".", ",", ";", ":", "-", "?", "!")))


def goes_on(head: Line, behind: Sequence[Line]) -> bool:
    """Whether running text goes on in the middle of a sentence behind the head, which it can't behind a heading."""
    full, stripped = full_line(behind), head.text.strip()
    text = [line.text.strip() for line in behind[:BODY_LINES]]
    title = is_title(stripped) or is_capitals(stripped)
    long = len(stripped) >= min(full, full_line(behind, 0))
    if not text[0][:1].islower() or (not title and (long or OPEN_END.search(stripped))):
        return False
    if long and OPEN_END.match(text[0].partition(" ")[0]):  # so goes on a name that is longer than its line
        return False
    ended = next((place for place, line in enumerate(text, 1) if SENTENCE_END.search(line)), BODY_LINES)
    named = title or bool(number_of(stripped))
    return is_running(text, full, FULL_LINES) or (named and is_running(text[:ended], full, min(FULL_LINES, ended)))


def is_running(text: Sequence[str], full: float, least: int) -> bool:
    """Whether all lines are of running text, `least` of them full."""
    whole = [len(line) >= full for line in text]
    closed = (long or SENTENCE_END.search(line) for line, long in zip(text, whole, strict=True))
    return sum(whole) >= least and all(closed) and not any(map(is_fragment, text))
