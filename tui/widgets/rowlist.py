"""A list that draws its own lines: only those in view, and one alone when one row changed.

At ten thousand rows Textual's own lists take twenty times as long for a row (`python -m bench.desk`).
"""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

Cell = tuple[str, str]
"""Text, and the name of a component class without its prefix; "" is plain."""


class RowList(ScrollView):
    """Rows of one line each, one of them under the cursor. Subclasses say what stands in a row."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--cursor",
        "rows--dim",
        "rows--good",
        "rows--warning",
        "rows--error",
        "rows--accent",
        "rows--bold",
    }
    DEFAULT_CSS = """
    RowList {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        & > .rows--cursor { background: $raised; text-style: bold; }
        &:focus > .rows--cursor { background: $primary; color: $background; text-style: bold; }
        &:ansi > .rows--cursor { background: ansi_default; text-style: bold underline; }
        &:ansi:focus > .rows--cursor { background: ansi_default; color: ansi_default; text-style: bold reverse; }
        & > .rows--dim { color: $foreground 60%; }
        & > .rows--good { color: $success; }
        & > .rows--warning { color: $warning; }
        & > .rows--error { color: $error; text-style: bold; }
        & > .rows--accent { color: $accent; }
        & > .rows--bold { text-style: bold; }
    }
    """
    cursor: reactive[int] = reactive(0)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn: dict[str, Style] = {}

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def cells(self, position: int, width: int) -> Sequence[Cell]:
        """What stands in a row, from left to right; cut at `width` cells."""
        raise NotImplementedError

    def cursor_moved(self) -> None:
        """The cursor stands on another row. Called at once and not by a message, so that what follows it is drawn in
        the same picture."""

    def reset(self, cursor: int | None = None) -> None:
        """Draw everything anew, since the rows are others now."""
        count = self.row_count()
        self.virtual_size = Size(self.size.width, count)
        self.cursor = self.validate_cursor(self.cursor if cursor is None else cursor)
        self._follow()
        self.refresh()

    def refresh_row(self, position: int) -> None:
        """Draw one row anew, if it is in view."""
        if self.scroll_offset.y <= position < self.scroll_offset.y + self.size.height:
            self.refresh_line(position)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        self.refresh_row(before)
        self.refresh_row(now)
        self._follow()
        self.cursor_moved()

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, self.row_count())
        self._follow()

    def _follow(self) -> None:
        """Keep the cursor in view, with a row or two of what comes."""
        height = self.size.height
        if not height:
            return
        margin = min(2, (height - 1) // 2)
        top = self.scroll_offset.y
        if self.cursor < top + margin:
            top = self.cursor - margin
        elif self.cursor >= top + height - margin:
            top = self.cursor - height + margin + 1
        top = max(0, min(top, self.row_count() - height))
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn.clear()

    def _style(self, name: str) -> Style:
        """A component's style, or "" for the widget's own; looked up once, since a list has a thousand cells."""
        if name not in self._drawn:
            self._drawn[name] = (
                self.get_component_rich_style(f"rows--{name}", partial=True) if name else self.rich_style
            )
        return self._drawn[name]

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        position = y + self.scroll_offset.y
        base = self._style("")
        if position >= self.row_count():
            return Strip.blank(width, base)
        over = self._style("cursor") if position == self.cursor else Style.null()
        segments: list[Segment] = []
        left = width
        for text, name in self.cells(position, width):
            shown = text if cell_len(text) <= left else set_cell_size(text, left)
            style = base + self._style(name) if name else base
            segments.append(Segment(shown, style + over))
            left -= cell_len(shown)
            if left <= 0:
                break
        if left > 0:
            segments.append(Segment(" " * left, base + over))
        return Strip(segments, width)
