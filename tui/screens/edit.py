"""Editing a chunk's text in place."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from ..typed import galley_app
from .dialogs import Ask

CHOICES = (("k", "keep", "Keep it"), ("t", "throw", "Throw it away"), ("e", "edit", "Go on editing"))


class EditScreen(ModalScreen[str | None]):
    """The whole screen for one text; None when nothing is to be kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2,ctrl+s", "keep", "Keep", priority=True, id="edit_keep"),
        Binding("escape", "back", "Back", priority=True, id="edit_back"),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        yield Static(f"{self._title}: edit", id="proof-title", markup=False)
        yield TextArea(self._text, soft_wrap=True, show_line_numbers=False, tab_behavior="indent")
        yield Static("F2 keeps it · Esc goes back", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()

    @property
    def _now(self) -> str:
        return self.query_one(TextArea).text

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
