"""Where a server's key comes from, and where it must not go."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from galley.core.engine import keys
from galley.core.engine.keys import find_key, forget_key, key_file, masked, store_key
from galley.core.engine.options import ServerOptions
from galley.core.errors import ConfigError

SERVER = ServerOptions(base_url="https://models.example/v1")
SECRET = "sk-abc/123+def"


class MemoryKeyring(KeyringBackend):
    """A keyring like a system's, in memory."""

    priority = 5
    viable = False  # by itself the library must not choose it for other tests

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


class BrokenKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(f"no bus for {service}")

    set_password = get_password  # pyright: ignore


class PlainKeyring(MemoryKeyring):
    """One that the keyring library would not recommend, as a file in plain text."""

    priority = 0.5


class AskingKeyring(MemoryKeyring):
    """One that asks for a password, where nobody is to type it."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.answered.wait(60)
        return None


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """No test may see or change the keyring of who runs it."""
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture
def memory() -> MemoryKeyring:
    made = MemoryKeyring()
    keyring.set_keyring(made)
    return made


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_without_any_key_there_is_none() -> None:
    assert find_key(SERVER) is None


def test_the_environment_comes_first_then_the_file_then_the_keyring(
    memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.set_password("galley", "models.example", "of-keyring")
    found = find_key(SERVER)
    assert found is not None
    assert (found.value, found.origin) == ("of-keyring", "keyring")
    write(key_file(SERVER), "of-file\n")
    found = find_key(SERVER)
    assert found is not None
    assert (found.value, found.origin) == ("of-file", "file server.key")
    monkeypatch.setenv("GALLEY_API_KEY", " of-environment\n")
    found = find_key(SERVER)
    assert found is not None
    assert (found.value, found.origin) == ("of-environment", "environment GALLEY_API_KEY")


def test_another_variable_and_another_file_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "box.key", "of-box")
    named = SERVER.model_copy(update={"key_file": str(path), "key_env": "BOX_KEY"})
    monkeypatch.setenv("GALLEY_API_KEY", "not-this")
    found = find_key(named)
    assert found is not None
    assert found.origin == "file box.key"
    monkeypatch.setenv("BOX_KEY", "this")
    assert getattr(find_key(named), "value", "") == "this"


def test_a_key_of_another_provider_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-ours")
    assert find_key(SERVER) is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(mode: int) -> None:
    write(key_file(SERVER), SECRET, mode)
    with pytest.raises(ConfigError, match=r"can be read by others.*chmod 600") as caught:
        find_key(SERVER)
    assert SECRET not in str(caught.value)


def test_a_file_that_only_its_owner_can_read_is_taken() -> None:
    write(key_file(SERVER), SECRET, 0o400)
    assert getattr(find_key(SERVER), "value", "") == SECRET


def test_a_named_file_that_is_missing_or_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        find_key(SERVER.model_copy(update={"key_file": str(tmp_path / "none")}))
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", "."):
        with pytest.raises(ConfigError, match=r"no regular file"):
            find_key(SERVER.model_copy(update={"key_file": str(tmp_path / name)}))


@pytest.mark.parametrize("value", ["two words", "line\nbreak: x", "schlüssel", "x" * 9000, "nul\0"])
def test_what_no_header_can_hold_is_no_key_and_is_not_repeated(value: str) -> None:
    with pytest.raises(ConfigError, match="can't be a server's key") as caught:
        store_key(SERVER, value)
    assert value not in str(caught.value)


def test_a_keyring_that_fails_is_no_keyring() -> None:
    keyring.set_keyring(BrokenKeyring())
    assert find_key(SERVER) is None
    assert store_key(SERVER, SECRET) == "file server.key"


def test_a_keyring_that_waits_for_a_person_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(keys, "HEADLESS_SECONDS", 0.2)
    asking = AskingKeyring()
    keyring.set_keyring(asking)
    assert find_key(SERVER) is None
    assert any(thread.name == "keyring" for thread in threading.enumerate()), "it still waits, and we don't"
    asking.answered.set()


def test_a_key_is_kept_in_the_keyring_and_forgotten_again(memory: MemoryKeyring) -> None:
    assert store_key(SERVER, SECRET) == "keyring"
    assert memory.held == {("galley", "models.example"): SECRET}
    assert not key_file(SERVER).exists()
    assert forget_key(SERVER) == ["keyring"]
    assert find_key(SERVER) is None
    assert forget_key(SERVER) == []


@pytest.mark.parametrize("backend", [NoKeyring, PlainKeyring])
def test_without_a_real_keyring_a_key_is_kept_in_a_private_file(backend: type[KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    assert store_key(SERVER, f"{SECRET}\n") == "file server.key"
    assert stat.S_IMODE(key_file(SERVER).stat().st_mode) == 0o600
    assert getattr(find_key(SERVER), "value", "") == SECRET
    assert forget_key(SERVER) == ["file server.key"]
    assert not key_file(SERVER).exists()


def test_servers_on_other_ports_have_other_keys(memory: MemoryKeyring) -> None:
    """On a shared machine anybody can listen on another port."""
    mine = ServerOptions(base_url="http://localhost:8000/v1")
    store_key(mine, SECRET)
    assert find_key(ServerOptions(base_url="http://localhost:9000/v1")) is None
    assert getattr(find_key(mine), "value", "") == SECRET


def test_a_key_hides_itself_in_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLEY_API_KEY", SECRET)
    found = find_key(SERVER)
    assert SECRET not in repr(found)
    assert SECRET not in f"{found} {[found]}"


@pytest.mark.parametrize("text", ["Bearer {}", '{{"key": "{}"}}', "?key=sk-abc/123%2Bdef", "?key=sk-abc%2F123%2Bdef"])
def test_a_text_is_shown_without_the_key(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLEY_API_KEY", SECRET)
    shown = masked(text.format(SECRET), find_key(SERVER))
    assert "abc" not in shown
    assert "(key)" in shown
