"""The app against what it has to keep up with, side by side, medians: `python -m bench.desk [NAME…]`.

Names: start (first paint and --version), open (10 and 10,000 chunks), row (one row drawn anew), keys (key to paint
while both cores are busy), bytes (written to the terminal at 120x40, idle and during a run). All of them without names.
"""

import asyncio
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

from galley.core import job as jobs
from galley.core.chunk import Chunk
from galley.core.clean.options import CleanOptions
from galley.core.document import Document, Page
from galley.core.models import models_dir, pull
from galley.core.prepare import prepare
from galley.core.session import Session
from galley.core.settings import RunSettings

ROUNDS = 7
MANY, FEW = 10_000, 10
KEYS = 80
GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
EMPTY = [
    sys.executable,
    "-c",
    "from textual.app import App\nfrom textual.widgets import Static\n"
    "class Empty(App):\n    def compose(self): yield Static('painted')\nEmpty().run()",
]
SENTENCE = "The reader of the proofs sat beside him in the cold room (Moxon, 1683), and they read sheet {} aloud. "


class Screen:
    """A command in a terminal of its own, whose output is read as it comes."""

    def __init__(self, command: list[str]) -> None:
        self.began = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS="120", LINES="40")
            os.execvp(command[0], command)
        ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.bytes = 0

    def read(self, seconds: float) -> bytes:
        """What comes within so many seconds, as soon as there is something."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        data = os.read(self._terminal, 65536) if ready else b""
        self.bytes += len(data)
        return data

    def until(self, text: str, seconds: float = 60.0) -> float:
        """Seconds until the text was written."""
        began, seen, wanted = time.perf_counter(), b"", text.encode()
        while time.perf_counter() - began < seconds:
            seen = seen[-4096:] + self.read(0.5)
            if wanted in seen:
                return time.perf_counter() - began
        raise SystemExit(f"{text!r} did not come")

    def press(self, key: str) -> None:
        os.write(self._terminal, key.encode())

    def quiet(self, seconds: float) -> None:
        """Read until nothing has come for so long."""
        while self.read(seconds):
            pass

    def close(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


def first_paint(command: list[str], text: str) -> float:
    """Seconds from the start of the process to its first picture."""
    screen = Screen(command)
    try:
        return screen.until(text)
    finally:
        screen.close()


def whole(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def in_turn(*works: Callable[[], float], rounds: int = ROUNDS) -> list[float]:
    """Medians of several ways, taken in turn."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for times, work in zip(taken, works, strict=True):
            times.append(work())
    return [statistics.median(times) for times in taken]


def a_session(chunks: int, done: int) -> Path:
    """A session of so many chunks in `verbatim` with the embedded model, the first ones cleaned (in no time)."""
    model = jobs.identify(pull())
    text = "".join(SENTENCE.format(number) * 8 + "\n\n" for number in range(chunks))
    folder = Path(os.environ["GALLEY_HOME"])
    paper = folder / f"book{chunks}.txt"
    paper.write_text(text)
    made = Document(paper, f"{chunks:064x}", "text", 1, (Page(1, text, "text"),))
    prepared = prepare(made)
    at = 0
    cut: list[Chunk] = []
    for number in range(chunks):
        end = prepared.text.find("\n\n", at) + 2 if number < chunks - 1 else len(prepared.text)
        cut.append(Chunk(number, at, end, prepared.text[at:end], (1, 1), "sentence"))
        at = end
    settings = RunSettings(clean=CleanOptions(mode="verbatim"), model=model.identity)
    with Session.create(folder / "sessions", made, prepared, cut, settings) as session:
        with session._writing():
            for number in range(done):
                session._connection.execute(
                    "INSERT INTO attempts (chunk, mode, reason, engine, model, prompt, seed, temperature, output,"
                    " flags, flagged, measures, edits, prompt_tokens, cached_tokens, output_tokens, seconds,"
                    " started_at, died)"
                    " VALUES (?, 'rules', 'first', '', '', '', 1, 0, ?, ?, 1, '{}', '[]', 0, 0, 0, 0.01, '', 0)",
                    (
                        number,
                        cut[number].text.strip(),
                        '[{"name":"debris_kept","severity":"warning","evidence":["x"]}]',
                    ),
                )
            session._connection.execute("UPDATE chunks SET state = 'done', chosen = idx + 1 WHERE idx < ?", (done,))
        return session.path


def start() -> dict[str, float]:
    empty, desk = in_turn(lambda: first_paint(EMPTY, "painted"), lambda: first_paint(GALLEY, "Sessions"))
    textual, version = in_turn(
        lambda: whole([sys.executable, "-c", "import textual.app"]), lambda: whole([*GALLEY, "--version"])
    )
    return {
        "empty Textual app, first paint (s)": empty,
        "desk, first paint (s)": desk,
        "ratio, at most 1.5": desk / empty,
        "import textual.app (s)": textual,
        "galley --version (s)": version,
        "ratio, at most 0.5": version / textual,
    }


def opening() -> dict[str, float]:
    few, many = a_session(FEW, FEW), a_session(MANY, MANY)
    first, second = in_turn(
        lambda: first_paint([*GALLEY, "review", str(few)], f"[1/{FEW}]"),
        lambda: first_paint([*GALLEY, "review", str(many)], f"[1/{MANY}]"),
        rounds=3,
    )
    screen = Screen([*GALLEY, "review", str(many)])
    screen.until(f"[1/{MANY}]")
    screen.quiet(1.0)
    status = Path(f"/proc/{screen.pid}/status").read_text()
    memory = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    screen.close()
    return {
        f"open {FEW} chunks, from the shell (s)": first,
        f"open {MANY} chunks, from the shell (s)": second,
        "ratio, at most 3": second / first,
        f"memory with {MANY} chunks (MB), at most 200": memory,
    }


def rows() -> dict[str, float]:
    ours, theirs = asyncio.run(row_of_ours()), asyncio.run(row_of_option_list())
    return {
        f"one of {MANY} rows, ours (ms of CPU)": ours * 1000,
        f"one of {MANY} rows, OptionList (ms of CPU)": theirs * 1000,
        "ratio, at most 0.2": ours / theirs,
    }


async def row_of_ours() -> float:
    from textual.app import App, ComposeResult

    from galley.core.session import Row
    from galley.tui import themes
    from galley.tui.widgets.chunklist import ChunkList

    class Lone(App[None]):
        def get_theme_variable_defaults(self) -> dict[str, str]:
            return themes.variable_defaults()

        def compose(self) -> ComposeResult:
            yield ChunkList()

    def row(number: int, decision: str | None) -> Row:
        return Row(number, (1, 2), "done", decision, "rules", 0, 1, 0, 900)

    app = Lone()
    async with app.run_test(size=(120, 40)) as pilot:
        listed = app.query_one(ChunkList)
        listed.set_rows([row(number, None) for number in range(MANY)])
        await pilot.pause()

        async def update(number: int) -> None:
            listed.update_rows([row(number % 30, "accepted" if number % 2 else None)])
            await pilot.pause()

        return await cpu_of(update)


async def row_of_option_list() -> float:
    from textual.app import App, ComposeResult
    from textual.widgets import OptionList

    class Lone(App[None]):
        def compose(self) -> ComposeResult:
            yield OptionList(*(f"{number} p1-2 done !1" for number in range(MANY)), markup=False)

    app = Lone()
    async with app.run_test(size=(120, 40)) as pilot:
        listed = app.query_one(OptionList)
        await pilot.pause()

        async def update(number: int) -> None:
            listed.replace_option_prompt_at_index(number % 30, f"{number} p1-2 done accepted")
            await pilot.pause()

        return await cpu_of(update)


async def cpu_of(update: Callable[[int], object], times: int = 60) -> float:
    """CPU seconds of one update with its paint."""
    for number in range(5):
        await update(number)  # type: ignore[misc]
    began = time.process_time()
    for number in range(times):
        await update(number)  # type: ignore[misc]
    return (time.process_time() - began) / times


def key_times(path: Path, total: int, presses: int) -> list[float]:
    """Seconds from each key to the picture that answers it, while the model works on both cores."""
    screen = Screen([*GALLEY, "review", str(path)])
    try:
        screen.until(f"[1/{total}]")
        screen.quiet(1.0)
        screen.press(" ")
        screen.until("on llama.cpp")
        times: list[float] = []
        at = 1
        for number in range(presses):
            down = number % 16 < 8
            at += 1 if down else -1
            screen.press("j" if down else "k")
            times.append(screen.until(f"[{at}/"))
            time.sleep(0.03)
        return times
    finally:
        screen.close()


def keys() -> dict[str, float]:
    small = key_times(a_session(FEW, 1), FEW, KEYS)
    large = key_times(a_session(MANY, 200), MANY, KEYS)
    p95 = [statistics.quantiles(times, n=20)[18] * 1000 for times in (small, large)]
    return {
        f"key to paint, {FEW} chunks, a run on both cores, p95 (ms)": p95[0],
        f"key to paint, {MANY} chunks, a run on both cores, p95 (ms)": p95[1],
        "ratio, at most 2": p95[1] / p95[0],
        "slowest of the latter (ms), at most 100": max(large) * 1000,
    }


def bytes_written() -> dict[str, float]:
    idle = Screen([*GALLEY, "review", str(a_session(FEW, FEW))])
    idle.until(f"[1/{FEW}]")
    idle.quiet(2.0)
    resting = rate(idle, 5.0)
    idle.close()
    running = Screen([*GALLEY, "review", str(a_session(MANY, 200))])
    running.until(f"[1/{MANY}]")
    running.quiet(1.0)
    running.press(" ")
    running.until("on llama.cpp")
    away = rate(running, 10.0)
    running.close()
    watching = Screen([*GALLEY, "review", str(a_session(FEW * 4, 1))])
    watching.until(f"[1/{FEW * 4}]")
    watching.press(" ")
    watching.until("on llama.cpp")
    near = rate(watching, 10.0)
    watching.close()
    return {
        "idle (bytes a second), 0": resting,
        "a run, its rows out of view (bytes a second), under 2000": away,
        "a run, its rows in view (bytes a second), under 2000": near,
    }


def rate(screen: Screen, seconds: float) -> float:
    screen.bytes = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        screen.read(max(0.0, end - time.perf_counter()))
    return screen.bytes / seconds


PARTS: dict[str, Callable[[], dict[str, float]]] = {
    "start": start,
    "open": opening,
    "row": rows,
    "keys": keys,
    "bytes": bytes_written,
}


def main() -> None:
    names = sys.argv[1:] or list(PARTS)
    os.environ["GALLEY_MODELS"] = str(models_dir())
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GALLEY_HOME"] = folder
        os.chdir(folder)
        for name in names:
            for what, value in PARTS[name]().items():
                print(f"{what:<75} {value:10.3f}", flush=True)
            for path in (Path(folder) / "sessions").glob("*"):
                path.unlink()


if __name__ == "__main__":
    main()
