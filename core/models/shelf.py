"""The models on this machine, described, and the one that a person means by a name.

What a header says is kept in an index beside the models, by path, size and time of change, so that a large collection
on a slow disk is read once.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..errors import GalleyError, ModelError
from ..paths import cache_dir, expanded, private_dir
from .ggml import describe_ggml, is_ggml
from .gguf import MAGIC, describe_gguf
from .info import ModelInfo
from .places import Place, all_places

INDEX_VERSION = 1
NOT_IN_INDEX = {"path", "missing"}
NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A model on this machine."""

    name: str
    """What it can be called by, with `--model`."""
    program: str
    """Whose place it lies in."""
    info: ModelInfo


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that is named like a model and is none that can be read."""

    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found, in the order of the places."""

    models: tuple[Found, ...]
    unusable: tuple[Unusable, ...]
    absent: tuple[str, ...] = ()
    """Folders that were named in the settings and are none."""


def describe(path: Path) -> ModelInfo:
    """What the model file at `path` says of itself. Raises ModelError when it is none, or is damaged."""
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except OSError as error:
        raise ModelError(f"The model file {path} can't be read: {error.strerror or error}.") from error
    return describe_ggml(path) if is_ggml(start) else describe_gguf(path)


def list_models(folders: Iterable[str] = ()) -> Listing:
    """The models of all places, each file once."""
    folders = tuple(folders)
    index = Index()
    found: list[Found] = []
    unusable: list[Unusable] = []
    for place in all_places(folders):
        try:
            found.append(Found(place.name, place.program, index.describe(place.path)))
        except ModelError as error:
            if place.path.suffix != ".bin":  # every other program has a .bin
                unusable.append(Unusable(place, error.message))
    index.save()
    absent = tuple(folder for folder in folders if not os.path.isdir(expanded(folder)))
    return Listing(with_names(found), tuple(unusable), absent)


def with_names(found: list[Found]) -> tuple[Found, ...]:
    """The same, with the path for a name where two models would have the same one."""
    taken: set[str] = set()
    named: list[Found] = []
    for model in found:
        name = model.name if model.name.lower() not in taken else str(model.info.path)
        taken.add(name.lower())
        named.append(Found(name, model.program, model.info))
    return tuple(named)


def named(name: str, folders: Iterable[str] = ()) -> Path | None:
    """The file of the one model on this machine that `name` means, or None.

    The whole name counts first, then the file's, then what only one name contains; upper and lower case are the same.
    Raises ModelError when it could mean several.
    """
    wanted = name.lower()
    places = list(all_places(folders))
    exact = [place for place in places if wanted in (place.name.lower(), place.path.name.lower())]
    if exact:
        return exact[0].path
    by_file = [place for place in places if wanted == place.path.stem.lower()]
    containing = by_file or [place for place in places if wanted in place.name.lower()]
    if len(containing) > 1:
        names = ", ".join(place.name for place in containing[:NAMES_SHOWN])
        more = len(containing) - NAMES_SHOWN
        raise ModelError(
            f"{name!r} could be {len(containing)} models: {names}{f' and {more} more' if more > 0 else ''}.",
            "Give more of the name, or the file.",
        )
    return containing[0].path if containing else None


class Index:
    """Descriptions of files that have not changed since they were read. Damage to it is no error: it is made anew."""

    def __init__(self) -> None:
        self._path = cache_dir() / "models-index.json"
        self._known: dict[str, Any] = {}
        self._used: dict[str, Any] = {}
        with suppress(OSError, ValueError, TypeError, KeyError):
            content = json.loads(self._path.read_bytes())
            if content["version"] == INDEX_VERSION:
                self._known = dict(content["files"])

    def describe(self, path: Path) -> ModelInfo:
        """As `describe`. A model in several parts is always read: a part can go missing."""
        try:
            stat = path.stat()
        except OSError as error:
            raise ModelError(f"The model file {path} can't be read: {error.strerror}.") from error
        stamp = [stat.st_size, stat.st_mtime_ns]
        entry = self._known.get(str(path))
        with suppress(KeyError, TypeError):
            if entry is not None and entry["stamp"] == stamp and set(entry["info"]) == INDEXED:
                self._used[str(path)] = entry
                return ModelInfo(path=path, **entry["info"])
        info = describe(path)
        if info.size_bytes == stat.st_size and not info.missing:
            values = {key: value for key, value in asdict(info).items() if key not in NOT_IN_INDEX}
            self._used[str(path)] = {"stamp": stamp, "info": values}
        return info

    def save(self) -> None:
        """Write down what was used, if that is news. A full disk only costs the speed."""
        if self._used == self._known:
            return
        with suppress(GalleyError, OSError):
            private_dir(self._path.parent)
            content = json.dumps({"version": INDEX_VERSION, "files": self._used})
            write_atomically(self._path, [content.encode()])


INDEXED = {field.name for field in fields(ModelInfo)} - NOT_IN_INDEX
