"""Which of the files below a folder Galley wrote itself: cleaned once, they are no documents, and are left out.

A file that is named by itself is never left out, and a PDF is never one of ours.
"""

from collections import Counter
from functools import lru_cache
from pathlib import Path

from ..export import default_target, was_written
from ..session import SUFFIX as SESSION
from .entry import SUFFIXES
from .ledger import is_batch

WRITTEN = "written by Galley"
BESIDE = "named clean_… beside their documents"
RESULTS = "in the folder of a batch's results"
SESSIONS = "sessions"
PDF = ".pdf"
FOLDERS_KNOWN = 1024


class Own:
    """Tells Galley's own files from documents, and counts them by the reason."""

    def __init__(self, notes: Path | None = None) -> None:
        """`notes` is the sessions' folder, where it is noted what was written."""
        self._notes = notes
        self._is_batch = lru_cache(FOLDERS_KNOWN)(is_batch)
        self.left_out: Counter[str] = Counter()

    def leaves_out(self, path: Path, root: Path) -> bool:
        """Whether a file that was found below `root` is Galley's own; if so it is counted."""
        why = self._why(path, root)
        if why:
            self.left_out[why] += 1
        return bool(why)

    def _why(self, path: Path, root: Path) -> str:
        if path.suffix.lower() == PDF:
            return ""
        if f"{SESSION}." in f"{path.name}.":
            return SESSIONS
        if any(self._is_batch(folder) for folder in path.parents if folder != root and folder.is_relative_to(root)):
            return RESULTS
        if beside_its_document(path):
            return BESIDE
        return WRITTEN if self._notes is not None and was_written(path, self._notes) else ""

    def sentence(self) -> str:
        """What was left out and why; empty where nothing was."""
        if not self.left_out:
            return ""
        parts = ", ".join(f"{count:,} {why}" for why, count in self.left_out.most_common())
        return f"Left out as Galley's own: {parts}. A file that is named by itself is taken."


def beside_its_document(path: Path) -> bool:
    """What `galley clean` writes, by its name: the text may have been changed since."""
    stem = path.stem.removeprefix("clean_")
    if default_target(path.with_name(f"{stem}{PDF}")) != path:
        return False
    return any(path.with_name(f"{stem}{s}").exists() for suffix in SUFFIXES for s in (suffix, suffix.upper()))
