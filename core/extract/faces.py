"""What the text of a page is set in, asked of pdfium: each font once, and of a line as few letters as tell it."""

import ctypes
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]

from .parting import Face
from .unseen import TextObject, size_of

_lib: Any = pypdfium2
_raw: Any = _lib.raw

_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = 8
"""Of a line whose faces are looked at."""
_SERIF, _ITALIC = 1 << 1, 1 << 6
"""Flags of a font, in a PDF."""
_WEIGHT = 560
"""Of a bold font."""
_BOLD = re.compile(r"bold|black|heavy|medi(?!um)|demi|cmbx|cmssbx|sfbx|-bd\b", re.I)
_NONE = Face("", 0.0, False, False, False)


class Faces:
    """Those of one page."""

    def __init__(self, textpage: Any) -> None:
        self._handle: Any = textpage.raw
        self._objects: dict[int, tuple[TextObject, Face]] = {}
        """By their addresses, with what they are set in but for its size."""
        self._fonts: dict[int, Face] = {}
        self._sized: dict[tuple[Face, float], Face] = {}
        self._known: dict[int, Face] = {}
        """Of text objects, by their addresses, as in `_objects`."""

    def add(self, found: TextObject) -> str:
        """Hear of a text object of the page; the name of its font."""
        font = self._of_font(found[0])
        self._objects[ctypes.addressof(found[0].contents)] = found, font
        return font.font

    def font(self, index: int) -> str:
        """The name of a glyph's font; empty where pdfium knows none."""
        return self._of_font(_raw.FPDFText_GetTextObject(self._handle, index)).font

    def of_line(self, codes: str, start: int, end: int) -> tuple[Face, ...]:
        """Of the first letter in codes[start:end], and of some more, taken to be set as it is if the last is."""
        few = [match.start() for match in islice(_LETTER.finditer(codes, start, end), _LETTERS)]
        if len(few) < _LETTERS:
            return self._at(few)
        last = next(index for index in range(end - 1, start, -1) if codes[index].isalpha())
        ends = self._at((few[0], last))
        if len(ends) == 2 and ends[0] == ends[1]:
            return ends[:1] * _LETTERS
        letters = [match.start() for match in _LETTER.finditer(codes, start, end)]
        return self._at(letters[:: len(letters) // _LETTERS])

    def _at(self, indices: Sequence[int]) -> tuple[Face, ...]:
        objects = (_raw.FPDFText_GetTextObject(self._handle, index) for index in indices)
        return tuple(self._face(found) for found in objects if found)

    def _face(self, text_object: Any) -> Face:
        key = ctypes.addressof(text_object.contents)
        if key not in self._known:
            if key in self._objects:
                found, font = self._objects[key]
                size = round(size_of(found), 1)
            else:
                font, size = self._of_font(text_object), 0.0
            if (font, size) not in self._sized:
                self._sized[font, size] = font._replace(size=size)
            self._known[key] = self._sized[font, size]
        return self._known[key]

    def _of_font(self, text_object: Any) -> Face:
        """What a text object is set in, but for its size."""
        font = _raw.FPDFTextObj_GetFont(text_object) if text_object else None
        if not font:
            return _NONE
        key = ctypes.addressof(font.contents)
        if key not in self._fonts:
            held = ctypes.create_string_buffer(128)
            _raw.FPDFFont_GetBaseFontName(font, held, len(held))
            name, flags = held.value.decode("latin-1"), _raw.FPDFFont_GetFlags(font)
            bold = _BOLD.search(name) is not None or _raw.FPDFFont_GetWeight(font) >= _WEIGHT
            self._fonts[key] = Face(name, 0.0, bold, bool(flags & _ITALIC), bool(flags & _SERIF))
        return self._fonts[key]
