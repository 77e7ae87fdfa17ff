"""A server that is gone, as a cluster's processes tell of it: a small file for each, in the folder of what is in hand.

All of them ask the same server, and miss it within seconds of each other. Whoever asked for the batch is told once that
it is gone, by the first, and once that it is back; what the others say meanwhile is the same.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..engine.absence import TellWait
from .holding import FOLDER, Holder, write_private

PREFIX = "server-"


def tell_from(results: Path, holder: Holder) -> TellWait:
    """What an engine on a node tells its waits to. Where no file can be written, the telling alone is lost."""
    path = results / FOLDER / f"{PREFIX}{holder.pid}-{holder.node[:8]}"

    def tell(words: str, gone: bool) -> None:
        write_private(path, json.dumps({"who": str(holder), "words": words, "gone": gone}))

    return tell


class Waits:
    """Sees who waits for the server. Used by one thread at a time."""

    def __init__(self, results: Path, told: Callable[[str, bool], None]) -> None:
        """`told` gets a sentence, and whether the server is gone or back."""
        self._folder = results / FOLDER
        self._told = told
        self._waiting: set[str] = set()
        """The files of those who are known to wait, or to have been lost while they did."""
        self._gone = False

    def look(self) -> None:
        with suppress(OSError):
            for path in sorted(self._folder.glob(f"{PREFIX}*")):
                with suppress(OSError, ValueError, KeyError, TypeError):  # its writer may be in the middle of it
                    raw = json.loads(path.read_text(encoding="utf-8"))
                    self._heard(path.name, f"{raw['who']}: {raw['words']}", bool(raw["gone"]))

    def _heard(self, name: str, words: str, gone: bool) -> None:
        if gone == (name in self._waiting):
            return
        (self._waiting.add if gone else self._waiting.discard)(name)
        if gone != self._gone:
            self._gone = gone
            self._told(words[0].upper() + words[1:], gone)
