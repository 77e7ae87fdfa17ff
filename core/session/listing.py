"""All sessions of a folder, at a glance; a broken one is a line with its error and harms no other."""

from contextlib import suppress
from pathlib import Path

from ..errors import GalleyError, SessionError
from ..paths import expanded
from .lock import writer_of
from .names import SUFFIX
from .records import SessionSummary
from .store import Session


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
    head, _, tail = name.partition("…")
    found = sorted(p for p in directory.glob(f"*{SUFFIX}") if p.name.startswith(head) and p.stem.endswith(tail))
    found = [p for p in found if name in (p.stem, p.name)] or found
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(f"{p.stem} ({summarise(p).mode or 'damaged'})" for p in found[:5])
        raise SessionError(f"{name!r} fits {len(found)} sessions: {names}.", "Give more of the name.")
    raise SessionError(f"There is no session {name!r}.", "galley sessions lists those that there are.")
