"""One writer at a time.

The lock is `flock` on a file beside the session, which the kernel releases however its holder ends; the holder's name
stands in it for the second one to read. Where a file system has no locks, the name alone has to do: a holder counts
while its process lives, which only the same host can tell, and whoever wrote it last has it.
"""

import fcntl
import json
import os
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from ..atomic import FULL, storage_error
from ..errors import SessionBusyError, StorageError

SETTLE_SECONDS = 0.1
"""How long another process that takes a session at the same moment gets to write its name over ours."""


MODE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
"""A lock is emptied and written: where others write too, one that is a link could lead to any file of its holder's."""

TICKS_AT = 19
"""Where the start stands in /proc/PID/stat, counted behind the process's name."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who writes to a session."""

    pid: int
    host: str
    started: float
    """When the process began (see `began`): a pid alone may be used again."""
    since: str

    @classmethod
    def me(cls) -> "Holder":
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(os.getpid(), socket.gethostname(), began(psutil.Process()), now)

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"

    def alive(self) -> bool:
        """Whether the process still runs; one on another host is taken to."""
        if self.host != socket.gethostname():
            return True
        try:
            process = psutil.Process(self.pid)
            return abs(began(process) - self.started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, TypeError, ValueError, OverflowError):  # the latter three: it names none
            return False


def began(process: psutil.Process) -> float:
    """When a process began, in seconds: since boot where the system says so, else since 1970. What is counted from 1970
    moves when somebody sets the clock, and a holder that lives would be taken for another process."""
    with suppress(OSError, ValueError, IndexError):
        fields = Path(f"/proc/{process.pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return int(fields[TICKS_AT]) / os.sysconf("SC_CLK_TCK")
    return process.create_time()


class WriterLock:
    """The right to write to the session at `path`, held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        """Raises SessionBusyError, which names the holder; OSError when the lock file can't be made."""
        while True:
            self._descriptor = os.open(lock_path(path), MODE, 0o600)
            try:
                if not self._acquire():
                    raise busy(path)
                if self._still_at(lock_path(path)):
                    return
            except BaseException:
                os.close(self._descriptor)
                raise
            os.close(self._descriptor)

    def release(self) -> None:
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _acquire(self) -> bool:
        me = Holder.me()
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return self._acquire_by_name(me)
        self._sign(me)
        return True

    def _acquire_by_name(self, me: Holder) -> bool:
        """For file systems without locks."""
        holder = read_holder(self._descriptor)
        if holder is not None and holder.alive():
            return False
        self._sign(me)
        time.sleep(SETTLE_SECONDS)
        return read_holder(self._descriptor) == me

    def _sign(self, me: Holder) -> None:
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(asdict(me)).encode(), 0)

    def _still_at(self, path: Path) -> bool:
        """Whether the locked file is the one at `path`: a session that was removed takes its lock file with it."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(self._descriptor), os.stat(path))
        return False


def lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def unwritable(path: Path, error: OSError) -> StorageError:
    """Why the right to write can't be had."""
    if error.errno in FULL:
        return storage_error(path, error)
    return StorageError(f"{path.parent} can't be written: {error.strerror}.", "Set --session-dir.")


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
