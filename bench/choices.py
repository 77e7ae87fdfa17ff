"""Why these parts: each pair of ways side by side, three times in turn, medians. `python -m bench.choices PAPER.pdf`.

Needs the packages `pysbd` and `gguf` beside the development environment; what is missing is left out.
"""

import importlib.util
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from galley.core.extract import extract
from galley.core.models import describe, pull
from galley.core.prepare import prepare

ROUNDS = 3
DECIDE = """
import sys, time
from pathlib import Path
from galley.core.engine.llamacpp import LlamaCpp
from galley.core.prompts import load_judge
from galley.core.clean.verbatim import LABELS, prefix_of
plain = {"tensor_split": [], "flash_attention": "auto", "kv_type": "f16", "batch": 2048, "micro_batch": 512}
engine = LlamaCpp({"model": sys.argv[1], "slots": 1, "context": 1024, "threads": 0, "gpu_layers": 0, **plain})
prefix = prefix_of(load_judge().kinds["citation"])
def ask(year):
    engine.compare({"prefix": prefix, "query": f"(Jones et al., {year}) ->", "options": LABELS}, lambda: False)
ask(1900)
began = time.perf_counter()
for year in range(1901, 1931):
    ask(year)
print((time.perf_counter() - began) / 30)
engine.close()
"""


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def side_by_side(name: str, ours: tuple[str, Callable[[], float]], theirs: tuple[str, Callable[[], float]]) -> None:
    """One row: medians of both and their ratio; each function gives seconds."""
    pairs = [(ours[1](), theirs[1]()) for _ in range(ROUNDS)]
    one, two = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"| {name} | {ours[0]} {one:.3f} s | {theirs[0]} {two:.3f} s | {two / one:.1f} |")


def sentences(paper: Path) -> None:
    import nupunkt
    import pysbd  # type: ignore[import-not-found]

    parts = prepare(extract(paper)).text.split("\n\n")
    other = pysbd.Segmenter(language="en", clean=False, char_span=True)
    nupunkt.sent_spans("One. Two.")
    side_by_side(
        "sentences of the paper",
        ("nupunkt", lambda: seconds(lambda: [nupunkt.sent_spans(part) for part in parts])),
        ("pysbd", lambda: seconds(lambda: [other.segment(part) for part in parts])),
    )


def header(model: Path) -> None:
    from gguf import GGUFReader  # type: ignore[import-not-found]

    side_by_side(
        "a model's header",
        ("galley", lambda: seconds(lambda: describe(model))),
        ("gguf", lambda: seconds(lambda: GGUFReader(model))),
    )


def threads(model: Path, busy: bool) -> None:
    """A decision with waiting threads that soon sleep, and with ones that always do; `busy` occupies one core."""

    def decide(name: str, value: str) -> float:
        load = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
        try:
            command = [sys.executable, "-c", DECIDE, str(model)]
            environment = {**os.environ, name: value}
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
            return float(done.stdout)
        finally:
            if load is not None:
                load.kill()
                load.wait()

    case = "a decision, one core busy" if busy else "a decision, idle machine"
    ours = ("short spin", lambda: decide("GOMP_SPINCOUNT", "1000"))
    side_by_side(case, ours, ("no spin", lambda: decide("OMP_WAIT_POLICY", "passive")))
    side_by_side(case, ours, ("endless spin", lambda: decide("OMP_WAIT_POLICY", "active")))


def main() -> None:
    model = pull()
    print("| what | chosen | other | ratio |\n|---|---|---|---|")
    if importlib.util.find_spec("pysbd"):
        sentences(Path(sys.argv[1]))
    if importlib.util.find_spec("gguf"):
        header(model)
    threads(model, busy=True)
    threads(model, busy=False)


if __name__ == "__main__":
    main()
