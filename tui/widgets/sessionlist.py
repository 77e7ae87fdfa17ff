"""The sessions of a folder, the last touched first."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from ...core.wording import ago, middle, printable
from .rowlist import Cell, RowList

if TYPE_CHECKING:
    from ...core.session import SessionSummary

ROOMY = 56
"""Cells from which a mode is written out."""
SHORTEST = 8
"""Cells of a name that are kept in any case."""
SHORT = {"verbatim": "verb.", "rewrite": "rewr."}


class SessionList(RowList, can_focus=True):
    """Document, mode, progress, when, and what is the matter with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="sessions_down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="sessions_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="sessions_page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="sessions_page_up"),
        Binding("home,g", "move(-1000000)", "First", show=False, id="sessions_first"),
        Binding("end,G", "move(1000000)", "Last", show=False, id="sessions_last"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._sessions: list[SessionSummary] = []
        self._changed: dict[str, str] = {}
        self._loaded = False

    @property
    def loaded(self) -> bool:
        """Whether the folder has been looked at."""
        return self._loaded

    @property
    def sessions(self) -> "Sequence[SessionSummary]":
        return self._sessions

    @property
    def current(self) -> "SessionSummary | None":
        return self._sessions[self.cursor] if self._sessions else None

    def row_count(self) -> int:
        return len(self._sessions) or 1

    def set_sessions(self, sessions: "Sequence[SessionSummary]") -> None:
        """Show these; the cursor stays on its session."""
        kept = self.current.path if self.current else None
        self._sessions = list(sessions)
        self._loaded = True
        self.reset(next((at for at, one in enumerate(self._sessions) if one.path == kept), self.cursor))

    def set_changed(self, changed: Mapping[str, str]) -> None:
        """What has become of the documents: "changed" or "gone", by the session's path."""
        self._changed = dict(changed)
        self.refresh()

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_page(self, by: int) -> None:
        self.cursor += by * max(1, self.size.height - 1)

    def cells(self, position: int, width: int) -> Sequence[Cell]:
        if not self._sessions:
            return [("No sessions yet: open a PDF on the left." if self._loaded else "Looking…", "dim")]
        one = self._sessions[position]
        when = (f"{ago(one.touched):>7} ", "dim")
        if one.error is not None:
            return [when, (f"{printable(one.path.stem)}: ", ""), (printable(one.error), "error")]
        status = one.status
        state = self._state(one, width)
        mode = one.mode if width >= ROOMY else SHORT.get(one.mode, one.mode)
        figures = f" {status.done}/{status.total}"
        if status.flagged:
            figures += f" !{status.flagged}"
        if status.decided:
            figures += f" ✎{status.decided}"
        if status.failed:
            figures += f" ✗{status.failed}"
        parts: list[Cell] = [when, (f" {mode}", "dim"), (figures, ""), ("  ", ""), state]
        for least in (
            parts[0],
            parts[1],
        ):  # how it stands matters more than when it was touched, and that than the mode
            if width - sum(len(text) for text, _ in parts) < SHORTEST:
                parts.remove(least)
        room = max(SHORTEST, width - sum(len(text) for text, _ in parts))
        name: Cell = (middle(printable(one.document_path.name), room), "bold")
        return [*parts[:1], name, *parts[1:]] if when in parts else [name, *parts]

    def _state(self, one: "SessionSummary", width: int) -> Cell:
        changed = self._changed.get(str(one.path))
        if one.writer:
            return "open elsewhere" if width >= ROOMY else "open", "accent"
        if changed:
            return f"file {changed}", "warning"
        if one.interrupted:
            return "interrupted", "warning"
        if one.status.pending:
            return "not begun", "dim"
        return ("finished", "good") if one.status.decided < one.status.total else ("decided", "good")
