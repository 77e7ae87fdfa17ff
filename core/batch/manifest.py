"""A manifest: a document a line, with settings of its own, as CSV with a head or as JSON lines.

`input` names the document (relative to the manifest), `output` its text, `mode` and `pages` what they say,
`password_env` the environment variable that holds its password; any other name is a setting's, as in `chunk.size`.
Every mistake is told with its line, before anything is begun.
"""

import csv
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

from ..config import load_config
from ..errors import ConfigError, InputError
from ..extract.pagespec import check_pages
from ..prompts import load_prompt
from .entry import Entry, is_address, shown

SUFFIXES = {".csv", ".jsonl"}
SHORT = {"mode": "clean.mode", "pages": "extract.pages", "language": "prepare.language"}
OWN = {"input", "output", "password_env"}
SECTIONS = {"extract", "prepare", "chunk", "clean", "check"}
"""What may differ between the documents of a batch: they share the model and everything around it."""


def read_manifest(path: Path) -> Iterator[Entry]:
    """The entries of a manifest. Raises InputError, which names the line."""
    named = f"{shown(path.name)}"
    seen: set[tuple[tuple[str, str], ...]] = set()
    count = 0
    for number, row in rows(path):
        entry = entry_of(row, path.parent, f"{named}, line {number}")
        settings = tuple(sorted(entry.settings.items()))
        if settings not in seen:
            check_settings(entry.settings, f"{named}, line {number}")
            seen.add(settings)
        count += 1
        yield entry
    if not count:
        raise InputError(f"{named} names no document.", 'Its first column or key is "input".')


def rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(line number, what stands in it) for each line that is not empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from (csv_rows if path.suffix.lower() == ".csv" else json_rows)(file, path)
    except UnicodeDecodeError as error:
        raise InputError(f"{shown(path.name)} is not UTF-8.", "Save it as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{shown(str(path))} can't be read: {error.strerror}.", "Check its permissions.") from error


def csv_rows(lines: Iterator[str], path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(lines, restkey=None, strict=True)
    try:
        if "input" not in (reader.fieldnames or ()):
            raise InputError(f'{shown(path.name)} has no column "input".', "Its first line names the columns.")
        for row in reader:
            if None in row:
                raise InputError(
                    f"{shown(path.name)}, line {reader.line_num}: there are more values than columns.",
                    "Put a value that holds a comma between quotation marks.",
                )
            yield reader.line_num, {name: value for name, value in row.items() if name and value}
    except csv.Error as error:
        raise InputError(f"{shown(path.name)}, line {reader.line_num}: {error}.", "It is no valid CSV.") from error


def json_rows(lines: Iterator[str], path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{shown(path.name)}, line {number} is no valid JSON: {error}.", "An object a line is wanted."
            ) from error
        if not isinstance(row, dict):
            raise InputError(f"{shown(path.name)}, line {number} is no JSON object.", 'Write it as {"input": "…"}.')
        yield number, cast(dict[str, Any], row)


def entry_of(row: Mapping[str, Any], base: Path, where: str) -> Entry:
    """The entry of one line; `base` is where relative paths begin."""
    texts = {name: text_of(value, name, where) for name, value in row.items() if value is not None}
    source = texts.get("input", "").strip()
    if not source:
        raise InputError(f"{where}: there is no input.", "Name a file or an address there.")
    if not is_address(source):
        source = str(Path.cwd() / base / os.path.expanduser(source))
    settings: dict[str, str] = {}
    for name, value in texts.items():
        if name in OWN:
            continue
        key = SHORT.get(name, name)
        if key.partition(".")[0] not in SECTIONS or "." not in key:
            raise InputError(
                f"{where}: {shown(name) or 'a value without a name'} can't be set for a single document.",
                f"There are input, output, mode, pages, password_env, and the keys of {', '.join(sorted(SECTIONS))}.",
            )
        settings[key] = value
    output = texts.get("output", "")
    name = output_name(output, where) if output else PurePosixPath(source).stem
    return Entry(source, name, bool(output), settings, texts.get("password_env", ""), where)


def text_of(value: object, name: str, where: str) -> str:
    """A value as the text that an option would have; lists as words with commas between them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return sound(str(value), name, where)
    if isinstance(value, list) and not any(isinstance(part, list) for part in cast(list[object], value)):
        return ",".join(text_of(part, name, where) for part in cast(list[object], value))
    raise InputError(f"{where}: the value of {shown(name)} is no text and no number.", "Write it as text.")


def sound(text: str, name: str, where: str) -> str:
    """`text`, which may become a file's name or a variable's. Raises InputError where it never can."""
    try:
        whole = b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        whole = False
    if not whole:
        raise InputError(f"{where}: {shown(name)} holds a character that no name can hold.", "Write it as plain text.")
    return text


def output_name(output: str, where: str) -> str:
    """Without a suffix; it stays in the batch's folder."""
    path = PurePosixPath(output)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise InputError(f"{where}: the output {shown(output)} leads out of the batch's folder.", "Give a plain name.")
    return str(path.with_suffix("") if path.suffix.lower() in {".txt", ".pdf", ".md"} else path)


def check_settings(settings: Mapping[str, str], where: str) -> None:
    """Raises InputError for a key that there is not, or a wrong value."""
    try:
        config = load_config(overrides=dict(settings))
        if "clean.prompt" in settings:
            load_prompt(config.clean.prompt)
        check_pages(config.extract.pages)
    except (ConfigError, InputError) as error:
        raise InputError(f"{where}: {error.message}", error.hint) from error
