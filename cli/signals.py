"""What Ctrl-C does to a run: the first one stops it tidily, the second one ends the process at once."""

import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from ..core.engine.base import Engine
from .output import say_plainly

STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def stop_on_signals(stop: threading.Event, engine: Engine | None) -> Generator[None]:
    """While the block runs, Ctrl-C, a hang-up or a TERM sets `stop`; the next one kills the worker and the process."""

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            if engine is not None:
                engine.kill()
            os._exit(130)
        stop.set()
        if number == signal.SIGINT:
            say_plainly("\nStopping; what is finished is saved. Ctrl-C again ends at once.")

    numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
