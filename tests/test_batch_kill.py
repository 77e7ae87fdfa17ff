"""kill -9 of a batch and of its workers at random moments, and Ctrl-C: nothing finished is lost, nothing done twice.

KILLS sets how many; the default keeps the suite short.
"""

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from batches import GALLEY, PROSE, batch, galley, report, shelf, texts
from fake import FakeEngine

from galley.core.batch import Batch, Ledger, Plan, find, is_reviewed, worst, worst_first
from galley.core.batch.batch import MOST_LOSSES
from galley.core.batch.clerk import Settings
from galley.core.batch.crew import Hand, TaskFailed, WorkerLost
from galley.core.batch.events import DocumentFailed, DocumentFinished, Event
from galley.core.batch.shared import Gate
from galley.core.batch.tasks import Task, begin, nothing
from galley.core.engine.base import Cancelled, Completion, Message, OnText, RequestCancelled, Sampling
from galley.core.engine.base import WorkerDied as EngineDied
from galley.core.model import Model
from galley.core.session import Session, list_sessions

KILLS = int(os.environ.get("KILLS", "4"))


def start(folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    command = [*GALLEY, "batch", "in", "-o", "out", "--mode", "rules", "--chunk-size", "60", *more]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True)


def attempts(home: Path) -> dict[tuple[str, int], list[int]]:
    """Ids of attempts by session and chunk."""
    found: dict[tuple[str, int], list[int]] = {}
    for summary in list_sessions(home / "sessions"):
        assert summary.error is None
        with Session.open(summary.path, write=False) as session:
            for chunk in session.chunks():
                found[summary.path.name, chunk.index] = [attempt.id for attempt in session.attempts(chunk.index)]
    return found


def test_kill_9_of_the_batch_and_its_workers_at_random_moments(tmp_path: Path, own_home: Path) -> None:
    names = [f"{number}.txt" for number in range(8)]
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for folder in (whole, torn):
        shelf(folder, *names)
    assert batch(whole, "in", "--chunk-size", "60", "--session-dir", "sessions").returncode == 0
    chance = random.Random(1683)
    seen: list[psutil.Process] = []
    before: dict[tuple[str, int], list[int]] = {}
    for _ in range(KILLS):
        parent = start(torn)
        time.sleep(chance.uniform(1.0, 4.0))
        family = [psutil.Process(parent.pid)] if parent.poll() is None else []
        family += family[0].children(recursive=True) if family else []
        seen += family
        if family:
            victim = chance.choice(family)
            victim.send_signal(signal.SIGKILL)
            if victim.pid != parent.pid and chance.random() < 0.5:
                time.sleep(chance.uniform(0, 1.0))
                parent.kill()
        parent.wait(timeout=120)
        now = attempts(own_home)
        assert all(now[chunk][: len(ids)] == ids for chunk, ids in before.items()), "a finished attempt is gone"
        assert all(len(ids) <= 1 for ids in now.values()), "an attempt was made twice"
        before = now
    assert batch(torn, "in", "--chunk-size", "60").returncode == 0
    assert texts(torn) == texts(whole)
    _, alive = psutil.wait_procs(seen, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == [], "a process was left behind"
    assert [path.name for path in (torn / "out").rglob(".*")] == [], "a file was left behind"


def test_ctrl_c_stops_tidily_and_says_how_to_go_on(tmp_path: Path) -> None:
    shelf(tmp_path, *(f"{number}.txt" for number in range(30)))
    command = [*GALLEY, "batch", "in", "-o", "out", "--mode", "rules"]
    running = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("[2/"):
            break
    running.send_signal(signal.SIGINT)
    said = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=60) == 130
    assert "To go on: galley batch -o out" in said
    finished = {name for name, entry in report(tmp_path).items() if entry["state"] == "done"}
    assert 2 <= len(finished) < 30
    assert {f"{name}.txt" for name in finished} <= texts(tmp_path).keys()
    assert batch(tmp_path, mode="").returncode == 0
    assert len(texts(tmp_path)) == 30


def plan(folder: Path, model: Model | None = None, mode: str = "rules") -> Plan:
    return Plan(folder=folder / "out", overrides={"clean.mode": mode, "chunk.size": 100}, model=model, workers=1)


def worked(folder: Path, plan: Plan, engine: FakeEngine | None = None) -> list[Event]:
    """A batch over the folder `in`, in this process; what it told."""
    told: list[Event] = []
    with Ledger(plan.folder) as ledger:
        ledger.register(find([str(folder / "in")], plan.folder), plan.folder, ".txt")
        assert Batch(plan, ledger, engine, told.append).work(threading.Event())
    return told


def kill_when_there(hand: Hand) -> None:
    """On a busy machine a process takes its time to be there."""
    while (pid := hand.pid) is None:
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)


def test_a_document_that_kills_worker_after_worker_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf(tmp_path, "a.txt", "b.txt")
    tries: list[str] = []
    work = Hand.work

    def killed(self: Hand, task: object, *others: object) -> object:
        source = Path(task.source).name  # type: ignore[attr-defined]
        tries.append(source)
        if source == "a.txt":
            threading.Thread(target=kill_when_there, args=(self,), daemon=True).start()
        return work(self, task, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(Hand, "work", killed)
    told = worked(tmp_path, plan(tmp_path))
    (failed,) = [event for event in told if isinstance(event, DocumentFailed)]
    assert "lost 3 times" in failed.reason
    assert tries == ["a.txt"] * MOST_LOSSES + ["b.txt"]
    assert [event.name.rpartition("/")[2] for event in told if isinstance(event, DocumentFinished)] == ["b.txt"]


def test_a_worker_that_is_killed_once_costs_its_document_a_try_and_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf(tmp_path, "a.txt")
    work = Hand.work
    struck: list[int] = []

    def killed(self: Hand, *arguments: object) -> object:
        if not struck:
            self._ready()  # pyright: ignore[reportPrivateUsage]
            assert self.pid is not None
            struck.append(self.pid)
            os.kill(self.pid, signal.SIGKILL)
        return work(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Hand, "work", killed)
    told = worked(tmp_path, plan(tmp_path))
    assert [type(event) for event in told if isinstance(event, DocumentFinished | DocumentFailed)] == [DocumentFinished]


FAKE = Model(Path("fake.gguf"), "fake.gguf:1:abc", 0, 4096)


class Deadly(FakeEngine):
    """Its process dies whenever it reads a certain word, and takes all requests in hand with it at that moment."""

    def __init__(self, word: str) -> None:
        super().__init__(lambda source, seed: source, slots=4)
        self._word = word
        self._deaths = 0
        self._died = threading.Condition()

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None, cancelled: Cancelled
    ) -> Completion:
        with self._died:
            began = self._deaths
            if self._word in messages[-1].content:
                self._died.wait(0.05)  # until others are in hand too
                self._deaths += 1
                self._died.notify_all()
            elif not self._died.wait_for(lambda: self._deaths != began, timeout=0.2):
                return super().complete(messages, sampling, on_text, cancelled)
        raise EngineDied("The engine's worker process died.")


def read_all(folder: Path, plan: Plan) -> None:
    """Make the sessions, and clean nothing."""
    with Ledger(plan.folder) as ledger:
        ledger.register(find([str(folder / "in")], plan.folder), plan.folder, ".txt")
        for record in ledger.documents():
            begin(Settings(plan).task(record))[0].close()


def test_only_the_chunk_that_kills_the_model_fails_and_its_neighbours_do_not(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    for number in range(1, 5):
        (root / f"{number}.txt").write_text(f"Document {number}. {PROSE * 3}")
    (root / "0-deadly.txt").write_text("The poison stands in this one sentence of a plain text. " + PROSE)
    deadly = plan(tmp_path, FAKE, "rewrite")
    read_all(tmp_path, deadly)  # so that all are in hand from the start
    told = worked(tmp_path, deadly, Deadly("poison"))
    outcomes = {event.name.rpartition("/")[2]: event.outcome for event in told if isinstance(event, DocumentFinished)}
    assert len(outcomes) == 5
    assert outcomes["0-deadly.txt"].failed == 1
    assert sum(outcome.failed for outcome in outcomes.values()) == 1


def test_the_worst_document_opens_first_and_makes_way_once_it_is_decided(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    doses = [
        "The poison stands in this one sentence of a text that is plain and whole otherwise, to its end.\n\n",
        "Another line of it holds some poison too, and whoever reads so far has only himself to blame.\n\n",
    ]
    for name, count in (("a good", 0), ("b bad", 1), ("c worse", 2)):
        (root / f"{name}.txt").write_text("".join(doses[:count]) + PROSE)
    worked(tmp_path, plan(tmp_path, FAKE, "rewrite"), Deadly("poison"))
    out = tmp_path / "out"
    assert [(entry.record.output, entry.failed) for entry in worst_first(out)] == [
        ("c worse", 2),
        ("b bad", 1),
        ("a good", 0),
    ]
    assert worst(out).name.startswith("c-worse")
    assert not is_reviewed(out)
    for expected in ("b-bad", "c-worse"):
        with Session.open(worst(out)) as session:
            session.decide_all((row.index for row in session.rows() if row.flagged), "accepted")
        assert worst(out).name.startswith(expected)
    assert is_reviewed(out)
    listed = galley(tmp_path, "sessions", "--batch", "out")
    assert {tuple(line.split()[2:5]) for line in listed.stdout.splitlines()[1:]} == {("rewrite", "0", "0")}
    worst(out).unlink()
    assert not is_reviewed(out), "nobody knows what is in a session that can't be opened"


def test_several_documents_share_the_slots_and_none_is_idle_at_a_tail(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt", "b.txt", "c.txt")

    def slow(source: str, seed: int) -> str:
        time.sleep(0.05)
        return source

    engine = FakeEngine(slow, slots=3)
    told = worked(tmp_path, plan(tmp_path, FAKE, "rewrite"), engine)
    assert sum(isinstance(event, DocumentFinished) for event in told) == 3
    # A document that comes in has one chunk at once, while those before it finish what they have in hand.
    documents = 3
    assert 3 <= engine.most_at_once <= 3 + documents - 1


def test_the_gate_lets_one_alone_only_when_all_are_out() -> None:
    gate, order = Gate(), []
    entered, leave = threading.Event(), threading.Event()

    def together() -> None:
        with gate.together(lambda: False):
            entered.set()
            leave.wait(5)
            order.append("together")

    def alone() -> None:
        with gate.alone(lambda: False):
            order.append("alone")

    first = threading.Thread(target=together)
    first.start()
    entered.wait(5)
    second = threading.Thread(target=alone)
    second.start()
    with pytest.raises(RequestCancelled), gate.alone(lambda: True):
        raise AssertionError("went in")
    leave.set()
    first.join()
    second.join()
    assert order == ["together", "alone"]
    with gate.together(lambda: False):
        order.append("open again")


def test_a_fault_of_our_own_in_a_worker_fails_its_document_alone(tmp_path: Path) -> None:
    hand = Hand()
    (tmp_path / "a.txt").write_text(PROSE)
    task = Task(1, str(tmp_path / "a.txt"), {"no": {"such": "section"}}, None, "", True)
    try:
        with pytest.raises(TaskFailed) as caught:
            hand.work(task, threading.Event(), nothing)
        assert caught.value.kind == ""
        assert "ValidationError" in caught.value.message
        pid = hand.pid
        good = Task(1, str(tmp_path / "a.txt"), json.loads('{"clean": {"mode": "rules"}}'), None, "", True)
        assert hand.work(good, threading.Event(), nothing)["event"] == "done"
        assert hand.pid == pid
        os.kill(hand.pid or 0, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            hand.work(good, threading.Event(), nothing)
    finally:
        hand.end()
