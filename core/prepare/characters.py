"""Characters as a reader means them: ligatures in letters, accents on their letters, plain spaces, mended encodings."""

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher

from ..signs import MARKS, accented
from ..traced import Edit, Traced
from .lines import lines_of

LIGATURES = re.compile("[ﬀ-ﬆ]")
SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t]")
LETTER = r"[^\W\d_]"
ACCENTED = re.compile(
    # before its letter, or alone on the line above it
    rf"(?P<mark>(?<!/)[´¨ˆ˜¯ˉˇ˘˚]|(?<![\w/])˙|(?<={LETTER})`)(?:(?<=\n.)\n)?(?P<letter>{LETTER})"
    # behind a formula's letter, as pdfium has it ("X˜ = 1"); in words it always stands before
    rf"|(?<!\w)(?P<symbol>{LETTER})(?P<behind>[ˆ˜¯ˉ˙])(?!{LETTER})"
    r"|(?P<cedilla_on>[A-Za-z])¸"
)
MARK = re.compile(f"[{''.join(MARKS)}¸]")
CEDILLA = "\u0327"
WORD = re.compile(r"\S+")
LONGEST_COMPARED = 300
"""Characters."""


def mend_characters(traced: Traced) -> tuple[Traced, dict[str, int]]:
    """Each group of repairs in turn, and how many of each were made."""
    counts: dict[str, int] = {}
    for name, find in (
        ("ligatures", ligatures),
        ("spaces", spaces),
        ("accents", accents),
        ("encodings", encodings),
    ):
        edits = list(find(traced.text))
        traced = traced.apply(edits)
        counts[name] = len(edits)
    return traced, counts


def ligatures(text: str) -> Iterator[Edit]:
    for match in LIGATURES.finditer(text):
        yield Edit(match.start(), match.end(), unicodedata.normalize("NFKC", match.group()))


def spaces(text: str) -> Iterator[Edit]:
    for match in SPACES.finditer(text):
        yield Edit(match.start(), match.end(), " ")


def accents(text: str) -> Iterator[Edit]:
    """TeX fonts set accents as glyphs of their own: "Universit´e" is Université, and "˜m" is m̃."""
    for match in lone_accents(text):
        letter = match["letter"] or match["symbol"] or match["cedilla_on"]
        composed = accented(letter, MARKS.get(match["mark"] or match["behind"], CEDILLA))
        if len(composed) == 1 or not match["cedilla_on"]:
            yield Edit(match.start(), match.end(), composed)


def lone_accents(text: str) -> Iterator[re.Match[str]]:
    """What ACCENTED.finditer gives: each match begins at a mark or one character before it, and there it is tried."""
    at = 0
    for mark in MARK.finditer(text):
        tries = (ACCENTED.match(text, start) for start in (mark.start() - 1, mark.start()) if start >= at)
        match = next(filter(None, tries), None)
        if match:
            at = match.end()
            yield match


def encodings(text: str) -> Iterator[Edit]:
    """What ftfy mends in a line, as edits of the spans that differ."""
    import ftfy  # loaded here, since listing sessions should not wait for it

    config = ftfy.TextFixerConfig(
        unescape_html=False,
        uncurl_quotes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        remove_terminal_escapes=False,
        remove_control_chars=False,
        fix_line_breaks=False,
        normalization="NFC",
    )
    for line in lines_of(text):
        if line.text.isascii():
            continue
        mended = ftfy.fix_text(line.text, config=config)
        if mended == line.text:
            continue
        for edit in differences(line.text, mended):
            yield Edit(line.start + edit.start, line.start + edit.end, edit.text)


def differences(before: str, after: str) -> Iterator[Edit]:
    """Edits that make `after` of `before`, word by word where both have as many; a long word that differs is replaced
    as a whole, since comparing takes the cube of its length."""
    old, new = list(WORD.finditer(before)), list(WORD.finditer(after))
    if len(old) != len(new) or WORD.sub("", before) != WORD.sub("", after):
        yield from compared(0, before, after)
        return
    for one, other in zip(old, new, strict=True):
        if one.group() != other.group():
            yield from compared(one.start(), one.group(), other.group())


def compared(at: int, before: str, after: str) -> Iterator[Edit]:
    if max(len(before), len(after)) > LONGEST_COMPARED:
        yield Edit(at, at + len(before), after)
        return
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Edit(at + start, at + end, after[new_start:new_end])
