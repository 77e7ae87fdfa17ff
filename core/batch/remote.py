"""Documents behind an address (`s3://`, `gs://`, `https://`, …): found, told apart, and fetched when their turn comes.

fsspec speaks to them, by the package that each kind needs. What is fetched lies in a private folder of its own, under
the name it had, and is gone when the document is cleaned.
"""

import hashlib
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from ..atomic import FULL, storage_error
from ..errors import InputError
from ..paths import private_dir
from . import web
from .entry import Entry, is_key, shown
from .ledger import moved_away

BLOCK = 1 << 20
FETCHED = ".galley-fetched"
"""In the results' folder: what a kill leaves there is found and taken away by the next batch."""
GONE = {404, 410}
PACKAGES = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "http": "aiohttp", "https": "aiohttp"}
WILD = "*?["
SAYS_ALL = ("ETag", "etag", "md5Hash", "Content-MD5", "generation")
"""What of a server's facts changes with any change of the document; of the others two are wanted."""
SAYS_SOME = ("LastModified", "Last-Modified", "mtime", "updated", "size")


def find_remote(address: str, suffixes: set[str]) -> Iterator[Entry]:
    """The documents that an address means: itself, what a pattern matches, or all below a folder (it ends in `/`)."""
    protocol = address.partition("://")[0].lower()
    path = address.partition("://")[2]
    pattern = protocol not in web.PROTOCOLS and any(sign in path for sign in WILD)
    if not pattern and not (path.endswith("/") and protocol not in web.PROTOCOLS):
        yield Entry(address, stem_of(address))
        return
    system, root = opened(address)
    base = root.rstrip("/") if not pattern else root[: min(root.find(s) for s in WILD if s in root)].rpartition("/")[0]
    try:
        found = sorted(system.glob(root) if pattern else system.find(root))
    except faults() as error:
        raise refusal(address, error, "listed") from error
    kept = [name for name in found if PurePosixPath(name).suffix.lower() in suffixes]
    if not kept:
        raise InputError(f"{shown(address)} means no PDF and no text file.", "Check the address.")
    for name in kept:
        inside = name[len(base) :].lstrip("/") if name.startswith(base) else PurePosixPath(name).name
        yield Entry(system.unstrip_protocol(name), str(PurePosixPath(inside).with_suffix("")))


def stem_of(address: str) -> str:
    return PurePosixPath(file_name(address)).stem


def file_name(address: str) -> str:
    """The last part of an address's path."""
    path = address.partition("://")[2].partition("/")[2] if is_key(address) else unquote(urlsplit(address).path)
    return PurePosixPath(path).name or "document"


def opened(address: str) -> tuple[Any, str]:
    """fsspec's file system and the path in it. Raises InputError when there is none for such an address."""
    core: Any = import_module("fsspec.core")  # only who asks for an address should wait for it
    logging.getLogger("gcsfs").setLevel(logging.ERROR)  # it tells of each bucket that it asked in vain what kind it is
    protocol = address.partition("://")[0].lower()
    try:
        system, path = core.url_to_fs(address, **web.options(protocol))
    except ImportError as error:
        package = PACKAGES.get(protocol, f"a package for {protocol}://")
        raise InputError(f"{shown(address)} needs {package}.", f"pip install {PACKAGES.get(protocol, '…')}") from error
    except ValueError as error:
        raise InputError(f"{shown(address)}: nothing here speaks {protocol}://.", "Check the address.") from error
    except faults() as error:  # some file systems connect at once
        raise refusal(address, error) from error
    return system, str(path)


def stamp_of(address: str) -> str:
    """What changes when the document does, as far as its server says; empty where it says nothing."""
    system, path = opened(address)
    try:
        info = dict(system.info(path))
    except faults() as error:
        raise refusal(address, error) from error
    if info.get("type") == "directory":
        raise InputError(f"{shown(address)} is a folder.", "Put a / at its end to take what is in it.")
    facts = [str(info[name]) for name in (*SAYS_ALL, *SAYS_SOME) if info.get(name)]
    if len(facts) < 2 and not any(info.get(name) for name in SAYS_ALL):
        return ""
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


class Stopped(Exception):
    """The batch was asked to stop before the document was there, or finished."""


@contextmanager
def fetched(address: str, base: Path, stop: threading.Event, most_mb: int = 0) -> Generator[Path]:
    """The document as a private file in a folder of its own in `base`, for as long as the block runs.

    A server may send without end: more than `most_mb` MiB are not taken. Raises Stopped, InputError or StorageError.
    """
    system, path = opened(address)
    how = web.WHOLE if address.partition("://")[0].lower() in web.PROTOCOLS else {}
    folder = draft_folder(base)
    target = folder / safe_name(file_name(address))
    try:
        try:
            descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file, system.open(path, "rb", **how) as remote:
                keep_to(most_mb, address, getattr(remote, "size", None) or 0)
                while block := remote.read(BLOCK):
                    if stop.is_set():
                        raise Stopped
                    file.write(block)
                    keep_to(most_mb, address, file.tell())
        except faults() as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise storage_error(target, error) from error
            raise refusal(address, error) from error
        yield target
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_to(most_mb: int, address: str, size: int) -> None:
    """Raises InputError when a document has more bytes than it may have."""
    if most_mb and size > most_mb << 20:
        raise InputError(
            f"{shown(address)} is larger than the {most_mb:,} MiB that are fetched of an address.",
            "Raise fetch_mb in the [extract] settings, or set it to 0.",
        )


def draft_folder(base: Path) -> Path:
    """Raises StorageError."""
    if not base.parent.is_dir():
        raise moved_away(base.parent)
    try:
        return Path(tempfile.mkdtemp(dir=private_dir(base)))
    except OSError as error:
        raise storage_error(base, error) from error


def safe_name(name: str) -> str:
    """A file name of our own making: its suffix says what it is, its stem names the session."""
    kept = "".join(char if char.isalnum() or char in "._-" else "-" for char in name).lstrip(".-")
    return kept.encode()[-150:].decode(errors="ignore") or "document"


def faults() -> tuple[type[BaseException], ...]:
    """What reading from an address may raise: the packages that fsspec takes have errors of their own."""
    theirs = (
        ("aiohttp", "ClientError"),
        ("botocore.exceptions", "BotoCoreError"),
        ("botocore.exceptions", "ClientError"),
        ("ftplib", "Error"),
        ("gcsfs.retry", "HttpError"),
        ("google.auth.exceptions", "GoogleAuthError"),
        ("paramiko.ssh_exception", "SSHException"),
    )
    found = [getattr(sys.modules.get(module), name, OSError) for module, name in theirs]
    return (OSError, EOFError, ValueError, *found)


def refusal(address: str, error: BaseException, done: str = "fetched") -> InputError:
    """Without the library's own words, which may repeat what opens the address."""
    error = web.underlying(error)
    if isinstance(error, FileNotFoundError) or getattr(error, "status", None) in GONE:
        return InputError(f"There is no {shown(address)}.", "Check the address.")
    why = web.in_words(error) or getattr(error, "strerror", None) or type(error).__name__
    return InputError(f"{shown(address)} can't be {done}: {why}.", "Check the address, your rights and the network.")
