"""Lines of a diff, laid out by terminal cells: which words stand in which line and what each of them is.

Pure and without Textual, so that it can be tested on texts alone. Words are wrapped here and not by the terminal, since
wide and combining characters must not tear the columns, and a text of 20,000 words must not wait.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from rich.cells import cell_len

from ..core.diff import Span, changes, diff
from ..core.edits import EditDecision
from ..core.evidence import Ranges
from ..core.review import uncertain

LINE_END = "↵"
GUTTER = " │ "
UNSURE = "?"
ATOM = re.compile(r"\n|[^\S\n]+|\S+")
VISIBLE = {
    **{code: chr(0x2400 + code) for code in range(32) if code != 0x0A},
    0x09: " ",
    0x7F: "␡",
    **dict.fromkeys(range(0x80, 0xA0), "·"),
    **dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x061C], "·"),
    **dict.fromkeys([*range(0x2028, 0x202F), *range(0x2066, 0x206A)], "·"),
}
"""Characters that would do something to a terminal, as something to see."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a stretch of text is."""

    kind: str
    """`equal`, `deleted`, `inserted`, `reflow`, `label` (ours, no text of the document) or `space`."""
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


@dataclass(frozen=True, slots=True)
class Stop:
    """A change, or an edit that could be switched: where `]` and `[` go."""

    line: int
    """First line that shows it."""
    edit: int | None
    """Number of the edit of a verbatim attempt."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A diff as lines."""

    lines: tuple[Line, ...]
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A span with its look, before wrapping; `ours` is text of the source, `theirs` of the cleaned text."""

    ours: str
    theirs: str
    look: Look
    source: int
    cleaned: int


PLAIN = Look("equal")
SPACE = Look("space")


def lay_out(
    source: str,
    cleaned: str,
    *,
    view: str,
    width: int,
    reflow: bool = True,
    edits: Sequence[EditDecision] = (),
    threshold: float = 0.5,
    evidence: tuple[Ranges, Ranges] = ((), ()),
) -> Layout:
    """The diff in one of the views `inline`, `side` and `result`, in lines of at most `width` cells."""
    spans = diff(source, cleaned)
    marked, numbers = mark(source, cleaned, spans, reflow, edits, threshold)
    width = max(4, width)
    if view == "side":
        lines = side_by_side(marked, (width - len(GUTTER)) // 2, reflow, evidence)
    else:
        pieces = (piece for one in marked for piece in in_line(one, view, reflow, evidence))
        lines = list(wrap(pieces, width))
    first: dict[int, int] = {}
    for number, line in enumerate(lines):
        for piece in line:
            if piece.look.stop is not None:
                first.setdefault(piece.look.stop, number)
    stops = tuple(Stop(first.get(number, 0), edit) for number, edit in enumerate(numbers))
    return Layout(tuple(lines), stops)


def mark(
    source: str,
    cleaned: str,
    spans: Sequence[Span],
    reflow: bool,
    edits: Sequence[EditDecision],
    threshold: float,
) -> tuple[list[Marked], list[int | None]]:
    """Spans with their looks, and for each stop the edit it stands for."""
    stop_of: dict[int, int] = {}
    numbers: list[int | None] = []
    found: list[Marked] = []
    starts = dict(changes(spans))
    last = 0
    for at, span in enumerate(spans):
        if at in starts:
            last = starts[at]
            edit = edit_at(edits, spans[at].source[0], spans[last - 1].source[1])
            if reflow or edit is not None or any(span.kind != "reflow" for span in spans[at:last]):
                stop_of.update(dict.fromkeys(range(at, last), len(numbers)))
                numbers.append(edit)
        stop = stop_of.get(at)
        number = numbers[stop] if stop is not None else None
        unsure = number is not None and uncertain(edits[number], threshold)
        ours, theirs = source[slice(*span.source)], cleaned[slice(*span.cleaned)]
        if span.kind == "equal":
            found += with_offers(span, ours, edits, threshold, numbers)
        else:
            found.append(
                Marked(ours, theirs, Look(span.kind, unsure=unsure, stop=stop), span.source[0], span.cleaned[0])
            )
    return found, numbers


def edit_at(edits: Sequence[EditDecision], start: int, end: int) -> int | None:
    """The edit that made a change of source[start:end], the applied one of two at a place."""
    touching = [at for at, edit in enumerate(edits) if edit.start <= end and edit.end >= start and edit.applied]
    touching += [at for at, edit in enumerate(edits) if edit.start < end and edit.end > start and not edit.applied]
    return touching[0] if touching else None


def with_offers(
    span: Span, text: str, edits: Sequence[EditDecision], threshold: float, numbers: list[int | None]
) -> Iterator[Marked]:
    """Equal text, cut where an edit was proposed and not made; each such place is a stop of its own."""
    start, end = span.source
    at = start
    shift = span.cleaned[0] - start
    for number, edit in enumerate(edits):
        if edit.applied or edit.start < at or edit.end > end or edit.start < start:
            continue
        if any(other.applied and other.start < edit.end and edit.start < other.end for other in edits):
            continue
        if edit.start > at:
            piece = text[at - start : edit.start - start]
            yield Marked(piece, piece, PLAIN, at, at + shift)
        offered = text[edit.start - start : edit.end - start]
        look = Look("offer", unsure=uncertain(edit, threshold), stop=len(numbers))
        numbers.append(number)
        yield Marked(offered, offered, look, edit.start, edit.start + shift)
        at = edit.end
    if at < end:
        yield Marked(text[at - start :], text[at - start :], PLAIN, at, at + shift)


def in_line(one: Marked, view: str, reflow: bool, evidence: tuple[Ranges, Ranges]) -> Iterator[Piece]:
    """What a span is in a single text."""
    kind = one.look.kind
    if kind == "deleted":
        if view == "result":
            yield Piece("", one.look)
        else:
            yield from unsure_mark(one.look)
            yield from cut_by(one.ours, one.source, evidence[0], one.look)
        return
    look = shown_look(one.look, reflow)
    if view == "result" and kind != "equal":
        look = Look("equal", stop=one.look.stop)
    if look.kind in {"inserted", "offer", "reflow"} and view != "result":
        yield from unsure_mark(look)
    if look.kind == "reflow" and "\n" in one.ours and "\n" not in one.theirs:
        yield Piece(LINE_END, look)
    yield from cut_by(one.theirs, one.cleaned, evidence[1], look)


def shown_look(look: Look, reflow: bool) -> Look:
    """Layout that is not to be shown looks like any text; an edit of the model is shown in any case."""
    return PLAIN if look.kind == "reflow" and not reflow and look.stop is None else look


def unsure_mark(look: Look) -> Iterator[Piece]:
    """A sign that shows without colour."""
    if look.unsure:
        yield Piece(UNSURE, replace(look, kind="label"))


def cut_by(text: str, offset: int, ranges: Ranges, look: Look) -> Iterator[Piece]:
    """`text` with what a flag points at as pieces of their own; `offset` is where it begins in its whole."""
    at, end = offset, offset + len(text)
    for start, stop in ranges:
        if stop <= at or start >= end:
            continue
        if start > at:
            yield Piece(text[at - offset : start - offset], look)
        yield Piece(text[max(at, start) - offset : min(end, stop) - offset], replace(look, evidence=True))
        at = min(end, stop)
    if at < end or not text:
        yield Piece(text[at - offset :], look)


def side_by_side(marked: Iterable[Marked], width: int, reflow: bool, evidence: tuple[Ranges, Ranges]) -> list[Line]:
    """Two columns of `width` cells; both begin anew where both have the end of a line."""
    lines: list[Line] = []
    left: list[Piece] = []
    right: list[Piece] = []

    def flush(line_end: bool) -> None:
        rows = list(zip_longest(wrap(left, width), wrap(right, width), fillvalue=()))
        for ours, theirs in rows or ([((), ())] if line_end else []):
            used = sum(cell_len(piece.text) for piece in ours)
            lines.append((*ours, Piece(" " * (width - used) + GUTTER, SPACE), *theirs))
        left.clear()
        right.clear()

    for one in marked:
        look = shown_look(one.look, reflow)
        if look.kind in {"deleted", "offer", "reflow"}:
            left.extend(unsure_mark(look))
        if look.kind == "equal" and one.ours == one.theirs:
            offset = one.cleaned
            for number, part in enumerate(one.ours.split("\n")):
                if number:
                    flush(line_end=True)
                left.append(Piece(part, look))
                right.extend(cut_by(part, offset, evidence[1], look))
                offset += len(part) + 1
            continue
        left.extend(cut_by(one.ours, one.source, evidence[0], look) if one.ours else ())
        right.extend(cut_by(one.theirs, one.cleaned, evidence[1], look) if one.theirs else ())
        if "\n" in one.ours and "\n" in one.theirs:
            flush(line_end=True)
    flush(line_end=False)
    return lines


def wrap(pieces: Iterable[Piece], width: int) -> Iterator[Line]:
    """Lines of at most `width` cells, broken at blanks; a word that is too long is cut."""
    line: list[Piece] = []
    used = 0
    blank: list[Piece] = []
    word: list[Piece] = []
    size = blank_size = 0
    begun = False

    def place() -> Iterator[Line]:
        """Put the word in hand, and the blanks before it, into the line or the next."""
        nonlocal line, used, blank, word, size, blank_size
        if used and used + blank_size + size > width:
            yield tuple(line)
            line, used = [], 0
            # Deleted or inserted blanks vanish at a line's end like all others.
        elif blank_size:
            take = blank if used + blank_size <= width else []
            for piece in take:
                add(line, piece)
            used += blank_size if take else 0
        blank, blank_size = [], 0
        for piece in word:
            for part in parts(piece, width, used):
                if part is None:
                    yield tuple(line)
                    line, used = [], 0
                    continue
                add(line, part)
                used += cell_len(part.text)
        word, size = [], 0

    for piece in pieces:
        begun = True
        if not piece.text:
            word.append(piece)
            continue
        for match in ATOM.finditer(piece.text.replace("\r\n", "\n")):
            text = match.group()
            if text == "\n":
                yield from place()
                yield tuple(line)
                line, used = [], 0
            elif text.isspace():
                if word:
                    yield from place()
                shown = " " * len(text) if not text.isascii() else text.translate(VISIBLE)
                blank.append(Piece(shown, piece.look))
                blank_size += len(shown)
            else:
                shown = text if text.isascii() and text.isprintable() else text.translate(VISIBLE)
                word.append(Piece(shown, piece.look))
                size += len(shown) if shown.isascii() else cell_len(shown)
    if begun:
        yield from place()
        if line:
            yield tuple(line)


def add(line: list[Piece], piece: Piece) -> None:
    """Put a piece at a line's end, into the last one where it looks the same."""
    if line and line[-1].look == piece.look and line[-1].text:
        line[-1] = Piece(line[-1].text + piece.text, piece.look)
    else:
        line.append(piece)


def parts(piece: Piece, width: int, used: int) -> Iterator[Piece | None]:
    """The piece, cut where a line is full; None is the end of a line."""
    length = cell_len(piece.text)
    if used + length <= width:
        yield piece
        return
    text, left = "", width - used
    for char in piece.text:
        cells = cell_len(char)
        if cells > left and (text or left < width):
            if text:
                yield Piece(text, piece.look)
            yield None
            text, left = "", width
        text += char
        left -= cells
    if text:
        yield Piece(text, piece.look)


def plain_lines(text: str, width: int, look: Look = PLAIN) -> tuple[Line, ...]:
    """A text without a diff."""
    return tuple(wrap([Piece(text, look)], max(4, width)))
