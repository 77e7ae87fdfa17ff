"""Folders for llama.cpp's private sockets: one for each worker, which a worker that is killed leaves behind."""

import os
import re
import shutil
import tempfile
from pathlib import Path

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
        if named and is_ours(folder) and not is_alive(int(named[1])):
            shutil.rmtree(folder, ignore_errors=True)


def is_ours(folder: Path) -> bool:
    try:
        return folder.lstat().st_uid == os.getuid()
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    return True
