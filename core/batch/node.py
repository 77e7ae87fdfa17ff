"""What a node of a cluster does to a document. Nothing here knows of Ray: these are functions on rows of plain values.

All that lasts lies in folders that every node sees: the session, which knows each chunk that is cleaned, and the text,
which is written whole or not at all. A node that is lost therefore costs the chunks it had in hand; whoever gets the
document next goes on in its session.
"""

import json
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..config import Config
from ..errors import EngineError, GalleyError, ModelError, SessionBusyError, StorageError
from ..events import Event
from ..job import make_run
from ..model import Model, find_model, identify, make_engine, tell_waits
from ..session import Session
from .holding import Hold, Holder, held
from .shared import Slots
from .tasks import Task, Unchanged, begin, finish
from .waiting import tell_from

LEASE_SECONDS = 150.0
"""A lost node's lock on a session ends with its lease, which a file server gives for a minute or two."""
TRY_EVERY_SECONDS = 1.0

Row = dict[str, Any]
EMPTY: Row = {"answer": "", "losses": "[]", "node": ""}
"""What the nodes fill in."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What is the same for many documents, sent once."""

    version: str
    """Galley's, which must be the same on all nodes."""
    folder: str
    """Where the texts go: every node must see it."""
    configs: dict[str, dict[str, Any]]
    """Settings in force, by the name that a row has for them."""
    threads: int
    """Of an engine, 0 for its own choice: as many cores as the cluster keeps for it."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Orders":
        return cls(**json.loads(text))


def row_of(task: Task, name: str) -> Row:
    """A row for a task; `name` is the one that its settings have in the orders."""
    return {"number": task.number, "task": json.dumps({**task.to_dict(), "config": name}), **EMPTY}


def task_of(row: Row, orders: Orders) -> Task:
    raw = json.loads(row["task"])
    return Task.from_dict({**raw, "config": orders.configs[raw["config"]]})


def read(row: Row, orders: str, node: str = "") -> Row:
    """The first half of a document; in `rules` all of it. `node` is the cluster's name for where this runs."""
    given = Orders.from_json(orders)

    def work(hold: Hold) -> Row:
        return read_one(task_of(row, given), given, hold)

    return in_hand(row, given, node, work)


def read_one(task: Task, orders: Orders, hold: Hold) -> Row:
    check_node(orders)
    began = time.monotonic()
    session, stamp = patiently(lambda: begin(task))
    with session:
        opened(session, hold)
        if not task.finish:
            return {"event": "begun", "session": str(session.path), "stamp": stamp, "seconds": time.monotonic() - began}
        outcome = finish(task, session, lambda s, heard: make_run(s, None, heard), threading.Event(), nobody, began)
    return {"event": "done", "outcome": replace(outcome, stamp=stamp).to_dict()}


class CleanOnNode:
    """The second half: one model for the life of the process that holds this. Called from several threads."""

    def __init__(self, orders: str, node: str = "") -> None:
        """`node` is the cluster's name for where this runs."""
        self._orders = Orders.from_json(orders)
        self._node = node
        self._lock = threading.Lock()
        self._slots: Slots | None = None

    def __call__(self, row: Row) -> Row:
        begun = json.loads(row["answer"])
        if begun["event"] != "begun":
            return row

        def work(hold: Hold) -> Row:
            return self._clean(task_of(row, self._orders), begun, hold)

        return in_hand(row, self._orders, self._node, work)

    def _clean(self, task: Task, begun: Row, hold: Hold) -> Row:
        began = time.monotonic() - float(begun["seconds"])
        slots = self._ready(task)
        with patiently(lambda: Session.open(Path(begun["session"]))) as session, slots.share() as share:
            opened(session, hold)
            outcome = finish(task, session, share.run, threading.Event(), nobody, began)
        return {"event": "done", "outcome": replace(outcome, stamp=begun["stamp"]).to_dict()}

    def _ready(self, task: Task) -> Slots:
        """The engine, made when the first document wants it. Raises ModelError, ConfigError or EngineError."""
        with self._lock:
            if self._slots is None:
                config = task.settings
                if self._orders.threads:
                    engine = config.engine.model_copy(update={"threads": self._orders.threads})
                    config = config.model_copy(update={"engine": engine})
                made = make_engine(here(task, config), config, config.chunk)
                tell_waits(made, tell_from(Path(self._orders.folder), Holder.here(self._node)))
                self._slots = Slots(made)
            return self._slots


def here(task: Task, config: Config) -> Model:
    """The batch's model as this node has it. Raises ModelError when it has not."""
    wanted = task.the_model()
    assert wanted is not None
    if wanted.identity.rsplit(":", 2)[1] == "0":  # a server's
        return wanted
    model = (
        identify(wanted.path, config.engine.name) if wanted.path.is_file() else find_model(config.engine.model, config)
    )
    if model is None or not model.same_as(wanted.identity):
        raise ModelError(
            f"A node of the cluster has no {wanted.path.name}, or another one.",
            "Have it on every node: galley models pull, or a folder that all see.",
        )
    return model


def check_node(orders: Orders) -> None:
    """Raises StorageError or ModelError when this node can't be of use."""
    if not Path(orders.folder).is_dir():
        raise StorageError(
            f"A node of the cluster does not see {orders.folder}.", "The results' folder has to be a shared one."
        )
    if version("galley-tui") != orders.version:
        raise ModelError(
            f"A node of the cluster has Galley {version('galley-tui')}, the batch {orders.version}.",
            "Install the same version on every node.",
        )


def patiently(opening: "Callable[[], Any]") -> Any:
    """What `opening` gives, waiting while the session is locked by a node that may be lost. Raises what it raises."""
    until = time.monotonic() + LEASE_SECONDS
    while True:
        try:
            return opening()
        except SessionBusyError:
            if time.monotonic() > until:
                raise
            time.sleep(TRY_EVERY_SECONDS)


def opened(session: Session, hold: Hold) -> None:
    """Tell how far a document is that somebody may have had before."""
    status = session.status()
    hold.opened(status.total - status.pending, status.total)


def in_hand(row: Row, orders: Orders, node: str, work: Callable[[Hold], Row]) -> Row:
    """The row with its answer and, beside it, who was lost with the document before."""
    with held(Path(orders.folder), int(row["number"]), Holder.here(node)) as hold:

        def checked() -> Row:
            hold.check()
            return work(hold)

        done = answered(row, checked)
    return {**done, "losses": json.dumps([*json.loads(row["losses"]), *map(asdict, hold.losses)])}


def answered(row: Row, work: Callable[[], Row]) -> Row:
    """The row with its answer. The outer edge of work on a node: a fault of whatever kind is a document's alone."""
    try:
        answer = work()
    except Unchanged:
        answer = {"event": "unchanged"}
    except GalleyError as error:
        answer = {
            "event": "fatal" if stops_all(error) else "failed",
            "kind": type(error).__name__,
            "message": error.message,
            "hint": error.hint,
        }
    except Exception as error:
        traceback.print_exc()
        answer = {"event": "failed", "kind": "", "message": f"{type(error).__name__}: {error}", "hint": ""}
    return {**row, "answer": json.dumps(answer)}


def stops_all(error: GalleyError) -> bool:
    """Whether every other document would meet it too."""
    return isinstance(error, StorageError | ModelError) or (isinstance(error, EngineError) and error.lasting)


def nobody(event: Event) -> None:
    """Listens to a run from afar: what is finished is told by its outcome."""
