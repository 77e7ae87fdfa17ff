"""galley doctor: what it finds here, and what it would say of other machines."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from galley.cli.output import wrapped
from galley.core.config import Config, load_config
from galley.core.doctor import Finding, examine, faster, gpu, measure
from galley.core.engine.devices import Device
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.models import describe

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
GPU = Device("CUDA0", "Some GPU", "GPU", 8_000_000_000, 24_000_000_000)
LOOKED = sys.modules["galley.core.doctor.examine"]


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GALLEY, "doctor", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def findings(config: Config, section: str) -> dict[str, Finding]:
    (found,) = [part for part in examine(config) if part.name == section]
    return {finding.name: finding for finding in found.findings}


def test_the_report_is_complete_as_json_and_nothing_is_wrong_here(embedded_model: Path, own_home: Path) -> None:
    done = doctor("--json", "--no-speed")
    assert done.returncode == 0, done.stderr
    report = {section["name"]: {f["name"]: f for f in section["findings"]} for section in json.loads(done.stdout)}
    assert list(report) == ["Terminal", "Python", "Paths", "Reading files", "GPU", "Engines", "Server", "Models"]
    assert report["Paths"]["sessions"]["value"].startswith(str(own_home))
    assert {"llama.cpp", "ctransformers", "server"} <= set(report["Engines"])
    assert "run by llama.cpp" in report["Models"]["model"]["value"]
    assert report["Models"]["fits"]["value"].startswith("It fits")


def test_the_measurement_counts_what_was_read_and_written(embedded_model: Path) -> None:
    engine = LocalEngine(describe(embedded_model), EngineOptions(jobs=1), context=2048)
    try:
        speed = measure(engine, seconds=2.0)
    finally:
        engine.close()
    assert speed.read_tokens > 300
    assert speed.written_tokens > 10
    assert speed.read_per_second > speed.written_per_second > 0
    assert speed.load_seconds > 0


def test_a_gpu_with_a_driver_and_the_cpu_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LOOKED, "drivers", lambda: ["NVIDIA"])
    monkeypatch.setattr(LOOKED, "gpus", lambda: ())
    found = findings(Config(), "GPU")["llama.cpp"]
    assert found.state == "bad"
    assert "CPU wheel" in found.advice
    assert "docs/gpu.md" in found.advice


def test_a_gpu_that_is_left_unused_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LOOKED, "drivers", lambda: ["NVIDIA"])
    monkeypatch.setattr(LOOKED, "gpus", lambda: (GPU,))
    config = load_config(overrides={"engine.gpu_layers": 0})
    found = findings(config, "GPU")
    assert "8.0 GB free of 24.0 GB" in found["CUDA0"].value
    assert found["engine.gpu_layers"].state == "note"


def test_a_folder_that_others_can_look_into_is_named(own_home: Path) -> None:
    (own_home / "sessions").mkdir(parents=True)
    (own_home / "sessions").chmod(0o755)
    found = findings(Config(), "Paths")["sessions"]
    assert (found.state, found.advice) == ("note", f"Others can look into it: chmod 700 {own_home / 'sessions'}")


def test_a_server_that_does_not_answer_is_a_finding_and_not_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLEY_API_KEY", "a-key-of-mine")
    config = load_config(overrides={"server.base_url": "http://127.0.0.1:9/v1", "server.patience_seconds": 1})
    found = findings(config, "Server")
    assert found["key"].value == "from environment GALLEY_API_KEY"
    assert "127.0.0.1:9 can't be reached" in found["error"].value
    assert found["error"].state == "bad"
    done = doctor("--no-speed", "--base-url", "http://127.0.0.1:9/v1", "--set", "server.patience_seconds=1")
    assert done.returncode == 1
    assert "a-key-of-mine" not in done.stdout + done.stderr


def test_advice_goes_by_what_was_measured(embedded_model: Path) -> None:
    engine = LocalEngine(describe(embedded_model), EngineOptions(jobs=1), context=512)
    try:
        speed = measure(engine, seconds=0.1)
    finally:
        engine.close()
    slow = replace(speed, written_per_second=3.0)
    assert any("smaller model" in advice for advice in faster(slow, False))
    assert any("GPU" in advice for advice in faster(speed, True))
    assert faster(replace(speed, written_per_second=50.0), False) == []


def test_the_gpu_test_compares_every_way_with_the_cpu(embedded_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU the library takes the same settings and stays on the CPU: the steps run, the speeds are equal."""
    monkeypatch.setattr(gpu, "gpus", lambda: (GPU, GPU))
    monkeypatch.setattr(gpu, "SECONDS", 0.1)
    found = list(gpu.selftest(describe(embedded_model), Config()))
    assert [finding.name for finding in found] == [
        "CPU",
        "GPU, all that fits",
        "GPU, half of the layers",
        "GPU, flash attention and q8_0 cache",
        "GPUs, split evenly",
    ]
    assert {finding.state for finding in found} == {"ok"}, found
    assert all("log-odds" in finding.value for finding in found)


def test_the_report_goes_on_below_itself_in_a_narrow_terminal_and_is_a_line_a_finding_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = "its process can't write into files, make, empty, move or remove them, start programs, or open sockets"
    head = f"  {'its process':20} "
    assert wrapped(words, sys.stdout, head) == head + words
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = wrapped(words, sys.stdout, head).splitlines()
    assert len(lines) == 2
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].startswith(" " * len(head))
    assert " ".join(line[len(head) :] for line in lines) == words
