"""What is done to one document, wherever it is done: in a worker process of this machine, or on a node of a cluster.

Two halves: `begin` takes the text out of a file into a session, `finish` cleans what is pending in it. Both go on where
an earlier try stopped, since all they know is in the session.
"""

import errno
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import job as jobs
from ..atomic import storage_error
from ..config import Config
from ..engine.base import Engine
from ..errors import InputError
from ..export import write
from ..extract.failures import PasswordNeeded
from ..model import Model
from ..paths import sessions_dir
from ..run import Listener, Run
from ..session import Session
from ..session.names import session_name
from .entry import is_address, password_of, shown
from .ledger import moved_away
from .records import Outcome
from .remote import fetched, stamp_of

Told = Callable[[str, int, int], None]
"""Called with what is counted (`pages` or `chunks`), how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Task:
    """A document and what is to be done to it. Made of plain values, since it goes to other processes."""

    number: int
    source: str
    config: dict[str, Any]
    """The settings in force for it, as JSON values."""
    model: tuple[str, str, int, int] | None
    """Path, identity, parameters and context of the model; None in `rules`."""
    output: str
    """Path of the text to write; empty when rows are made of the session instead."""
    finish: bool
    """Clean it too: no model is needed."""
    password: str | None = None
    """The call's; it goes to processes of this machine alone."""
    retry: bool = False
    """Try failed chunks again."""
    force: bool = False
    """Replace a text that is not as Galley wrote it."""
    stamp: str = ""
    """Of an address that was cleaned before with the same settings: while that holds there is nothing to do."""
    fetched: str = ""
    """The folder that what is behind an address is fetched into."""
    password_env: str = ""
    """The environment variable, of whoever reads the document, that holds its password instead."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> "Task":
        values = dict(raw)
        values["model"] = tuple(raw["model"]) if raw["model"] is not None else None
        return cls(**values)

    @property
    def settings(self) -> Config:
        return Config.model_validate(self.config)

    def the_model(self) -> Model | None:
        if self.model is None:
            return None
        path, identity, parameters, context = self.model
        return Model(Path(path), identity, parameters, context)


class Unchanged(Exception):
    """The address still has what was cleaned before."""


def nothing(counted: str, done: int, total: int) -> None:
    """Tells nobody."""


def begin(
    task: Task, told: Told = nothing, engine: Engine | None = None, stop: threading.Event | None = None
) -> tuple[Session, str]:
    """The document's session, open for writing, made when there is none; and the stamp of an address.

    Raises Unchanged, Stopped, InputError, SessionError, SessionBusyError or StorageError.
    """
    if not is_address(task.source):
        return opened(task, Path(task.source), told, engine), ""
    stamp = stamp_of(task.source)
    if stamp and stamp == task.stamp:
        raise Unchanged
    most_mb = task.settings.extract.fetch_mb
    with fetched(task.source, Path(task.fetched), stop or threading.Event(), most_mb) as path:
        return opened(task, path, told, engine), stamp


def opened(task: Task, path: Path, told: Told, engine: Engine | None) -> Session:
    """The session of a file. It is looked for by its name alone, which takes as long in a folder of a million."""
    config, model = task.settings, task.the_model()
    directory = config.session.folder or sessions_dir()
    settings = jobs.run_settings(config, model)
    known = directory / session_name(path, jobs.file_digest(path), settings.digest())
    if known.exists():
        session = Session.open(known)
        if task.retry:
            session.reopen_failed()
        return session

    def pages(done: int, total: int) -> None:
        told("pages", done, total)

    password = password_of(task.password_env, task.password)
    try:
        reading = jobs.read_in(path, config, settings, password=password, progress=pages, engine=engine)
    except PasswordNeeded as error:
        raise unset(task, error) or error from error
    return Session.create(directory, reading.document, reading.prepared, reading.chunks, settings)


def finish(
    task: Task,
    session: Session,
    run: Callable[[Session, Listener], Run],
    stop: threading.Event,
    listener: Listener,
    began: float,
) -> Outcome:
    """Clean what is pending and write the text; `pending` of the outcome says whether `stop` came between.

    Raises what `Run.work` and `write` raise.
    """
    if session.status().pending:
        run(session, listener).work(stop)
    characters, replaced = 0, ""
    if not session.status().pending and task.output:
        target = Path(task.output)
        make_room(target, Path(task.fetched).parent)
        report = write(session, target, "txt", force=task.force)
        characters, replaced = report.characters, str(report.replaced.session) if report.replaced else ""
    return replace(outcome_of(session, characters, time.monotonic() - began), replaced=replaced)


def unset(task: Task, error: PasswordNeeded) -> PasswordNeeded | None:
    """What is said where the variable that a manifest names is not there."""
    if not task.password_env or task.password_env in os.environ:
        return None
    where = f"the environment variable {shown(task.password_env)}, which has to hold it, is not set"
    return PasswordNeeded(f"{error.message.rstrip('.')}, and {where}.", "Set it where the document is read.")


def make_room(target: Path, results: Path) -> None:
    """The folders of a text, below that of the results. Raises StorageError, or InputError where it is one document's
    place alone that can't be made.
    """
    if not results.is_dir():
        raise moved_away(results)
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileNotFoundError):
            target.lstat()
    except OSError as error:
        if error.errno in {errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR}:
            raise InputError(
                f"{target} can't be its text: {error.strerror}.", "Give it another output, in a manifest."
            ) from error
        raise storage_error(target.parent, error) from error


def outcome_of(session: Session, characters: int, seconds: float) -> Outcome:
    """A session in figures."""
    status, document, settings = session.status(), session.document, session.settings
    flags: Counter[str] = Counter()
    for result in session.results():
        if result.attempt is not None:
            flags.update({flag.name for flag in result.attempt.flags})
    return Outcome(
        sha256=document.sha256,
        digest=settings.digest(),
        session=str(session.path),
        mode=settings.clean.mode,
        pages=document.page_count,
        chunks=status.total,
        failed=status.failed,
        flagged=status.flagged,
        flags=dict(flags.most_common()),
        skipped=document.skipped,
        notes=document.notes,
        characters=characters,
        tokens=session.work_done().tokens,
        seconds=round(seconds, 3),
        pending=status.pending,
    )
