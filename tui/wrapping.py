"""Filling lines with words by terminal cells, and showing what must not reach a terminal as something to see.

Not the terminal's own wrap, since wide and combining characters must not tear columns apart, and words of several looks
belong together. A text of 20,000 words must not wait: long plain stretches are cut by searching for blanks alone.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.cells import cell_len

NARROWEST = 2
"""Cells below which no line is tried: a character may take two."""
CJK = "\u2e80-\u2fff\u3001-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
MARKS = "\u0300-\u036f\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"
BLANKS = " \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
ATOM = re.compile(f"(?P<blank>[{BLANKS}]+)|(?P<wide>(?:[{CJK}][{MARKS}]*)+)|(?P<word>[^{BLANKS}{CJK}]+)")
"""Blanks, wide characters between any of which a line may end, or a word."""
ZWJ = "\u200d"
HALVES = re.compile("[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
"""Halves of flags, and skins: two cells each in a terminal that draws them by themselves (tmux 3.3 does)."""
DISAGREED = re.compile(f"[{ZWJ}\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\u0900-\u0df7\u1000-\u109f\u1780-\u17ff]")
"""What not every terminal gives as many cells: parts of pictures, and vowels of India and Burma that take room."""
LONG = 24
"""Characters from which on a plain stretch is cut by its blanks alone."""
DOT = "·"
CIRCLE = "◌"
"""What a combining character stands on that has lost its base to another look."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a stretch of text is."""

    kind: str
    """`equal`, `deleted`, `inserted`, `reflow`, `offer` (could be changed, was not), `label` (ours, no text of the
    document) or `space`."""
    evidence: bool = False
    """A flag points at it."""
    unsure: bool = False
    """The model was nearly as likely to decide otherwise."""
    stop: int | None = None
    """The change it belongs to."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of one look within a line."""

    text: str
    look: Look


Line = tuple[Piece, ...]
PLAIN = Look("equal")


class Signs(dict[int, str | int]):
    """For str.translate: characters that would do something to a terminal or show nothing, as a sign of one cell."""

    def __missing__(self, code: int) -> str | int:
        self[code] = sign = sign_of(code)
        return sign


def sign_of(code: int) -> str | int:
    """The sign of a character, or its own code."""
    if code < 32:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    char = chr(code)
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    if category in {"Cc", "Cf", "Zl", "Zp"} and char != ZWJ:
        return char if category == "Cf" and 0x0600 <= code <= 0x08E2 and cell_len(char) == 1 else DOT
    return code


SIGNS = Signs()


def visible(text: str) -> str:
    """A word as it can be sent to a terminal; every character that is not drawn has a sign."""
    if text.isascii() and text.isprintable():
        return text
    shown = text.translate(SIGNS)
    if ZWJ in shown:
        shown = "".join(
            DOT if char == ZWJ and not joins(shown[at - 1 : at], shown[at + 1 : at + 2]) else char
            for at, char in enumerate(shown)
        )
    return CIRCLE + shown if cell_len(shown[0]) == 0 else shown


def joins(before: str, after: str) -> bool:
    """Whether a joiner makes one picture of its neighbours; between letters it only counts wrongly."""
    return bool(before and after) and unicodedata.category(after) == "So" and unicodedata.category(before) in "So Sk Mn"


def clusters(text: str) -> Iterator[str]:
    """Characters with the marks that belong to them, which must not be torn apart."""
    start = 0
    for at in range(1, len(text)):
        flag = flag_half(text[at]) and flag_half(text[at - 1]) and at - start == 1
        if not (flag or text[at - 1] == ZWJ or cell_len(text[at]) == 0):
            yield text[start:at]
            start = at
    if text:
        yield text[start:]


def flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def room(text: str) -> int:
    """Cells that a text may take: a terminal that draws the parts of a picture one by one must cut off no word."""
    cells = cell_len(text)
    return max(cells, sum(map(room_of_one, text))) if DISAGREED.search(text) else cells


def room_of_one(char: str) -> int:
    """The most cells that a terminal may give a character."""
    if HALVES.match(char):
        return 2
    return max(cell_len(char), unicodedata.category(char) == "Mc")


class Filler:
    """Takes pieces and makes lines of at most `width` cells: broken at blanks, a word that is too long is cut.

    A line end in the text ends a line. Blanks at the end of a line are not shown; where they belong to a change, an
    empty piece stands for them, so that the change has a line.
    """

    def __init__(self, width: int) -> None:
        self.width = max(NARROWEST, width)
        self._lines: list[Line] = []
        self._line: list[Piece] = []
        self._used: int = 0
        self._blanks: list[Piece] = []
        self._blank_size = 0
        self._word: list[Piece] = []
        self._size = 0
        self._wide = False
        self._wrapped = False
        self._begun = False

    def feed(self, piece: Piece) -> None:
        """Go on with this text."""
        self._begun = True
        text, look = piece.text, piece.look
        if not text:
            self._word.append(piece)
            return
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        for number, row in enumerate(text.split("\n")):
            if number:
                self._place()
                self._drop_blanks()
                if look.stop is not None:
                    self._line.append(Piece("", look))
                self._end_line(wrapped=False)
            if len(row) > LONG and look.stop is None and row.isascii() and row.isprintable():
                self._pour(row, look)
            elif row:
                self._take(row, look)

    def lines(self) -> list[Line]:
        """All lines so far, and what is in hand as the last."""
        if self._begun:
            self._place()
            self._drop_blanks()
            if self._line:
                self._end_line(wrapped=False)
        return self._lines

    def _take(self, row: str, look: Look) -> None:
        """Word by word."""
        for match in ATOM.finditer(row):
            atom = match.group()
            if match.lastgroup == "blank":
                self._place()
                cells = len(atom) if atom.isascii() else max(1, cell_len(atom))
                self._blanks.append(Piece(" " * cells, look))
                self._blank_size += cells
                continue
            shown = visible(atom)
            wide = match.lastgroup == "wide"
            if self._word and (wide or self._wide) and any(piece.text for piece in self._word):
                self._place()
            self._wide = wide
            self._word.append(Piece(shown, look))
            self._size += len(shown) if shown.isascii() else room(shown)

    def _pour(self, row: str, look: Look) -> None:
        """A long stretch of plain text: lines end at the last blank that fits."""
        at, last = row.find(" ", len(row) - len(row.lstrip())), row.rfind(" ")
        if at < 0:
            self._take(row, look)
            return
        self._take(row[:at], look)
        self._place()
        while at < last:
            room = self.width - self._used
            end = last if last - at <= room else row.rfind(" ", at, at + room + 1)
            if end > at:
                self._add(Piece(row[at:end], look))
                self._used += end - at
                at = end
            elif not self._used:
                end = row.find(" ", at + 1)
                self._take(row[at:end], look)
                self._place()
                at = end
                continue
            if at < last:
                self._end_line(wrapped=True)
                while at < last and row[at] == " ":
                    at += 1
        self._take(row[at:], look)

    def _place(self) -> None:
        """Put the word in hand, and the blanks before it, into the line or the next."""
        if not self._word:
            return
        fits = self._used + self._blank_size + self._size <= self.width
        at_start = not self._used
        if fits or (self._wide and self._used and self._used + self._blank_size < self.width):
            if at_start and self._wrapped:
                self._drop_blanks()
            self._keep_blanks()
        else:
            self._drop_blanks()
            if not at_start:
                self._end_line(wrapped=True)
        for piece in self._word:
            self._cut_in(piece)
        self._word, self._size, self._wide = [], 0, False

    def _cut_in(self, piece: Piece) -> None:
        """The piece, cut where a line is full."""
        cells = room(piece.text)
        if self._used + cells <= self.width:
            self._add(piece)
            self._used += cells
            return
        text, left = "", self.width - self._used
        for cluster in clusters(piece.text):
            cells = room(cluster)
            if cells > left and self._used + len(text):
                if text:
                    self._add(Piece(text, piece.look))
                self._end_line(wrapped=True)
                text, left = "", self.width
            text += cluster
            left -= cells
        self._add(Piece(text, piece.look))
        self._used = self.width - left

    def _add(self, piece: Piece) -> None:
        """Put a piece at the line's end, into the last one where it looks the same."""
        line = self._line
        if line and line[-1].look == piece.look:
            line[-1] = Piece(line[-1].text + piece.text, piece.look)
        else:
            line.append(piece)

    def _keep_blanks(self) -> None:
        for piece in self._blanks:
            self._add(piece)
        self._used += self._blank_size
        self._blanks, self._blank_size = [], 0

    def _drop_blanks(self) -> None:
        """Blanks of a change leave an empty piece."""
        for piece in self._blanks:
            if piece.look.stop is not None:
                self._add(Piece("", piece.look))
        self._blanks, self._blank_size = [], 0

    def _end_line(self, *, wrapped: bool) -> None:
        self._lines.append(tuple(self._line))
        self._line, self._used, self._wrapped = [], 0, wrapped


def wrap(pieces: Iterable[Piece], width: int) -> list[Line]:
    """The pieces as lines of at most `width` cells (at least 8)."""
    filler = Filler(width)
    for piece in pieces:
        filler.feed(piece)
    return filler.lines()


def plain_lines(text: str, width: int, look: Look = PLAIN) -> tuple[Line, ...]:
    """A text without a diff."""
    return tuple(wrap([Piece(text, look)], width))
