"""How a batch is shown on stderr: a live table in a terminal, a plain line for each document anywhere else."""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..core.batch.events import (
    DocumentBegun,
    DocumentDropped,
    DocumentFailed,
    DocumentFinished,
    DocumentMoved,
    DocumentTakenOver,
    DocumentUnchanged,
    Event,
)
from ..core.events import ServerWaited
from ..core.wording import duration, estimate, excerpt, plural, printable
from .output import say, say_wait

NAME_WIDTH = 44
PICTURES_A_SECOND = 4
MOST_ROWS = 12
LEAST_WORKED = 0.2
"""Documents that have to be worked through, or such a part of one, before a time left means something."""


@dataclass(slots=True)
class InHand:
    """A document on its way."""

    name: str
    counted: str = ""
    done: int = 0
    total: int = 0
    tokens_per_second: float = 0.0
    holder: str = ""
    before: int = 0
    """Chunks that an earlier call had done."""

    @property
    def chunks(self) -> int:
        """Chunks that are done; 0 while it is read."""
        return self.done if self.counted == "chunks" else 0


def nothing() -> None:
    """There is no picture to begin."""


class Counts:
    """What the events add up to. Called from several threads."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = self.unchanged = self.failed = self.chunks = self.flagged = self.replaced = 0
        self.taken_over = self.failed_before = 0
        self.kept = 0
        """Chunks that are done of documents that are not, when the batch is stopped."""
        self.in_hand: dict[int, InHand] = {}
        self.waits: list[str] = []
        """What was said of a server that was gone."""
        self._began = time.monotonic()
        self._lock = threading.RLock()  # a signal's handler may say something while its thread holds it
        self.begin = nothing
        """Called before each event is taken in: there is something to show."""

    def __call__(self, event: Event) -> None:
        self.begin()
        with self._lock:
            self._fold(event)
        if isinstance(event, ServerWaited):  # the picture is drawn anew above such a line, for which it wants the lock
            say_wait(event.words, event.gone)

    def _fold(self, event: Event) -> None:
        if isinstance(event, DocumentBegun):
            self.in_hand[event.number] = InHand(event.name, holder=event.holder)
            return
        if isinstance(event, DocumentMoved):
            if event.number in self.in_hand:
                hand = self.in_hand[event.number]
                if event.counted != hand.counted:
                    hand.before = max(0, event.done - 1)
                hand.counted, hand.done, hand.total = event.counted, event.done, event.total
                hand.tokens_per_second = event.tokens_per_second
            return
        if isinstance(event, DocumentTakenOver):
            self.taken_over += 1
            return
        if isinstance(event, ServerWaited):
            self.waits.append(event.words)
            return
        self._ended(event, self.in_hand.pop(event.number, None))

    def _ended(
        self, event: DocumentFinished | DocumentUnchanged | DocumentFailed | DocumentDropped, hand: InHand | None
    ) -> None:
        if isinstance(event, DocumentFinished):
            self.done += 1
            self.chunks += event.outcome.chunks
            self.flagged += event.outcome.flagged
            self.replaced += bool(event.outcome.replaced)
        elif isinstance(event, DocumentUnchanged):
            self.unchanged += 1
            self.failed += bool(event.failed)
            self.failed_before += bool(event.failed)
        elif isinstance(event, DocumentFailed):
            self.failed += 1
            self.done += 1
        elif hand is not None:
            self.kept += hand.chunks

    @property
    def done_before(self) -> int:
        return self.unchanged - self.failed_before

    def rows(self) -> list[InHand]:
        """Copies of what is in hand, the furthest first."""
        with self._lock:
            hands = [replace(hand) for hand in self.in_hand.values()]
        return sorted(hands, key=lambda hand: hand.counted != "chunks")

    @property
    def seconds_left(self) -> float | None:
        """By the documents, and parts of documents, that took work in this call; None before there is enough of it."""
        cleaning = [hand for hand in self.rows() if hand.chunks]
        worked = self.done + sum((hand.done - hand.before) / hand.total for hand in cleaning)
        if worked < LEAST_WORKED:
            return None
        left = self.total - self.done - self.unchanged - sum(hand.done / hand.total for hand in cleaning)
        return (time.monotonic() - self._began) / worked * max(0.0, left)

    def words(self) -> str:
        """The sums in a line."""
        parts = [f"{self.done + self.unchanged:,} of {plural(self.total, 'document')}"]
        parts += [f"{self.done_before:,} done before"] if self.done_before else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        parts += [f"{self.taken_over:,} taken over from lost processes"] if self.taken_over else []
        hands = self.rows()
        chunks = self.chunks + self.kept + sum(hand.chunks for hand in hands)
        parts += [plural(chunks, "chunk"), f"{self.flagged:,} flagged"]
        speed = sum(hand.tokens_per_second for hand in hands)
        parts += [f"{speed:.0f} tokens/s"] if speed >= 1 else []
        left = self.seconds_left
        parts += [f"{estimate(left)} left"] if left else []
        return ", ".join(parts)


class Picture:
    """The live table; drawn by rich when it is time."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def __rich__(self) -> Group:
        counts = self._counts
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(width=NAME_WIDTH, no_wrap=True)
        table.add_column(width=18)
        table.add_column()
        rows = counts.rows()
        for hand in rows[:MOST_ROWS]:
            name = excerpt(printable(hand.name.rpartition("/")[2]), NAME_WIDTH)
            bar = ProgressBar(total=hand.total or 1, completed=hand.done, width=16)
            where = f"{hand.done}/{hand.total} {hand.counted}" if hand.total else hand.holder or "begins"
            table.add_row(Text(name), bar, Text(where))
        if len(rows) > MOST_ROWS:
            table.add_row(Text(f"… and {len(rows) - MOST_ROWS} more"), "", "")
        whole = ProgressBar(total=max(1, counts.total), completed=counts.done + counts.unchanged, width=NAME_WIDTH)
        sums = Table.grid()  # a bar alone would not end its line
        sums.add_row(whole)
        sums.add_row(Text(counts.words()))
        return Group(table, sums)


class Lines(Counts):
    """A line for each document that is finished or fails."""

    def __call__(self, event: Event) -> None:
        super().__call__(event)
        at = f"[{self.done + self.unchanged}/{self.total}]"
        if isinstance(event, DocumentFinished):
            chunks = plural(event.outcome.chunks, "chunk")
            say(f"{at} {event.name}: {chunks}, {event.outcome.flagged} flagged, {duration(event.outcome.seconds)}")
        elif isinstance(event, DocumentFailed):
            say(f"{at} {event.name} failed: {event.reason}")
        elif isinstance(event, DocumentTakenOver):
            say(f"{at} {event.name}: {event.how}")


@contextmanager
def view(total: int, *, quiet: bool = False) -> Generator[Counts]:
    """What listens to a batch, and shows it while the block runs."""
    if quiet:
        yield Counts(total)
    elif sys.stderr.isatty():
        counts = Counts(total)
        picture = Picture(counts)
        console = Console(stderr=True)
        live = Live(picture, console=console, transient=True, refresh_per_second=PICTURES_A_SECOND)
        counts.begin = live.start  # not before: a cluster's libraries are kept off the terminal while they begin
        try:
            yield counts
        finally:
            counts.begin = nothing
            live.stop()
        say(counts.words())
    else:
        lines = Lines(total)
        yield lines
        if lines.done_before:
            say(f"{plural(lines.done_before, 'document')} done before and unchanged.")
        if lines.failed_before:
            say(f"{plural(lines.failed_before, 'document')} failed before and unchanged, not tried again.")
