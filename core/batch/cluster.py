"""A batch on a cluster, by Ray Data: extraction as tasks, cleaning by a pool of actors that hold a model each.

Ray decides where and when; here is only what is asked of it. What goes through its object store are names and figures,
never a text: those are on disk, in folders that all nodes see, before Ray hears of them. The ledger stays with this
process, which enters documents as their answers come in.
"""

import json
import logging
import os
import secrets
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from ..config import Config
from ..engine.local import open_log
from ..errors import ConfigError, EngineError, GalleyError, ModelError, StorageError
from ..events import ServerWaited
from .batch import reason_of
from .clerk import Clerk, Listener, Plan, stamp_now
from .crew import TaskFailed
from .holding import Holder, Lookout, Loss, loss_of
from .ledger import Ledger
from .node import CleanOnNode, Orders, Row, read, row_of
from .records import Outcome, Record
from .tasks import Task
from .waiting import Waits

LOCAL = "local"
OWN = "galley-ray-"
"""How the folder of a cluster on this machine is called, before the number of its command's process."""
WAVE = 20_000
"""Documents that are handed to Ray at a time: its input is held in memory."""
READER_MEMORY = 256 << 20
"""Bytes that a node keeps for reading one document."""
MOST_CORES = 4
"""Cores that a model without a GPU is given."""
CPU_DOCUMENTS, GPU_DOCUMENTS, SERVER_DOCUMENTS = 2, 8, 16
"""Documents that an actor has in hand, by what runs its model."""
OBJECT_STORE = 128 << 20
"""Bytes of Ray's own store on a machine of one's own: names and figures take little."""
POLL_SECONDS = 0.2
LOOK_SECONDS = 1.0
"""Between two looks at who has which document in hand."""
CONNECT_SECONDS = 10.0
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_DEDUP_LOGS": "1"}
"""Nothing is reported to anybody, and a terminal is the batch's own."""


class ClusterLost(EngineError):
    """Ray is gone, or could not be reached."""

    lasting = True


class ClusterBatch:
    """One call's work through the documents of a ledger, on a cluster. Use once."""

    def __init__(self, plan: Plan, ledger: Ledger, config: Config, address: str, listener: Listener) -> None:
        """`address` is Ray's (`auto`, `host:6379`, `ray://host:10001`), or `local` for this machine alone.

        Raises ConfigError when Ray is not installed, or a password would have to travel.
        """
        self._ray = package(address)
        if plan.password:
            raise ConfigError(
                "--password is not sent over a cluster.",
                "Name an environment variable of the nodes in a manifest: password_env.",
            )
        self._plan = plan
        self._ledger = ledger
        self._config = config
        self._address = address
        self._clerk = Clerk(plan, ledger, listener)
        self._at = 0
        self._error: Exception | None = None
        self._waiting: dict[int, tuple[Record, str]] = {}
        self._lookout = Lookout(plan.folder, self._taken, self._lost)
        self._waits = Waits(plan.folder, lambda words, gone: listener(ServerWaited(words, gone)))
        self._looking = threading.Lock()
        self.nodes: Counter[str] = Counter()
        """Documents by the node that finished them."""

    def work(self, stop: threading.Event) -> bool:
        """As `Batch.work`."""
        self._clerk.begin()
        with connected(self._ray, self._address, self._plan.workers):
            while not stop.is_set() and (wave := list(self._wave())):
                self._send(wave, stop)
                if self._error is not None:
                    raise self._error
        self._clerk.end()
        self._clerk.begin()  # what lost nodes left half written
        return not stop.is_set()

    def _wave(self) -> Iterator[tuple[Record, Task]]:
        """The next documents that there is something to do for."""
        count = 0
        while count < WAVE and (record := self._ledger.after(self._at)) is not None:
            self._at = record.number
            task = self._clerk.wanted(record, told=False)  # who has it in hand will be seen
            if task is not None:
                count += 1
                yield record, task

    def _send(self, wave: list[tuple[Record, Task]], stop: threading.Event) -> None:
        """Have a wave done, in a thread of its own, since waiting for Ray can't be interrupted."""
        self._waiting = {record.number: (record, stamp_now(record)) for record, _ in wave}
        thread = threading.Thread(target=self._take_all, args=(wave, stop), name="cluster", daemon=True)
        thread.start()
        looked = time.monotonic()
        while thread.is_alive() and not stop.is_set():
            thread.join(POLL_SECONDS)
            if time.monotonic() - looked >= LOOK_SECONDS:
                looked = time.monotonic()
                with self._looking:
                    self._lookout.look()
                    self._waits.look()
        self._waits.look()

    def _take_all(self, wave: list[tuple[Record, Task]], stop: threading.Event) -> None:
        try:
            for row in self._pipeline(wave).iter_rows():
                if stop.is_set() or self._error is not None:
                    return
                with self._looking:
                    self._take(row)
            for number, (record, stamp) in self._waiting.items():
                last = self._lookout.last(number)
                whom = f", the last of them {last}" if last else ""
                self._clerk.set_aside(
                    record, f"The processes that had it in hand were lost again and again{whom}.", stamp
                )
        except GalleyError as error:
            self._error = error
        except Exception as error:  # Ray's own are many, and this is the outer edge to it
            if not stop.is_set():
                self._error = ClusterLost(f"Ray failed: {first_line(error)}.", "What is finished is saved.")

    def _pipeline(self, wave: list[tuple[Record, Task]]) -> Any:
        """Ray's data set of the answers; nothing is done before it is read."""
        data: Any = import_module("ray.data")
        configs: dict[str, dict[str, Any]] = {}
        rows: list[Row] = []
        for record, task in wave:
            name = json.dumps(record.settings, sort_keys=True)
            configs[name] = task.config
            rows.append(row_of(task, name))
        gpus, cores = self._share()
        orders = Orders(
            version("galley-tui"), str(self._plan.folder.resolve()), configs, 0 if gpus else cores
        ).to_json()
        found = data.from_items(rows, override_num_blocks=len(rows))
        found = found.map(read_there, fn_args=(orders,), num_cpus=1, memory=READER_MEMORY)
        if any(not task.finish for _, task in wave):
            documents = self._documents(gpus)
            pool = data.ActorPoolStrategy(
                min_size=1,
                max_size=None,
                max_tasks_in_flight_per_actor=documents,
                max_concurrent_calls_per_actor=documents,
                enable_true_multi_threading=True,
            )
            found = found.map(
                CleanThere,
                fn_constructor_args=(orders,),
                compute=pool,
                num_cpus=0 if gpus else cores,
                num_gpus=1 if gpus else 0,
            )
        return found

    def _share(self) -> tuple[int, int]:
        """(GPUs, cores) that a model gets; a server's client gets a core."""
        if self._plan.model is None or self._plan.model.info is None:
            return 0, 1
        if self._ray.cluster_resources().get("GPU", 0) and self._config.engine.gpu_layers != 0:
            return 1, 0
        smallest = min(int(node["Resources"].get("CPU", 0)) or 1 for node in self._ray.nodes() if node["Alive"])
        return 0, self._config.engine.threads or max(1, min(MOST_CORES, smallest - 1))

    def _documents(self, gpus: int) -> int:
        if self._plan.model is not None and self._plan.model.info is None:
            return SERVER_DOCUMENTS
        return self._config.engine.jobs or (GPU_DOCUMENTS if gpus else CPU_DOCUMENTS)

    def _take(self, row: Row) -> None:
        """Enter what came of a document. Raises what stops all."""
        number, answer = row["number"], json.loads(row["answer"])
        losses = tuple(loss_of(loss) for loss in json.loads(row["losses"]))
        self._lookout.tell(number, losses)
        self._lookout.forget(number)
        record, stamp = self._waiting.pop(number)
        self.nodes[row["node"]] += 1
        match answer["event"]:
            case "unchanged":
                self._clerk.unchanged(record)
            case "fatal":
                kinds = {"ModelError": ModelError, "StorageError": StorageError}
                raise kinds.get(answer["kind"], ClusterLost)(answer["message"], answer["hint"])
            case "failed":
                failed = TaskFailed(answer["kind"], answer["message"], answer["hint"])
                self._clerk.set_aside(record, reason_of(failed), stamp)
            case _:
                outcome = Outcome.from_dict(answer["outcome"])
                outcome = replace(outcome, notes=(*outcome.notes, *map(str, losses)))
                self._clerk.finished(record, outcome, outcome.stamp or stamp)

    def _taken(self, number: int, holder: Holder) -> None:
        if number in self._waiting:
            self._clerk.begun(self._waiting[number][0], str(holder))

    def _lost(self, number: int, loss: Loss) -> None:
        if number in self._waiting:
            self._clerk.taken_over(self._waiting[number][0], str(loss))


def read_there(row: Row, orders: str) -> Row:
    """`read`, signed by the node."""
    node = this_node()
    return {**read(row, orders, node), "node": node}


class CleanThere(CleanOnNode):
    """`CleanOnNode`, signed by the node."""

    def __init__(self, orders: str) -> None:
        super().__init__(orders, this_node())

    def __call__(self, row: Row) -> Row:
        return {**super().__call__(row), "node": self._node}


def this_node() -> str:
    return str(import_module("ray").get_runtime_context().get_node_id())


def package(address: str) -> Any:
    """Ray, told to be quiet. Raises ConfigError when it is not installed.

    Ray opens ports to the network; of a cluster on this machine alone whoever has not a token of our making is turned
    away. All of this is read when Ray is loaded and never again.
    """
    settings = {
        **QUIET,
        **({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)} if address == LOCAL else {}),
    }
    os.environ.update({name: value for name, value in settings.items() if name not in os.environ})
    try:
        return import_module("ray")
    except ImportError as error:
        raise ConfigError("A cluster needs Ray.", "pip install 'galley-tui[ray]'") from error


@contextmanager
def connected(ray: Any, address: str, workers: int) -> Generator[None]:
    """A connection to a cluster; `local` starts one on this machine, which ends with the block.

    Raises ClusterLost when there is none at the address.
    """
    folder = ""
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False, "configure_logging": False}
    if address == LOCAL:
        clear_left()
        folder = tempfile.mkdtemp(prefix=f"{OWN}{os.getpid()}-")
        options |= {
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE,
            "_node_ip_address": "127.0.0.1",
            "_temp_dir": folder,
        }
    elif "://" not in address and ":" in address:
        check_reachable(address)
    try:
        try:
            with stderr_in_log():
                ray.init(address=address, **options)
        except Exception as error:  # a bare one where a node takes too long to start
            raise not_there(address, error) from error
        quieten()
        yield
    finally:
        ray.shutdown()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def clear_left() -> None:
    """Take away the folders of clusters whose command was killed, with which Ray ends."""
    for path in Path(tempfile.gettempdir()).glob(f"{OWN}*-*"):
        number = path.name.removeprefix(OWN).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(path, ignore_errors=True)


def not_there(address: str, error: Exception) -> ClusterLost:
    if address == LOCAL:
        return ClusterLost(
            f"Ray did not start on this machine: {first_line(error)}.",
            "Try again when the machine is less busy, or leave --ray out: one machine needs none.",
        )
    return ClusterLost(f"There is no Ray at {address}: {first_line(error)}.", "Check --ray.")


@contextmanager
def stderr_in_log() -> Generator[None]:
    """What libraries say goes into the log while the block runs: Ray tells the terminal that it was told to be quiet.
    Nothing may draw on the terminal meanwhile.
    """
    log, kept = open_log(), -1
    try:
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(log.fileno(), 2)
    except (OSError, AttributeError):  # closed by whoever called: then nobody sees it either
        pass
    try:
        yield
    finally:
        if kept >= 0:
            os.dup2(kept, 2)
            os.close(kept)
        log.close()


def check_reachable(address: str) -> None:
    """Ray asks an address for minutes on end before it gives up. Raises ClusterLost."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise ClusterLost(f"There is no Ray at {address}: {first_line(error)}.", "Check --ray.") from error


def quieten() -> None:
    """No bars and no advice from Ray Data; one document's fault is no reason for it to end the whole."""
    context: Any = import_module("ray.data").DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1
    context.issue_detectors_config.detectors = []
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")
