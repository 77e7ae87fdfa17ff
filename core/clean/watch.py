"""Reading along while a model writes, to end what has failed for certain, and what goes on when all is said."""

from collections.abc import Callable

from ..checks import Flag
from ..engine.base import Cancelled, OnText

FIRST_TOKENS = 8
PACE = 1.1
"""The text is looked at each time that it has grown by so much: a long one is not looked at all the time."""


class Watch:
    """Stands between an engine and who waits for its answer. Its two methods are given to the engine."""

    def __init__(
        self,
        failures: Callable[[str], tuple[Flag, ...]],
        end: Callable[[str], int | None],
        on_text: OnText | None,
        cancelled: Cancelled,
    ) -> None:
        """`failures` says what is certainly wrong with a text that goes on (`checks.certain`), `end` where it has said
        all of its source (`checks.surely_said_all`)."""
        self._failures = failures
        self._end = end
        self._on_text = on_text
        self._cancelled = cancelled
        self._next = FIRST_TOKENS
        self.text = ""
        self.tokens = 0
        self.found: tuple[Flag, ...] = ()
        self.end: int | None = None

    def on_text(self, text: str, tokens: int) -> None:
        if self.over:  # what came after the end was asked for
            return
        self.text, self.tokens = text, tokens
        if self._on_text is not None:
            self._on_text(text, tokens)
        if tokens >= self._next:
            self._next = int(tokens * PACE) + 1
            self.end = self._end(text)
            self.found = self._failures(text) if self.end is None else ()

    @property
    def over(self) -> bool:
        """Whether the text has been ended."""
        return bool(self.found) or self.end is not None

    def cancelled(self) -> bool:
        return self.over or self._cancelled()
