"""How cost grows with pages, slots and context, as tables and plots: `python -m bench.growth [NAME…]`.

Names: pages (1, 10, 100, and 1,000 with --thousand), slots (1 to 8), context (1k to 8k). All of them without names.
With --pictures FOLDER each is written there as growth-NAME.svg too.
"""

import argparse
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from galley.core import job as jobs
from galley.core.chunk import chunk
from galley.core.config import Config
from galley.core.engine.base import Message, Sampling
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.events import Event, RunStarted
from galley.core.extract import extract
from galley.core.models import describe, pull
from galley.core.prepare import prepare

from .desk import GALLEY
from .plots import Line, Plot, svg

SAMPLE = Path(__file__).resolve().parent.parent / "tests" / "data" / "sample.pdf"
PAGES = (1, 10, 100)
THOUSAND = 1000
SLOTS = (1, 2, 4, 8)
CONTEXTS = (1024, 2048, 4096, 8192)
SPARE_TOKENS = 160
"""Of the context, for the template and the answer."""
WRITTEN = 48
LOOK_SECONDS = 0.02
STORY = "Go on with this story for a very long time, word after word, without an end."


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured, by what was varied: the first column."""

    columns: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]

    def markdown(self) -> str:
        lines = [f"| {' | '.join(self.columns)} |", "|---" * len(self.columns) + "|"]
        lines += [f"| {' | '.join(shown(value) for value in row)} |" for row in self.rows]
        return "\n".join(lines)

    def line(self, name: str, column: str) -> Line:
        place = self.columns.index(column)
        return Line(name, tuple((row[0], row[place]) for row in self.rows))


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def settings(folder: Path, mode: str, **extract_options: Any) -> Config:
    config = Config()
    clean = config.clean.model_copy(update={"mode": mode})
    extraction = config.extract.model_copy(update=extract_options)
    session = config.session.model_copy(update={"directory": str(folder)})
    return config.model_copy(update={"clean": clean, "extract": extraction, "session": session})


def repeated(pdf: Path, pages: int, target: Path) -> Path:
    """A document of so many pages, out of those of another."""
    from pypdf import PdfReader, PdfWriter  # half a second that the other measurements do without

    reader, writer = PdfReader(pdf), PdfWriter()
    for number in range(pages):
        writer.add_page(reader.pages[number % len(reader.pages)])
    writer.write(target)
    return target


def clean_by_rules(pdf: Path, extractor: str) -> dict[str, float]:
    """Seconds by stage of `rules`, from the file to the last chunk on disk."""
    with tempfile.TemporaryDirectory() as folder:
        config = settings(Path(folder), "rules", extractor=extractor)
        marks = [time.perf_counter()]
        document = extract(pdf, config.extract)
        marks.append(time.perf_counter())
        prepared = prepare(document, config.prepare)
        marks.append(time.perf_counter())
        cut = chunk(prepared, config.chunk)
        marks.append(time.perf_counter())
        reading_ = jobs.Reading(document, prepared, tuple(cut), config.chunk)
        with jobs.open_job(pdf, config, None, reading=reading_).session as session:
            marks.append(time.perf_counter())
            jobs.make_run(session, None, lambda event: None).work(threading.Event())
            marks.append(time.perf_counter())
    names = ("extract", "prepare", "chunk", "session", "run")
    return {name: marks[place + 1] - marks[place] for place, name in enumerate(names)}


@dataclass(frozen=True, slots=True)
class Peak:
    """The most memory that a command had, in MB."""

    own: float
    """Of its own process, without those it started."""
    worker: float
    """Of the largest process that it started."""
    seconds: float


def peak_of(command: list[str], environment: dict[str, str], seconds: float = 600.0) -> Peak:
    """What a command takes. It is interrupted after so many seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    own = worker = 0.0
    stopped = False
    while process.poll() is None:
        own = max(own, high_water(process.pid))
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(process.pid).children(recursive=True)
            worker = max([worker, *(high_water(child.pid) for child in children)])
        if not stopped and time.perf_counter() - began > seconds:
            process.terminate()
            stopped = True
        time.sleep(LOOK_SECONDS)
    process.wait()
    return Peak(own, worker, time.perf_counter() - began)


def high_water(pid: int) -> float:
    """MB that a process had at most; 0 once it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return max((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM")), default=0.0)


def own_place(folder: str) -> dict[str, str]:
    """An environment in which Galley keeps everything but its models in a folder."""
    return {**os.environ, "GALLEY_HOME": folder, "GALLEY_MODELS": str(pull().parent)}


def cleaned(pdf: Path, config: Config) -> tuple[int, float, int]:
    """(chunks, seconds, bytes of the session) of a run with a fresh engine, from the loaded model to the last chunk."""
    model = jobs.identify(pull())
    engine = jobs.make_engine(model, config, config.chunk)
    started: list[float] = []

    def listen(event: Event) -> None:
        if isinstance(event, RunStarted):
            started.append(time.perf_counter())

    try:
        with jobs.open_job(pdf, config, model).session as session:
            jobs.make_run(session, engine, listen).work(threading.Event())
            seconds = time.perf_counter() - started[0]
            return session.status().total, seconds, session.path.stat().st_size
    finally:
        engine.close()


def by_pages(pdf: Path, counts: Sequence[int]) -> Table:
    rows: list[tuple[float, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in counts:
            large = repeated(pdf, count, folder / f"{count}.pdf")
            by_rules = sum(clean_by_rules(large, "auto").values())
            chunks, seconds, size = cleaned(large, settings(folder / f"sessions{count}", "verbatim"))
            command = [*GALLEY, "clean", str(large), "--mode", "rules", "-o", f"{folder}/{count}.txt"]
            peak = peak_of(command, own_place(name)).own
            rows.append((count, chunks, by_rules, seconds, peak, size / 1000))
    return Table(("pages", "chunks", "rules, s", "verbatim, s", "memory of the parent, MB", "session, kB"), tuple(rows))


def by_slots(pdf: Path, counts: Sequence[int]) -> Table:
    rows: list[tuple[float, ...]] = []
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            config = settings(Path(folder), "verbatim")
            config = config.model_copy(update={"engine": config.engine.model_copy(update={"jobs": count})})
            chunks, seconds, _ = cleaned(pdf, config)
        engine = LocalEngine(describe(pull()), EngineOptions(jobs=count), context=2048)
        try:
            engine.start()
            rate, memory = written_at_once(engine, count), memory_of(engine)
        finally:
            engine.close()
        rows.append((count, 60 * chunks / seconds, rate, memory))
    columns = ("slots", "verbatim, chunks a minute", "writing, tokens a second", "memory of the worker, MB")
    return Table(columns, tuple(rows))


def written_at_once(engine: LocalEngine, count: int) -> float:
    """Tokens a second of so many answers together."""
    sampling = Sampling(WRITTEN)

    def one(number: int) -> int:
        asked = [Message("system", "You tell stories."), Message("user", f"{number} {STORY}")]
        return engine.complete(asked, sampling, None, lambda: False).usage.output_tokens

    one(0)
    with ThreadPoolExecutor(count) as pool:
        began = time.perf_counter()
        written = sum(pool.map(one, range(1, count + 1)))
    return written / (time.perf_counter() - began)


def by_context(contexts: Sequence[int]) -> Table:
    """A prompt that nearly fills the context is read, and an answer written behind it."""
    rows: list[tuple[float, ...]] = []
    for context in contexts:
        engine = LocalEngine(describe(pull()), EngineOptions(jobs=1), context=context)
        try:
            engine.start()
            words = filling(engine, context - SPARE_TOKENS)
            asked = [Message("system", "You tell stories."), Message("user", f"{words} {STORY}")]
            first = engine.complete(asked, Sampling(1), None, lambda: False).usage
            after = engine.complete(asked, Sampling(WRITTEN), None, lambda: False).usage
            rate = first.prompt_tokens / first.seconds
            rows.append((context, first.prompt_tokens, rate, after.output_tokens / after.seconds, memory_of(engine)))
        finally:
            engine.close()
    columns = (
        "context, tokens",
        "prompt, tokens",
        "reading, tokens a second",
        "writing, tokens a second",
        "memory of the worker, MB",
    )
    return Table(columns, tuple(rows))


def filling(engine: LocalEngine, tokens: int) -> str:
    """Text of nearly so many tokens."""
    sentence = "The reader of the proofs sat beside him in the cold room, and they read the sheet aloud. "
    return sentence * (tokens // engine.count_tokens(sentence))


def memory_of(engine: LocalEngine) -> float:
    """MB that the worker holds now, the mapped model among them."""
    assert engine.pid is not None
    return psutil.Process(engine.pid).memory_info().rss / 1e6


def plot_of(name: str, table: Table) -> Plot:
    if name == "pages":
        lines = (
            table.line("verbatim", "verbatim, s"),
            table.line("rules", "rules, s"),
            Line("a second a page", tuple((row[0], row[0]) for row in table.rows), even=True),
        )
        return Plot("Time grows with the pages, and no faster", "pages", "seconds", lines, log_x=True, log_y=True)
    if name == "slots":
        lines = (
            table.line("writing", "writing, tokens a second"),
            table.line("verbatim", "verbatim, chunks a minute"),
        )
        return Plot("Slots", "slots", "tokens a second, chunks a minute", lines)
    lines = (
        table.line("reading", "reading, tokens a second"),
        table.line("writing", "writing, tokens a second"),
    )
    return Plot("A prompt that fills its context", "context, tokens", "tokens a second", lines, log_y=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="pages, slots, context")
    parser.add_argument("--pdf", type=Path, default=SAMPLE, help="the sample without")
    parser.add_argument("--thousand", action="store_true", help="1,000 pages too")
    parser.add_argument("--pictures", type=Path, help="folder for the plots, such as docs/pictures")
    given = parser.parse_args()
    counts = (*PAGES, THOUSAND) if given.thousand else PAGES
    tables: dict[str, Callable[[], Table]] = {
        "pages": lambda: by_pages(given.pdf, counts),
        "slots": lambda: by_slots(given.pdf, SLOTS),
        "context": lambda: by_context(CONTEXTS),
    }
    unknown = set(given.names) - set(tables)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(tables)}")
    for name in given.names or tables:
        table = tables[name]()
        print(f"{table.markdown()}\n", flush=True)
        if given.pictures is not None:
            picture = given.pictures / f"growth-{name}.svg"
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_text(svg(plot_of(name, table)), encoding="utf-8")


if __name__ == "__main__":
    main()
