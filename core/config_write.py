"""Writing settings into a config file that is a person's own: comments, order and spacing stay as they are.

The new text is read back before it is written. A config file may be laid out in ways that an edit could tear, and a
refusal costs a person a minute where a damaged file costs them the next start.
"""

import os
import stat
import tomllib
from collections.abc import Mapping, MutableMapping, MutableSequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .atomic import write_atomically
from .config import (
    Setting,
    build,
    flatten,
    from_environment,
    is_known,
    known_keys,
    parse_toml,
    read_source,
    unknown,
    value_of,
)
from .errors import ConfigError
from .paths import private_dir

if TYPE_CHECKING:
    from tomlkit.items import Table

HEADER = "# Galley's settings; `galley config show` lists every key.\n"
ORIGIN = "new value"
PRIVATE = 0o600


def set_values(path: Path, values: Mapping[str, object]) -> None:
    """Write settings, by keys like "clean.mode", into the file at `path`, and change nothing else in it.

    None takes a key out, also one that is unknown but stands in the file. Text may stand for a value of any type, as in
    the environment. A missing file or section is made; a file that is there keeps its mode. A key that the environment
    sets is written all the same (see `overridden`).

    Raises ConfigError for an unknown key, a wrong value or a file that is no TOML, and StorageError; then the file is
    as it was.
    """
    text = read_source(path)
    present = dict(flatten(parse_toml(text, path)))
    wanted = {key: value for key, value in checked(values, present).items() if present.get(key) != value}
    if not wanted:
        return
    returns = "\r\n" in text and text.count("\r\n") == text.count("\n")
    new = text.replace("\r\n", "\n") if returns else text
    for key, value in wanted.items():
        new = edited(new, key, value, path)
    new = new.replace("\n", "\r\n") if returns else new
    verify(new, present, wanted, path)
    mode = PRIVATE
    if path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    else:
        private_dir(path.parent)
        new = HEADER + "\n" + new
    write_atomically(path, [new.encode()], mode)


def overridden(key: str, environ: Mapping[str, str] | None = None) -> str | None:
    """The place that goes over the file for `key`, as `environment NAME`; None when the file's value holds."""
    setting = from_environment(os.environ if environ is None else environ).get(key)
    return setting.origin if setting else None


def checked(values: Mapping[str, object], present: Mapping[str, object]) -> dict[str, object]:
    """The values as the file will hold them, None for what goes. Raises ConfigError.

    `present` is what the file holds now: a wrong key in it can be taken out.
    """
    known = known_keys()
    given: dict[str, Setting] = {}
    for key, value in values.items():
        if not is_known(key, known) and not (value is None and key in present):
            raise unknown(key, ORIGIN, known)
        if not writable(key) or not writable(value):
            raise ConfigError(
                f"The setting {key!a} ({ORIGIN}) is wrong: {value!a} is no Unicode text.", "A config file is UTF-8."
            )
        if value is not None:
            given[key] = Setting(value, ORIGIN, text=isinstance(value, str))
    config = build(given)
    return {key: plain(value_of(config, key)) if key in given else None for key in values}


def writable(value: object) -> bool:
    """Whether a value can stand in a file of UTF-8; a name of a file may hold bytes that are no text."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def plain(value: object) -> object:
    """A value in the types of TOML."""
    return list(cast(tuple[object, ...], value)) if isinstance(value, tuple) else value


def edited(text: str, key: str, value: object, path: Path) -> str:
    """`text` with one key set, or taken out for None. Raises ConfigError when its layout does not allow it."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    section, _, name = key.partition(".")
    text = text if text.endswith("\n") or not text else text + "\n"
    try:
        document = tomlkit.parse(text)
        if section not in document:
            return with_section(text, section, name, value)
        if value is None:
            take_out(document, section, name)
        else:
            put(document, section, name, value)
        return document.as_string()
    except (TOMLKitError, KeyError, TypeError, ValueError) as error:
        raise by_hand(path, key) from error


def with_section(text: str, section: str, name: str, value: object) -> str:
    """`text` with a section behind all others."""
    import tomlkit

    gap = "" if not text or text.endswith("\n\n") else "\n"
    return f"{text}{gap}{tomlkit.dumps({section: {name: value}})}"


def take_out(document: MutableMapping[str, Any], section: str, name: str) -> None:
    """Remove a key, or without a name what stands outside the sections."""
    if name:
        del document[section][name]
    else:
        del document[section]


def put(document: MutableMapping[str, Any], section: str, name: str, value: object) -> None:
    """Set a key in a section that is there."""
    import tomlkit
    from tomlkit.items import Array, Table

    table = document[section]
    if name not in table:
        if isinstance(table, Table):
            insert(table, name, value, followed=list(document)[-1] != section)
        else:
            table[name] = value
        return
    old = table[name]
    if not isinstance(old, Array) or not isinstance(value, list):
        table[name] = value
    elif not amend(old, cast(list[object], value)):
        table[name] = tomlkit.item(cast(list[object], value)).multiline("\n" in old.as_string())


def insert(table: "Table", name: str, value: object, followed: bool) -> None:
    """Put a new key into a table. Left to itself, tomlkit puts it behind the comment above the next table's header."""
    at = place(table, followed)
    body = table.value.body
    rest = body[at:]
    del body[at:]
    table.append(name, value)
    body.extend(rest)


def place(table: "Table", followed: bool) -> int:
    """Where in its body a table's new entry belongs: behind its last one.

    In a table without entries it is behind the comments, but for those right above the header that follows.
    """
    from tomlkit.items import AoT, Comment, Table, Whitespace

    body = table.value.body
    inner = [i for i, (key, item) in enumerate(body) if isinstance(item, Table | AoT) and not (key and key.is_dotted())]
    end = inner[0] if inner else len(body)
    entries = [i for i in range(end) if body[i][0] is not None]
    if entries:
        return entries[-1] + 1
    above = end
    while above and isinstance(body[above - 1][1], Comment):
        above -= 1
    if (followed or inner) and above:
        end = above
    while end and isinstance(body[end - 1][1], Whitespace):
        end -= 1
    return end


def amend(old: MutableSequence[object], new: list[object]) -> bool:
    """Turn a list into `new` by taking out and adding entries, so that its comments stay; False when that can't be."""
    for entry in [entry for entry in old if entry not in new]:
        old.remove(entry)
    for entry in [entry for entry in new if entry not in old]:
        old.append(entry)
    return list(old) == new


def verify(text: str, present: Mapping[str, object], wanted: Mapping[str, object], path: Path) -> None:
    """Raise ConfigError unless `text` holds what is present, with the wanted values."""
    try:
        found = dict(flatten(tomllib.loads(text)))
    except tomllib.TOMLDecodeError:
        found = {}
    if filled(found) != filled({**present, **wanted}):
        raise by_hand(path, *wanted)


def filled(values: Mapping[str, object]) -> dict[str, object]:
    """`values` without what is taken out, and without sections that hold nothing."""
    return {key: value for key, value in values.items() if value is not None and value != {}}


def by_hand(path: Path, *keys: str) -> ConfigError:
    return ConfigError(
        f"{', '.join(keys)} can't be changed in {path} without harm to what else is in it; the file is as it was.",
        "Change it with an editor.",
    )
