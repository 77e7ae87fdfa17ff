"""What cleaning a file would do, before it is begun, with the time it takes by what was measured on this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import job as jobs
from .clean.candidates import find_candidates
from .config import Config
from .engine.base import Engine
from .errors import GalleyError
from .session import Session, SessionStatus, find_session, list_sessions
from .settings import RunSettings

LOOKED_AT = 5
"""So many sessions of the same mode and model are asked for their pace; the newest say most of this machine."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a mode with a model was on this machine."""

    seconds_per_character: float
    """Wall time by the length of the sources."""
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
        return self.pace.seconds_per_character * self.characters * self.left if self.pace else None


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
    decisions = 0
    if mode == "verbatim":
        decisions = sum(len(find_candidates(c.text, config.clean.kinds, language)) for c in reading.chunks)
    session = find_session(directory, digest, settings)
    return Plan(
        path=path,
        settings=settings,
        reading=reading,
        mode=mode,
        model=None if mode == "rules" else model,
        decisions=decisions,
        pace=measured_pace(directory, mode, settings.model_name),
        session=session,
        begun=status_of(session),
    )


def status_of(path: Path | None) -> SessionStatus | None:
    """How far the session there is; None when there is none. Raises SessionError."""
    if path is None:
        return None
    with Session.open(path, write=False) as session:
        return session.status()


def measured_pace(directory: Path, mode: str, model: str) -> Pace | None:
    """By the last sessions of this mode and model (a file's name) that ran to their ends; None when there is none."""
    seconds = characters = tokens = 0.0
    looked = 0
    for summary in list_sessions(directory):
        if summary.error is not None or (summary.mode, summary.model) != (mode, model) or looked == LOOKED_AT:
            continue
        try:
            with Session.open(summary.path, write=False) as session:
                work = session.work_done()
        except GalleyError:
            continue
        if work.seconds > 0:
            looked += 1
            seconds, characters, tokens = (
                seconds + work.seconds,
                characters + work.characters,
                tokens + work.tokens,
            )
    return Pace(seconds / characters, tokens / seconds) if characters and seconds else None
