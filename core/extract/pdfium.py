"""Text by pdfium, through pypdfium2. Every handle is closed as soon as its page is done, so memory stays flat.

pdfium gives glyphs in reading order, with blanks and line ends of its own making between them. They are looked at where
scripts were torn off and where what lines are set in changes, and glyphs without a meaning in Unicode are looked up by
their font. pypdfium2 carries no types; this, `faces` and `unseen` are the only modules that touch it.
"""

import ctypes
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]

from ..signs import MARKS, RAISED, accented
from .apart import Row, first_stands_apart, marked
from .faces import Faces
from .ligatures import with_ligatures
from .parting import SetLine, partings
from .protocol import OFF_PAGE
from .readers import LARGEST_PAGE, CannotOpen, CannotRead, describe
from .scripts import Place, is_beside, is_near, is_raised, separator, stands_on
from .symbols import NOTHING, PIECES, is_piece, is_symbolic, meaning, with_negations
from .unseen import Look, text_objects

_lib: Any = pypdfium2
_raw: Any = _lib.raw
_Error: type[Exception] = _lib.PdfiumError
_FAILURES = (_Error, MemoryError, OSError, ValueError, IndexError)


class PdfiumReader:
    """An open PDF in pdfium. Raises CannotOpen from the constructor."""

    name = "pdfium"

    def __init__(self, data: bytes, password: str | None, drop_unseen: bool = False) -> None:
        """`drop_unseen` leaves text out that a reader of the page does not see."""
        self._drop_unseen = drop_unseen
        try:
            self._document: Any = _lib.PdfDocument(data, password=password)
            self.page_count: int = len(self._document)
        except _FAILURES as error:
            raise _cannot_open(error) from None
        self.unseen: dict[str, int] = {}
        """Characters of the page last read that a reader of it does not see, by the reason."""
        self.encrypted: bool = _raw.FPDF_GetSecurityHandlerRevision(self._document) >= 0

    def text(self, number: int) -> str:
        """The text inside the page's box, in pdfium's order."""
        try:
            page = self._document[number - 1]
            try:
                return self._text(page)
            finally:
                page.close()
        except _FAILURES as error:
            raise CannotRead(describe(error)) from None

    def has_page(self, number: int) -> bool:
        try:
            self._document[number - 1].close()
        except _FAILURES:
            return False
        return True

    def metadata(self) -> dict[str, str]:
        return dict(self._document.get_metadata_dict(skip_empty=True))

    def close(self) -> None:
        self._document.close()

    def _text(self, page: Any) -> str:
        textpage = page.get_textpage()
        try:
            if textpage.count_chars() > LARGEST_PAGE:
                raise CannotRead(f"it has more than {LARGEST_PAGE:,} characters")
            glyphs = _Glyphs(page, textpage, self._drop_unseen)
            glyphs.part()
            text = _paired("".join(glyphs.pieces()))
            self.unseen = dict(glyphs.unseen)
            text = _PIECE.sub(lambda piece: PIECES[piece.group()], with_negations(text))
            return marked(text) if first_stands_apart(glyphs.rows()) else text
        finally:
            textpage.close()


_BETWEEN = re.compile("\r\n| ")
"""As pdfium generates it: each blank and each line end of its own."""
_DOUBTFUL = re.compile(r"\r\n| (?!(?<=[a-z][a-z,;] )[A-Za-z][a-z])")
"""The same without a blank between two plain words: no index and its base, which are shorter or no small letters."""
_ROW = re.compile(r"[^\s\0][^\r\n]*")
_NUMBERS = re.compile(r"[0-9](?<![0-9]{2})[0-9]?(?:,[0-9]{1,2})*(?!\w)")
_NUMBERED = re.compile(r"(?<!\w)(?:[^\W\d_]{3,40}|[A-ZÄÖÜ][a-zäöü])([.,;:!?)”’\"]?)(?:\r\n| )?\Z")
"""A word and what closes it, before a number that may be set as a mark behind it."""
_LONGEST = 43
"""Characters of that."""
_NUMBER = re.compile(r"[0-9](?<!\w[0-9])[0-9]?(?:\r\n| )?[^\W\d_](?=[^\W\d_])")
"""A number that may be set as a mark before a word. Digits stand first, since other signs are soon passed over then."""
_ONE_MORE = re.compile(rf"[{RAISED}],(?:\r\n| )?(\d{{1,2}})(?!\w)")
"""A number behind a mark, which is one too if it is set as high."""
_RAISED = str.maketrans("0123456789", RAISED)
_ELLIPSIS = re.compile(r"(?<!\.)(?<!\. )\. (\.) \.(?! ?\.)")
_TWO_DIGITS = re.compile(r"\d(?=\d)")
_SEEN = re.compile("[^\x00- \ufffe]+")
_PIECE = re.compile(f"[{''.join(PIECES)}]")
_ACCENT = re.compile(f"[{re.escape(''.join(MARKS))}]")
_BASE = re.compile(r"[^\W\d_]|[∪∩⊕⊗⋃⋂]")
_ABOVE = 0.1
"""A glyph with less of its height above its baseline hangs below it."""
_FAR_BACK = 100.0
"""Points: what stands so far to the left of the glyph before it begins a line of its own."""
_NEARBY = sorted(range(-60, 61), key=abs)
"""How many characters away an accent's letter is looked for: one that is set higher comes behind its word or later."""


class _Glyphs:
    """The glyphs of one page. Places are only asked for where something depends on them: each costs a call."""

    def __init__(self, page: Any, textpage: Any, drop_unseen: bool) -> None:
        self._handle: Any = textpage.raw
        self._count: int = textpage.count_chars()
        self._box: tuple[float, float, float, float] = page.get_bbox()
        self._faces = Faces(textpage)
        self._parted = set[int]()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._origins: dict[int, tuple[float, float]] = {}
        self._loose = _raw.FS_RECTF()
        self._edges = tuple(ctypes.c_double() for _ in range(4))
        inside = textpage.get_text_bounded(errors="surrogatepass")
        self._codes = self._all_codes(textpage)
        look, symbolic = self._look(page, textpage)
        self.unseen = look.counts
        self._hidden = look.hidden if drop_unseen else set[int]()
        """Addresses of text objects that are left out."""
        self._all_inside = not self._hidden and _visible(_paired(self._codes)) == _visible(inside)
        """Whether no glyph is off the page or left out, so that none has to be looked at for that."""
        if symbolic:
            self._codes = "".join(self._meanings())
        self._codes = with_ligatures(self._codes)
        self._marks: dict[int, str] = {}
        """Accents, by the glyph that they stand on, where both are no one character."""
        self._set_accents()
        self._raise_marks()
        self._spread = {at for match in _ELLIPSIS.finditer(self._codes) for at in (match.start(1), match.end() - 1)}
        """Dots of an ellipsis that stand behind another."""

    def pieces(self) -> Iterator[str]:
        """The text: runs of glyphs, and what stands between them."""
        last, given = -1, ""
        for start, end, generated in self._runs():
            if generated:
                given = "\n" if given == "\n" or "\n" in self._codes[start:end] else " "
                continue
            first, behind = self._seen(start, end)
            if first < behind:
                if given and last >= 0:
                    between = self._between(last, first, given)
                    yield "\n\n" if between == "\n" and first in self._parted else between
                yield self._run(first, behind)
                last, given = behind - 1, ""

    def part(self) -> None:
        """Has an empty line stand before each line where the page parts; not where glyphs were left out."""
        rows = list(_ROW.finditer(self._codes)) if self._all_inside else []
        places = (self._origin(index)[1] for row in rows for index in (row.start(), row.end() - 1))
        lines = [
            SetLine(row.group(), next(places), next(places), self._faces.of_line(self._codes, *row.span()))
            for row in rows
        ]
        self._parted = {rows[place].start() for place in partings(lines)}

    def rows(self) -> list[Row]:
        """The page's lines by their first glyphs; none where glyphs were left out, which may be the first line's."""
        found = _ROW.finditer(self._codes) if self._all_inside else ()
        rows: list[Row] = []
        for match in found:
            _raw.FPDFText_GetLooseCharBox(self._handle, match.start(), self._loose)
            size = abs(self._loose.top - self._loose.bottom)
            rows.append(Row(self._origin(match.start())[1], size, match.end() - match.start()))
        return rows

    def _runs(self) -> Iterator[tuple[int, int, bool]]:
        """(start, end, whether pdfium made it up) of runs of glyphs and of generated white space; a glyph off the page
        counts as a blank."""
        start = 0
        for match in (_DOUBTFUL if self._all_inside else _BETWEEN).finditer(self._codes):
            if _raw.FPDFText_IsGenerated(self._handle, match.start()) != 1:
                continue
            yield from self._inside_runs(start, match.start())
            yield match.start(), match.end(), True
            start = match.end()
        yield from self._inside_runs(start, self._count)

    def _inside_runs(self, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        if self._all_inside:
            if start < end:
                yield start, end, False
            return
        runs = groupby(range(start, end), self._is_inside)
        for inside, indices in runs:
            places = list(indices)
            if not inside:
                outside = "".join(self._codes[index] for index in places if not self._is_hidden(index))
                if count := _visible(outside):
                    self.unseen[OFF_PAGE] += count
            yield places[0], places[-1] + 1, not inside

    def _run(self, start: int, end: int) -> str:
        parts: list[str] = []
        for match in _TWO_DIGITS.finditer(self._codes, start, end):
            parts += [self._letters(start, match.end()), self._between(match.start(), match.end(), "")]
            start = match.end()
        return "".join([*parts, self._letters(start, end)])

    def _seen(self, start: int, end: int) -> tuple[int, int]:
        """The run without glyphs at its ends that are no text."""
        codes = self._codes[start:end]
        return end - len(codes.lstrip("\0")), start + len(codes.rstrip("\0"))

    def _letters(self, start: int, end: int) -> str:
        codes = self._codes[start:end].replace("\0", "") if not self._marks else ""
        return codes or "".join(self._letter(index) for index in range(start, end))

    def _letter(self, index: int) -> str:
        code = self._codes[index]
        mark = self._marks.get(index)
        return accented(code, mark) if mark else code.replace("\0", "")

    def _between(self, last: int, index: int, given: str) -> str:
        codes = self._codes
        (left, baseline), (right, other) = self._origin(last), self._origin(index)
        if right < left - _FAR_BACK:
            return given
        level = baseline == other
        doubtful = codes[last].isupper() or index in self._spread
        # An accent between them, which pdfium took for a letter, makes its word doubtful as well.
        if level and not doubtful and NOTHING not in codes[last:index]:
            return given
        return separator(codes[last], self._place(last), codes[index], self._place(index), given)

    def _meanings(self) -> Iterator[str]:
        """The codes, looked up where pdfium has no meaning; of the pieces that a tall bar is drawn of, the first."""
        bar, left = "", 0.0
        is_unknown, handle = _raw.FPDFText_HasUnicodeMapError, self._handle
        for index, code in enumerate(self._codes):
            if is_unknown(handle, index) != 1:
                if bar and code not in " \r\n":
                    bar = ""
                yield code
                continue
            font = self._faces.font(index)
            found = meaning(font, ord(code))
            before, at = (bar, left), self._origin(index)[0]
            bar, left = found if found and is_piece(font, ord(code)) else "", at
            yield NOTHING if bar and before == (bar, left) else (code if found is None else found or NOTHING)

    def _set_accents(self) -> None:
        """Puts accents that stand over a letter or a sign near them in the text on it."""
        codes = list(self._codes)
        for match in _ACCENT.finditer(self._codes):
            base = self._under(match.start())
            if base is not None:
                codes[match.start()] = NOTHING
                self._marks[base] = self._marks.get(base, "") + MARKS[match.group()]
        for base in [base for base, mark in self._marks.items() if len(accented(codes[base], mark)) == 1]:
            codes[base] = accented(codes[base], self._marks.pop(base))
        self._codes = "".join(codes)

    def _under(self, index: int) -> int | None:
        """The nearest glyph in the text over whose width an accent has its middle; None where it stands alone."""
        accent = self._place(index)
        for base in (index + step for step in _NEARBY if 0 <= index + step < self._count):
            code = self._codes[base]
            if code in MARKS or not _BASE.match(code) or not is_near(accent, *self._origin(base), 2 * accent.size):
                continue
            if stands_on(accent, self._place(base)):
                return base
        return None

    def _raise_marks(self) -> None:
        """Gives the digits of a footnote's mark, behind a word or before one, as raised ones: "Claude2" would be
        another name."""
        for match in _NUMBERS.finditer(self._codes):
            word = _NUMBERED.search(self._codes, max(0, match.start() - _LONGEST), match.start())
            if word:
                self._raise(word.end(1) - 1, *match.span())
        for match in _NUMBER.finditer(self._codes):
            digits = 2 if self._codes[match.start() + 1].isdigit() else 1
            self._raise(match.end() - 1, match.start(), match.start() + digits)
        at = 0
        while match := _ONE_MORE.search(self._codes, at):
            at = match.start(1)
            if self._origin(at)[1] == self._origin(match.start())[1]:
                self._codes = self._codes[:at] + match[1].translate(_RAISED) + self._codes[match.end() :]

    def _raise(self, letter: int, start: int, end: int) -> None:
        """Raises codes[start:end] if they are set so beside the letter."""
        if self._origin(start)[1] <= self._origin(letter)[1]:
            return
        word, first, last = self._place(letter), self._place(start), self._place(end - 1)
        beside = is_beside(word, first) if letter < start else is_beside(last, word)
        if beside and all(is_raised(word, self._place(index)) for index in range(start, end)):
            raised = self._codes[start:end].translate(_RAISED)
            self._codes = self._codes[:start] + raised + self._codes[end:]

    def _all_codes(self, textpage: Any) -> str:
        """A character a glyph. The text of the whole range is had at once, unless pdfium leaves glyphs out of it."""
        whole: str = textpage.get_text_range(errors="surrogatepass")
        if len(whole) == self._count:
            return whole
        codes = (_raw.FPDFText_GetUnicode(self._handle, index) for index in range(self._count))
        return "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)

    def _look(self, page: Any, textpage: Any) -> tuple[Look, bool]:
        """What nobody sees, and whether a font of the page is one whose glyphs have to be looked up."""
        look, fonts = Look(page, textpage), set[str]()
        for found in text_objects(page):
            look.at(found)
            fonts.add(self._faces.add(found))
        return look, any(map(is_symbolic, fonts))

    def _origin(self, index: int) -> tuple[float, float]:
        known = self._origins.get(index)
        if known is None:
            _raw.FPDFText_GetCharOrigin(self._handle, index, self._x, self._y)
            known = self._origins[index] = self._x.value, self._y.value
        return known

    def _place(self, index: int) -> Place:
        left, baseline = self._origin(index)
        _raw.FPDFText_GetLooseCharBox(self._handle, index, self._loose)
        height = abs(self._loose.top - self._loose.bottom)
        _, _, bottom, top = self._ink(index)
        hangs = top - baseline < _ABOVE * (top - bottom) and top - bottom > height / 2
        return Place(left, self._loose.right, baseline, height, hangs)

    def _ink(self, index: int) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of what is drawn."""
        left, right, bottom, top = self._edges
        _raw.FPDFText_GetCharBox(self._handle, index, left, right, bottom, top)
        return left.value, right.value, bottom.value, top.value

    def _is_hidden(self, index: int) -> bool:
        found = _raw.FPDFText_GetTextObject(self._handle, index) if self._hidden else None
        return bool(found) and ctypes.addressof(found.contents) in self._hidden

    def _is_inside(self, index: int) -> bool:
        if self._is_hidden(index):
            return False
        left, right, bottom, top = self._ink(index)
        low_x, low_y, high_x, high_y = self._box
        return left <= high_x and right >= low_x and bottom <= high_y and top >= low_y


def _paired(text: str) -> str:
    """pdfium gives characters beyond 16 bits as two halves."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _visible(text: str) -> int:
    """How many glyphs a text shows; a hyphen at a line's end is marked in two ways, neither of which counts."""
    return sum(map(len, _SEEN.findall(text)))


def _cannot_open(error: Exception) -> CannotOpen:
    code = getattr(error, "err_code", None)
    if code == _raw.FPDF_ERR_PASSWORD:
        return CannotOpen("password")
    if code == _raw.FPDF_ERR_SECURITY:
        return CannotOpen("encryption", "its security handler is unknown")
    if code == _raw.FPDF_ERR_SUCCESS:  # by its own account; nothing is in it
        return CannotOpen("damaged", "none of its pages can be found")
    return CannotOpen("damaged", describe(error))
