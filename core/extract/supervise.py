"""Gets a file through extraction workers, whatever it does to them: its pages first, then how two extractors agree.

A worker that dies while opening the file is started again without the step that killed it; one that dies on a page is
started again behind that page, or on it with the other extractor where one is left. Both are bounded: a file that kills
worker after worker is given up, and what was had until then is kept.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ..document import Page
from ..errors import InputError
from .controls import strip_controls
from .failures import ExtractionCancelled, FileChanged, PasswordNeeded, named
from .options import ExtractOptions
from .process import Cancelled, WorkerDied, WorkerProcess, next_worker
from .protocol import (
    Compare,
    Compared,
    Failed,
    Finished,
    Item,
    Job,
    Message,
    Opened,
    Refused,
    Stage,
    Taken,
    Trying,
    Work,
)

COMPARISON_SECONDS = 20.0
"""A comparison is worth no longer wait than this."""
MOST_DEATHS_IN_A_ROW = 5
"""Workers lost without a page in between."""
MOST_DEATHS = 25
"""Workers lost on one file, all in all."""
MOST_FAILURES_IN_A_ROW = 200
"""Pages that no extractor can take, one after the other; a page count can be a lie."""
OUT_OF_TURN = "it answered what it was not asked"
"""Only a worker that a file has taken over does."""
SKIPPABLE = {"pypdf", "pdfium", "repair", "metadata"}
"""Steps of opening that a file can do without."""


@dataclass(slots=True)
class Harvest:
    """What the workers have brought in so far."""

    pages: dict[int, Page] = field(default_factory=dict[int, Page])
    skipped: dict[int, str] = field(default_factory=dict[int, str])
    left: list[int] = field(default_factory=list[int])
    """Pages that were not tried: given up, or beyond the limit of characters."""
    gave_up: str = ""
    """Why the pages in `left` were given up; empty when they were not."""
    deaths: int = 0
    """Workers lost on the way."""
    removed: int = 0
    unseen: dict[int, dict[str, int]] = field(default_factory=dict[int, dict[str, int]])
    """Characters that a reader does not see, by the reason, by page."""
    characters: int = 0
    """Length of the document's text: all pages and one separator between two."""

    def add(self, taken: Taken) -> None:
        text = strip_controls(taken.text).text  # the worker has done so, if it is still ours
        self.characters += len(text) + (1 if self.pages else 0)
        self.pages[taken.page] = Page(taken.page, text, taken.extractor)
        self.removed += taken.removed
        if taken.unseen:
            self.unseen[taken.page] = taken.unseen

    @property
    def settled(self) -> int:
        return len(self.pages) + len(self.skipped)


class Supervisor:
    """One file's extraction: `open` first, then `take`, then `compare`. Use as a context manager, or `end` it."""

    def __init__(
        self,
        path: Path,
        options: ExtractOptions,
        password: str | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self._path = path
        self._options = options
        self._cancelled = cancelled
        self._job = Job(str(path), password, options.extractor, options.memory_mb, [], not options.keep_unseen)
        self._worker: WorkerProcess | None = None
        self._opened: Opened | None = None
        self._trying: Trying | None = None
        self._patience = options.timeout_seconds
        self._deaths_in_a_row = 0
        self._failures_in_a_row = 0
        self._reasons: list[str] = []
        self._stopped = False
        self._busy = False
        """Whether the worker has pages in hand that were asked for."""
        self._to_compare: list[tuple[int, str]] = []
        """Numbers of pages that were taken, and by which extractor."""
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def another(self) -> "Supervisor":
        """One more on the same file, once it is open here; it has to find the same bytes, and leaves out the steps of
        opening that killed a worker here."""
        other = Supervisor(self._path, self._options, cancelled=self._cancelled)
        other._job, other._opened = self._job, self._opened
        return other

    def stop(self) -> None:
        """Have whatever is under way end with ExtractionCancelled. From any thread."""
        self._stopped = True

    def open(self) -> Opened:
        """Start a worker and have it open the file.

        Raises InputError, PasswordNeeded or ExtractionCancelled.
        """
        while True:
            stage = "start"
            self._patience = self._options.timeout_seconds
            try:
                worker = self._start()
                while isinstance(message := self._receive(worker), Stage):
                    stage = message.name
                if not isinstance(message, Refused | Opened):
                    raise WorkerDied(OUT_OF_TURN)
            except WorkerDied as death:
                self._avoid(stage, str(death))
                continue
            if isinstance(message, Refused):
                raise self._refusal(message)
            if self._opened is not None and message.sha256 != self._opened.sha256:
                raise FileChanged(f"{named(self._path)} changed while it was read.", "Start again when it is complete.")
            self._opened = message
            return message

    def take(self, items: Iterable[Item], report: Callable[[Harvest], None]) -> Harvest:
        """Have the pages read, in order; `report` is called after each page that is taken or skipped.

        Stops early once `max_chars` characters are there. Raises InputError or ExtractionCancelled.
        """
        pending = deque(items)
        harvest = Harvest()
        while pending and not harvest.gave_up:
            try:
                self._work_through(self._ready(), pending, harvest, report)
            except WorkerDied as death:
                self.end()
                self._bury(pending, harvest, str(death), report)
                continue
            break
        harvest.left = [item.page for item in pending]
        return harvest

    def compare(self, *, gently: bool) -> dict[int, float | None]:
        """How far the extractors agree on the pages that were taken and are to be compared, by number. Worth no new
        worker: one that is lost over it ends it, with a note. Raises ExtractionCancelled."""
        found: dict[int, float | None] = {}
        if self._to_compare:
            try:
                self._compare(self._ready(), gently, found)
            except (WorkerDied, InputError) as lost:
                page = next((number for number, _ in self._to_compare if number not in found), 0)
                why = lost.message if isinstance(lost, InputError) else str(lost)
                if page:
                    self.notes.append(f"The extractors were no longer compared after page {page}: {why.rstrip('.')}.")
        return found

    @property
    def compares(self) -> bool:
        """Whether there is anything for `compare` to do."""
        return bool(self._to_compare)

    def hurry(self) -> None:
        """Compare gently no longer. From any thread."""
        worker = self._worker
        if worker is not None:
            worker.hurry()

    def _compare(self, worker: WorkerProcess, gently: bool, found: dict[int, float | None]) -> None:
        self._patience = self._options.timeout_seconds
        if gently:
            worker.give_way()
        worker.send(Compare(self._to_compare))
        while self._busy:  # with what it had in hand before
            self._busy = not isinstance(self._receive(worker), Finished)
        while not isinstance(message := self._receive(worker), Finished):
            if isinstance(message, Compared):
                found[message.page] = message.agreement
            elif isinstance(message, Trying):
                self._patience = min(self._options.timeout_seconds, COMPARISON_SECONDS)

    def _work_through(
        self, worker: WorkerProcess, pending: deque[Item], harvest: Harvest, report: Callable[[Harvest], None]
    ) -> None:
        """One worker's life: until it has finished, there are enough characters, or the rest is given up."""
        self._trying = None
        self._patience = self._options.timeout_seconds
        self._busy = True
        worker.send(Work.of(list(pending)))
        while not isinstance(message := self._receive(worker), Finished):
            if not in_turn(message, pending):
                raise WorkerDied(OUT_OF_TURN)
            if isinstance(message, Trying):
                self._trying = message
            elif isinstance(message, Taken | Failed):
                self._trying = None
                item = pending.popleft()
                self._settle(message, harvest)
                report(harvest)
                if self._full(harvest) or harvest.gave_up:
                    return
                if item.compare and isinstance(message, Taken) and message.text.strip():
                    self._to_compare.append((message.page, message.extractor))
        self._busy = False

    def _settle(self, message: Taken | Failed, harvest: Harvest) -> None:
        self._deaths_in_a_row = 0
        if isinstance(message, Taken):
            self._failures_in_a_row = 0
            harvest.add(message)
        else:
            self._failures_in_a_row += 1
            harvest.skipped[message.page] = "; ".join([*self._reasons, message.reason])
            if self._failures_in_a_row == MOST_FAILURES_IN_A_ROW:
                harvest.gave_up = f"{MOST_FAILURES_IN_A_ROW} pages in a row could not be read"
        self._reasons = []

    def _full(self, harvest: Harvest) -> bool:
        return 0 < self._options.max_chars <= harvest.characters

    def _bury(self, pending: deque[Item], harvest: Harvest, death: str, report: Callable[[Harvest], None]) -> None:
        """Decide what the worker's death costs: one extractor on one page, the page, or the rest."""
        harvest.deaths += 1
        self._deaths_in_a_row += 1
        trying = self._trying
        if trying is not None and pending:
            item = pending.popleft()
            untried = item.extractors[item.extractors.index(trying.extractor) + 1 :]
            self._reasons.append(f"{trying.extractor}: {death}")
            if untried:
                pending.appendleft(replace(item, extractors=untried, compare=False))
            else:
                harvest.skipped[item.page] = "; ".join(self._reasons)
                self._reasons = []
                report(harvest)
        if self._deaths_in_a_row >= MOST_DEATHS_IN_A_ROW or harvest.deaths >= MOST_DEATHS:
            harvest.gave_up = f"the extractor had to be started again {harvest.deaths} times"

    def _avoid(self, stage: str, death: str) -> None:
        """Go on without the step of opening that killed a worker. Raises InputError where it can't be done without."""
        if stage not in SKIPPABLE or stage in self._job.avoid:
            limit = f" and {self._job.memory_mb} MiB of memory" if self._job.memory_mb else ""
            raise InputError(
                f"{named(self._path)} could not be opened: {death}.",
                f"It had {self._options.timeout_seconds:g} s{limit}; more can be set in the [extract] settings.",
            )
        self._job = replace(self._job, avoid=[*self._job.avoid, stage])
        step = {"repair": "repairing the file", "metadata": "reading its metadata"}.get(
            stage, f"opening it with {stage}"
        )
        self.notes.append(f"Went on without {step}: {death}.")

    def _refusal(self, refused: Refused) -> InputError:
        kind = PasswordNeeded if refused.kind == "password" else InputError
        return kind(" ".join([refused.message, *self.notes]), refused.hint)

    def _ready(self) -> WorkerProcess:
        """The worker that has the file open. Raises as `open` does."""
        if self._worker is None:
            self.open()
        assert self._worker is not None
        return self._worker

    def _start(self) -> WorkerProcess:
        self.end()
        self._worker = next_worker()
        self._worker.send(self._job)
        return self._worker

    def _receive(self, worker: WorkerProcess) -> Message:
        try:
            return worker.receive(self._patience, self._asked_to_stop)
        except Cancelled:
            raise ExtractionCancelled(f"Reading {named(self._path)} was stopped.") from None

    def _asked_to_stop(self) -> bool:
        return self._stopped or (self._cancelled is not None and self._cancelled())

    def end(self) -> None:
        """End the worker; harmless when there is none."""
        self._busy = False
        if self._worker is not None:
            self._worker.end()
            self._worker = None


def in_turn(message: Message, pending: Sequence[Item]) -> bool:
    """Whether a message is about the page that is next, if it is about one."""
    if not isinstance(message, Trying | Taken | Failed):
        return True
    if not pending or message.page != pending[0].page:
        return False
    return isinstance(message, Failed) or message.extractor in pending[0].extractors
