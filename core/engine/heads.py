"""Beginnings of prompts that were read once, kept on disk as llama.cpp's own state of a slot.

The examples of a question and the system text of a prompt are the same for every chunk of every document, and take far
longer to read than what is asked behind them. A state is a few megabytes for a small model and some thirty for one of
eight billion parameters, and is in a slot again within milliseconds. No text of a document is part of one.

A file is named after what it was made from and after its content: one that was cut or has rotted is not used.
"""

import hashlib
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..atomic import DRAFT
from ..errors import StorageError
from ..paths import cache_dir, private_dir

FOLDER = "heads"
SUFFIX = ".head"
MOST_BYTES = 512 << 20
"""Of all states together; those unused for longest go first."""
STALE_SECONDS = 3600.0
"""A draft older than that is of a process that was killed."""


def heads_folder(otherwise: Path) -> Path:
    """Where states are kept; where the cache directory can't be written, the private folder `otherwise`."""
    try:
        return private_dir(cache_dir() / FOLDER)
    except StorageError:
        return otherwise


class Heads:
    """The states of one model as it is loaded. Used by one thread at a time."""

    def __init__(self, folder: Path, model: Path, how: Sequence[object]) -> None:
        """`how` is what shapes a state besides the model's file: the library's version, the type of its numbers."""
        about = model.stat()
        self._folder = folder
        self._made_from = repr((str(model.resolve()), about.st_size, about.st_mtime_ns, *how))
        self._sound: dict[str, str] = {}

    def find(self, tokens: Sequence[int]) -> str | None:
        """The name of the file that holds the state after `tokens`. Its content is verified once."""
        key = self._key(tokens)
        if key not in self._sound:
            for path in self._folder.glob(f"{key}-*{SUFFIX}"):
                with suppress(OSError):
                    if path.name == named(key, path):
                        path.touch()  # so that it counts as used
                        self._sound[key] = path.name
                    else:
                        path.unlink()
        return self._sound.get(key)

    def keep(self, tokens: Sequence[int], draft: str, size: int) -> None:
        """Take `draft` as the state after `tokens` if it is `size` bytes long, and make room; else it is removed."""
        path, key = self._folder / draft, self._key(tokens)
        try:
            if path.stat().st_size == size > 0:
                path.chmod(0o600)
                self._sound[key] = named(key, path)
                path.replace(self._folder / self._sound[key])
        except OSError:
            self.drop(tokens)
        with suppress(OSError):
            path.unlink(missing_ok=True)
            self._make_room()

    def drop(self, tokens: Sequence[int]) -> None:
        """Use the state after `tokens` no more: it is gone, or llama.cpp won't have it."""
        name = self._sound.pop(self._key(tokens), None)
        if name is not None:
            with suppress(OSError):
                (self._folder / name).unlink()

    def _make_room(self) -> None:
        for path in self._folder.glob(f"*{DRAFT}"):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink(missing_ok=True)
        kept = sorted(
            ((path.stat(), path) for path in self._folder.glob(f"*{SUFFIX}")), key=lambda one: -one[0].st_mtime
        )
        total = 0
        for about, path in kept:
            total += about.st_size
            if total > MOST_BYTES:
                path.unlink(missing_ok=True)

    def _key(self, tokens: Sequence[int]) -> str:
        return hashlib.sha256(f"{self._made_from} {list(tokens)}".encode()).hexdigest()[:32]


def draft_name() -> str:
    """Under which a state may be written to the folder."""
    return secrets.token_hex(8) + DRAFT


def named(key: str, path: Path) -> str:
    """What a file of that content is called. Raises OSError."""
    with path.open("rb") as file:
        return f"{key}-{hashlib.file_digest(file, 'sha256').hexdigest()[:32]}{SUFFIX}"
