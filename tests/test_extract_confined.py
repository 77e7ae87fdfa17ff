"""The extraction worker is locked in before a file can have a say: it reads, answers through its pipe, and no more."""

import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from pdfs import pages_saying

from galley.core.config import Config
from galley.core.doctor import Finding, examine
from galley.core.errors import InputError
from galley.core.extract import extract
from galley.core.extract.confine import CHANGING, EVERYTHING, NETWORK, PROGRAMS, WRITING
from galley.core.extract.options import ExtractOptions
from galley.core.extract.process import WorkerProcess
from galley.core.extract.protocol import Job, Opened, Stage

TAKEN_OVER = """
import os, socket, subprocess, sys
import galley.core.extract.pdfium as reader

def tried(name, action):
    try:
        action()
    except OSError as error:
        return f"{name}: {type(error).__name__}"
    return f"{name}: done"

def send_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", int(os.environ["PORT"])))

def overwrite():
    with open("precious.txt", "r+") as file:
        file.write("gone")

def evil(self, number):
    return "\\n".join([
        tried("read", lambda: open("precious.txt").read()),
        tried("make", lambda: open("new.txt", "w").close()),
        tried("overwrite", overwrite),
        tried("empty", lambda: os.truncate("precious.txt", 0)),
        tried("remove", lambda: os.remove("precious.txt")),
        tried("rename", lambda: os.rename("precious.txt", "other.txt")),
        tried("folder", lambda: os.mkdir("folder")),
        tried("link", lambda: os.symlink("precious.txt", "link")),
        tried("program", lambda: os.execv("/bin/sh", ["sh", "-c", "exit 7"])),
        tried("child", lambda: subprocess.run(["/bin/true"])),
        tried("tcp", lambda: socket.create_connection(("127.0.0.1", int(os.environ["PORT"])))),
        tried("udp", send_a_datagram),
        tried("unix", lambda: socket.socket(socket.AF_UNIX)),
    ])

reader.PdfiumReader.text = evil
"""
"""Python runs a module of this name at its start: it stands for a library that a file has taken over."""


def gone() -> set[str]:
    """What a process can give up here."""
    command = [sys.executable, "-m", "galley.core.extract.confine"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())


def needs(*what: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not gone() >= set(what), reason=f"this kernel lets nobody give up to {' or '.join(what)}")


@pytest.fixture
def what_happened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a library that was taken over has tried in a real worker, and what came of it."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(textwrap.dedent(TAKEN_OVER))
    (tmp_path / "precious.txt").write_text("precious")
    (tmp_path / "paper.pdf").write_bytes(pages_saying("a page"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hook"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("PORT", str(listener.getsockname()[1]))
        document = extract(Path("paper.pdf"))
    found = dict(line.split(": ") for line in document.pages[0].text.split("\n"))
    assert found.pop("read") == "done", "it was not even run"
    return found


@needs(WRITING)
def test_a_library_that_is_taken_over_writes_into_no_file(what_happened: dict[str, str], tmp_path: Path) -> None:
    assert what_happened["overwrite"] != "done"
    assert not (tmp_path / "new.txt").exists() or (tmp_path / "new.txt").read_bytes() == b""


@needs(CHANGING)
def test_a_library_that_is_taken_over_makes_removes_and_renames_nothing(
    what_happened: dict[str, str], tmp_path: Path
) -> None:
    for tried in ("make", "overwrite", "empty", "remove", "rename", "folder", "link"):
        assert what_happened[tried] == "PermissionError", tried
    assert (tmp_path / "precious.txt").read_text() == "precious"
    assert {entry.name for entry in tmp_path.iterdir()} == {"hook", "precious.txt", "paper.pdf"}


@needs(PROGRAMS)
def test_a_library_that_is_taken_over_starts_no_program(what_happened: dict[str, str]) -> None:
    assert (what_happened["program"], what_happened["child"]) == ("PermissionError", "PermissionError")


@needs(NETWORK)
def test_a_library_that_is_taken_over_reaches_no_network(what_happened: dict[str, str]) -> None:
    assert {what_happened[way] for way in ("tcp", "udp", "unix")} == {"PermissionError"}


@needs(NETWORK)
def test_every_thread_of_a_worker_is_confined(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pages_saying("a page"))
    worker = WorkerProcess()
    try:
        worker.send(Job(str(path), None, "auto", 0, []))
        while isinstance(message := worker.receive(60), Stage):
            pass
        assert isinstance(message, Opened)
        tasks = list(Path(f"/proc/{worker.pid}/task").iterdir())
        assert len(tasks) >= 2
        for task in tasks:
            status = (task / "status").read_text()
            assert "NoNewPrivs:\t1" in status
            assert "Seccomp:\t2" in status
    finally:
        worker.end()


LIES = """
import os
import galley.core.extract.pdfium as reader

def evil(self, number):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, open("lie.json", "rb").read() + b"\\n")
        except OSError:
            pass
    return "what it says itself"

reader.PdfiumReader.text = evil
"""
TAKEN = {"is": "Taken", "page": 1, "text": "a", "extractor": "pdfium", "removed": 0, "unseen": {}}


@pytest.mark.parametrize(
    "lie",
    [
        "[]",
        "[" * 100_000,
        '{"is": "Nobody"}',
        json.dumps({**TAKEN, "text": 7}),
        json.dumps({**TAKEN, "page": 9}),
        json.dumps({**TAKEN, "extractor": "pypdf2"}),
        json.dumps({"is": "Trying", "page": 1, "extractor": "nobody"}),
        json.dumps(TAKEN) + "\n" + json.dumps(TAKEN),
        json.dumps({**TAKEN, "text": "a\x1b[2Jb"}),
    ],
    ids=[
        "a list",
        "an endless one",
        "a kind",
        "a type",
        "a page",
        "an extractor",
        "a try",
        "one too many",
        "a sequence",
    ],
)
def test_what_a_library_that_is_taken_over_answers_harms_no_more_than_its_document(
    lie: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(LIES)
    (tmp_path / "lie.json").write_text(lie)
    (tmp_path / "paper.pdf").write_bytes(pages_saying("a page"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    loose: list[object] = []
    monkeypatch.setattr(threading, "excepthook", loose.append)
    try:
        text = "".join(page.text for page in extract(Path("paper.pdf"), ExtractOptions(timeout_seconds=20)).pages)
    except InputError as error:
        text = str(error)
    assert text
    assert text.replace("\n", "").isprintable()
    assert not loose


def reading_finding() -> Finding:
    (section,) = [section for section in examine(Config()) if section.name == "Reading files"]
    (finding,) = section.findings
    return finding


@needs(*EVERYTHING)
def test_doctor_says_that_a_worker_gives_up_everything_here() -> None:
    finding = reading_finding()
    assert finding.state == "ok"
    assert finding.value.startswith("can't write into files")


@needs(CHANGING, NETWORK)
def test_doctor_says_what_a_worker_could_do_where_the_system_offers_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import platform; platform.machine = lambda: 'pdp11'")
    monkeypatch.setenv("PYTHONPATH", os.fspath(tmp_path))
    finding = reading_finding()
    assert finding.state == "note"
    assert finding.value == "could open sockets, if a file took it over"
