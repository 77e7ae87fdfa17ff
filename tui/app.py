"""The app: which screen is on, the theme, the keys, and what is told to the person. Screens do the rest."""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.notifications import Notification, Notify
from textual.screen import Screen
from textual.worker import WorkerFailed

from ..core.errors import ConfigError, GalleyError
from ..core.paths import config_file
from ..core.wording import printable
from . import keys, themes
from .appearance import Appearance, glance
from .screens.base import GalleyScreen, KeyLine

if TYPE_CHECKING:
    from textual.actions import ActionParseResult

    from ..core.config import Config

TOLD_SECONDS = 12.0
LOOK_FOR_THEMES_SECONDS = 2.0
HANG_UP_SECONDS = 8.0
SWITCH_SECONDS = 0.0005
"""How long the run's thread may keep the interpreter while a key waits: a tenth of Python's own."""


class GalleyApp(App[int]):
    """Opens on the desk, or on the document that was named."""

    TITLE = "Galley"
    CSS_PATH = "galley.tcss"
    COMMAND_PALETTE_BINDING = "f4"
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, target: str = "", folder: Path | None = None, batch: Path | None = None) -> None:
        """`target` is an input file or a session; without one the desk opens on `folder` (the current one). `batch` has
        the results that are reviewed one after another."""
        self.look: Appearance = glance()
        self.held, self.key_problems = keys.keymap(self.look.preset, self.look.keys)
        self._themes, self._theme_errors = themes.load_all(themes.user_themes_dir())
        self._theme_stamp = themes.stamp(themes.user_themes_dir())
        super().__init__()
        self.version = version("galley-tui")
        self._answer: Notification | None = None
        self.target = target
        self.batch = batch
        self.folder = folder or standing_in()
        self.animation_level = "none"
        for theme in self._themes.values():
            self.register_theme(theme.to_textual())
        self._wear(self.look.theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.variable_defaults()

    def on_mount(self) -> None:
        from .screens.desk import Desk

        self.set_keymap(self._own_keys())
        self.push_screen(Desk(self.folder, self.target))
        self.set_interval(LOOK_FOR_THEMES_SECONDS, self._look_for_themes)
        self._listen_for_hangup()
        self.call_after_refresh(self.settle)
        for problem in self.key_problems:
            self.say(problem, "warning")
        for error in self._theme_errors:
            self.tell(error)
        if self.look.theme not in self._themes:
            self.say(f"There is no theme {self.look.theme!r}; this is {themes.DEFAULT}.", "warning")

    def settle(self) -> None:
        """What is loaded by now stays, so the collector need not look through it: that stopped every tenth key for
        50 ms. To be called when a screen stands."""
        gc.collect()
        gc.freeze()

    def say(self, text: str, severity: str = "information", title: str = "", *, answer: bool = True) -> None:
        """A notice. Texts of documents may be in it: it is never markup. The `answer` to a key takes the place of the
        one before, which would lie over the text beside it."""
        kind = "warning" if severity == "warning" else "error" if severity == "error" else "information"
        seconds = TOLD_SECONDS if kind != "information" else 4
        notice = Notification(printable(text), title, kind, seconds, markup=False)
        if answer and kind == "information":
            if self._answer is not None:
                self._unnotify(self._answer, refresh=False)
            self._answer = notice
        self.post_message(Notify(notice))

    def tell(self, error: GalleyError) -> None:
        """What went wrong, and what to do."""
        self.say(f"{error.message}\n{error.hint}".rstrip(), "error")

    def config(self) -> "Config":
        """The settings in force. Raises ConfigError."""
        from ..core.config import load_config

        return load_config()

    def open_settings(self) -> None:
        """The settings screen, unless the file is too broken to be shown."""
        from ..core.models import list_models
        from .screens.settings import SettingsScreen

        try:
            config = self.config()
        except ConfigError as error:
            self.tell(error)
            return
        models = ["", *(model.name for model in list_models(config.models.folders).models)]
        self.push_screen(SettingsScreen(config, sorted(self._themes), models, config_file()))

    def setting_written(self, key: str) -> None:
        """A setting is in the config file: wear it, and let each screen do so."""
        self.reload_look()
        for screen in self.screen_stack:
            if isinstance(screen, GalleyScreen):
                screen.setting_written(key)

    def reload_look(self) -> None:
        """Theme and keys as the config file has them now."""
        self.look = glance()
        self.held, problems = keys.keymap(self.look.preset, self.look.keys)
        self.set_keymap(self._own_keys())
        self._wear(self.look.theme)
        for problem in problems:
            self.say(problem, "warning")
        for screen in self.screen_stack:
            for line in screen.query(KeyLine):
                line.show_keys()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command of the screen below the palette, by its name and its key."""
        if isinstance(screen, GalleyScreen):
            for command in keys.of_screen(screen.KIND):
                title = f"{command.label} ({keys.shown(self.held[command.id])})"
                yield SystemCommand(title, command.help, getattr(screen, f"action_{command.id}"))

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """A quick hand's key comes while the screen it is for is still being made: it is done when that stands."""
        if self.screen.is_mounted:
            return await super().run_action(action, default_namespace, namespaces)
        self.screen.call_later(super().run_action, action, default_namespace, namespaces)
        return True

    async def action_quit(self) -> None:
        """Ctrl-Q: as the screen's own way back while a run is under way, at once otherwise."""
        for screen in reversed(self.screen_stack):
            busy = getattr(screen, "busy", False)
            if busy and screen is self.screen:
                screen.call_next(screen.run_action, "leave")
            if busy:
                return
        self.exit(0)

    def _handle_exception(self, error: Exception) -> None:
        """The outermost edge: what a person can act on is told, wherever it came up, and the app goes on."""
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, GalleyError) and self.is_running:
            self.tell(cause)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """A bug of ours: where it is, without the values of variables, which may be a document's or a password."""
        from rich.segment import Segments
        from rich.traceback import Traceback

        self.bell()
        lines = self.console.render(Traceback(show_locals=False, width=None), self.console.options)
        self._exit_renderables.append(Segments(lines))
        self._close_messages_no_wait()

    async def on_unmount(self) -> None:
        with suppress(NotImplementedError, ValueError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)

    def _own_keys(self) -> dict[str, str]:
        """Only what differs from the declared keys."""
        return {id: held for id, held in self.held.items() if held != keys.BY_ID[id].keys}

    def _wear(self, name: str) -> None:
        self.theme = name if name in self._themes else themes.DEFAULT

    def _look_for_themes(self) -> None:
        """A theme that was saved is worn at once; a broken one is told, and what was worn stays."""
        stamp = themes.stamp(themes.user_themes_dir())
        if stamp == self._theme_stamp:
            return
        self._theme_stamp = stamp
        self._themes, errors = themes.load_all(themes.user_themes_dir())
        for theme in self._themes.values():
            self.register_theme(theme.to_textual())
        for error in errors:
            self.tell(error)
        if self.look.theme in self._themes:
            self.theme = self.look.theme
            self.refresh_css()

    def _listen_for_hangup(self) -> None:
        """A lost connection ends the app in order: the place is kept, the run stops, the worker ends."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._hang_up, number)

    def _hang_up(self, number: int) -> None:
        end = threading.Timer(HANG_UP_SECONDS, os._exit, (128 + number,))  # the terminal may never take another byte
        end.daemon = True
        end.start()
        for screen in reversed(self.screen_stack):  # what is being typed goes into the session before that is closed
            close = getattr(screen, "keep_draft", None) or getattr(screen, "close_session", None)
            if close is not None:
                close()
        self.exit(128 + number)


def standing_in() -> Path:
    """The current folder, or home when that has been removed."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()


def run(target: str = "", batch: Path | None = None) -> int:
    """Run the app; returns the exit code."""
    sys.setswitchinterval(SWITCH_SECONDS)
    return GalleyApp(target, batch=batch).run() or 0
