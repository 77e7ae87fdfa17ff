"""What the tests of fetching share: empty places for models, and a stand-in hub that the client is set up for."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
import stamina
from huggingface_hub import constants
from standin_hub import FILE, MODEL, REPO, Standin, standin_hub

from galley.core.models import download


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models."""
    folder = tmp_path / "models"
    monkeypatch.setenv("GALLEY_MODELS", str(folder))
    return folder


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Generator[Standin]:
    """A hub with one model, which the client is set up for, with an empty cache and nobody logged in."""
    for name in os.environ:
        if name.startswith("HF_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    with standin_hub() as standin, stamina.set_testing(True, attempts=download.ATTEMPTS):
        monkeypatch.setenv("HF_ENDPOINT", standin.address)
        standin.repos[REPO] = {"README.md": b"hello", FILE: MODEL}
        standin.files["tiny.gguf"] = MODEL
        yield standin


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    return tmp_path / "hf" / "hub" / f"models--{REPO.replace('/', '--')}" / "blobs"
