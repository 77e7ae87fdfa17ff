"""What cleaning a file would do, before it is begun, with the time it takes by what was measured on this machine."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import job as jobs
from .clean.candidates import find_candidates
from .clean.verbatim import questions
from .config import Config
from .edits import Candidate
from .engine.base import Engine
from .errors import GalleyError
from .prompts import load_judge
from .session import Session, SessionStatus, find_session, list_sessions
from .settings import RunSettings

LOOKED_AT = 5
"""So many sessions of the same mode and model are asked for their pace; the newest say most of this machine."""
MOST_CHUNKS = 3000
"""A larger session is not asked: to count what there was to do in it takes a millisecond a chunk."""
CHARACTERS = 4000
"""So many take as long as a question of `verbatim`."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a mode with a model was on this machine."""

    seconds_per_share: float
    """Wall time by what there was to do; see `shares`."""
    tokens_per_second: float
    """Read and written by the model, cached ones left out; 0 without a model."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen to a file."""

    path: Path
    settings: RunSettings
    reading: jobs.Reading
    mode: str
    model: jobs.Model | None
    decisions: int
    """Edits that `verbatim` would ask the model about."""
    pace: Pace | None
    """None where nothing was measured yet."""
    session: Path | None
    """The session of this file and these settings, if there is one: it would go on."""
    begun: SessionStatus | None
    """How far that session is."""
    to_do: float
    """What is still to be cleaned, in the shares that `pace` is by."""

    @property
    def characters(self) -> int:
        return sum(len(chunk.text) for chunk in self.reading.chunks)

    @property
    def left(self) -> float:
        """The share of the chunks that is still to be cleaned: 0 where all are."""
        return self.begun.pending / max(1, self.begun.total) if self.begun is not None else 1.0

    @property
    def seconds(self) -> float | None:
        """How long what is left would take; None where nothing was measured yet."""
        return self.pace.seconds_per_share * self.to_do if self.pace else None


def make_plan(
    path: Path,
    config: Config,
    model: jobs.Model | None,
    directory: Path,
    *,
    password: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    engine: Engine | None = None,
    reading: jobs.Reading | None = None,
) -> Plan:
    """Read a file and say what cleaning it would do; nothing is kept. `directory` has the sessions; `engine` counts
    tokens where chunks are cut by them; `reading` is the same file's, read with the same settings but for the mode.

    Raises InputError, ConfigError or SessionError.
    """
    settings = jobs.run_settings(config, model)
    digest = jobs.file_digest(path)
    if reading is None or reading.document.sha256 != digest or reading.chunking != settings.chunk:
        reading = jobs.read_in(path, config, settings, password=password, progress=progress, engine=engine)
    mode, language = settings.clean.mode, reading.prepared.language
    proposed = edits(((chunk.text, chunk.candidates) for chunk in reading.chunks), settings, language)
    session = find_session(directory, digest, settings)
    begun, pending = status_of(session)
    to_do = [share for index, share in enumerate(shares(proposed, settings)) if pending is None or index in pending]
    return Plan(
        path=path,
        settings=settings,
        reading=reading,
        mode=mode,
        model=None if mode == "rules" else model,
        decisions=sum(len(candidates) for _, candidates in proposed),
        pace=measured_pace(directory, mode, settings.model_name),
        session=session,
        begun=begun,
        to_do=sum(to_do),
    )


def edits(
    chunks: Iterable[tuple[str, Sequence[Candidate]]], settings: RunSettings, language: str
) -> list[tuple[str, Sequence[Candidate]]]:
    """The sources of chunks, each with what `verbatim` would put to the model; in other modes there is nothing."""
    if settings.clean.mode != "verbatim":
        return [(source, ()) for source, _ in chunks]
    kinds = settings.clean.kinds
    return [(source, find_candidates(source, kinds, language, known)) for source, known in chunks]


def shares(chunks: Sequence[tuple[str, Sequence[Candidate]]], settings: RunSettings) -> list[float]:
    """How long each chunk takes, by others of the same mode: as long as it is, in `verbatim` as it has questions.

    A dense survey has five times as many to a page as a thin paper.
    """
    if settings.clean.mode != "verbatim":
        return [float(len(source)) for source, _ in chunks]
    asked = questions(chunks, settings.model_name, settings.clean.threshold, load_judge())
    return [count + len(source) / CHARACTERS for count, (source, _) in zip(asked, chunks, strict=True)]


def status_of(path: Path | None) -> tuple[SessionStatus | None, set[int] | None]:
    """How far a session is, and its pending chunks; None when there is no session. Raises SessionError."""
    if path is None:
        return None, None
    with Session.open(path, write=False) as session:
        return session.status(), set(session.pending())


def measured_pace(directory: Path, mode: str, model: str) -> Pace | None:
    """By the last sessions of this mode and model (a file's name) that ran to their ends; None when there is none."""
    seconds = done = tokens = 0.0
    looked = 0
    for summary in list_sessions(directory):
        same = summary.error is None and (summary.mode, summary.model) == (mode, model)
        if not same or looked == LOOKED_AT or summary.status.total > MOST_CHUNKS:
            continue
        try:
            with Session.open(summary.path, write=False) as session:
                spent = session.work_done()
                did = work_of(session) if spent.seconds > 0 else 0.0
        except GalleyError:
            continue
        if did:
            looked += 1
            seconds, done, tokens = seconds + spent.seconds, done + did, tokens + spent.tokens
    return Pace(seconds / done, tokens / seconds) if done else None


def work_of(session: Session) -> float:
    """What was done in a session, in shares."""
    chunks = [(chunk.source, chunk.candidates) for chunk in session.chunks() if chunk.state != "pending"]
    return sum(shares(edits(chunks, session.settings, session.document.language), session.settings))
