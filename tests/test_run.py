"""A run: what is reported is on disk, what fails is tried again, and what kills a worker costs itself alone."""

import resource
import threading
from collections.abc import Collection, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake import FakeEngine
from making import attempt, new_session

from galley.core import run as runs
from galley.core.asked import Asked
from galley.core.clean.cleaner import Cleaner
from galley.core.clean.options import CleanOptions
from galley.core.clean.policy import Step
from galley.core.engine.base import Engine, WorkerDied
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.errors import StorageError
from galley.core.events import AttemptFinished, ChunkFailed, Event, RunEnded, RunStarted
from galley.core.models import describe
from galley.core.prompts import load_judge, load_prompt
from galley.core.run import Run
from galley.core.session import Session, SessionStatus
from galley.core.settings import RunSettings

PROSE = (
    "The compositor set the type by hand, and the reader of the proofs sat beside him in the cold room (Moxon, 1683). "
    "When the sheet came from the press they read it aloud, word for word, from the first line to the last one.\n\n"
) * 6


def settings(mode: str) -> RunSettings:
    return RunSettings(clean=CleanOptions(mode=mode, retries=1))  # type: ignore[arg-type]


def run(
    session: Session,
    engine: Engine | None,
    listener: object = None,
    stop: threading.Event | None = None,
    requests: runs.Requests | None = None,
) -> RunEnded:
    options = session.settings
    cleaner = cleaner_of(session, engine)
    events: list[Event] = []
    heard = listener if callable(listener) else events.append
    mode = options.clean.mode
    return Run(
        session, cleaner, engine, options.clean, mode=mode, language="en", listener=heard, requests=requests
    ).work(stop or threading.Event())


def cleaner_of(session: Session, engine: Engine | None) -> Cleaner:
    options = session.settings
    return Cleaner(engine, load_prompt("default"), load_judge(), options.clean, options.check, "en")


class OneRequest:
    """One attempt in `rules` on the first chunk, asked for before the run begins."""

    def __init__(self, session: Session) -> None:
        self._asked = [Asked(0, Step("rules", 1, 0.0, "asked"), cleaner_of(session, None), None, "")]

    def waiting(self) -> bool:
        return bool(self._asked)

    def take(self) -> Asked:
        return self._asked.pop()


def copy(source: str, seed: int) -> str:
    return source.replace(" (Moxon, 1683)", "")


def test_every_attempt_is_on_disk_before_it_is_reported(tmp_path: Path) -> None:
    with new_session(tmp_path, PROSE, settings("rewrite"), size=260) as session:
        total = session.status().total
        seen: list[int] = []

        def listener(event: Event) -> None:
            if isinstance(event, AttemptFinished):
                with Session.open(session.path, write=False) as reader:
                    assert reader.attempts(event.chunk)[-1].mode == event.mode
                    assert reader.status().done == event.progress.done
                seen.append(event.chunk)

        assert run(session, FakeEngine(copy), listener).how == "finished"
        assert sorted(seen) == list(range(total))
        assert session.status().done == total


def test_a_failed_rewrite_is_tried_again_then_done_in_verbatim_and_the_chunk_says_so(tmp_path: Path) -> None:
    invention = "The COVID-19 pandemic of 2020 changed how Netflix and Amazon deliver television to 50 million homes."
    with new_session(tmp_path, PROSE, settings("rewrite"), size=260) as session:
        run(session, FakeEngine(lambda source, seed: invention))
        attempts = session.attempts(0)
        assert [a.mode for a in attempts] == ["rewrite", "rewrite", "verbatim"]
        assert attempts[0].seed != attempts[1].seed
        assert attempts[1].reason.startswith("retry: ")
        assert attempts[2].reason.startswith("fallback: ")
        assert "invented" in attempts[1].reason
        text = session.text_of(0)
        assert text is not None
        assert "compositor set the type" in text
        assert "COVID" not in text


def test_a_chunk_that_kills_the_worker_three_times_fails_and_the_others_are_cleaned(tmp_path: Path) -> None:
    def answer(source: str, seed: int) -> str:
        if "poison" in source:
            raise WorkerDied("The engine's worker process died.")
        return copy(source, seed)

    text = (
        PROSE
        + "This is the poison paragraph, and nobody who reads it aloud will ever come back from it alive.\n\n"
        + PROSE
    )
    with new_session(tmp_path, text, settings("rewrite"), size=260) as session:
        events: list[Event] = []
        ended = run(session, FakeEngine(answer), events.append)
        (poisoned,) = [c.index for c in session.chunks() if "poison" in c.source]
        assert ended.how == "finished"
        assert [c.index for c in session.chunks() if c.state == "failed"] == [poisoned]
        assert [a.died for a in session.attempts(poisoned)] == [True] * 3
        assert "died 3 times" in session.chunk(poisoned).note
        assert [e.chunk for e in events if isinstance(e, ChunkFailed)] == [poisoned]
        assert session.status().done == session.status().total - 1
        assert session.reopen_failed() == 1
        run(session, FakeEngine(copy))
        assert session.status().failed == 0


def test_as_many_chunks_are_in_hand_as_the_engine_has_slots(tmp_path: Path) -> None:
    together = threading.Barrier(2, timeout=10)

    def answer(source: str, seed: int) -> str:
        together.wait()
        return source

    with new_session(tmp_path, PROSE, settings("rewrite"), size=700) as session:
        assert session.status().total % 2 == 0
        engine = FakeEngine(answer)
        run(session, engine)
        assert engine.most_at_once == 2


def test_a_stopped_run_keeps_what_is_done_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with new_session(tmp_path, PROSE, settings("rewrite"), size=130) as session:
        stop = threading.Event()

        def stop_after_four(event: Event) -> None:
            if isinstance(event, AttemptFinished) and event.progress.done >= 4:
                stop.set()

        ended = run(session, FakeEngine(copy), stop_after_four, stop)
        assert ended.how == "interrupted"
        done = session.status().done
        assert 4 <= done < session.status().total
        events: list[Event] = []
        assert run(session, FakeEngine(copy), events.append).how == "finished"
        started = next(e for e in events if isinstance(e, RunStarted))
        assert started.progress.done == done
        assert started.progress.seconds_left is not None, "a resumed run knows its pace from the earlier one"
        assert all(len(session.attempts(i)) == 1 for i in range(session.status().total)), "nothing is done twice"


def test_a_disk_that_fills_up_ends_the_run_with_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new_session(tmp_path, PROSE, settings("rules"), size=260) as session:
        real = session.add_attempt
        calls = iter(range(100))
        events: list[Event] = []

        def full(*given: object, **named: object) -> int:
            if next(calls) == 4:
                raise StorageError("The disk is full.")
            return real(*given, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(session, "add_attempt", full)
        with pytest.raises(StorageError):
            run(session, None, events.append)
        told = [event.chunk for event in events if isinstance(event, AttemptFinished)]
        assert [chunk.index for chunk in session.chunks() if chunk.state == "done"] == told
        assert run(session, None).how == "finished"
        assert all(len(session.attempts(chunk.index)) == 1 for chunk in session.chunks())


@pytest.mark.parametrize("good", [True, False], ids=["a good attempt", "one that would be tried again"])
def test_an_attempt_that_comes_after_a_persons_choice_does_not_take_its_place(tmp_path: Path, good: bool) -> None:
    with new_session(tmp_path, PROSE, settings("rewrite"), size=260) as session:
        first = session.chunk(0).source

        def answer(source: str, seed: int) -> str:
            if source.strip() == first.strip() and len(session.attempts(0)) == 0:
                session.choose(0, session.add_attempt(attempt(0, "a person chose this"), choose=False))
            return copy(source, seed) if good else "Netflix paid 50 million dollars in 2020."

        events: list[Event] = []
        assert run(session, FakeEngine(answer, slots=1), events.append).how == "finished"
        assert session.text_of(0) == "a person chose this"
        assert [one.mode for one in session.attempts(0)] == ["verbatim", "rewrite"], "kept, and nothing after it"
        ended = events[-1]
        assert isinstance(ended, RunEnded)
        assert ended.progress.done == session.status().done == session.status().total


def test_what_a_run_finished_is_saved_even_where_the_disk_fills_up_with_an_attempt_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_session(tmp_path, PROSE, settings("rules"), size=260) as session:
        real = runs.wait

        def full(index: int, attempt_id: int, *, came_in: bool) -> int:
            raise StorageError("The disk is full.")

        def wait_for_all(hands: Collection[Future[object]], **how: object) -> object:
            del how
            return real(hands, 60)

        monkeypatch.setattr(runs, "wait", wait_for_all)
        monkeypatch.setattr(session, "choose", full)
        with pytest.raises(StorageError):
            run(session, None, requests=OneRequest(session))
        assert session.status().done == session.status().total


def test_an_attempt_that_is_asked_for_is_kept_with_its_choice_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An output on a pending chunk that nobody chose would leave it without a next step, and the session stuck."""
    with new_session(tmp_path, PROSE, settings("rules"), size=260) as session:

        def full(index: int, attempt_id: int, *, came_in: bool) -> int:
            raise StorageError("The disk is full.")

        options, requests = session.settings.clean, OneRequest(session)
        held = Run(
            session,
            cleaner_of(session, None),
            None,
            options,
            mode="rules",
            language="en",
            listener=id,
            requests=requests,
        )
        held.hold(True)
        with monkeypatch.context() as patched:
            patched.setattr(session, "choose", full)
            with pytest.raises(StorageError):
                held.work(threading.Event())
        assert run(session, None).how == "finished"


@pytest.mark.parametrize("asked", [True, False], ids=["the session is asked", "it is not"])
def test_what_is_finished_at_once_shares_a_commit_and_all_of_it_is_there_when_the_first_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    with new_session(tmp_path, PROSE, settings("rules"), size=260) as session:
        total = session.status().total
        commits: list[int] = []
        real, make, status = session.together, Cleaner.make, session.status
        made: list[int] = []
        all_made = threading.Event()

        def counted(*given: object, **more: object) -> object:
            try:
                return make(*given, **more)  # type: ignore[arg-type]
            finally:
                made.append(1)
                if len(made) == total:
                    all_made.set()

        @contextmanager
        def slow() -> Generator[None]:
            with real():
                yield
                assert all_made.wait(60)  # a disk so slow that all others are finished meanwhile
            commits.append(status().done)
            monkeypatch.setattr(runs, "ASK_EVERY_SECONDS", 0.0 if asked else 1000.0)

        def asked_once() -> SessionStatus:
            monkeypatch.setattr(runs, "ASK_EVERY_SECONDS", 1000.0)
            return status()

        def listener(event: Event) -> None:
            if isinstance(event, AttemptFinished):
                assert event.progress.done == commits[-1]

        monkeypatch.setattr(Cleaner, "make", counted)
        monkeypatch.setattr(session, "together", slow)
        monkeypatch.setattr(session, "status", asked_once)
        assert run(session, None, listener).how == "finished"
        assert commits[-1] == total
        assert len(commits) <= 3 < total  # the last one may be made and not yet be handed over


def test_rules_needs_no_engine_and_gives_the_prepared_text(tmp_path: Path) -> None:
    with new_session(tmp_path, PROSE, settings("rules")) as session:
        run(session, None)
        assert all(session.text_of(c.index) == c.source.strip() for c in session.chunks())
        assert {a.mode for c in session.chunks() for a in session.attempts(c.index)} == {"rules"}


def test_with_the_real_model_verbatim_takes_citations_out_and_survives_a_killed_worker(
    tmp_path: Path, embedded_model: Path
) -> None:
    engine = LocalEngine(describe(embedded_model), EngineOptions(), context=2048)
    with new_session(tmp_path, PROSE, settings("verbatim"), size=260) as session:
        killed: list[int] = []

        def kill_once(event: Event) -> None:
            if isinstance(event, AttemptFinished) and not killed:
                assert engine.pid is not None
                killed.append(engine.pid)
                engine.kill()

        try:
            assert run(session, engine, kill_once).how == "finished"
        finally:
            engine.close()
        texts = [session.text_of(c.index) or "" for c in session.chunks()]
        assert session.status().failed == 0
        assert "(Moxon, 1683)" not in " ".join(texts)
        assert "The compositor set the type by hand" in texts[0]
        edits = [edit for c in session.chunks() for a in session.attempts(c.index) for edit in a.edits]
        assert all(edit.probability is not None and 0 <= edit.probability <= 1 for edit in edits)


def test_a_worker_that_runs_out_of_memory_in_the_middle_of_a_run_is_replaced(
    tmp_path: Path, embedded_model: Path
) -> None:
    engine = LocalEngine(describe(embedded_model), EngineOptions(), context=2048)
    starved: list[int] = []

    def starve_once(event: Event) -> None:
        if isinstance(event, RunStarted) and not starved:
            assert engine.pid is not None
            starved.append(engine.pid)
            resource.prlimit(engine.pid, resource.RLIMIT_AS, (50_000_000, 50_000_000))  # less than it has already

    try:
        with new_session(tmp_path, PROSE, settings("verbatim"), size=260) as session:
            assert run(session, engine, starve_once).how == "finished"
            assert starved
            assert engine.pid not in starved
            made = [session.attempts(c.index) for c in session.chunks()]
            assert [sum(not attempt.died for attempt in attempts) for attempts in made] == [1] * len(made)
            assert sum(attempt.died for attempts in made for attempt in attempts) in range(1, 3), "those in hand"
            assert {attempts[-1].mode for attempts in made} == {"verbatim"}
    finally:
        engine.close()


def test_the_time_left_is_told_once_every_slot_has_had_two_chunks(tmp_path: Path) -> None:
    with new_session(tmp_path, PROSE, settings("rewrite"), size=100) as session:
        assert session.status().total > 6
        events: list[Event] = []
        run(session, FakeEngine(copy, slots=3), events.append)
    known = {e.progress.done: e.progress.seconds_left for e in events if isinstance(e, AttemptFinished) and e.final}
    assert {done for done, left in known.items() if left is None} == {done for done in known if done < 6}
    assert min(known) < 6 <= max(known)
