"""The worker process: `python -m galley.core.engine.worker`, holding one model.

It stands apart because native libraries write to file descriptors 1 and 2, hold on for long, and can crash. Its stdin
is its life line: when that closes, its parent is gone, and it ends at once whatever it is doing.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import BinaryIO

from .backend import Backend, Cancel, RequestError
from .protocol import Payload, decode, encode

TEXT_EVERY = 4
"""Tokens between two reports of a streamed text."""


class Worker:
    """Reads requests, answers them from a pool of threads, one for each slot."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._write_lock = threading.Lock()
        self._cancelled: set[int] = set()
        self._engine: Backend | None = None
        self._pool = ThreadPoolExecutor(max_workers=64)

    def serve(self, requests: BinaryIO) -> None:
        """Until stdin ends."""
        for line in requests:
            request = decode(line)
            if request["op"] == "cancel":
                self._cancelled.add(request["id"])
            else:
                self._pool.submit(self._answer, request, self._handler(request))
        if self._engine is not None:
            self._engine.close()

    def _load(self, request: Payload) -> Payload:
        module, _, name = str(request["backend"]).partition(":")
        self._engine = getattr(import_module(module), name)(request)
        return self._loaded().info

    def _handler(self, request: Payload) -> Callable[[Payload], Payload]:
        handlers = {
            "load": self._load,
            "complete": self._complete,
            "compare": self._compare,
            "count": self._count,
        }
        return handlers[request["op"]]

    def _complete(self, request: Payload) -> Payload:
        def on_text(text: str, tokens: int) -> None:
            if tokens % TEXT_EVERY == 1:
                self._write({"id": request["id"], "event": "text", "text": text, "tokens": tokens})

        return self._loaded().complete(request, on_text, lambda: request["id"] in self._cancelled)

    def _compare(self, request: Payload) -> Payload:
        return self._loaded().compare(request, lambda: request["id"] in self._cancelled)

    def _count(self, request: Payload) -> Payload:
        return {"tokens": self._loaded().count(request["text"])}

    def _loaded(self) -> Backend:
        if self._engine is None:
            raise RequestError("no model is loaded")
        return self._engine

    def _answer(self, request: Payload, handler: Callable[[Payload], Payload]) -> None:
        """Every request gets an answer, whatever a native library throws: this is the process's outer edge."""
        answer: Payload
        try:
            answer = {"event": "done", **handler(request)}
        except Cancel as cancel:
            answer = {"event": "cancelled", **cancel.usage}
        except Exception as error:
            answer = {"event": "error", "message": f"{error}" or type(error).__name__}
        self._cancelled.discard(request["id"])
        self._write({"id": request["id"], **answer})

    def _write(self, payload: Payload) -> None:
        with self._write_lock:
            try:
                self._answers.write(encode(payload))
                self._answers.flush()
            except BrokenPipeError:
                os._exit(0)


def main() -> None:
    """Keep the pipe to the parent for answers alone, and send everything else that is printed to the log."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    worker = Worker(answers)  # kept until the end: taking a library's server down can wait for its threads for ever
    worker.serve(sys.stdin.buffer)
    os._exit(0)


if __name__ == "__main__":
    main()
