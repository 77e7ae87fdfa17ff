"""Themes: TOML files of ours and of the user, read the same way, as Textual's themes.

A broken file is an error to tell, never a crash: what was worn before, or the default, stays on.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from stat import S_ISREG
from typing import cast

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
TOP = ("name", "description", "dark", "colors", "diff")
PLACES = {
    **{key: key for key in TOP},
    **{key: f"colors.{key}" for key in COLORS},
    **{key: f"diff.{key}" for key in DIFF},
}
"""Every key, no two of which are called the same, and where it belongs."""
HINT = "See docs/themes.md for what a theme has."
COLOUR_HINT = "Write it as #rrggbb, as a name of CSS such as teal, or as one of the terminal's own such as ansi_red."
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
        c = {key: canonical(value) for key, value in self.colors.items()}
        variables = {f"diff-{key.replace('_', '-')}": canonical(value) for key, value in self.diff.items()}
        variables["raised"] = c["boost"]  # Textual computes its own boost
        track, thumb = c["background"], c["secondary"]
        for state in ("", "-hover", "-active"):
            variables |= {f"scrollbar-background{state}": track, f"scrollbar{state}": thumb}
        variables["scrollbar-corner-color"] = track
        if self.ansi:
            variables |= {key: c[key] for key in ("surface", "panel", "boost")}  # Textual makes them transparent
            variables = {**BUILTIN_THEMES["ansi-dark" if self.dark else "ansi-light"].variables, **variables}
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
    tables = read_toml(path)
    known(path, "", tables, TOP)
    for key in ("name", "dark"):
        if key not in tables:
            raise ConfigError(f"The theme {path} lacks {key}.", HINT)
    name, dark, description = tables["name"], tables["dark"], tables.get("description", "")
    if not isinstance(name, str) or not name.isprintable() or not name.strip():
        raise ConfigError(f"In the theme {path}, name is {name!r}.", "Give it one line of text.")
    if not isinstance(dark, bool):
        raise ConfigError(f"In the theme {path}, dark is {dark!r}.", "It is true or false, without quotes.")
    if not isinstance(description, str):
        raise ConfigError(f"In the theme {path}, description is {description!r}.", "It is a text in quotes.")
    return GalleyTheme(
        name=name.strip(),
        description=description,
        dark=dark,
        colors=colors_of(path, "colors", tables.get("colors"), COLORS),
        diff=colors_of(path, "diff", tables.get("diff"), DIFF),
    )


def read_toml(path: Path) -> dict[str, object]:
    """The file's tables. Raises ConfigError, also for what is no regular file: a pipe would never end."""
    try:
        if not S_ISREG(path.stat().st_mode):
            raise ConfigError(f"The theme {path} is no file.", "Give it another name or take it away.")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"The theme {path} can't be read: {error.strerror}.", HINT) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The theme {path} can't be read: it is not UTF-8.", HINT) from error
    except (ValueError, RecursionError) as error:  # endless nesting and numbers too, not TOMLDecodeError alone
        raise ConfigError(f"The theme {path} is no valid TOML: {error}.", HINT) from error


def colors_of(path: Path, section: str, given: object, keys: tuple[str, ...]) -> dict[str, str]:
    """A table whose keys are all there and whose values all are colours."""
    if not isinstance(given, dict):
        raise ConfigError(f"The theme {path} has no [{section}].", HINT)
    table = cast(dict[str, object], given)
    known(path, f"{section}.", table, keys)
    found: dict[str, str] = {}
    for key in keys:
        if key not in table:
            raise ConfigError(f"The theme {path} lacks {section}.{key}.", HINT)
        value, near = table[key], None
        try:
            if isinstance(value, str):
                canonical(value)
                found[key] = value
                continue
        except ColorParseError as error:
            near = error.suggested_color
        hint = f"Did you mean {near!r}?" if near else COLOUR_HINT
        raise ConfigError(f"In the theme {path}, {section}.{key} is no colour: {value!r}.", hint)
    return found


def canonical(color: str) -> str:
    """A colour in the one form that style sheets surely take: #rrggbb, #rrggbbaa or ansi_…

    Raises ColorParseError.
    """
    return Color.parse(color.strip()).hex


def known(path: Path, prefix: str, table: Iterable[str], keys: tuple[str, ...]) -> None:
    """Raises ConfigError for a key that nothing reads, with the right one if it is misspelt or misplaced."""
    for key in table:
        if key not in keys:
            plain = key.lower().replace("-", "_")
            near = [plain] if plain in PLACES else get_close_matches(plain, keys) or get_close_matches(plain, PLACES)
            hint = f"Did you mean {PLACES[near[0]]}?" if near else HINT
            raise ConfigError(f"The theme {path} has {prefix}{key}, which nothing reads.", hint)


def load_all(user_dir: Path) -> tuple[dict[str, GalleyTheme], list[ConfigError]]:
    """Ours, the user's over them, by name; and what is wrong with the user's."""
    found = {theme.name: theme for theme in map(load_theme, own_files())}
    errors: list[ConfigError] = []
    taken: dict[str, Path] = {}
    for path in user_files(user_dir):
        try:
            theme = load_theme(path)
        except ConfigError as error:
            errors.append(error)
            continue
        if theme.name in taken:
            message = f"The theme {path} has the name {theme.name!r}, as {taken[theme.name].name} has, and is left out."
            errors.append(ConfigError(message, "Give one of them another name."))
            continue
        taken[theme.name], found[theme.name] = path, theme
    return found, errors


def own_files() -> list[Path]:
    """Ours, as they were installed."""
    return sorted(Path(str(entry)) for entry in files("galley.themes").iterdir() if entry.name.endswith(".toml"))


def user_files(user_dir: Path) -> list[Path]:
    """The user's, without the hidden files that editors keep beside a file at work; none if there is no folder."""
    try:
        return sorted(path for path in user_dir.iterdir() if path.suffix == ".toml" and not path.name.startswith("."))
    except OSError:
        return []


def stamp(user_dir: Path) -> Stamp:
    """Name, time in ns and size in bytes of the user's: changes when a theme is saved, made or removed."""
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
    return dict(own_default().to_textual().variables)


@cache
def own_default() -> GalleyTheme:
    """Read once: Textual asks at every change of theme."""
    return load_theme(next(path for path in own_files() if path.stem == DEFAULT))
