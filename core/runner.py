"""A run that a person watches: it starts, pauses, goes on, turns to the chunk in view, and makes single attempts.

All of it happens in one background thread, which exists while there is something to do. The engines stay loaded between
runs, so that a retry does not wait for the model again.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from . import job as jobs
from .asked import Asked
from .clean.policy import RETRY_TEMPERATURE, Step
from .config import Config
from .engine.base import Engine
from .errors import GalleyError, SessionError
from .events import AttemptRefused, ServerWaited
from .run import Listener, Run
from .session import Decision, Session

T = TypeVar("T")

FindModel = Callable[[str], jobs.Model | None]
"""The model of that name or path, "" being the session's own; None where none is needed. Raises ModelError."""


@dataclass(frozen=True, slots=True)
class Retry:
    """An attempt that a person asks for."""

    chunk: int
    mode: str
    """`rules`, `verbatim` or `rewrite`."""
    prompt: str = ""
    """Of `rewrite`, by name; empty takes the session's."""
    model: str = ""
    """Name or path; empty takes the session's."""
    temperature: float | None = None
    """Of `rewrite`; None takes one at which another seed gives another text."""


class Runner:
    """Works on one session, open for writing, until it is closed. All methods may be called from any thread."""

    def __init__(
        self,
        session: Session,
        config: Config,
        find_model: FindModel,
        listener: Listener,
        on_failure: Callable[[GalleyError], None],
    ) -> None:
        """`on_failure` is told what ended a run from outside: no model, a full disk, a damaged session."""
        self._session = session
        self._config = config
        self._find_model = find_model
        self._listener = listener
        self._on_failure = on_failure
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._wanted: deque[tuple[Retry, Decision | None]] = deque()
        self._engines: dict[str, Engine | None] = {}
        self._latest = ""
        self._going = False
        self._first = 0
        self._run: Run | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether anything is under way, the ending of a paused run included."""
        return self._thread is not None

    @property
    def going(self) -> bool:
        """Whether pending chunks are being worked on, or will be as soon as the model is loaded."""
        return self._going and self.busy

    def go(self) -> None:
        """Clean what is pending, from the preferred chunk on."""
        self._going = True
        if self._run is not None:
            self._run.hold(False)
        self._awake()

    def pause(self) -> None:
        """Finish the chunks in hand and stop there."""
        self._going = False
        if self._run is not None:
            self._run.hold(True)

    def prefer(self, index: int) -> None:
        """Clean this chunk and those after it first."""
        self._first = index
        if self._run is not None:
            self._run.prefer(index)

    def retry(self, retry: Retry) -> None:
        """Make an attempt soon, paused or not. Raises SessionError where the chunk's turn is still to come."""
        if self._session.row(retry.chunk).state == "pending" and self.going:
            raise SessionError(f"Chunk {retry.chunk + 1} has not been cleaned yet.", "Its turn comes in this run.")
        self._wanted.append((retry, self._session.decision(retry.chunk)))
        self._awake()

    def waiting(self) -> bool:
        """Whether a retry is to be taken; see run.Requests."""
        return bool(self._wanted)

    def take(self) -> Asked | None:
        """The next retry, made ready; one that is impossible is told to the listener."""
        retry, said = self._wanted.popleft()
        try:
            return self._asked(retry, said)
        except GalleyError as error:
            self._listener(AttemptRefused(retry.chunk, error.message, error.hint))
            return None

    def close(self, timeout: float = 10.0) -> None:
        """Stop at once, what is finished being kept, and let the engines go."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(timeout / 2)
            if thread.is_alive():
                for engine in list(self._engines.values()):
                    if engine is not None:
                        engine.kill()
                thread.join(timeout / 2)
        for engine in list(self._engines.values()):
            if engine is not None:
                engine.close()
        self._engines.clear()

    def _awake(self) -> None:
        """Have a thread, which looks once more for work under the lock before it ends."""
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                thread = threading.Thread(target=self._work, name="run", daemon=True)
                thread.start()  # which may fail; it waits for the lock where it would say that it has ended
                self._thread = thread

    def _work(self) -> None:
        self._guarded(self._once)
        while (more := self._guarded(self._more)) is not False:
            if more:  # None: it could not be told, which was said, and nothing is wanted now
                self._guarded(self._once)

    def _guarded(self, work: Callable[[], T]) -> T | None:
        """The edge of this thread: what goes wrong, a fault of ours too, is told, and leaves no run that never ends."""
        try:
            return work()
        except GalleyError as error:
            self._give_up(error)
        except Exception as error:
            what = f"A fault of Galley's own ended the run ({type(error).__name__}: {error})."
            self._give_up(GalleyError(what, "What was finished is saved. Please report it."))
        return None

    def _more(self) -> bool:
        """Whether there is more to do; if not, this thread is the run's no longer."""
        self._let_go_of_engines()
        with self._lock:
            if self._stop.is_set() or not (self._wanted or self._todo()):
                self._thread = None
                return False
        return True

    def _give_up(self, error: GalleyError) -> None:
        self._going = False
        self._wanted.clear()
        self._on_failure(error)

    def _let_go_of_engines(self) -> None:
        """Beside the session's own, only the engine that was used last is kept. Nothing is in hand now."""
        for name in [name for name in self._engines if name not in {"", self._latest}]:
            engine = self._engines.pop(name)
            if engine is not None:
                engine.close()

    def _todo(self) -> bool:
        return self._going and bool(self._session.status().pending)

    def _once(self) -> None:
        """One run: over what is pending while going, over the attempts asked for in any case."""
        run = jobs.make_run(self._session, self._engine(""), self._listener, self)
        run.prefer(self._first)
        run.hold(not self._going)
        self._run = run
        run.hold(not self._going)  # again, since `go` or `pause` may have come in between
        try:
            run.work(self._stop)
        finally:
            self._run = None

    def _asked(self, retry: Retry, said: Decision | None) -> Asked:
        engine = self._engine(retry.model) if retry.mode != "rules" else None
        if engine is None and retry.mode != "rules":  # a session of `rules` has no model of its own
            engine = self._engine(jobs.default_name(self._config))
        prompt = (retry.prompt or self._session.settings.clean.prompt) if retry.mode == "rewrite" else ""
        seeds = [attempt.seed for attempt in self._session.attempts(retry.chunk)]
        clean = self._session.settings.clean
        temperature = retry.temperature if retry.temperature is not None else max(clean.temperature, RETRY_TEMPERATURE)
        step = Step(
            retry.mode,
            max(seeds, default=clean.seed - 1) + 1 if retry.mode == "rewrite" else clean.seed,
            temperature if retry.mode == "rewrite" else 0.0,
            "asked",
            to_the_end=True,
        )
        cleaner = jobs.make_cleaner(self._session, engine, prompt or "default")
        return Asked(retry.chunk, step, cleaner, engine, prompt, said)

    def _engine(self, name: str) -> Engine | None:
        """The engine of a model, made once. Raises ModelError."""
        if name not in self._engines:
            model = self._find_model(name)
            chunking = self._session.settings.chunk
            self._engines[name] = jobs.make_engine(model, self._config, chunking) if model is not None else None
            jobs.tell_waits(self._engines[name], lambda words, gone: self._listener(ServerWaited(words, gone)))
        self._latest = name or self._latest
        return self._engines[name]
