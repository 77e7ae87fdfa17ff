"""One loaded model for several documents at a time: how its slots are dealt out, and who pays when it dies.

Several documents are in hand so that no slot waits at a document's tail. When the model's process dies, every attempt
in hand dies with it, and only one of them may be to blame: from then on each of those is made alone, so that three
deaths are held against the chunk that causes them and no other.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from ..clean.cleaner import Cleaner, Made, OnDecision, OnText
from ..clean.policy import Step
from ..edits import Candidate
from ..engine.base import Cancelled, Comparison, Completion, Engine, EngineInfo, Message, RequestCancelled, Sampling
from ..engine.base import OnText as OnEngineText
from ..job import make_cleaner
from ..run import Listener, Run
from ..session import Session

MOST_DOCUMENTS = 16
"""So many documents are in hand at most, however many requests a server bears."""
POLL_SECONDS = 0.1


class Slots:
    """An engine's slots, dealt out evenly among the documents in hand."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.gate = Gate()
        self._lock = threading.Lock()
        self._open: list[Share] = []

    def documents(self) -> int:
        """How many documents are worth having in hand. Loads the model. Raises ModelError or EngineError."""
        return max(1, min(self.engine.start().slots, MOST_DOCUMENTS))

    @contextmanager
    def share(self) -> "Generator[Share]":
        """A part of the slots while the block runs; the others get it back."""
        mine = Share(self)
        with self._lock:
            self._open.append(mine)
        try:
            yield mine
        finally:
            with self._lock:
                self._open.remove(mine)

    def room_of(self, share: "Share") -> int:
        """At least 1: a document in hand always moves. Until the others have finished what they began with more room,
        there may be as many requests too many as documents came in; they wait at the engine."""
        room = self.engine.room()
        with self._lock:
            each, rest = divmod(room, len(self._open))
            return max(1, each + (self._open.index(share) < rest))


class Share:
    """The engine as one document's run sees it; see `engine.base.Engine`."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._engine = slots.engine

    def start(self) -> EngineInfo:
        return self._engine.start()

    def room(self) -> int:
        return self._slots.room_of(self)

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnEngineText | None, cancelled: Cancelled
    ) -> Completion:
        return self._engine.complete(messages, sampling, on_text, cancelled)

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: Cancelled) -> Comparison:
        return self._engine.compare(prefix, query, options, cancelled)

    def count_tokens(self, text: str) -> int:
        return self._engine.count_tokens(text)

    def kill(self) -> None:
        self._engine.kill()

    def close(self) -> None:
        """The engine belongs to all; the batch closes it."""

    def run(self, session: Session, listener: Listener) -> Run:
        """A run over what is pending in a session, beside those of other documents."""
        settings = session.settings
        mode = settings.clean.mode
        cleaner = make_cleaner(session, self, settings.clean.prompt if mode == "rewrite" else "default")
        return Run(
            session,
            Careful(cleaner, self._slots.gate),
            self,
            settings.clean,
            mode=mode,
            language=session.document.language,
            listener=listener,
        )


class Gate:
    """Lets many through at once, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = False
        self._waiting = 0

    @contextmanager
    def together(self, cancelled: Cancelled) -> Generator[None]:
        """Raises RequestCancelled when that is asked for while waiting."""
        with self._changed:
            self._wait(lambda: not self._alone and not self._waiting, cancelled)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self, cancelled: Cancelled) -> Generator[None]:
        """While the block runs nobody else is inside. Raises RequestCancelled."""
        with self._changed:
            self._waiting += 1
            try:
                self._wait(lambda: not self._alone and not self._inside, cancelled)
                self._alone = True
            finally:
                self._waiting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()

    def _wait(self, until: Callable[[], bool], cancelled: Cancelled) -> None:
        while not until():
            if cancelled():
                raise RequestCancelled
            self._changed.wait(POLL_SECONDS)


class Careful(Cleaner):
    """A cleaner whose attempts are made alone once the model's process died during one on the same text."""

    def __init__(self, cleaner: Cleaner, gate: Gate) -> None:
        self._cleaner = cleaner
        self._gate = gate
        self._suspects: set[str] = set()

    def make(
        self,
        step: Step,
        source: str,
        candidates: Sequence[Candidate],
        cancelled: Cancelled,
        on_text: OnText | None = None,
        on_decision: OnDecision | None = None,
    ) -> Made:
        through = self._gate.alone if source in self._suspects else self._gate.together
        with through(cancelled):
            made = self._cleaner.make(step, source, candidates, cancelled, on_text, on_decision)
        if made.died:
            self._suspects.add(source)
        return made
