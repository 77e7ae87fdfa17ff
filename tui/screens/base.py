"""What all screens of Galley share: keys from the one list, errors as notices, help, the palette, a line of keys."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from ...core.errors import GalleyError
from .. import keys
from ..typed import galley_app
from ..widgets.line import Line

if TYPE_CHECKING:
    from ..app import GalleyApp


def bindings(screen: str) -> list[BindingType]:
    """Textual's bindings of a screen; a user's own keys go over them by their ids."""
    return [
        Binding(command.keys, command.id, command.label, show=command.footer, tooltip=command.help, id=command.id)
        for command in keys.of_screen(screen)
    ]


class GalleyScreen(Screen[None]):
    """A screen whose actions are the commands that `keys` has for its name."""

    KIND: ClassVar[str] = ""
    AUTO_FOCUS: ClassVar[str | None] = ""  # keys are the screen's, and no line to type in may take them

    @property
    def galley(self) -> "GalleyApp":
        """The app, by its own type."""
        return galley_app(self)

    @contextmanager
    def told(self) -> Generator[None]:
        """What a person can mend becomes a notice, and the app goes on."""
        try:
            yield
        except GalleyError as error:
            self.galley.tell(error)

    def setting_written(self, key: str) -> None:
        """A setting was changed while this screen stood below; the app has it already."""

    def action_help(self) -> None:
        from .help import HelpScreen

        self.galley.push_screen(HelpScreen(self.KIND, self.galley.held, self.galley.version))

    def action_palette(self) -> None:
        self.galley.action_command_palette()

    def action_settings(self) -> None:
        self.galley.open_settings()


class KeyLine(Line):
    """The commands of the screen that a newcomer needs, as many as fit in a line."""

    DEFAULT_CSS = "KeyLine { padding: 0 1; color: $foreground 70%; }"

    def __init__(self, screen: str) -> None:
        super().__init__()
        self._screen = screen

    def on_mount(self) -> None:
        self.show_keys()

    def on_resize(self) -> None:
        self.show_keys()

    def show_keys(self) -> None:
        """Anew, since the width or the keys are others now."""
        held = galley_app(self).held
        left = self.size.width - 2
        parts: list[Content] = []
        commands = [c for c in keys.of_screen(self._screen) if c.footer]
        commands.sort(key=lambda command: command.id not in {"help", "leave", "quit"})
        for command in commands:
            key = keys.one_shown(held[command.id].split(",")[0])
            width = cell_len(f"{key} {command.label}") + 2
            if width > left:
                break
            left -= width
            parts.append(Content.assemble((key, "bold"), f" {command.label}  "))
        self.say(Content("").join(parts))
