"""A slow link: runs a command in a terminal of its own and passes its output on at so many bytes a second.

    python -m bench.link --rate 9600 --log bytes.json -- galley review paper.pdf

The log has, for each second, how many bytes the command wrote and how many had to wait. What comes from the keyboard is
passed on at once, as over a line that is slow in one direction.
"""

import argparse
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
import tty
from pathlib import Path

SLICES_A_SECOND = 20
READ_AT_ONCE = 65536


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=9600, help="bytes a second; 0 is no limit")
    parser.add_argument("--log", type=Path, help="JSON: bytes a second")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(given.command[0], given.command)
    copy_size(terminal)
    signal.signal(signal.SIGWINCH, lambda number, frame: copy_size(terminal))
    before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
    if before is not None:
        tty.setraw(sys.stdin)
    try:
        seconds = carry(terminal, given.rate, given.log)
    finally:
        if before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
    if given.log is not None:
        given.log.write_text(json.dumps(seconds))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def copy_size(terminal: int) -> None:
    """The inner terminal is as large as the outer one."""
    size = fcntl.ioctl(sys.stdout, termios.TIOCGWINSZ, struct.pack("HHHH", 0, 0, 0, 0)) if sys.stdout.isatty() else None
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size or struct.pack("HHHH", 40, 120, 0, 0))


def carry(terminal: int, rate: int, log: Path | None) -> list[dict[str, float]]:
    """Pass bytes on until the command ends; returns one entry a second."""
    waiting = b""
    slice_bytes = max(1, rate // SLICES_A_SECOND)
    began = time.monotonic()
    seconds: list[dict[str, float]] = []
    written = 0
    next_slice = began
    open_ = True
    while open_ or waiting:
        wanted = [sys.stdin, terminal] if open_ and len(waiting) < READ_AT_ONCE else [sys.stdin]
        ready, _, _ = select.select(wanted, [], [], 1 / SLICES_A_SECOND)
        if terminal in ready:
            try:
                data = os.read(terminal, READ_AT_ONCE)
            except OSError:
                data = b""
            open_ = bool(data)
            waiting += data
            written += len(data)
        if sys.stdin in ready and open_:
            typed = os.read(sys.stdin.fileno(), 1024)
            if typed:
                os.write(terminal, typed)
        now = time.monotonic()
        if rate == 0 or now >= next_slice:
            next_slice = now + 1 / SLICES_A_SECOND
            part = waiting if rate == 0 else waiting[:slice_bytes]
            if part:
                os.write(sys.stdout.fileno(), part)
                waiting = waiting[len(part) :]
        if now - began >= len(seconds) + 1:
            seconds.append({"second": len(seconds), "bytes": written, "waiting": len(waiting)})
            written = 0
            if log is not None:
                log.write_text(json.dumps(seconds))
    return seconds


if __name__ == "__main__":
    sys.exit(main())
