"""A small server on 127.0.0.1 that answers as a hub of models does, and as a plain web server under /files/.

It counts what it is asked and the bytes of files that it sends, and can be told to fail in the ways that real ones do.
"""

import hashlib
import json
import random
import re
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from galley.core.models import download

COMMIT = "c0ffee" + "0" * 34
RESOLVE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")
API = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)(?:/(?P<what>tree|revision)/(?P<revision>[^/]+))?")
BLOCK = 1024
REPO = "somebody/Tiny-Llama-GGUF"
FILE = "Tiny-Llama-Q4_K_M.gguf"
TOKEN = "hf_this-is-a-secret"


def model_bytes(size: int, seed: int = 1) -> bytes:
    return b"GGUF" + random.Random(seed).randbytes(size - 4)


MODEL = model_bytes(300_000)
OTHER = model_bytes(200_000, seed=2)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Standin:
    """What the server has and how it behaves; to be changed between requests."""

    repos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Files by repository and path."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Files of the plain web server, by path without /files/."""
    token: str = ""
    """A token that must be sent."""
    gated: bool = False
    cut_after: list[int] = field(default_factory=list)
    """For each coming download, the number of bytes after which the connection is cut."""
    sends_instead: dict[str, bytes] = field(default_factory=dict)
    """Other content for a path than the record says."""
    fails_with: list[int] = field(default_factory=list)
    """Statuses of the next downloads; 0 is a good one."""
    resumes: bool = True
    names_versions: bool = True
    """Sends an ETag for plain files."""
    content_type: str = "application/octet-stream"
    tells_length: bool = True
    claims: int = 0
    """A length that is told instead of the true one."""
    stored_at: str = ""
    """Where the hub sends those who want a file's content, as real ones do."""
    redirects: dict[str, str] = field(default_factory=dict)
    """From a path to an address."""
    says: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    """Status, headers and body of any answer to an "api" or a "resolve", in place of its own."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every request."""
    ranges: list[str] = field(default_factory=list)
    """The Range of every GET of a file, "" for none."""
    tokens: set[str] = field(default_factory=set)
    """What came as authorization."""
    sent: int = 0
    """Bytes of files."""
    address: str = ""

    def gets(self) -> int:
        return sum(method == "GET" and "/api/" not in path for method, path in self.asked)


class Handler(BaseHTTPRequestHandler):
    standin: Standin

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        here = self.standin
        path = unquote(urlsplit(self.path).path)
        here.asked.append((self.command, path))
        sent_token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        here.tokens |= {sent_token} - {""}
        if said := next((said for what, said in here.says.items() if f"/{what}/" in path), None):
            self.say_just(*said)
        elif path in here.redirects:
            self.say(302, {"Location": here.redirects[path]})
        elif path.startswith("/files/"):
            self.plain(path.removeprefix("/files/"))
        elif here.token and sent_token != here.token:
            self.say(401, {"X-Error-Code": "GatedRepo"} if here.gated else {})
        elif here.gated:
            self.say(403, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to model is restricted."})
        elif match := RESOLVE.fullmatch(path):
            self.resolve(match["repo"], match["file"])
        elif match := API.fullmatch(path):
            self.list_repo(match["repo"], match["what"])
        else:
            self.say(404)

    def resolve(self, repo: str, file: str) -> None:
        files = self.standin.repos.get(repo)
        if files is None:
            self.say(404, {"X-Error-Code": "RepoNotFound"})
        elif file not in files:
            self.say(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        else:
            checksum = hashlib.sha256(files[file]).hexdigest()
            headers = {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{checksum}"', "ETag": f'"{checksum}"'}
            headers["X-Linked-Size"] = str(self.standin.claims or len(files[file]))
            if self.standin.stored_at:
                self.say(302, {**headers, "Location": self.standin.stored_at})
                return
            self.send_file(self.standin.sends_instead.get(file, files[file]), headers)

    def list_repo(self, repo: str, what: str | None) -> None:
        files = self.standin.repos.get(repo)
        if files is None:
            self.say(404, {"X-Error-Code": "RepoNotFound"})
        elif what == "tree":
            self.say(200, {}, [{"type": "file", "path": name, "size": len(files[name]), "oid": ""} for name in files])
        else:
            self.say(200, {}, {"id": repo, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]})

    def plain(self, file: str) -> None:
        content = self.standin.files.get(file)
        if content is None:
            self.say(404)
        else:
            etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            self.send_file(content, {"ETag": etag} if self.standin.names_versions else {})

    def say(self, status: int, headers: dict[str, str] | None = None, content: object = None) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def say_just(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_file(self, content: bytes, headers: dict[str, str]) -> None:
        here = self.standin
        if self.command == "GET":
            here.ranges.append(self.headers.get("Range", ""))
            if here.fails_with and (status := here.fails_with.pop(0)):
                self.say(status)
                return
        start, status = 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range", "")
        if asked and here.resumes and condition in ("", headers.get("ETag")):
            start, status = int(asked[1]), 206
            if start >= len(content):
                self.say(416, {"Content-Range": f"bytes */{len(content)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", here.content_type)
        if here.tells_length:
            self.send_header("Content-Length", str(here.claims or len(content) - start))
        self.end_headers()
        if self.command == "GET":
            self.send_body(content[start:])

    def send_body(self, content: bytes) -> None:
        limit = self.standin.cut_after.pop(0) if self.standin.cut_after else len(content)
        for at in range(0, min(limit, len(content)), BLOCK):
            block = content[at : min(at + BLOCK, limit)]
            try:
                self.wfile.write(block)
            except OSError:
                break
            self.standin.sent += len(block)
        self.close_connection = True


@contextmanager
def standin_hub(context: ssl.SSLContext | None = None) -> Generator[Standin]:
    """A running server, of https with a `context`; its address is in `address`."""
    standin = Standin()
    handler = type("StandinHandler", (Handler,), {"standin": standin})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    standin.address = f"http{'s' if context else ''}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield standin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


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
