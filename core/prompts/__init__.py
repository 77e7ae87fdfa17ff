"""The prompts, one TOML file each.

A prompt of ours is known by its name; a user's own lies in the config directory's `prompts` folder, or anywhere when
given as a path. A prompt for `rewrite` has a `system` text and may have `examples`; `judge.toml` is different: it
holds, for each kind of candidate edit, the examples that `verbatim` shows the model before it asks.
"""

import hashlib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from ..errors import ConfigError
from ..options import Options
from ..paths import config_dir, expanded

JUDGE = "judge"
T = TypeVar("T", bound=Options)


class Example(Options):
    """A source and the answer that is wanted for it."""

    source: str
    cleaned: str


class Prompt(Options):
    """What a model is told before a chunk in `rewrite`."""

    name: str
    """The file's stem."""
    description: str = ""
    system: str = Field(min_length=1)
    examples: tuple[Example, ...] = ()
    """Shown as earlier turns of the conversation."""

    @property
    def shown(self) -> str:
        """All that the model is shown besides the chunk. Small models repeat an example as readily as an order."""
        return "\n\n".join([self.system, *(f"{example.source}\n\n{example.cleaned}" for example in self.examples)])

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hex: two runs with different wording are different runs."""
        return hashlib.sha256(self.model_dump_json(exclude={"name", "description"}).encode()).hexdigest()


class JudgeKind(Options):
    """How one kind of candidate edit is put to the model: a preface, then `fragment -> answer` lines."""

    answer: Literal["label", "text"]
    """`label`: the model says remove or keep; `text`: it says which of the spellings is right."""
    preface: str
    examples: tuple[tuple[str, str], ...] = Field(min_length=2)
    neutral: str = ""
    """A fragment that says nothing; what the model answers to it is its bias, and is taken off (arXiv 2102.09690)."""


class Judge(Options):
    """The questions of `verbatim`, by kind of candidate."""

    description: str = ""
    kinds: dict[str, JudgeKind]

    @property
    def digest(self) -> str:
        """SHA-256 of the questions, in hex."""
        return hashlib.sha256(self.model_dump_json(exclude={"description"}).encode()).hexdigest()


def prompt_names() -> list[str]:
    """The prompts that can be asked for by name, the user's own among them."""
    ours = {entry.name for entry in files(__name__).iterdir() if entry.name.endswith(".toml")}
    own = {path.name for path in user_folder().glob("*.toml")} if user_folder().is_dir() else set[str]()
    return sorted(name.removesuffix(".toml") for name in (ours | own) - {f"{JUDGE}.toml"})


def load_prompt(name: str) -> Prompt:
    """The prompt of that name or path. Raises ConfigError, which lists the names there are."""
    raw, where = read_prompt(name)
    return parse(Prompt, {"name": Path(name).stem, **raw}, where)


@cache
def load_judge() -> Judge:
    """The questions of `verbatim`."""
    raw, where = read_prompt(JUDGE)
    return parse(Judge, raw, where)


def user_folder() -> Path:
    return config_dir() / "prompts"


def read_prompt(name: str) -> tuple[dict[str, object], str]:
    """The TOML tables of a prompt, and where they stand."""
    own = expanded(name) if name.endswith(".toml") else user_folder() / f"{name}.toml"
    if own.is_file():
        text, where = read_text(own), str(own)
    else:
        ours = files(__name__) / f"{name}.toml"
        if name.endswith(".toml") or "/" in name or not ours.is_file():
            known = ", ".join(prompt_names())
            raise ConfigError(
                f"There is no prompt {name!r}.", f"Known names: {known}; or give the path of a .toml file."
            )
        text, where = ours.read_text(encoding="utf-8"), f"galley.core.prompts/{name}.toml"
    try:
        return tomllib.loads(text), where
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The prompt {where} is no valid TOML: {error}.") from error


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The prompt {path} can't be read: {error}.") from error


def parse(kind: type[T], raw: dict[str, object], where: str) -> T:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"The prompt {where} has a wrong entry at {key}: {first['msg']}.") from error
