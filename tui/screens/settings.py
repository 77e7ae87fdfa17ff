"""Settings, written to the user's config file as they are changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from ...core.config import Config, value_of
from ...core.config_write import overridden, set_values
from ...core.engine.registry import AUTO, ENGINES
from ...core.errors import GalleyError
from ...core.prompts import prompt_names
from .. import keys
from ..typed import galley_app
from ..widgets.form import Field, Form

NOW = ("ui.", "keys.")
"""What holds at once; everything else is of the next document."""
TRUTH = ("true", "false")


class SettingsScreen(Screen[None]):
    """A form over the config file; comments in it stay."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "back", "Back", id="settings_back")]

    def __init__(self, config: Config, themes: Sequence[str], models: Sequence[str], path: Path) -> None:
        """`path` is the config file; `models` are names that can be chosen, "" the embedded one."""
        super().__init__()
        self._config, self._themes, self._models, self._path = config, themes, models, path

    def compose(self) -> ComposeResult:
        yield Static(f"Settings · {self._path}", id="proof-title", markup=False)
        yield Form(self._fields(), submits=False)
        yield Static("", id="settings-note", markup=False)
        yield Static("←→ changes · Enter types · Esc goes back", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(Form).focus()

    def _fields(self) -> list[Field]:
        def field(key: str, label: str, choices: Sequence[str] = (), note: str = "") -> Field:
            return Field(key, label, as_text(value_of(self._config, key)), tuple(choices), note)

        own = [
            Field(f"keys.{c.id}", c.label, keys.shown_raw(galley_app(self).held[c.id]), note=c.help)
            for c in keys.COMMANDS
        ]
        return [
            Field("", "Cleaning: holds for the next document"),
            field("clean.mode", "Mode", ("auto", "rules", "verbatim", "rewrite")),
            field("engine.model", "Model", self._models, "— is the embedded one"),
            field("engine.name", "Engine", (AUTO, *ENGINES)),
            field("engine.gpu_layers", "GPU layers", note="-1 all that fit, 0 none"),
            field("server.base_url", "Server", note="its address up to /v1; empty for a model here"),
            field("clean.prompt", "Prompt", prompt_names(), "of rewrite"),
            field("clean.temperature", "Temperature", note="of rewrite"),
            field("clean.retries", "Retries", note="of a rewrite that fails its checks; -1 by the model"),
            field("engine.jobs", "Chunks at once", note="0 chooses"),
            field("chunk.size", "Chunk size"),
            field("chunk.unit", "Chunk unit", ("characters", "tokens")),
            Field("", "Galley: holds at once"),
            field("ui.theme", "Theme", self._themes),
            field("ui.view", "View", ("inline", "side", "result")),
            field("ui.reflow", "Layout", TRUTH, "show changes of layout alone"),
            field("ui.hidden", "Hidden files", TRUTH),
            field("ui.keys", "Keys", keys.PRESETS, "a preset; single ones below"),
            Field("", "Single keys: names with commas between, empty for the preset's"),
            *own,
        ]

    @on(Form.Changed)
    def changed(self, event: Form.Changed) -> None:
        key, value = event.key, event.value
        if key.startswith("keys."):
            problem = self._key_problem(key.removeprefix("keys."), value)
            if problem:
                self._refuse(event.form, key, problem)
                return
        try:
            set_values(self._path, {key: value or None if key.startswith("keys.") else value})
        except GalleyError as error:
            self._refuse(event.form, key, str(error))
            return
        over = overridden(key)
        holds = "holds at once" if key.startswith(NOW) else "holds for the next document"
        self._note(f"{key}: written, but {over} goes over it." if over else f"{key}: written; {holds}.")
        galley_app(self).setting_written(key)
        self._config = self._reloaded()
        if key.startswith("keys.") or key == "ui.keys":
            for command in keys.COMMANDS:
                event.form.set_value(f"keys.{command.id}", keys.shown_raw(galley_app(self).held[command.id]))

    def _reloaded(self) -> Config:
        try:
            return galley_app(self).config()
        except GalleyError as error:
            self._note(str(error))
            return self._config

    def _key_problem(self, id: str, value: str) -> str:
        """Why these keys can't be the command's; empty when they can."""
        if not value.strip():
            return ""
        _, problems = keys.keymap(self._config.ui.keys, {**self._config.keys, id: value})
        return next((problem for problem in problems if f"keys.{id}" in problem), "")

    def _refuse(self, form: Form, key: str, why: str) -> None:
        """Say why, and show the old value again."""
        old = (
            keys.shown_raw(galley_app(self).held[key.removeprefix("keys.")])
            if key.startswith("keys.")
            else as_text(value_of(self._config, key))
        )
        form.set_value(key, old)
        self._note(why)

    def _note(self, text: str) -> None:
        self.query_one("#settings-note", Static).update(text)

    def action_back(self) -> None:
        self.dismiss(None)


def as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
