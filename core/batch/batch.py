"""Cleaning many documents on one machine.

Threads hand documents to worker processes (`crew`), which extract and repair them; a Python process has the use of one
core, so that in `rules` they clean them as well. For the other modes the text comes back as a session, and a second set
of threads runs several sessions at a time on the one model (`shared`). The queue between the two is short: reading
waits when cleaning is behind, and memory stays flat.

A document that fails is set aside. What would fail every other one too (a full disk, a model that can't be loaded, a
server that is gone) stops the batch, which loses nothing.
"""

import json
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ..config import Config, load_config
from ..engine.base import Engine
from ..errors import ConfigError, EngineError, GalleyError, ModelError, SessionBusyError, StorageError
from ..events import AttemptFinished, ChunkFailed
from ..events import Event as RunEvent
from ..job import run_settings
from ..model import Model, resolve_mode
from ..session import Session
from .crew import Hand, Stopped, TaskFailed, WorkerLost
from .dataset import Dataset
from .entry import is_address, shown
from .events import (
    DocumentBegun,
    DocumentDropped,
    DocumentFailed,
    DocumentFinished,
    DocumentMoved,
    DocumentUnchanged,
    Event,
)
from .ledger import Ledger
from .records import CLEANED, DONE, FAILED, Outcome, Record, file_stamp
from .shared import Slots
from .tasks import Task, begin, finish

MOST_LOSSES = 3
"""Workers that one document may cost."""
READY = 4
"""Sessions that are read and wait for the model."""
FATAL = {"StorageError"}
"""Errors in a worker that would meet every other document too."""
POLL_SECONDS = 0.1

Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch is to do, whatever does it."""

    folder: Path
    """Where the texts go."""
    overrides: Mapping[str, object]
    """Settings of the call over those of the config file, by dotted key."""
    model: Model | None
    """None where every document is cleaned in `rules`."""
    workers: int
    """Worker processes."""
    format: str = "txt"
    """`txt`, `jsonl` or `parquet`."""
    retry_failed: bool = False
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A document whose session waits to be cleaned."""

    record: Record
    task: Task
    session: Path
    stamp: str
    began: float


class Settings:
    """The settings of each document and their digest, worked out once for all that say the same."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: dict[str, tuple[Config, str]] = {}
        self._lock = threading.Lock()

    def of(self, record: Record) -> tuple[Config, str]:
        """Raises ConfigError."""
        key = json.dumps(record.settings, sort_keys=True)
        with self._lock:
            if key not in self._known:
                config = load_config(overrides={**self._plan.overrides, **record.settings})
                self._known[key] = config, run_settings(config, self._model_of(config)).digest()
            return self._known[key]

    def task(self, record: Record) -> Task:
        """What is to be done to a document. Raises ConfigError."""
        plan, (config, digest) = self._plan, self.of(record)
        model = self._model_of(config)
        return Task(
            number=record.number,
            source=record.source,
            config=config.model_dump(mode="json"),
            model=None if model is None else (str(model.path), model.identity, model.parameters, model.context),
            output=str(plan.folder / f"{record.output}.txt") if plan.format == "txt" else "",
            finish=model is None,
            password=os.environ.get(record.password_env) if record.password_env else plan.password,
            retry=plan.retry_failed,
            stamp=record.stamp if self._stands(record, digest) else "",
        )

    def _stands(self, record: Record, digest: str) -> bool:
        """Whether what was made of a document is still wanted as it is."""
        return record.digest == digest and record.state == DONE and not (self._plan.retry_failed and record.troubled)

    def _model_of(self, config: Config) -> Model | None:
        model = self._plan.model
        if resolve_mode(config.clean.mode, model) == "rules":
            return None
        if model is None:
            raise ConfigError(f"A document wants mode {config.clean.mode}, which needs a model.", "Give --model.")
        return model


class Batch:
    """One call's work through the documents of a ledger. Use once."""

    def __init__(self, plan: Plan, ledger: Ledger, engine: Engine | None, listener: Listener) -> None:
        """`engine` is `plan.model`'s; it is loaded when the first document wants it."""
        self._plan = plan
        self._ledger = ledger
        self._settings = Settings(plan)
        self._slots = Slots(engine) if engine is not None else None
        self._listener = listener
        self._dataset = Dataset(plan.folder, plan.format, ledger) if plan.format != "txt" else None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._at = 0
        self._busy: list[Record] = []
        self._ready: queue.Queue[Ready] = queue.Queue(maxsize=READY)
        self._reading = 0
        self._error: BaseException | None = None
        self._warm = False
        self._cleaners: list[threading.Thread] = []

    def work(self, stop: threading.Event) -> bool:
        """Until every document is done or set aside, or `stop` is set; says whether it came to the end.

        Raises what stops all: StorageError, ModelError, EngineError, SessionError. What was told of stays done.
        """
        self._stop = stop
        if self._dataset is not None:
            self._dataset.mend()
        self._pass()
        self._at = 0
        if self._busy and not stop.is_set():
            self._pass(last=True)
        if self._error is not None:
            raise self._error
        if self._dataset is not None:
            self._dataset.flush()
        return not stop.is_set()

    def _pass(self, *, last: bool = False) -> None:
        """Go through the documents once; the last time, through those that another process had open before."""
        waiting, self._busy = self._busy, []
        taken = iter(waiting)
        turn = (lambda: next(taken, None)) if last else self._next
        with self._lock:
            self._reading = self._plan.workers
        readers = [
            threading.Thread(target=self._guard, args=(self._read_all, turn), name="reader", daemon=True)
            for _ in range(self._plan.workers)
        ]
        for thread in readers:
            thread.start()
        if self._slots is not None:
            self._guard(self._clean_all_first)
        for thread in (*readers, *self._cleaners):
            while thread.is_alive():
                thread.join(POLL_SECONDS)  # a wait without an end would keep signals from being heard
        self._cleaners = []
        if last:
            for record in self._busy:
                self._set_aside(record, "Its session is open in another process.")

    def _guard(self, work: Callable[..., None], *arguments: object) -> None:
        """Run a thread's work; what stops all is kept for the one who waits."""
        try:
            work(*arguments)
        except GalleyError as error:
            self._fail(error)
        except BaseException as error:
            self._fail(error)
            raise

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._error = self._error or error
        self._stop.set()

    def _next(self) -> Record | None:
        with self._lock:
            record = self._ledger.after(self._at)
            self._at = record.number if record is not None else self._at
            return record

    def _read_all(self, turn: Callable[[], Record | None]) -> None:
        hand = Hand()
        try:
            while not self._stop.is_set() and (record := turn()) is not None:
                self._read(record, hand)
        finally:
            hand.end()
            with self._lock:
                self._reading -= 1

    def _read(self, record: Record, hand: Hand) -> None:
        """Bring a document to its end, or to where the model is wanted."""
        name = shown(record.source)
        stamp = stamp_now(record)
        config, digest = self._settings.of(record)
        same = digest == record.digest and stamp == record.stamp and not is_address(record.source)
        if record.state == FAILED and digest == record.digest and stamp == record.stamp and not self._plan.retry_failed:
            self._listener(DocumentUnchanged(record.number, name, record.reason))
            return
        again = self._plan.retry_failed and record.troubled
        if record.state in (DONE, CLEANED) and same and not again and self._in_place(record):
            self._keep(record)
            self._listener(DocumentUnchanged(record.number, name))
            return
        self._listener(DocumentBegun(record.number, name))
        task = self._settings.task(record)
        if record.state == DONE and not self._in_place(record):
            task = replace(task, stamp="")
        began = time.monotonic()
        if not task.finish:
            self._warm_up()
        try:
            answer = self._answer(record, task, hand, config)
        except Stopped:
            self._listener(DocumentDropped(record.number))
        except TaskFailed as error:
            if error.kind in FATAL:
                raise StorageError(error.message, error.hint) from error
            if error.kind == SessionBusyError.__name__:
                with self._lock:
                    self._busy.append(record)
                return
            self._set_aside(record, str(error) if error.kind else f"A fault of Galley's own: {error.message}")
        else:
            self._take(record, task, answer, stamp, began)

    def _answer(self, record: Record, task: Task, hand: Hand, config: Config) -> dict[str, object]:
        """The worker's answer, in up to three tries. Raises TaskFailed or Stopped."""

        def told(counted: str, done: int, total: int) -> None:
            self._listener(DocumentMoved(record.number, counted, done, total))

        if not task.finish and config.chunk.unit == "tokens" and self._slots is not None:
            return self._begin_here(task, told)
        for _ in range(MOST_LOSSES):
            with suppress(WorkerLost):
                return hand.work(task, self._stop, told)
        raise TaskFailed("lost", f"Its worker process was lost {MOST_LOSSES} times.", "Retry with --retry-failed.")

    def _begin_here(self, task: Task, told: Callable[[str, int, int], None]) -> dict[str, object]:
        """Where chunks are cut by tokens the model is asked, and the model is here."""
        assert self._slots is not None
        try:
            session, stamp = begin(task, told, self._slots.engine)
        except (ModelError, EngineError):
            raise
        except GalleyError as error:
            raise TaskFailed(type(error).__name__, error.message, error.hint) from error
        with session:
            return {"event": "begun", "session": str(session.path), "stamp": stamp}

    def _take(self, record: Record, task: Task, answer: Mapping[str, object], stamp: str, began: float) -> None:
        match answer["event"]:
            case "unchanged":
                self._keep(record)
                self._listener(DocumentUnchanged(record.number, shown(record.source)))
            case "begun":
                ready = Ready(record, task, Path(str(answer["session"])), str(answer["stamp"]) or stamp, began)
                while not self._stop.is_set():
                    with suppress(queue.Full):
                        self._ready.put(ready, timeout=POLL_SECONDS)
                        return
                self._listener(DocumentDropped(record.number))
            case _:
                outcome = Outcome.from_dict(answer["outcome"])  # pyright: ignore[reportArgumentType]
                self._finished(record, outcome, outcome.stamp or stamp)

    def _clean_all_first(self) -> None:
        """Wait for the first document, load the model, then clean as many at a time as it has slots for."""
        assert self._slots is not None
        while self._ready.empty():
            if self._stop.is_set() or not self._reading:
                if self._ready.empty():
                    return
                break
            time.sleep(POLL_SECONDS)
        for _ in range(self._slots.documents()):
            thread = threading.Thread(target=self._guard, args=(self._clean_all,), name="cleaner", daemon=True)
            self._cleaners.append(thread)
            thread.start()

    def _clean_all(self) -> None:
        while not self._stop.is_set():
            over = not self._reading
            try:
                ready = self._ready.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if over:
                    return
                continue
            self._clean(ready)

    def _clean(self, ready: Ready) -> None:
        """Run one session on the shared model. Raises what stops all."""
        assert self._slots is not None
        number = ready.record.number

        def listener(event: RunEvent) -> None:
            if isinstance(event, AttemptFinished | ChunkFailed):
                now = event.progress
                moved = DocumentMoved(number, "chunks", now.done + now.failed, now.total, now.tokens_per_second)
                self._listener(moved)

        try:
            with Session.open(ready.session) as session, self._slots.share() as share:
                outcome = finish(ready.task, session, share.run, self._stop, listener, ready.began)
        except (StorageError, ModelError):
            raise
        except EngineError as error:
            if error.lasting:
                raise
            self._set_aside(ready.record, str(error))
        except SessionBusyError:
            with self._lock:
                self._busy.append(ready.record)
        except GalleyError as error:
            self._set_aside(ready.record, str(error))
        else:
            self._finished(ready.record, outcome, ready.stamp)

    def _finished(self, record: Record, outcome: Outcome, stamp: str) -> None:
        if outcome.pending:
            self._listener(DocumentDropped(record.number))
            return
        if self._dataset is not None:
            self._dataset.displace(record)
        self._ledger.finish(record.number, outcome, stamp, DONE if self._dataset is None else CLEANED)
        if self._dataset is not None:
            self._dataset.add(record.number, outcome.chunks)
        self._listener(DocumentFinished(record.number, shown(record.source), outcome))

    def _set_aside(self, record: Record, reason: str) -> None:
        digest = ""
        with suppress(ConfigError):
            digest = self._settings.of(record)[1]
        self._ledger.set_aside(record.number, reason, stamp_now(record), digest)
        self._listener(DocumentFailed(record.number, shown(record.source), reason))

    def _in_place(self, record: Record) -> bool:
        """Whether what was made of a finished document is still there."""
        if self._dataset is not None:
            return record.outcome is not None and self._dataset.holds(record)
        return (self._plan.folder / f"{record.output}.txt").is_file()

    def _keep(self, record: Record) -> None:
        """A document that was cleaned before a crash and is in no part yet goes into the next one."""
        if self._dataset is not None and record.state == CLEANED and record.outcome is not None:
            self._dataset.add(record.number, record.outcome.chunks)

    def _warm_up(self) -> None:
        """Load the model while the first document is read. What goes wrong is told when it is wanted."""
        with self._lock:
            if self._warm or self._slots is None:
                return
            self._warm = True
        slots = self._slots

        def load() -> None:
            with suppress(GalleyError):
                slots.engine.start()

        threading.Thread(target=load, name="warm-up", daemon=True).start()


def stamp_now(record: Record) -> str:
    """The file's stamp; empty when it is not there, and what is known of an address, which its fetching looks after."""
    if is_address(record.source):
        return record.stamp
    try:
        return file_stamp(Path(record.source))
    except OSError:
        return ""
