"""An engine without a model, for what is about the run and not about the text."""

import threading
from collections.abc import Callable, Sequence

from galley.core.engine.base import Cancelled, Comparison, Completion, EngineInfo, Message, OnText, Sampling, Usage


def never() -> bool:
    """For a request that nobody cancels."""
    return False


class FakeEngine:
    """Answers a conversation with `answer(source, seed)`, and every comparison with the first option."""

    def __init__(self, answer: Callable[[str, int], str], slots: int = 2) -> None:
        self._answer = answer
        self._slots = slots
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()

    def start(self) -> EngineInfo:
        return EngineInfo("fake", "1", "fake.gguf", "fake.gguf", 2048, self._slots, 1, (), 0.0)

    def room(self) -> int:
        return self._slots

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None, cancelled: Cancelled
    ) -> Completion:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            text = self._answer(messages[-1].content, sampling.seed)
            if on_text is not None:
                on_text(text[:10], 3)
            return Completion(text, len(text.split()) > sampling.max_tokens, Usage(10, 0, 10, 0.01))
        finally:
            with self._lock:
                self._now -= 1

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: Cancelled) -> Comparison:
        return Comparison((0.0, -5.0), Usage(5, 5, 1, 0.0))

    def count_tokens(self, text: str) -> int:
        return len(text) // 3

    def kill(self) -> None:
        """There is no process."""

    def close(self) -> None:
        """There is no process."""
