"""Who has a document in hand, on a cluster: a small file for each, in the results' folder, while a process works on it.

Every node sees that folder, and so does whoever asked for the batch. What a lost node had in hand is therefore known
after it is gone: its file is still there when another process takes the document. Where no file can be written, work
goes on without one, and nothing but the telling is lost.
"""

import json
import os
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import GalleyError, InputError
from ..paths import private_dir
from ..wording import plural

FOLDER = ".galley-held"
"""In the results' folder; gone when the batch has ended."""
MOST_TRIES = 5
"""Processes that a document may cost one after the other. Several documents are in hand at a time, and each is held
against all of them, so that it is more than on one machine."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a document in hand."""

    node: str
    """The cluster's name for where it runs."""
    host: str
    pid: int

    @classmethod
    def here(cls, node: str) -> "Holder":
        return cls(node, socket.gethostname(), os.getpid())

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} (node {self.node[:8]})"


@dataclass(frozen=True, slots=True)
class Loss:
    """A process that was lost with a document in hand, and who took it over."""

    lost: Holder
    taker: Holder
    done: int
    """Chunks that were finished by then, and are not done again."""
    total: int

    def __str__(self) -> str:
        so_far = f"with {self.done} of {plural(self.total, 'chunk')} done"
        return f"It was in hand with {self.lost}, which was lost {so_far}; {self.taker} went on."


@dataclass(frozen=True, slots=True)
class Holding:
    """What the file of a document says."""

    holder: Holder
    losses: tuple[Loss, ...]
    tries: int = 1
    """Processes in a row that took it and brought it no further, with this one."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Holding":
        """Raises ValueError, KeyError or TypeError."""
        raw = json.loads(text)
        return cls(Holder(**raw["holder"]), tuple(map(loss_of, raw["losses"])), int(raw["tries"]))


def loss_of(raw: dict[str, Any]) -> Loss:
    """Raises KeyError or TypeError."""
    return Loss(Holder(**raw["lost"]), Holder(**raw["taker"]), int(raw["done"]), int(raw["total"]))


class Hold:
    """A document in hand."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self._path = path
        self._holder = holder
        self._before = holding_at(path)
        self._tries = 1 + (self._before.tries if self._before else 0)
        self.losses: list[Loss] = []
        self._sign()

    def check(self) -> None:
        """Raises InputError for a document that ends whoever takes it: a cluster would hand it on without end."""
        if self._before is not None and self._tries > MOST_TRIES:
            last = self._before.holder
            raise InputError(
                f"It was lost {MOST_TRIES} times without getting any further, the last time with {last}.",
                "Retry with --retry-failed.",
            )

    def opened(self, done: int, total: int) -> None:
        """The document's session is open: whoever had it before can't have it any more. `done` of its `total` chunks
        are finished.
        """
        if self._before is None:
            return
        if done > max((loss.done for loss in self._before.losses), default=0):
            self._tries = 1
        self.losses = [*self._before.losses, Loss(self._before.holder, self._holder, done, total)]
        self._before = None
        self._sign()

    def end(self) -> None:
        """It is in hand no longer, unless somebody else took it meanwhile."""
        now = holding_at(self._path)
        if now is not None and now.holder == self._holder:
            with suppress(OSError):
                self._path.unlink()

    def _sign(self) -> None:
        write_private(self._path, Holding(self._holder, tuple(self.losses), self._tries).to_json())


def write_private(path: Path, text: str) -> None:
    """Write a file of the folder, for its owner alone; nothing where that can't be."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


@contextmanager
def held(results: Path, number: int, holder: Holder) -> Generator[Hold]:
    """The document is in the holder's hands while the block runs."""
    with suppress(GalleyError):
        private_dir(results / FOLDER)
    hold = Hold(results / FOLDER / str(number), holder)
    try:
        yield hold
    finally:
        hold.end()


def holding_at(path: Path) -> Holding | None:
    """None where there is no such file, or its writer is in the middle of it."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return Holding.from_json(path.read_text(encoding="utf-8"))
    return None


def holdings(results: Path) -> Iterator[tuple[int, Holding]]:
    """All documents that are in hand, or were when their holder was lost."""
    with suppress(OSError):
        for path in list((results / FOLDER).iterdir()):
            holding = holding_at(path)
            if holding is not None and path.name.isdecimal():
                yield int(path.name), holding


class Lookout:
    """Sees who takes which document, and tells each of it once. Used by one thread at a time."""

    def __init__(self, results: Path, taken: Callable[[int, Holder], None], lost: Callable[[int, Loss], None]) -> None:
        self._results = results
        self._taken = taken
        self._lost = lost
        self._holders: dict[int, Holder] = {}
        self._told: set[tuple[int, Loss]] = set()

    def look(self) -> None:
        for number, holding in holdings(self._results):
            self.tell(number, holding.losses)
            self._seen(number, holding.holder)

    def tell(self, number: int, losses: tuple[Loss, ...]) -> None:
        """What a document's answer says; what was seen before is known."""
        for loss in losses:
            if (number, loss) not in self._told:
                self._told.add((number, loss))
                self._lost(number, loss)
                self._seen(number, loss.taker)

    def _seen(self, number: int, holder: Holder) -> None:
        if self._holders.get(number) != holder:
            self._holders[number] = holder
            self._taken(number, holder)

    def forget(self, number: int) -> None:
        """The document is finished, or set aside."""
        self._holders.pop(number, None)

    def last(self, number: int) -> Holder | None:
        """Who was last seen with a document."""
        return self._holders.get(number)
