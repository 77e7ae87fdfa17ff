"""Layers on a GPU, tried by halves; there is none here, so a backend that dies like one stands in."""

from dataclasses import replace
from pathlib import Path

import pytest
from ggufs import NAMED, gguf, pair

from galley.core.config import load_config
from galley.core.engine import devices, local, registry
from galley.core.engine.devices import Device, fewer_layers
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.errors import ConfigError, ModelError
from galley.core.models import describe

GPU = Device("CUDA0", "Some GPU", "GPU", 1 << 30, 1 << 30)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalEngine:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(local, "gpus", lambda: (GPU,))
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf([*NAMED, pair("llama.block_count", 32)], []))
    made = LocalEngine(describe(path), EngineOptions(), context=512)
    made._entry = replace(made._entry, backend="picky_backend:Picky")
    return made


def test_layers_are_halved_until_the_model_loads_and_the_user_is_told(engine: LocalEngine) -> None:
    info = engine.start()
    engine.close()
    assert info.devices == ("4 layers",)
    assert info.notes == ("The GPU's memory was too small for what was wanted: 4 layers of the model are on it.",)


def test_after_a_crash_it_begins_with_the_number_that_worked(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.start()
    tried: list[int] = []
    real = LocalEngine._load
    monkeypatch.setattr(LocalEngine, "_load", lambda self, p, layers: tried.append(layers) or real(self, p, layers))
    engine.kill()
    engine._process._process.wait()  # type: ignore[union-attr]
    assert engine.count_tokens("abc") == 3
    engine.close()
    assert tried == [4]


def test_a_model_that_loads_nowhere_is_refused_with_the_last_reason(engine: LocalEngine) -> None:
    engine._entry = replace(engine._entry, backend="picky_backend:Never")
    with pytest.raises(ModelError, match=r"llama\.cpp cannot load m\.gguf: .*it is no Llama"):
        engine.start()


def test_without_a_gpu_nothing_is_tried_twice(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "gpus", lambda: ())
    with pytest.raises(ModelError, match="ended while loading"):
        engine.start()


def test_an_engine_is_added_by_one_entry(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    own_home.mkdir(parents=True)
    (own_home / "config.toml").write_text('[engine]\nname = "picky"\ngpu_layers = 0\n')
    with pytest.raises(ConfigError, match=r"engine\.name"):
        load_config()
    known = next(iter(registry.ENGINES.values()))
    added = replace(known, name="picky", backend="picky_backend:Picky", refuses=lambda model: "")
    monkeypatch.setitem(registry.ENGINES, "picky", added)
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf([*NAMED, pair("llama.block_count", 32)], []))
    engine = LocalEngine(describe(path), load_config().engine, context=512)
    assert engine.start().engine == "picky"
    engine.close()
    assert "| `picky` |" in registry.features_table()


@pytest.mark.parametrize(
    ("wanted", "layers", "tried"),
    [(-1, 32, [-1, 16, 8, 4, 2, 1, 0]), (12, 32, [12, 6, 3, 1, 0]), (99, 16, [99, 8, 4, 2, 1, 0]), (0, 32, [0])],
)
def test_the_numbers_of_layers_go_by_halves(wanted: int, layers: int, tried: list[int]) -> None:
    assert fewer_layers(wanted, layers) == tried


def test_llama_cpp_names_this_machines_devices() -> None:
    found = devices.devices()
    assert any(device.type == "CPU" and device.memory_total > 0 for device in found)


def test_the_settings_of_llama_cpp_reach_the_library(embedded_model: Path) -> None:
    options = EngineOptions(
        kv_type="q8_0", flash_attention="on", batch=256, micro_batch=128, jobs=1, tensor_split=(3, 1)
    )
    engine = LocalEngine(describe(embedded_model), options, context=512)
    plain = LocalEngine(describe(embedded_model), EngineOptions(jobs=1), context=512)
    try:
        question = ("Fruits: apple, pear,", " plum, and", (" cherry", " granite"), lambda: False)
        odds = [a - b for a, b in (each.compare(*question).logprobs for each in (engine, plain))]
        assert odds[0] != odds[1], "a cache of 8 bits rounds otherwise"
        assert odds[0] == pytest.approx(odds[1], abs=1.0)
    finally:
        engine.close()
        plain.close()


def test_a_cache_type_that_needs_flash_attention_is_refused_in_a_sentence(embedded_model: Path) -> None:
    options = EngineOptions(kv_type="q4_0", flash_attention="off", jobs=1)
    engine = LocalEngine(describe(embedded_model), options, context=512)
    with pytest.raises(ModelError, match=r"llama\.cpp (cannot load|ended while loading) smollm2-135m\.gguf"):
        engine.start()
    engine.close()
