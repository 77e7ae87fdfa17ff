"""Sentences torn by what floats: a caption, a table or a footnote stands between their halves.

The rest of the sentence is brought to its beginning, and the float stands behind it. What was moved counts as inserted
there, so that origins stay ascending. People who clean text by hand leave such sentences as they are more often than
not, so this is done on request.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..sentences import sentence_ends
from ..traced import Edit
from .figures import CAPTION, EQUATION_NUMBER, TABLE

PARAGRAPH = re.compile(r"[^\n]+(?:\n[^\n]+)*")
SENTENCE_END = re.compile(r"[.!?:…][\"'”’»)\]]*$")
FOOTNOTE = re.compile(r"^(?:[*∗†‡§¶✉©]|\d{1,2}[.)]?)\s?(?:[^\W\d_a-z]|[“\"„‘]|https?:)")
IMPRINT = re.compile(r"^(?:corresponding author|e-?mail|send offprint|present address|preprint|©)\b", re.I)
ADDRESS = re.compile(r"(?:\S+@\S+|https?://\S+)$")
WORD = re.compile(r"[^\W\d_]{2,}")
AFTER_FORMULA = re.compile(r"(?:where|with|and|for|is|are|in which|wobei|mit|und)\b")
MOST_FLOATS = 5
"""Paragraphs between the halves."""
LONGEST_REST = 700
"""Characters that are brought back at the most; a longer sentence is none."""
SHORTEST = 60
WINDOW = 12
"""Words at a tear, of which PROSE must be words of letters."""
PROSE = 8


@dataclass(frozen=True, slots=True)
class Paragraph:
    """text[start:end], without the empty lines around it."""

    start: int
    end: int
    text: str


def join_torn(text: str) -> list[Edit]:
    """Edits that bring the rests of torn sentences back; `text` has paragraphs on lines of their own."""
    paragraphs = [Paragraph(match.start(), match.end(), match.group()) for match in PARAGRAPH.finditer(text)]
    edits: list[Edit] = []
    place = 0
    while place < len(paragraphs) - 2:
        behind = resumption(paragraphs, place)
        if behind is None:
            place += 1
            continue
        first, rest = paragraphs[place], paragraphs[behind]
        taken = first_sentence(rest.text)
        if taken and continues(first.text, rest.text):
            edits.append(Edit(first.end, first.end, " " + rest.text[:taken].rstrip()))
            stop = rest.start + taken
            edits.append(Edit(paragraphs[behind - 1].end if stop == rest.end else rest.start, stop))
        place = behind
    return edits


def resumption(paragraphs: Sequence[Paragraph], place: int) -> int | None:
    """Where the sentence that paragraph `place` leaves unfinished goes on behind floats."""
    if not is_torn(paragraphs[place].text):
        return None
    for behind in range(place + 1, min(len(paragraphs), place + 2 + MOST_FLOATS)):
        if paragraphs[behind].text[0].islower() and behind > place + 1:
            between = [paragraph.text for paragraph in paragraphs[place + 1 : behind]]
            return behind if is_float(between[0]) and closes(between[-1]) else None
        if not (is_float(paragraphs[behind].text) or is_label(paragraphs[behind].text)):
            return None
    return None


def is_torn(text: str) -> bool:
    return len(text) >= SHORTEST and (SENTENCE_END.search(text) is None or EQUATION_NUMBER.search(text) is not None)


def is_float(text: str) -> bool:
    return any(pattern.match(text) for pattern in (CAPTION, TABLE, FOOTNOTE, IMPRINT))


def is_label(text: str) -> bool:
    """What a figure holds, or a table's cells: no sentence."""
    return SENTENCE_END.search(text) is None and len(WORD.findall(text)) < len(text.split())


def closes(text: str) -> bool:
    """Whether a float is finished at its end."""
    return SENTENCE_END.search(text) is not None or ADDRESS.search(text) is not None or is_label(text)


def continues(text: str, rest: str) -> bool:
    """Whether both are running text at the tear, or the rest explains the formula before it."""
    if EQUATION_NUMBER.search(text):
        return AFTER_FORMULA.match(rest) is not None
    return is_prose(text.split()[-WINDOW:]) and is_prose(rest.split()[:WINDOW])


def is_prose(words: Sequence[str]) -> bool:
    return sum(WORD.search(word) is not None for word in words) >= min(PROSE, len(words))


def first_sentence(text: str) -> int:
    """Length of the first sentence and the blank behind it; 0 where it has no end in reach."""
    end = sentence_ends(text[: LONGEST_REST + 1])[0]
    return end if end <= LONGEST_REST and SENTENCE_END.search(text[:end].rstrip()) else 0
