"""Where the key to a server comes from, and that it goes nowhere else.

Asked in this order: an environment variable, a private file, the system's keyring. A key is a value that hides itself
in print, and every sentence that could hold a server's words goes through `masked` first.
"""

import json
import os
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit

from ..atomic import write_atomically
from ..errors import ConfigError
from ..paths import config_dir, expanded, private_dir
from .options import ServerOptions

T = TypeVar("T")
SERVICE = "galley"
FILE_NAME = "server.key"
MASK = "(key)"
LONGEST = 8192
PROMPT_SECONDS = 60.0
"""How long a desktop's keyring may ask a person for its password."""
HEADLESS_SECONDS = 5.0
"""How long a keyring is waited for where nobody could answer it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A secret and where it was found; its value never shows in a repr."""

    value: str = field(repr=False)
    origin: str
    """As in "environment GALLEY_API_KEY", "file server.key" or "keyring"."""

    def __str__(self) -> str:
        return f"the key from {self.origin}"


class Keyring(Protocol):
    """What is used of a `keyring` backend."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def find_key(server: ServerOptions) -> Key | None:
    """The key to a server, or None.

    Raises ConfigError when others can read the key's file, when a file that was named isn't there, and when what was
    found can't be a key.
    """
    if server.key_env and os.environ.get(server.key_env, "").strip():
        return checked(os.environ[server.key_env], f"environment {server.key_env}")
    path = key_file(server)
    if server.key_file or os.path.lexists(path):
        return checked(read_private(path), f"file {path.name}")
    value = in_time(lambda keyring: keyring.get_password(SERVICE, user_of(server)))
    return checked(value, "keyring") if value else None


def store_key(server: ServerOptions, value: str) -> str:
    """Keep a key in the system's keyring, or in a private file where there is none; says which, as an origin.

    Raises ConfigError when it can't be a key, StorageError when the file can't be written.
    """
    key = checked(value, "your input").value

    def keep(keyring: Keyring) -> bool:
        keyring.set_password(SERVICE, user_of(server), key)
        return keyring.get_password(SERVICE, user_of(server)) == key

    if not server.key_file and in_time(keep):
        return "keyring"
    path = key_file(server)
    if not server.key_file:
        private_dir(path.parent)
    write_atomically(path, [f"{key}\n".encode()], 0o600)
    return f"file {path.name}"


def forget_key(server: ServerOptions) -> list[str]:
    """Remove a kept key; the origins where there was one. What an environment variable holds stays."""
    removed: list[str] = []

    def forget(keyring: Keyring) -> bool:
        if keyring.get_password(SERVICE, user_of(server)) is None:
            return False
        keyring.delete_password(SERVICE, user_of(server))
        return True

    if in_time(forget):
        removed.append("keyring")
    path = key_file(server)
    with suppress(FileNotFoundError):
        try:
            path.unlink()
        except PermissionError as error:
            raise ConfigError(f"The key's file {path} can't be removed: {error.strerror}.") from error
        removed.append(f"file {path.name}")
    return removed


def key_file(server: ServerOptions) -> Path:
    return expanded(server.key_file) if server.key_file else config_dir() / FILE_NAME


def user_of(server: ServerOptions) -> str:
    """Under which name the keyring holds a server's key: host, and port where one is given, since on a shared machine
    anybody can listen on another port."""
    return urlsplit(server.base_url).netloc.rpartition("@")[2].lower() or "server"


def masked(text: str, key: Key | None) -> str:
    """`text` without the key, also as JSON or an address would write it."""
    if key is None:
        return text
    for form in (key.value, json.dumps(key.value)[1:-1], quote(key.value), quote(key.value, safe="")):
        text = text.replace(form, MASK)
    return text


def checked(value: str, origin: str) -> Key:
    """A key without the line end that files and shells leave. Raises ConfigError when a header can't hold it."""
    value = value.strip()
    if not value or len(value) > LONGEST or not value.isascii() or any(c <= " " or c == "\x7f" for c in value):
        raise ConfigError(
            f"What {origin} holds can't be a server's key: it is empty, too long, or has blanks or unusual characters.",
            "Give the key alone, on one line.",
        )
    return Key(value, origin)


def read_private(path: Path) -> str:
    """A file that is ours and that nobody else can read. Raises ConfigError when it isn't so."""
    handle = -1
    try:
        # Without waiting: a pipe would hold us until somebody writes to it. What it is, is asked of the open file:
        # between a look at the path and the reading another could be put in its place.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(f"The key's file {path} is no regular file.", "Write the key to a file of its own.")
        if found.st_mode & 0o077 or found.st_uid != os.getuid():
            raise ConfigError(
                f"The key's file {path} can be read by others, so the key is not used.",
                f"Make it yours alone: chmod 600 {path}",
            )
        return os.read(handle, LONGEST + 1).decode("ascii", errors="replace")
    except OSError as error:
        raise ConfigError(f"The key's file {path} can't be read: {error.strerror}.") from error
    finally:
        if handle >= 0:
            os.close(handle)


def in_time(ask: Callable[[Keyring], T]) -> T | None:
    """What the system's keyring answers; None when there is none, it fails, or it doesn't answer in time.

    A keyring that waits for a password nobody can type holds its caller for ever, so a thread that can be left behind
    asks it. Only the type of what goes wrong could be of interest, and its text could hold anything.
    """
    answers: list[T] = []

    def work() -> None:
        with suppress(Exception):
            keyring = real_keyring()
            if keyring is not None:
                answers.append(ask(keyring))

    thread = threading.Thread(target=work, name="keyring", daemon=True)
    thread.start()
    thread.join(PROMPT_SECONDS if on_a_desktop() else HEADLESS_SECONDS)
    return answers[0] if answers else None


def real_keyring() -> Keyring | None:
    """The system's keyring, if it is one that the keyring library itself would recommend."""
    import keyring  # slow: it looks for backends

    backend: Any = keyring.get_keyring()
    return backend if backend.priority >= 1 else None


def on_a_desktop() -> bool:
    """Whether somebody could see a keyring's question."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
