"""What ideas to make the model's part faster gain, each against the way it is done: `python -m bench.ideas [NAME…]`.

Each way is tried in a process of its own, in turn with the default, medians; below 1 is a gain. Kinds of work, with the
embedded model: loading it and answering a first question, deciding (four kinds of question in turn, as `verbatim` asks
them), and rewriting two chunks of the sample at once. `chunks` and `overlap` are runs of the sample in `verbatim`: the
first by the size of chunks, the second with the model loaded before, and while, the file is read.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from galley.core import job as jobs
from galley.core.clean.rewrite import messages_for
from galley.core.clean.verbatim import LABELS, prefix_of
from galley.core.engine import llamacpp
from galley.core.engine.options import EngineOptions
from galley.core.events import AttemptFinished, Event
from galley.core.models import pull
from galley.core.prompts import load_judge, load_prompt
from galley.core.wording import plural

from .growth import cleaned, settings

SAMPLE = Path(__file__).resolve().parent.parent / "tests" / "data" / "sample.pdf"
ROUNDS = 3
CONTEXT = 2048
ANSWER_TOKENS = 64
CHUNK = 700
"""Characters of a chunk to rewrite."""
QUESTIONS = 6
KINDS = ("load", "decide", "rewrite")
CHUNK_SIZES = (500, 1000, 2000, 4000)
Setting = Callable[[Any, Any], None]


def drafting(length: int, drafted: int) -> Setting:
    """Tokens that stood behind the last few are tried as the next ones: in a rewrite, they stand in the chunk."""

    def put(params: Any, xllamacpp: Any) -> None:
        params.speculative.types = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
        params.speculative.ngram_simple.size_n, params.speculative.ngram_simple.size_m = length, drafted

    return put


def pinned(params: Any, xllamacpp: Any) -> None:
    """Each thread on a core of its own."""
    del xllamacpp
    mask = list(params.cpuparams.cpumask)
    mask[: params.cpuparams.n_threads] = [True] * params.cpuparams.n_threads
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.cpumask, threads.mask_valid, threads.strict_cpu = mask, True, True


def warmed(params: Any, xllamacpp: Any) -> None:
    del xllamacpp
    params.warmup = True


def copied(params: Any, xllamacpp: Any) -> None:
    params.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE


SETTINGS: dict[str, Setting] = {
    "n-gram drafts of 16 behind 3": drafting(3, 16),
    "n-gram drafts of 48 behind 12": drafting(12, 48),
    "each thread pinned to a core": pinned,
    "llama.cpp's own warm-up": warmed,
    "the model copied, not mapped": copied,
}
OPTIONS: dict[str, dict[str, int]] = {
    f"{plural(slots, 'slot')}, {plural(threads, 'thread')}": {"slots": slots, "threads": threads}
    for slots, threads in ((1, 1), (1, 2), (2, 1), (4, 1), (4, 2))
}
CACHES: dict[str, dict[str, Any]] = {
    "three slots to spare for other kinds of question": {"spare_slots": lambda on_gpu: 3},
    "examples and system texts not kept on disk": {"WORTH_KEEPING": 10**9},
}
WHOLE = ("chunks", "overlap")


def engine_options(**changes: int) -> dict[str, Any]:
    """As the worker gets them."""
    return {
        **EngineOptions().model_dump(),
        "model": str(pull()),
        "slots": 0,
        "context": CONTEXT,
        "gpu_layers": 0,
        **changes,
    }


def took(name: str, chunks: list[str]) -> dict[str, float]:
    """Seconds for each kind of work done in the way of that name; "" is the default. Runs in a process of its own."""
    real = llamacpp.set_up
    change = SETTINGS.get(name)

    def set_up(params: Any, options: Any, xllamacpp: Any) -> None:
        real(params, options, xllamacpp)
        if change is not None:
            change(params, xllamacpp)

    llamacpp.set_up = set_up
    for attribute, value in CACHES.get(name, {}).items():
        setattr(llamacpp, attribute, value)
    began = time.perf_counter()
    engine = llamacpp.LlamaCpp(engine_options(**OPTIONS.get(name, {})))
    try:
        decide(engine, 1)
        loaded = time.perf_counter()
        decide(engine, QUESTIONS)
        decided = time.perf_counter()
        rewrite(engine, chunks)
        return dict(zip(KINDS, (loaded - began, decided - loaded, time.perf_counter() - decided), strict=True))
    finally:
        engine.close()


def decide(engine: llamacpp.LlamaCpp, count: int) -> None:
    """So many questions of each kind, the kinds in turn, as many at once as there are slots."""
    prefixes = [prefix_of(kind) for kind in load_judge().kinds.values()]

    def ask(number: int) -> None:
        request = {"prefix": prefixes[number % len(prefixes)], "query": f"(Jones et al., {1900 + number}) ->"}
        engine.compare({**request, "options": list(LABELS)}, lambda: False)

    with ThreadPoolExecutor(engine.slots) as pool:
        list(pool.map(ask, range(count * len(prefixes))))


def rewrite(engine: llamacpp.LlamaCpp, chunks: list[str]) -> None:
    """By the default prompt, as many chunks at once as there are slots."""
    prompt = load_prompt("default")
    sampling = {"max_tokens": ANSWER_TOKENS, "temperature": 0.0, "top_p": 1.0, "seed": 1}

    def one(source: str) -> None:
        messages = [{"role": turn.role, "content": turn.content} for turn in messages_for(prompt, source)]
        engine.complete({"messages": messages, **sampling}, lambda text, tokens: None, lambda: False)

    with ThreadPoolExecutor(engine.slots) as pool:
        list(pool.map(one, chunks))


def compared(name: str, chunks: list[str]) -> str:
    """The cells of a row: the ratios to the default."""
    ratios: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(ROUNDS):
        default, other = (apart(way, chunks) for way in ("", name))
        for kind in KINDS:
            ratios[kind].append(other[kind] / default[kind])
    return " | ".join(f"{statistics.median(found):.2f}" for found in ratios.values())


def apart(name: str, chunks: list[str]) -> dict[str, float]:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(took, (name, chunks))


def sample_chunks() -> list[str]:
    """Two beginnings of the sample's text, from different pages."""
    config = settings(Path(tempfile.gettempdir()), "rules")
    text = jobs.read_in(SAMPLE, config, jobs.run_settings(config, None)).prepared.text
    return [text[start : start + CHUNK] for start in (CHUNK, 5 * CHUNK)]


def chunk_sizes() -> Iterator[str]:
    yield "| size of a chunk | chunks | s | / default |"
    yield "|---|---|---|---|"
    found: dict[int, tuple[int, float]] = {}
    for size in CHUNK_SIZES:
        with tempfile.TemporaryDirectory() as folder:
            config = settings(Path(folder), "verbatim")
            config = config.model_copy(update={"chunk": config.chunk.model_copy(update={"size": size})})
            chunks, seconds, _ = cleaned(SAMPLE, config)
            found[size] = chunks, seconds
    for size, (chunks, seconds) in found.items():
        yield f"| {size} | {chunks} | {seconds:.2f} | {seconds / found[1000][1]:.2f} |"


def overlap() -> Iterator[str]:
    yield "| the model is loaded | first chunk on disk, s (median) |"
    yield "|---|---|"
    for words, at_once in (("when the file has been read", False), ("while the file is read", True)):
        yield f"| {words} | {statistics.median(until_first_chunk(at_once) for _ in range(ROUNDS)):.2f} |"


def until_first_chunk(at_once: bool) -> float:
    """Seconds from the beginning of a run with nothing loaded."""
    first: list[float] = []
    stop = threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, AttemptFinished) and not first:
            first.append(time.perf_counter())
            stop.set()

    with tempfile.TemporaryDirectory() as folder:
        config = settings(Path(folder), "verbatim")
        model = jobs.identify(pull())
        began = time.perf_counter()
        engine = jobs.make_engine(model, config, config.chunk)
        try:
            with jobs.open_job(SAMPLE, config, model, engine=engine if at_once else None).session as session:
                jobs.make_run(session, engine, listen).work(stop)
        finally:
            engine.close()
    return first[0] - began


def main() -> None:
    names = [*SETTINGS, *OPTIONS, *CACHES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="; ".join([*names, *WHOLE]))
    wanted = parser.parse_args().names or [*names, *WHOLE]
    unknown = set(wanted) - {*names, *WHOLE}
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join([*names, *WHOLE])}")
    ways = [name for name in wanted if name in names]
    if ways:
        chunks = sample_chunks()
        print(f"| way | {' | '.join(KINDS)} |\n{'|---' * (len(KINDS) + 1)}|")
        for name in ways:
            print(f"| {name} | {compared(name, chunks)} |", flush=True)
    for name, table in (("chunks", chunk_sizes), ("overlap", overlap)):
        if name in wanted:
            print()
            for line in table():
                print(line, flush=True)


if __name__ == "__main__":
    main()
