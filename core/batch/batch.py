"""Cleaning many documents on one machine.

Threads hand documents to worker processes (`crew`), which extract and repair them; a Python process has the use of one
core, so that in `rules` they clean them as well. For the other modes the text comes back as a session, and a second set
of threads runs several sessions at a time on the one model (`shared`). The queue between the two is short: reading
waits when cleaning is behind, and memory stays flat.

A document that fails is set aside. What would fail every other one too (a full disk, a model that can't be loaded, a
server that is gone) stops the batch, which loses nothing.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..engine.base import Engine
from ..errors import EngineError, GalleyError, ModelError, SessionBusyError, StorageError
from ..events import AttemptFinished, ChunkFailed
from ..events import Event as RunEvent
from ..session import Session
from .clerk import Clerk, Listener, Plan, stamp_now
from .crew import Hand, TaskFailed, WorkerLost
from .ledger import Ledger
from .records import Outcome, Record
from .remote import Stopped
from .shared import Slots
from .tasks import Task, Unchanged, begin, finish

MOST_LOSSES = 3
"""Workers that one document may cost."""
READY = 4
"""Sessions that are read and wait for the model."""
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Ready:
    """A document whose session waits to be cleaned."""

    record: Record
    task: Task
    session: Path
    stamp: str
    began: float


class Batch:
    """One call's work through the documents of a ledger. Use once."""

    def __init__(self, plan: Plan, ledger: Ledger, engine: Engine | None, listener: Listener) -> None:
        """`engine` is `plan.model`'s; it is loaded when the first document wants it."""
        self._plan = plan
        self._ledger = ledger
        self._clerk = Clerk(plan, ledger, listener)
        self._slots = Slots(engine) if engine is not None else None
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
        self._clerk.begin()
        self._pass(self._next)
        if self._busy and not stop.is_set():
            waiting, self._busy = iter(self._busy), []
            self._pass(lambda: next(waiting, None))
            for record in self._busy:
                self._clerk.set_aside(record, "Its session is open in another process.", stamp_now(record))
        if self._error is not None:
            raise self._error
        self._clerk.end()
        return not stop.is_set()

    def _pass(self, turn: Callable[[], Record | None]) -> None:
        """Go through the documents that `turn` gives, until it gives none."""
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
        stamp, began = stamp_now(record), time.monotonic()
        task = self._clerk.wanted(record)
        if task is None:
            return
        if not task.finish:
            self._warm_up()
        try:
            answer = self._answer(record, task, hand)
        except Stopped:
            self._clerk.dropped(record)
        except TaskFailed as error:
            if error.fatal:
                raise StorageError(error.message, error.hint) from error
            if error.kind == SessionBusyError.__name__:
                self._later(record)
                return
            self._clerk.set_aside(record, reason_of(error), stamp)
        else:
            self._take(record, task, answer, stamp, began)

    def _later(self, record: Record) -> None:
        """Its session is open elsewhere, maybe for the same file in another folder: it has a turn at the end."""
        self._clerk.dropped(record)
        with self._lock:
            self._busy.append(record)

    def _answer(self, record: Record, task: Task, hand: Hand) -> dict[str, object]:
        """The worker's answer, in up to three tries. Raises TaskFailed or Stopped."""

        def told(counted: str, done: int, total: int) -> None:
            self._clerk.moved(record, counted, done, total)

        if not task.finish and task.settings.chunk.unit == "tokens" and self._slots is not None:
            return self._begin_here(task, told)
        for _ in range(MOST_LOSSES):
            with suppress(WorkerLost):
                return hand.work(task, self._stop, told)
        raise TaskFailed("lost", f"Its worker process was lost {MOST_LOSSES} times.", "Retry with --retry-failed.")

    def _begin_here(self, task: Task, told: Callable[[str, int, int], None]) -> dict[str, object]:
        """Where chunks are cut by tokens the model is asked, and the model is here."""
        assert self._slots is not None
        try:
            session, stamp = begin(task, told, self._slots.engine, self._stop)
        except Unchanged:
            return {"event": "unchanged"}
        except (ModelError, EngineError, StorageError):
            raise
        except GalleyError as error:
            raise TaskFailed(type(error).__name__, error.message, error.hint) from error
        with session:
            return {"event": "begun", "session": str(session.path), "stamp": stamp}

    def _take(self, record: Record, task: Task, answer: Mapping[str, object], stamp: str, began: float) -> None:
        match answer["event"]:
            case "unchanged":
                self._clerk.unchanged(record)
            case "begun":
                ready = Ready(record, task, Path(str(answer["session"])), str(answer["stamp"]) or stamp, began)
                while not self._stop.is_set():
                    with suppress(queue.Full):
                        self._ready.put(ready, timeout=POLL_SECONDS)
                        return
                self._clerk.dropped(record)
            case _:
                outcome = Outcome.from_dict(answer["outcome"])  # pyright: ignore[reportArgumentType]
                self._clerk.finished(record, outcome, outcome.stamp or stamp)

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

        def listener(event: RunEvent) -> None:
            if isinstance(event, AttemptFinished | ChunkFailed):
                now = event.progress
                self._clerk.moved(ready.record, "chunks", now.done + now.failed, now.total, now.tokens_per_second)

        try:
            with Session.open(ready.session) as session, self._slots.share() as share:
                outcome = finish(ready.task, session, share.run, self._stop, listener, ready.began)
        except (StorageError, ModelError):
            raise
        except EngineError as error:
            if error.lasting:
                raise
            self._clerk.set_aside(ready.record, str(error), ready.stamp)
        except SessionBusyError:
            self._later(ready.record)
        except GalleyError as error:
            self._clerk.set_aside(ready.record, str(error), ready.stamp)
        else:
            self._clerk.finished(ready.record, outcome, ready.stamp)

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


def reason_of(error: TaskFailed) -> str:
    """Why a document is set aside."""
    return str(error) if error.kind else f"A fault of Galley's own: {error.message}"
