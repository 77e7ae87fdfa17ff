"""A server that was there and is gone: it is waited for, and whoever watches is told.

It is restarted, moved, or loads its model again, which takes minutes, while stopping a run costs a person who starts it
anew. A server that never answered is most likely a wrong address: nobody waits for that one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ..wording import duration
from .server_errors import Refused

T = TypeVar("T")
TellWait = Callable[[str, bool], None]
"""Told in a sentence when a server is waited for (True), and when it is back. From the thread of the requests."""
QUIET_SECONDS = 5.0
"""An absence that is over by then is told to nobody."""
SHORTEST, LONGEST = 0.5, 5.0
"""Seconds between two tries of one request."""


class Absence:
    """Shared by all requests to one server; used in their event loop."""

    def __init__(self, where: str, seconds: float) -> None:
        """`where` names the server; it is waited for `seconds` at most."""
        self.known = False
        """The server has shown what it offers, so that one who is gone will be back."""
        self.tell: TellWait | None = None
        self._where = where
        self._seconds = seconds
        self._waiting = 0
        self._told = False

    async def outwait(self, ask: Callable[[], Awaitable[T]], waited: list[float]) -> T:
        """Ask again until the server is there; the seconds that it took join `waited`.

        Raises Refused: another refusal, or a lasting one when the server stays away.
        """
        began = time.monotonic()
        self._waiting += 1
        try:
            while True:
                try:
                    answer = await ask()
                except Refused as error:
                    if not error.away:
                        self._over(began)
                        raise
                    await self._pause(error, time.monotonic() - began)
                else:
                    self._over(began)
                    return answer
        finally:
            self._waiting -= 1
            self._told = self._told and self._waiting > 0
            waited.append(time.monotonic() - began)

    async def _pause(self, error: Refused, gone: float) -> None:
        left = self._seconds - gone
        if left <= 0:
            raise error.for_good()
        if gone >= QUIET_SECONDS and not self._told:
            self._told = True
            self._say(f"{error.message} It is waited for, up to {in_minutes(self._seconds)}.", True)
        await asyncio.sleep(min(left, LONGEST, max(SHORTEST, gone / 4)))

    def _over(self, began: float) -> None:
        if self._told:
            self._told = False
            self._say(f"{self._where} is back after {duration(time.monotonic() - began)}.", False)

    def _say(self, words: str, gone: bool) -> None:
        if self.tell is not None:
            self.tell(words, gone)


def in_minutes(seconds: float) -> str:
    """A time that somebody chose, without seconds where it is minutes."""
    return f"{seconds / 60:g} minutes" if seconds >= 120 else duration(seconds)
