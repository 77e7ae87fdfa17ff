"""Lines of a diff: which words stand in which line and what each of them is.

Pure and without Textual, so that it can be tested on texts alone. Where a text came about by edits that are known, they
are its changes; a comparison could put them elsewhere among words that repeat, and the wrong edit would be switched.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, zip_longest

from rich.cells import cell_len

from ..core.diff import JOINERS, Span, changes, diff, layout_alone
from ..core.edits import EditDecision
from ..core.evidence import Ranges
from ..core.review import uncertain
from .wrapping import PLAIN, Line, Look, Piece, plain_lines, wrap

__all__ = ["PLAIN", "Layout", "Line", "Look", "Piece", "Stop", "lay_out", "plain_lines"]

LINE_END = "↵"
"""A line's end that is gone."""
NEW_LINE = "¶"
"""A line's end that is new."""
GUTTER = " │ "
UNSURE = "?"
NARROWEST = 8
"""Cells in which two columns and the gutter still have room."""
CUT = re.compile(f"[{re.escape(''.join(JOINERS))}]\\s*")
SPACE = Look("space")


@dataclass(frozen=True, slots=True)
class Stop:
    """A change, or an edit that could be switched: where `]` and `[` go."""

    line: int
    """First line that shows it."""
    edit: int | None
    """Number of the edit of a verbatim attempt."""
    source: tuple[int, int] = (0, 0)
    """Characters of the source, [start, end)."""
    cleaned: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Layout:
    """A diff as lines."""

    lines: tuple[Line, ...]
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """A stretch of both texts with its look, before wrapping."""

    ours: str
    """What the source has there."""
    theirs: str
    """What the cleaned text has."""
    look: Look
    source: int
    """Offset in the source, in characters."""
    cleaned: int


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
    """The diff in one of the views `inline`, `side` and `result`, in lines of at most `width` cells (8 or more).

    `reflow=False` shows what only lays the text out otherwise as any text; an edit of a model is shown in any case.
    Evidence is given as ranges in (the source, the cleaned text).
    """
    marker = Marker(source, cleaned, edits, threshold, reflow)
    marked = marker.mark()
    width = max(NARROWEST, width)
    if view == "side":
        lines = side_by_side(marked, (width - len(GUTTER)) // 2, evidence)
    else:
        lines = wrap((piece for one in marked for piece in in_line(one, view, evidence)), width)
    first: dict[int, int] = {}
    for number, line in enumerate(lines):
        for piece in line:
            if piece.look.stop is not None:
                first.setdefault(piece.look.stop, number)
    at = 0
    stops: list[Stop] = []
    for number, stop in enumerate(marker.stops):
        at = first.get(number, at)
        stops.append(replace(stop, line=at))
    return Layout(tuple(lines), tuple(stops))


class Marker:
    """Makes the stretches of a diff and numbers its stops."""

    def __init__(
        self, source: str, cleaned: str, edits: Sequence[EditDecision], threshold: float, reflow: bool
    ) -> None:
        self.stops: list[Stop] = []
        """In order; their lines are not known yet."""
        self._source, self._cleaned = source, cleaned
        self._edits, self._threshold, self._reflow = edits, threshold, reflow
        places = [(edit.start, edit.end, edit.replacement, edit.kind) for edit in edits]
        self._order = sorted(range(len(edits)), key=lambda number: places[number])  # as they are applied
        self._starts = [edits[number].start for number in self._order]
        self._reach = list(accumulate((edits[number].end for number in self._order), max))

    def mark(self) -> list[Marked]:
        """Both texts in stretches, in order."""
        return [*(self._by_edits() or self._by_comparing())]

    def _by_edits(self) -> list[Marked] | None:
        """The applied edits and what lies between them; None where they don't give the cleaned text."""
        found: list[Marked] = []
        applied = [number for number in self._order if self._edits[number].applied]
        parts: list[str] = []
        at = 0
        for number in applied:
            edit = self._edits[number]
            if not at <= edit.start <= edit.end:
                return None
            parts += self._source[at : edit.start], edit.replacement
            at = edit.end
        raw = "".join([*parts, self._source[at:]])
        lead = len(raw) - len(raw.lstrip())
        if not self._edits or raw.strip() != self._cleaned:
            return None
        at, written = 0, -lead
        for number in applied:
            edit = self._edits[number]
            found += self._equal(at, edit.start, written)
            written += min(edit.start, len(self._source)) - at
            found += self._applied(number, written)
            at = min(edit.end, len(self._source))
            written += len(edit.replacement)
        return [*found, *self._equal(at, len(self._source), written)]

    def _applied(self, number: int, written: int) -> list[Marked]:
        """An edit that was made; `written` is where its replacement would be if nothing were cut off at the ends.

        Of one that moves paragraphs only the words that have moved are marked.
        """
        edit, source = self._edits[number], self._source
        start, end = edit.start, min(edit.end, len(source))
        before, after = source[max(0, start - 1) : start], source[end : end + 1]
        kind = "deleted" if not edit.replacement else "replaced"
        if layout_alone(before + source[start:end] + after, before + edit.replacement + after):
            kind = "reflow"
        lost = max(0, -written)
        begin = max(0, written)
        theirs = edit.replacement[lost : lost + max(0, len(self._cleaned) - begin)]
        look = Look(kind, unsure=uncertain(edit, self._threshold), stop=len(self.stops))
        self.stops.append(Stop(0, number, (start, end), (begin, begin + len(theirs))))
        if not edit.replacement or "\n\n" not in source[start:end].strip():
            return [Marked(source[start:end], theirs, look, start, begin)]
        return [
            Marked(
                source[start + span.source[0] : start + span.source[1]],
                theirs[slice(*span.cleaned)],
                PLAIN if span.kind == "equal" else replace(look, kind=span.kind),
                *(start + span.source[0], begin + span.cleaned[0]),
            )
            for span in diff(source[start:end], theirs)
        ]

    def _equal(self, start: int, end: int, written: int) -> Iterator[Marked]:
        """Equal text, without the white space that both ends of the cleaned text have lost."""
        start, written = start + max(0, -written), max(0, written)
        yield from self._with_offers(start, min(end, start + len(self._cleaned) - written), written)

    def _by_comparing(self) -> Iterator[Marked]:
        """What a comparison finds; an edit is put to the change that it touches."""
        spans = diff(self._source, self._cleaned)
        last, stop = 0, None
        unsure = False
        starts = dict(changes(spans))
        for at, span in enumerate(spans):
            if at in starts:
                last, stop, unsure = starts[at], None, False
                edit = self._edit_at(spans[at].source[0], spans[last - 1].source[1])
                if self._reflow or edit is not None or any(one.kind != "reflow" for one in spans[at:last]):
                    stop = len(self.stops)
                    unsure = edit is not None and uncertain(self._edits[edit], self._threshold)
                    ours = spans[at].source[0], spans[last - 1].source[1]
                    theirs = spans[at].cleaned[0], spans[last - 1].cleaned[1]
                    self.stops.append(Stop(0, edit, ours, theirs))
            if span.kind == "equal":
                yield from self._with_offers(*span.source, span.cleaned[0])
            else:
                yield self._changed(span, stop, unsure)

    def _changed(self, span: Span, stop: int | None, unsure: bool) -> Marked:
        look = Look(span.kind, unsure=unsure, stop=stop)
        if span.kind == "reflow" and stop is None:
            look = PLAIN
        ours, theirs = self._source[slice(*span.source)], self._cleaned[slice(*span.cleaned)]
        return Marked(ours, theirs, look, span.source[0], span.cleaned[0])

    def _touching(self, start: int, end: int) -> list[int]:
        """Edits that overlap source[start:end] or meet it, in order."""
        found: list[int] = []
        at = bisect_right(self._starts, end) - 1
        while at >= 0 and self._reach[at] >= start:
            if self._edits[self._order[at]].end >= start:
                found.append(self._order[at])
            at -= 1
        return found[::-1]

    def _edit_at(self, start: int, end: int) -> int | None:
        """The edit that made a change of source[start:end]: of two at a place the applied one."""
        near = self._touching(start, end)
        within = [n for n in near if self._edits[n].start < end and start < self._edits[n].end]
        for numbers in ([n for n in within if self._edits[n].applied], [n for n in near if self._edits[n].applied]):
            if numbers:
                return numbers[0]
        return within[0] if within else None

    def _with_offers(self, start: int, end: int, written: int) -> Iterator[Marked]:
        """Equal text source[start:end], cut where an edit was proposed and not made; such a place is a stop too."""
        at, shift, text = start, written - start, self._source
        for number in self._touching(start, end):
            edit = self._edits[number]
            alone = not any(
                self._edits[other].applied
                and self._edits[other].start < edit.end
                and edit.start < self._edits[other].end
                for other in self._touching(edit.start, edit.end)
            )
            if edit.applied or not at <= edit.start < edit.end <= end or not alone:
                continue
            if edit.start > at:
                yield Marked(text[at : edit.start], text[at : edit.start], PLAIN, at, at + shift)
            offered = text[edit.start : edit.end]
            look = Look("offer", unsure=uncertain(edit, self._threshold), stop=len(self.stops))
            theirs = edit.start + shift, edit.end + shift
            self.stops.append(Stop(0, number, (edit.start, edit.end), theirs))
            yield Marked(offered, offered, look, edit.start, theirs[0])
            at = edit.end
        if at < end:
            yield Marked(text[at:end], text[at:end], PLAIN, at, at + shift)


def in_line(one: Marked, view: str, evidence: tuple[Ranges, Ranges]) -> Iterator[Piece]:
    """What a stretch is in a single text."""
    look = one.look
    if view == "result":
        yield from cut_by(one.theirs, one.cleaned, evidence[1], Look("equal", stop=look.stop))
        return
    yield from unsure_mark(look)
    if look.kind == "reflow":
        before, signs = laid_out_anew(one.ours, one.theirs)
        yield from cut_by(one.theirs[:before], one.cleaned, evidence[1], look)
        if signs:
            yield Piece(signs, look)
        yield from cut_by(one.theirs[before:], one.cleaned + before, evidence[1], look)
        return
    if look.kind in {"deleted", "replaced"}:
        yield from cut_by(one.ours, one.source, evidence[0], replace(look, kind="deleted"))
    if look.kind != "deleted":
        shown = replace(look, kind="inserted") if look.kind == "replaced" else look
        yield from cut_by(one.theirs, one.cleaned, evidence[1], shown)


def laid_out_anew(ours: str, theirs: str) -> tuple[int, str]:
    """Where signs belong in `theirs`, and which: of a hyphen or line's end that is gone, or a line's end that came."""
    ends = LINE_END if "\n" in ours and "\n" not in theirs else NEW_LINE if "\n" in theirs and "\n" not in ours else ""
    match = CUT.search(ours)
    if match and theirs.startswith(ours[: match.start()]) and theirs[match.start() : match.start() + 1] not in JOINERS:
        return match.start(), f"-{ends}"
    return 0, ends


def unsure_mark(look: Look) -> Iterator[Piece]:
    """A sign that shows without colour."""
    if look.unsure:
        yield Piece(UNSURE, replace(look, kind="label"))


def cut_by(text: str, offset: int, ranges: Ranges, look: Look) -> Iterator[Piece]:
    """`text` with what a flag points at as pieces of their own; `offset` is where it begins in its whole.

    A change without text still gives a piece, so that it has a line.
    """
    if not text:
        if look.stop is not None:
            yield Piece("", look)
        return
    at, end = offset, offset + len(text)
    for number in range(bisect_right(ranges, offset, key=lambda one: one[1]), len(ranges)):
        start, stop = ranges[number]
        if start >= end:
            break
        if start > at:
            yield Piece(text[at - offset : start - offset], look)
        yield Piece(text[max(at, start) - offset : min(end, stop) - offset], replace(look, evidence=True))
        at = min(end, stop)
    if at < end:
        yield Piece(text[at - offset :], look)


def side_by_side(marked: Iterable[Marked], width: int, evidence: tuple[Ranges, Ranges]) -> list[Line]:
    """Two columns of `width` cells; both begin anew where both have the end of a line."""
    lines: list[Line] = []
    left: list[Piece] = []
    right: list[Piece] = []

    def flush() -> None:
        for ours, theirs in zip_longest(wrap(left, width), wrap(right, width), fillvalue=()):
            used = sum(cell_len(piece.text) for piece in ours)
            lines.append((*ours, Piece(" " * (width - used) + GUTTER, SPACE), *theirs))
        left.clear()
        right.clear()

    for one in marked:
        look = one.look
        if look.kind in {"equal", "offer"} and one.ours == one.theirs:
            left += unsure_mark(look)
            offset = one.cleaned
            for number, part in enumerate(one.ours.split("\n")):
                if number:
                    flush()
                left.append(Piece(part, look))
                right += cut_by(part, offset, evidence[1], look)
                offset += len(part) + 1
            continue
        replaced = look.kind == "replaced"
        if one.ours or not one.theirs:
            left += unsure_mark(look)
            shown = replace(look, kind="deleted") if replaced else look
            left += cut_by(one.ours, one.source, evidence[0], shown)
        if one.theirs:
            right += unsure_mark(look)
            shown = replace(look, kind="inserted") if replaced else look
            right += cut_by(one.theirs, one.cleaned, evidence[1], shown)
        if look.kind in {"equal", "reflow"} and "\n" in one.ours and "\n" in one.theirs:
            flush()
    flush()
    return lines
