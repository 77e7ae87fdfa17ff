"""How near Galley comes to what the machine can do with the model: `python -m bench.limit [PDF]`.

llama.cpp's own rates first, and then a run in `verbatim` and one in `rewrite`, held against them.

The limit of a run is the time that its tokens take at the best rates that llama.cpp reaches here, alone and in the
largest batches: tokens that were read at the rate of reading, and tokens that were written at that of writing, but for
the first of each answer, which comes out of reading the prompt.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from galley.core import job as jobs
from galley.core.config import Config
from galley.core.engine.base import Cancelled, Comparison, Completion, EngineInfo, Message, OnText, Sampling
from galley.core.events import Event, RunStarted
from galley.core.models import pull

from .growth import settings

SAMPLE = Path(__file__).resolve().parent.parent / "tests" / "data" / "sample.pdf"
READ_BATCHES = (512, 1024, 2048)
READ_PROMPTS, READ_TOKENS = 4, 512
WRITE_SLOTS = (1, 2, 4, 8)
WRITE_TOKENS = 64
SHORT = (8, 16, 32, 64)
"""Tokens of a question that is read behind a cached beginning."""
BEGINNING = 256
ROUNDS = 3
REWRITE_PAGES = "1"


@dataclass(frozen=True, slots=True)
class Rates:
    """What llama.cpp reaches here with a model, in tokens a second."""

    read: dict[int, float]
    """By the tokens computed at once."""
    write: dict[int, float]
    """By the answers written at once, all of them together."""
    short: dict[int, float]
    """Reading a few tokens behind a cached beginning, one question after another, by their number."""

    def seconds(self, read: int, written: int) -> float:
        """What so many tokens take at best."""
        return read / max(self.read.values()) + written / max(self.write.values())

    def seconds_as_asked(self, read: int, written: int, requests: int, slots: int) -> float:
        """What they take at best in pieces of this size: so many tokens read at once, so many answers written."""
        size = read / max(requests, 1)
        near = min(self.short, key=lambda known: abs(known - size))
        rate = self.short[near] if size <= max(self.short) else max(self.read.values())
        return read / rate + written / self.write[min(self.write, key=lambda known: abs(known - slots))]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a document."""

    mode: str
    chunks: int
    seconds: float
    """From the loaded model to the end of the last chunk."""
    idle: float
    """Seconds of it in which no request was under way."""
    single: float
    """Seconds in which one was, where the engine takes several."""
    read: int
    written: int
    """Tokens, but for the first of each answer."""
    requests: int


class Watched:
    """An engine whose requests are timed."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._changes: list[tuple[float, int]] = []
        self.requests = 0

    def start(self) -> EngineInfo:
        return self._engine.start()

    def room(self) -> int:
        return self._engine.room()

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None, cancelled: Cancelled
    ) -> Completion:
        with self._under_way():
            return self._engine.complete(messages, sampling, on_text, cancelled)

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: Cancelled) -> Comparison:
        with self._under_way():
            return self._engine.compare(prefix, query, options, cancelled)

    def count_tokens(self, text: str) -> int:
        with self._under_way():
            return self._engine.count_tokens(text)

    def kill(self) -> None:
        self._engine.kill()

    def close(self) -> None:
        self._engine.close()

    def busy(self, began: float, ended: float) -> dict[int, float]:
        """Seconds by the number of requests under way."""
        with self._lock:
            changes = sorted(self._changes)
        return by_level(changes, began, ended)

    @contextmanager
    def _under_way(self) -> Generator[None]:
        with self._lock:
            self.requests += 1
            self._changes.append((time.perf_counter(), 1))
        try:
            yield
        finally:
            with self._lock:
                self._changes.append((time.perf_counter(), -1))


def by_level(changes: Sequence[tuple[float, int]], began: float, ended: float) -> dict[int, float]:
    """Seconds between `began` and `ended` at each level; a change (when, by how much) holds from its time on."""
    found: dict[int, float] = {}
    level, at = 0, began
    for when, change in [*changes, (ended, 0)]:
        when = min(max(when, began), ended)
        found[level] = found.get(level, 0.0) + when - at
        level, at = level + change, when
    return found


def measure_rates(model: str, threads: int) -> Rates:
    """In a process of its own: two servers of llama.cpp are one too many for an honest measurement."""
    with get_context("spawn").Pool(1) as pool:
        read: dict[int, float] = {}
        for batch in READ_BATCHES:
            read[batch] = pool.apply(reading, (model, threads, batch))
        return Rates(read, pool.apply(writing, (model, threads)), pool.apply(questions, (model, threads)))


@contextmanager
def bare_server(model: str, threads: int, slots: int, batch: int) -> Generator[Any]:
    """llama.cpp as it comes, on a socket in a folder of its own."""
    xllamacpp: Any = import_module("xllamacpp")
    with tempfile.TemporaryDirectory() as folder:
        params: Any = xllamacpp.CommonParams()
        params.model.path = model
        params.n_parallel = slots
        params.n_ctx = slots * 1024
        params.n_batch = params.n_ubatch = batch
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        params.cache_ram_mib = 0
        params.verbosity = -1
        params.hostnames = [f"{folder}/llama.sock"]
        yield xllamacpp.Server(params)


def tokens(count: int, start: int) -> list[int]:
    """Some ordinary tokens, others for each start."""
    return [1000 + (start * 7919 + 31 * place) % 20000 for place in range(count)]


def best(measured: Callable[[int], float]) -> float:
    """The best of some rounds: what the machine can do is what it did while nothing disturbed it."""
    return max(measured(round_) for round_ in range(ROUNDS))


def reading(model: str, threads: int, batch: int) -> float:
    """Several prompts at once, which llama.cpp puts together into batches."""
    with bare_server(model, threads, READ_PROMPTS, batch) as server:

        def read(number: int) -> None:
            server.handle_completions({"prompt": tokens(READ_TOKENS, number), "n_predict": 1, "cache_prompt": False})

        def once(round_: int) -> float:
            with ThreadPoolExecutor(READ_PROMPTS) as pool:
                began = time.perf_counter()
                list(pool.map(read, range(round_ * 100 + 1, round_ * 100 + 1 + READ_PROMPTS)))
            return READ_PROMPTS * READ_TOKENS / (time.perf_counter() - began)

        server.handle_completions({"prompt": tokens(16, 99), "n_predict": 2})
        return best(once)


def writing(model: str, threads: int) -> dict[int, float]:
    with bare_server(model, threads, max(WRITE_SLOTS), 2048) as server:

        def answer(number: int) -> int:
            asked = {"prompt": tokens(32, number), "n_predict": WRITE_TOKENS, "ignore_eos": True, "temperature": 0}
            return int(server.handle_completions(asked)["timings"]["predicted_n"]) - 1

        def at_once(slots: int, round_: int) -> float:
            with ThreadPoolExecutor(slots) as pool:
                began = time.perf_counter()
                written = sum(pool.map(answer, range(round_ * 100, round_ * 100 + slots)))
            return written / (time.perf_counter() - began)

        answer(0)
        return {slots: best(lambda round_, slots=slots: at_once(slots, round_ + 1)) for slots in WRITE_SLOTS}


def questions(model: str, threads: int) -> dict[int, float]:
    with bare_server(model, threads, 1, 2048) as server:
        beginning = tokens(BEGINNING, 1)

        def ask(count: int, number: int) -> None:
            prompt = [*beginning, *tokens(count, number)]
            server.handle_completions({"prompt": prompt, "n_predict": 1, "cache_prompt": True})

        def several(count: int, round_: int) -> float:
            began = time.perf_counter()
            for number in range(10):
                ask(count, 10 * round_ + number + 2)
            return 10 * count / (time.perf_counter() - began)

        ask(8, 0)
        return {count: best(lambda round_, count=count: several(count, round_)) for count in SHORT}


def run_once(pdf: Path, mode: str, pages: str = "") -> Ran:
    """Clean a document in a fresh session with a fresh engine."""
    with tempfile.TemporaryDirectory() as folder:
        config = settings(Path(folder), mode, pages=pages)
        model = jobs.identify(pull())
        engine = Watched(jobs.make_engine(model, config, config.chunk))
        started: list[float] = []

        def listen(event: Event) -> None:
            if isinstance(event, RunStarted):
                started.append(time.perf_counter())

        try:
            with jobs.open_job(pdf, config, model).session as session:
                jobs.make_run(session, engine, listen).work(threading.Event())
                ended = time.perf_counter()
                attempts = [made for chunk in session.chunks() for made in session.attempts(chunk.index)]
        finally:
            engine.close()
    busy = engine.busy(started[0], ended)
    answers = [made for made in attempts if made.mode == "rewrite" and made.output_tokens]
    return Ran(
        mode,
        len({made.chunk for made in attempts}),
        ended - started[0],
        busy.get(0, 0.0),
        busy.get(1, 0.0),
        sum(made.prompt_tokens for made in attempts),
        sum(made.output_tokens - 1 for made in answers),
        engine.requests,
    )


def engine_table(pdf: Path, rewrite_pages: str) -> Iterator[str]:
    model = pull()
    engine = jobs.make_engine(jobs.identify(model), Config(), Config().chunk)
    try:
        info = engine.start()
    finally:
        engine.close()
    rates = measure_rates(str(model), info.threads)
    yield "| llama.cpp alone | tokens a second |"
    yield "|---|---|"
    yield from (f"| reading, {batch} tokens at once | {rate:.0f} |" for batch, rate in rates.read.items())
    yield from (f"| reading {size} behind {BEGINNING} cached | {rate:.0f} |" for size, rate in rates.short.items())
    yield from (f"| writing, {slots} at once | {rate:.0f} |" for slots, rate in rates.write.items())
    heads = ["run", "chunks", "s", "requests", "read", "written", "limit, s", "share, ≥ 85 %", "as asked"]
    yield f"\n| {' | '.join([*heads, 'outside, ≤ 3 %', 'one at work'])} |"
    yield "|---" * 11 + "|"
    for mode, pages, rounds in (("verbatim", "", ROUNDS), ("rewrite", rewrite_pages, 1)):
        ran = sorted((run_once(pdf, mode, pages) for _ in range(rounds)), key=lambda one: one.seconds)[rounds // 2]
        limit = rates.seconds(ran.read, ran.written)
        as_asked = rates.seconds_as_asked(ran.read, ran.written, ran.requests, info.slots)
        yield (
            f"| {mode} | {ran.chunks} | {ran.seconds:.2f} | {ran.requests} | {ran.read} | {ran.written} | {limit:.2f} "
            f"| {limit / ran.seconds:.0%} | {as_asked / ran.seconds:.0%} | {ran.idle / ran.seconds:.1%} "
            f"| {ran.single / ran.seconds:.0%} |"
        )
    yield "\nAs asked: the share by the rates for pieces of this size, one by one, and so many answers at once."
    yield "Outside: the share of the run in which no request was under way. One at work: only one of the slots was."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pdf", type=Path, nargs="?", default=SAMPLE, help="the sample without")
    parser.add_argument("--rewrite-pages", default=REWRITE_PAGES, help="pages that `rewrite` is given; it is slow")
    given = parser.parse_args()
    for line in engine_table(given.pdf, given.rewrite_pages):
        print(line, flush=True)


if __name__ == "__main__":
    main()
