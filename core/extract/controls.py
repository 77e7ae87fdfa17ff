"""Takes out of extracted text what no reader sees but a terminal or a model obeys.

A PDF can hold terminal escape sequences, bidi overrides and invisible characters, and its glyph codes often come out as
raw control characters. They are removed here, once, before the text reaches anything else, and counted so that the
user hears of it.
"""

import re
from dataclasses import dataclass

from .ligatures import with_ligatures

LINE_ENDS = re.compile("\r\n?|[\x0b\u2028\u2029]")
"""Everything that ends a line and is not already a line feed."""

ESCAPE_SEQUENCES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI: colours, cursor movements
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]{0,4096}(?:\x07|\x1b\\\\|\x9c)"  # OSC, DCS, SOS, PM, APC
    "|\x1b[()*+][0-9A-Za-z]"  # character sets
)
"""ECMA-48 sequences that are complete; a lone ESC is a control character and takes nothing else with it."""

CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # C0 but tab, line feed and form feed; DEL; C1
    "\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # bidi marks and overrides, zero width
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"  # annotation marks, non-characters, lone surrogates
    "\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U000e0000-\U000e007f"  # non-characters, tags
    "\xad"  # soft hyphen inside a line: invisible
    "]"
    "|(?<![\u0600-\u0dff])[\u200c\u200d]"  # joiners spell words in Arabic and Indic scripts, elsewhere they hide
)

HYPHEN_MARKS = re.compile(r"[\x02\ufffe](?<=\w.)(?=\w)")
"""What pdfium writes in place of a hyphen and the line break after it."""

SOFT_HYPHEN_AT_LINE_END = re.compile("\xad(?=[ \t]*\n)")


@dataclass(frozen=True, slots=True)
class Stripped:
    """Text without control characters, and how many characters and escape sequences were removed."""

    text: str
    removed: int


def normalise_line_ends(text: str) -> str:
    return LINE_ENDS.sub("\n", text)


def restore_hyphens(text: str) -> str:
    """pdfium's marks for a hyphenated line end as the hyphen and line break that the page shows."""
    return HYPHEN_MARKS.sub("-\n", text)


def strip_controls(text: str) -> Stripped:
    """Remove escape sequences and control characters, keeping tab, line feed and form feed.

    A soft hyphen at a line's end is a visible hyphen and stays as "-". U+FFFD stays too: it says that a character was
    there which could not be read.
    """
    if text.replace("\n", "").isprintable():  # nothing that is looked for here is, nor a line end but "\n"
        return Stripped(text, 0)
    text = SOFT_HYPHEN_AT_LINE_END.sub("-", normalise_line_ends(text))
    text, sequences = ESCAPE_SEQUENCES.subn("", text)
    text, characters = CONTROLS.subn("", text)
    return Stripped(text, sequences + characters)


def clean_page(raw: str, *, hyphen_marks: bool) -> Stripped:
    """One page's text as the rest of Galley expects it; form feeds become line feeds, since they separate pages."""
    stripped = strip_controls(with_ligatures(restore_hyphens(raw) if hyphen_marks else raw))
    return Stripped(stripped.text.replace("\f", "\n"), stripped.removed)
