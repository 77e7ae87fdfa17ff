"""Why llama.cpp's settings are as they are: each against the default, in turn, medians. `python -m bench.settings`.

Three kinds of work, with the embedded model: deciding candidate edits (what `verbatim` does), reading a prompt that is
not cached, and writing. A ratio above 1 means that the other setting takes longer than the default.
"""

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from galley.core.clean.verbatim import LABELS, prefix_of
from galley.core.engine.base import Message, Sampling
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.models import describe, pull
from galley.core.prompts import load_judge

ROUNDS = 5
DECISIONS = 24
OTHERS: dict[str, dict[str, object]] = {
    "flash_attention = off": {"flash_attention": "off"},
    "flash_attention = on": {"flash_attention": "on"},
    "kv_type = q8_0": {"kv_type": "q8_0", "flash_attention": "on"},
    "kv_type = f32": {"kv_type": "f32"},
    "micro_batch = 128": {"micro_batch": 128},
    "micro_batch = 1024": {"micro_batch": 1024},
    "batch = 512": {"batch": 512},
    "jobs = 1": {"jobs": 1},
    "jobs = 4": {"jobs": 4},
    "threads = 1": {"threads": 1},
}


class Work:
    """One loaded engine and the three kinds of work."""

    def __init__(self, options: EngineOptions) -> None:
        self.engine = LocalEngine(describe(pull()), options, context=2048)
        self.slots = self.engine.start().slots
        self._prefix = prefix_of(load_judge().kinds["citation"])
        self._number = 1000
        self.decide()

    def decide(self) -> float:
        """Seconds for a number of decisions, asked from as many threads as there are slots."""
        self._number += DECISIONS
        queries = [f"(Jones et al., {self._number + n}) ->" for n in range(DECISIONS)]
        began = time.perf_counter()
        with ThreadPoolExecutor(self.slots) as pool:
            list(pool.map(lambda query: self.engine.compare(self._prefix, query, LABELS, lambda: False), queries))
        return time.perf_counter() - began

    def read(self) -> float:
        """Seconds to read some 900 tokens."""
        self._number += 1
        words = " ".join(f"{self._number} and {n}" for n in range(180))
        return self._answer(words, 1)

    def write(self) -> float:
        """Seconds to write 48 tokens."""
        return self._answer("Tell a long story about a printer who reads proofs.", 48)

    def _answer(self, words: str, tokens: int) -> float:
        began = time.perf_counter()
        sampling = Sampling(max_tokens=tokens, temperature=0.0)
        self.engine.complete([Message("user", words)], sampling, None, lambda: False)
        return time.perf_counter() - began


def main() -> None:
    wanted = sys.argv[1:] or list(OTHERS)
    print("| setting | decide | read | write |\n|---|---|---|---|")
    default = Work(EngineOptions())
    for name in wanted:
        other = Work(EngineOptions.model_validate(OTHERS[name]))
        cells: list[str] = []
        for kind in ("decide", "read", "write"):
            pairs = [(getattr(default, kind)(), getattr(other, kind)()) for _ in range(ROUNDS)]
            cells.append(f"{statistics.median(theirs / ours for ours, theirs in pairs):.2f}")
        other.engine.close()
        print(f"| `{name}` | {' | '.join(cells)} |", flush=True)
    default.engine.close()


if __name__ == "__main__":
    main()
