"""Which model is taken when none is named: the catalogue's default where a hub answers, else the embedded one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ggufs import NAMED, gguf, tensor
from standin_hub import Standin

from galley.core import models
from galley.core.models.catalogue import catalogue
from galley.core.models.fetching import pull

pytest_plugins = ("pulling",)
TINY = gguf(NAMED, [tensor("w", 8)], data=32)
GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]


@pytest.fixture
def hub(server: Standin, monkeypatch: pytest.MonkeyPatch) -> Standin:
    """A hub that has the catalogue's default, as a model of a few bytes."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    reference = catalogue()["llama-3.2-1b"].reference
    server.repos[reference.repo] = {reference.file: TINY}
    return server


def test_the_default_is_the_catalogues_where_a_hub_answers(hub: Standin) -> None:
    assert models.default_offer().name == "llama-3.2-1b"


def test_the_default_is_the_embedded_model_where_no_hub_answers(hub: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert models.default_offer().name == "smollm2-135m"
    monkeypatch.undo()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert models.default_offer().name == "smollm2-135m"


def test_a_model_of_the_catalogue_is_found_by_its_name_once_it_is_fetched(hub: Standin) -> None:
    with pytest.raises(models.NotHere, match=r"galley models pull llama-3\.2-1b"):
        models.find("llama-3.2-1b")
    assert models.find("") is None
    path = pull("llama-3.2-1b")
    assert path.read_bytes() == TINY
    assert models.find("llama-3.2-1b") == path
    assert models.find("") == path, "it is the default from then on"


def test_pull_without_a_name_fetches_the_default_by_the_command(hub: Standin, tmp_path: Path) -> None:
    done = subprocess.run([*GALLEY, "models", "pull"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).read_bytes() == TINY
    listed = subprocess.run([*GALLEY, "models", "--json"], capture_output=True, text=True, timeout=60, check=True)
    names = [model["name"] for model in json.loads(listed.stdout)["models"]]
    assert any(name.endswith("Llama-3.2-1B-Instruct-Q4_K_M") for name in names)
    assert "HF_TOKEN" not in os.environ
