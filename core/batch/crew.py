"""A batch's worker processes, seen from the batch: one for each thread that hands documents out.

A worker that is killed costs a try at one document; the next try gets a new worker. Ctrl-C reaches the batch alone.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from ..engine.local import open_log
from ..errors import GalleyError
from .remote import Stopped
from .tasks import Task, Told

POLL_SECONDS = 0.1
GRACE_SECONDS = 5.0
"""How long a document in hand may take to come to a stop; what it has finished by then is kept either way."""
DOCUMENTS = 200
"""A worker makes room for a new one after so many, so that whatever a library loses in memory never adds up."""

THRIFT = {"MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "1048576", "MALLOC_ARENA_MAX": "1"}
"""For glibc: what a large document took goes back to the system at once. Otherwise its long texts end up between small
things that stay, and a worker keeps a quarter more than it uses."""

Answer = dict[str, Any]


class WorkerLost(Exception):
    """The process ended in the middle of a document."""


class TaskFailed(GalleyError):
    """A document could not be cleaned; the reason is the message."""

    def __init__(self, kind: str, message: str, hint: str, fatal: bool = False) -> None:
        super().__init__(message, hint)
        self.kind = kind
        """Name of the error's class in the worker; empty for one that nobody foresaw."""
        self.fatal = fatal
        """Whether every other document would meet it too."""


class Hand:
    """One worker process at a time. Used by one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[Any] | None = None
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._documents = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def work(self, task: Task, stop: threading.Event, told: Told) -> Answer:
        """Have a document done; the answer's `event` is `done`, `begun` or `unchanged`.

        Raises TaskFailed, WorkerLost or Stopped.
        """
        process = self._ready()
        with suppress(OSError):  # a broken pipe is seen as the process's end below
            self._send(process, task.to_dict())
        left: float | None = None
        while True:
            try:
                answer = self._answers.get(timeout=POLL_SECONDS)
            except queue.Empty:
                left = self._ask_to_stop(process, left) if stop.is_set() else None
                continue
            if answer is None:
                self.end()
                raise WorkerLost
            if answer["event"] == "progress":
                told(answer["counted"], answer["done"], answer["total"])
                continue
            self._documents += 1
            if answer["event"] == "stopped":
                raise Stopped
            if answer["event"] == "failed":
                raise TaskFailed(answer["kind"], answer["message"], answer["hint"], answer.get("fatal", False))
            return answer

    def end(self) -> None:
        """End the process; harmless when there is none."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._log is not None:
            self._log.close()

    def _ready(self) -> "subprocess.Popen[bytes]":
        if self._process is not None and self._documents >= DOCUMENTS:
            self.end()
        if self._process is None:
            self._documents = 0
            self._log = open_log()
            # -P: the user's current directory may hold a file named like one of our modules; it must not be run.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "galley.core.batch.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env={**THRIFT, **os.environ},
                start_new_session=True,
            )
            self._answers = queue.SimpleQueue()
            assert self._process.stdout is not None
            threading.Thread(target=listen, args=(self._process.stdout, self._answers.put), daemon=True).start()
        return self._process

    def _send(self, process: "subprocess.Popen[bytes]", message: dict[str, Any]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()

    def _ask_to_stop(self, process: "subprocess.Popen[bytes]", left: float | None) -> float:
        """Ask once, wait for a while, then end it. Raises Stopped."""
        if left is None:
            with suppress(OSError):
                self._send(process, {"op": "stop"})
            return GRACE_SECONDS
        if left <= 0:
            process.kill()
            self.end()
            raise Stopped
        return left - POLL_SECONDS


def listen(stdout: IO[bytes], put: Callable[[Answer | None], None]) -> None:
    """Pass the lines on until the process ends; None is the last."""
    with suppress(ValueError, OSError), stdout:
        for line in stdout:
            put(json.loads(line))
    put(None)
