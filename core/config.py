"""The settings: defaults, then the config file, then the environment, then the options of a call.

Every value remembers where it came from, and every mistake names its key, its place and the nearest right key, since
a setting that is silently ignored is worse than none.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import Field, ValidationError

from .atomic import write_atomically
from .checks import CheckOptions
from .chunk import ChunkOptions
from .clean.options import CleanOptions
from .engine.options import EngineOptions, ServerOptions
from .errors import ConfigError
from .extract.options import ExtractOptions
from .models.options import ModelsOptions
from .options import Options
from .paths import config_file, expanded, private_dir
from .prepare.options import PrepareOptions
from .ui import UiOptions

PREFIX = "GALLEY_"
NOT_SETTINGS = {"GALLEY_HOME", "GALLEY_CONFIG", "GALLEY_MODELS", "GALLEY_API_KEY"}
TRUE_WORDS = {"true", "yes", "on"}
FREE = {"keys": 'next_look = "n"'}
"""Sections whose names only a front knows, each with a line that shows how they are written."""


class SessionOptions(Options):
    """Where sessions are kept."""

    directory: str = ""
    """Folder of the session files; empty is `sessions` in the config directory."""

    @property
    def folder(self) -> Path | None:
        return expanded(self.directory) if self.directory else None


class Config(Options):
    """All settings, by section."""

    extract: ExtractOptions = Field(default_factory=ExtractOptions)
    prepare: PrepareOptions = Field(default_factory=PrepareOptions)
    chunk: ChunkOptions = Field(default_factory=ChunkOptions)
    clean: CleanOptions = Field(default_factory=CleanOptions)
    check: CheckOptions = Field(default_factory=CheckOptions)
    engine: EngineOptions = Field(default_factory=EngineOptions)
    server: ServerOptions = Field(default_factory=ServerOptions)
    models: ModelsOptions = Field(default_factory=ModelsOptions)
    session: SessionOptions = Field(default_factory=SessionOptions)
    ui: UiOptions = Field(default_factory=UiOptions)
    keys: dict[str, str] = Field(default_factory=dict[str, str])
    """Keys of the app, by action: the name of an action and its keys, with commas between them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A given value and the place it was given in."""

    value: object
    origin: str
    """`file PATH`, `environment NAME` or `option`."""
    text: bool = False
    """The value is text that stands for a value of whatever type the key has."""


def load_config(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Config:
    """The settings in force. `overrides` has keys like "clean.mode". Raises ConfigError."""
    return build(gather(file, environ, overrides))


def gather(
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> dict[str, Setting]:
    """Every setting that was given, by its dotted key, the later places over the earlier. Raises ConfigError."""
    environ = os.environ if environ is None else environ
    path = file or named_file(environ) or config_file()
    given = {key: Setting(value, f"file {path}") for key, value in flatten(read_toml(path))}
    given |= from_environment(environ)
    for key, value in (overrides or {}).items():
        given[key] = Setting(value, "option", text=isinstance(value, str))
    known = known_keys()
    for key, setting in given.items():
        if not is_known(key, known):
            raise unknown(key, setting.origin, known)
    return given


def from_environment(environ: Mapping[str, str]) -> dict[str, Setting]:
    """What the environment sets, known or not: GALLEY_CLEAN_MODE is clean.mode."""
    given: dict[str, Setting] = {}
    for name, value in environ.items():
        if name.startswith(PREFIX) and name not in NOT_SETTINGS:
            section, _, key = name.removeprefix(PREFIX).lower().partition("_")
            given[f"{section}.{key}"] = Setting(value, f"environment {name}", text=True)
    return given


def named_file(environ: Mapping[str, str]) -> Path | None:
    """The file that GALLEY_CONFIG names; one that is named and not there is a mistake, not an empty one."""
    name = environ.get("GALLEY_CONFIG", "")
    if not name:
        return None
    path = expanded(name)
    if not path.exists():
        raise ConfigError(f"GALLEY_CONFIG names {path}, which is not there.", "galley config init writes it.")
    return path


def build(given: Mapping[str, Setting]) -> Config:
    """A config from settings whose keys are known. Raises ConfigError for a wrong value."""
    sections: dict[str, dict[str, object]] = {}
    for key, setting in given.items():
        section, _, name = key.partition(".")
        value = from_text(str(setting.value), key) if setting.text else setting.value
        sections.setdefault(section, {})[name] = value
    try:
        return Config.model_validate(sections)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"][:2])
        origin = given[key].origin if key in given else "file"
        message = (
            str(first["msg"]).removeprefix("Value error, ").removeprefix("Input ").replace("a valid tuple", "a list")
        )
        raise ConfigError(
            f"The setting {key} ({origin}) is wrong: {message}, not {given[key].value!r}."
            if key in given
            else f"The settings are wrong at {key}: {message}.",
            hint_for(key),
        ) from error


def hint_for(key: str) -> str:
    """What to do about a wrong value."""
    section = key.partition(".")[0]
    return f"Write it as text: {FREE[section]}" if section in FREE else f"Its default is {default_of(key)!r}."


def from_text(text: str, key: str) -> object:
    """A value out of the environment or an option, by the type of the key's default."""
    default = default_of(key)
    if isinstance(default, bool):
        return text.lower() in TRUE_WORDS if text.lower() in TRUE_WORDS | {"false", "no", "off"} else text
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a config file; empty when there is none. Raises ConfigError."""
    return parse_toml(read_source(path), path)


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The tables in `text`, which was read from `path`. Raises ConfigError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The config file {path} is no valid TOML: {error}.", "Mend it, or move it away.") from error


def read_source(path: Path) -> str:
    """A config file as it is written, line ends and all; empty when there is none. Raises ConfigError."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"The config file {path} can't be read: {why}.", "Mend it, or move it away.") from error


def flatten(tables: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """(section.key, value) for every entry; a value outside any section keeps its bare name."""
    for section, content in tables.items():
        if isinstance(content, dict) and (content or section in Config.model_fields):
            for key, value in cast(dict[str, object], content).items():
                yield f"{section}.{key}", value
        else:
            yield section, content


def known_keys() -> dict[str, str]:
    """Every key and its meaning; the free sections' keys are not among them."""
    keys: dict[str, str] = {}
    for section, field in Config.model_fields.items():
        if section in FREE:
            continue
        options = cast(type[Options], field.annotation)
        for name, entry in options.model_fields.items():
            keys[f"{section}.{name}"] = " ".join((entry.description or "").split())
    return keys


def is_known(key: str, known: Mapping[str, str]) -> bool:
    """Whether there is such a key, or a free section that takes any."""
    section, _, name = key.partition(".")
    return key in known or (section in FREE and bool(name))


def value_of(config: Config, key: str) -> object:
    """The value of a dotted key; None for one of a free section that is not set."""
    section, _, name = key.partition(".")
    options: object = getattr(config, section, None)
    return cast(dict[str, str], options).get(name) if section in FREE else getattr(options, name, None)


def default_of(key: str) -> object:
    return value_of(Config(), key)


def unknown(key: str, origin: str, known: Mapping[str, str]) -> ConfigError:
    section, _, name = key.partition(".")
    free = [f"{other}.{name}" for other in difflib.get_close_matches(section, FREE)] if name else []
    near = difflib.get_close_matches(key, [*known, *free], n=1, cutoff=0.4)
    hint = f"Did you mean {near[0]}?" if near else "galley config show lists the keys."
    return ConfigError(f"There is no setting {key} ({origin}).", hint)


def example() -> str:
    """The text of a config file that documents every key and sets it to its default."""
    import tomlkit  # only who writes settings should wait for it

    lines = [
        "# Galley's settings. Every key is here with its default; a line that is left out keeps it.",
        "# The environment (GALLEY_CLEAN_MODE=rules) goes over this file, and options go over both.",
    ]
    keys = known_keys()
    for section, field in Config.model_fields.items():
        if section in FREE:
            lines += ["", f"[{section}]", *wrapped(field.description or ""), "", f"# {FREE[section]}"]
            continue
        options = cast(Options, getattr(Config(), section))
        lines += ["", f"[{section}]", f"# {' '.join((options.__doc__ or '').split())}"]
        for name in type(options).model_fields:
            value = getattr(options, name)
            entry = tomlkit.dumps({name: list(cast(tuple[object, ...], value)) if isinstance(value, tuple) else value})
            lines += ["", *wrapped(keys[f"{section}.{name}"]), entry.rstrip()]
    return "\n".join(lines) + "\n"


def wrapped(text: str, width: int = 98) -> list[str]:
    """Comment lines of bounded length."""
    lines = ["#"]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("#")
        lines[-1] += f" {word}"
    return lines


def init(path: Path) -> None:
    """Write the example to `path`. Raises ConfigError when a file is there, or StorageError."""
    if path.exists():
        raise ConfigError(f"There is a config file already: {path}.", "Edit it, or move it away first.")
    private_dir(path.parent)
    write_atomically(path, [example().encode()])
