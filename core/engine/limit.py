"""How many requests a server gets at a time: more while it answers, half when it says that it is busy.

Additive increase and multiplicative decrease, as in TCP's congestion control: a round of answers adds one, a refusal
halves. What was under way when a refusal came belongs to the same round and halves nothing again. Many servers never
refuse and let requests wait instead: where answers take far longer than the first ones did, none is added. Nothing in
here waits or sleeps: who wants to enter gets a future, and the clock can be a test's own.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

START = 4
"""Requests at a time before the server has shown what it bears."""

LONGER = 3.0
"""Answers that take so many times as long as the first ones did mean that requests wait at the server."""
WEIGHT = 0.2
"""Of the newest answer in the running mean of their durations."""

Outcome = Literal["served", "busy", "other"]
"""`busy` is a refusal for now or a timeout; `other` says nothing of the server's load."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to have one request under way."""

    round: int
    began: float
    """By the clock of the limit."""


class Limit:
    """Shared by all requests to one server. Every method may be called from any thread."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[Future[Ticket]] = deque()
        self._allowed = min(START, most)
        self._under_way = 0
        self._served = 0
        self._round = 0
        self._paused_until = 0.0
        self._first: list[float] = []
        """Seconds that the first answers took."""
        self._recent = 0.0
        """Running mean of the seconds that answers take."""

    @property
    def allowed(self) -> int:
        """Requests that may be under way at present."""
        return self._allowed

    @property
    def under_way(self) -> int:
        return self._under_way

    def enter(self) -> Future[Ticket]:
        """A place in the line: the future gets its ticket in turn, and leaves the line when it is cancelled."""
        place: Future[Ticket] = Future()
        with self._lock:
            self._waiting.append(place)
        self.look()
        return place

    def leave(self, ticket: Ticket, outcome: Outcome, pause: float = 0.0) -> None:
        """The request ended. `pause` seconds, which a server asked for, hold back every request and not only this."""
        with self._lock:
            self._under_way -= 1
            if outcome == "served":
                self._learn(self._clock() - ticket.began)
                self._grow()
            elif outcome == "busy" and ticket.round == self._round:
                self._allowed = max(1, self._allowed // 2)
                self._round += 1
                self._served = 0
            if pause > 0:
                self._paused_until = max(self._paused_until, self._clock() + pause)
        self.look()

    def look(self) -> None:
        """Let in whoever may enter now; to be called now and then while somebody waits, since a pause ends by time."""
        while True:
            with self._lock:
                free = self._under_way < self._allowed and self._clock() >= self._paused_until
                if not free or not self._waiting:
                    return
                place = self._waiting.popleft()
                if not place.set_running_or_notify_cancel():
                    continue
                self._under_way += 1
                ticket = Ticket(self._round, self._clock())
            place.set_result(ticket)  # outside of the lock: it may call back

    def _learn(self, seconds: float) -> None:
        if len(self._first) < START:
            self._first.append(seconds)
            self._recent = sum(self._first) / len(self._first)
        else:
            self._recent += WEIGHT * (seconds - self._recent)

    def _grow(self) -> None:
        self._served += 1
        if self._served < self._allowed:
            return
        self._served = 0
        if self._recent <= LONGER * sum(self._first) / len(self._first):
            self._allowed = min(self._most, self._allowed + 1)
