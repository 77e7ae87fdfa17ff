"""Requests that can be cancelled at any point, for callers who live in threads.

A thread that waits in a socket can't be woken, but a task in an event loop can be cancelled wherever it is: connecting,
waiting for a silent server, or between two attempts; its connection is closed then and there.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, TypeVar

from .base import Cancelled, OnText, RequestCancelled, WorkerDied

T = TypeVar("T")
Tell = Callable[[list[str]], None]
"""Given to a request: the pieces of its text so far, a list that goes on growing, to be shown by the caller's own
thread. That puts them together when it has the time: a text for each piece of a long answer would fill the memory."""
POLL_SECONDS = 0.1
CLOSING_SECONDS = 3.0


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._in_hand: set[Future[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server-requests", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Tell], Coroutine[Any, Any, T]], on_text: OnText | None, cancelled: Cancelled) -> T:
        """Do a piece of work while its caller waits.

        Raises RequestCancelled when `cancelled` says so, WorkerDied after `cancel_all`, and what the work raises.
        """
        pieces: list[str] = []
        news = threading.Event()

        def tell(now: list[str]) -> None:
            nonlocal pieces
            pieces = now
            news.set()

        future = asyncio.run_coroutine_threadsafe(work(tell), self._loop)
        with self._lock:
            self._in_hand.add(future)
        future.add_done_callback(lambda _: news.set())
        shown: list[str] = []
        over = False
        try:
            while not over:
                news.wait(POLL_SECONDS)
                news.clear()
                over = future.done()
                so_far = pieces[:]
                if on_text is not None and so_far != shown:
                    shown = so_far
                    on_text("".join(so_far), len(so_far))
                if not over and cancelled():
                    raise RequestCancelled
            return future.result()
        except CancelledError:
            pass
        finally:
            future.cancel()
            with self._lock:
                self._in_hand.discard(future)
        raise WorkerDied("The requests to the server were given up.")

    def cancel_all(self) -> None:
        """Give up what is in hand."""
        with self._lock:
            for future in list(self._in_hand):
                future.cancel()

    def close(self, farewell: Coroutine[Any, Any, None]) -> None:
        """Give up what is in hand, do `farewell` as the last thing, and end the thread."""
        self.cancel_all()
        with suppress(TimeoutError, CancelledError, OSError):
            asyncio.run_coroutine_threadsafe(self._leave(farewell), self._loop).result(CLOSING_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSING_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    async def _leave(self, farewell: Coroutine[Any, Any, None]) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await farewell
        await self._loop.shutdown_asyncgens()
