"""Which text of a page a reader of it does not see: white on nothing, drawn without ink, or smaller than print can be.

It is text like any other to whoever extracts it, and may be there to speak to a machine and to nobody else. Only what
is sure is counted: not white on a dark box or a picture, not the layer of text that lies invisible over a scan. Each
text object is asked three things, which takes half a millisecond a page; places are looked at where one stands out.
"""

import ctypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]

_lib: Any = pypdfium2
_raw: Any = _lib.raw

WHITE, NO_INK, TINY = "white", "without ink", "tiny"
_NEARLY_WHITE = 250
_NEARLY_CLEAR = 8
_SMALLEST = 1.0
"""Points: a third of a millimetre."""
_THINNEST = 4.0
"""What is thinner is a rule, and no ground to write on."""
_FILLED = (0, 4)
"""Render modes in which a glyph has the fill's colour and no other."""
_INVISIBLE = 3
_DEEPEST = 15
"""Forms within forms."""
_CELLS = 128
"""A side of the grid that a page is looked at by."""

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""
_UNCHANGED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


TextObject = tuple[Any, Matrix]
"""Its handle, and what leads from its coordinates to the page's: it may be in a form."""


def text_objects(page: Any) -> Iterator[TextObject]:
    """All text objects, those in forms as well. A plain loop: it is run for each page."""
    handle = page.raw
    yield from _texts(handle, _raw.FPDFPage_CountObjects, _raw.FPDFPage_GetObject, _UNCHANGED, 0)


def _texts(holder: Any, count: Any, get: Any, frame: Matrix, depth: int) -> Iterator[TextObject]:
    kind_of, text, form = _raw.FPDFPageObj_GetType, _raw.FPDF_PAGEOBJ_TEXT, _raw.FPDF_PAGEOBJ_FORM
    for index in range(count(holder)):
        item = get(holder, index)
        kind = kind_of(item)
        if kind == text:
            yield item, frame
        elif kind == form and depth < _DEEPEST:
            inner = _times(_matrix(item), frame)
            yield from _texts(item, _raw.FPDFFormObj_CountObjects, _raw.FPDFFormObj_GetObject, inner, depth + 1)


def size_of(found: TextObject) -> float:
    """The size of its letters on the page, in points."""
    handle, (p, q, r, s, _, _) = found
    size = ctypes.c_float()
    if not _raw.FPDFTextObj_GetFontSize(handle, size):
        return _SMALLEST
    a, b, c, d, _, _ = _matrix(handle)
    return abs(size.value) * sqrt(abs((a * d - b * c) * (p * s - q * r)))


class Look:
    """A look at one page's text objects. `hidden` are the addresses of those that nobody sees, `counts` their
    characters other than blanks, by the reason.
    """

    def __init__(self, page: Any, textpage: Any) -> None:
        self._page = page
        self._textpage: Any = textpage.raw
        self._box: Box = page.get_bbox()
        self._colour = tuple(ctypes.c_uint() for _ in range(4))
        self._edges = tuple(ctypes.c_float() for _ in range(4))
        self._grounds: Grounds | None = None
        self.hidden: set[int] = set()
        self.counts: Counter[str] = Counter()

    def at(self, found: TextObject) -> None:
        """Count an object if nobody sees it."""
        why = self._why(found)
        if not why:
            return
        handle, _ = found
        letters = self._letters(handle)
        if letters:
            self.counts[why] += letters
            self.hidden.add(ctypes.addressof(handle.contents))

    def _why(self, found: TextObject) -> str:
        handle, frame = found
        mode = _raw.FPDFTextObj_GetTextRenderMode(handle)
        if mode == _INVISIBLE:
            return "" if self._ground().pictured(self._centre(found)) else NO_INK
        red, green, blue, opacity = self._colour
        if mode in _FILLED and _raw.FPDFPageObj_GetFillColor(handle, red, green, blue, opacity):
            if opacity.value <= _NEARLY_CLEAR:
                return NO_INK
            if min(red.value, green.value, blue.value) >= _NEARLY_WHITE:
                return "" if self._ground().coloured(self._centre(found)) else WHITE
        left, bottom, right, top = self._edges
        if not _raw.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
            return ""
        low = min(right.value - left.value, top.value - bottom.value)
        return TINY if (low < _SMALLEST or frame != _UNCHANGED) and size_of(found) < _SMALLEST else ""

    def _centre(self, found: TextObject) -> tuple[float, float]:
        left, bottom, right, top = _bounds(*found)
        return (left + right) / 2, (bottom + top) / 2

    def _letters(self, handle: Any) -> int:
        size = _raw.FPDFTextObj_GetText(handle, self._textpage, None, 0)
        buffer = (ctypes.c_ushort * (size // 2 + 1))()
        _raw.FPDFTextObj_GetText(handle, self._textpage, buffer, size)
        return len("".join(bytes(buffer).decode("utf-16-le", "replace").replace("\0", "").split()))

    def _ground(self) -> "Grounds":
        if self._grounds is None:
            self._grounds = Grounds(self._box)
            self._grounds.lay(self._page.raw, _raw.FPDFPage_CountObjects, _raw.FPDFPage_GetObject, _UNCHANGED, 0)
        return self._grounds


@dataclass(slots=True)
class Grounds:
    """Where a page has colour or a picture, by the cells of a grid: a bit for each, so that a hundred thousand shapes
    take no longer than their parsing.
    """

    box: Box
    colours: list[int] = field(default_factory=lambda: [0] * _CELLS)
    pictures: list[int] = field(default_factory=lambda: [0] * _CELLS)

    def coloured(self, place: tuple[float, float]) -> bool:
        return self._has(self.colours, place) or self.pictured(place)

    def pictured(self, place: tuple[float, float]) -> bool:
        return self._has(self.pictures, place)

    def lay(self, holder: Any, count: Any, get: Any, frame: Matrix, depth: int) -> None:
        """Mark what is filled with a colour other than white, and what is a picture."""
        for index in range(count(holder)):
            item = get(holder, index)
            kind = _raw.FPDFPageObj_GetType(item)
            if kind == _raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                inner = _times(_matrix(item), frame)
                self.lay(item, _raw.FPDFFormObj_CountObjects, _raw.FPDFFormObj_GetObject, inner, depth + 1)
            elif kind == _raw.FPDF_PAGEOBJ_IMAGE:
                self._mark(self.pictures, _bounds(item, frame))
            elif kind == _raw.FPDF_PAGEOBJ_SHADING or (kind == _raw.FPDF_PAGEOBJ_PATH and _is_dark(item)):
                self._mark(self.colours, _bounds(item, frame))

    def _mark(self, rows: list[int], bounds: Box) -> None:
        left, bottom, right, top = bounds
        if right - left < _THINNEST or top - bottom < _THINNEST:
            return
        (first, low), (last, high) = self._cell(left, bottom), self._cell(right, top)
        bits = (1 << (last + 1)) - (1 << first)
        for row in range(low, high + 1):
            rows[row] |= bits

    def _has(self, rows: list[int], place: tuple[float, float]) -> bool:
        column, row = self._cell(*place)
        return bool(rows[row] >> column & 1)

    def _cell(self, x: float, y: float) -> tuple[int, int]:
        left, bottom, right, top = self.box
        return _share(x, left, right), _share(y, bottom, top)


def _share(value: float, low: float, high: float) -> int:
    """The cell that a coordinate is in; what lies beyond an edge is in the last one."""
    share = (value - low) / (high - low) if high > low else 0.0
    return min(_CELLS - 1, max(0, int(min(2.0, max(-1.0, share)) * _CELLS)))


def _is_dark(path: Any) -> bool:
    """Whether it is filled with something else than white; where pdfium can't say with what, it is."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not _raw.FPDFPath_GetDrawMode(path, fill, stroke) or not fill.value:
        return False
    red, green, blue, opacity = (ctypes.c_uint() for _ in range(4))
    if not _raw.FPDFPageObj_GetFillColor(path, red, green, blue, opacity):
        return True
    return min(red.value, green.value, blue.value) < _NEARLY_WHITE and opacity.value > _NEARLY_CLEAR


def _matrix(item: Any) -> Matrix:
    matrix = _raw.FS_MATRIX()
    if not _raw.FPDFPageObj_GetMatrix(item, matrix):
        return _UNCHANGED
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(one: Matrix, then: Matrix) -> Matrix:
    """First `one`, then `then`."""
    a, b, c, d, e, f = one
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _bounds(item: Any, frame: Matrix) -> Box:
    """On the page; an object without any is a point."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not _raw.FPDFPageObj_GetBounds(item, left, bottom, right, top):
        return frame[4], frame[5], frame[4], frame[5]
    a, b, c, d, e, f = frame
    corners = [(x, y) for x in (left.value, right.value) for y in (bottom.value, top.value)]
    xs, ys = [a * x + c * y + e for x, y in corners], [b * x + d * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)
