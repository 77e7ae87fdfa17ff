"""Ways to make things go wrong for real: small disks, read-only ones, systems without locks, clocks that jump."""

import ctypes
import errno
import os
import platform
import struct
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
PROSE = (
    "The compositor set the type by hand, and the reader of the proofs sat beside him in the cold room (Moxon, 1683). "
    "When the sheet came from the press they read it aloud, word for word, from the first line to the last one [3].\n\n"
)


def prose(count: int) -> str:
    """So many passages, each of which cites other works: the same ones are asked about once, and then no model is
    wanted any more."""
    return "".join(PROSE.replace("1683", str(1483 + at)).replace("[3]", f"[{at + 3}]") for at in range(count))


def galley(
    *arguments: str, folder: Path | None = None, before: Callable[[], None] | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A command, run to its end; `before` runs in its process first."""
    return subprocess.run(
        [*GALLEY, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        preexec_fn=before,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def start(*arguments: str, folder: Path, **environment: str) -> "subprocess.Popen[str]":
    """A command that is under way; what it says is thrown away."""
    return subprocess.Popen(
        [*GALLEY, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def in_one_sentence(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    """What the command complained of: no traceback, the right exit code."""
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


@contextmanager
def disk(folder: Path, options: str) -> Generator[Path]:
    """A file system of its own at `folder`; skips where nobody may mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder: Path) -> Path:
    """Take the last byte of the disk that `folder` is on; returns the file that holds them all."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return filler


def inventory(folder: Path) -> dict[str, bytes]:
    """All files and what is in them, but for locks, which may come and go."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.suffix != ".lock"}


def without_locks() -> None:
    """From now on the kernel refuses this process every lock on a file, as a file system without locks does."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        pytest.skip("the filter is written for one kind of machine")
    fcntl_, flock = 72, 73
    refuse, allow = 0x00050000 | errno.ENOLCK, 0x7FFF0000
    steps = [
        (0x20, 0, 0, 0),  # the call's number
        (0x15, 5, 0, flock),
        (0x15, 0, 5, fcntl_),
        (0x20, 0, 0, 24),  # what fcntl is asked for
        (0x15, 2, 0, 5),  # F_GETLK
        (0x15, 1, 0, 6),  # F_SETLK
        (0x15, 0, 1, 7),  # F_SETLKW
        (0x06, 0, 0, refuse),
        (0x06, 0, 0, allow),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, *map(ctypes.c_ulong, (1, 0, 0, 0)))
    assert libc.prctl(22, ctypes.c_ulong(2), program, ctypes.c_ulong(0), ctypes.c_ulong(0)) == 0
