"""The model of a run: which one is meant, what it is good for, and the engine that runs it.

A model is a file of this machine or a name on a server. A session knows it by an identity that says nothing of where
it is, so that a session goes on when the file has moved or the server has another address.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import models
from .chunk import ChunkOptions
from .config import Config
from .engine.base import Engine
from .engine.local import LocalEngine
from .engine.options import EngineOptions, ServerOptions
from .engine.registry import engine_for
from .errors import ConfigError, ModelError
from .models.info import ModelInfo
from .session import Session

if TYPE_CHECKING:
    from .engine.absence import TellWait
    from .engine.server import ServerEngine
    from .engine.server_find import Listed

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
SERVER = "server:"
"""Before the name of a model that a server runs, where a file's path would stand."""
SERVED = "0"
"""Stands for the size in the identity of a server's model."""
PARAMETERS = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?([bm])(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Model:
    """A model and what the choice of mode and context needs to know of it."""

    path: Path
    """Its file; of a server's model `server:NAME`."""
    identity: str
    """Name, size and a hash of the file's two ends: enough to tell models apart without reading gigabytes."""
    parameters: int
    """0 where nobody says."""
    context: int
    """Tokens of context it was trained for; 0 where the file does not say."""
    info: ModelInfo | None = None
    """What its file says of it; None for a server's model."""

    def same_as(self, identity: str) -> bool:
        """Whether an identity is this model's, whatever the file was called then."""
        return self.identity.rsplit(":", 2)[1:] == identity.rsplit(":", 2)[1:]

    @property
    def name(self) -> str:
        """As a person would call it."""
        return self.path.stem if self.info is not None else self.identity.rsplit(":", 2)[0].rpartition("/")[2]


def identify(path: Path, engine: str = "auto") -> Model:
    """Look at a model file that `engine` is to run. Raises ModelError when it is none, or the engine can't load it."""
    info = models.describe(path)
    engine_for(engine, info)
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(FINGERPRINT_BYTES))
        file.seek(max(0, size - FINGERPRINT_BYTES))
        digest.update(file.read(FINGERPRINT_BYTES))
    identity = f"{path.name}:{size}:{digest.hexdigest()[:16]}"
    return Model(path, identity, info.parameters, info.context, info)


def find_model(name: str, config: Config) -> Model | None:
    """The model that a name means under these settings; None when it is the embedded one and has to be fetched.

    "" is the one that is taken when none is named: on a server its only one.

    Raises ModelError when there is none, ConfigError or EngineError when it is a server's and that can't be asked.
    """
    if name.startswith(SERVER) or on_server(config):
        try:
            return served(name.removeprefix(SERVER), config)
        except ModelError as error:
            hint = f"{error.hint} For a model on this machine add --engine llama.cpp."
            raise ModelError(error.message, hint.strip()) from error
    path = models.find(name, config.models.folders)
    return identify(path, config.engine.name) if path is not None else None


def on_server(config: Config) -> bool:
    """Whether the settings have a server run the model."""
    return config.engine.name == "server" or (config.engine.name == "auto" and bool(config.server.base_url))


def served(name: str, config: Config) -> Model:
    """The server's model of that name, or its only one for "". Raises ConfigError, ModelError or EngineError."""
    if not config.server.base_url:
        raise ConfigError(
            "The model is a server's, and no server is set.", "Give its address with --base-url, up to /v1."
        )
    engine = server_engine(name, config, 0)
    try:
        return as_model(engine.model_listed())
    finally:
        engine.close()


def all_served(config: Config) -> list[Model]:
    """The models that the server of the settings lists. Raises ConfigError or EngineError."""
    engine = server_engine("", config, 0)
    try:
        return [as_model(listed) for listed in engine.models_listed()]
    finally:
        engine.close()


def as_model(listed: "Listed") -> Model:
    identity = f"{listed.name}:{SERVED}:{hashlib.sha256(f'{SERVER}{listed.name}'.encode()).hexdigest()[:16]}"
    parameters = listed.parameters or parameters_in(listed.name)
    return Model(Path(f"{SERVER}{listed.name}"), identity, parameters, listed.context)


def server_engine(name: str, config: Config, context: int) -> "ServerEngine":
    """The server of the settings, for one of its models."""
    from .engine.server import ServerEngine  # only who asks a server should wait for its client

    return ServerEngine(name, config.server, config.engine, context)


def parameters_in(name: str) -> int:
    """How many parameters a model's name speaks of, as in `Llama-3.1-8B`; 0 for none."""
    found = PARAMETERS.findall(name.replace("-", " ").replace("_", " ").replace(":", " "))
    sizes = [float(number) * (1e9 if unit.lower() == "b" else 1e6) for number, unit in found]
    return int(max(sizes, default=0))


def resolve_mode(mode: str, model: Model | None) -> str:
    """`auto` as one of the three modes."""
    if mode != "auto":
        return mode
    return "rewrite" if model is not None and model.parameters >= BIG else "verbatim"


def fitting(options: ChunkOptions, model: Model) -> ChunkOptions:
    """The chunk size, or the largest that a `rewrite` by this model has context for."""
    if not model.context:
        return options
    tokens = int((model.context - PROMPT_TOKENS) / TOKENS_PER_CHUNK_TOKEN)
    largest = max(50, tokens if options.unit == "tokens" else int(tokens / TOKENS_PER_CHARACTER))
    return options.model_copy(update={"size": min(options.size, largest)})


def default_name(config: Config) -> str:
    """The name of the model that is taken when none is named, for those to whom "" means another."""
    return config.engine.model or (SERVER if on_server(config) else models.EMBEDDED.name)


def as_made(session: Session, config: Config) -> Config:
    """The settings with the kind of engine that the session was made with: a file's model is not asked of a server."""
    if not session.settings.model:
        return config
    by_server = session.settings.model.rsplit(":", 2)[1] == SERVED
    if by_server == on_server(config):
        return config
    name = "server" if by_server else "auto"
    engine = config.engine.model_copy(update={"name": name})
    server = config.server if by_server else ServerOptions()
    return config.model_copy(update={"engine": engine, "server": server})


def session_model(session: Session, config: Config, fetch: Callable[[], Path], named: str = "") -> Model | None:
    """The very model that the session was made with, looked for wherever it may be now; None in `rules`.

    `fetch` brings the embedded model, where that is the one and is not here. With `named` it is looked for under that
    name alone. Raises ModelError when it is not found, and what a server's refusals raise.
    """
    wanted = session.settings.model
    if not wanted:
        return None
    name, size, _ = wanted.rsplit(":", 2)
    made = as_made(session, config)
    if named:
        find_model(named, made)  # a wrong name is told as what it is
    here = (session.last_model(), config.engine.model, models.EMBEDDED.name, Path(name).stem)
    for each in (named,) if named else (f"{SERVER}{name}",) if size == SERVED else here:
        try:
            model = find_model(each, made)
        except (ModelError, ConfigError):
            continue
        if model is not None and model.same_as(wanted):
            return model
    if name == models.EMBEDDED.file_name:
        model = identify(fetch())
        if model.same_as(wanted):
            return model
    if size == SERVED:
        hint = "Give the address of a server that runs it with --base-url, or clean anew with another model."
    else:
        hint = "Give its path with --model, or clean anew with another model."
    raise ModelError(f"The session was made with {session.settings.model_name}, which was not found.", hint)


def context_for(options: EngineOptions, chunk_size: int, unit: str, model: Model) -> int:
    """Tokens of context for one slot: prompt, chunk and answer, within what the model was trained for."""
    if options.context:
        return options.context
    tokens = chunk_size if unit == "tokens" else int(chunk_size * TOKENS_PER_CHARACTER)
    wanted = max(CONTEXT_FLOOR, PROMPT_TOKENS + int(TOKENS_PER_CHUNK_TOKEN * tokens))
    wanted = (wanted + CONTEXT_STEP - 1) // CONTEXT_STEP * CONTEXT_STEP
    return min(wanted, model.context) if model.context else wanted


def make_engine(model: Model, config: Config, chunking: ChunkOptions) -> Engine:
    """The engine of a run; the model is loaded when it is first asked. Raises ModelError when no engine can load it."""
    context = context_for(config.engine, chunking.size, chunking.unit, model)
    if model.info is None:
        return server_engine(str(model.path).removeprefix(SERVER), config, context)
    options = config.engine
    if options.name == "server":  # a session with a file's model is gone on with where a server is set
        options = options.model_copy(update={"name": "auto"})
    return LocalEngine(model.info, options, context)


def tell_waits(engine: Engine | None, tell: "TellWait") -> None:
    """Have it told when an engine waits for a server that is gone; a model of this machine is never waited for."""
    if engine is None or isinstance(engine, LocalEngine):
        return
    from .engine.server import ServerEngine

    if isinstance(engine, ServerEngine):
        engine.tell_waits(tell)
