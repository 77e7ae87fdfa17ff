"""What a batch is to do, and its bookkeeping: the part that is the same on one machine and on a cluster."""

import json
import re
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..atomic import DRAFT
from ..config import Config, load_config
from ..errors import ConfigError
from ..job import run_settings
from ..model import Model, resolve_mode
from .dataset import FOLDER, Dataset
from .entry import is_address, password_of, shown
from .events import (
    DocumentBegun,
    DocumentDropped,
    DocumentFailed,
    DocumentFinished,
    DocumentMoved,
    DocumentTakenOver,
    DocumentUnchanged,
    Event,
)
from .holding import FOLDER as HELD
from .ledger import Ledger
from .records import CLEANED, DONE, FAILED, UNMEANT, Outcome, Record, file_stamp
from .remote import FETCHED
from .tasks import Task

Listener = Callable[[Event], None]
DRAFT_NAME = re.compile(rf"\..{{1,60}}\.[a-z0-9_]{{8}}{re.escape(DRAFT)}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch is to do, whatever does it."""

    folder: Path
    """Where the texts go."""
    overrides: Mapping[str, object]
    """Settings of the call over those of the config file, by dotted key."""
    model: Model | None
    """None where every document is cleaned in `rules`."""
    workers: int
    """Worker processes."""
    format: str = "txt"
    """`txt`, `jsonl` or `parquet`."""
    retry_failed: bool = False
    force: bool = False
    """Replace texts that are not as Galley wrote them."""
    password: str | None = None


class Settings:
    """The settings of each document and their digest, worked out once for all that say the same."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: dict[str, tuple[Config, str]] = {}
        self._dumped: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def of(self, record: Record) -> tuple[Config, str]:
        """Raises ConfigError."""
        key = json.dumps(record.settings, sort_keys=True)
        with self._lock:
            if key not in self._known:
                config = load_config(overrides={**self._plan.overrides, **record.settings})
                self._known[key] = config, run_settings(config, self._model_of(config)).digest()
            return self._known[key]

    def task(self, record: Record) -> Task:
        """What is to be done to a document. Raises ConfigError."""
        plan, (config, digest) = self._plan, self.of(record)
        dumped = self._dumped.setdefault(digest, config.model_dump(mode="json"))
        model = self._model_of(config)
        return Task(
            number=record.number,
            source=record.source,
            config=dumped,
            model=None if model is None else (str(model.path), model.identity, model.parameters, model.context),
            output=str(plan.folder / f"{record.output}.txt") if plan.format == "txt" else "",
            finish=model is None,
            password=plan.password,
            password_env=record.password_env,
            retry=plan.retry_failed,
            force=plan.force,
            stamp=record.stamp if self._stands(record, digest) else "",
            fetched=str(plan.folder.absolute() / FETCHED),
        )

    def _stands(self, record: Record, digest: str) -> bool:
        """Whether what was made of a document is still wanted as it is."""
        return record.digest == digest and record.state == DONE and not (self._plan.retry_failed and record.troubled)

    def _model_of(self, config: Config) -> Model | None:
        model = self._plan.model
        if resolve_mode(config.clean.mode, model) == "rules":
            return None
        if model is None:
            raise ConfigError(f"A document wants mode {config.clean.mode}, which needs a model.", "Give --model.")
        return model


class Clerk:
    """Decides what is to be done about each document, and writes down what came of it, whoever does the work. May be
    used from several threads.
    """

    def __init__(self, plan: Plan, ledger: Ledger, listener: Listener) -> None:
        self.plan = plan
        self.settings = Settings(plan)
        self._ledger = ledger
        self._tell = listener
        self._dataset = Dataset(plan.folder, plan.format, ledger) if plan.format != "txt" else None

    def begin(self) -> None:
        """Take away what a kill left half done. Raises StorageError or SessionError."""
        clear_drafts(self.plan.folder, self._ledger)
        self._clear_hidden()
        if self._dataset is not None:
            self._dataset.mend()

    def end(self) -> None:
        """Write down what was kept back. Raises StorageError or SessionError."""
        self._clear_hidden()
        if self._dataset is not None:
            self._dataset.flush()

    def wanted(self, record: Record, *, told: bool = True) -> Task | None:
        """What is to be done to a document; None when nothing is, which is told. With `told` its turn is said to have
        come. Raises ConfigError.

        What failed is left as long as nothing has changed; but what an address holds, or a password opens, is not seen
        from here, so that it is tried.
        """
        name, stamp = shown(record.source), stamp_now(record)
        if record.digest == UNMEANT:
            self._tell(DocumentFailed(record.number, name, record.reason))
            return None
        digest = self.settings.of(record)[1]
        again = (self.plan.retry_failed and record.troubled) or (self.plan.force and record.state == FAILED)
        same = digest == record.digest and stamp == record.stamp and not again
        password = password_of(record.password_env, self.plan.password)
        if record.state == FAILED and same and not is_address(record.source) and not password:
            self._tell(DocumentUnchanged(record.number, name, record.reason))
            return None
        in_place = record.state in (DONE, CLEANED) and self._in_place(record)
        if same and in_place and not is_address(record.source):
            self.unchanged(record)
            return None
        if told:
            self.begun(record)
        task = self.settings.task(record)
        return task if in_place else replace(task, stamp="")

    def unchanged(self, record: Record) -> None:
        """A document is as it was. One that was cleaned before a crash and is in no part yet goes into the next one."""
        if self._dataset is not None and record.state == CLEANED and record.outcome is not None:
            self._dataset.add(record.number, record.outcome.chunks)
        self._tell(DocumentUnchanged(record.number, shown(record.source)))

    def begun(self, record: Record, holder: str = "") -> None:
        self._tell(DocumentBegun(record.number, shown(record.source), holder))

    def taken_over(self, record: Record, how: str) -> None:
        self._tell(DocumentTakenOver(record.number, shown(record.source), how))

    def moved(self, record: Record, counted: str, done: int, total: int, tokens_per_second: float = 0.0) -> None:
        self._tell(DocumentMoved(record.number, counted, done, total, tokens_per_second))

    def dropped(self, record: Record) -> None:
        """The batch was stopped before a document's end."""
        self._tell(DocumentDropped(record.number))

    def finished(self, record: Record, outcome: Outcome, stamp: str) -> None:
        """Its session is finished, and its text in place. Raises StorageError or SessionError."""
        if outcome.pending:
            self.dropped(record)
            return
        if self._dataset is not None:
            self._dataset.displace(record)
        self._ledger.finish(record.number, outcome, stamp, DONE if self._dataset is None else CLEANED)
        if self._dataset is not None:
            self._dataset.add(record.number, outcome.chunks)
        self._tell(DocumentFinished(record.number, shown(record.source), outcome))

    def set_aside(self, record: Record, reason: str, stamp: str) -> None:
        """It failed; `stamp` is its file's from before it was tried. Raises StorageError or SessionError."""
        digest = ""
        with suppress(ConfigError):
            digest = self.settings.of(record)[1]
        self._ledger.set_aside(record.number, reason, stamp, digest)
        self._tell(DocumentFailed(record.number, shown(record.source), reason))

    def _clear_hidden(self) -> None:
        """What workers fetched, or held, that were killed before they could take it away."""
        for name in (FETCHED, HELD):
            shutil.rmtree(self.plan.folder / name, ignore_errors=True)

    def _in_place(self, record: Record) -> bool:
        """Whether what was made of a finished document is still there."""
        if self._dataset is not None:
            return self._dataset.holds(record)
        return (self.plan.folder / f"{record.output}.txt").is_file()


def clear_drafts(folder: Path, ledger: Ledger) -> None:
    """Remove temporary files that a killed write left where texts go; nobody else writes while the ledger is held."""
    for place in {folder, folder / FOLDER, *(folder / parent for parent in ledger.folders())}:
        with suppress(OSError):
            for path in place.iterdir():
                if DRAFT_NAME.fullmatch(path.name):
                    path.unlink()


def stamp_now(record: Record) -> str:
    """The file's stamp; empty when it is not there, and what is known of an address, which its fetching looks after."""
    if is_address(record.source):
        return record.stamp
    try:
        return file_stamp(Path(record.source))
    except OSError:
        return ""
