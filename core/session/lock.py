"""One writer at a time.

The lock is `flock` on a file beside the session, which the kernel releases however its holder ends; the holder's name
stands in it for the second one to read. Where a file system has no locks, the name alone has to do: a holder counts
while its process lives, which only the same host can tell.
"""

import fcntl
import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from ..errors import SessionBusyError


@dataclass(frozen=True, slots=True)
class Holder:
    """Who writes to a session."""

    pid: int
    host: str
    started: float
    """When the process began, in seconds since 1970: a pid alone may be used again."""
    since: str

    @classmethod
    def me(cls) -> "Holder":
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(os.getpid(), socket.gethostname(), psutil.Process().create_time(), now)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"

    def alive(self) -> bool:
        """Whether the process still runs; one on another host is taken to."""
        if self.host != socket.gethostname():
            return True
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 1.0
        except psutil.NoSuchProcess:
            return False


class WriterLock:
    """The right to write to the session at `path`, held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        """Raises SessionBusyError, which names the holder; OSError when the lock file can't be made."""
        self._descriptor = os.open(lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not self._acquire():
                raise busy(path)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(asdict(Holder.me())).encode(), 0)
        except BaseException:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _acquire(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            holder = read_holder(self._descriptor)
            return holder is None or not holder.alive()
        return True


def lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def busy(path: Path) -> SessionBusyError:
    holder = writer_of(path)
    return SessionBusyError(
        f"The session {path.name} is open in {holder or 'another process'}.",
        "Wait for it to end, or stop it first.",
    )


def writer_of(path: Path) -> Holder | None:
    """Who holds the lock, found without taking it for longer than a moment."""
    try:
        descriptor = os.open(lock_path(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        holder = read_holder(descriptor)
        return holder if holder is not None and holder.alive() else None
    finally:
        os.close(descriptor)


def read_holder(descriptor: int) -> Holder | None:
    """The name in the lock file; None when it holds none that can be read."""
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (OSError, ValueError, TypeError):
        return None
