"""Several workers on one file, where its pages take so long that starting another pays.

Each takes a run of pages that follow each other, under a supervisor of its own, so that what a page does to its worker
stays within its run; the run of one that can't open the file goes back to the first, which could. The harvest is that
of one worker.
"""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from ..cores import cores
from ..errors import InputError
from .failures import FileChanged
from .process import count_ahead
from .protocol import Item
from .supervise import Harvest, Supervisor

PAGE_SECONDS = {"pdfium": 0.011, "pypdf": 0.035}
"""Roughly, on a two-column paper; a German book with formulas takes the same."""
START_SECONDS = 0.4
"""Of another worker, which starts when the first has opened the file."""
LEAST_SECONDS = 0.1
"""Of work for one that has started: it has to open the file, too."""
MOST_WORKERS = 4
"""Each may take as much memory as the settings allow."""
POLL_SECONDS = 0.1

S = TypeVar("S")
T = TypeVar("T")


class Team:
    """The supervisors of one file's workers; `end` it."""

    def __init__(self, first: Supervisor) -> None:
        self._members = [first]
        self._pool = ThreadPoolExecutor(MOST_WORKERS, "extract")
        """Kept until the end, since a worker dies with the thread that started it."""

    @property
    def notes(self) -> list[str]:
        return list(dict.fromkeys(note for supervisor in self._members for note in supervisor.notes))

    def take(self, items: Sequence[Item], settled: Callable[[int], None], *, alone: bool) -> Harvest:
        """The harvest of `items`, which the first has open; `settled` is told how many pages are done, by this thread.

        `alone` asks for one worker, where the end depends on what was had before. Raises as `Supervisor.take` does.
        """
        parts = [list(items)] if alone else split(items, cores(), count_ahead())
        first = self._members[0]
        if len(parts) == 1:
            return first.take(parts[0], lambda harvest: settled(harvest.settled))
        self._members += [first.another() for _ in parts[1:]]
        done = [0] * len(parts)

        def work(place: int) -> Harvest | None:
            def report(harvest: Harvest) -> None:
                done[place] = harvest.settled

            supervisor = self._members[place]
            if place and not could_open(supervisor):
                return None
            return supervisor.take(parts[place], report)

        def given_back(place: int) -> Harvest:
            before = sum(done)
            harvest = first.take(parts[place], lambda harvest: settled(before + harvest.settled))
            done[place] = harvest.settled
            return harvest

        with self._together(work, range(len(parts))) as futures:
            watch(futures, lambda: settled(sum(done)))
            return merged([future.result() or given_back(place) for place, future in enumerate(futures)])

    def compare(self, *, gently: bool) -> dict[int, float | None]:
        """As `Supervisor.compare`, of all."""
        with self._together(lambda supervisor: supervisor.compare(gently=gently), self._members) as futures:
            return {page: found for future in futures for page, found in future.result().items()}

    @property
    def compares(self) -> bool:
        """Whether there is anything for `compare` to do."""
        return any(supervisor.compares for supervisor in self._members)

    def hurry(self) -> None:
        """Compare gently no longer. From any thread."""
        for supervisor in self._members:
            supervisor.hurry()

    def stop(self) -> None:
        """Have whatever is under way end with ExtractionCancelled. From any thread."""
        for supervisor in self._members:
            supervisor.stop()

    def end(self) -> None:
        """End all workers."""
        for supervisor in self._members:
            supervisor.end()
        self._pool.shutdown()

    @contextmanager
    def _together(self, work: Callable[[S], T], over: Sequence[S]) -> Generator[list[Future[T]]]:
        """Work over several, at once. What goes wrong while the block waits stops all, and none is left working."""
        futures = [self._pool.submit(work, one) for one in over]
        try:
            yield futures
        except BaseException:
            self.stop()
            wait(futures)
            raise


def could_open(supervisor: Supervisor) -> bool:
    """Whether another worker has the file open. For want of memory or time it may not be, whatever the first could.

    Raises FileChanged, since pages of two files must not be mixed, or ExtractionCancelled.
    """
    try:
        supervisor.open()
    except FileChanged:
        raise
    except InputError:
        supervisor.notes.clear()  # of a worker that brought nothing in
        return False
    return True


def watch(futures: Sequence[Future[Harvest | None]], tell: Callable[[], None]) -> None:
    """Until all are done, or one has failed, whose error is raised."""
    while True:
        done, left = wait(futures, timeout=POLL_SECONDS, return_when=FIRST_EXCEPTION)
        tell()
        for future in done:
            future.result()
        if not left:
            return


def split(items: Sequence[Item], most: int, ahead: int = 0) -> list[list[Item]]:
    """Runs of items that end at about the same time, one a worker; so many besides the first were started `ahead`."""
    total = sum(map(seconds, items))
    pays = max(int(total / (2 * START_SECONDS)), min(1 + ahead, int(total / LEAST_SECONDS)))
    count = max(1, min(most, MOST_WORKERS, pays))
    share = (total + max(0, count - 1 - ahead) * START_SECONDS) / count
    parts: list[list[Item]] = [[]]
    spent = 0.0
    for item in items:
        if spent >= share and len(parts) < count:
            spent = START_SECONDS if len(parts) > ahead else 0.0
            parts.append([])
        parts[-1].append(item)
        spent += seconds(item)
    return parts


def seconds(item: Item) -> float:
    """What a page takes, roughly."""
    taken = PAGE_SECONDS.get(item.extractors[0], 0.0) if item.extractors else 0.0
    return taken + (PAGE_SECONDS["pypdf"] if item.compare else 0.0)


def merged(harvests: Sequence[Harvest]) -> Harvest:
    """As if one worker had brought all of it in."""
    whole = Harvest()
    for harvest in harvests:
        whole.pages |= harvest.pages
        whole.skipped |= harvest.skipped
        whole.left += harvest.left
        whole.gave_up = whole.gave_up or harvest.gave_up
        whole.deaths += harvest.deaths
        whole.removed += harvest.removed
        whole.unseen |= harvest.unseen
    whole.characters = sum(len(page.text) for page in whole.pages.values()) + max(0, len(whole.pages) - 1)
    return whole
