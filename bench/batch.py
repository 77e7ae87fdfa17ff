"""A batch against a shell loop of `galley clean`, and its memory: `python -m bench.batch [FOLDER]`.

The documents are cut out of the sample (two pages each), or they are the PDFs and texts of FOLDER. Loop and batch take
turns with a fresh home each; their texts must be the same, byte for byte. With --memory: the peaks of a batch over a
large PDF and of one over a shelf of small ones, process by process, the model's left out. With --seconds each is
interrupted after so long: a model would take hours for both, and what it takes shows after minutes.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from galley.core.models import pull

from .desk import GALLEY
from .growth import SAMPLE, repeated

SHORT, MANY = 24, 1000
"""Documents of the comparison, and of the shelf whose memory is looked at."""
LOOK_SECONDS = 0.05
ENGINE = "galley.core.engine.worker"
EXTRACTOR = "galley.core.extract.worker"
WORKER = "galley.core.batch.worker"
PARTS = {ENGINE: "model", EXTRACTOR: "extraction", WORKER: "workers"}


@dataclass(frozen=True, slots=True)
class Peak:
    """Most memory in MB that was resident at any one moment, by kind of process, and seconds."""

    by_kind: dict[str, float]
    """The most of each kind (all its processes together), which need not be at the same moment."""
    together: float
    """The most at any moment, the model's process left out; pages that processes share are counted once."""
    seconds: float


def shelf(folder: Path, count: int) -> Path:
    """So many short documents, each another cut of the sample."""
    from pypdf import PdfReader, PdfWriter

    folder.mkdir()
    reader = PdfReader(SAMPLE)
    for number in range(count):
        writer = PdfWriter()
        for page in (number % len(reader.pages), (number + 1) % len(reader.pages)):
            writer.add_page(reader.pages[page])
        writer.add_metadata({"/Title": f"Document {number}"})
        writer.write(folder / f"document-{number:04d}.pdf")
    return folder


def home(folder: Path) -> dict[str, str]:
    return {**os.environ, "GALLEY_HOME": str(folder), "GALLEY_MODELS": str(pull().parent), "HF_HUB_OFFLINE": "1"}


def by_loop(documents: list[Path], out: Path, mode: str, place: Path) -> float:
    """Seconds of `for each document: galley clean`."""
    began = time.perf_counter()
    for path in documents:
        command = [*GALLEY, "clean", str(path), "--mode", mode, "-q", "-o", str(out / f"{path.stem}.txt")]
        subprocess.run(command, env=home(place), check=True)
    return time.perf_counter() - began


def by_batch(root: Path, out: Path, mode: str, place: Path) -> float:
    """Seconds of `galley batch` over the same."""
    began = time.perf_counter()
    command = [*GALLEY, "batch", str(root), "--mode", mode, "-q", "-o", str(out)]
    subprocess.run(command, env=home(place), check=True)
    return time.perf_counter() - began


def compare(root: Path, mode: str, rounds: int) -> Iterator[str]:
    """Lines of the table: both ways in turn."""
    documents = sorted(path for path in root.rglob("*") if path.suffix in {".pdf", ".txt", ".md"})
    loops: list[float] = []
    batches: list[float] = []
    yield f"| {mode}, {len(documents)} documents | loop, s | batch, s | loop / batch |"
    yield "|---|---|---|---|"
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            one, other = Path(folder, "loop"), Path(folder, "batch")
            one.mkdir()
            loops.append(by_loop(documents, one, mode, Path(folder, "home-1")))
            batches.append(by_batch(root, other, mode, Path(folder, "home-2")))
            differ = [path.name for path in documents if text(one, path) != text(other, path.relative_to(root))]
        yield f"| round {number + 1} | {loops[-1]:.1f} | {batches[-1]:.1f} | {loops[-1] / batches[-1]:.2f} |"
        if differ:
            sys.exit(f"Texts differ: {', '.join(differ)}")
    loop, batch = statistics.median(loops), statistics.median(batches)
    yield f"| median | {loop:.1f} | {batch:.1f} | {loop / batch:.2f} |"
    yield ""
    yield f"All {len(documents)} texts are the same, byte for byte."


def text(folder: Path, document: Path) -> bytes:
    """The text of a document that the folder holds under its name, with the folders it was in or without."""
    plain = folder / f"{document.stem}.txt"
    return (plain if plain.is_file() else folder / document.with_suffix(".txt")).read_bytes()


def watched(command: list[str], environment: dict[str, str], longest: float = 0.0) -> Peak:
    """Run a command and look at the memory of all its processes until it ends, interrupted after `longest` seconds."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    parent = psutil.Process(process.pid)
    most: dict[str, float] = {}
    together = 0.0
    while process.poll() is None:
        now: dict[str, float] = {}
        for each in family(parent):
            kind, size = memory_of(each)
            now[kind] = now.get(kind, 0.0) + size
        for kind, size in now.items():
            most[kind] = max(size, most.get(kind, 0.0))
        together = max(together, sum(size for kind, size in now.items() if kind != PARTS[ENGINE]))
        if longest and time.perf_counter() - began > longest:
            process.send_signal(signal.SIGTERM)
            longest = 0.0
        time.sleep(LOOK_SECONDS)
    return Peak(most, together, time.perf_counter() - began)


def family(parent: psutil.Process) -> list[psutil.Process]:
    try:
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory_of(process: psutil.Process) -> tuple[str, float]:
    """(kind, MB): its share of what is resident, where the system tells it."""
    try:
        line = " ".join(process.cmdline())
        facts = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return "parent", 0.0
    kind = next((name for module, name in PARTS.items() if module in line), "parent")
    return kind, getattr(facts, "pss", facts.rss) / 1e6


def memory(pages: int, documents: int, mode: str, longest: float) -> Iterator[str]:
    """Lines of the table of peaks."""
    yield "| what | parent | workers | extraction | model | all but the model | time |"
    yield "|---|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder, "large")
        large.mkdir()
        repeated(SAMPLE, pages, large / "large.pdf")
        for name, root in (
            (f"{pages:,} pages", large),
            (f"{documents:,} documents", shelf(Path(folder, "s"), documents)),
        ):
            out = Path(folder, f"out-{root.name}")
            command = [*GALLEY, "batch", str(root), "--mode", mode, "-q", "-o", str(out)]
            peak = watched(command, home(Path(folder, f"home-{root.name}")), longest)
            cells = [f"{peak.by_kind.get(kind, 0.0):.0f}" for kind in ("parent", "workers", "extraction", "model")]
            yield f"| {name} | {' | '.join(cells)} | {peak.together:.0f} MB | {peak.seconds:.0f} s |"
            shutil.rmtree(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="documents of your own; cuts of the sample without")
    parser.add_argument("--mode", default="rules", choices=["rules", "verbatim", "rewrite"])
    parser.add_argument("--documents", type=int, help=f"so many cuts of the sample: {SHORT}, or {MANY:,}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="the peaks of memory instead")
    parser.add_argument("--pages", type=int, default=5000, help="of the large PDF")
    parser.add_argument("--seconds", type=float, default=0.0, help="of --memory: interrupt each after so long")
    given = parser.parse_args()
    if given.memory:
        lines = memory(given.pages, given.documents or MANY, given.mode, given.seconds)
    else:
        with tempfile.TemporaryDirectory() as folder:
            root = given.folder or shelf(Path(folder, "shelf"), given.documents or SHORT)
            for line in compare(root, given.mode, given.rounds):
                print(line, flush=True)
        return
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    main()
