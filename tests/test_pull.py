"""Fetching models from a hub: the real client against a stand-in."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub
import pytest
from standin_hub import (
    COMMIT,
    FILE,
    MODEL,
    OTHER,
    REPO,
    TOKEN,
    Standin,
    break_off,
    model_bytes,
    sha256,
    standin_hub,
    stop_after,
)

from galley.core.errors import ConfigError, ModelError, StorageError
from galley.core.models.fetching import pull

pytest_plugins = ("pulling",)


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

    def test_stops_a_server_that_sends_more_than_it_has_on_record(self, server: Standin, blobs: Path) -> None:
        server.sends_instead[FILE] = MODEL + bytes(30_000_000)
        server.tells_length = False
        with pytest.raises(ModelError, match=r"sends more than the 300,000 bytes"):
            pull(f"hf:{REPO}/{FILE}")
        assert not any(path.name.endswith(".incomplete") for path in blobs.iterdir())
        assert server.sent < 4 * 30_000_000

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
            "from galley.core.models.fetching import pull\n"
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

    def test_says_that_the_address_of_the_hub_is_none(self, server: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_ENDPOINT", "mirror.example.org")
        with pytest.raises(ModelError, match=r"from mirror.example.org.*HF_ENDPOINT"):
            pull(f"hf:{REPO}/{FILE}")

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
