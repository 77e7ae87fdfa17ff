"""A chunk's text with its changes, drawn line by line; only what is in view is drawn."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ...core.checks import Flag
from ...core.edits import EditDecision
from ...core.evidence import evidence_ranges
from ..difflines import PLAIN, Layout, Line, Look, Stop, lay_out, plain_lines
from ..typed import galley_app

TERMINAL_FROM = 110
"""Cells of the terminal from which on two columns can be read beside the list."""
AT_ONCE = 20_000
"""Characters up to which a diff is made while the person waits, which they don't notice."""
KEPT_STRIPS = 2_000
ABOVE = 2
"""Lines kept in view above the change that is gone to."""
UNSEEN_WIDTH = 80
"""Cells that are laid out for before the widget has a size, so that changes can be counted."""
NAMES = {"space": "gutter"}
"""Component classes of the kinds that are called otherwise."""


@dataclass(frozen=True, slots=True)
class Request:
    """All that a layout depends on, so that a thread needs nothing of the widget."""

    source: str
    cleaned: str
    edits: Sequence[EditDecision] = ()
    flags: Sequence[Flag] = ()
    threshold: float = 0.5
    view: str = "inline"
    width: int = UNSEEN_WIDTH
    reflow: bool = True

    @property
    def long(self) -> bool:
        return max(len(self.source), len(self.cleaned)) > AT_ONCE

    def lay_out(self) -> Layout:
        """Takes about a second for a hundred thousand words."""
        return lay_out(
            self.source,
            self.cleaned,
            view=self.view,
            width=self.width,
            reflow=self.reflow,
            edits=self.edits,
            threshold=self.threshold,
            evidence=evidence_ranges(self.flags, self.source, self.cleaned),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person was in a text, whatever its lines are."""

    stop: Stop | None
    row: int
    """Lines from the top of the widget to the stop."""
    share: float
    """Part of all lines that was above the widget, 0 to 1."""


class DiffView(ScrollView, can_focus=False):
    """Shows a source and its cleaned text in one of three views, and goes from change to change."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "diff--deleted",
        "diff--inserted",
        "diff--reflow",
        "diff--offer",
        "diff--label",
        "diff--gutter",
        "diff--evidence",
        "diff--uncertain",
        "diff--current",
    }
    DEFAULT_CSS = """
    DiffView {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        & > .diff--deleted { color: $diff-deleted; background: $diff-deleted-background; text-style: strike; }
        & > .diff--inserted {
            color: $diff-inserted; background: $diff-inserted-background; text-style: bold underline;
        }
        & > .diff--reflow { color: $diff-reflow; text-style: underline; }
        & > .diff--offer { text-style: underline; }
        & > .diff--label { color: $diff-uncertain; text-style: bold; }
        & > .diff--gutter { color: $diff-reflow; }
        & > .diff--evidence { background: $diff-evidence; text-style: bold italic; }
        & > .diff--uncertain { color: $diff-uncertain; text-style: italic; }
        & > .diff--current { text-style: reverse; }
    }
    """
    view: reactive[str] = reactive("inline", init=False)
    reflow: reactive[bool] = reactive(True, init=False)

    class StopChanged(Message):
        """Another change is the current one, or there are others now."""

        def __init__(self, diff: "DiffView") -> None:
            super().__init__()
            self.diff = diff
            self.number, self.count = diff.current_number, diff.stop_count
            """The number counts from 1; 0 is before the first."""
            self.current = diff.current_stop

        @property
        def control(self) -> "DiffView":
            return self.diff

    class Made(Message, bubble=False):
        """A thread has laid a long text out."""

        def __init__(self, request: Request, layout: Layout, place: Place | None) -> None:
            super().__init__()
            self.request, self.layout, self.place = request, layout, place

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._request: Request | None = None
        self._plain: str | None = None
        self._streaming = False
        self._layout = Layout((), ())
        self._current = -1
        self._strips: OrderedDict[int, Strip] = OrderedDict()
        self._looks: dict[tuple[Look, bool], Style] = {}

    # What is shown

    def show(
        self,
        source: str,
        cleaned: str,
        *,
        edits: Sequence[EditDecision] = (),
        flags: Sequence[Flag] = (),
        threshold: float = 0.5,
        keep_scroll: bool = False,
    ) -> None:
        """A text against its source. `edits` are those of a verbatim attempt, as they stand.

        `keep_scroll`: it is the same chunk as before, so the change and the lines in view stay.
        """
        keep = keep_scroll and self._request is not None
        self._plain = None
        request = Request(source, cleaned, tuple(edits), tuple(flags), threshold)
        self._ask(request, self._place() if keep else None)

    def show_message(self, text: str) -> None:
        """A sentence in place of a text."""
        self._say(text)

    def stream(self, text: str, note: str) -> None:
        """What a model wrote so far; the end stays in view, unless the person scrolled away from it."""
        follow = not self._streaming or self.scroll_offset.y >= self.max_scroll_y
        self._say(f"{text}\n{note}" if note else text, top=None if follow else self.scroll_offset.y)
        self._streaming = True

    def clear(self) -> None:
        self._say("")

    def _say(self, text: str, top: int | None = 0) -> None:
        """Plain text from line `top` on; None is its end."""
        self._request, self._plain, self._streaming, self._current = None, text, False, -1
        self._take(Layout(plain_lines(text, self._width), ()), top)

    # Views

    @property
    def effective_view(self) -> str:
        """The view that there is room for."""
        if self.view == "side" and galley_app(self).size.width < TERMINAL_FROM:
            return "inline"
        return self.view

    def watch_view(self) -> None:
        self._lay_out_anew()

    def watch_reflow(self) -> None:
        self._lay_out_anew()

    def on_resize(self) -> None:
        if self._plain is not None:
            at_end = self._streaming and self.scroll_offset.y >= self.max_scroll_y
            self._take(Layout(plain_lines(self._plain, self._width), ()), None if at_end else self.scroll_offset.y)
        else:
            self._lay_out_anew()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()
        self._strips.clear()

    # Changes

    @property
    def stop_count(self) -> int:
        return len(self._layout.stops)

    @property
    def current_number(self) -> int:
        """From 1; 0 before the first."""
        return self._current + 1

    @property
    def current_stop(self) -> Stop | None:
        return self._layout.stops[self._current] if 0 <= self._current < self.stop_count else None

    def next_stop(self) -> bool:
        """Go to the next change; says whether there was one."""
        return self._go_to(self._current + 1)

    def previous_stop(self) -> bool:
        """Go to the one before; says whether there was one."""
        return self._go_to(self._current - 1)

    def _go_to(self, number: int) -> bool:
        if not self.stop_count:
            return False
        there = 0 <= number < self.stop_count
        self._current = max(0, min(number, self.stop_count - 1))
        line = self._layout.stops[self._current].line
        top = self.scroll_offset.y
        if not top + ABOVE <= line < top + self.size.height - ABOVE:
            self.scroll_to(y=max(0, line - ABOVE), animate=False, force=True)
        self._strips.clear()
        self.refresh()
        self.post_message(self.StopChanged(self))
        return there

    # Laying out

    @property
    def _width(self) -> int:
        """Cells beside the scrollbar."""
        return self.scrollable_content_region.width or UNSEEN_WIDTH

    def _place(self) -> Place:
        stop, top = self.current_stop, self.scroll_offset.y
        row = stop.line - top if stop is not None else -1
        return Place(stop, row, top / max(1, len(self._layout.lines)))

    def _lay_out_anew(self) -> None:
        """The same text in other lines."""
        if self._request is not None:
            self._ask(self._request, self._place())

    def _ask(self, request: Request, place: Place | None) -> None:
        """Have a text laid out as view and width are now; at once, or by a thread if it is long."""
        request = replace(request, view=self.effective_view, width=self._width, reflow=self.reflow)
        if place is not None and request == self._request:
            return
        self._request = request
        if not request.long:
            self._made(request.lay_out(), place)
            return
        if place is None:
            self._current = -1
            self._take(Layout(plain_lines("comparing…", self._width), ()), 0)
        self._lay_out_behind(request, place)

    @work(thread=True, exclusive=True, group="diff")
    def _lay_out_behind(self, request: Request, place: Place | None) -> None:
        """A long text is compared while the app goes on."""
        self.post_message(self.Made(request, request.lay_out(), place))

    def on_diff_view_made(self, event: Made) -> None:
        if event.request is self._request:
            self._made(event.layout, event.place)

    def _made(self, layout: Layout, place: Place | None) -> None:
        self._current, top = -1, 0
        if place is not None:
            top = round(place.share * len(layout.lines))
            self._current = nearest(place.stop, layout.stops)
            if self._current >= 0 and 0 <= place.row < self.size.height:
                top = layout.stops[self._current].line - place.row
        self._take(layout, top)
        self.post_message(self.StopChanged(self))

    def _take(self, layout: Layout, top: int | None) -> None:
        """Show these lines from line `top` on; None is their end."""
        self._layout = layout
        self._strips.clear()
        self.virtual_size = Size(self._width, len(layout.lines))
        last = self.max_scroll_y
        self.scroll_to(y=last if top is None else max(0, min(top, last)), animate=False, force=True)
        self.refresh()

    # Drawing

    def render_line(self, y: int) -> Strip:
        number, width = y + self.scroll_offset.y, self._width
        if number >= len(self._layout.lines):
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(number)
        if strip is None or strip.cell_length != width:
            strip = self._strips[number] = self._draw(self._layout.lines[number], width)
            if len(self._strips) > KEPT_STRIPS:
                self._strips.popitem(last=False)
        self._strips.move_to_end(number)
        return strip

    def _draw(self, line: Line, width: int) -> Strip:
        """Segments by hand: no text of a document is ever read as markup."""
        segments = [
            Segment(
                piece.text, self._style(piece.look, piece.look.stop is not None and piece.look.stop == self._current)
            )
            for piece in line
            if piece.text
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, look: Look, current: bool) -> Style:
        """Text and background of a look; attributes alone tell them apart without colours."""
        key = (Look(look.kind, look.evidence, look.unsure), current)
        if key not in self._looks:
            names = [] if look.kind == PLAIN.kind else [f"diff--{NAMES.get(look.kind, look.kind)}"]
            names += ["diff--uncertain"] if look.unsure and look.kind != "label" else []
            names += ["diff--evidence"] if look.evidence else []
            names += ["diff--current"] if current else []
            style = self.rich_style
            for name in names:
                style += self.get_component_rich_style(name, partial=True)
            self._looks[key] = style
        return self._looks[key]


def nearest(stop: Stop | None, stops: Sequence[Stop]) -> int:
    """Number of the stop of the same edit, or of the one that is nearest in the source; -1 if there is none."""
    if stop is None or not stops:
        return -1
    same = [at for at, one in enumerate(stops) if stop.edit is not None and one.edit == stop.edit]
    return same[0] if same else min(range(len(stops)), key=lambda at: abs(stops[at].source[0] - stop.source[0]))
