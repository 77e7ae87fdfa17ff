"""Working through a session's pending chunks with an engine.

One thread owns the session: it hands steps to a pool, writes each attempt down as it comes back, and only then tells
the listener. What is reported is therefore always on disk, and a run killed at any moment loses the attempts in hand
and nothing else.
"""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from .asked import Asked, Requests
from .clean.cleaner import Cleaner, Made, past
from .clean.options import CleanOptions
from .clean.policy import MAX_DEATHS, Past, Step, given_up, next_step
from .engine.base import Engine, EngineInfo, RequestCancelled
from .errors import GalleyError
from .events import (
    AttemptFinished,
    AttemptRefused,
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
from .timeleft import TimeLeft

Listener = Callable[[Event], None]
ASK_EVERY_SECONDS = 0.5
AHEAD = 64
"""Chunks that wait for the one thread of `rules`, so that those it finishes during a commit share the next one: a slow
disk is waited for a quarter as often as with 16. Each takes it less than a millisecond."""
MAX_JOBS = 64
"""As EngineOptions.jobs allows; a thread is made when it is first needed."""


@dataclass(slots=True)
class Work:
    """A chunk on its way: what it is, what was tried, and the step in hand."""

    chunk: ChunkRecord
    past: list[Past]
    step: Step | None = None
    asked: Asked | None = None
    deaths: int = field(default=0)
    """Deaths of the worker while it was in hand, in this run. Such a chunk runs alone, so that it alone pays."""


@dataclass(frozen=True, slots=True)
class Taken:
    """An attempt that is about to be written down."""

    work: Work
    attempt: Attempt
    state: str | None
    """`done` or `failed` where it ends its chunk."""
    why: str
    """Why it failed."""


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
        requests: Requests | None = None,
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
        self._held = threading.Event()
        self._first = 0
        self._requests = requests
        self._started = False
        self._hands: dict[Future[Made], Work] = {}
        self._began = time.monotonic()
        self._tokens = 0
        self._status = session.status()
        self._left = TimeLeft.of(session, mode)
        self._asked_at = time.monotonic()

    def prefer(self, index: int) -> None:
        """Clean this chunk and those after it before all others. From any thread."""
        self._first = index

    def hold(self, held: bool) -> None:
        """Open no further chunk while held; the run ends when those in hand are finished. From any thread."""
        (self._held.set if held else self._held.clear)()

    def work(self, stop: threading.Event) -> RunEnded:
        """Until nothing is pending or asked for, the run is held, or `stop` is set.

        Raises ModelError, StorageError, SessionError, or EngineError when the engine is gone for good; all that was
        reported stays.
        """
        pending = self._session.pending()
        self._began = time.monotonic()
        how = "interrupted"
        try:
            self._loop(pending, stop)
            self._ask_status()
            how = "finished" if not self._status.pending else "interrupted"
        finally:
            if self._started:
                self._session.end_run(how, time.monotonic() - self._began)
        ended = RunEnded(how, self._progress(), time.monotonic() - self._began)
        self._tell(ended)
        return ended

    def _loop(self, pending: list[int], stop: threading.Event) -> None:
        again: list[Work] = []
        # Without an engine all work is Python's own: a second thread would only take turns with the first.
        with ThreadPoolExecutor(MAX_JOBS) as pool, ThreadPoolExecutor(1) as alone:
            try:
                while not stop.is_set():
                    self._fill(pool, alone if self._engine is None else pool, pending, again)
                    if not self._hands:
                        return
                    done, _ = wait(self._hands, timeout=0.1, return_when=FIRST_COMPLETED)
                    again += self._take_all(done)
            finally:
                self._cancel.set()
                for future in self._hands:
                    future.cancel()

    def _take_all(self, done: "set[Future[Made]]") -> list[Work]:
        """Write down all that is finished, and only then stop for what went wrong with one of them.

        Gives back what needs another step.
        """
        taken: list[Taken] = []
        asked: list[tuple[Future[Made], Asked]] = []
        wrong: list[GalleyError] = []
        for future in sorted(done, key=lambda one: self._hands[one].chunk.index):
            work = self._hands.pop(future)
            if work.asked is not None:
                asked.append((future, work.asked))
                continue
            try:
                taken.append(self._take(work, future.result()))
            except RequestCancelled:
                continue
            except GalleyError as error:
                wrong.append(error)
        self._keep(taken)
        for future, one in asked:  # after the run's own, which a full disk met here would lose
            self._take_asked(future, one)
        if wrong:
            raise wrong[0]
        return [one.work for one in taken if one.state is None]

    def _fill(self, pool: ThreadPoolExecutor, own: ThreadPoolExecutor, pending: list[int], again: list[Work]) -> None:
        """Put work into free hands; a chunk that saw the worker die waits until it can be alone. `own` is for the
        run's chunks, `pool` for what is asked."""
        while len(self._hands) < self._room():
            if any(work.deaths for work in self._hands.values()):
                return
            if self._requests is not None and self._requests.waiting():
                if len(self._hands) >= self._jobs:
                    return
                self._start_asked(pool, self._requests.take())
                continue
            if self._held.is_set() or not (pending or again):
                return
            self._load()
            suspects = [work for work in again if work.deaths]
            if suspects:
                if self._hands:
                    return
                work = suspects[0]
                again.remove(work)
            else:
                work = again.pop(0) if again else self._open(self._next(pending))
            if self._is_pending(work):
                self._start(own, work)

    def _room(self) -> int:
        """Chunks that may be in hand: a server's room changes, and what waits for it would only be lost by a stop."""
        if self._started and self._engine is not None:
            self._jobs = max(1, self._engine.room())
        return self._jobs if self._engine is not None else AHEAD

    def _load(self) -> None:
        """Make the engine ready and begin, before the first pending chunk."""
        if self._started:
            return
        info = self._engine.start() if self._engine is not None else None
        self._jobs = info.slots if info else 1
        self._began = time.monotonic()
        self._session.begin_run(info.engine if info else "", info.path if info else "")
        self._started = True
        self._tell(RunStarted(info, self._progress()))

    def _next(self, pending: list[int]) -> int:
        """The first chunk from the preferred one on, around the end; `pending` is ascending."""
        at = bisect_left(pending, self._first)
        return pending.pop(at if at < len(pending) else 0)

    def _open(self, index: int) -> Work:
        chunk = self._session.chunk(index)
        kept = [attempt for attempt in self._session.attempts(index) if not attempt.died]
        return Work(chunk, [self._past_of(attempt, chunk) for attempt in kept])

    def _is_pending(self, work: Work) -> bool:
        """Whether its chunk still is: a person may have chosen an attempt since it was opened."""
        return self._session.state(work.chunk.index) == "pending"

    def _past_of(self, attempt: Attempt, chunk: ChunkRecord) -> Past:
        """A kept attempt as the policy sees it."""
        return past(attempt.mode, attempt.flags, attempt.error, attempt.died, chunk.source, self._language)

    def _start_asked(self, pool: ThreadPoolExecutor, asked: Asked | None) -> None:
        if asked is not None:
            self._submit(pool, Work(self._session.chunk(asked.chunk), [], asked.step, asked), asked.cleaner, asked.step)

    def _start(self, pool: ThreadPoolExecutor, work: Work) -> None:
        work.step = next_step(self._mode, work.past, self._options)
        if work.step is None:
            raise AssertionError(f"chunk {work.chunk.index} is pending and has nothing left to try")
        self._submit(pool, work, self._cleaner, work.step)

    def _submit(self, pool: ThreadPoolExecutor, work: Work, cleaner: Cleaner, step: Step) -> None:
        index = work.chunk.index
        self._tell(ChunkStarted(index, step))
        future = pool.submit(
            cleaner.make,
            step,
            work.chunk.source,
            work.chunk.candidates,
            self._cancel.is_set,
            lambda text, tokens: self._listener(TextStreamed(index, text, tokens)),
            lambda decided, total: self._listener(EditsDecided(index, decided, total)),
        )
        self._hands[future] = work

    def _take(self, work: Work, made: Made) -> Taken:
        """What came of a step, ready to be written down. Raises ModelError or EngineError."""
        work.past.append(made.past(work.chunk.source, self._language))
        work.deaths += made.died
        failed = given_up(work.past)
        final = not failed and next_step(self._mode, work.past, self._options) is None
        self._tokens += made.usage.prompt_tokens + made.usage.output_tokens
        state = "failed" if failed else "done" if final else None
        why = f"The worker process died {MAX_DEATHS} times on this chunk." if failed else ""
        prompt = self._options.prompt if made.step.mode == "rewrite" else ""
        return Taken(work, self._record(made, work.chunk.index, self._engine, prompt), state, why)

    def _keep(self, taken: Sequence[Taken]) -> None:
        """Write attempts down in one commit, then report them. One that a person's choice forestalled ends nothing."""
        if not taken:
            return
        with self._session.together():
            taken = [one if self._is_pending(one.work) else replace(one, state=None) for one in taken]
            for one in taken:
                self._session.add_attempt(one.attempt, choose=one.state == "done", state=one.state, note=one.why)
        for one in taken:
            self._count(one)
        if time.monotonic() - self._asked_at > ASK_EVERY_SECONDS:  # of all: the session has every one of them by now
            self._ask_status()
        progress = self._progress()
        for one in taken:
            made = one.attempt
            final = one.state == "done"
            self._tell(AttemptFinished(made.chunk, made.mode, made.reason, made.flags, made.error, final, progress))
            if one.state == "failed":
                self._tell(ChunkFailed(made.chunk, one.why, progress))

    def _take_asked(self, future: "Future[Made]", asked: Asked) -> None:
        """Write down what came of an attempt that was asked for. Whatever went wrong with it ends nothing else."""
        try:
            made = future.result()
            record = self._record(made, asked.chunk, asked.engine, asked.prompt)
        except RequestCancelled:
            return
        except GalleyError as error:
            self._tell(AttemptRefused(asked.chunk, error.message, error.hint))
            return
        self._tokens += made.usage.prompt_tokens + made.usage.output_tokens
        with self._session.together():  # or a pending chunk could have an output that nobody chose, and no next step
            said = self._session.decision(asked.chunk)
            usable = record.error is None
            counts = usable and asked.counts(said)
            first = usable and not counts and self._session.state(asked.chunk) != "done"  # below what was said
            attempt = self._session.add_attempt(record, choose=first, state="done" if first else None)
            dropped = self._session.choose(asked.chunk, attempt, came_in=True) if counts else 0
        self._ask_status()
        was, progress = said.kind if said is not None else "", self._progress()
        made_of = (asked.chunk, record.mode, record.reason, record.flags, made.error)
        self._tell(AttemptFinished(*made_of, counts, progress, asked=True, said=was, dropped=dropped > 0))

    def _record(self, made: Made, index: int, engine: Engine | None, prompt: str) -> Attempt:
        """As the session keeps it. Raises ModelError or EngineError when the engine of it is gone for good."""
        used = engine if made.step.mode != "rules" and not made.died else None
        info: EngineInfo | None = used.start() if used is not None else None
        return Attempt(
            id=0,
            chunk=index,
            mode=made.step.mode,
            reason=made.step.reason,
            engine=info.engine if info else "",
            model=info.model if info else "",
            prompt=prompt,
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

    def _count(self, one: Taken) -> None:
        """Keep the figures up to date without asking the session, which takes milliseconds when it is large."""
        status, done, failed = self._status, one.state == "done", one.state == "failed"
        self._status = replace(
            status,
            done=status.done + done,
            failed=status.failed + failed,
            pending=status.pending - (done or failed),
        )
        self._left.count(one.attempt.chunk, one.attempt.seconds, ended=done or failed)

    def _ask_status(self) -> None:
        """Figures as they are: a person decides and chooses meanwhile."""
        self._status = self._session.status()
        self._left.ask(self._session)
        self._asked_at = time.monotonic()

    def _progress(self) -> Progress:
        status = self._status
        here = time.monotonic() - self._began
        handled = status.done + status.failed
        # Attempts of earlier runs count too, so that a resumed run knows its pace from the start. The first that come
        # out of several slots are the quick ones: the pace is told once each slot has had two.
        known = handled >= 2 * self._jobs
        return Progress(
            total=status.total,
            done=status.done,
            failed=status.failed,
            flagged=status.flagged,
            seconds_left=self._left.seconds / self._jobs if known else None,
            tokens_per_second=self._tokens / here if here > 0 else 0.0,
        )

    def _tell(self, event: Event) -> None:
        self._listener(event)
