"""`galley config`: where settings come from, and a file of them to begin with."""

import json
import sys
from typing import cast

import click

from ..core.config import build, default_of, flatten, gather, init, known_keys, load_config, read_toml, value_of
from ..core.config_write import overridden, set_values
from ..core.errors import ConfigError
from ..core.paths import config_file
from .output import say, table


@click.group(
    epilog="""\b
Examples:
  galley config init                  a file with every key and its default
  galley config show                  every setting and where it comes from
  galley config set clean.mode rules  one setting, written into the file
  galley config key                   keep the key of server.base_url
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
    for key in dict.fromkeys((*known_keys(), *given)):
        rows.append((key, value_of(values, key), given[key].origin if key in given else "default"))
    if as_json:
        data = {key: {"value": value, "origin": origin, "default": default_of(key)} for key, value, origin in rows}
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        table([[key, shown(value), origin] for key, value, origin in rows], ["KEY", "VALUE", "FROM"], giving=[1, 2])


def shown(value: object) -> str:
    return ", ".join(map(str, cast(tuple[object, ...], value))) if isinstance(value, tuple) else repr(value)


@config.command("init")
def init_() -> None:
    """Write a config file that documents every key."""
    path = config_file()
    init(path)
    say(f"Written: {path}")


@config.command(
    "set",
    context_settings={"ignore_unknown_options": True},
    epilog="""\b
Examples:
  galley config set clean.mode rules
  galley config set engine.gpu_layers -1
  galley config set clean.kinds citation,debris   a list, with commas
  galley config set keys.accept z                 a key of the app""",
)
@click.argument("key")
@click.argument("value")
def set_(key: str, value: str) -> None:
    """Write one setting into the config file. Its comments and order stay."""
    path = config_file()
    set_values(path, {key: value})
    say(f"Written: {key} = {value} in {path}")
    warn_if_overridden(key)


@config.command(
    epilog="""\b
Example:
  galley config unset clean.mode"""
)
@click.argument("key")
def unset(key: str) -> None:
    """Take one setting out of the config file. Its default holds again."""
    path = config_file()
    there = key in dict(flatten(read_toml(path)))
    set_values(path, {key: None})
    say(f"Taken out: {key} in {path}" if there else f"Nothing to do: {key} is not set in {path}")
    warn_if_overridden(key)


def warn_if_overridden(key: str) -> None:
    """Say so when the file has no say."""
    place = overridden(key)
    if place:
        say(f"The {place} sets {key} too, and goes over the file.")


@config.command("key")
@click.option("--base-url", metavar="URL", help="The server it is for; server.base_url by default.")
@click.option("--forget", is_flag=True, help="Remove a kept key.")
def key_(base_url: str | None, forget: bool) -> None:
    """Keep a server's key. It goes into the system's keyring, or, where there is none, into a file that
    only you can read.

    It is asked for without showing it, or read from standard input: galley config key < key.txt
    """
    from ..core.engine.keys import forget_key, store_key  # only who keeps a key should wait for it

    server = load_config(overrides={"server.base_url": base_url} if base_url else {}).server
    if not server.base_url:
        raise ConfigError("It is not known which server the key is for.", "Give --base-url, or set server.base_url.")
    if forget:
        removed = forget_key(server)
        say(f"Removed: {', '.join(removed)}." if removed else "There was none.")
        return
    value = click.prompt("Key", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    say(f"Kept: {store_key(server, value)}.")
