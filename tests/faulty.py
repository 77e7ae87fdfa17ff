"""A proxy in front of a server that makes what goes wrong in networks go wrong, when a test wants it to."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

CHAT = "/chat/completions"


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """By names in lower case."""
    body: bytes
    at: float
    """When it arrived, by the monotonic clock."""

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body) if self.body else {}


@dataclass
class Visit:
    """A request under way: the socket that it came by, and where a server stands that would answer it."""

    request: Request
    client: socket.socket
    server: tuple[str, int]
    left: threading.Event
    """Set when the client closed the connection before its answer was over."""

    def send(self, data: bytes) -> bool:
        """Whether the client is still there."""
        try:
            self.client.sendall(data)
        except OSError:
            self.left.set()
            return False
        return True

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def forward(self, take: Callable[[bytes], bool]) -> None:
        """Let the real server answer; `take` gets what comes and says whether to go on."""
        request = self.request
        dropped = ("host", "connection", "content-length")
        lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {self.server[0]}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in request.headers.items() if name not in dropped]
        lines += [f"Content-Length: {len(request.body)}", "", ""]
        with socket.create_connection(self.server, timeout=60) as upstream:
            upstream.sendall("\r\n".join(lines).encode() + request.body)
            while data := upstream.recv(65536):
                if not take(data):
                    return


Fault = Callable[[Visit], None]
Plan = Callable[[Request], Fault | None]


def pass_on(visit: Visit) -> None:
    visit.forward(visit.send)


def cut(after: int) -> Fault:
    """The real answer up to so many bytes."""

    def fault(visit: Visit) -> None:
        sent = 0

        def take(data: bytes) -> bool:
            nonlocal sent
            data = data[: after - sent]
            sent += len(data)
            return visit.send(data) and sent < after

        visit.forward(take)

    return fault


def cut_at(mark: bytes) -> Fault:
    """The real answer until `mark` would come."""

    def fault(visit: Visit) -> None:
        held = b""

        def take(data: bytes) -> bool:
            nonlocal held
            held += data
            before, found, _ = held.partition(mark)
            if found:
                visit.send(before)
                return False
            keep = len(mark)
            going, held = held[:-keep], held[-keep:]
            return visit.send(going)

        visit.forward(take)

    return fault


def garbage(body: bytes, kind: str = "application/json", status: int = 200) -> Fault:
    return lambda visit: visit.reply(status, body, kind)


def events(*chunks: object) -> Fault:
    """A stream of our own making; a chunk that is a string is sent as it is."""
    lines = [chunk if isinstance(chunk, str) else json.dumps(chunk) for chunk in chunks]
    return garbage("".join(f"data: {line}\n\n" for line in lines).encode(), "text/event-stream")


def refuse(status: int, message: str = "not now", **headers: str) -> Fault:
    body = json.dumps({"error": {"message": message, "type": "x", "code": status}}).encode()
    return lambda visit: visit.reply(status, body, **headers)


def echo_key(status: int) -> Fault:
    """The Authorization header comes back in the error's text and in a header."""

    def fault(visit: Visit) -> None:
        sent = visit.request.headers.get("authorization", "")
        body = json.dumps({"error": {"message": f"bad header: {sent}", "code": status}}).encode()
        visit.reply(status, body, X_Seen=sent, X_Request_Id=sent)

    return fault


def silence(visit: Visit) -> None:
    """No byte until the client has had enough."""
    with suppress(OSError):
        visit.client.recv(1)
    visit.left.set()


def drip(pause: float) -> Fault:
    """The real answer byte by byte."""

    def fault(visit: Visit) -> None:
        def take(data: bytes) -> bool:
            for byte in data:
                if not visit.send(bytes([byte])):
                    return False
                time.sleep(pause)
            return True

        visit.forward(take)

    return fault


def without(*names: str) -> Fault:
    """As a server that ignores some fields."""

    def fault(visit: Visit) -> None:
        body = {name: value for name, value in visit.request.json.items() if name not in names}
        visit.request = replace(visit.request, body=json.dumps(body).encode())
        pass_on(visit)

    return fault


def first(count: int, fault: Fault, path: str = CHAT) -> Plan:
    """The fault for the first requests to a path."""
    left = [count]

    def plan(request: Request) -> Fault | None:
        if request.path.endswith(path) and left[0] > 0:
            left[0] -= 1
            return fault
        return None

    return plan


@dataclass
class Faulty:
    """The proxy: listens on a port of this machine; `plan` says what goes wrong with a request."""

    server_port: int
    plan: Plan = lambda request: None
    requests: list[Request] = field(default_factory=list[Request])
    left: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.up()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def chats(self) -> list[Request]:
        return [request for request in self.requests if request.path.endswith(CHAT)]

    def up(self) -> None:
        """Listen, on the same port as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._listen, args=(listener,), daemon=True).start()

    def down(self) -> None:
        """Die: nothing listens any more, and what was under way breaks off."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            for client in self._open:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    def _listen(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
            self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            with client, suppress(OSError):
                request = read_request(client)
                if request is not None:
                    with self._lock:
                        self.requests.append(request)
                    visit = Visit(request, client, ("127.0.0.1", self.server_port), self.left)
                    (self.plan(request) or pass_on)(visit)
        finally:
            with self._lock:
                self._open.discard(client)


def read_request(client: socket.socket) -> Request | None:
    """One request; a connection is for one only."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first_line, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first_line.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += client.recv(65536)
    return Request(method, path, headers, body, time.monotonic())
