"""Documents from web servers that are slow, cut off, send elsewhere, lie, or are not to be trusted."""

import datetime
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pdfs
import pytest
from batches import PROSE, batch, report, texts

from galley.core.batch import web as web_options
from galley.core.batch.remote import Stopped, fetched, refusal, stamp_of
from galley.core.errors import InputError

PAPER = pdfs.pages_saying("From the web. " + PROSE)
HUGE_BLOCKS, BLOCK = 48, b"%" * (1 << 20)


class Server(http.server.ThreadingHTTPServer):
    """Counts requests by method and path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Unreliable)
        self.asked: list[tuple[str, str]] = []
        self.over = threading.Event()
        self.scheme = "http"

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients go away in the middle; that is what is tested."""


class Unreliable(http.server.BaseHTTPRequestHandler):
    """Each path goes wrong in a way of its own."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_HEAD(self) -> None:
        self.server.asked.append(("HEAD", self.path))
        self._answer(body=False)

    def do_GET(self) -> None:
        self.server.asked.append(("GET", self.path))
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        name = self.path.strip("/").partition(".")[0]
        if name.isdecimal():
            self._head(int(name), {"Content-Length": "0"})
            return
        getattr(self, f"_{name}")(body)
        self.wfile.flush()

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, body: bool, content: bytes, **headers: str) -> None:
        self._head(200, {"Content-Length": str(len(PAPER)), **{k.replace("_", "-"): v for k, v in headers.items()}})
        if body:
            self.wfile.write(content)

    def _whole(self, body: bool) -> None:
        self._send(body, PAPER, Last_Modified="Fri, 01 May 2026 10:00:00 GMT")

    def _unnamed(self, body: bool) -> None:
        self._send(body, PAPER, Content_Type="application/pdf", ETag='"7"')

    def _dribbles(self, body: bool) -> None:
        self._send(body, b"")
        for at in range(0, len(PAPER) if body else 0, len(PAPER) // 7):
            self.wfile.write(PAPER[at : at + len(PAPER) // 7])
            self.server.over.wait(0.1)

    def _cut(self, body: bool) -> None:
        self._send(body, PAPER[: len(PAPER) // 2])
        self.close_connection = True

    def _chunkcut(self, body: bool) -> None:
        self._head(200, {"Transfer-Encoding": "chunked"})
        if body:
            self.wfile.write(b"%x\r\n%s\r\n" % (100, PAPER[:100]))
        self.close_connection = True

    def _silent(self, body: bool) -> None:
        self._send(body, PAPER[: len(PAPER) // 2])
        if body:
            self.wfile.flush()
            self.server.over.wait(30)

    def _huge(self, body: bool) -> None:
        self._head(200, {"Transfer-Encoding": "chunked"})
        for _ in range(HUGE_BLOCKS if body else 0):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK))
        if body:
            self.wfile.write(b"0\r\n\r\n")

    def _endless(self, body: bool) -> None:
        self._head(200, {"Transfer-Encoding": "chunked"})
        while body and not self.server.over.is_set():
            self.wfile.write(b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK))

    def _boasts(self, body: bool) -> None:
        self._head(200, {"Content-Length": str(10**12)})
        if body:
            self.wfile.write(PAPER)
        self.close_connection = True

    def _belittles(self, body: bool) -> None:
        """More than it says; what is beyond is no part of the answer."""
        self._send(body, PAPER + BLOCK * 2)
        self.close_connection = True

    def _moved(self, body: bool) -> None:
        self._head(302, {"Location": "/whole.pdf", "Content-Length": "0"})

    def _round(self, body: bool) -> None:
        self._head(302, {"Location": "/round.pdf", "Content-Length": "0"})

    def _inside(self, body: bool) -> None:
        self._head(302, {"Location": "file:///etc/hostname", "Content-Length": "0"})

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server()
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.scheme = "https"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def web() -> Iterator[Server]:
    with serving() as server:
        yield server


def got(address: str, folder: Path) -> bytes:
    with fetched(address, folder, threading.Event()) as path:
        content = path.read_bytes()
    assert list(folder.iterdir()) == [], "what was fetched stayed"
    return content


@pytest.mark.parametrize("name", ["whole.pdf", "dribbles.pdf", "moved.pdf", "unnamed"])
def test_a_document_is_fetched_whole_in_one_request(web: Server, tmp_path: Path, name: str) -> None:
    assert got(f"{web.address}/{name}", tmp_path) == PAPER
    bodies = [path for method, path in web.asked if method == "GET"]
    assert bodies == ([f"/{name}"] if name != "moved.pdf" else ["/moved.pdf", "/whole.pdf"])


def test_a_huge_document_goes_to_the_disk_and_not_into_memory(web: Server, tmp_path: Path) -> None:
    import tracemalloc

    with fetched(f"{web.address}/whole.pdf", tmp_path, threading.Event()):
        pass  # what is loaded once is not counted
    tracemalloc.start()
    try:
        with fetched(f"{web.address}/huge.pdf", tmp_path, threading.Event()) as path:
            assert path.stat().st_size == HUGE_BLOCKS * len(BLOCK)
        assert tracemalloc.get_traced_memory()[1] < HUGE_BLOCKS * len(BLOCK) / 4
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cut.pdf", "the connection was cut before the document was whole"),
        ("chunkcut.pdf", "the connection was cut before the document was whole"),
        ("boasts.pdf", "the connection was cut before the document was whole"),
        ("silent.pdf", "the server was silent for too long"),
        ("round.pdf", "the server sends from one address to the next without end"),
        ("inside.pdf", "the server sends to an address that is none of the web"),
        ("403.pdf", "the server answers 403 (Forbidden)"),
        ("503.pdf", "the server answers 503 (Service Unavailable)"),
        ("599.pdf", "the server answers 599"),
    ],
)
def test_what_goes_wrong_is_said_in_words_and_leaves_nothing(
    web: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setattr(web_options, "SILENT_SECONDS", 1.0)
    with pytest.raises(InputError) as caught, fetched(f"{web.address}/{name}?key=secret", tmp_path, threading.Event()):
        raise AssertionError("half a document was taken")
    assert caught.value.message == f"{web.address}/{name} can't be fetched: {said}."
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["endless.pdf", "huge.pdf"])
def test_a_document_without_end_is_given_up_at_the_limit(web: Server, tmp_path: Path, name: str) -> None:
    address = f"{web.address}/{name}"
    with pytest.raises(InputError) as caught, fetched(f"{address}?key=secret", tmp_path, threading.Event(), 2):
        raise AssertionError("it was taken")
    assert str(caught.value) == (
        f"{address} is larger than the 2 MiB that are fetched of an address. "
        "Raise fetch_mb in the [extract] settings, or set it to 0."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_document_of_the_limit_is_taken(web: Server, tmp_path: Path) -> None:
    with fetched(f"{web.address}/huge.pdf", tmp_path, threading.Event(), HUGE_BLOCKS) as path:
        assert path.stat().st_size == HUGE_BLOCKS * len(BLOCK)


def test_nothing_is_taken_of_what_a_server_sends_beyond_its_own_length(web: Server, tmp_path: Path) -> None:
    """Which of both it is depends on how much has come in when the answer is over."""
    taken: bytes | None = None
    said = ""
    try:
        taken = got(f"{web.address}/belittles.pdf", tmp_path)
    except InputError as error:
        said = error.message
    assert taken == PAPER or said.endswith("what the server sends can't be understood.")
    assert list(tmp_path.iterdir()) == []


def test_a_batch_sets_a_document_without_end_aside_and_goes_on(
    web: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLEY_EXTRACT_FETCH_MB", "3")
    done = batch(tmp_path, f"{web.address}/endless.pdf", f"{web.address}/whole.pdf")
    assert done.returncode == 1, done.stderr
    assert "1 failed" in done.stderr
    assert "larger than the 3 MiB" in str(report(tmp_path)["endless"]["reason"])
    assert list(texts(tmp_path)) == ["whole.txt"]
    assert list((tmp_path / "out").rglob("*.pdf")) == []


@pytest.mark.parametrize("name", ["404.pdf", "410.pdf"])
def test_a_document_that_is_not_there_is_told_so(web: Server, tmp_path: Path, name: str) -> None:
    for ask in (stamp_of, lambda address: got(address, tmp_path)):
        with pytest.raises(InputError, match="There is no http://"):
            ask(f"{web.address}/{name}")


def test_a_server_that_is_not_there_is_no_missing_document(web: Server, tmp_path: Path) -> None:
    address = f"{web.address}/whole.pdf".replace(str(web.server_address[1]), "9")
    with pytest.raises(InputError, match="there is no connection to the server"):
        stamp_of(address)


def test_a_document_that_its_server_says_is_the_same_is_not_fetched_again(tmp_path: Path, web: Server) -> None:
    done = batch(tmp_path, f"{web.address}/whole.pdf", f"{web.address}/cut.pdf", f"{web.address}/503.pdf")
    assert done.returncode == 1, done.stderr
    assert b"From the web" in texts(tmp_path)["whole.txt"]
    reasons = {name: str(entry["reason"]) for name, entry in report(tmp_path).items()}
    assert "cut before the document was whole" in reasons["cut"]
    assert "answers 503" in reasons["503"]
    web.asked.clear()
    assert "1 document done before and unchanged" in batch(tmp_path, mode="").stderr
    assert ("GET", "/whole.pdf") not in web.asked
    assert ("GET", "/cut.pdf") in web.asked, "an address that failed is tried each time"


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine that nobody has signed, and what a server presents it with."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context


def test_over_tls_a_certificate_has_to_be_one_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, context = certificate(tmp_path)
    with serving(context) as server:
        refused = batch(tmp_path, f"{server.address}/whole.pdf")
        assert refused.returncode == 1
        assert "certificate is not one that this machine trusts" in str(report(tmp_path)["whole"]["reason"])
        assert server.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        done = batch(tmp_path, f"{server.address}/whole.pdf")
        assert done.returncode == 0, done.stderr
    assert b"From the web" in texts(tmp_path)["whole.txt"]


def test_a_stop_is_heard_in_the_middle_of_a_document(web: Server, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped), fetched(f"{web.address}/huge.pdf", tmp_path, stop):
        raise AssertionError("it was fetched")
    assert list(tmp_path.iterdir()) == []


def test_faults_of_other_servers_are_told_in_words_too() -> None:
    class NoCredentialsError(Exception):
        """As botocore's."""

    assert refusal("s3://shelf/a.pdf", NoCredentialsError("k3y")).message.endswith("no credentials were found.")
    assert refusal("s3://shelf/a.pdf", PermissionError("Forbidden")).message.endswith("access is refused.")
    assert refusal("https://[::bad/x.pdf", ValueError("k3y")).message.endswith("can't be understood.")


def test_what_is_configured_for_fsspec_goes_before(monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec.config

    mine = aiohttp.ClientTimeout(total=5)
    monkeypatch.setitem(fsspec.config.conf, "https", {"client_kwargs": {"timeout": mine, "headers": {"A": "b"}}})
    kwargs = web_options.options("https")["client_kwargs"]
    assert kwargs == {"timeout": mine, "headers": {"A": "b"}, "trust_env": True}
    assert web_options.options("s3") == {}
