"""Where the machine may already have models: every program's own folders, and how each names what it holds.

Only names and paths are gathered here; nothing is opened but Ollama's manifests, which are small and say which of its
blobs is the model.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..paths import cache_dir, expanded
from .parts import parts_of

SUFFIXES = (".gguf", ".ggml", ".bin")
DEEPEST = 6
"""Folders within folders; what lies deeper is no model folder, or a link in a circle."""
MOST_FILES = 20_000
SMALLEST_BIN = 1 << 16
"""A `.bin` of fewer bytes is a part of something else."""
MANIFEST_LIMIT = 1 << 20
OLLAMA_MODEL = "application/vnd.ollama.image.model"
OLLAMA_HOST, OLLAMA_LIBRARY = "registry.ollama.ai", "library"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One model file and the names it goes by."""

    path: Path
    name: str
    """The shortest name that says which it is, in the words of the program that keeps it."""
    program: str
    """`galley`, `hugging face`, `ollama`, `lm studio`, `gpt4all`, `llama.cpp` or `folder`."""


def models_dir() -> Path:
    """Where fetched models are; `GALLEY_MODELS` names another folder."""
    value = os.environ.get("GALLEY_MODELS", "")
    return expanded(value) if value else cache_dir() / "models"


def all_places(folders: Iterable[str] = ()) -> Iterator[Place]:
    """Every model file of this machine's usual places and of `folders`, each file once. Missing places are no error."""
    seen: set[Path] = set()
    for place in everywhere(folders):
        with suppress(OSError, RuntimeError):  # the latter of a link that leads to itself
            real = place.path.resolve()
            if real not in seen and real.is_file():
                seen.add(real)
                yield place


def everywhere(folders: Iterable[str]) -> Iterator[Place]:
    for path in model_files(models_dir(), depth=0):
        yield Place(path, path.stem, "galley")
    yield from hugging_face()
    yield from ollama()
    for folder in lm_studio_folders():
        for path in model_files(folder):
            yield Place(path, relative_name(path, folder), "lm studio")
    for program, folder in (*gpt4all_folders(), ("llama.cpp", llama_cpp_folder())):
        for path in model_files(folder):
            yield Place(path, path.stem, program)
    for given in folders:
        for path in model_files(expanded(given)):
            yield Place(path, path.stem, "folder")


def model_files(folder: Path, depth: int = DEEPEST) -> Iterator[Path]:
    """Files that are named like models in a folder and those within it, in the order of their names.

    Of a model in several parts only the first; half-fetched files and hidden folders are passed over.
    """
    left = MOST_FILES
    waiting = [(folder, depth)]
    while waiting and left > 0:
        here, deeper = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except (OSError, ValueError):  # the latter of a name that no folder can have
            continue
        for entry in entries:
            left -= 1
            if entry.name.startswith("."):
                continue
            if is_folder(entry):
                if deeper > 0:
                    waiting.append((Path(entry.path), deeper - 1))
            elif is_named_like_a_model(entry.name) and (not entry.name.endswith(".bin") or big(entry)):
                yield Path(entry.path)


def is_named_like_a_model(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and parts_of(name)[0] == name  # of several parts the first stands for all


def is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):  # of a link that leads to itself
        return entry.is_dir()
    return False


def big(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return entry.stat().st_size >= SMALLEST_BIN
    return False


def relative_name(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder).with_suffix(""))


def home_cache() -> Path:
    return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache")


def hub_cache() -> Path:
    """The cache that all tools on the Hugging Face libraries share, as the environment has it now."""
    home = os.environ.get("HF_HOME") or home_cache() / "huggingface"
    given = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    return expanded(os.path.expandvars(given or Path(home) / "hub"))


def hugging_face() -> Iterator[Place]:
    """The hub's cache: models--OWNER--NAME/snapshots/REVISION/FILE, which are links to blobs."""
    for repository in sorted(hub_cache().glob("models--*")):
        owner_and_name = repository.name.removeprefix("models--").replace("--", "/")
        for snapshot in newest_first(repository / "snapshots"):
            for path in model_files(snapshot):
                yield Place(path, f"{owner_and_name}/{relative_name(path, snapshot)}", "hugging face")


def newest_first(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    return []


def ollama() -> Iterator[Place]:
    """Ollama's store: manifests/HOST/NAMESPACE/MODEL/TAG names blobs/sha256-HEX."""
    given = os.environ.get("OLLAMA_MODELS", "")
    usual = (Path.home() / ".ollama/models", Path("/usr/share/ollama/.ollama/models"), Path("/var/lib/ollama/models"))
    for store in [expanded(given)] if given else usual:
        manifests = store / "manifests"
        for path in sorted(manifests.glob("*/*/*/*")):
            digest = model_digest(path)
            if digest:
                host, space, model, tag = path.relative_to(manifests).parts
                prefix = "" if host == OLLAMA_HOST else f"{host}/"
                prefix += "" if space == OLLAMA_LIBRARY and not prefix else f"{space}/"
                yield Place(store / "blobs" / digest.replace(":", "-"), f"{prefix}{model}:{tag}", "ollama")


def model_digest(manifest: Path) -> str:
    """The digest of the model among a manifest's layers; empty when there is none. Manifests are not trusted."""
    with suppress(OSError, ValueError, RecursionError):
        if not manifest.is_file() or manifest.stat().st_size > MANIFEST_LIMIT:
            return ""
        content: object = json.loads(manifest.read_bytes())
        layers: object = cast(dict[str, Any], content).get("layers") if isinstance(content, dict) else None
        for layer in cast(list[Any], layers) if isinstance(layers, list) else []:
            if isinstance(layer, dict) and cast(dict[str, Any], layer).get("mediaType") == OLLAMA_MODEL:
                digest = str(cast(dict[str, Any], layer).get("digest"))
                return digest if digest.replace(":", "-").replace("-", "").isalnum() else ""
    return ""


def lm_studio_folders() -> list[Path]:
    """LM Studio's folders of models, the older place too."""
    home = Path.home() / ".lmstudio"
    with suppress(OSError, UnicodeDecodeError):
        home = Path((Path.home() / ".lmstudio-home-pointer").read_text(encoding="utf-8").strip())
    return [home / "models", home_cache() / "lm-studio/models"]


def gpt4all_folders() -> list[tuple[str, Path]]:
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    folders = [
        data / "nomic.ai/GPT4All",
        Path.home() / "Library/Application Support/nomic.ai/GPT4All",
        home_cache() / "gpt4all",
    ]
    return [("gpt4all", folder) for folder in folders]


def llama_cpp_folder() -> Path:
    return expanded(os.environ.get("LLAMA_CACHE") or home_cache() / "llama.cpp")
