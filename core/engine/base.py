"""What the rest of Galley may ask of an engine, whatever library stands behind it.

Two questions are enough: write on from a conversation (`rewrite`), and say which of some continuations is likelier
(`verbatim`). An engine that can't answer the second leaves `compare` out of its features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..errors import EngineError

OnText = Callable[[str, int], None]
"""Called with the text generated so far and the number of its tokens."""
Cancelled = Callable[[], bool]


class WorkerDied(EngineError):
    """The worker process ended or was killed during a request; the engine starts a new one for the next."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str
    """Plain text: what looks like a model's control token in it is text and nothing else."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen."""

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """What a request cost, in tokens and seconds."""

    prompt_tokens: int = 0
    """Tokens that had to be read anew."""
    cached_tokens: int = 0
    """Tokens of the prompt that were still in the cache."""
    output_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.output_tokens + other.output_tokens,
            self.seconds + other.seconds,
        )


class RequestCancelled(Exception):
    """The caller's own `cancelled` said so; nothing is wrong."""

    def __init__(self, usage: Usage = Usage()) -> None:
        super().__init__()
        self.usage = usage
        """What the request cost until then, as far as the engine tells."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote, taken token by token from its own output and never cut from a longer text."""

    text: str
    hit_limit: bool
    """The token limit ended it, and not the model."""
    usage: Usage


@dataclass(frozen=True, slots=True)
class Comparison:
    """Log-probabilities (natural) of the whole options, in their order; comparable with each other only."""

    logprobs: tuple[float, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What was loaded and where it runs."""

    engine: str
    version: str
    model: str
    """The model file's name."""
    path: str
    """Where the model is, so that a later run finds it again."""
    context: int
    """Tokens of context in one slot."""
    slots: int
    threads: int
    devices: tuple[str, ...]
    load_seconds: float
    decides: str = "probabilities"
    """How `verbatim` puts a candidate to it: by `probabilities`, by a `choice` that a grammar forces, or by `alignment`
    of a free answer with the source, in which case `compare` is not to be called."""
    notes: tuple[str, ...] = ()
    """What the user should know of how it was loaded, in sentences."""


class Engine(Protocol):
    """A loaded model. Every method may be called from several threads at once."""

    def start(self) -> EngineInfo:
        """Load the model (again calls return what is loaded). Raises ModelError or EngineError."""
        ...

    def room(self) -> int:
        """How many requests are worth making at a time at present; `EngineInfo.slots` at most."""
        ...

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None, cancelled: Cancelled
    ) -> Completion:
        """Let the model answer. Raises EngineError, WorkerDied or RequestCancelled."""
        ...

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: Cancelled) -> Comparison:
        """How likely each option is to follow prefix + query; `prefix` is kept in the cache.

        Raises EngineError, WorkerDied or RequestCancelled.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` by the model's own vocabulary."""
        ...

    def kill(self) -> None:
        """End the worker process at once; requests in hand raise WorkerDied."""
        ...

    def close(self) -> None:
        """End the worker process; harmless when there is none."""
        ...
