"""Bringing one file over HTTP into a part file, so that whatever stops it, the next time goes on where it ended.

Beside a part file lies a note of what the server called that version of the file (its ETag or its date). A part is
continued only if the server says that it still has that version, or if the whole is held against a checksum later.
"""

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import urlsplit

from ..atomic import sync_folder
from ..errors import ModelError, StorageError
from .ggml import is_ggml
from .reference import LOOPBACK, without_secrets

if TYPE_CHECKING:
    import httpx2

Progress: TypeAlias = Callable[[int, int], None]
MAGIC = b"GGUF"
OLDER = (".ggml", ".bin")
"""How files of the older format are named; any other name promises GGUF."""
PART_PREFIX = ".part-"
NOTE_SUFFIX = ".json"
STALE_SECONDS = 30 * 24 * 3600
SPARE_BYTES = 32 << 20
LOCK_POLL_SECONDS = 0.2
MOST_REDIRECTS = 5
ATTEMPTS = 4
"""In a row without a single byte more."""
CONNECT_SECONDS, SILENCE_SECONDS = 15, 60
TRY_LATER = {408, 425, 429, 500, 502, 503, 504}
DISK_HINT = "Free some space, or set GALLEY_MODELS to a folder on another disk."

logging.getLogger("stamina").addHandler(logging.NullHandler())  # else each new attempt prints a line into the picture


@dataclass(frozen=True, slots=True)
class Remote:
    """A file at an address."""

    address: str
    name: str
    """The file's name, for messages and for what its ending promises."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Sent to the address' own host; an authorization goes to no other."""
    size: int = 0
    """In bytes; 0 when only the server knows."""
    pinned: bool = False
    """Address or checksum mean one content for ever: a part can be continued whatever the server calls it."""
    plain: bool = False
    """Plain http is allowed for any host."""
    room_hint: str = DISK_HINT

    @property
    def shown(self) -> str:
        return without_secrets(self.address)


class TryAgainError(Exception):
    """The server can't now, or what it sent does not continue the part."""


def bring(remote: Remote, part: Path, progress: Progress | None = None) -> None:
    """Fill `part` with the whole file, synced to disk, going on with what is there. Raises ModelError, StorageError.

    Broken connections are tried again as long as each few attempts bring something. OSError is the caller's.
    """
    import httpx2
    import stamina

    timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    broken = (httpx2.TransportError, TryAgainError)
    with httpx2.Client(timeout=timeout, follow_redirects=False) as client:
        while True:
            before = size_of(part)
            try:
                for attempt in stamina.retry_context(on=broken, attempts=ATTEMPTS, timeout=None, wait_max=8):
                    with attempt:
                        bring_once(client, remote, part, progress)
                return
            except broken as error:
                if isinstance(error, httpx2.UnsupportedProtocol) or size_of(part) <= before:
                    raise unreachable(remote, error) from error
            except (httpx2.InvalidURL, UnicodeError) as error:  # a host's name that none can be
                raise ModelError(f"{remote.shown} is no valid address.") from error


def bring_once(client: "httpx2.Client", remote: Remote, part: Path, progress: Progress | None) -> None:
    offset = size_of(part)
    version, total = read_note(part)
    if offset and not (version or remote.pinned):
        offset = 0
    total = remote.size or total
    if offset and offset == total:
        check_start(remote, part)
        return
    headers = {**remote.headers, "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if version and not remote.pinned:
            headers["If-Range"] = version
    with answer(client, remote, headers) as response:
        offset = where_to_write(response, remote, part, offset, version)
        total = total_size(response, offset)
        if remote.size and total and total != remote.size:
            raise ModelError(
                f"{remote.shown} has {total:,} bytes where {remote.size:,} are expected.", "Try again later."
            )
        total = total or remote.size
        check_room(part.parent, total - offset, remote.name, remote.room_hint)
        if not offset:
            refuse_page(response, remote)
        write_note(part, {"version": version_of(response), "total": total})
        write_body(response, remote, part, offset, total, progress)


@contextmanager
def answer(client: "httpx2.Client", remote: Remote, headers: Mapping[str, str]) -> "Generator[httpx2.Response]":
    """The answer at the end of all redirects, whose status is good. None leads from https to http."""
    request = client.build_request("GET", remote.address, headers=headers)
    for _ in range(MOST_REDIRECTS + 1):
        refuse_plain(request.url.scheme, request.url.host, remote)
        response = client.send(request, stream=True)
        following = response.next_request
        if following is None:
            try:
                check_status(response, remote)
                yield response
            finally:
                response.close()
            return
        response.close()
        if request.url.scheme == "https" and following.url.scheme != "https":
            raise ModelError(f"{remote.shown} leads from https to plain http, where anyone could change the file.")
        request = following
    raise ModelError(f"{remote.shown} leads from one address to another more than {MOST_REDIRECTS} times.")


def refuse_plain(scheme: str, host: str, remote: Remote) -> None:
    if scheme == "http" and not remote.plain and host not in LOOPBACK:
        raise ModelError(f"{remote.shown} leads to plain http, where anyone on the way could change the file.")


def check_status(response: "httpx2.Response", remote: Remote) -> None:
    status = response.status_code
    if status in (200, 206, 416):
        return
    if status in TRY_LATER:
        raise TryAgainError(f"the server answers {status} {response.reason_phrase}")
    said = f"{status} {response.reason_phrase}".strip()
    if status in (401, 403):
        raise ModelError(f"{remote.shown} is not given to us: {said}.", "It may need a login, or not be public.")
    if status in (404, 410):
        raise ModelError(f"There is no file at {remote.shown}: {said}.", "Check the address.")
    raise ModelError(f"{remote.shown} can't be fetched: {said}.", "Check the address, or try again later.")


def where_to_write(response: "httpx2.Response", remote: Remote, part: Path, offset: int, version: str) -> int:
    """The offset from which the answer's body goes on: `offset`, or 0 with the part emptied."""
    if response.status_code == 206 and offset:
        match = re.match(r"bytes (\d{1,18})-", response.headers.get("Content-Range", ""))
        changed = version and not remote.pinned and version_of(response) not in ("", version)
        if match and int(match[1]) == offset and not changed:
            return offset
        discard(part)
        raise TryAgainError("the server sent another piece than the one it was asked for")
    discard(part)
    if response.status_code != 200:
        raise TryAgainError(f"the server answers {response.status_code}")
    return 0


def total_size(response: "httpx2.Response", offset: int) -> int:
    """Bytes of the whole file; 0 when the server does not say."""
    match = re.match(r"bytes \d+-\d+/(\d{1,18})\b", response.headers.get("Content-Range", ""))
    if match:
        return int(match[1])
    length = response.headers.get("Content-Length", "")
    return offset + int(length) if length.isdecimal() else 0


def version_of(response: "httpx2.Response") -> str:
    """What the server calls this content, if it promises the same bytes under the same name."""
    etag = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return response.headers.get("Last-Modified", "")


def write_body(
    response: "httpx2.Response", remote: Remote, part: Path, offset: int, total: int, progress: Progress | None
) -> None:
    done, checked = offset, False
    with part.open("ab") as file:
        for block in response.iter_raw():
            done += len(block)
            if total and done > total:  # and may never end
                discard(part)
                raise TryAgainError(f"the server sends more than the {total:,} bytes that are expected")
            file.write(block)
            if not checked and done >= len(MAGIC):
                file.flush()
                check_start(remote, part)
                checked = True
            if progress is not None:
                progress(done, max(total, done) if total else 0)
        file.flush()
        os.fsync(file.fileno())
    if total and done != total:
        raise TryAgainError(f"the connection ended after {done:,} of {total:,} bytes")
    check_start(remote, part)


def refuse_page(response: "httpx2.Response", remote: Remote) -> None:
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() in ("text/html", "application/json"):
        raise ModelError(
            f"{remote.shown} is a web page, not a model file.", "Give the address of the file itself, for its download."
        )


def check_start(remote: Remote, path: Path) -> None:
    """Raises ModelError, with the file removed, unless it begins as a model file of its name does."""
    if not is_model(path, remote.name):
        with path.open("rb") as file:
            page = file.read(64).lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))
        discard(path)
        what = "is a web page, not a model file" if page else "is no GGUF file"
        raise ModelError(f"{remote.shown} {what}.", "Give the address of a .gguf file itself.")


def is_model(path: Path, name: str) -> bool:
    """Whether the first bytes are a GGUF file's, or an older one's where the name allows it."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC))
    return start == MAGIC or (name.lower().endswith(OLDER) and is_ggml(start))


def unreachable(remote: Remote, error: Exception) -> ModelError:
    host = urlsplit(remote.address).hostname
    if isinstance(error, TryAgainError):
        return ModelError(f"{remote.name} can't be fetched from {host}: {error}.", "Try again later; it will go on.")
    return ModelError(
        f"{remote.name} can't be fetched: the connection to {host} fails ({reason_of(error)}).",
        "Check the network and give the same command again: it goes on where it stopped.",
    )


def reason_of(error: BaseException) -> str:
    """The innermost reason of a broken connection, on one line."""
    said = str(error) or type(error).__name__
    return " ".join(re.sub(r"\[.*?\]", "", said).split()).rstrip(".")[:200]


def check_room(folder: Path, needed: int, name: str, hint: str = DISK_HINT) -> None:
    """Raises StorageError unless `needed` bytes and some to spare are free."""
    free = shutil.disk_usage(folder).free
    if needed > 0 and free < needed + SPARE_BYTES:
        raise StorageError(
            f"{folder} has {free >> 20:,} MB free, and fetching {name} takes {(needed + SPARE_BYTES) >> 20:,} MB.", hint
        )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put(part: Path, target: Path) -> None:
    """Give a whole file its final name."""
    os.replace(part, target)
    note_of(part).unlink(missing_ok=True)
    sync_folder(target.parent)


@contextmanager
def hold(lock_file: Path) -> Generator[None]:
    """Hold a lock, waiting for whoever has it; the system lets go of it however this process ends."""
    with lock_file.open("a") as lock:  # a link that somebody laid there must not empty what it leads to
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_POLL_SECONDS)
        yield


def part_for(folder: Path, address: str) -> Path:
    return folder / f"{PART_PREFIX}{hashlib.sha256(address.encode()).hexdigest()[:32]}"


def remove_stale(folder: Path) -> None:
    """Remove part files that nobody went on with for a month. Only with the folder's lock held."""
    for left in folder.glob(f"{PART_PREFIX}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE_SECONDS:
                left.unlink()


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    note_of(part).unlink(missing_ok=True)


def note_of(part: Path) -> Path:
    return part.with_name(part.name + NOTE_SUFFIX)


def read_note(part: Path) -> tuple[str, int]:
    """What the server called the version that the part is of, and its size; empty and 0 where no note says so."""
    version = total = None
    with suppress(OSError, ValueError, RecursionError):
        content: object = json.loads(note_of(part).read_bytes())
        if isinstance(content, dict):
            note = cast(dict[str, object], content)
            version, total = note.get("version"), note.get("total")
    known = isinstance(version, str) and version.isascii() and version.isprintable()
    return (cast(str, version) if known else "", total if isinstance(total, int) and total > 0 else 0)


def write_note(part: Path, note: Mapping[str, object]) -> None:
    note_of(part).write_text(json.dumps(note), encoding="utf-8")
