"""Themes: TOML files of ours and of the user, read the same way, as Textual's themes.

A broken file is an error to tell, never a crash: what was worn before, or the default, stays on.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from ..core.errors import ConfigError
from ..core.paths import config_dir

DEFAULT = "galley-dark"
COLORS = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
    "warning",
    "error",
    "success",
)
DIFF = (
    "deleted",
    "deleted_background",
    "inserted",
    "inserted_background",
    "reflow",
    "uncertain",
    "evidence",
)
"""`evidence` is a background: what a flag points at."""
HINT = "See docs/themes.md for what a theme has."
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class GalleyTheme:
    """A theme as its file has it."""

    name: str
    description: str
    dark: bool
    colors: dict[str, str]
    """Keys of COLORS."""
    diff: dict[str, str]
    """Keys of DIFF."""

    @property
    def ansi(self) -> bool:
        """Whether it takes the terminal's own palette."""
        return self.colors["background"].startswith("ansi_")

    def to_textual(self) -> Theme:
        """The diff's colours become variables for the style sheet: `$diff-deleted` and so on."""
        variables = {f"diff-{key.replace('_', '-')}": value for key, value in self.diff.items()}
        variables["raised"] = self.colors["boost"]  # Textual computes its own boost
        track, thumb = self.colors["background"], self.colors["boost"]
        for state in ("", "-hover", "-active"):
            variables |= {f"scrollbar-background{state}": track, f"scrollbar{state}": thumb}
        variables["scrollbar-corner-color"] = track
        if self.ansi:
            variables = {**BUILTIN_THEMES["ansi-dark" if self.dark else "ansi-light"].variables, **variables}
        c = self.colors
        return Theme(
            name=self.name,
            primary=c["primary"],
            secondary=c["secondary"],
            accent=c["accent"],
            foreground=c["foreground"],
            background=c["background"],
            surface=c["surface"],
            panel=c["panel"],
            boost=c["boost"],
            warning=c["warning"],
            error=c["error"],
            success=c["success"],
            dark=self.dark,
            ansi=self.ansi,
            variables=variables,
        )


def user_themes_dir() -> Path:
    """Where a user's own themes lie."""
    return config_dir() / "themes"


def load_theme(path: Path) -> GalleyTheme:
    """Read a theme file. Raises ConfigError that names the file, the key and the nearest right one."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The theme {path} is no valid TOML: {error}.", HINT) from error
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"The theme {path} can't be read: {why}.", HINT) from error
    known(path, "", tables, ("name", "description", "dark", "colors", "diff"))
    name, dark = tables.get("name", path.stem), tables.get("dark", True)
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"The theme {path} has no proper name: {name!r}.", HINT)
    if not isinstance(dark, bool):
        raise ConfigError(f"In the theme {path}, dark is {dark!r}: it is true or false.", HINT)
    return GalleyTheme(
        name=name,
        description=str(tables.get("description", "")),
        dark=dark,
        colors=colors_of(path, "colors", tables.get("colors"), COLORS),
        diff=colors_of(path, "diff", tables.get("diff"), DIFF),
    )


def colors_of(path: Path, section: str, given: object, keys: tuple[str, ...]) -> dict[str, str]:
    """A table whose keys are all there and whose values all are colours."""
    if not isinstance(given, dict):
        raise ConfigError(f"The theme {path} has no [{section}].", HINT)
    table = cast(dict[str, object], given)
    known(path, f"{section}.", table, keys)
    found: dict[str, str] = {}
    for key in keys:
        value = table.get(key)
        if value is None:
            raise ConfigError(f"The theme {path} lacks {section}.{key}.", HINT)
        try:
            Color.parse(str(value))
        except ColorParseError as error:
            raise ConfigError(f"In the theme {path}, {section}.{key} is no colour: {value!r}.", HINT) from error
        found[key] = str(value)
    return found


def known(path: Path, prefix: str, table: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in table:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1, cutoff=0.4)
            hint = f"Did you mean {prefix}{near[0]}?" if near else HINT
            raise ConfigError(f"The theme {path} has {prefix}{key}, which nothing reads.", hint)


def load_all(user_dir: Path) -> tuple[dict[str, GalleyTheme], list[ConfigError]]:
    """Ours, the user's over them, by name; and what is wrong with the user's."""
    found = {theme.name: theme for theme in map(load_theme, own_files())}
    errors: list[ConfigError] = []
    for path in user_files(user_dir):
        try:
            theme = load_theme(path)
        except ConfigError as error:
            errors.append(error)
        else:
            found[theme.name] = theme
    return found, errors


def own_files() -> list[Path]:
    return sorted(Path(str(entry)) for entry in files("galley.themes").iterdir() if entry.name.endswith(".toml"))


def user_files(user_dir: Path) -> list[Path]:
    try:
        return sorted(user_dir.glob("*.toml"))
    except OSError:
        return []


def stamp(user_dir: Path) -> Stamp:
    """Changes when a theme of the user's is saved, made or removed."""
    found: list[tuple[str, int, int]] = []
    for path in user_files(user_dir):
        try:
            stat = path.stat()
        except OSError:
            continue
        found.append((path.name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def variable_defaults() -> dict[str, str]:
    """The style sheet's own variables, for a theme of Textual's that lacks them."""
    theme = load_theme(next(path for path in own_files() if path.stem == DEFAULT))
    return dict(theme.to_textual().variables)
