"""How long work is shown on stderr: one live line in a terminal, a plain line now and then anywhere else."""

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from ..core.events import AttemptFinished, ChunkFailed, Event, RunEnded, RunStarted
from ..core.events import Progress as Figures
from ..core.wording import estimate
from .output import say

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_EVERY_SECONDS = 2.0


class Meter(Protocol):
    """Something that shows how far a countable piece of work is."""

    def waits(self, done: int, total: int, what: str) -> None:
        """Nothing is counted yet: `what` comes first."""
        ...

    def update(self, done: int, total: int, note: str = "") -> None:
        """`done` of `total`; `note` is a few words more."""
        ...


class Live:
    """A bar that redraws itself in place."""

    def __init__(self, progress: "Progress", label: str) -> None:
        self._progress = progress
        self._task = progress.add_task(label, total=None, note="")
        self._moved = False

    def waits(self, done: int, total: int, what: str) -> None:
        self.update(done, total, what)

    def update(self, done: int, total: int, note: str = "") -> None:
        # The first of all is shown at once, since someone is waiting for it; the others at the next redraw.
        self._progress.update(self._task, completed=done, total=total, note=note, refresh=done > 0 and not self._moved)
        self._moved = self._moved or done > 0


class Plain:
    """A line when something changed and the last line is a while ago; always one for the end."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._last = time.monotonic()
        self._shown: tuple[int, int] | None = None

    def waits(self, done: int, total: int, what: str) -> None:
        say(f"{what[:1].upper()}{what[1:]}…")

    def update(self, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        if (done, total) == self._shown or (done < total and now - self._last < LINE_EVERY_SECONDS):
            return
        self._last, self._shown = now, (done, total)
        click.echo(f"{self._label} {done}/{total}{'  ' if note else ''}{note}", err=True)


class Silent:
    """For --quiet."""

    def waits(self, done: int, total: int, what: str) -> None:
        """Nothing."""

    def update(self, done: int, total: int, note: str = "") -> None:
        """Nothing."""


@contextmanager
def meter(label: str, *, quiet: bool = False, count: str = "") -> Generator[Meter]:
    """A meter on stderr while the block runs; `count` names what is counted where a bar has room for it."""
    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        from rich.console import Console  # with the rest of it a tenth of a second, for whoever has a terminal
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
            yield Live(progress, f"{label} {count}".strip())
    else:
        yield Plain(label)


class RunReporter:
    """Listens to a run and moves a meter. Called from several threads."""

    def __init__(self, shown: Meter, on_chunk: Callable[[], None] = lambda: None) -> None:
        """`on_chunk` is called whenever a chunk has come an attempt further."""
        self._shown = shown
        self._on_chunk = on_chunk
        self._lock = threading.Lock()
        self.notes: tuple[str, ...] = ()
        """What the engine said of how it was loaded, to be told once the meter is gone."""

    def __call__(self, event: Event) -> None:
        if isinstance(event, RunStarted) and event.engine is not None:
            self.notes = event.engine.notes
        if isinstance(event, RunStarted | AttemptFinished | ChunkFailed | RunEnded):
            figures = event.progress
            with self._lock:
                self._shown.update(figures.done + figures.failed, figures.total, words_for(figures))
        if isinstance(event, AttemptFinished | ChunkFailed):
            self._on_chunk()


def words_for(figures: Figures) -> str:
    """Flags, speed and time left in a few words."""
    parts: list[str] = []
    if figures.flagged:
        parts.append(f"{figures.flagged} flagged")
    if figures.failed:
        parts.append(f"{figures.failed} failed")
    if figures.tokens_per_second >= 1:
        parts.append(f"{figures.tokens_per_second:.0f} tokens/s")
    if figures.seconds_left is not None and figures.done + figures.failed < figures.total:
        parts.append(f"{estimate(figures.seconds_left)} left")
    return ", ".join(parts)
