"""What all tests share. Every test gets a GALLEY_HOME of its own; only the fetched models are the user's real ones,
so that one pull serves all test runs on a machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from faulty import Faulty
from llama_server import LlamaServer, llama_server

from galley.core import models

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL_MODELS = models.models_dir()

hypothesis.settings.register_profile("galley", deadline=None)  # the first example loads libraries
hypothesis.settings.load_profile("galley")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GALLEY_HOME is a fresh folder, and neither a setting nor a model of the person's own reaches the test."""
    home = tmp_path / "galley-home"
    for name in os.environ:
        if name.startswith("GALLEY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GALLEY_HOME", str(home))
    monkeypatch.setenv("GALLEY_MODELS", str(REAL_MODELS))
    for name in ("HF_HUB_CACHE", "OLLAMA_MODELS", "LLAMA_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return home


@pytest.fixture(scope="session")
def embedded_model() -> Path:
    """The embedded model, pulled into the user's cache the first time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GALLEY_MODELS", str(REAL_MODELS))
        return models.pull()


@pytest.fixture(scope="session")
def sample_pdf() -> Path:
    """The project's own sample paper; its clean text is beside it as `sample.reference.txt`."""
    return DATA / "sample.pdf"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real inputs that is kept outside the repository."""
    if not SHARED.is_dir():
        pytest.skip("the real inputs in ../shared/data are not on this machine")
    return SHARED


@pytest.fixture(scope="module")
def running(embedded_model: Path) -> Iterator[LlamaServer]:
    """A server of llama.cpp's own with the embedded model."""
    with llama_server(embedded_model) as server:
        yield server


@pytest.fixture
def proxy(running: LlamaServer) -> Iterator[Faulty]:
    """What stands before that server and does to its answers what a test says."""
    made = Faulty(running.port)
    yield made
    made.down()
