"""How many requests a server gets at a time: more while it answers, half when it says that it is busy.

Additive increase and multiplicative decrease, as in TCP's congestion control: a round of answers adds one, a refusal
halves. What was under way when a refusal came belongs to the same round and halves nothing again. Nothing in here
waits or sleeps: who wants to enter gets a future, and the clock can be a test's own.
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

Outcome = Literal["served", "busy", "other"]
"""`busy` is a refusal for now or a timeout; `other` says nothing of the server's load."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to have one request under way."""

    round: int


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
                ticket = Ticket(self._round)
            place.set_result(ticket)  # outside of the lock: it may call back

    def _grow(self) -> None:
        self._served += 1
        if self._served >= self._allowed:
            self._served = 0
            self._allowed = min(self._most, self._allowed + 1)
