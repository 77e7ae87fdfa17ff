"""All sessions of a folder, at a glance; a broken one is a line with its error and harms no other."""

import time
from contextlib import suppress
from pathlib import Path

from ..errors import GalleyError, SessionError
from ..paths import expanded
from .lock import writer_of
from .names import SUFFIX
from .records import SessionSummary
from .store import Session

CANDIDATES = 8
"""So many sessions that a name fits are listed."""


def list_sessions(directory: Path) -> list[SessionSummary]:
    """Summaries, the last touched first."""
    return sorted(map(summarise, directory.glob(f"*{SUFFIX}")), key=lambda summary: -summary.touched)


def summarise(path: Path) -> SessionSummary:
    """One session as a line."""
    touched = 0.0
    with suppress(OSError):
        touched = path.stat().st_mtime
    try:
        with Session.open(path, write=False) as session:
            document, status, settings = session.document, session.status(), session.settings
            writer = writer_of(path)
            return SessionSummary(
                path=path,
                document_path=document.path,
                sha256=document.sha256,
                mode=settings.clean.mode,
                model=settings.model_name,
                status=status,
                touched=touched,
                writer=str(writer) if writer else None,
                interrupted=bool(status.pending) and session.has_run() and writer is None,
            )
    except GalleyError as error:
        return SessionSummary(path=path, error=error.message, touched=touched)


def resolve(name: str, directory: Path) -> Path:
    """A session by its path, its file name, the unambiguous beginning of one, or as a list has cut it in the middle.

    Raises SessionError, which lists the candidates.
    """
    with suppress(OSError, RuntimeError):
        path = expanded(name)
        if path.is_file():
            return path
    found = matching(name, directory)
    if len(found) == 1:
        return found[0]
    if found:
        raise several(name, found)
    raise SessionError(f"There is no session {name!r}.", "galley sessions lists those that there are.")


def matching(name: str, directory: Path) -> list[Path]:
    """The sessions of a folder that a name may mean: the one that has it in full, else all that fit."""
    head, _, tail = name.partition("…")
    found = sorted(p for p in directory.glob(f"*{SUFFIX}") if p.name.startswith(head) and p.stem.endswith(tail))
    return [p for p in found if name in (p.stem, p.name)] or found


def several(name: str, found: list[Path]) -> SessionError:
    """What is to be typed instead, a line for each."""
    newest = sorted(map(summarise, found), key=lambda summary: -summary.touched)
    lines = [f"  {one.path.stem}  {how_far(one)}" for one in newest[:CANDIDATES]]
    if len(newest) > CANDIDATES:
        lines.append(f"  and {len(newest) - CANDIDATES} more, which galley sessions lists")
    hint = "Type one of these names, or as much of its beginning as no other has, the newest first:"
    return SessionError(f"{name!r} fits {len(found)} sessions.", "\n".join([hint, *lines]))


def how_far(one: SessionSummary) -> str:
    """Mode, progress and the time of the last change."""
    touched = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.touched))
    if one.error is not None:
        return f"damaged  {touched}"
    done = f"{one.status.done + one.status.failed}/{one.status.total} done"
    return f"{one.mode}  {done}, {one.status.decided} decided  {touched}"
