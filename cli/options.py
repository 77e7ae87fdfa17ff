"""Options that several commands share, and how they become settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..core.config import Config, load_config
from ..core.engine.registry import AUTO, ENGINES
from ..core.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])

INPUT = click.argument("input", metavar="INPUT", type=click.Path(path_type=Path, readable=False))
FORCE = click.option(
    "-f", "--force", is_flag=True, help="Replace a text even if you changed it, or Galley did not write it."
)

SETTINGS: dict[str, str] = {
    "extractor": "extract.extractor",
    "pages": "extract.pages",
    "max_chars": "extract.max_chars",
    "language": "prepare.language",
    "chunk_size": "chunk.size",
    "chunk_unit": "chunk.unit",
    "mode": "clean.mode",
    "prompt": "clean.prompt",
    "temperature": "clean.temperature",
    "top_p": "clean.top_p",
    "seed": "clean.seed",
    "retries": "clean.retries",
    "engine": "engine.name",
    "base_url": "server.base_url",
    "model": "engine.model",
    "jobs": "engine.jobs",
    "threads": "engine.threads",
    "gpu_layers": "engine.gpu_layers",
    "session_dir": "session.directory",
}
"""Which setting each option overrides."""


def stacked(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several decorators as one, in reading order."""

    def apply(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def extract_options(function: F) -> F:
    return stacked(
        click.option("--pages", metavar="RANGES", help='Pages to take, as in "3-17,20"; all by default.'),
        click.option("--max-chars", metavar="N", type=click.IntRange(min=1), help="Stop after so many characters."),
        click.option(
            "--extractor",
            type=click.Choice(["auto", "pypdf", "pdfium"]),
            help="auto takes pdfium's text, pypdf's where it fails.",
        ),
        click.option(
            "--password",
            metavar="WORD",
            help="Password of an encrypted PDF; asked for when it is needed and not given.",
        ),
    )(function)


def chunk_options(function: F) -> F:
    return stacked(
        click.option("--chunk-size", metavar="N", type=click.IntRange(min=50), help="Size of a chunk (default 1000)."),
        click.option(
            "--chunk-unit",
            type=click.Choice(["characters", "tokens"]),
            help="What the chunk size is counted in.",
        ),
        click.option("--language", metavar="CODE", help="Language of the text, as in en or de; found by default."),
    )(function)


def clean_options(function: F) -> F:
    return stacked(
        click.option(
            "--mode",
            type=click.Choice(["auto", "rules", "verbatim", "rewrite"]),
            help="rules: repairs only; verbatim: the model deletes and repairs; rewrite: it writes freely, checked.",
        ),
        click.option("--model", metavar="M", help="A model's name or file (see galley models)."),
        click.option("--prompt", metavar="P", help="Prompt of rewrite: a name or a TOML file."),
        click.option("--temperature", metavar="X", type=float, help="Sampling temperature of rewrite."),
        click.option("--top-p", metavar="X", type=float, help="Nucleus sampling of rewrite."),
        click.option("--seed", metavar="N", type=click.IntRange(min=0), help="Seed of the first attempt."),
        click.option(
            "--retries",
            metavar="N",
            type=click.IntRange(min=-1),
            help="Tries again after a rewrite that fails its checks; -1 chooses by the model.",
        ),
    )(function)


def engine_options(function: F) -> F:
    jobs = click.option(
        "--jobs", metavar="N", type=click.IntRange(min=0), help="Chunks cleaned at the same time; 0 chooses."
    )
    return stacked(machine_options, jobs)(function)


def machine_options(function: F) -> F:
    return stacked(
        click.option(
            "--engine",
            type=click.Choice([AUTO, *ENGINES]),
            help="What runs the model; auto takes what can load it.",
        ),
        click.option("--base-url", metavar="URL", help="An OpenAI-compatible server that runs it, up to /v1."),
        click.option(
            "--threads", metavar="N", type=click.IntRange(min=0), help="Threads of the engine; 0 takes the cores."
        ),
        click.option(
            "--gpu-layers", metavar="N", type=click.IntRange(min=-1), help="Layers on the GPU; -1 all that fit, 0 none."
        ),
    )(function)


def common_options(function: F) -> F:
    return stacked(
        click.option("--session-dir", metavar="DIR", help="Where session files lie."),
        click.option(
            "--set",
            "assignments",
            multiple=True,
            metavar="SECTION.KEY=VALUE",
            help="Any setting of the config file, for this call; may be repeated.",
        ),
    )(function)


def settings(given: dict[str, Any]) -> Config:
    """The config with the options that were given on top. Raises ConfigError."""
    return load_config(overrides=overrides_of(given))


def overrides_of(given: dict[str, Any]) -> dict[str, object]:
    """Settings by their dotted keys, as options gave them. Raises ConfigError."""
    overrides: dict[str, object] = {
        SETTINGS[name]: value for name, value in given.items() if name in SETTINGS and value is not None
    }
    for assignment in given.get("assignments") or ():
        key, equals, value = str(assignment).partition("=")
        if not equals:
            raise ConfigError(f"--set {assignment!r} has no value.", "Write it as SECTION.KEY=VALUE.")
        overrides[key.strip()] = value.strip()
    return overrides
