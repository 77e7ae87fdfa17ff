"""Choosing the model of coming runs and retries; what runs now keeps its own."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.config import Config
from ...core.config_write import overridden, set_values
from ...core.engine.registry import engines_for
from ...core.errors import GalleyError
from ...core.fit import Machine, fit
from ...core.job import find_model
from ...core.model import on_server
from ...core.models import EMBEDDED, Found, list_models
from ...core.paths import config_file
from ...core.wording import size
from .dialogs import Choose, Prompt

if TYPE_CHECKING:
    from .base import GalleyScreen

OTHER = "other…"


def choose_model(screen: "GalleyScreen", heard: Callable[[str], None] | None = None) -> None:
    """Ask, write the answer to the config file, and say it to `heard`.

    Models are looked for in the background: many on a slow disk, and a GPU's driver, take their time.
    """
    screen.run_worker(lambda: gather(screen, heard), group="models", exclusive=True, thread=True)


def gather(screen: "GalleyScreen", heard: Callable[[str], None] | None) -> None:
    """From a thread: what there is to choose from, then the question."""
    app = screen.galley
    try:
        config = app.config()
        options, current = choices(config)
    except GalleyError as error:
        app.call_from_thread(app.tell, error)
        return

    def ask() -> None:
        app.push_screen(Choose("Model of coming runs", options, current), lambda name: chosen(screen, name, heard))

    app.call_from_thread(ask)


def choices(config: Config) -> tuple[list[tuple[str, str]], str]:
    """(name, words) of each model, and which is chosen now. Raises ConfigError."""
    current = config.engine.model or EMBEDDED.name
    machine = Machine.look()
    found = {
        model.name: f"{model.name}  {about(model, config, machine)}"
        for model in list_models(config.models.folders).models
    }
    found.setdefault(EMBEDDED.name, f"{EMBEDDED.name}  fetched when it is needed, {size(EMBEDDED.size)}")
    if current not in found:
        found[current] = f"{Path(current).name}  {current}"
    return [*found.items(), (OTHER, "Another, by its name or file…")], current


def about(model: Found, config: Config, machine: Machine) -> str:
    """A model in a few words: what it is, where it lies, and what speaks against it."""
    info = model.info
    words = [info.quantization, size(info.size_bytes)]
    if model.program != "galley":
        words.append(model.program)
    if not engines_for(info):
        words.append("no engine can load it")
    elif not fit(info, config, machine).fits:
        words.append("too large for this machine")
    return ", ".join(words)


def chosen(screen: "GalleyScreen", name: str | None, heard: Callable[[str], None] | None) -> None:
    """Take the answer; a file's path is asked for when it was no name. Nothing is written for a model that is none."""
    if name == OTHER:
        screen.galley.push_screen(
            Prompt("Model", "Name or path of a model file"),
            lambda path: chosen(screen, path.strip() or None if path else None, heard),
        )
        return
    if name is None:
        return
    with screen.told():
        config = screen.galley.config()
        if not on_server(config):  # a server is asked by the run, which has time for it
            find_model(name, config)
        set_values(config_file(), {"engine.model": "" if name == EMBEDDED.name else name})
        over = overridden("engine.model")
        here = " and for retries here" if heard is not None else ""
        screen.galley.say(f"Written, but {over} goes over it." if over else f"{name}: for the next document{here}.")
        if heard is not None:
            heard(name)
