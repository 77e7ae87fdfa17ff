"""Every key, from the one list of them."""

from collections.abc import Mapping
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from .. import keys

ABOUT = {
    keys.DESK: "The desk: files on the left, sessions on the right. Enter opens what the cursor is on.",
    keys.PROOF: "The proof: chunks on the left, what was changed in one on the right. Decide on each of them.",
    keys.ATTEMPTS: "All attempts on one chunk, side by side. Enter lets the framed one count.",
}
KEYS_WIDTH = 18


class HelpScreen(ModalScreen[None]):
    """What the keys of a screen do, and then those of the others."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "back", "Back", id="help_back"),
        Binding("j,down", "scroll(1)", "Down", show=False, id="help_down"),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="help_up"),
        Binding("pagedown,space", "scroll(15)", "Page down", show=False, id="help_page_down"),
        Binding("pageup,b", "scroll(-15)", "Page up", show=False, id="help_page_up"),
    ]

    def __init__(self, screen: str, held: Mapping[str, str], version: str) -> None:
        super().__init__()
        self._screen, self._held, self._version = screen, held, version

    def compose(self) -> ComposeResult:
        yield Static(f"Galley {self._version} · keys", id="proof-title", markup=False)
        with VerticalScroll(id="help"):
            yield Static(self._text(), markup=False)
        yield Static(
            "↑↓ scrolls · Esc goes back · keys can be changed in the settings", classes="dialog-keys", markup=False
        )

    def _text(self) -> RenderableType:
        parts: list[RenderableType] = [Text(ABOUT.get(self._screen, ""), "italic")]
        here = keys.of_screen(self._screen)
        others = [command for command in keys.COMMANDS if command not in here]
        for title, commands in (("", here), ("On other screens", others)):
            if title:
                parts.append(Text(f"\n{title}", "bold"))
            for group in keys.GROUPS:
                these = [command for command in commands if command.group == group]
                if these:
                    parts.append(Text(f"\n{group}", "bold underline"))
                    parts.append(self._table(these))
        return Group(*parts)

    def _table(self, commands: list[keys.Command]) -> Table:
        """Keys and what they do; a long sentence goes on below itself."""
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=2)
        table.add_column(width=KEYS_WIDTH)
        table.add_column()
        for command in commands:
            table.add_row("", Text(keys.shown(self._held[command.id])), Text(command.help))
        return table

    def action_scroll(self, lines: int) -> None:
        self.query_one("#help").scroll_relative(y=lines, animate=False)

    def action_back(self) -> None:
        self.dismiss(None)
