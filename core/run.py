"""Working through a session's pending chunks with an engine.

One thread owns the session: it hands steps to a pool, writes each attempt down as it comes back, and only then tells
the listener. What is reported is therefore always on disk, and a run killed at any moment loses the attempts in hand
and nothing else.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from .clean.cleaner import Cleaner, Made, past
from .clean.options import CleanOptions
from .clean.policy import MAX_DEATHS, Past, Step, given_up, next_step
from .engine.base import Engine, EngineInfo, RequestCancelled
from .events import (
    AttemptFinished,
    ChunkFailed,
    ChunkStarted,
    EditsDecided,
    Event,
    Progress,
    RunEnded,
    RunStarted,
    TextStreamed,
)
from .session import Attempt, ChunkRecord, Session

Listener = Callable[[Event], None]


@dataclass(slots=True)
class Work:
    """A chunk on its way: what it is, what was tried, and the step in hand."""

    chunk: ChunkRecord
    past: list[Past]
    step: Step | None = None
    deaths: int = field(default=0)
    """Deaths of the worker while it was in hand, in this run. Such a chunk runs alone, so that it alone pays."""


class Run:
    """One run over one session. Use once."""

    def __init__(
        self,
        session: Session,
        cleaner: Cleaner,
        engine: Engine | None,
        options: CleanOptions,
        *,
        mode: str,
        language: str,
        listener: Listener,
    ) -> None:
        """`session` is open for writing; `mode` is resolved. As many chunks are in hand as the engine has slots."""
        self._session = session
        self._cleaner = cleaner
        self._engine = engine
        self._options = options
        self._mode = mode
        self._jobs = 1
        self._language = language
        self._listener = listener
        self._cancel = threading.Event()
        self._hands: dict[Future[Made], Work] = {}
        self._began = time.monotonic()
        self._tokens = 0

    def work(self, stop: threading.Event) -> RunEnded:
        """Until nothing is pending or `stop` is set. Raises ModelError, StorageError or SessionError; all that was
        reported stays."""
        info = self._engine.start() if self._engine is not None else None
        self._jobs = info.slots if info else 1
        self._began = time.monotonic()
        self._session.begin_run(info.engine if info else "", info.path if info else "")
        self._tell(RunStarted(info, self._progress()))
        how = "interrupted"
        try:
            self._loop(stop)
            how = "interrupted" if stop.is_set() else "finished"
        finally:
            self._session.end_run(how, time.monotonic() - self._began)
        ended = RunEnded(how, self._progress(), time.monotonic() - self._began)
        self._tell(ended)
        return ended

    def _loop(self, stop: threading.Event) -> None:
        pending = self._session.pending()
        pending.reverse()
        again: list[Work] = []
        with ThreadPoolExecutor(max_workers=self._jobs) as pool:
            try:
                while (pending or again or self._hands) and not stop.is_set():
                    self._fill(pool, pending, again)
                    done, _ = wait(self._hands, timeout=0.1, return_when=FIRST_COMPLETED)
                    again += [work for work in map(self._take, done) if work is not None]
            finally:
                self._cancel.set()
                for future in self._hands:
                    future.cancel()

    def _fill(self, pool: ThreadPoolExecutor, pending: list[int], again: list[Work]) -> None:
        """Put work into free hands; a chunk that saw the worker die waits until it can be alone."""
        while len(self._hands) < self._jobs and (pending or again):
            if any(work.deaths for work in self._hands.values()):
                return
            suspects = [work for work in again if work.deaths]
            if suspects:
                if self._hands:
                    return
                work = suspects[0]
                again.remove(work)
            else:
                work = again.pop(0) if again else self._open(pending.pop())
            self._start(pool, work)

    def _open(self, index: int) -> Work:
        chunk = self._session.chunk(index)
        kept = [attempt for attempt in self._session.attempts(index) if not attempt.died]
        return Work(chunk, [self._past_of(attempt, chunk) for attempt in kept])

    def _past_of(self, attempt: Attempt, chunk: ChunkRecord) -> Past:
        """A kept attempt as the policy sees it."""
        return past(attempt.mode, attempt.flags, attempt.error, attempt.died, chunk.source, self._language)

    def _start(self, pool: ThreadPoolExecutor, work: Work) -> None:
        work.step = next_step(self._mode, work.past, self._options)
        if work.step is None:
            raise AssertionError(f"chunk {work.chunk.index} is pending and has nothing left to try")
        index = work.chunk.index
        self._tell(ChunkStarted(index, work.step))
        future = pool.submit(
            self._cleaner.make,
            work.step,
            work.chunk.source,
            work.chunk.candidates,
            self._cancel.is_set,
            lambda text, tokens: self._listener(TextStreamed(index, text, tokens)),
            lambda decided, total: self._listener(EditsDecided(index, decided, total)),
        )
        self._hands[future] = work

    def _take(self, future: "Future[Made]") -> Work | None:
        """Write down what came of a step; the work comes back when it needs another one."""
        work = self._hands.pop(future)
        try:
            made = future.result()
        except RequestCancelled:
            return None
        index = work.chunk.index
        work.past.append(made.past(work.chunk.source, self._language))
        work.deaths += made.died
        failed = given_up(work.past)
        final = not failed and next_step(self._mode, work.past, self._options) is None
        self._tokens += made.usage.prompt_tokens + made.usage.output_tokens
        state = "failed" if failed else "done" if final else None
        why = f"The worker process died {MAX_DEATHS} times on this chunk." if failed else ""
        self._session.add_attempt(self._record(made, index), choose=final, state=state, note=why)
        flags = made.report.flags if made.report else ()
        step = made.step
        self._tell(AttemptFinished(index, step.mode, step.reason, flags, made.error, final, self._progress()))
        if failed:
            self._tell(ChunkFailed(index, why, self._progress()))
        return None if failed or final else work

    def _record(self, made: Made, index: int) -> Attempt:
        info: EngineInfo | None = self._engine.start() if self._engine is not None and not made.died else None
        return Attempt(
            id=0,
            chunk=index,
            mode=made.step.mode,
            reason=made.step.reason,
            engine=info.engine if info else "",
            model=info.model if info else "",
            prompt=self._options.prompt if made.step.mode == "rewrite" else "",
            seed=made.step.seed,
            temperature=made.step.temperature,
            output=made.output,
            flags=made.report.flags if made.report else (),
            measures=made.report.measures if made.report else {},
            edits=made.edits,
            prompt_tokens=made.usage.prompt_tokens,
            cached_tokens=made.usage.cached_tokens,
            output_tokens=made.usage.output_tokens,
            seconds=made.seconds,
            started_at=made.started_at,
            error=made.error,
            died=made.died,
        )

    def _progress(self) -> Progress:
        status = self._session.status()
        here = time.monotonic() - self._began
        handled = status.done + status.failed
        # Attempts of earlier runs count too, so that a resumed run knows its pace from the start.
        pace = self._session.attempt_seconds() / handled / self._jobs if handled else None
        return Progress(
            total=status.total,
            done=status.done,
            failed=status.failed,
            flagged=status.flagged,
            seconds_left=pace * status.pending if pace is not None else None,
            tokens_per_second=self._tokens / here if here > 0 else 0.0,
        )

    def _tell(self, event: Event) -> None:
        self._listener(event)
