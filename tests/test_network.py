"""The main job needs no network and asks for none.

Two ways to cut it off. In a network namespace of its own a process and all its children have no interface at all, not
even to their own machine, whatever language they are written in. An audit hook in every Python process sees each
attempt to reach something outside the machine's own unix sockets, refuses it and writes it down, so that an attempt is
found even if somebody swallows its failure.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
NAMESPACE = ["unshare", "--map-root-user", "--net"]
HOOK = """
import os, socket, sys

def refuse(event, arguments):
    asked = event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
    reached = event in ("socket.connect", "socket.sendto", "socket.sendmsg")
    if asked or (reached and arguments[0].family != socket.AF_UNIX):
        with open(os.environ["NETWORK_LOG"], "a") as log:
            print(event, arguments, sys.argv, file=log)
        raise OSError("the network is cut off: " + event)

sys.addaudithook(refuse)
"""


def namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


in_a_namespace = pytest.mark.skipif(not namespaces_work(), reason="this system lets nobody make a network namespace")


class CutOff:
    """Runs commands without a network."""

    def __init__(self, folder: Path, way: str) -> None:
        self._folder, self.way = folder, way
        self._log = folder / "network.log"
        (folder / "hook").mkdir()
        (folder / "hook" / "sitecustomize.py").write_text(HOOK)

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if key != "HF_HUB_OFFLINE"}
        if self.way == "hook":
            environment |= {"PYTHONPATH": str(self._folder / "hook"), "NETWORK_LOG": str(self._log)}
        before = NAMESPACE if self.way == "namespace" else []
        return subprocess.run(
            [*before, *command], cwd=self._folder, env=environment, capture_output=True, text=True, check=False
        )

    @property
    def attempts(self) -> str:
        """What tried to reach out; only the hook sees it."""
        return self._log.read_text() if self._log.exists() else ""


@pytest.fixture(params=[pytest.param("namespace", marks=in_a_namespace), "hook"])
def cut_off(request: pytest.FixtureRequest, tmp_path: Path) -> CutOff:
    return CutOff(tmp_path, request.param)


@pytest.fixture
def somebody() -> Iterator[tuple[str, int]]:
    """Somebody on this machine who listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


@pytest.mark.parametrize("mode", ["rules", "verbatim"])
def test_cleaning_works_and_asks_for_nothing_without_a_network(
    cut_off: CutOff, mode: str, sample_pdf: Path, embedded_model: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.txt"
    done = cut_off.run([*GALLEY, "clean", str(sample_pdf), "--mode", mode, "-o", str(target), "--json"])
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["mode"] == mode
    assert told["chunks"]["done"] == told["chunks"]["total"] > 0
    assert len(target.read_text()) > 1000
    assert cut_off.attempts == ""


def test_a_process_that_reaches_out_is_caught_and_so_is_its_child(cut_off: CutOff, somebody: tuple[str, int]) -> None:
    reach = f"import socket; socket.create_connection({somebody!r}, 5)"
    by_a_child = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-P', '-c', {reach!r}]))"
    for program in (reach, by_a_child):
        command = [sys.executable, "-c", program]
        assert subprocess.run(command, check=False).returncode == 0, "it would have worked"
        assert cut_off.run(command).returncode != 0
    swallowed = cut_off.run([sys.executable, "-c", f"try:\n  {reach}\nexcept OSError:\n  pass"])
    assert swallowed.returncode == 0
    if cut_off.way == "hook":
        assert len(cut_off.attempts.splitlines()) == 3


def test_a_name_that_is_looked_up_is_caught(cut_off: CutOff) -> None:
    done = cut_off.run([sys.executable, "-c", "import socket; socket.getaddrinfo('example.org', 443)"])
    assert done.returncode != 0


def test_unix_sockets_are_no_network(cut_off: CutOff) -> None:
    program = "import socket; a, b = socket.socketpair(); a.sendall(b'x'); print(b.recv(1))"
    assert cut_off.run([sys.executable, "-c", program]).stdout == "b'x'\n"
