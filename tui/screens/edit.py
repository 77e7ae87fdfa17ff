"""Editing a chunk's text in place."""

from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Static, TextArea

from ...core.errors import GalleyError
from ..typed import galley_app
from .dialogs import Ask

KEEP_AFTER_SECONDS = 1.0
"""How long typing rests before what was typed is kept against a lost connection."""
CHOICES = (("k", "keep", "Keep it"), ("t", "throw", "Throw it away"), ("e", "edit", "Go on editing"))


class EditScreen(ModalScreen[str | None]):
    """The whole screen for one text; None when nothing is to be kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+s", "keep", "Keep", priority=True, id="edit_keep"),
        Binding("escape", "back", "Back", priority=True, id="edit_back"),
    ]

    def __init__(
        self, title: str, text: str, begin: str | None = None, draft: Callable[[str], None] | None = None
    ) -> None:
        """`text` is what it was; the person begins with `begin`, or with that. `draft` keeps what was typed so far; it
        may raise GalleyError."""
        super().__init__()
        self._title, self._text = title, text
        self._begin = text if begin is None else begin
        self._draft = draft
        self._timer: Timer | None = None
        self._kept = self._begin

    def compose(self) -> ComposeResult:
        yield Static(f"{self._title}: edit", id="proof-title", markup=False)
        yield TextArea(self._begin, soft_wrap=True, show_line_numbers=False, tab_behavior="indent")
        yield Static("F2 keeps it · Esc goes back", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()

    @property
    def _now(self) -> str:
        return self.query_one(TextArea).text

    @property
    def busy(self) -> bool:
        """Whether something typed would be lost by leaving."""
        return self._now != self._text

    @on(TextArea.Changed)
    def typed(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(KEEP_AFTER_SECONDS, self.keep_draft)

    def keep_draft(self) -> None:
        """Keep what was typed, in case the app ends before anything is said of it."""
        now = self._now
        if self._draft is not None and now != self._kept:
            with suppress(GalleyError):  # said when the text is to be kept for good; nobody can mend it in mid-word
                self._draft(now)
                self._kept = now

    def action_leave(self) -> None:
        self.action_back()

    def action_keep(self) -> None:
        self.dismiss(self._now)

    @work
    async def action_back(self) -> None:
        answer: str | None = "throw"
        if self._now != self._text:
            answer = await galley_app(self).push_screen_wait(Ask("The text was changed", "Keep the change?", CHOICES))
        if answer == "keep":
            self.dismiss(self._now)
        elif answer == "throw":
            self.dismiss(None)
