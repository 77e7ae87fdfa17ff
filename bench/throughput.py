"""Pages a second, memory and the first chunk of `rules`: `python -m bench.throughput [PDF…]`.

For each document and extractor: the whole command, from the shell to the text on disk, beside the library alone, which
reads the same pages in one process and keeps nothing; and the share of each stage. Then the memory of a document of a
thousand pages, and how long it is from Enter to the first finished chunk. --only names one of the three: rules, memory
or first.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from galley.core.models import pull

from .desk import GALLEY, Screen
from .growth import clean_by_rules, own_place, peak_of, repeated

SAMPLE = Path(__file__).resolve().parent.parent / "tests" / "data" / "sample.pdf"
WANTED = {"pdfium": 40, "pypdf": 20, "auto": 40}
LEAST_PAGES, MANY_PAGES = 200, 1000
ROUNDS = 3
FIRST_SECONDS, MEGABYTES = 3.0, 150
CONTROLS = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
COUNTED = re.compile(rb"chunks[^\n\r]*?\s[1-9]\d*/\d+|Cleaned \d")
LONGEST = 120.0


def library_alone(pdf: Path, extractor: str) -> float:
    """Seconds that a library takes for the text of all pages, in this process; it is loaded already."""
    began = time.perf_counter()
    if extractor == "pypdf":
        reader: Any = import_module("pypdf").PdfReader(pdf)
        for page in reader.pages:
            page.extract_text()
    else:
        document: Any = import_module("pypdfium2").PdfDocument(pdf)
        for page in document:
            page.get_textpage().get_text_bounded()
        document.close()
    return time.perf_counter() - began


def command(pdf: Path, extractor: str) -> float:
    """Seconds of `galley clean` in `rules`, the start of the program included."""
    with tempfile.TemporaryDirectory() as folder:
        asked = [*GALLEY, "clean", str(pdf), "--mode", "rules", "--extractor", extractor, "-o", f"{folder}/clean.txt"]
        began = time.perf_counter()
        subprocess.run([*asked, "-q"], env=own_place(folder), check=True, capture_output=True)
        return time.perf_counter() - began


def rules_table(pdfs: list[Path], least: int) -> Iterator[str]:
    """Short documents are repeated up to `least` pages, so that the start of the program is not all there is."""
    columns = "document | pages | extractor | s | pages/s | wanted | × library alone | extract | prepare | chunk"
    yield f"| {columns} | session | run |"
    yield "|---" * 12 + "|"
    with tempfile.TemporaryDirectory() as folder:
        for pdf in pdfs:
            pages = len(import_module("pypdf").PdfReader(pdf).pages)
            large = pdf if pages >= least else repeated(pdf, least, Path(folder) / pdf.name)
            pages = max(pages, least)
            for extractor, wanted in WANTED.items():
                yield f"| {pdf.name} | {pages} | {extractor} | {measured(large, extractor, pages, wanted)} |"
    yield "\nMedians. Stages: shares of their own sum, in a process that has loaded its libraries."


def measured(pdf: Path, extractor: str, pages: int, wanted: int) -> str:
    """The cells of a row."""
    clean_by_rules(SAMPLE, extractor)
    library_alone(SAMPLE, extractor)
    pairs = [(command(pdf, extractor), library_alone(pdf, extractor)) for _ in range(ROUNDS)]
    seconds = statistics.median(ours for ours, _ in pairs)
    ratio = statistics.median(ours / bare for ours, bare in pairs)
    stages = clean_by_rules(pdf, extractor)
    shares = [f"{share / sum(stages.values()):.0%}" for share in stages.values()]
    cells = [f"{seconds:.2f}", f"{pages / seconds:.0f}", str(wanted), f"{ratio:.1f}", *shares]
    return " | ".join(cells)


def memory_table(pdf: Path, pages: int, seconds: float) -> Iterator[str]:
    yield f"| {pages:,} pages of {pdf.name} | parent, MB | wanted | largest worker, MB | s |"
    yield "|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder:
        large = repeated(pdf, pages, Path(folder) / "large.pdf")
        for mode, extractor in (("rules", "pdfium"), ("rules", "auto"), ("verbatim", "auto")):
            asked = [*GALLEY, "clean", str(large), "--mode", mode, "--extractor", extractor]
            peak = peak_of([*asked, "-o", f"{folder}/{mode}-{extractor}.txt"], own_place(folder), seconds)
            stopped = f", stopped after {seconds:.0f} s" if peak.seconds > seconds else ""
            yield (
                f"| {mode}, {extractor}{stopped} | {peak.own:.0f} | < {MEGABYTES} | {peak.worker:.0f} "
                f"| {peak.seconds:.1f} |"
            )


def first_chunk(pdf: Path, mode: str, folder: str) -> float:
    """Seconds from Enter until the terminal counts a finished chunk, or sums up a run that was over before.

    In `folder` the command keeps what it keeps, but no session.
    """
    os.environ.update(own_place(folder))
    screen = Screen([*GALLEY, "clean", str(pdf), "--mode", mode, "-o", f"{folder}/clean.txt"])
    try:
        seen = b""
        while not COUNTED.search(CONTROLS.sub(b"", seen)):
            if time.perf_counter() - screen.began > LONGEST:
                raise SystemExit("no chunk was finished")
            seen += screen.read(0.5)
        return time.perf_counter() - screen.began
    finally:
        screen.close()
        shutil.rmtree(Path(folder) / "sessions")


def first_table(pdfs: list[Path]) -> Iterator[str]:
    pull().read_bytes()  # into the page cache
    yield "| Enter to the first chunk | the very first time, s | after it, median | slowest | wanted |"
    yield "|---|---|---|---|---|"
    for pdf in pdfs:
        for mode in ("rules", "verbatim"):
            with tempfile.TemporaryDirectory() as folder:
                first, *taken = [first_chunk(pdf, mode, folder) for _ in range(ROUNDS + 1)]
            told = f"{first:.2f} | {statistics.median(taken):.2f} | {max(taken):.2f}"
            yield f"| {pdf.name}, {mode} | {told} | {FIRST_SECONDS:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pdf", nargs="*", type=Path, default=[SAMPLE], help="the sample without")
    parser.add_argument("--only", choices=("rules", "memory", "first"), help="one of the tables")
    parser.add_argument("--least", type=int, default=LEAST_PAGES, help="pages that a short document is repeated to")
    parser.add_argument("--pages", type=int, default=MANY_PAGES, help="of the document whose memory is measured")
    parser.add_argument("--seconds", type=float, default=60.0, help="after which that run is stopped")
    given = parser.parse_args()
    tables: dict[str, Callable[[], Iterator[str]]] = {
        "rules": lambda: rules_table(given.pdf, given.least),
        "memory": lambda: memory_table(given.pdf[0], given.pages, given.seconds),
        "first": lambda: first_table(given.pdf),
    }
    for name in [given.only] if given.only else tables:
        for line in tables[name]():
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
