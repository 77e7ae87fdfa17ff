"""Sentences torn by what floats: a caption, a table or a footnote stands between their halves.

The rest of the sentence is brought to its beginning, and the float stands behind it. People who clean text by hand
leave such sentences as they are more often than not, so the repairs do it on request; `verbatim` proposes it. Either
way tears are found in the whole document: what shows that a number begins a footnote may stand a page above it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..edits import Candidate
from ..sentences import sentence_ends
from ..traced import Edit
from .figures import CAPTION, EQUATION_NUMBER, SUBCAPTION, TABLE
from .footnotes import DOMAIN, PLAIN
from .frequency import zipf
from .paragraphs import ABBREVIATED, BEFORE_NUMBER, NUMBERED, TITLED, UNFINISHED, is_heading

SURE, DOUBTFUL = 0.9, 0.3
KIND = "aside"
PARAGRAPH = re.compile(r"[^\n]+(?:\n[^\n]+)*")
SENTENCE_END = re.compile(r"[.!?:…][\"'”’»)\]]*$")
NAMED = re.compile(
    r"^\s*(?:Fig(?:ure|\.)|FIG(?:URE|\.)|Abb(?:ildung|\.)|Tab(?:le|elle|\.)|TABLE|Algorithm|Listing)\s*[A-Z]?[\dIVX.]+"
    r"(?::|\s+(?:[^\W\d_a-z]|\(|[a-z]\)))"
)
"""How a caption begins, and no sentence about its figure: not "Figure 1, larger values" and not "Fig. 3 shows"."""
FOOTNOTE = re.compile(rf"^(?:[*∗†‡§¶✉©]|\d{{1,2}}[.)]?(?!\w\b))\s?(?:[^\W\d_a-z]|[“\"„‘]|https?:|{DOMAIN})")
"""A mark and what begins large; "1D" is a word."""
NUMBERED_NOTE = re.compile(r"^(\d{1,2})[.)]")
IMPRINT = re.compile(r"^(?:corresponding author|e-?mail|send offprint|present address|preprint|©)\b", re.I)
ADDRESS = re.compile(r"(?:\S+@\S+|https?://\S+)$")
BLANKS = re.compile(r" *")
WORD = re.compile(r"[^\W\d_]{2,}")
CITED = re.compile(r"\s?[(\[][^()\[\]]{0,200}[)\]]")
IN_BRACKETS = re.compile(r"\((?!(?:[a-z]|[ivx]{1,4}|\d{1,2})\))[^()\n]{2,80}\)(?:[,;:.]|\s+[a-z])")
"""How a sentence goes on with what is in brackets: no item of a list, and a sentence's own bracket ends with it."""
NAMED_ITEM = re.compile(r"[^\W\d_a-z][^\W\d_]{2,12} \d{1,3}(?:\.\d{1,3}){0,3}\.? [(A-ZÄÖÜ]")
"""A theorem's beginning: "Satz 5.5 (Gauß)"."""
ITEM = re.compile(r"(?:[a-z]|[ivx]{1,4})\)\s")
REFERRED = re.compile(r"\b(?:Equations?|Eqs?\.?|Gleichung(?:en)?|Gl\.)\s*\([^()]{1,12}\)[.,]?\s*$")
ENUMERATED = re.compile(r"\b[a-z\d]{1,2}\)$")
ENDED = re.compile(r"[^\W\d_A-Z]{2}[)\]]?[.!?]$|\d[)\]][.!?]$")
"""The end of a word that ends a sentence, and of no initial."""
GOES_ON = ",;:)"
"""Signs that begin no sentence; before them no blank is put."""
AFTER_FORMULA = re.compile(r"(?:where|with|and|for|is|are|in which|wobei|mit|und)\b")
MOST_FLOATS, MOST_DRAWN = 5, 10
"""Paragraphs between the halves, and where a figure's inside is among them."""
FEWEST_OF_TEXT = 6
"""A paragraph of so many words, without an end, may stand inside a figure."""
LONGEST_REST = 700
"""Characters that are brought back at the most; a longer sentence is none."""
SHORTEST = 40
WINDOW = 12
"""Words at a tear, of which PROSE must be words of letters."""
PROSE = 8
WORDS_OF_TEXT = 0.8
"""Share of words of letters from which on a paragraph is no label."""
FUNCTION_WORD = 6.0
"""Zipf frequency of the words that hold sentences together."""
COMMON = 3.5
"""And of those that a text may use anywhere; a name is rarer."""
FEWEST_LINKING = 3
"""So many of them stand around a tear in a sentence, some at either side; the names inside a figure have none."""
FEW = 4
"""So short a rest need not have one."""
CAPITALS = frozenset({"de"})
"""Languages in which any noun begins large."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """text[start:end], without the empty lines around it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Tear:
    """A sentence that breaks off at `at`, where a paragraph ends, and goes on behind floats in text[rest:end]."""

    at: int
    rest: int
    end: int
    """Behind the sentence's last character; no blank belongs to it."""
    last: bool
    """Whether the paragraph ends with it."""
    sure: bool
    """Whether both halves read as a sentence's do, and not like the names in a figure."""


def tears(text: str, language: str) -> Iterator[Tear]:
    """The torn sentences of a text with paragraphs on lines of their own, ascending and apart."""
    found = (Paragraph(match.start(), match.end(), match.group()) for match in PARAGRAPH.finditer(text))
    paragraphs = [paragraph for paragraph in found if not paragraph.text.isspace()]
    place = 0
    while place < len(paragraphs) - 2:
        behind = resumption(paragraphs, place, language)
        if behind is None:
            place += 1
            continue
        first, rest = paragraphs[place], paragraphs[behind]
        taken = first_sentence(rest.text)
        if taken and continues(first.text, rest.text):
            end = rest.start + len(rest.text[:taken].rstrip())
            between = [paragraph.text for paragraph in paragraphs[place + 1 : behind]]
            aside = between[inside_of(between, language)]
            sure = stands_apart(first.text, aside) and is_sentence(first.text, rest.text[:taken], language)
            yield Tear(first.end, rest.start, end, rest.start + taken == rest.end, sure)
        place = behind


def join_torn(text: str, language: str) -> list[Edit]:
    """Edits that bring the rests of torn sentences back where both halves surely belong together. What was moved counts
    as inserted there, so that origins stay ascending."""
    edits: list[Edit] = []
    for tear in tears(text, language):
        if not tear.sure:
            continue
        edits.append(Edit(tear.at, tear.at, joint(text[tear.rest]) + text[tear.rest : tear.end]))
        start, end = tear.rest, tear.end
        while tear.last and text[start - 1].isspace():
            start -= 1
        while not tear.last and text[end].isspace():
            end += 1
        edits.append(Edit(start, end))
    return edits


def move_of(text: str, tear: Tear) -> Candidate:
    """The replacement of all from the tear to the sentence's end that has the rest first, so that it is made or not
    made as a whole; a paragraph's beginning stays one behind it."""
    rest, aside = text[tear.rest : tear.end], text[tear.at : tear.rest].strip()
    end, behind = tear.end, ""
    blanks = BLANKS.match(text, end)
    if blanks and text[blanks.end() : blanks.end() + 1] not in {"", "\n"}:
        end, behind = blanks.end(), "\n\n"
    whole = f"{joint(rest[0])}{rest}\n\n{aside}{behind}"
    return Candidate(tear.at, end, whole, KIND, SURE if tear.sure else DOUBTFUL)


def joint(sign: str) -> str:
    """What stands between the halves if the second begins with `sign`."""
    return "" if sign in GOES_ON else " "


def resumption(paragraphs: Sequence[Paragraph], place: int, language: str) -> int | None:
    """Where the sentence that paragraph `place` leaves unfinished goes on behind floats."""
    text = paragraphs[place].text
    if not is_torn(text):
        return None
    names = UNFINISHED.search(text) is not None or linking(text.split()[-1:], language) > 0
    for behind in range(place + 1, min(len(paragraphs), place + 2 + MOST_DRAWN)):
        here = paragraphs[behind].text
        fragment = is_float(here) or is_label(here) or is_inside(here)
        goes_on = (
            (here[0].islower() and ITEM.match(here) is None)
            or here[0] in GOES_ON
            or (not fragment and closes_bracket(text, here))
            or IN_BRACKETS.match(here) is not None
            or (names and not fragment and begins_with_name(here, language))
        )
        if behind > place + 1 and goes_on:
            between = [paragraph.text for paragraph in paragraphs[place + 1 : behind]]
            drawn = inside_of(between, language)
            if drawn or (is_float(between[0]) and len(between) <= MOST_FLOATS):
                return behind if closes(between[-1]) else None
        if not fragment:
            return None
    return None


def inside_of(between: Sequence[str], language: str) -> int:
    """How many paragraphs before a figure's caption are its inside; 0 where the first is a float or none a caption."""
    for place, text in enumerate(between):
        if CAPTION.match(text) and NAMED.match(text):
            return place
        words = linking(text.split(), language)
        if is_float(text) or not (is_label(text) or is_inside(text)) or words >= FEWEST_LINKING:
            return 0
    return 0


def is_inside(text: str) -> bool:
    """A few words that end nothing, as figures have them, or a part's own caption."""
    few = len(text.split()) <= FEWEST_OF_TEXT and SENTENCE_END.search(text) is None and NUMBERED.match(text) is None
    return few or SUBCAPTION.match(text) is not None


def begins_with_name(text: str, language: str) -> bool:
    """Whether what begins large may be the rest of a sentence that "the" or "of" leaves open: no heading, and no common
    word with which a sentence may begin, such as "Usually", unless the next begins large too."""
    first, *others = text.split()[:2]
    if not first[0].isalpha() or NAMED_ITEM.match(text) or is_heading(text, True) or linking([first.lower()], language):
        return False
    name = first[1:] != first[1:].lower() or any(other[0].isupper() for other in others)
    return name or language in CAPITALS or zipf(first.lower().strip(",;:)"), language) < COMMON


def is_torn(text: str) -> bool:
    return len(text) >= SHORTEST and (SENTENCE_END.search(text) is None or is_formula(text))


def is_formula(text: str) -> bool:
    """Whether a numbered formula ends the text, and no "Equation (3)"."""
    return EQUATION_NUMBER.search(text) is not None and REFERRED.search(text) is None


def closes_bracket(text: str, rest: str) -> bool:
    """Whether the rest closes, before its first sentence ends, a bracket that the text leaves open at its end."""
    for opening, closing in ("()", "[]"):
        opened = re.search(rf"\{opening}[^()\[\]\n]{{2,200}}$", text)
        closed = re.match(rf"[^()\[\]\n]{{2,200}}\{closing}", rest)
        if opened and closed and not ENUMERATED.search(closed.group()):
            return True
    return False


def is_float(text: str) -> bool:
    return any(pattern.match(text) for pattern in (CAPTION, TABLE, FOOTNOTE, IMPRINT))


def stands_apart(text: str, aside: str) -> bool:
    """Whether what begins behind `text` is no part of it, as "Fig. 3." behind "in" may be, or an item of a list."""
    if NAMED.match(aside):
        return TITLED.match(aside) is not None or BEFORE_NUMBER.search(text) is None
    number = NUMBERED_NOTE.match(aside)
    noted = number is None or re.search(rf"(?:[^\W\d_][.,;:]?|\^){number[1]}(?!\d)", text.translate(PLAIN)) is not None
    return noted and (FOOTNOTE.match(aside) or IMPRINT.match(aside)) is not None and closes(aside)


def is_label(text: str) -> bool:
    """What a figure holds, or a table's cells: no sentence and no heading."""
    words = text.split()
    plain = SENTENCE_END.search(text) is None and NUMBERED.match(text) is None
    return plain and sum(WORD.search(word) is not None for word in words) < WORDS_OF_TEXT * len(words)


def closes(text: str) -> bool:
    """Whether a float is finished at its end."""
    return SENTENCE_END.search(text) is not None or ADDRESS.search(text) is not None or is_label(text)


def continues(text: str, rest: str) -> bool:
    """Whether both are running text at the tear, or the rest explains the formula before it."""
    if is_formula(text):
        return AFTER_FORMULA.match(rest) is not None
    return is_prose(text.split()[-WINDOW:]) and is_prose(rest.split()[:WINDOW])


def is_prose(words: Sequence[str]) -> bool:
    return sum(WORD.search(word) is not None for word in words) >= min(PROSE, len(words))


def is_sentence(text: str, rest: str, language: str) -> bool:
    """Whether a sentence's words stand at both sides of the tear: small ones that hold it together, citations apart."""
    if is_formula(text) or closes_bracket(text, rest):
        return True
    before = CITED.sub("", text[-LONGEST_REST:]).split()[-WINDOW:]
    behind = CITED.sub("", rest).split()[:WINDOW]
    here, there = linking(before, language), linking(behind, language)
    either = here > 0 and (there > 0 or len(behind) < FEW)
    return either and here + max(there, 1) >= FEWEST_LINKING and may_go_on(before, language)


def may_go_on(words: Sequence[str], language: str) -> bool:
    """Whether a sentence may go on behind the words: not behind a name or a sign, unless a small word is before it."""
    end = words[-1].rstrip(",;") if words else ""
    if SENTENCE_END.search(end) and not ABBREVIATED.search(end):
        return False
    if end[:1].islower() or end[-1:].isdigit() or linking([end.lower()], language):
        return True
    previous = words[-2] if len(words) > 1 else ""
    if ENDED.search(previous) or (end.isupper() and len(end) > 1 and previous[:1].islower()):
        return True
    return end[:1].isupper() and (language in CAPITALS or linking([previous], language) > 0)


def linking(words: Sequence[str], language: str) -> int:
    """How many of the words only a sentence would hold."""
    bare = [word.strip(".,;:()“”\"'’") for word in words]
    return sum(word.islower() and zipf(word, language) >= FUNCTION_WORD for word in bare)


def first_sentence(text: str) -> int:
    """Length of the first sentence and the blank behind it; 0 where it has no end in reach."""
    end = sentence_ends(text[: LONGEST_REST + 1])[0]
    return end if end <= LONGEST_REST and SENTENCE_END.search(text[:end].rstrip()) else 0
