"""What Galley is built on: licences that were looked at, and faults that a register knows of."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KNOWN_FAULT = {
    "id": "GHSA-test-0001",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}


class Register(BaseHTTPRequestHandler):
    """A register of vulnerabilities in which the package of the server's `bad` attribute has one."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = {"vulns": [KNOWN_FAULT]} if asked["package"]["name"] == getattr(self.server, "bad", "") else {}
        answer = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Not on the test's output."""


@pytest.fixture
def register() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Register) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def tool(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / name), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def audited(server: ThreadingHTTPServer) -> subprocess.CompletedProcess[str]:
    return tool("audit.py", "--osv-url", f"http://127.0.0.1:{server.server_address[1]}/v1/query")


def test_a_register_that_knows_of_nothing_lets_the_check_pass(register: ThreadingHTTPServer) -> None:
    done = audited(register)
    assert done.returncode == 0, done.stderr
    assert "No known vulnerability in" in done.stdout


def test_a_known_vulnerability_fails_the_check_and_is_named(register: ThreadingHTTPServer) -> None:
    register.bad = "jinja2"  # type: ignore[attr-defined]
    done = audited(register)
    assert done.returncode == 1
    assert "jinja2" in done.stdout
    assert "GHSA-test-0001 (fixed in 99.0)" in done.stdout


def test_a_register_out_of_reach_is_said_plainly_and_fails_nothing() -> None:
    done = tool("audit.py", "--osv-url", "http://127.0.0.1:9/v1/query")
    assert done.returncode == 0
    assert done.stdout.startswith("NOT AUDITED: the register of vulnerabilities could not be reached")


def test_a_fault_of_the_auditor_itself_is_not_taken_for_a_missing_network() -> None:
    done = tool("audit.py", "--no-such-option")
    assert done.returncode != 0
    assert "NOT AUDITED" not in done.stdout


@pytest.mark.parametrize(
    ("licence", "fine"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("Other/Proprietary License", False),
        ("", False),
    ],
)
def test_a_licence_that_nobody_allowed_fails(licence: str, fine: bool) -> None:
    program = "import sys; from licences import allowed; print(allowed(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, licence], cwd=ROOT / "tools", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(fine)


def test_a_review_holds_only_for_the_words_it_was_made_for() -> None:
    program = (
        "from licences import licence, REVIEWED; said, found = REVIEWED['locate'];"
        "print(licence('locate', said) == found, licence('locate', 'Something Else'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "tools", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True Something Else"
