"""What a run tells whoever watches it. Values only, named in the past tense; a front decides what to show."""

from dataclasses import dataclass

from .checks import Flag
from .clean.policy import Step
from .engine.base import EngineInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; the same figures whether it was resumed or not."""

    total: int
    done: int
    failed: int
    flagged: int
    """Chunks whose chosen attempt has a flag of severity `warning` or `error`."""
    seconds_left: float | None
    """By the speed of this and the session's earlier runs; None until there are two chunks for each slot."""
    tokens_per_second: float
    """Tokens read and written by the model in this run, cached ones left out, per second of wall time."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The engine is loaded (None in `rules`) and work begins."""

    engine: EngineInfo | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class ChunkStarted:
    """An attempt on a chunk begins."""

    chunk: int
    step: Step


@dataclass(frozen=True, slots=True)
class TextStreamed:
    """What `rewrite` wrote so far. Comes from another thread than the other events."""

    chunk: int
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class EditsDecided:
    """How many candidate edits of a chunk `verbatim` has decided. Comes from another thread than the other events."""

    chunk: int
    decided: int
    total: int


@dataclass(frozen=True, slots=True)
class AttemptFinished:
    """An attempt is on disk; `final` when the chunk is done with it, or, of one that was asked for, when it counts."""

    chunk: int
    mode: str
    reason: str
    flags: tuple[Flag, ...]
    error: str | None
    final: bool
    progress: Progress
    asked: bool = False
    """A person wanted it."""
    said: str = ""
    """`accepted`, `edited` or `source`, which a person had said when it came in: that stays where it does not count."""
    dropped: bool = False
    """Something that had been undone of the chunk can't be done again: it was said of another text."""

    @property
    def word(self) -> str:
        """What became of what a person had said; empty where nobody had."""
        if self.dropped and not self.said:
            return "What you had undone of it can't be done again: its text is another now."
        if not self.said or self.error is not None:
            return ""
        if self.final:
            return "What was decided of it is taken back; undo brings that again."
        what = {"edited": "The text that you edited", "source": "The source"}.get(self.said, "What you accepted")
        return f"{what} stays; the new text can be chosen among the attempts."


@dataclass(frozen=True, slots=True)
class AttemptRefused:
    """An attempt that a person asked for could not be made; nothing was changed."""

    chunk: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class ChunkFailed:
    """The chunk was given up, which is on disk; the run goes on."""

    chunk: int
    reason: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class ServerWaited:
    """A server that is gone is waited for, or (without `gone`) it is back. Comes from another thread."""

    words: str
    gone: bool


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Nothing is left to do, or the run was stopped."""

    how: str
    """`finished` or `interrupted`."""
    progress: Progress
    seconds: float


Event = (
    RunStarted
    | ChunkStarted
    | TextStreamed
    | EditsDecided
    | AttemptFinished
    | AttemptRefused
    | ChunkFailed
    | ServerWaited
    | RunEnded
)
