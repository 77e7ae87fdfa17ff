"""A worker process of a batch: takes documents one after another, so that imports and word lists are paid once.

It reads tasks from standard input, a line of JSON each, and answers with lines on standard output; whatever a library
prints goes to standard error. It ends when its parent does.
"""

import json
import os
import queue
import sys
import threading
import time
import traceback
from dataclasses import replace
from typing import Any, BinaryIO

from ..errors import GalleyError, StorageError
from ..events import AttemptFinished, ChunkFailed, Event
from ..job import make_run
from .remote import Stopped
from .tasks import Task, Unchanged, begin, finish

TELL_EVERY_SECONDS = 0.25


class Channel:
    """The worker's end of the pipes."""

    def __init__(self) -> None:
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._in: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._told = 0.0
        self.stop = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, **message: Any) -> None:
        self._out.write(json.dumps(message).encode() + b"\n")
        self._out.flush()

    def progress(self, counted: str, done: int, total: int) -> None:
        """Tell it, but not more than a few times a second."""
        now = time.monotonic()
        if done == total or now - self._told > TELL_EVERY_SECONDS:
            self._told = now
            self.send(event="progress", counted=counted, done=done, total=total)

    def receive(self) -> dict[str, Any]:
        return self._in.get()

    def _listen(self) -> None:
        """The parent holds the other end open for as long as it wants this process to live."""
        for line in sys.stdin.buffer:
            message: dict[str, Any] = json.loads(line)
            if message.get("op") == "stop":
                self.stop.set()
            else:
                self._in.put(message)
        os._exit(0)


def main() -> None:
    channel = Channel()
    while True:
        answer(Task.from_dict(channel.receive()), channel)


def answer(task: Task, channel: Channel) -> None:
    """Do a task. The process's outer edge: one document's fault, of whatever kind, is told and harms no other."""
    try:
        work(task, channel)
    except Unchanged:
        channel.send(event="unchanged")
    except Stopped:
        channel.send(event="stopped")
    except GalleyError as error:
        fatal = isinstance(error, StorageError)  # it would meet every other document too
        kind = type(error).__name__
        channel.send(event="failed", kind=kind, message=error.message, hint=error.hint, fatal=fatal)
    except Exception as error:
        traceback.print_exc()
        channel.send(event="failed", kind="", message=f"{type(error).__name__}: {error}", hint="")


def work(task: Task, channel: Channel) -> None:
    began = time.monotonic()
    session, stamp = begin(task, channel.progress, stop=channel.stop)
    if not task.finish:
        session.close()  # whoever hears of it opens it at once, and the lock has to be free by then
        channel.send(event="begun", session=str(session.path), stamp=stamp)
        return
    with session:

        def listener(event: Event) -> None:
            if isinstance(event, AttemptFinished | ChunkFailed):
                channel.progress("chunks", event.progress.done + event.progress.failed, event.progress.total)

        outcome = finish(task, session, lambda s, heard: make_run(s, None, heard), channel.stop, listener, began)
    channel.send(event="done", outcome=replace(outcome, stamp=stamp).to_dict())


if __name__ == "__main__":
    main()
