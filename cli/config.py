"""`galley config`: where settings come from, and a file of them to begin with."""

import json
from typing import cast

import click

from ..core.config import build, default_of, gather, init, known_keys
from ..core.paths import config_file
from .output import say, table


@click.group(
    epilog="""\b
Examples:
  galley config init     a file with every key, its meaning and its default
  galley config show     every setting and where it comes from
  GALLEY_CLEAN_MODE=rules galley config show"""
)
def config() -> None:
    """Show and make settings."""


@config.command("path")
def path_() -> None:
    """Where the config file is looked for."""
    click.echo(config_file())


@config.command("show")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(as_json: bool) -> None:
    """Every setting, its value and where it comes from."""
    given = gather()
    values = build(given)
    rows: list[tuple[str, object, str]] = []
    for key in known_keys():
        section, _, name = key.partition(".")
        value: object = getattr(getattr(values, section), name)
        rows.append((key, value, given[key].origin if key in given else "default"))
    if as_json:
        data = {key: {"value": value, "origin": origin, "default": default_of(key)} for key, value, origin in rows}
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        table([[key, shown(value), origin] for key, value, origin in rows], ["KEY", "VALUE", "FROM"])


def shown(value: object) -> str:
    return ", ".join(map(str, cast(tuple[object, ...], value))) if isinstance(value, tuple) else repr(value)


@config.command("init")
def init_() -> None:
    """Write a config file that documents every key."""
    path = config_file()
    init(path)
    say(f"Written: {path}")
