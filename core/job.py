"""From an input file and a config to a session that is ready to run, and from a session to its engine.

Both fronts start here. A session is found again by what was cleaned (the file's hash) and how (the settings), so the
same command, given twice, resumes.
"""

import hashlib
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .asked import Requests
from .clean.cleaner import Cleaner
from .comparing import Comparing
from .config import Config
from .document import Document
from .engine.base import Engine
from .errors import GalleyError, InputError, ModelError
from .large import is_large, session_apart
from .model import (
    Model,
    as_made,
    default_name,
    find_model,
    fitting,
    identify,
    make_engine,
    resolve_mode,
    resolve_retries,
    session_model,
    tell_waits,
)
from .paths import sessions_dir
from .prompts import load_judge, load_prompt
from .reading import Reading, reading_of, take_in
from .run import Listener, Run
from .session import Session, SessionDocument, find_session, list_sessions, set_aside
from .settings import RunSettings

__all__ = [
    "Job",
    "Model",
    "Reading",
    "as_made",
    "changes_of",
    "default_name",
    "file_digest",
    "find_model",
    "finished",
    "identify",
    "make_cleaner",
    "make_engine",
    "make_run",
    "open_job",
    "read_in",
    "run_settings",
    "session_model",
    "tell_waits",
]


@dataclass(frozen=True, slots=True)
class Job:
    """An open session and how it came about."""

    session: Session
    state: str
    """`new`, `resumed` or `finished` (nothing is pending)."""
    notes: tuple[str, ...] = field(default=())
    """Sentences for the user."""
    comparing: Comparing | None = None
    """What still goes on behind; close it before the session."""


def run_settings(config: Config, model: Model | None) -> RunSettings:
    """What makes two runs the same."""
    mode = resolve_mode(config.clean.mode, model)
    chunking = fitting(config.chunk, model) if mode == "rewrite" and model is not None else config.chunk
    prompt = load_prompt(config.clean.prompt).digest[:16] if mode == "rewrite" else ""
    return RunSettings(
        extract=config.extract,
        prepare=config.prepare,
        chunk=chunking,
        check=config.check,
        clean=config.clean.model_copy(
            update={"mode": mode, "retries": resolve_retries(config.clean.retries, mode, model)}
        ),
        prompt_digest=prompt,
        judge_digest=load_judge().digest[:16] if mode != "rules" else "",
        model=model.identity if model is not None and mode != "rules" else "",
    )


def open_job(
    path: Path,
    config: Config,
    model: Model | None,
    *,
    password: str | None = None,
    fresh: bool = False,
    progress: Callable[[int, int], None] | None = None,
    engine: Engine | None = None,
    reading: Reading | None = None,
    later: bool = False,
) -> Job:
    """The session of this file and these settings, made when there is none.

    `fresh` sets an existing one aside, under another name. `progress` is told pages done, of how many. `engine` counts
    tokens when the chunk size is in tokens. `reading` is what `read_in` gave for this file and these settings, if it
    was asked before. `later`: the extractors may be compared when the job is open. Raises InputError, SessionError,
    SessionBusyError or StorageError.
    """
    directory = config.session.folder or sessions_dir()
    settings = run_settings(config, model)
    digest = file_digest(path)
    found = find_session(directory, digest, settings)
    notes: list[str] = []
    if found is not None and fresh:
        aside = set_aside(found)
        notes.append(f"The earlier session was set aside as {aside.name}.")
        found = None
    if found is not None:
        session = Session.open(found)
        return Job(session, "resumed" if session.status().pending else "finished", same_as(session, path))
    notes += other_sessions(directory, path, digest)
    if settings.chunk.size < config.chunk.size:
        notes.append(f"Chunks are cut at {settings.chunk.size} {settings.chunk.unit}: more has no room in the model.")
    if reading is None or reading.document.sha256 != digest or reading.chunking != settings.chunk:
        if engine is not None and settings.clean.mode != "rules":
            threading.Thread(target=warm_up, args=(engine,), name="warm-up", daemon=True).start()
        document, comparing = take_in(path, config.extract, password=password, progress=progress, later=later)
        if comparing is not None and engine is None:
            comparing.begin()  # a model needs all cores until the first chunk is there; who has one begins it then
        try:
            session = new_session(directory, document, settings, engine)
        except BaseException:
            if comparing is not None:
                comparing.close()
            raise
        if comparing is not None:
            comparing.belongs_to(session)
        return Job(session, "new", tuple(notes), comparing)
    session = Session.create(directory, reading.document, reading.prepared, reading.chunks, settings)
    return Job(session, "new", tuple(notes))


def new_session(directory: Path, document: Document, settings: RunSettings, engine: Engine | None) -> Session:
    """The session of a document, repaired and cut up. Raises as `open_job` does."""
    if is_large(document) and settings.chunk.unit == "characters":
        return Session.open(session_apart(directory, document, settings))
    reading = reading_of(document, settings, counter(engine))
    return Session.create(directory, document, reading.prepared, reading.chunks, settings)


def finished(digest: str, config: Config, model: Model | None) -> bool:
    """Whether there is a session of the file with that hash and these settings, with nothing pending. Raises
    SessionError or StorageError.
    """
    found = find_session(config.session.folder or sessions_dir(), digest, run_settings(config, model))
    if found is None:
        return False
    with Session.open(found, write=False) as session:
        return not session.status().pending


def same_as(session: Session, path: Path) -> tuple[str, ...]:
    """What is said where a session was made of the same bytes under another name or in another place."""
    other = session.document.path
    if other.resolve() == path.resolve():
        return ()
    return (f"{path.name} holds the same as {other}, which was cleaned before: this is its session.",)


def warm_up(engine: Engine) -> None:
    """Load the model while the file is being read. What goes wrong is told by the run, which tries again."""
    with suppress(GalleyError):
        engine.start()


def read_in(
    path: Path,
    config: Config,
    settings: RunSettings,
    *,
    password: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    engine: Engine | None = None,
) -> Reading:
    """Extract, prepare and chunk a file. Raises InputError."""
    document, _ = take_in(path, config.extract, password=password, progress=progress)
    return reading_of(document, settings, counter(engine))


def counter(engine: Engine | None) -> Callable[[str], int] | None:
    """What counts the tokens of a text."""
    return engine.count_tokens if engine is not None else None


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex. Raises InputError."""
    try:
        if not path.exists():
            raise InputError(f"There is no file {path}.", "Check the name.")
        if path.is_dir():
            raise InputError(f"{path} is a folder.", "For all documents in it: galley batch FOLDER -o DIR")
        if not path.is_file():
            raise InputError(f"{path} is not a file.", "Give the path of a PDF or a text file.")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.", "Check its permissions.") from error


def other_sessions(directory: Path, path: Path, digest: str) -> list[str]:
    """A note for each unfinished session of this path: made when it held something else, or with other settings."""
    notes: list[str] = []
    for summary in list_sessions(directory):
        if summary.error is not None or not summary.status.pending:
            continue
        name = summary.path.stem
        if summary.sha256 == digest:
            how = " with ".join(filter(None, [summary.mode, summary.model]))
            notes.append(f"The same file is unfinished in {how}: galley resume {name} goes on with that instead.")
        elif summary.document_path == path.resolve():
            notes.append(f"{path.name} has changed since session {name} was made; that session keeps the earlier text.")
    return notes


def changes_of(document: SessionDocument) -> str:
    """What has become of a session's file since, in a sentence; empty when it is as it was."""
    if not document.path.is_file():
        return f"{document.path} is gone; the session goes on with the text it took from it."
    if file_digest(document.path) != document.sha256:
        return f"{document.path} has changed since; the session goes on with the text it took before."
    return ""


def make_run(session: Session, engine: Engine | None, listener: Listener, requests: Requests | None = None) -> Run:
    """A run over what is pending in `session`, by the settings that the session was made with."""
    mode = session.settings.clean.mode
    if mode != "rules" and engine is None:
        raise ModelError(f"Mode {mode} needs a model.", "Give one with --model, or use --mode rules.")
    return Run(
        session,
        make_cleaner(session, engine, session.settings.clean.prompt if mode == "rewrite" else "default"),
        engine,
        session.settings.clean,
        mode=mode,
        language=session.document.language,
        listener=listener,
        requests=requests,
    )


def make_cleaner(session: Session, engine: Engine | None, prompt: str) -> Cleaner:
    """What makes attempts on this session's chunks, with a prompt by its name. Raises ConfigError."""
    settings = session.settings
    return Cleaner(engine, load_prompt(prompt), load_judge(), settings.clean, settings.check, session.document.language)
