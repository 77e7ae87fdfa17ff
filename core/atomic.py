"""Writing a file so that it is there whole or not at all."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .errors import StorageError

DRAFT = ".part"
"""How the temporary files end that a killed write leaves behind."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_atomically(path: Path, parts: Iterable[bytes], mode: int = 0o600) -> None:
    """Write `parts` to `path`; see `write_whole`."""
    write_whole(path, lambda file: file.writelines(parts), mode)


def write_whole(path: Path, fill: Callable[[BinaryIO], None], mode: int = 0o600) -> None:
    """Have `fill` write a temporary file beside `path`, sync it, and rename it over `path`.

    A symbolic link is followed, not replaced. When anything fails, what stood at `path` stays and no temporary file is
    left. Raises StorageError, also when something that is no regular file stands at `path`.
    """
    temporary = ""
    try:
        refuse_special(path)
        path = path.resolve()
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.", suffix=DRAFT)
        with os.fdopen(handle, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
        temporary = ""
        sync_folder(path.parent)
    except OSError as error:
        raise storage_error(path, error) from error
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def check_place(path: Path) -> None:
    """Say before a long run that a file can't have that name (it is too long, a pipe, a link to itself), or that its
    folder takes none. Raises StorageError.
    """
    try:
        refuse_special(path)
        folder = path.resolve().parent
        if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "its folder takes no files")
    except OSError as error:
        raise storage_error(path, error) from error


def refuse_special(path: Path) -> None:
    """Renaming over a pipe or a device would put a file in its place: /dev/null would be gone for everybody. A link to
    itself is an OSError here, and something else where it is resolved.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a folder" if path.is_dir() else "a pipe or a device"
            raise StorageError(f"{path} is {kind}, not a file: nothing was written.", "Give the name of a file.")


def sync_folder(folder: Path) -> None:
    """Make a rename last; some file systems can't, and then the rename stands as it is."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def storage_error(path: Path, error: OSError) -> StorageError:
    """The sentence for a failed write."""
    if error.errno in FULL:
        return StorageError(
            f"The disk is full: {path} could not be written.",
            "Free some space and give the same command again.",
        )
    return StorageError(
        f"{path} can't be written: {error.strerror or error}.",
        "Choose another place or check its permissions.",
    )
