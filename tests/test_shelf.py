"""The models on a machine: every program's own places, names, what fits, and which engine can load what."""

import json
import os
import struct
from dataclasses import replace
from pathlib import Path

import gguf as package
import pytest
from ggufs import ARRAY, NAMED, STRING, gguf, pair, tensor, text

from galley.core import models
from galley.core.config import Config
from galley.core.engine import registry
from galley.core.engine.devices import Device
from galley.core.engine.suited import ctransformers_refuses, known_to_llamacpp, llamacpp_refuses
from galley.core.errors import ModelError
from galley.core.fit import Machine, fit
from galley.core.models.info import ModelInfo
from galley.core.models.memory import Memory, Room, fits, memory_for

FILE = gguf(NAMED, [tensor("w", 8)], data=32)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder in which every program has a model."""
    home = tmp_path / "person"
    monkeypatch.setenv("HOME", str(home))
    for name in ("HF_HOME", "HF_HUB_CACHE", "OLLAMA_MODELS", "LLAMA_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GALLEY_MODELS", str(tmp_path / "own"))
    put(tmp_path / "own/small.gguf")
    hub = home / ".cache/huggingface/hub/models--someone--Tiny-GGUF"
    put(hub / "blobs/abc")
    snapshot = hub / "snapshots/1234/Tiny-Q4_K_M.gguf"
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(hub / "blobs/abc")
    store = home / ".ollama/models"
    put(store / "blobs/sha256-feed")
    manifest = store / "manifests/registry.ollama.ai/library/llama3.2/1b"
    manifest.parent.mkdir(parents=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.template", "digest": "sha256:beef"},
        {"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:feed"},
    ]
    manifest.write_text(json.dumps({"layers": layers}), encoding="utf-8")
    put(home / ".lmstudio/models/maker/Tiny-GGUF/tiny.gguf")
    put(home / ".local/share/nomic.ai/GPT4All/old.gguf")
    put(home / ".cache/llama.cpp/ggml-org_tiny.gguf")
    put(tmp_path / "mine/deep/er/mine.gguf")
    return tmp_path


def put(path: Path, content: bytes = FILE) -> Path:
    """Each file is a model of its own, not the same one again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_every_programs_models_are_found_under_the_names_that_it_uses(machine: Path) -> None:
    found = {(model.program, model.name) for model in models.list_models([str(machine / "mine")]).models}
    assert found == {
        ("galley", "small"),
        ("hugging face", "someone/Tiny-GGUF/Tiny-Q4_K_M"),
        ("ollama", "llama3.2:1b"),
        ("lm studio", "maker/Tiny-GGUF/tiny"),
        ("gpt4all", "old"),
        ("llama.cpp", "ggml-org_tiny"),
        ("folder", "mine"),
    }


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("small", "small.gguf"),
        ("SMALL", "small.gguf"),
        ("llama3.2:1b", "sha256-feed"),
        ("Tiny-Q4_K_M", "abc"),
        ("tiny-q4_k_m.gguf", "abc"),
        ("someone/tiny-gguf", "abc"),
        ("ggml-org", "ggml-org_tiny.gguf"),
    ],
)
def test_a_model_is_found_by_any_name_that_means_it_alone(machine: Path, said: str, file: str) -> None:
    found = models.find(said)
    assert found is not None
    assert found.resolve().name == file


def test_a_name_that_could_mean_two_models_names_both(machine: Path) -> None:
    with pytest.raises(ModelError, match=r"could be 3 models: .*maker/Tiny-GGUF/tiny") as caught:
        models.find("tin")
    assert "someone/Tiny-GGUF" in caught.value.message


def test_a_file_that_is_no_model_is_named_with_its_reason(machine: Path) -> None:
    put(machine / "own/page.gguf", b"<html>")
    (unusable,) = models.list_models().unusable
    assert unusable.place.path.name == "page.gguf"
    assert "is no GGUF file" in unusable.reason


def test_a_folder_of_the_settings_that_is_none_is_named(machine: Path) -> None:
    assert models.list_models([str(machine / "mine"), str(machine / "gone")]).absent == (str(machine / "gone"),)


def test_a_manifest_that_points_elsewhere_or_is_garbage_is_passed_over(machine: Path) -> None:
    folder = machine / "person/.ollama/models/manifests/registry.ollama.ai/library/evil"
    folder.mkdir(parents=True)
    model = "application/vnd.ollama.image.model"
    (folder / "a").write_text(json.dumps({"layers": [{"mediaType": model, "digest": "../../../../own/small.gguf"}]}))
    (folder / "b").write_bytes(b"\x00garbage")
    (folder / "c").write_text(json.dumps({"layers": "no list"}))
    (folder / "d").write_text(json.dumps([1, 2]))
    assert not [model for model in models.list_models().models if "evil" in model.name]


def test_what_is_broken_in_one_place_hides_no_model_of_another(machine: Path) -> None:
    before = len(models.list_models().models)
    own = machine / "own"
    for name in ("loop", "loop.gguf"):
        (own / name).symlink_to(name)
    endless = struct.pack("<IIQf", ARRAY, 6, 1, float("inf"))
    put(own / "endless.gguf", gguf([*NAMED, text("llama.attention.head_count_kv") + endless], []))
    put(machine / "person/.ollama/models/manifests/host/space/model/deep", b"[" * 100_000)
    put(machine / "person/.lmstudio-home-pointer", b"no\0folder")
    listing = models.list_models(["~nobody-of-that-name/models"])
    assert listing.absent == ("~nobody-of-that-name/models",)
    assert {model.name for model in listing.models} >= {"endless", "small"}
    assert len(listing.models) == before  # one more, and LM Studio's is where nobody can say


def test_folders_that_lead_in_a_circle_end(machine: Path) -> None:
    (machine / "mine/deep/round").symlink_to(machine / "mine")
    names = [model.name for model in models.list_models([str(machine / "mine")]).models if model.program == "folder"]
    assert names == ["mine"]


def test_the_index_serves_a_file_only_as_long_as_it_is_unchanged(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.list_models()
    path = machine / "own/small.gguf"
    reads: list[Path] = []
    real = models.shelf.describe
    monkeypatch.setattr(models.shelf, "describe", lambda path: reads.append(path) or real(path))
    models.list_models()
    assert reads == []
    put(path, gguf([*NAMED[:2], pair("llama.context_length", 4096)], [tensor("w", 8)], data=32))
    os.utime(path, ns=(1, 1))
    assert next(m for m in models.list_models().models if m.name == "small").info.context == 4096
    assert reads == [path]


def test_a_damaged_index_is_made_anew(machine: Path, own_home: Path) -> None:
    before = models.list_models()
    index = own_home / "cache/models-index.json"
    for damage in (b"", b"[]", b'{"version": 1, "files": {"x": 3}}', index.read_bytes().replace(b'"stamp"', b'"st"')):
        index.write_bytes(damage)
        assert models.list_models() == before
    assert index.stat().st_mode & 0o777 == 0o600


class TestDescribe:
    def test_agrees_with_the_package_of_the_format(self, embedded_model: Path) -> None:
        info = models.describe(embedded_model)
        reader = package.GGUFReader(embedded_model)

        def value(key: str) -> object:
            field = reader.get_field(key)
            assert field is not None
            return field.contents()

        heads, layers = value("llama.attention.head_count_kv"), value("llama.block_count")
        assert (info.architecture, info.context) == (value("general.architecture"), value("llama.context_length"))
        assert (info.layers, info.width) == (layers, value("llama.embedding_length"))
        assert info.cache_width == int(str(heads)) * int(str(layers)) * 2 * 64
        assert info.tokenizer == value("tokenizer.ggml.model")
        assert info.vocabulary == len(list(value("tokenizer.ggml.tokens")))  # type: ignore[call-overload]
        assert info.template == value("tokenizer.chat_template")
        assert info.parameters == sum(int(t.n_elements) for t in reader.tensors)

    def test_walks_a_vocabulary_once_and_is_not_fooled_by_one_that_begins_alike(self, tmp_path: Path) -> None:
        def with_words(words: list[str]) -> bytes:
            items = b"".join(text(word) for word in words)
            array = text("tokenizer.ggml.tokens") + package_array(len(words)) + items
            return gguf([*NAMED, array, pair("tokenizer.chat_template", f"last of {len(words)}")], [])

        same = [f"word{n}" for n in range(3000)]
        other = [*same[:1500], *(f"longer-word-{n}" for n in range(1500))]
        templates = []
        for number, words in enumerate((same, same, other, same)):
            path = put(tmp_path / f"{number}.gguf", with_words(words))
            templates.append(models.describe(path))
        assert [info.vocabulary for info in templates] == [3000] * 4
        assert {info.template for info in templates} == {"last of 3000"}

    def test_a_model_in_parts_is_one_model(self, tmp_path: Path) -> None:
        for number in (1, 2, 3):
            keys = [*NAMED, pair("split.count", 3), pair("split.no", number - 1)]
            put(tmp_path / f"big-0000{number}-of-00003.gguf", gguf(keys, [tensor("w", 8)], data=32))
        info = models.describe(tmp_path / "big-00001-of-00003.gguf")
        assert (info.parameters, info.missing) == (24, ())
        assert models.describe(tmp_path / "big-00003-of-00003.gguf").path.name == "big-00001-of-00003.gguf"
        assert [model.name for model in models.list_models([str(tmp_path)]).models if model.program == "folder"] == [
            "big-00001-of-00003"
        ]
        (tmp_path / "big-00002-of-00003.gguf").unlink()
        info = models.describe(tmp_path / "big-00001-of-00003.gguf")
        assert info.missing == ("big-00002-of-00003.gguf",)
        with pytest.raises(ModelError, match=r"1 of its parts are missing, the first of them big-00002-of-00003\.gguf"):
            registry.engine_for("auto", info)


def package_array(items: int) -> bytes:
    import struct

    return struct.pack("<IIQ", ARRAY, STRING, items)


def info(**changed: object) -> ModelInfo:
    """A Llama of a billion parameters."""
    plain = ModelInfo(
        path=Path("m.gguf"),
        format="gguf",
        name="m",
        architecture="llama",
        parameters=1_200_000_000,
        quantization="Q4_K_M",
        size_bytes=800_000_000,
        context=131_072,
        template="{{ x }}",
        tokenizer="gpt2",
        vocabulary=128_000,
        layers=16,
        width=2048,
        cache_width=16 * 8 * 128,
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


class TestEngines:
    @pytest.mark.parametrize(
        ("model", "engines"),
        [
            (info(), ["llama.cpp"]),
            (info(tokenizer="llama"), ["llama.cpp", "ctransformers"]),
            (info(tokenizer="llama", quantization="IQ4_XS"), ["llama.cpp"]),
            (info(format="ggml", tokenizer="llama", quantization="Q4_0"), ["ctransformers"]),
            (info(architecture="qwen3"), ["llama.cpp"]),
            (info(architecture="frobnicate"), []),
            (info(architecture="bert"), []),
            (info(kind="embedding"), []),
            (info(kind="vision", architecture="clip"), []),
            (info(missing=("m-00002-of-00002.gguf",)), []),
        ],
    )
    def test_each_model_file_has_the_engines_that_can_load_it(self, model: ModelInfo, engines: list[str]) -> None:
        assert registry.engines_for(model) == engines
        if engines:
            assert registry.engine_for("auto", model).name == engines[0]
        else:
            with pytest.raises(ModelError, match=r"No engine can load m\.gguf: (it|1 of)"):
                registry.engine_for("auto", model)

    def test_an_engine_that_was_asked_for_refuses_with_the_one_that_can(self) -> None:
        with pytest.raises(ModelError, match=r"llama\.cpp can't load m\.gguf: .*GGML.* Use --engine ctransformers"):
            registry.engine_for("llama.cpp", info(format="ggml", tokenizer="llama", quantization="Q4_0"))
        with pytest.raises(ModelError, match=r"ctransformers can't load .*SentencePiece.* Use --engine llama\.cpp"):
            registry.engine_for("ctransformers", info())

    def test_llama_cpp_knows_the_architectures_of_the_formats_own_list(self) -> None:
        names = set(package.MODEL_ARCH_NAMES.values())
        unknown = {name for name in names if not known_to_llamacpp(name)}
        assert "llama" not in unknown
        assert len(unknown) < len(names) / 10
        assert not known_to_llamacpp("no-such-architecture")
        assert all("text" in llamacpp_refuses(info(architecture=name)) for name in ("bert", "t5"))
        assert "its architecture is qwen3" in ctransformers_refuses(info(architecture="qwen3", tokenizer="llama"))


class TestMemory:
    def test_the_estimate_grows_with_context_slots_and_cache_type(self) -> None:
        base = memory_for(info(), 2048, 1)
        assert base.weights == 800_000_000
        assert base.cache == 16 * 8 * 128 * 2 * 2048
        assert memory_for(info(), 4096, 3).cache == 6 * base.cache
        assert memory_for(info(), 2048, 1, "q8_0").cache == pytest.approx(base.cache * 34 / 64)

    def test_fits_in_memory_on_the_gpu_in_part_or_not_at_all(self) -> None:
        gpu = Device("CUDA0", "Some GPU", "GPU", 24_000_000_000, 24_000_000_000)
        small_gpu = replace(gpu, memory_free=500_000_000)
        plenty, little = Room("memory", 64_000_000_000), Room("memory", 1_000_000_000)
        config = Config()
        assert fit(info(), config, Machine(plenty, ())).how == "yes"
        assert fit(info(), config, Machine(little, ())).how == "no"
        assert fit(info(), config, Machine(little, (gpu,))).how == "on the GPU"
        assert fit(info(), config, Machine(plenty, (small_gpu,))).how == "in part on the GPU"
        without = config.model_copy(update={"engine": config.engine.model_copy(update={"gpu_layers": 0})})
        assert fit(info(), without, Machine(little, (gpu,))).how == "no"
        assert "does not fit" in fit(info(), config, Machine(little, ())).sentence()

    def test_some_memory_is_left_to_others(self) -> None:
        assert fits(Memory(80, 5, 5), Room("memory", 100))
        assert not fits(Memory(90, 5, 5), Room("memory", 100))
