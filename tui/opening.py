"""From what a person points at to an open session, in steps that a background thread can take."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core import job as jobs
from ..core import models
from ..core.config import Config
from ..core.paths import sessions_dir
from ..core.plan import Plan, make_plan
from ..core.runner import FindModel
from ..core.session import Session

OnBytes = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is open for writing, and what to tell of it."""

    session: Session
    config: Config
    notes: tuple[str, ...]
    begin: bool
    """Whether the run starts at once."""


def folder_of(config: Config) -> Path:
    """Where sessions lie."""
    return config.session.folder or sessions_dir()


def look_for_model(config: Config) -> jobs.Model | None:
    """The model of the settings; None in `rules`, and while the embedded one is to be fetched. Raises ModelError."""
    return None if config.clean.mode == "rules" else jobs.find_model(config.engine.model, config)


def plan_for(
    path: Path,
    config: Config,
    password: str | None,
    progress: Callable[[int, int], None],
    reading: jobs.Reading | None,
) -> Plan:
    """What would happen to a file. Raises InputError, ConfigError, ModelError or SessionError."""
    model = look_for_model(config)
    engine = None
    if config.chunk.unit == "tokens" and model is not None:
        engine = jobs.make_engine(model, config, config.chunk)
    try:
        return make_plan(
            path,
            config,
            model,
            folder_of(config),
            password=password,
            progress=progress,
            engine=engine,
            reading=reading,
        )
    finally:
        if engine is not None:
            engine.close()


def start(plan: Plan, config: Config, password: str | None, fresh: bool, on_bytes: OnBytes) -> Opened:
    """Fetch the model if need be and open the session of a plan. Raises a GalleyError."""
    model = plan.model
    if model is None and config.clean.mode != "rules":
        model = jobs.identify(models.pull(progress=on_bytes))
    job = jobs.open_job(plan.path, config, model, password=password, fresh=fresh, reading=plan.reading)
    notes = [*job.notes, *(job.session.document.notes if job.state == "new" else ())]
    return Opened(job.session, config, tuple(notes), begin=True)


def open_session(path: Path, config: Config) -> Opened:
    """A session as it was left. Raises SessionError, SessionBusyError or StorageError."""
    session = Session.open(path)
    try:
        _ = session.settings  # those of another version of Galley can't be gone on with
        changed = jobs.changes_of(session.document)
    except BaseException:
        session.close()
        raise
    return Opened(session, config, (changed,) if changed else (), begin=False)


def model_finder(session: Session, config: Config) -> FindModel:
    """How a runner comes by its models; the embedded one is fetched when it is wanted and not there."""

    def find(name: str) -> jobs.Model | None:
        if not name:
            return jobs.session_model(session, config, models.pull)
        return jobs.find_model(name, jobs.as_made(session, config)) or jobs.identify(models.pull())

    return find
