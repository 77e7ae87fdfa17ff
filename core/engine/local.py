"""A local model in a worker process, seen from Galley's side.

Requests of several threads share the one process; each waits on its own queue. When the process dies every request in
hand ends with WorkerDied, and the next request starts a new process. Who lost an attempt to it is the run's business.
"""

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ..errors import EngineError, ModelError, StorageError
from ..models.info import ModelInfo
from ..paths import log_dir, private_dir
from .base import (
    Cancelled,
    Comparison,
    Completion,
    EngineInfo,
    Message,
    OnText,
    RequestCancelled,
    Sampling,
    Usage,
    WorkerDied,
)
from .devices import fewer_layers, gpus
from .options import EngineOptions
from .protocol import Payload, decode, encode
from .registry import EngineEntry, engine_for
from .sockets import remove_stale_sockets

DEATH: Payload = {"event": "death"}
POLL_SECONDS = 0.1
LOAD_TIMEOUT_SECONDS = 1800.0
CALM_THREADS = {"GOMP_SPINCOUNT": "1000"}
"""Threads that wait for each other spin for a moment and then sleep: as fast as spinning on an idle machine, and no
stall where another process wants a core (`python -m bench.choices`)."""
LOG_LIMIT_BYTES = 4_000_000


class LocalEngine:
    """An Engine over `galley.core.engine.worker`; see `base.Engine` for the methods."""

    def __init__(self, model: ModelInfo, options: EngineOptions, context: int) -> None:
        """`context` in tokens for each slot. Nothing is started before it is needed.

        Raises ModelError when the engine that `options` name can't load such a model.
        """
        self._entry: EngineEntry = engine_for(options.name, model)
        self._model = model
        self._options = options
        self._context = context
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None
        self._info: EngineInfo | None = None
        self._starting: WorkerProcess | None = None
        """The worker that is being loaded."""
        self._closing = threading.Event()
        self._layers: list[int] = []
        """Numbers of layers on the GPU that are left to be tried, once one has been found to work."""

    @property
    def pid(self) -> int | None:
        """The worker's process id while there is one."""
        return self._process.pid if self._process is not None else None

    def start(self) -> EngineInfo:
        self._worker()
        assert self._info is not None
        return self._info

    def room(self) -> int:
        info = self._info
        return info.slots if info is not None else 1

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None, cancelled: Cancelled
    ) -> Completion:
        request: Payload = {
            "op": "complete",
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
        }
        answer, seconds = self._ask(request, on_text, cancelled)
        return Completion(answer["text"], answer["hit_limit"], usage_of(answer, seconds))

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: Cancelled) -> Comparison:
        request: Payload = {"op": "compare", "prefix": prefix, "query": query, "options": list(options)}
        answer, seconds = self._ask(request, None, cancelled)
        return Comparison(tuple(answer["logprobs"]), usage_of(answer, seconds))

    def count_tokens(self, text: str) -> int:
        answer, _ = self._ask({"op": "count", "text": text}, None, lambda: False)
        return int(answer["tokens"])

    def kill(self) -> None:
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        self._closing.set()
        starting = self._starting
        if starting is not None:
            starting.kill()  # a large model that is still being loaded is not waited for
        with self._lock:
            self._closing.clear()
            if self._process is not None:
                self._process.end()
                self._process = None
        remove_stale_sockets()  # a killed worker's; the next one that is loaded would, and may be far off

    def _ask(self, request: Payload, on_text: OnText | None, cancelled: Cancelled) -> tuple[Payload, float]:
        began = time.monotonic()
        worker = self._worker()
        answer = worker.ask(request, on_text, cancelled, self._options.timeout_seconds)
        return answer, time.monotonic() - began

    def _worker(self) -> "WorkerProcess":
        """The live worker, started and loaded if need be; one thread does it while the others wait."""
        with self._lock:
            if self._process is None or not self._process.alive:
                self._process = None
                self._process, self._info = self._started()
            return self._process

    def _started(self) -> "tuple[WorkerProcess, EngineInfo]":
        """A worker with the model in it. Where a GPU's memory may be too small, with fewer and fewer layers on it.

        Each try is a process of its own, since a library that runs out of a GPU's memory may end it.
        """
        wanted = self._options.gpu_layers
        by_halves = self._entry.tries_fewer_layers and gpus()
        tries = self._layers or (fewer_layers(wanted, self._model.layers) if by_halves else [wanted])
        while True:
            process = self._starting = WorkerProcess()
            if self._closing.is_set():
                process.kill()
            try:
                info = self._load(process, tries[0])
            except ModelError:
                process.end()
                if len(tries) == 1 or self._closing.is_set():
                    raise
                tries = tries[1:]
                continue
            except BaseException:
                process.end()
                raise
            finally:
                self._starting = None
            self._layers = tries  # what was too much once is not tried again
            if tries[0] not in (wanted, -1):
                note = f"The GPU's memory was too small for what was wanted: {tries[0]} layers of the model are on it."
                info = replace(info, notes=(*info.notes, note))
            return process, info

    def _load(self, process: "WorkerProcess", gpu_layers: int) -> EngineInfo:
        try:
            answer = process.ask(
                {**self._load_request(), "gpu_layers": gpu_layers}, None, lambda: False, LOAD_TIMEOUT_SECONDS
            )
        except WorkerDied as error:
            raise ModelError(
                f"{self._entry.name} ended while loading {self._model.path.name}.", f"Its log is {log_file()}."
            ) from error
        except EngineError as error:
            raise ModelError(
                f"{self._entry.name} cannot load {self._model.path.name}: {error.message}",
                f"Its log is {log_file()}.",
            ) from error
        return EngineInfo(
            engine=answer["engine"],
            version=answer["version"],
            model=answer["model"],
            path=str(self._model.path.absolute()),
            context=answer["context"],
            slots=answer["slots"],
            threads=answer["threads"],
            devices=tuple(answer["devices"]),
            load_seconds=answer["load_seconds"],
            decides=answer["decides"],
            notes=tuple(answer["notes"]),
        )

    def _load_request(self) -> Payload:
        """What a backend is made from."""
        options = self._options.model_dump(
            exclude={"name", "model", "jobs", "context", "gpu_layers", "timeout_seconds"}
        )
        return {
            "op": "load",
            "backend": self._entry.backend,
            "model": str(self._model.path),
            "slots": self._options.jobs,
            "context": self._context,
            "chat_template": self._model.template,
            **options,
        }


class WorkerProcess:
    """One worker process and the requests that wait for it."""

    def __init__(self) -> None:
        self._log = open_log()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "galley.core.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**CALM_THREADS, **os.environ},
            start_new_session=True,
        )
        self._lock = threading.Lock()
        self._next_id = 0
        self._waiting: dict[int, queue.SimpleQueue[Payload]] = {}
        self._reader = threading.Thread(target=self._read, name="engine-reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Payload, on_text: OnText | None, cancelled: Cancelled, timeout: float) -> Payload:
        """Send a request and wait for its end; `timeout` seconds without any event kill the process."""
        answers: queue.SimpleQueue[Payload] = queue.SimpleQueue()
        number = self._send(request, answers)
        told = False
        heard = time.monotonic()
        try:
            while True:
                if not told and cancelled():  # before the next event is waited for: the model writes on meanwhile
                    told = True
                    self._write({"id": number, "op": "cancel"})
                try:
                    event = answers.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    if time.monotonic() - heard > timeout:
                        self.kill()
                    continue
                heard = time.monotonic()
                if event["event"] == "text":
                    if on_text is not None:
                        on_text(event["text"], event["tokens"])
                    continue
                return finished(event)
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def kill(self) -> None:
        """End the process at once; what waits for it gets WorkerDied."""
        self._process.kill()

    def end(self) -> None:
        """Close the life line and wait; a worker that lingers is killed."""
        with suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=3)
        self._stdout.close()
        self._log.close()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def _send(self, request: Payload, answers: "queue.SimpleQueue[Payload]") -> int:
        with self._lock:
            self._next_id += 1
            number = self._next_id
            self._waiting[number] = answers
        self._write({"id": number, **request})
        if not self.alive:
            answers.put(DEATH)
        return number

    def _write(self, payload: Payload) -> None:
        """A broken pipe is no error here: the reader sees the death and tells everyone who waits."""
        with self._lock, suppress(OSError, ValueError):
            self._stdin.write(encode(payload))
            self._stdin.flush()

    def _read(self) -> None:
        for line in self._stdout:
            try:
                event = decode(line)
            except ValueError:  # a line that its death cut off
                break
            with self._lock:
                answers = self._waiting.get(event["id"])
            if answers is not None:
                answers.put(event)
        self._process.wait()
        with self._lock:
            for answers in self._waiting.values():
                answers.put(DEATH)


def finished(event: Payload) -> Payload:
    """The answer, or the error that the last event stands for."""
    match event["event"]:
        case "done":
            return event
        case "cancelled":
            raise RequestCancelled(usage_of(event, 0.0) if "output_tokens" in event else Usage())
        case "death":
            raise WorkerDied("The engine's worker process died.", f"Its log is {log_file()}.")
        case _:
            raise EngineError(f"The engine refused the request: {event['message']}.")


def usage_of(answer: Payload, seconds: float) -> Usage:
    return Usage(answer["prompt_tokens"], answer["cached_tokens"], answer["output_tokens"], seconds)


def log_file() -> Path:
    """Where the worker's stderr goes."""
    return log_dir() / "engine.log"


def open_log() -> IO[Any]:
    """Append to the log, owner-only; a log that grew large starts anew. Where none can be had, models run without."""
    path = log_file()
    try:
        private_dir(log_dir())
        path.touch(mode=0o600)
        path.chmod(0o600)
        return path.open("wb" if path.stat().st_size > LOG_LIMIT_BYTES else "ab")
    except (OSError, StorageError):
        return open(os.devnull, "wb")
