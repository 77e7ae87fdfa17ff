"""What a run told since it was last looked at, folded together.

A run tells hundreds of things a second and from several threads; whoever shows it looks when there is time and takes
one bundle. Nothing piles up in between: of a chunk that changed ten times the last state is kept.
"""

import threading
from dataclasses import dataclass, replace

from .engine.base import EngineInfo
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
    ServerWaited,
    TextStreamed,
)

Notice = AttemptFinished | AttemptRefused | ChunkFailed | ServerWaited | RunEnded


@dataclass(frozen=True, slots=True)
class InHand:
    """A chunk that is being cleaned."""

    mode: str
    reason: str
    text: str = ""
    """What `rewrite` wrote so far."""
    done: int = 0
    """Tokens written, or edits decided."""
    total: int = 0
    """Edits to decide; 0 when it is not known."""


@dataclass(frozen=True, slots=True)
class News:
    """Everything since the last look."""

    touched: frozenset[int]
    """Chunks whose record in the session changed."""
    in_hand: dict[int, InHand]
    """Chunks that are being cleaned now."""
    progress: Progress | None
    """The newest figures, if there were any."""
    engine: EngineInfo | None
    """What was loaded, once it was."""
    notices: tuple[Notice, ...]
    """What a person may want to be told of one by one: attempts asked for, failures, waits, the end."""

    @property
    def empty(self) -> bool:
        return not (self.touched or self.progress or self.notices)


class Board:
    """A run's listener. Called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._touched: set[int] = set()
        self._in_hand: dict[int, InHand] = {}
        self._progress: Progress | None = None
        self._engine: EngineInfo | None = None
        self._notices: list[Notice] = []

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._fold(event)

    def take(self) -> News:
        """What came since the last call."""
        with self._lock:
            news = News(
                frozenset(self._touched), dict(self._in_hand), self._progress, self._engine, tuple(self._notices)
            )
            self._touched.clear()
            self._notices.clear()
            self._progress = None
            return news

    def _fold(self, event: Event) -> None:
        if isinstance(event, ChunkStarted):
            self._in_hand[event.chunk] = InHand(event.step.mode, event.step.reason)
        elif isinstance(event, TextStreamed | EditsDecided):
            self._move(event)
        elif isinstance(event, AttemptFinished | AttemptRefused | ChunkFailed):
            self._in_hand.pop(event.chunk, None)
            self._touched.add(event.chunk)
            if not isinstance(event, AttemptFinished) or event.asked:
                self._notices.append(event)
        if isinstance(event, RunStarted):
            self._engine = event.engine
        elif isinstance(event, ServerWaited):
            self._notices.append(event)
        if isinstance(event, RunEnded):
            self._in_hand.clear()
            self._notices.append(event)
        if isinstance(event, RunStarted | AttemptFinished | ChunkFailed | RunEnded):
            self._progress = event.progress

    def _move(self, event: TextStreamed | EditsDecided) -> None:
        """A step on; what comes late, after its chunk was finished, is dropped."""
        known = self._in_hand.get(event.chunk)
        if known is None:
            return
        if isinstance(event, TextStreamed):
            self._in_hand[event.chunk] = replace(known, text=event.text, done=event.tokens)
        else:
            self._in_hand[event.chunk] = replace(known, done=event.decided, total=event.total)
