"""The parent's hold on one extraction worker: start it, talk to it, and be sure that it ends.

Lines are read by a thread so that waiting can be bounded and interrupted on every system. The worker has a process
group of its own, so that Ctrl-C goes to the parent alone and a kill reaches whatever a library may have started.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from .failures import quoted
from .protocol import PRELOAD, Message, decode, encode

POLL_SECONDS = 0.1
"""How often a waiting parent looks whether it was asked to stop."""
GRACE_SECONDS = 5.0
"""How long a worker that closed its output may take to end, so that its exit code tells why."""
GENTLE, GENTLE_GROUP = 5, 10
"""By so much nicer than others, as a process and as a session: a quarter and a tenth of a core that others want all of.
Not everybody may take back the first."""
NICEST = 19
TRIES = 5
STDERR_LINES = 20
STDERR_LINE_BYTES = 1000


class WorkerDied(Exception):
    """The worker ended, or was ended for taking too long; the message says which, in a few words."""


class Cancelled(Exception):
    """The caller asked to stop while the parent was waiting."""


class WorkerProcess:
    """A running worker; `end` it when done."""

    def __init__(self, *asked: str) -> None:
        """`asked` may be PRELOAD."""
        # -P: the user's current directory may hold a file named like one of our modules; it must not be run.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "galley.core.extract.worker", *asked],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._said_goodbye = False
        self._errors: deque[bytes] = deque(maxlen=STDERR_LINES)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin, self._stdout, self._stderr = (
            self._process.stdin,
            self._process.stdout,
            self._process.stderr,
        )
        self._threads = [
            threading.Thread(target=self._collect, args=(self._stdout,), daemon=True),
            threading.Thread(target=self._drain, args=(self._stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def give_way(self) -> None:
        """From now on, let others go first where they want the processor."""
        self._priority(GENTLE, GENTLE_GROUP)

    def hurry(self) -> None:
        """No longer give way, as far as the system lets somebody take that back."""
        self._priority(-GENTLE, 0)

    def _priority(self, change: int, group: int) -> None:
        """Linux may share the processor out by sessions first, of which the worker has one of its own: being nice in it
        gives way to nobody. A session's part can be changed once in a tenth of a second, for all workers there are.
        """
        if sys.platform != "win32":
            with suppress(OSError):
                nice = os.getpriority(os.PRIO_PROCESS, self.pid)
                os.setpriority(os.PRIO_PROCESS, self.pid, min(nice + change, NICEST))
        for _ in range(TRIES):
            try:
                Path(f"/proc/{self.pid}/autogroup").write_text(str(group), encoding="ascii")
            except BlockingIOError:
                time.sleep(POLL_SECONDS)
            except OSError:
                return
            else:
                return

    def send(self, message: Message) -> None:
        """Raises WorkerDied."""
        try:
            self._stdin.write(encode(message))
            self._stdin.flush()
        except OSError:
            self._said_goodbye = True
            raise WorkerDied(self._epitaph()) from None

    def receive(self, seconds: float, cancelled: Callable[[], bool] | None = None) -> Message:
        """The next message. Raises WorkerDied after `seconds` without one, killing the worker, and Cancelled."""
        deadline = time.monotonic() + seconds
        while True:
            if cancelled is not None and cancelled():
                raise Cancelled
            left = deadline - time.monotonic()
            try:
                message = self._messages.get(timeout=max(0.0, min(POLL_SECONDS, left)))
            except queue.Empty:
                if left > 0:
                    continue
                self.end()
                raise WorkerDied(f"it took longer than {seconds:g} s") from None
            if message is None:
                self._said_goodbye = True
                raise WorkerDied(self._epitaph())
            return message

    def _collect(self, stdout: IO[bytes]) -> None:
        for line in stdout:
            try:
                self._messages.put(decode(line))
            except ValueError:
                break  # cut short by the worker's end, or none of ours
        self._messages.put(None)

    def _drain(self, stderr: IO[bytes]) -> None:
        while line := stderr.readline(STDERR_LINE_BYTES):
            self._errors.append(line)

    def _epitaph(self) -> str:
        self.end()
        code = self._process.returncode
        if code < 0:
            return f"the extractor crashed ({signal.Signals(-code).name})"
        last = quoted(self._errors[-1].decode(errors="replace"), 120) if self._errors else ""
        return f"the extractor stopped ({last or f'exit code {code}'})"

    def end(self) -> None:
        """End the worker if it still runs, then wait for it and for the threads that read its last words."""
        try:
            self._process.wait(GRACE_SECONDS if self._said_goodbye else 0)
        except subprocess.TimeoutExpired:
            if sys.platform == "win32":
                self._process.kill()
            else:
                with suppress(ProcessLookupError, PermissionError):  # it ended just now
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for thread in self._threads:
            thread.join()
        with suppress(OSError):
            self._stdin.close()
        self._stdout.close()
        self._stderr.close()


_ahead: list[WorkerProcess] = []


def start_ahead(count: int) -> None:
    """Start workers that load the PDF libraries while this process still loads its own modules, half a second each."""
    _ahead.extend(WorkerProcess(PRELOAD) for _ in range(count))


def next_worker() -> WorkerProcess:
    """One that was started ahead, or a new one."""
    with suppress(IndexError):
        return _ahead.pop(0)
    return WorkerProcess()


def count_ahead() -> int:
    """How many were started ahead and not taken yet."""
    return len(_ahead)


def end_ahead() -> None:
    """End those that nobody took."""
    while _ahead:
        _ahead.pop().end()
