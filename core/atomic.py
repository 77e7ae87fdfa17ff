"""Writing a file so that it is there whole or not at all."""

import errno
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .errors import StorageError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_atomically(path: Path, parts: Iterable[bytes], mode: int = 0o600) -> None:
    """Write `parts` to a temporary file beside `path`, sync it, and rename it over `path`.

    When anything fails, what stood at `path` stays and no temporary file is left. Raises StorageError.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
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
