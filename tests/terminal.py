"""A real terminal: a tmux of its own, keys sent to it, its screen read."""

import itertools
import os
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

NUMBERS = itertools.count()
"""A socket of its own for each: a server that has been told to end still answers for a moment, and then does not."""


class Terminal:
    """One tmux pane that runs one command; use it as a context manager."""

    def __init__(self, folder: Path, command: list[str], size: tuple[int, int] = (120, 40)) -> None:
        self._socket = folder / f"tmux{next(NUMBERS)}"
        self._command, self._size = command, size

    def __enter__(self) -> "Terminal":
        width, height = map(str, self._size)
        environ = {key: value for key, value in os.environ.items() if key not in {"TMUX", "COLORTERM", "NO_COLOR"}}
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", width, "-y", height, shlex.join(self._command), env=environ
        )
        self._tmux("set", "-g", "remain-on-exit", "on")
        return self

    def __exit__(self, *error: object) -> None:
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        return subprocess.run(command, check=check, capture_output=True, text=True, env=env).stdout

    @property
    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    @property
    def pid(self) -> int:
        """Of the command itself."""
        return int(self._tmux("display", "-p", "#{pane_pid}"))

    @property
    def ended(self) -> bool:
        return self._tmux("display", "-p", "#{pane_dead}").strip() == "1"

    def press(self, *keys: str) -> None:
        """Keys by tmux's names, one after the other, as a quick hand would."""
        for key in keys:
            self._tmux("send-keys", key)
            time.sleep(0.05)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def wait(self, true: str | Callable[[], object], seconds: float = 60.0) -> str:
        """Until the text is on the screen, or something else is the case; returns the screen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            screen = self.screen
            if (true in screen) if isinstance(true, str) else true():
                return screen
            time.sleep(0.05)
        raise AssertionError(f"{true!r} did not come about; the screen:\n{self.screen}")
