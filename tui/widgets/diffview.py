"""A chunk's text with its changes, drawn line by line; only what is in view is drawn."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ...core.checks import Flag
from ...core.edits import EditDecision
from ...core.evidence import evidence_ranges
from ..difflines import PLAIN, Layout, Line, Look, Stop, lay_out, plain_lines
from ..typed import galley_app, this_worker

SIDE_FROM = 70
"""Cells of the widget's own from which on two columns can be read; it has them from 110 of the terminal on."""
TERMINAL_FROM = 110
AT_ONCE = 20_000
"""Characters up to which a diff is made while the person waits, which they don't notice."""
KEPT_STRIPS = 2_000
ABOVE = 2
"""Lines kept in view above the change that is gone to."""


class DiffView(ScrollView, can_focus=False):
    """Shows a source and its cleaned text in one of three views, and goes from change to change."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "diff--deleted",
        "diff--inserted",
        "diff--reflow",
        "diff--offer",
        "diff--label",
        "diff--space",
        "diff--evidence",
        "diff--unsure",
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
        & > .diff--space { color: $diff-reflow; }
        & > .diff--evidence { background: $diff-evidence; text-style: bold italic; }
        & > .diff--unsure { color: $diff-uncertain; text-style: italic; }
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

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._texts: tuple[str, str] | None = None
        self._plain: str | None = None
        self._edits: Sequence[EditDecision] = ()
        self._flags: Sequence[Flag] = ()
        self._threshold = 0.5
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
        """A text against its source. `edits` are those of a verbatim attempt, as they stand."""
        same = keep_scroll and self._texts is not None
        self._plain, self._texts = None, (source, cleaned)
        self._edits, self._flags, self._threshold = edits, flags, threshold
        if not same:
            self._current = -1
        self._lay_out(keep=same)

    def show_message(self, text: str) -> None:
        """A sentence in place of a text."""
        self._say(text, at_end=False)

    def stream(self, text: str, note: str) -> None:
        """What a model wrote so far; the end stays in view."""
        self._say(f"{text}\n{note}" if note else text, at_end=True)

    def clear(self) -> None:
        self._say("", at_end=False)

    def _say(self, text: str, *, at_end: bool) -> None:
        self._texts, self._plain, self._current = None, text, -1
        self._take(Layout(plain_lines(text, self._width), ()))
        self.scroll_to(y=self.max_scroll_y if at_end else 0, animate=False, force=True)

    # Views

    @property
    def effective_view(self) -> str:
        """The view that there is room for."""
        if self.view == "side" and (galley_app(self).size.width < TERMINAL_FROM or self._width < SIDE_FROM):
            return "inline"
        return self.view

    def watch_view(self) -> None:
        self._lay_out(keep=True)

    def watch_reflow(self) -> None:
        self._current = -1
        self._lay_out(keep=True)

    def on_resize(self, event: Resize) -> None:
        if self._plain is not None:
            self._take(Layout(plain_lines(self._plain, self._width), ()))
        else:
            self._lay_out(keep=True)

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

    def next_stop(self) -> None:
        self._go_to(self._current + 1)

    def previous_stop(self) -> None:
        self._go_to(self._current - 1)

    def _go_to(self, number: int) -> None:
        if not self.stop_count:
            return
        self._current = max(0, min(number, self.stop_count - 1))
        line = self._layout.stops[self._current].line
        top = self.scroll_offset.y
        if not top + ABOVE <= line < top + self.size.height - ABOVE:
            self.scroll_to(y=max(0, line - ABOVE), animate=False, force=True)
        self._strips.clear()
        self.refresh()
        self.post_message(self.StopChanged(self))

    # Laying out and drawing

    @property
    def _width(self) -> int:
        return max(4, self.content_size.width or self.size.width)

    def _lay_out(self, *, keep: bool) -> None:
        if self._texts is None:
            return
        if sum(map(len, self._texts)) > 2 * AT_ONCE:
            self._take(Layout(plain_lines("comparing…", self._width), ()))
            self._lay_out_behind(keep)
            return
        self._laid_out(self._make(), keep)

    def _make(self) -> Layout:
        assert self._texts is not None
        source, cleaned = self._texts
        return lay_out(
            source,
            cleaned,
            view=self.effective_view,
            width=self._width,
            reflow=self.reflow,
            edits=self._edits,
            threshold=self._threshold,
            evidence=evidence_ranges(self._flags, source, cleaned),
        )

    @work(thread=True, exclusive=True, group="diff")
    def _lay_out_behind(self, keep: bool) -> None:
        """A long text is compared while the app goes on."""
        worker = this_worker()
        texts, made = self._texts, self._make()
        if not worker.is_cancelled and texts is self._texts:
            galley_app(self).call_from_thread(self._laid_out, made, keep)

    def _laid_out(self, layout: Layout, keep: bool) -> None:
        top = self.scroll_offset.y if keep else 0
        self._current = min(self._current, len(layout.stops) - 1)
        self._take(layout)
        self.scroll_to(y=min(top, self.max_scroll_y), animate=False, force=True)
        self.post_message(self.StopChanged(self))

    def _take(self, layout: Layout) -> None:
        self._layout = layout
        self._strips.clear()
        self.virtual_size = Size(self._width, len(layout.lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        number, width = y + self.scroll_offset.y, self.size.width
        if number >= len(self._layout.lines):
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(number)
        if strip is None or strip.cell_length != width:
            strip = self._draw(self._layout.lines[number], width)
            self._strips[number] = strip
            if len(self._strips) > KEPT_STRIPS:
                self._strips.popitem(last=False)
        return strip

    def _draw(self, line: Line, width: int) -> Strip:
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
            names = [] if look.kind == PLAIN.kind else [f"diff--{look.kind}"]
            names += ["diff--unsure"] if look.unsure and look.kind != "label" else []
            names += ["diff--evidence"] if look.evidence else []
            names += ["diff--current"] if current else []
            style = self.rich_style
            for name in names:
                style += self.get_component_rich_style(name, partial=True)
            self._looks[key] = style
        return self._looks[key]
