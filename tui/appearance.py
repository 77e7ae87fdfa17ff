"""The few settings that the first picture needs, read without loading the rest of Galley.

The whole config is checked a moment later, in the background; what is wrong in it is told then. Here a wrong value is
the default.
"""

import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from ..core.paths import config_file
from .keys import PRESETS

VIEWS = ("inline", "side", "result")
TRUE = {"true", "yes", "on"}


@dataclass(frozen=True, slots=True)
class Appearance:
    """The `[ui]` and `[keys]` tables."""

    theme: str = "galley-dark"
    preset: str = "default"
    view: str = "inline"
    reflow: bool = True
    hidden: bool = False
    keys: dict[str, str] = field(default_factory=dict[str, str])


def glance() -> Appearance:
    """The tables as they stand in the file and the environment."""
    tables: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        tables = tomllib.loads(config_file().read_text(encoding="utf-8"))
    ui, keys = as_table(tables.get("ui")), as_table(tables.get("keys"))
    for name, value in os.environ.items():
        if name.startswith("GALLEY_UI_"):
            ui[name.removeprefix("GALLEY_UI_").lower()] = value
        elif name.startswith("GALLEY_KEYS_"):
            keys[name.removeprefix("GALLEY_KEYS_").lower()] = value
    theme, preset, view = (str(ui.get(name, "")) for name in ("theme", "keys", "view"))
    return Appearance(
        theme=theme or "galley-dark",
        preset=preset if preset in PRESETS else "default",
        view=view if view in VIEWS else "inline",
        reflow=truth(ui.get("reflow", True)),
        hidden=truth(ui.get("hidden", False)),
        keys={name: value for name, value in keys.items() if isinstance(value, str)},
    )


def as_table(value: object) -> dict[str, object]:
    return dict(cast(dict[str, object], value)) if isinstance(value, dict) else {}


def truth(value: object) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in TRUE
