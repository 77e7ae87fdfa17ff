"""Choosing the model of coming runs and retries; what runs now keeps its own."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...core.config_write import overridden, set_values
from ...core.models import EMBEDDED, list_models
from ...core.paths import config_file
from ...core.wording import size
from .dialogs import Choose

if TYPE_CHECKING:
    from .base import GalleyScreen

OTHER = "other…"


def choose_model(screen: "GalleyScreen") -> None:
    """Ask, and write the answer to the config file."""
    with screen.told():
        current = screen.galley.config().engine.model or EMBEDDED.name
        found = {
            info.path.stem: f"{info.path.stem}  {info.quantization}, {size(info.size_bytes)}" for info in list_models()
        }
        found.setdefault(EMBEDDED.name, f"{EMBEDDED.name}  fetched when it is needed, {size(EMBEDDED.size)}")
        if current not in found:
            found[current] = f"{Path(current).name}  {current}"
        options = [*found.items(), (OTHER, "A GGUF file by its path…")]
        screen.galley.push_screen(Choose("Model of coming runs", options, current), lambda name: chosen(screen, name))


def chosen(screen: "GalleyScreen", name: str | None) -> None:
    from .dialogs import Prompt

    if name == OTHER:
        screen.galley.push_screen(
            Prompt("Model", "Path of a GGUF file"), lambda path: chosen(screen, path.strip() or None if path else None)
        )
        return
    if name is None:
        return
    with screen.told():
        from ...core.models import find

        find(name)
        set_values(config_file(), {"engine.model": "" if name == EMBEDDED.name else name})
        over = overridden("engine.model")
        screen.galley.say(
            f"{name}: for the next document, and for retries here."
            if not over
            else f"Written, but {over} goes over it."
        )
        heard = getattr(screen, "model_chosen", None)
        if heard is not None:
            heard(name)
