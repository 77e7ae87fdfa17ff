"""Plain text files into pages: the encoding is found, form feeds beside line ends separate pages as pdftotext has them.

UTF-8 is tried first because it proves itself; only what is not UTF-8 and has no byte order mark is guessed, and then
the document says what was guessed.
"""

import codecs
import re
from itertools import pairwise
from pathlib import Path

from charset_normalizer import from_bytes
from charset_normalizer.utils import is_multi_byte_encoding

from ..errors import InputError
from .failures import named

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
BINARY = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f]")
BINARY_SHARE = 0.02
"""More of these characters than that, and a file is no text."""
INSIDE = re.compile(r"(?<=[^\n\r\f])\f+(?=[^\n\r\f])")
"""Form feeds that no line end is beside."""
BREAK = re.compile(r"(?:(?<=\n)|\A)\f+(?=[^\n\f\x00-\x1f])")
"""Form feeds at the beginning of a line that goes on with text."""
CODES = 8
"""So many control characters show that a text is PyMuPDF's; one may stray into any."""
JOINED = 300
"""So many characters a page, in the mean, has a text whose pages a program joined by form feeds alone."""
IN_WORD = re.compile(r"(?<=[a-zà-ÿ])\f(?=[a-zà-ÿ])")
UNREAD = "\ufffd"
MOSTLY_ASCII = 0.7
WESTERN = "cp1252"
"""Short texts with a few accents look like Chinese to the detector, in which hardly a byte would be ASCII."""
SAMPLE = 1_000_000
"""Bytes or characters that are looked at to judge a whole file."""


class TextFile:
    """A decoded text file. Raises InputError from the constructor when it holds no text."""

    kind = "text"
    encrypted = False

    def __init__(self, path: Path, data: bytes) -> None:
        text, self.notes = decode(path, data)
        self._pages = split_pages(text)
        self.page_count = len(self._pages)
        self.extractors = ["text"]
        self.metadata: dict[str, str] = {}

    def text(self, number: int, extractor: str) -> str:
        del extractor  # there is one only
        return self._pages[number - 1]

    def unseen(self, extractor: str) -> dict[str, int]:
        """Whatever stands in a text file can be seen."""
        del extractor
        return {}

    def close(self) -> None:
        self._pages.clear()


def decode(path: Path, data: bytes) -> tuple[str, list[str]]:
    """The text and the notes for the user. Raises InputError when the bytes are no text that can be read."""
    text, notes = _decode(path, data)
    sample = text[:SAMPLE]
    if len(BINARY.findall(sample)) > BINARY_SHARE * len(sample):
        raise _no_text(path)
    return text, notes


def split_pages(text: str) -> list[str]:
    """The pages of a text file; a form feed after the last page, as pdftotext writes it, opens no new one.

    Inside a line it is no page's end: newer versions of PyMuPDF write it for a glyph that they have no letter for. Only
    where they all stand so, a page apart, and few of them in what may be a word, somebody joined pages by them. Where
    codes of other glyphs show that the text is such a one, it is a glyph on a line of its own, too.
    """
    starts = [found.start() for found in BREAK.finditer(text) if found.end() - found.start() == 1]
    if starts and "\f" in BREAK.sub("", text).rstrip() and (len(BINARY.findall(text)) >= CODES or "\f\f\f" in text):
        text = text.rstrip("\f")
        return [text[start + 1 : end].replace("\f", UNREAD) for start, end in pairwise([-1, *starts, len(text)])]
    feeds = text.count("\f")
    joined = "\f" not in INSIDE.sub("", text) and 2 * len(IN_WORD.findall(text)) <= feeds
    if joined and len(text) >= JOINED * (feeds + 1):
        return text.split("\f")
    pages = INSIDE.sub(lambda match: UNREAD * len(match.group()), text).split("\f")
    return pages[:-1] if len(pages) > 1 and not pages[-1].strip() else pages


def _decode(path: Path, data: bytes) -> tuple[str, list[str]]:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            try:
                return data[len(codecs.BOM_UTF8) :].decode() if encoding == "utf-8" else data.decode(encoding), []
            except UnicodeDecodeError as error:
                raise InputError(
                    f"{named(path)} claims to be {encoding.upper()} and is not, at byte {error.start}.",
                    "Save it again as UTF-8.",
                ) from None
    try:
        return data.decode(), []
    except UnicodeDecodeError:
        return _guess(path, data)


def _guess(path: Path, data: bytes) -> tuple[str, list[str]]:
    sample = data[:SAMPLE]
    best = from_bytes(sample).best()
    if best is None:
        raise _no_text(path)
    encoding = best.encoding
    ascii_share = sum(byte < 0x80 for byte in sample) / len(sample)
    if is_multi_byte_encoding(encoding) and ascii_share > MOSTLY_ASCII:
        encoding = WESTERN
    try:
        text, lost = data.decode(encoding), 0
    except UnicodeDecodeError:
        text = data.decode(encoding, errors="replace")
        lost = text.count("\ufffd")
    unread = f" {lost} characters could not be read." if lost else ""
    return text, [f"The text is not UTF-8; it was read as {encoding}, which is a guess.{unread}"]


def _no_text(path: Path) -> InputError:
    return InputError(f"{named(path)} holds no text in an encoding that can be told.", "Save it as UTF-8 text.")
