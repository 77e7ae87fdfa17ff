"""Folders for llama.cpp's private sockets: one for each worker, which a worker that is killed leaves behind."""

import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

SOCKET_PREFIX = "galley-"
OURS = re.compile(rf"{SOCKET_PREFIX}([0-9]{{1,9}})-")
"""Others may put folders of any name beside ours."""


def socket_folder() -> Path:
    """A new folder that only we can enter, named after this process."""
    return Path(tempfile.mkdtemp(prefix=f"{SOCKET_PREFIX}{os.getpid()}-"))


def remove_stale_sockets() -> None:
    """Take away the folders of workers that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SOCKET_PREFIX}*-*"):
        named = OURS.match(folder.name)
        with suppress(OSError):
            if named and folder.lstat().st_uid == os.getuid() and not lives(int(named[1])):
                shutil.rmtree(folder, ignore_errors=True)


def lives(pid: int) -> bool:
    """Whether there is such a process. One that was killed stays in the system's list until somebody asks how it ended,
    in some containers for good."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
