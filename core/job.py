"""From an input file and a config to a session that is ready to run, and from a session to its engine.

Both fronts start here. A session is found again by what was cleaned (the file's hash) and how (the settings), so the
same command, given twice, resumes.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import models
from .chunk import Chunk, ChunkOptions, chunk
from .clean.cleaner import Cleaner
from .config import Config
from .document import Document
from .engine.base import Engine
from .engine.local import LocalEngine
from .engine.options import EngineOptions
from .errors import InputError, ModelError
from .extract import extract
from .paths import sessions_dir
from .prepare import Prepared, prepare
from .prompts import load_judge, load_prompt
from .run import Listener, Requests, Run
from .session import Session, SessionDocument, find_session, list_sessions, set_aside
from .settings import RunSettings

BIG = 1_000_000_000
"""From so many parameters on, `auto` trusts a model to write freely."""
FINGERPRINT_BYTES = 1 << 20
CONTEXT_STEP = 256
CONTEXT_FLOOR = 2048
PROMPT_TOKENS = 1024
"""Room for the prompt's instructions and examples."""
TOKENS_PER_CHUNK_TOKEN = 2.5
"""A chunk is read once and written once, and the answer may be longer."""
TOKENS_PER_CHARACTER = 0.6
"""An upper bound for alphabetic text; a chunk that takes more is refused by the engine and cleaned in verbatim."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model file and what the choice of mode and context needs to know of it."""

    path: Path
    identity: str
    """Name, size and a hash of the file's two ends: enough to tell models apart without reading gigabytes."""
    parameters: int
    context: int
    """Tokens of context it was trained for; 0 where the file does not say."""

    def same_as(self, identity: str) -> bool:
        """Whether an identity is this model's, whatever the file was called then."""
        return self.identity.rsplit(":", 2)[1:] == identity.rsplit(":", 2)[1:]


@dataclass(frozen=True, slots=True)
class Reading:
    """A file taken in and cut up, before anything is kept of it."""

    document: Document
    prepared: Prepared
    chunks: tuple[Chunk, ...]
    chunking: ChunkOptions
    """How they were cut."""


@dataclass(frozen=True, slots=True)
class Job:
    """An open session and how it came about."""

    session: Session
    state: str
    """`new`, `resumed` or `finished` (nothing is pending)."""
    notes: tuple[str, ...] = field(default=())
    """Sentences for the user."""


def identify(path: Path) -> Model:
    """Look at a model file. Raises ModelError."""
    info = models.describe(path)
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(FINGERPRINT_BYTES))
        file.seek(max(0, size - FINGERPRINT_BYTES))
        digest.update(file.read(FINGERPRINT_BYTES))
    return Model(path, f"{path.name}:{size}:{digest.hexdigest()[:16]}", info.parameters, info.context)


def resolve_mode(mode: str, model: Model | None) -> str:
    """`auto` as one of the three modes."""
    if mode != "auto":
        return mode
    return "rewrite" if model is not None and model.parameters >= BIG else "verbatim"


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
        clean=config.clean.model_copy(update={"mode": mode}),
        prompt_digest=prompt,
        judge_digest=load_judge().digest[:16] if mode != "rules" else "",
        model=model.identity if model is not None and mode != "rules" else "",
    )


def fitting(options: ChunkOptions, model: Model) -> ChunkOptions:
    """The chunk size, or the largest that a `rewrite` by this model has context for."""
    if not model.context:
        return options
    tokens = int((model.context - PROMPT_TOKENS) / TOKENS_PER_CHUNK_TOKEN)
    largest = max(50, tokens if options.unit == "tokens" else int(tokens / TOKENS_PER_CHARACTER))
    return options.model_copy(update={"size": min(options.size, largest)})


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
) -> Job:
    """The session of this file and these settings, made when there is none.

    `fresh` sets an existing one aside, under another name. `progress` is told pages done, of how many. `engine` counts
    tokens when the chunk size is in tokens. `reading` is what `read_in` gave for this file and these settings, if it
    was asked before. Raises InputError, SessionError, SessionBusyError or StorageError.
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
        return Job(session, "resumed" if session.status().pending else "finished")
    notes += other_versions(directory, path, digest)
    if settings.chunk.size < config.chunk.size:
        notes.append(f"Chunks are cut at {settings.chunk.size} {settings.chunk.unit}: more has no room in the model.")
    if reading is None or reading.document.sha256 != digest or reading.chunking != settings.chunk:
        reading = read_in(path, config, settings, password=password, progress=progress, engine=engine)
    session = Session.create(directory, reading.document, reading.prepared, reading.chunks, settings)
    return Job(session, "new", tuple(notes))


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
    document = extract(path, config.extract, password=password, progress=progress)
    prepared = prepare(document, config.prepare)
    if not prepared.text.strip():
        raise InputError(f"{path} holds no text after the repairs.", "See galley extract for what is in it.")
    count = engine.count_tokens if engine is not None and settings.chunk.unit == "tokens" else None
    return Reading(document, prepared, tuple(chunk(prepared, settings.chunk, count)), settings.chunk)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex. Raises InputError."""
    try:
        if not path.exists():
            raise InputError(f"There is no file {path}.", "Check the name.")
        if not path.is_file():
            raise InputError(f"{path} is not a file.", "Give the path of a PDF or a text file.")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.", "Check its permissions.") from error


def other_versions(directory: Path, path: Path, digest: str) -> list[str]:
    """A note for each unfinished session that was made from this path when it held something else."""
    return [
        f"{path.name} has changed since session {summary.path.stem} was made; that session keeps the earlier text."
        for summary in list_sessions(directory)
        if summary.error is None
        and summary.status.pending
        and summary.document_path == path.resolve()
        and summary.sha256 != digest
    ]


def changes_of(document: SessionDocument) -> str:
    """What has become of a session's file since, in a sentence; empty when it is as it was."""
    if not document.path.is_file():
        return f"{document.path} is gone; the session goes on with the text it took from it."
    if file_digest(document.path) != document.sha256:
        return f"{document.path} has changed since; the session goes on with the text it took before."
    return ""


def session_model(session: Session, names: Iterable[str], obtain: Callable[[str], Path | None]) -> Model | None:
    """The very model that the session was made with, looked for under `names`; None in `rules`.

    `obtain` gives the file of a name, or None, or raises ModelError. Raises ModelError when no name is that model's.
    """
    wanted = session.settings.model
    if not wanted:
        return None
    for name in names:
        try:
            path = obtain(name)
            model = identify(path) if path is not None else None
        except ModelError:
            continue
        if model is not None and model.same_as(wanted):
            return model
    raise ModelError(
        f"The session was made with {wanted.partition(':')[0]}, which was not found.",
        "Give its path with --model, or clean anew with another model.",
    )


def context_for(options: EngineOptions, chunk_size: int, unit: str, model: Model) -> int:
    """Tokens of context for one slot: prompt, chunk and answer, within what the model was trained for."""
    if options.context:
        return options.context
    tokens = chunk_size if unit == "tokens" else int(chunk_size * TOKENS_PER_CHARACTER)
    wanted = max(CONTEXT_FLOOR, PROMPT_TOKENS + int(TOKENS_PER_CHUNK_TOKEN * tokens))
    wanted = (wanted + CONTEXT_STEP - 1) // CONTEXT_STEP * CONTEXT_STEP
    return min(wanted, model.context) if model.context else wanted


def make_engine(model: Model, config: Config, chunking: ChunkOptions) -> Engine:
    """The engine of a run; the model is loaded when it is first asked."""
    context = context_for(config.engine, chunking.size, chunking.unit, model)
    return LocalEngine(model.path, config.engine, context)


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
