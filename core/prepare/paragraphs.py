"""Lines into paragraphs: one paragraph a line, an empty line between two.

A line ends its paragraph when it is short and ends a sentence, when it is a heading, or when what follows begins
something new: a heading, a list item, a caption. A page break ends nothing by itself.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice, pairwise

from ..traced import Edit
from .figures import find_figures
from .footnotes import footnote_starts
from .lines import Line, filled_lines
from .titles import WIDEST, section_titles, typical

HEADING = re.compile(
    r"^(?:(?:\d{1,2}|[A-Z]|[IVX]{1,5})(?:\.\d{1,2}){0,3}\.?\s+)?[A-ZÄÖÜ][^.!?;:]{1,70}$",
)
NUMBERED = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-Z]\.|§\s?\d+)\s+[A-ZÄÖÜ]")
BARE_HEADINGS = re.compile(
    r"^(?:abstract|introduction|references|bibliography|acknowledge?ments?|conclusions?|appendix|contents|summary|"
    r"zusammenfassung|einleitung|literatur|inhaltsverzeichnis|résumé|résumen)\b.{0,20}$",
    re.I,
)
ITEM = re.compile(
    r"^(?:[–—*·■-]\s+|\(?\d{1,2}[.)]\s+|\[\d{1,3}\]\s|\(?[a-z]\)\s|"
    r"(?:Definition|Theorem|Lemma|Corollary|Proposition|Remark|Example|Proof|Satz|Korollar|Bemerkung|Beispiel|Beweis)"
    r"(?:\s\d{1,3}(?:\.\d{1,3})*)?\b)"
)
BULLET = re.compile(r"^(?:[•‣▪◦●]\s+|\((?:[ivx]{1,4}|\d{1,2})\)\s+[^\W\d_])")
CAPTION_HEAD = re.compile(
    r"^(?:Fig(?:ure|\.)|FIG(?:URE|\.)|Tab(?:le|\.)|TABLE|Abb(?:ildung|\.)|Tabelle)\s*[A-Z]?[\d.]{0,4}\d"
    r"(?:\.?:|\.\s+[A-ZÄÖÜ])"
)
TITLED = re.compile(r"^\S+\s*\S{1,6}:\s*[A-ZÄÖÜ(]")
"""A caption whose title begins behind a colon, where a sentence would go on in a small letter."""
CAPTION = re.compile(
    r"^(?:Fig(?:ure|\.)|Tab(?:le|\.)|Abb(?:ildung|\.)|Tabelle|Algorithm|Listing)\s*(?:[\dIVX]+|[A-Z]\.\d)", re.I
)
CAPTION_LABEL = re.compile(r"^(?:Fig(?:ure|\.)|Abb(?:ildung|\.))\s*[A-Z]?\.?\d{1,3}[.:]?$", re.I)
SENTENCE_END = re.compile(r"[.!?…:][\"'”’»)\]]*\s*$")
ABBREVIATED = re.compile(r"\b(?:et al|e\.g|i\.e|cf|vs|Figs?|Eqs?|Sect?|Refs?|resp|z\. ?B|d\. ?h|vgl|bzw|Abb|Nr)\.$")
FLOAT_END = re.compile(rf"(?:{SENTENCE_END.pattern[:-4]}|https?://\S+|\S+@\S+)\s*$")
SCRIPT_LINE = re.compile(r"^\s*(?:[-−+]?\d{1,2}|n|k|[−-]1|[+∗′×])\s*$")
SYMBOL_AT_END = re.compile(r"(?:^|\s|[(×∈=,])[^\W\d_][\u0300-\u036f]?\s*$")
OPENING = re.compile(r"^\s*(?:abstract|zusammenfassung|résumé|resumen|summary)\b", re.I)
OPENED = re.compile(r"^(?:abstract|index terms|key ?words|zusammenfassung|résumé|resumen)(?:\s?[—–:.]|$)", re.I)
UNFINISHED = re.compile(r"\b(?:and|or|of|for|in|on|the|a|an|to|with|by|und|der|die|das|für|et|de|la|le|y|el)$", re.I)
BEFORE_NUMBER = re.compile(r"\b(?:and|or|of|for|in|on|to|with|by|und|et|de|y)$", re.I)
"""Those that "Fig. 3" may follow in a sentence: before "Fig. 3. The" nothing tells whether a caption begins."""
WORD = re.compile(r"[^\W\d_]{2,}")
WORDS_OF_TEXT = 6
"""A short line with so many words may still be the middle of a sentence, before an empty line."""
LONGEST_TITLE = 40
"""Lines."""
LONGEST_HEADLINE = 4
"""And of a title alone."""
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
ITEM_LABEL = re.compile(r"^\s*\(([ivx]{1,4}|[a-h]|\d)\)\s")
LABELS = (["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"], list("abcdefgh"), list("123456789"))
LISTED = re.compile(r"(?:[,;]|\b(?:and|or|und|oder))\s*$")
REACH_OF_ITEM = 6
"""Lines in which the item before or behind one is looked for."""
SHORTEST_TEXT = 15
"""A shorter line is a label or a piece of a formula, where a number below a letter is no exponent."""
SHORT = 0.8
"""A line shorter than this share of its neighbours may be a paragraph's last."""
GOES_ON = re.compile(r"(?![A-ZÄÖÜ])[^\W\d_](?:[^\W\d_]|\s)")
"""A sentence in the next line, and no formula."""
NEIGHBOURS = 12


def join_lines(text: str, line_ends: Sequence[int] = ()) -> tuple[list[Edit], int]:
    """Edits that join lines with a blank and set paragraphs apart with an empty line; and how many joins.

    `line_ends` are the offsets where a line of the page ended in a hyphen, so that one of `text` goes on in the next.
    """
    lines = filled_lines(text)
    edits: list[Edit] = []
    joins = 0
    if not lines:
        return [Edit(0, len(text))] if text else [], 0
    if lines[0].start + indent(lines[0]) > 0:
        edits.append(Edit(0, lines[0].start + indent(lines[0])))
    edges = {edge for figure in find_figures(text) for edge in (figure.start, figure.end)}
    edges |= set(page_top_floats(lines))
    notes = set(footnote_starts(lines))
    front = title_block(lines)
    title = title_lines(lines[:front], text)
    run_on = set(run_on_items(lines))
    inside = kind_of_float(lines[0], notes)
    widths, lasts = sizes(lines, line_ends)
    titles = section_titles(lines, widths, NEIGHBOURS)
    starts, ends = {found.number for found in titles}, {found.last for found in titles}
    inside_title = {place for found in titles for place in range(found.number, found.last)}
    for place, (line, after) in enumerate(pairwise(lines)):
        gap = text[line.end : after.start]
        new = (
            after.start in edges
            or after.start in notes
            or (place < front and place + 1 not in title[1:] and is_own_line(line.text.strip(), after.text.strip()))
            or (inside is not None and resumes(line, after))
            or (inside == "footnote" and "\f" in gap)
            or (inside is not None and "\f" not in gap and gap.count("\n") > 1)
            or (
                not (place + 1 in title[1:] or after.start in run_on or is_address(line.text, after.text))
                and starts_new(
                    (line.text.strip(), lasts[place]),
                    (after.text.strip(), widths[place + 1]),
                    gap,
                    typical(widths, place, NEIGHBOURS),
                    beyond(lines, place),
                )
            )
            or place in ends
            or place + 1 in starts
        ) and place not in inside_title
        inside = kind_of_float(after, notes) if new else inside
        joins += not new
        start = line.start + len(line.text.rstrip())
        joint = "\n\n" if new else joint_of(line.text, after.text)
        edits.append(Edit(start, after.start + indent(after), joint))
    last = lines[-1]
    stop = last.start + len(last.text.rstrip())
    if stop < len(text):
        edits.append(Edit(stop, len(text)))
    return edits, joins


def page_top_floats(lines: Sequence[Line]) -> Iterator[int]:
    """Offsets of the lines that begin a table or a figure at the top of a page: it reaches to a caption, and hardly a
    word of it is one that a sentence would have in small letters."""
    for place, (before, line) in enumerate(pairwise(lines), 1):
        if before.page == line.page or is_prose(line.text) or line.text.lstrip()[0].islower():
            continue
        block: list[str] = []
        for other in islice(lines, place, None):
            if other.page != line.page:
                break
            if CAPTION_HEAD.match(other.text.strip()):
                if block and not is_prose(" ".join(block)):
                    yield line.start
                break
            block.append(other.text)


def is_prose(text: str) -> bool:
    """Whether at least half of the words begin in small letters."""
    words = text.split()
    return 2 * sum(word[0].islower() for word in words) >= len(words)


def kind_of_float(line: Line, notes: Collection[int]) -> str | None:
    """What a paragraph that begins with `line` is, if it stands in the text and is not of it."""
    if line.start in notes:
        return "footnote"
    return "caption" if CAPTION.match(line.text.strip()) else None


def resumes(line: Line, after: Line) -> bool:
    """Whether a caption or a footnote has ended and the sentence that it tore goes on."""
    if CAPTION_LABEL.match(line.text.strip()):
        return False
    return FLOAT_END.search(line.text) is not None and after.text.lstrip()[0].islower()


def joint_of(text: str, following: str) -> str:
    """What stands between two joined lines: a blank, or nothing before an index or exponent on a line of its own."""
    script = len(text) > SHORTEST_TEXT and SCRIPT_LINE.match(following) and SYMBOL_AT_END.search(text)
    return "" if script else " "


def title_block(lines: Sequence[Line]) -> int:
    """How many lines stand before the abstract; 0 where there is none near the beginning."""
    for place, line in enumerate(lines[:LONGEST_TITLE]):
        if OPENING.match(line.text):
            return place
    return 0


def title_lines(front: Sequence[Line], text: str) -> range:
    """Which of a title block's first lines are the title: those above an empty line, below arXiv's stamp; none where no
    empty line shows that, or where a date is among them."""
    first = int(bool(front) and front[0].text.startswith("arXiv:"))
    for place, (line, after) in enumerate(pairwise(front[first : first + LONGEST_HEADLINE]), first):
        if YEAR.search(line.text):
            break
        if text.count("\n", line.end, after.start) > 1:
            return range(first, place + 1)
    return range(0)


def run_on_items(lines: Sequence[Line]) -> Iterator[int]:
    """Offsets of the lines that begin with an item of a sentence's own list, "(i) this, (ii) that": the item before or
    behind it stands inside a line, and a comma or an "and" is before one of the two."""
    for place, line in enumerate(lines):
        label = ITEM_LABEL.match(line.text)
        if label is None or place == 0:
            continue
        before, behind = neighbours(label[1])
        above = [other.text for other in lines[max(0, place - REACH_OF_ITEM) : place]]
        below = [line.text, *(other.text for other in lines[place + 1 : place + REACH_OF_ITEM])]
        parted = LISTED.search(above[-1]) is not None
        if inside_line(before, above, parted) or inside_line(behind, below, False):
            yield line.start


def neighbours(label: str) -> tuple[str, str]:
    """The labels before and behind one; empty at either end."""
    for row in LABELS:
        if label in row:
            at = row.index(label)
            return row[at - 1] if at else "", row[at + 1] if at + 1 < len(row) else ""
    return "", ""


def inside_line(label: str, texts: Sequence[str], parted: bool) -> bool:
    """Whether lines have the label behind other words, and none begins with it; unless the items are `parted`, what
    parts items has to be before it."""
    named = f"({label})"
    found = [text.partition(named)[0] for text in texts if named in text] if label else []
    if any(not before.strip() for before in found):
        return False
    return any(parted or LISTED.search(before) for before in found)


def is_address(text: str, following: str) -> bool:
    """Whether a web address goes on in the next line."""
    return following.lstrip().startswith("//") and text.rstrip().endswith(("http:", "https:"))


def is_own_line(text: str, following: str) -> bool:
    """Whether a line of a title block, with title, authors or addresses, ends where its line ends."""
    return not (text.endswith((",", "-", "&", ":")) or following[0].islower() or UNFINISHED.search(text))


def indent(line: Line) -> int:
    return len(line.text) - len(line.text.lstrip())


def sizes(lines: Sequence[Line], line_ends: Sequence[int]) -> tuple[list[int], list[int]]:
    """How long the first and the last line of the page is that each of the lines is made of."""
    firsts = [len(line.text.strip()) for line in lines]
    lasts = firsts.copy()
    place, seen = 0, -1
    for end in line_ends:
        while lines[place].end < end:
            place += 1
        line = lines[place]
        if place > seen:
            firsts[place], seen = end - line.start - indent(line), place
        lasts[place] = line.start + len(line.text.rstrip()) - end
    return firsts, lasts


def beyond(lines: Sequence[Line], place: int) -> str:
    """The text two lines below `place`."""
    return lines[place + 2].text.strip() if place + 2 < len(lines) else ""


def starts_new(before: tuple[str, int], after: tuple[str, int], gap: str, width: int, beyond: str) -> bool:
    """Whether a line begins a new paragraph: each with how long it is where they meet; `beyond` is the one below."""
    (text, last), (following, first) = before, after
    ended = SENTENCE_END.search(text) is not None and ABBREVIATED.search(text) is None
    short = last < SHORT * width
    if OPENED.match(following) or BULLET.match(following):
        return True
    if CAPTION_HEAD.match(following) and (TITLED.match(following) or not BEFORE_NUMBER.search(text)):
        return True
    if CAPTION_LABEL.match(text):
        return False
    if ITEM.match(following) or CAPTION.match(following):
        return ended or short or gap.count("\n") > 1
    if is_heading(text, short) and not following[0].islower():
        return True
    if is_heading(following, first < SHORT * width) and (ended or short):
        return True
    if "\f" in gap:
        return ended and short
    if gap.count("\n") > 1:
        label = short and len(WORD.findall(text)) < WORDS_OF_TEXT
        return ended or label or not (following[0].islower() or (following[0].isdigit() and not short))
    if not (ended and short) or following[0].islower():
        return False
    return last + first > WIDEST * width or not breaks_off(following, first < SHORT * width, beyond)


def breaks_off(text: str, short: bool, beyond: str) -> bool:
    """Whether a line ends before its sentence and the page's line do: a piece of one that was read as two, where a
    wide blank parts its sentences."""
    return short and GOES_ON.match(beyond) is not None and SENTENCE_END.search(text) is None


def is_heading(text: str, short: bool) -> bool:
    """A short line that is set like a heading: numbered, in capitals, or one of the usual names."""
    if len(text) > 80 or not short or SENTENCE_END.search(text):
        return False
    named = BARE_HEADINGS.match(text) is not None
    if not named and HEADING.match(text) is None:
        return False
    letters = [character for character in text if character.isalpha()]
    if len(letters) < 3:
        return False
    capitals = sum(character.isupper() for character in letters) / len(letters)
    return named or NUMBERED.match(text) is not None or capitals > 0.9
