"""A run that a person watches: it pauses, goes on, turns to the chunk in view, and makes attempts asked for."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake import FakeEngine
from making import attempt, new_session

from galley.core import job as jobs
from galley.core.board import Board
from galley.core.config import Config
from galley.core.errors import GalleyError, ModelError, SessionError, StorageError
from galley.core.events import AttemptFinished, AttemptRefused, ChunkStarted, Event, RunEnded
from galley.core.runner import Retry, Runner
from galley.core.session import Session, check
from galley.core.settings import RunSettings

PROSE = "The reader of the proofs sat beside him in the cold room, and they read it aloud, word for word. " * 12
MODEL = jobs.Model(Path("m.gguf"), "m.gguf:1:0", 1, 2048)


class Gate(FakeEngine):
    """Answers when it is let through."""

    def __init__(self) -> None:
        super().__init__(lambda source, seed: f"{source} {'.' * seed}", slots=1)
        self.open = threading.Event()

    def complete(self, messages, sampling, on_text, cancelled):  # type: ignore[no-untyped-def]
        while not self.open.is_set() and not cancelled():
            time.sleep(0.005)
        return super().complete(messages, sampling, on_text, cancelled)


@contextmanager
def working(
    session: Session,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    find: Callable[[str], jobs.Model | None] = lambda name: MODEL,
) -> Generator[tuple[Runner, list[Event], list[GalleyError]]]:
    events: list[Event] = []
    failures: list[GalleyError] = []
    monkeypatch.setattr(jobs, "make_engine", lambda model, config, chunking: engine)
    runner = Runner(session, Config(), find, events.append, failures.append)
    try:
        yield runner, events, failures
    finally:
        runner.close()


def until(true: Callable[[], object]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come about")


def rewriting(tmp_path: Path) -> Session:
    return new_session(
        tmp_path,
        PROSE,
        RunSettings(clean={"mode": "rewrite"}, model=MODEL.identity),  # type: ignore[arg-type]
        size=110,
    )


def started(events: list[Event]) -> list[int]:
    return [event.chunk for event in events if isinstance(event, ChunkStarted)]


def test_the_chunk_in_view_and_those_after_it_are_cleaned_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch) as (runner, events, _):
        runner.go()
        until(lambda: started(events))
        runner.prefer(5)
        gate.open.set()
        until(lambda: not runner.busy)
        total = session.status().total
        assert started(events) == [0, *range(5, total), *range(1, 5)]
        assert session.status().done == total


def test_a_paused_run_finishes_what_is_in_hand_and_goes_on_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch) as (runner, events, _):
        runner.go()
        until(lambda: started(events))
        runner.pause()
        assert not runner.going
        gate.open.set()
        until(lambda: not runner.busy)
        assert session.status().done == 1
        runner.go()
        until(lambda: not session.status().pending)
        assert started(events) == list(range(session.status().total))


def test_an_attempt_that_is_asked_for_counts_from_then_on_and_can_be_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    gate.open.set()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch) as (runner, events, _):
        session.add_attempt(attempt(1, "first text", mode="rewrite", seed=4), choose=True, state="done")
        session.decide(1, "accepted")
        runner.retry(Retry(1, "rewrite"))
        until(lambda: any(isinstance(event, AttemptFinished) and event.asked for event in events))
        chosen = session.chosen(1)
        assert chosen is not None
        assert (chosen.seed, chosen.reason) == (5, "asked")
        assert chosen.temperature > 0
        assert session.row(1).decision is None
        until(lambda: not runner.busy)
        assert session.status().pending == session.status().total - 1, "nothing else was begun"
        session.undo()
        assert (session.text_of(1), session.row(1).decision) == ("first text", "accepted")


def test_an_attempt_that_comes_in_leaves_what_was_undone_of_other_chunks_to_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    gate.open.set()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch) as (runner, events, _):
        session.add_attempt(attempt(1, "first text", mode="rewrite", seed=4), choose=True, state="done")
        session.decide(0, "source")
        session.decide(2, "edited", "by hand")
        session.decide_all([1, 3], "source")
        assert [session.undo(), session.undo()] == [[1, 3], [2]]
        runner.retry(Retry(1, "rewrite"))
        until(lambda: any(isinstance(event, AttemptFinished) and event.asked for event in events))
        until(lambda: not runner.busy)
        (made,) = [event for event in events if isinstance(event, AttemptFinished)]
        assert "What you had undone of it can't be done again" in made.word
        assert check(session.path).problems == ()
        assert [session.redo(), session.redo(), session.redo()] == [[2], [3], []]
        assert (session.text_of(2), session.row(1).decision, session.row(3).decision) == ("by hand", None, "source")
        assert [session.undo() for _ in range(5)] == [[3], [2], [1], [0], []]
        assert session.text_of(1) == "first text"


@pytest.mark.parametrize("edited_before", [True, False])
def test_a_text_that_a_person_edited_stays_when_an_attempt_comes_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edited_before: bool
) -> None:
    gate = Gate()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch) as (runner, events, _):
        first = session.add_attempt(attempt(1, "first text", mode="rewrite", seed=4), choose=True, state="done")
        if edited_before:
            session.decide(1, "edited", "by hand")
        runner.retry(Retry(1, "rewrite"))
        until(lambda: started(events))
        if not edited_before:
            session.decide(1, "edited", "by hand")
        gate.open.set()
        until(lambda: not runner.busy)
        assert (session.text_of(1), session.row(1).decision) == ("by hand", "edited")
        assert [one.id == first for one in session.attempts(1)] == [True, False]
        (made,) = [event for event in events if isinstance(event, AttemptFinished)]
        assert "The text that you edited stays" in made.word
        assert session.undo() == [1], "and the last step is still the person's"
        assert session.text_of(1) == "first text"


def test_what_is_decided_while_an_attempt_is_made_stays_and_what_was_before_is_taken_back_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch) as (runner, events, _):
        for index in (1, 2):
            session.add_attempt(attempt(index, "first text", mode="rewrite", seed=4), choose=True, state="done")
        session.decide(2, "source")
        runner.retry(Retry(1, "rewrite"))
        runner.retry(Retry(2, "rewrite"))
        session.decide(1, "accepted")
        gate.open.set()
        until(lambda: not runner.busy)
        assert [session.row(index).decision for index in (1, 2)] == ["accepted", None]
        assert session.text_of(1) == "first text"
        words = {event.chunk: event.word for event in events if isinstance(event, AttemptFinished)}
        assert "stays" in words[1]
        assert "taken back" in words[2]


def test_a_chunk_that_waits_and_was_edited_is_done_with_the_attempt_below_the_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    gate.open.set()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch) as (runner, _, _):
        session.decide(1, "edited", "by hand")
        runner.retry(Retry(1, "rewrite"))
        until(lambda: not runner.busy)
        assert (session.row(1).state, session.text_of(1)) == ("done", "by hand")
        session.undo()
        assert session.text_of(1) not in {None, "by hand"}


def test_an_attempt_with_a_model_that_is_not_there_is_refused_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str) -> jobs.Model | None:
        if name:
            raise ModelError(f"There is no model {name}.", "See galley models.")
        return MODEL

    gate = Gate()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch, find) as (runner, events, failures):
        session.add_attempt(attempt(0, "text"), choose=True, state="done")
        runner.go()
        until(lambda: started(events))
        runner.retry(Retry(0, "verbatim", model="nowhere"))
        gate.open.set()
        until(lambda: not session.status().pending and not runner.busy)
        refused = [event for event in events if isinstance(event, AttemptRefused)]
        assert [(event.chunk, event.message) for event in refused] == [(0, "There is no model nowhere.")]
        assert failures == []
        assert session.text_of(0) == "text"


def test_a_chunk_whose_turn_is_to_come_is_not_tried_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rewriting(tmp_path) as session, working(session, Gate(), monkeypatch) as (runner, _, _failures):
        runner.go()
        with pytest.raises(SessionError, match="Chunk 3 has not been cleaned yet"):
            runner.retry(Retry(2, "rewrite"))


def test_a_full_disk_ends_the_run_with_its_sentence_and_it_goes_on_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    gate.open.set()
    with rewriting(tmp_path) as session, working(session, gate, monkeypatch) as (runner, events, failures):
        add, full = session.add_attempt, [True]

        def add_attempt(*given: object, **more: object) -> int:
            if full[0]:
                raise StorageError("The disk is full.", "Free some space.")
            return add(*given, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(session, "add_attempt", add_attempt)
        runner.go()
        until(lambda: failures and not runner.busy)
        assert str(failures[0]) == "The disk is full. Free some space."
        assert not runner.going
        full[0] = False
        runner.go()
        until(lambda: not session.status().pending)
        assert not [event for event in events if isinstance(event, RunEnded)] or session.status().failed == 0


def test_closing_in_the_middle_keeps_what_is_finished_and_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    with rewriting(tmp_path) as session:
        with working(session, gate, monkeypatch) as (runner, events, _):
            runner.go()
            until(lambda: started(events))
        assert not [thread for thread in threading.enumerate() if thread.name == "run"]
        assert session.status().done == 0


def test_a_session_of_rules_can_be_retried_with_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def find(name: str) -> jobs.Model | None:
        asked.append(name)
        return MODEL if name else None

    with (
        new_session(tmp_path, PROSE, size=110) as session,
        working(session, FakeEngine(lambda source, seed: source), monkeypatch, find) as (runner, events, _),
    ):
        runner.go()
        until(lambda: not session.status().pending and not runner.busy)
        runner.retry(Retry(0, "verbatim"))
        until(lambda: any(isinstance(event, AttemptFinished) and event.asked for event in events))
        assert [a.mode for a in session.attempts(0)] == ["rules", "verbatim"]
        assert asked[-1] == "smollm2-135m"


def test_a_fault_of_our_own_is_told_and_leaves_no_run_that_never_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rewriting(tmp_path) as session, working(session, Gate(), monkeypatch) as (runner, _, failures):
        monkeypatch.setattr(session, "pending", lambda: 1 / 0)
        runner.go()
        until(lambda: failures and not runner.busy)
        assert "ZeroDivisionError" in str(failures[0])
        monkeypatch.undo()


def test_retries_with_several_models_leave_the_engine_of_one_in_hand_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    class Named(FakeEngine):
        def __init__(self, name: str) -> None:
            super().__init__(lambda source, seed: source, slots=1)
            self.name = name

        def close(self) -> None:
            closed.append(self.name)

    with rewriting(tmp_path) as session:
        for index in range(3):
            session.add_attempt(attempt(index, "text"), choose=True, state="done")
        monkeypatch.setattr(jobs, "make_engine", lambda model, config, chunking: Named(model.path.name))
        events: list[Event] = []
        find = lambda name: jobs.Model(Path(name or "own"), "x:1:1", 1, 1)  # noqa: E731
        runner = Runner(session, Config(), find, events.append, lambda error: None)
        for index, model in enumerate(("a", "b", "c")):
            runner.retry(Retry(index, "rewrite", model=model))
        until(lambda: sum(isinstance(event, AttemptFinished) for event in events) == 3 and not runner.busy)
        assert set(closed) <= {"a", "b"}
        runner.close()
        assert sorted(closed) == ["a", "b", "c", "own"]


def test_a_session_that_is_damaged_as_a_run_ends_is_told_of_and_leaves_nothing_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    gate.open.set()
    failures: list[GalleyError] = []
    with rewriting(tmp_path) as session:

        def listen(event: Event) -> None:
            if isinstance(event, RunEnded):
                session.path.write_bytes(b"another program's")

        monkeypatch.setattr(jobs, "make_engine", lambda model, config, chunking: gate)
        runner = Runner(session, Config(), lambda name: MODEL, listen, failures.append)
        runner.go()
        until(lambda: failures)
        until(lambda: not runner.busy)
        assert not runner.going
        assert len(failures) == 1
        assert isinstance(failures[0], SessionError | StorageError)
        runner.close()


def test_a_board_keeps_the_last_state_of_each_chunk_and_gives_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, board = Gate(), Board()
    monkeypatch.setattr(jobs, "make_engine", lambda model, config, chunking: gate)
    with rewriting(tmp_path) as session:
        runner = Runner(session, Config(), lambda name: MODEL, board, lambda error: None)
        runner.go()
        seen: dict[int, object] = {}
        until(lambda: seen.update(board.take().in_hand) or seen)
        assert list(seen) == [0]
        gate.open.set()
        until(lambda: not runner.busy)
        news = board.take()
        assert news.touched == frozenset(range(session.status().total))
        assert news.progress is not None
        assert news.progress.done == session.status().total
        assert [type(notice) for notice in news.notices] == [RunEnded]
        assert news.in_hand == {}
        assert board.take().empty
        runner.close()
