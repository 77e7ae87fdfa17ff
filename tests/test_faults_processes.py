"""Processes that are stopped, run out of memory, or are gone for a while: the run goes on, and loses nothing.

With GALLEY_FULL_FAULTS set, what takes seconds here takes the minute or the ten minutes that it stands for.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults import prose
from faulty import Faulty
from llama_server import SECRET, LlamaServer, llama_server
from making import new_session
from pdfs import pages_saying

from galley.core import job as jobs
from galley.core.clean.options import CleanOptions
from galley.core.engine import absence
from galley.core.engine.base import Engine
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions, ServerOptions
from galley.core.engine.server import ServerEngine
from galley.core.errors import EngineError, ModelError
from galley.core.events import AttemptFinished, Event
from galley.core.extract import ExtractOptions
from galley.core.extract.protocol import Item
from galley.core.extract.supervise import Harvest, Supervisor
from galley.core.models import describe
from galley.core.session import Session, check
from galley.core.settings import RunSettings

FULL = bool(os.environ.get("GALLEY_FULL_FAULTS"))
STOPPED_SECONDS = 60.0 if FULL else 2.0
GONE_SECONDS = 600.0 if FULL else 4.0
at_leisure = pytest.mark.timeout(GONE_SECONDS + 300)
VERBATIM = RunSettings(clean=CleanOptions(mode="verbatim"))
TEXT = prose(5)


def cleaned(folder: Path, engine: Engine, hear: Callable[[Event], None] = lambda event: None) -> list[str | None]:
    """The texts of a run from beginning to end, in a session that is whole and has each chunk done once."""
    with new_session(folder, TEXT, VERBATIM, size=240) as session:
        run(session, engine, hear)
        path, texts = session.path, [result.text for result in session.results()]
    assert check(path).problems == ()
    return texts


def run(session: Session, engine: Engine, hear: Callable[[Event], None] = lambda event: None) -> None:
    assert jobs.make_run(session, engine, hear).work(threading.Event()).how == "finished"
    once = [[a for a in session.attempts(c.index) if not a.died] for c in session.chunks()]
    assert [len(attempts) for attempts in once] == [1] * session.status().total


def local(model: Path, seconds: float = 120.0) -> LocalEngine:
    return LocalEngine(describe(model), EngineOptions(timeout_seconds=seconds), context=2048)


def after_attempts(count: int, action: Callable[[], None]) -> Callable[[Event], None]:
    """Do something once, when so many attempts are finished."""
    seen: list[Event] = []

    def hear(event: Event) -> None:
        if isinstance(event, AttemptFinished):
            seen.append(event)
            if len(seen) == count:
                action()

    return hear


def pid_of(engine: LocalEngine) -> int:
    assert engine.pid is not None
    return engine.pid


@pytest.fixture(scope="module")
def undisturbed(embedded_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str | None]:
    engine = local(embedded_model)
    try:
        return cleaned(tmp_path_factory.mktemp("undisturbed"), engine)
    finally:
        engine.close()


@at_leisure
def test_a_worker_that_is_stopped_for_a_while_goes_on_when_it_may(
    tmp_path: Path, embedded_model: Path, undisturbed: list[str | None]
) -> None:
    engine = local(embedded_model)
    pids: list[int] = []

    def pause() -> None:
        pids.append(pid_of(engine))
        os.kill(pids[0], signal.SIGSTOP)
        threading.Timer(STOPPED_SECONDS, os.kill, (pids[0], signal.SIGCONT)).start()

    try:
        assert cleaned(tmp_path, engine, after_attempts(2, pause)) == undisturbed
        assert engine.pid == pids[0], "it is the same process"
    finally:
        engine.close()


def test_a_worker_that_is_stopped_for_good_is_replaced_after_its_time(
    tmp_path: Path, embedded_model: Path, undisturbed: list[str | None]
) -> None:
    engine = local(embedded_model, seconds=15.0)
    pids: list[int] = []

    def stop() -> None:
        pids.append(pid_of(engine))
        os.kill(pids[0], signal.SIGSTOP)

    try:
        assert cleaned(tmp_path, engine, after_attempts(2, stop)) == undisturbed
        assert engine.pid not in (None, pids[0])
    finally:
        engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


POOR = """
import resource, sys
if "galley.core.engine.worker" in sys.orig_argv:
    resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
"""


def test_a_worker_that_has_no_memory_for_its_model_is_one_sentence_and_the_next_run_goes_on(
    tmp_path: Path, embedded_model: Path, undisturbed: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(POOR)
    engine = local(embedded_model)
    try:
        with new_session(tmp_path, TEXT, VERBATIM, size=240) as session, monkeypatch.context() as poor:
            poor.setenv("PYTHONPATH", str(tmp_path / "hook"))
            with pytest.raises(ModelError, match=r"llama\.cpp .*smollm2-135m\.gguf") as caught:
                run(session, engine)
            assert "\n" not in str(caught.value)
            assert session.status().pending == session.status().total
            poor.delenv("PYTHONPATH")
            run(session, engine)
            assert [result.text for result in session.results()] == undisturbed
    finally:
        engine.close()


def taken(path: Path, seconds: float, strike: Callable[[int], None]) -> Harvest:
    """Eight pages, with something done to the worker after the third."""
    with Supervisor(path, ExtractOptions(timeout_seconds=seconds)) as supervisor:
        supervisor.open()
        struck: list[int] = []

        def once(harvest: Harvest) -> None:
            if harvest.settled == 3 and not struck:
                assert supervisor._worker is not None
                struck.append(supervisor._worker.pid)
                strike(struck[0])

        return supervisor.take([Item(number, ["pdfium", "pypdf"]) for number in range(1, 1001)], once)


@pytest.fixture(scope="module")
def long_paper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("paper") / "paper.pdf"
    path.write_bytes(pages_saying(*(f"This is page {number}." for number in range(1, 1001))))
    return path


@at_leisure
def test_a_reading_worker_that_is_stopped_for_a_while_loses_no_page(long_paper: Path) -> None:
    def pause(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        threading.Timer(STOPPED_SECONDS, os.kill, (pid, signal.SIGCONT)).start()

    harvest = taken(long_paper, STOPPED_SECONDS + 60, pause)
    assert (len(harvest.pages), harvest.skipped, harvest.deaths) == (1000, {}, 0)


def test_a_reading_worker_that_is_stopped_for_good_is_replaced_and_costs_one_page_at_most(long_paper: Path) -> None:
    harvest = taken(long_paper, 8.0, lambda pid: os.kill(pid, signal.SIGSTOP))
    assert harvest.deaths == 1
    assert len(harvest.pages) + len(harvest.skipped) == 1000
    assert len(harvest.skipped) <= 1


@pytest.fixture(scope="module")
def running(embedded_model: Path) -> Iterator[LlamaServer]:
    with llama_server(embedded_model) as server:
        yield server


@pytest.fixture
def proxy(running: LlamaServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    monkeypatch.setenv("GALLEY_API_KEY", SECRET)
    made = Faulty(running.port)
    yield made
    made.down()


def remote(proxy: Faulty, **options: float) -> ServerEngine:
    server = ServerOptions.model_validate({"base_url": proxy.base_url, **options})
    return ServerEngine("", server, EngineOptions(timeout_seconds=30.0), 2048)


@at_leisure
def test_a_server_that_is_gone_for_a_while_is_waited_for(
    tmp_path: Path, proxy: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "QUIET_SECONDS", 1.0)
    engine = remote(proxy) if FULL else remote(proxy, patience_seconds=1.0, retries=1)
    said: list[tuple[str, bool]] = []
    engine.tell_waits(lambda words, gone: said.append((words, gone)))

    def leave() -> None:
        proxy.down()
        threading.Timer(GONE_SECONDS, proxy.up).start()

    try:
        expected = cleaned(tmp_path / "calm", engine)
        assert said == []
        assert cleaned(tmp_path / "gone", engine, after_attempts(2, leave)) == expected
        (going, gone), (back, still_gone) = said
        assert (gone, still_gone) == (True, False)
        assert f"127.0.0.1:{proxy.port} can't be reached" in going
        assert "It is waited for, up to 30 minutes." in going
        assert "is back after" in back
    finally:
        engine.close()


def test_a_server_that_stays_away_stops_the_run_and_the_next_one_goes_on(tmp_path: Path, proxy: Faulty) -> None:
    engine = remote(proxy, absence_seconds=2.0)
    try:
        expected = cleaned(tmp_path / "calm", engine)
        with new_session(tmp_path / "gone", TEXT, VERBATIM, size=240) as session:
            work = jobs.make_run(session, engine, after_attempts(2, proxy.down))
            with pytest.raises(EngineError, match="can't be reached"):
                work.work(threading.Event())
            left = session.status()
            assert left.done >= 2
            assert left.failed == 0
            assert left.pending == left.total - left.done > 0
            proxy.up()
            run(session, engine)
            assert [result.text for result in session.results()] == expected
    finally:
        engine.close()
