"""What a library that holds a model has to offer inside the worker process.

A backend is a class whose constructor takes the payload of a `load` request and loads the model. It raises any
exception with a readable message when it can't; what it raises later costs one request.
"""

from collections.abc import Callable
from typing import Protocol

from .protocol import Payload


class RequestError(ValueError):
    """A request that can't be answered; the message says why."""


class Cancel(Exception):
    """Raised inside a request that was cancelled."""

    def __init__(self, usage: Payload | None = None) -> None:
        super().__init__()
        self.usage = usage or {}
        """What it cost until then, where that is known: as in the result of `Backend.complete`."""


class Backend(Protocol):
    """One loaded model. `complete`, `compare` and `count` are called from several threads at once."""

    @property
    def info(self) -> Payload:
        """What was loaded: the fields of `base.EngineInfo` without `path`."""
        ...

    def complete(self, request: Payload, on_text: Callable[[str, int], None], cancelled: Callable[[], bool]) -> Payload:
        """Answer `messages` (role, content), by `max_tokens`, `temperature`, `top_p` and `seed`.

        `on_text` gets all the text so far and the number of its tokens, for each token. The result has `text`,
        `hit_limit`, `prompt_tokens`, `cached_tokens` and `output_tokens`. Raises Cancel or RequestError.
        """
        ...

    def compare(self, request: Payload, cancelled: Callable[[], bool]) -> Payload:
        """`logprobs` (natural) of each of `options`, as a whole, after `prefix` + `query`, and the usage as above."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text."""
        ...

    def close(self) -> None:
        """Let go of what the system doesn't: the process ends next."""
        ...
