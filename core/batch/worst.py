"""A batch's sessions, those that want a look most first."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import GalleyError, SessionError
from ..review import needs_look
from ..session import Session
from ..session.lock import writer_of
from .ledger import Ledger
from .records import Record


@dataclass(frozen=True, slots=True)
class ToLookAt:
    """A document of a batch and what is left to look at in it."""

    record: Record
    session: Path
    mode: str
    failed: int
    """Chunks that were given up and that nobody has decided."""
    flagged: int
    """Flagged chunks that nobody has decided, the failed ones among them."""


def worst_first(folder: Path) -> Iterator[ToLookAt]:
    """The documents whose sessions can be opened: as many failed and flagged chunks as a batch left them with, first.

    Raises SessionError when no batch was run into the folder.
    """
    with Ledger(folder, write=False) as ledger:
        for record in ledger.documents(worst_first=True):
            if record.state != "failed" and record.outcome is not None:
                found = look_at(record, Path(record.outcome.session))
                if found is not None:
                    yield found


def look_at(record: Record, path: Path) -> ToLookAt | None:
    """What is left to look at in a session; None when it can't be opened."""
    try:
        with Session.open(path, write=False) as session:
            rows = [row for row in session.rows() if row.flagged and needs_look(row)]
    except GalleyError:
        return None
    mode = record.outcome.mode if record.outcome is not None else ""
    return ToLookAt(record, path, mode, sum(row.state == "failed" for row in rows), len(rows))


def worst(folder: Path) -> Path:
    """The session to open first: the first that still has something to look at and that nobody has open, else one that
    somebody has, else the first of all.

    Raises SessionError.
    """
    first: Path | None = None
    busy: Path | None = None
    for entry in flagged_first(folder):
        if entry.flagged and writer_of(entry.session) is None:
            return entry.session
        if entry.flagged:
            busy = busy or entry.session
        first = first or entry.session
    if first is None:
        raise SessionError(f"The batch in {folder} has no session to open.", "galley batch says why.")
    return busy or first


def next_to_look_at(folder: Path, session: Path) -> ToLookAt | None:
    """The next document behind a session's, around the end, that still has something to look at; None when none has.

    One that somebody else has open comes last. Raises SessionError.
    """
    before: ToLookAt | None = None
    busy: ToLookAt | None = None
    passed = False
    for entry in flagged_first(folder):
        if entry.session.resolve() == session.resolve():
            passed = True
        elif entry.flagged and writer_of(entry.session) is not None:
            busy = busy or entry
        elif entry.flagged and passed:
            return entry
        elif entry.flagged:
            before = before or entry
    return before or busy


def is_reviewed(folder: Path) -> bool:
    """Whether nothing is left to look at; nobody knows that of a session that can't be opened. Raises SessionError."""
    with Ledger(folder, write=False) as ledger:
        for record in ledger.documents(worst_first=True):
            outcome = record.outcome
            if record.state != "failed" and outcome is not None and (outcome.flagged or outcome.failed):
                found = look_at(record, Path(outcome.session))
                if found is None or found.flagged:
                    return False
    return True


def text_of(folder: Path, session: Path) -> Path | None:
    """Where the batch wrote a session's text; None where there is none. Raises SessionError."""
    with Ledger(folder, write=False) as ledger:
        for record in ledger.documents():
            if record.outcome is not None and Path(record.outcome.session).resolve() == session.resolve():
                text = folder / f"{record.output}.txt"
                return text if text.is_file() else None
    return None


def flagged_first(folder: Path) -> Iterator[ToLookAt]:
    """The documents that the batch left with something to look at, and one behind them, which was left with nothing."""
    for entry in worst_first(folder):
        yield entry
        outcome = entry.record.outcome
        if outcome is not None and not (outcome.flagged or outcome.failed):
            return
