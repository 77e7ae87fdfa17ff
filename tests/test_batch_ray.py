"""A batch on a real Ray cluster of two nodes on this machine, one of which is killed in the middle."""

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pdfs
import psutil
import pytest
from batches import PROSE, batch, report, shelf, texts

from galley.core import job as jobs
from galley.core.batch import Ledger, Plan, find, write_reports
from galley.core.batch.clerk import Settings
from galley.core.batch.cluster import ClusterBatch, ClusterLost, connected
from galley.core.batch.events import DocumentBegun, DocumentFailed, DocumentFinished, DocumentTakenOver, Event
from galley.core.batch.holding import holdings
from galley.core.batch.node import Orders, answered, check_node, patiently, read, row_of, task_of
from galley.core.batch.records import Record
from galley.core.batch.tasks import Task
from galley.core.config import load_config
from galley.core.errors import EngineError, InputError, ModelError, SessionBusyError, StorageError
from galley.core.session import Session, list_sessions

STORE = 80 << 20


@pytest.fixture
def cluster(own_home: Path) -> Iterator[Any]:
    """Two nodes with two cores each, as far as Ray knows, and the one that they report to, which takes no work: either
    of the two may be killed. Whoever has not the token is turned away."""
    settings = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as on those systems: all nodes are on the loopback address
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": STORE, "node_ip_address": "127.0.0.1"}
    made = Cluster(initialize_head=True, head_node_args={**node, "num_cpus": 0})
    try:
        yield made, [made.add_node(**node), made.add_node(**node)]
    finally:
        made.shutdown()


@dataclass(frozen=True)
class InHand:
    """A document that a process of one node was cleaning when its node was killed."""

    number: int
    node: str
    session: Path
    attempts: dict[int, list[tuple[int, str]]]
    """(id, started_at) of each, by chunk."""


def attempts(session: Session) -> dict[int, list[tuple[int, str]]]:
    return {chunk.index: [(a.id, a.started_at) for a in session.attempts(chunk.index)] for chunk in session.chunks()}


def half_done(out: Path, home: Path) -> Iterator[InHand]:
    """The documents that are in hand now, with some chunks done and some not, by what Galley itself leaves to see."""
    numbers = {Path(record.source).stem: record.number for record in Ledger(out, write=False).documents()}
    held = dict(holdings(out))
    for summary in list_sessions(home / "sessions"):
        number = next((number for stem, number in numbers.items() if summary.path.name.startswith(f"{stem}-")), 0)
        if number not in held or summary.error is not None:
            continue
        with Session.open(summary.path, write=False) as session:
            status = session.status()
            if status.done and status.pending > 1:
                yield InHand(number, held[number].holder.node, summary.path, attempts(session))


def lose(made: Any, node: Any) -> None:
    """All processes of a node at once, as when its power goes: Ray's own end first, and what they began lives on."""
    (raylet,) = node.all_processes["raylet"]
    family = psutil.Process(raylet.process.pid).children(recursive=True)
    for process in (psutil.Process(raylet.process.pid), *family):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    made.remove_node(node, allow_graceful=False)


def test_a_node_that_is_lost_costs_the_chunks_in_flight_and_the_texts_are_those_of_one_machine(
    tmp_path: Path, cluster: Any, own_home: Path, sample_pdf: Path, embedded_model: Path
) -> None:
    made, nodes = cluster
    text = sample_pdf.with_name("sample.reference.txt").read_text(encoding="utf-8")
    root = shelf(tmp_path, *(f"{number}.txt" for number in range(4)))
    (root / "paper.pdf").write_bytes(sample_pdf.read_bytes())
    (root / "broken.pdf").write_bytes(b"no PDF")
    third = len(text) // 3
    for number in range(3):
        (root / f"model{number}.txt").write_text(text[third * number : third * (number + 1)], encoding="utf-8")
    names = sorted(path.name for path in root.iterdir())
    lines = ["input,mode", *(f"{name},{'verbatim' if 'model' in name else 'rules'}" for name in names)]
    (root / "shelf.csv").write_text("\n".join(lines) + "\n")
    one = batch(tmp_path, "in/shelf.csv", "--session-dir", "alone", "--chunk-size", "150")
    assert one.returncode == 1, one.stderr

    out = tmp_path / "cluster"
    told: list[Event] = []
    struck: list[InHand] = []
    over = threading.Event()

    def strike() -> None:
        """Kill the node of the first document that is seen half done."""
        while not over.wait(0.05):
            for found in half_done(out, own_home):
                struck.append(found)
                lose(made, next(node for node in nodes if node.node_id == found.node))
                return

    overrides: dict[str, object] = {
        "session.directory": str(own_home / "sessions"),
        "engine.threads": 1,
        "chunk.size": 150,
    }
    config = load_config(overrides=overrides)
    plan = Plan(out, overrides, jobs.identify(embedded_model), workers=2)
    with Ledger(out) as ledger:
        ledger.register(find([str(root / "shelf.csv")], out), out, ".txt")
        killer = threading.Thread(target=strike, daemon=True)
        killer.start()
        work = ClusterBatch(plan, ledger, config, made.address, told.append)
        try:
            assert work.work(threading.Event())
        finally:
            over.set()
            killer.join()
        again = ledger.totals()
        write_reports(out, ledger)

    (victim,) = struck
    (lost,) = [event for event in told if isinstance(event, DocumentTakenOver) and event.number == victim.number]
    how = re.search(rf"\(node {victim.node[:8]}\), which was lost with (\d+) of (\d+) chunks done", lost.how)
    assert how, lost.how
    seen, done, total = sum(map(len, victim.attempts.values())), int(how[1]), int(how[2])
    assert 0 < seen <= done < total == len(victim.attempts), "nothing was in flight when the node was lost"
    survivor = next(node.node_id for node in nodes if node.node_id != victim.node)
    assert lost.how.endswith(f"(node {survivor[:8]}) went on.")
    begun = [event.holder for event in told if isinstance(event, DocumentBegun) and event.number == victim.number]
    assert survivor[:8] in begun[-1], "nobody was seen to begin it again"
    with Session.open(victim.session, write=False) as session:
        after = attempts(session)
    assert {chunk: after[chunk][: len(made)] for chunk, made in victim.attempts.items()} == victim.attempts
    assert {len(made) for made in after.values()} == {1}, "a chunk was lost, or done twice"
    (entry,) = [each for each in in_report(out) if lost.how in each.get("notes", ())]
    assert entry["input"] == lost.name

    failed = [event for event in told if isinstance(event, DocumentFailed)]
    assert [Path(event.name).name for event in failed] == ["broken.pdf"], failed
    assert (again.done, again.failed) == (len(names) - 1, 1)
    finished = [event.number for event in told if isinstance(event, DocumentFinished)]
    assert len(finished) == len(set(finished)) == len(names) - 1, "a document was finished twice"
    made_there = {path.name: path.read_bytes() for path in out.glob("*.txt")}
    assert made_there == texts(tmp_path)
    assert not list(out.rglob(".*"))
    assert survivor in work.nodes


def in_report(out: Path) -> list[dict[str, Any]]:
    return json.loads((out / "report.json").read_text(encoding="utf-8"))["documents"]


def orders(folder: Path, **changes: Any) -> Orders:
    from importlib.metadata import version

    return Orders(
        **{"version": version("galley-tui"), "folder": str(folder), "configs": {"a": {}}, "threads": 0, **changes}
    )


def test_a_task_survives_its_journey_without_its_settings() -> None:
    task = Task(3, "/a.pdf", {"clean": {"mode": "rules"}}, ("m.gguf", "m:1:x", 5, 6), "/out/a.txt", False, None, True)
    row = row_of(task, "a")
    assert "rules" not in str(row)
    given = Orders.from_json(orders(Path("/out"), configs={"a": {"clean": {"mode": "rules"}}}).to_json())
    assert task_of(row, given) == task


def test_a_node_that_sees_other_folders_or_has_another_version_stops_the_batch(tmp_path: Path) -> None:
    check_node(orders(tmp_path))
    with pytest.raises(StorageError, match="does not see"):
        check_node(orders(tmp_path / "nowhere"))
    with pytest.raises(ModelError, match="has Galley"):
        check_node(orders(tmp_path, version="0.0.1"))


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (InputError("bad"), '"failed"'),
        (StorageError("full"), '"fatal"'),
        (ModelError("gone"), '"fatal"'),
        (EngineError("once"), '"failed"'),
        (KeyError("ours"), '"failed"'),
    ],
)
def test_what_goes_wrong_on_a_node_is_an_answer(error: Exception, event: str) -> None:
    def work() -> dict[str, Any]:
        raise error

    assert f'"event": {event}' in answered({"number": 1}, work)["answer"]


def test_a_session_that_a_lost_node_still_locks_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("galley.core.batch.node.TRY_EVERY_SECONDS", 0.001)
    tries: list[int] = []

    def opening() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise SessionBusyError("locked")
        return "open"

    assert patiently(opening) == "open"
    monkeypatch.setattr("galley.core.batch.node.LEASE_SECONDS", 0.0)
    tries.clear()
    with pytest.raises(SessionBusyError):
        patiently(opening)


def test_a_password_does_not_travel(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    shelf(tmp_path, "a.txt")
    done = batch(tmp_path, "in", "--ray", "local", "--password", "sesame")
    assert done.returncode == 2
    assert "--password is not sent over a cluster" in done.stderr
    assert report(tmp_path)["a"]["state"] == "waiting"


def test_a_node_takes_the_password_from_its_own_environment(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(pdfs.encrypted(pdfs.pages_saying(PROSE), "sesame"))
    out = tmp_path / "out"
    out.mkdir()
    record = Record(1, str(locked), "locked", {}, "SHELF_WORD", "waiting", "", "", "", "", None)
    monkeypatch.setenv("SHELF_WORD", "sesame")  # that of whoever asks for the batch: nothing of it may travel
    task = Settings(Plan(out, {"clean.mode": "rules"}, None, 1)).task(record)
    row = row_of(task, "a")
    assert "sesame" not in str(row)
    given = orders(out, configs={"a": task.config}).to_json()
    assert json.loads(read(row, given)["answer"])["event"] == "done"
    locked.write_bytes(locked.read_bytes() + b"\n")  # another document, of which there is no session
    monkeypatch.delenv("SHELF_WORD")
    said = json.loads(read(row, given)["answer"])
    assert said["event"] == "failed"
    assert "the environment variable SHELF_WORD, which has to hold it, is not set" in said["message"]


def test_an_address_without_ray_is_told_at_once(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    shelf(tmp_path, "a.txt")
    done = batch(tmp_path, "in", "--ray", "127.0.0.1:9")
    assert done.returncode == 130
    assert "There is no Ray at 127.0.0.1:9" in done.stderr


def test_a_cluster_that_does_not_start_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Overloaded:
        """Ray as it is on a machine that has no time for it."""

        ended = False

        def init(self, **options: Any) -> None:
            raise Exception("The current node timed out during startup. This could be.")

        def shutdown(self) -> None:
            self.ended = True

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f"galley-ray-{ended.pid}-killed").mkdir()
    ray = Overloaded()
    with pytest.raises(ClusterLost, match=r"did not start on this machine: The current node timed out"):
        connected(ray, "local", 1).__enter__()
    assert ray.ended
    assert not list(tmp_path.glob("galley-ray-*")), "not of its own, nor of one that was killed"


def test_nothing_of_rays_own_reaches_the_terminal(tmp_path: Path, own_home: Path, embedded_model: Path) -> None:
    pytest.importorskip("ray")
    shelf(tmp_path, "a.txt")
    done = batch(tmp_path, "in", "--ray", "local", mode="verbatim")
    assert done.returncode == 0, done.stderr
    said = [re.sub(r"[\d.]+ s$", "…", line) for line in done.stderr.splitlines()]
    assert said == [
        "1 document.",
        f"[1/1] {tmp_path}/in/a.txt: 1 chunk, 0 flagged, …",
        "1 document: 1 done. 1 page, 1 chunk, 0 to look at.",
        "The report: out/report.html",
    ]
