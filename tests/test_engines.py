"""The same document through every engine, by the real command: the same guarantee, and each finds its way back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from llama_server import SECRET, LlamaServer, llama_server
from tiny_llama import write_ggml, write_gguf

from galley.core.edits import Candidate, apply_candidates
from galley.core.engine import registry
from galley.core.engine.base import Message, Sampling, WorkerDied
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.models import describe
from galley.core.session import Session, list_sessions

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
CLEAN = ["clean", "sample.pdf", "--pages", "1", "--mode", "verbatim", "-o", "out.txt", "--json"]


@pytest.fixture(scope="module")
def server(embedded_model: Path) -> Iterator[LlamaServer]:
    with llama_server(embedded_model) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, sample_pdf: Path) -> Path:
    (tmp_path / "sample.pdf").write_bytes(sample_pdf.read_bytes())
    write_gguf(tmp_path / "tiny.gguf")
    write_ggml(tmp_path / "tiny.ggmlv3.f32.bin")
    return tmp_path


def galley(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GALLEY, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def checked_session(home: Path) -> tuple[set[str], set[str]]:
    """Engines and models of the only session's attempts, each of which is its source with some of the edits."""
    (summary,) = list_sessions(home / "sessions")
    engines, names = set[str](), set[str]()
    with Session.open(summary.path, write=False) as session:
        for chunk in session.chunks():
            attempts = session.attempts(chunk.index)
            assert [attempt.mode for attempt in attempts] == ["verbatim"], [a.error for a in attempts]
            for attempt in attempts:
                applied = [Candidate(e.start, e.end, e.replacement, e.kind, 0.5) for e in attempt.edits if e.applied]
                assert attempt.output == apply_candidates(chunk.source, applied).strip()
                engines.add(attempt.engine)
                names.add(attempt.model)
    return engines, names


@pytest.mark.parametrize(
    ("engine", "model", "options"),
    [
        ("llama.cpp", "smollm2-135m.gguf", []),
        ("llama.cpp", "tiny.gguf", ["--model", "tiny.gguf"]),
        ("ctransformers", "tiny.gguf", ["--model", "tiny.gguf", "--engine", "ctransformers"]),
        ("ctransformers", "tiny.ggmlv3.f32.bin", ["--model", "tiny.ggmlv3.f32.bin"]),
    ],
)
def test_a_file_is_cleaned_by_the_engine_that_can_load_it(
    folder: Path, own_home: Path, embedded_model: Path, engine: str, model: str, options: list[str]
) -> None:
    done = galley(*CLEAN, *options, folder=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == model
    assert checked_session(own_home) == ({engine}, {model})


@pytest.mark.parametrize("way", ["probabilities", "choice", "alignment"])
def test_a_server_cleans_it_in_each_of_its_ways_and_its_key_is_written_nowhere(
    folder: Path, own_home: Path, server: LlamaServer, way: str
) -> None:
    page = folder / "page.txt"
    page.write_text("Models (Wei et al., 2022) have grown. They have un- locked new uses [3].\n", encoding="utf-8")
    done = galley(
        *["clean", "page.txt", "--mode", "verbatim", "-o", "out.txt"],
        *["--base-url", f"{server.address}/v1", "--set", f"server.verbatim={way}"],
        folder=folder,
        GALLEY_API_KEY=SECRET,
    )
    assert done.returncode == 0, done.stderr
    engines, _ = checked_session(own_home)
    assert engines == {"server"}
    assert (folder / "out.txt").read_text(encoding="utf-8").startswith("Models")
    for path in [*own_home.rglob("*"), *folder.glob("*")]:
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in done.stderr


def test_the_server_and_the_file_of_one_model_decide_alike(
    folder: Path, own_home: Path, server: LlamaServer, embedded_model: Path
) -> None:
    own = galley(*CLEAN, folder=folder)
    served = galley(*CLEAN, "--base-url", f"{server.address}/v1", folder=folder, GALLEY_API_KEY=SECRET)
    assert (own.returncode, served.returncode) == (0, 0), own.stderr + served.stderr
    decided: list[dict[tuple[int, int, int], bool]] = []
    for summary in list_sessions(own_home / "sessions"):
        with Session.open(summary.path, write=False) as session:
            chosen = [session.chosen(chunk.index) for chunk in session.chunks()]
            edits = [(n, e) for n, attempt in enumerate(chosen) if attempt for e in attempt.edits]
            decided.append({(n, e.start, e.end): e.applied for n, e in edits})
    one, other = decided
    assert one.keys() == other.keys()
    assert sum(one[key] != other[key] for key in one) <= len(one) // 20


def test_a_server_that_goes_away_stops_the_run_and_the_next_one_goes_on(
    folder: Path, own_home: Path, embedded_model: Path
) -> None:
    server_options = ["--set", "server.absence_seconds=3", "--set", "server.concurrency=1"]
    with llama_server(embedded_model) as first:
        run = subprocess.Popen(
            [*GALLEY, *CLEAN, "--base-url", f"{first.address}/v1", *server_options],
            cwd=folder,
            env={**os.environ, "GALLEY_API_KEY": SECRET},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        until_one_is_done(own_home)
        first.process.send_signal(signal.SIGKILL)
        _, said = run.communicate(timeout=120)
    assert run.returncode == 130, said
    assert "can't be reached" in said
    assert "To go on: galley resume" in said
    (summary,) = list_sessions(own_home / "sessions")
    assert summary.status.pending > 0
    assert summary.status.failed == 0
    done_before = summary.status.done
    with llama_server(embedded_model) as second:
        options = ["--base-url", f"{second.address}/v1", "-o", "out.txt"]
        resumed = galley("resume", *options, folder=folder, GALLEY_API_KEY=SECRET)
    assert resumed.returncode == 0, resumed.stderr
    assert f"{done_before} of" in resumed.stderr
    assert checked_session(own_home)[0] == {"server"}


def until_one_is_done(home: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = list_sessions(home / "sessions")
        if found and found[0].error is None and found[0].status.done:
            return
        time.sleep(0.05)
    raise AssertionError("no chunk was finished")


def test_a_servers_session_is_not_gone_on_with_without_the_server(
    folder: Path, own_home: Path, server: LlamaServer, embedded_model: Path
) -> None:
    page = folder / "page.txt"
    page.write_text("Models (Wei et al., 2022) have grown.\n", encoding="utf-8")
    arguments = ["clean", "page.txt", "--mode", "verbatim", "-o", "out.txt", "--base-url", f"{server.address}/v1"]
    assert galley(*arguments, folder=folder, GALLEY_API_KEY=SECRET).returncode == 0
    (summary,) = list_sessions(own_home / "sessions")
    with Session.open(summary.path) as session:
        session._connection.execute("UPDATE chunks SET state = 'pending'")
        session._connection.commit()
    done = galley("resume", folder=folder)
    assert done.returncode == 2
    assert "--base-url" in done.stderr


@pytest.mark.parametrize("name", ["llama.cpp", "ctransformers"])
def test_a_segfault_in_a_library_costs_the_request_in_hand(tmp_path: Path, name: str) -> None:
    options = EngineOptions.model_validate({"name": name, "jobs": 1})
    engine = LocalEngine(describe(write_gguf(tmp_path / "tiny.gguf")), options, context=1024)
    try:
        assert engine.start().engine == name
        pid = engine.pid
        assert pid is not None

        def crash(text: str, tokens: int) -> None:
            os.kill(pid, signal.SIGSEGV)

        with pytest.raises(WorkerDied):
            engine.complete([Message("user", "Write on.")], Sampling(max_tokens=400), crash, lambda: False)
        assert engine.complete([Message("user", "Again.")], Sampling(max_tokens=5), None, lambda: False).usage
        assert engine.pid != pid
    finally:
        engine.close()


def test_the_docs_table_of_features_is_the_codes() -> None:
    text = (Path(__file__).parent.parent / "docs/engines.md").read_text(encoding="utf-8")
    assert registry.features_table() in text
