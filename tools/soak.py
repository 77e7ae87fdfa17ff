"""Many documents, and faults at random moments: nothing lost, nothing twice, nothing left behind.

Each document is cleaned once in peace, in this process, and once by the command under test, which is killed, stopped,
starved of disk and given another file under its hands, and resumed by the same command until it has finished. Then the
result must be the same, byte for byte; its session whole, with every chunk done once; every process gone, and no file
there that should not be.

Run by `make soak`; SOAK_SECONDS (300), SOAK_SEED (by the clock) and SOAK_COMMAND (clean, or batch) set it.
"""

import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import pdfs  # noqa: E402

from galley.core import job as jobs  # noqa: E402
from galley.core.config import load_config  # noqa: E402
from galley.core.export import write  # noqa: E402
from galley.core.export.written import FOLDER as NOTES  # noqa: E402
from galley.core.model import find_model  # noqa: E402
from galley.core.models import models_dir  # noqa: E402
from galley.core.session import Session, check, find_session  # noqa: E402

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
SIZE = 400
MOST_FAULTS = 4
"""On one document; then it is left in peace, so that it ends."""
LATEST = {"clean": 2.5, "batch": 6.0}
"""Seconds after a command's start until which a fault strikes."""
PATIENCE = 300.0
GROWTH = 1.3
"""How much more memory the last commands may take than the first."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document to clean, and how."""

    path: Path
    data: bytes
    mode: str
    target: Path


Job = tuple[list[str], list[Paper]]
"""A command, and the documents that it brings to their end when it is given again until it says so."""


def how(mode: str) -> list[str]:
    return ["--mode", mode, "--chunk-size", str(SIZE), "--quiet"]


def clean(papers: Sequence[Paper]) -> list[Job]:
    """A command a document."""
    return [(["clean", str(p.path), "-o", str(p.target), *how(p.mode)], [p]) for p in papers]


def batch(papers: Sequence[Paper]) -> list[Job]:
    """One command for all of a mode."""
    made: list[Job] = []
    for mode in sorted({paper.mode for paper in papers}):
        mine = [paper for paper in papers if paper.mode == mode]
        inputs = [str(paper.path) for paper in mine]
        made.append((["batch", *inputs, "-o", str(mine[0].target.parent), "--retry-failed", *how(mode)], mine))
    return made


COMMANDS: dict[str, Callable[[Sequence[Paper]], list[Job]]] = {"clean": clean, "batch": batch}
PARCEL = {"clean": 1, "batch": 6}
"""How many documents there are at a time."""
OF_A_BATCH = {"batch.galley-batch", "batch.galley-batch.lock", "report.json", "report.html"}


@dataclass(slots=True)
class Tally:
    """What happened."""

    papers: int = 0
    commands: int = 0
    faults: Counter[str] = field(default_factory=Counter[str])
    peaks: list[int] = field(default_factory=list[int])
    """Most memory of each command that ended by itself, in bytes, its workers not counted."""
    seen: dict[int, psutil.Process] = field(default_factory=dict[int, psutil.Process])
    wrong: list[str] = field(default_factory=list[str])


class Soak:
    """One soak in a folder of its own."""

    def __init__(self, folder: Path, number: int, under_test: str) -> None:
        self._chance = random.Random(number)
        self._folder = folder
        self._commands = COMMANDS[under_test]
        self._latest = LATEST[under_test]
        self._calm = folder / "calm"
        self.tally = Tally()
        for name in ("papers", "out", "home", "tmp", "calm"):
            (folder / name).mkdir()
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GALLEY_")},
            "GALLEY_HOME": str(folder / "home"),
            "GALLEY_MODELS": str(models_dir()),
            "TMPDIR": str(folder / "tmp"),
        }
        prose = (ROOT / "tests" / "data" / "sample.source.txt").read_text()
        self._passages = [part.strip() for part in prose.split("\n\n") if len(part) > 200]

    def parcel(self, count: int) -> list[Paper]:
        """New documents out of the sample's passages; each is one of a kind."""
        made: list[Paper] = []
        for _ in range(count):
            number = self.tally.papers = self.tally.papers + 1
            texts = [self._chance.choice(self._passages) for _ in range(self._chance.randint(2, 6))]
            name, mode = f"paper-{number:05}", "verbatim" if self._chance.random() < 0.25 else "rules"
            if self._chance.random() < 0.5:
                lines = [f"Document {number}.\n{wrapped(text)}" for text in texts]
                path, data = self._folder / "papers" / f"{name}.pdf", pdfs.pages_saying(*map(printable, lines))
            else:
                path = self._folder / "papers" / f"{name}.txt"
                data = "\n\n".join([f"Document {number}.", *texts]).encode()
            path.write_bytes(data)
            target = self._folder / "out" / mode / f"{name}.txt"
            target.parent.mkdir(exist_ok=True)
            made.append(Paper(path, data, mode, target))
        return made

    def bring_through(self, papers: list[Paper]) -> None:
        """The parcel by the command under test, with faults, until it has ended well."""
        expected = {paper.path: self._in_peace(paper) for paper in papers}
        for command, mine in self._commands(papers):
            for faults in range(3 * MOST_FAULTS):
                kind = self._chance.choice(list(FAULTS)) if faults < MOST_FAULTS else "peace"
                code = self._run(command, mine, kind)
                for paper in mine:
                    paper.path.write_bytes(paper.data)
                if code == 0 and all(read(paper.target) == expected[paper.path] for paper in mine):
                    break
                if kind == "peace" and code != 0:
                    self.tally.wrong.append(f"{' '.join(command)}: ended with {code} in peace")
                    break
        for paper in papers:
            self._examine(paper, expected[paper.path])
        self._look_for_leftovers()

    def _in_peace(self, paper: Paper) -> bytes:
        config = load_config(
            overrides={"clean.mode": paper.mode, "chunk.size": SIZE, "session.directory": str(self._calm)}
        )
        model = find_model("", config) if paper.mode == "verbatim" else None
        engine = jobs.make_engine(model, config, config.chunk) if model else None
        target = self._calm / "out.txt"
        try:
            with jobs.open_job(paper.path, config, model, engine=engine).session as session:
                jobs.make_run(session, engine, lambda event: None).work(threading.Event())
                write(session, target, "txt")
                path = session.path
        finally:
            if engine is not None:
                engine.close()
        path.unlink()
        made = target.read_bytes()
        target.unlink()  # with its session gone nobody may replace it
        return made

    def _run(self, command: list[str], papers: list[Paper], kind: str) -> int:
        self.tally.commands += 1
        process = subprocess.Popen(
            [*GALLEY, *command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        moment = time.monotonic() + self._chance.uniform(0.05, self._latest)
        until = time.monotonic() + PATIENCE
        struck, peak = False, 0
        while process.poll() is None:
            peak = max(peak, self._watch(process.pid))
            if not struck and time.monotonic() >= moment:
                struck = True
                self.tally.faults[kind] += 1
                FAULTS[kind](process.pid, self._chance, papers)
            if time.monotonic() > until:
                self.tally.wrong.append(f"{' '.join(command)}: hung under {kind}")
                process.kill()
            time.sleep(0.05)
        self.tally.faults["none, since it had ended before"] += not struck
        if process.returncode == 0:
            self.tally.peaks.append(peak)
        return process.returncode

    def _watch(self, pid: int) -> int:
        """Note the process and its children; returns the memory it has, in bytes."""
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                self.tally.seen[one.pid] = one
            return process.memory_info().rss
        return 0

    def _examine(self, paper: Paper, expected: bytes) -> None:
        wrong, name = self.tally.wrong, paper.path.name
        if read(paper.target) != expected:
            wrong.append(f"{name} ({paper.mode}): the result is not the one in peace")
        for path in (self._folder / "home" / "sessions").glob(f"{paper.path.stem}-*.galley"):
            problems = check(path).problems
            wrong += [f"{name}: {problem}" for problem in problems]
            with Session.open(path, write=False) as session:
                if session.document.sha256 != sha(paper.data):
                    continue  # of the file that was put in its place
                status = session.status()
                if status.done != status.total:
                    wrong.append(f"{name}: {status.total - status.done} chunks are not done")
                made = [sum(not a.died for a in session.attempts(c.index)) for c in session.chunks()]
                if any(count != 1 for count in made):
                    wrong.append(f"{name}: attempts by chunk are {made}")
                sound = find_session(path.parent, session.document.sha256, session.settings)
                if sound != path:
                    wrong.append(f"{name}: its session is not found again")
        paper.target.unlink(missing_ok=True)
        paper.path.unlink()

    def _look_for_leftovers(self) -> None:
        _, alive = psutil.wait_procs(list(self.tally.seen.values()), timeout=10)
        self.tally.wrong += [f"left behind: process {process.pid}" for process in alive if not is_dead(process)]
        self.tally.seen.clear()
        sessions = self._folder / "home" / "sessions"
        shutil.rmtree(sessions / NOTES, ignore_errors=True)
        for path in sorted(sessions.iterdir()):
            if not path.name.endswith((".galley", ".galley.lock")):
                self.tally.wrong.append(f"left behind: {path.name}")
            path.unlink()
        for folder in ("out", "papers", "tmp"):
            left = [path for path in (self._folder / folder).rglob("*") if path.is_file() or folder == "tmp"]
            names = [path.name for path in left if path.name not in OF_A_BATCH]
            self.tally.wrong += [f"left behind in {folder}: {name}" for name in names]
            shutil.rmtree(self._folder / folder)
            (self._folder / folder).mkdir()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read(path: Path) -> bytes:
    """What is in a file; nothing where there is none."""
    return path.read_bytes() if path.exists() else b""


def wrapped(text: str, width: int = 80) -> str:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def printable(text: str) -> str:
    return text.encode("cp1252", "replace").decode("cp1252")


def is_dead(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() == psutil.STATUS_ZOMBIE
    return True


def family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def kill_one(pid: int, chance: random.Random, papers: list[Paper]) -> None:
    """The command itself, or one of its workers; then whoever is left has to cope."""
    for victim in chance.sample(found := family(pid), min(1, len(found))):
        with suppress(psutil.Error):
            victim.kill()


def kill_all(pid: int, chance: random.Random, papers: list[Paper]) -> None:
    for victim in family(pid):
        with suppress(psutil.Error):
            victim.kill()


def interrupt(pid: int, chance: random.Random, papers: list[Paper]) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)


def stop_one(pid: int, chance: random.Random, papers: list[Paper]) -> None:
    for victim in chance.sample(found := family(pid), min(1, len(found))):
        with suppress(psutil.Error):
            victim.suspend()
            time.sleep(chance.uniform(0.1, 1.5))
            victim.resume()


def replace_file(pid: int, chance: random.Random, papers: list[Paper]) -> None:
    """Another file of the same name, for the rest of this run."""
    for paper in papers:
        other = paper.path.with_name("other")
        other.write_bytes(pdfs.pages_saying("Something else.") if paper.path.suffix == ".pdf" else b"Something else.")
        other.replace(paper.path)


def fill_disk(pid: int, chance: random.Random, papers: list[Paper]) -> None:
    """No file that the command or a worker writes from now on may grow beyond so many bytes."""
    limit = chance.choice([0, chance.randint(1, 60_000)])
    for process in family(pid):
        with suppress(psutil.Error, OSError):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))


def leave_alone(pid: int, chance: random.Random, papers: list[Paper]) -> None:
    """Nothing happens."""


FAULTS: dict[str, Callable[[int, random.Random, list[Paper]], None]] = {
    "kill -9": kill_one,
    "kill -9 of all": kill_all,
    "ctrl-c": interrupt,
    "stopped": stop_one,
    "full disk": fill_disk,
    "file replaced": replace_file,
    "peace": leave_alone,
}


def main() -> int:
    seconds = float(os.environ.get("SOAK_SECONDS", "300"))
    number = int(os.environ.get("SOAK_SEED", str(time.time_ns() % 10**9)))
    under_test = os.environ.get("SOAK_COMMAND", "clean")
    print(f"Soaking galley {under_test} for {seconds:g} s, from seed {number}.", flush=True)
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="galley-soak-") as folder:
        soak = Soak(Path(folder), number, under_test)
        while time.monotonic() < until and not soak.tally.wrong:
            soak.bring_through(soak.parcel(PARCEL[under_test]))
    tally = soak.tally
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(tally.faults.items()))
    print(f"{tally.papers} documents, {tally.commands} commands: {told}.")
    third = len(tally.peaks) // 3
    if third >= 3:
        first, last = median(tally.peaks[:third]), median(tally.peaks[-third:])
        print(f"Memory of a command: {first / 1e6:.0f} MB in the first third, {last / 1e6:.0f} MB in the last.")
        if last > GROWTH * first:
            tally.wrong.append("the memory has grown")
    for line in tally.wrong:
        print(f"WRONG: {line}")
    if not tally.wrong:
        print("Nothing lost, nothing twice, nothing left behind.")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
