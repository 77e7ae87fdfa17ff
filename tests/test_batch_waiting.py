"""What is told of a server that is gone while a batch needs it: by the nodes of a cluster, and in the report."""

import json
import threading
from importlib.metadata import version
from pathlib import Path

import pytest
from faulty import Faulty, Request
from llama_server import SECRET
from making import TEXT

from galley.cli.batch import waits_kept
from galley.cli.batchview import Lines
from galley.core.batch import Ledger, find, write_reports
from galley.core.batch.holding import FOLDER, Holder, holdings
from galley.core.batch.node import CleanOnNode, Orders, Row, read, row_of
from galley.core.batch.tasks import Task
from galley.core.batch.waiting import Waits, tell_from
from galley.core.config import load_config
from galley.core.engine import absence
from galley.core.events import ServerWaited
from galley.core.model import find_model

ONE, OTHER = Holder("a" * 40, "north", 11), Holder("b" * 40, "south", 12)
Said = list[tuple[str, bool]]


@pytest.fixture
def said() -> Said:
    return []


@pytest.fixture
def waits(tmp_path: Path, said: Said) -> Waits:
    (tmp_path / FOLDER).mkdir()
    return Waits(tmp_path, lambda words, gone: said.append((words, gone)))


def test_many_that_miss_one_server_are_one_line_and_so_is_its_return(tmp_path: Path, waits: Waits, said: Said) -> None:
    one, other = tell_from(tmp_path, ONE), tell_from(tmp_path, OTHER)
    one("The server is gone.", True)
    waits.look()
    other("The server is gone.", True)
    waits.look()
    other("It is back after 9 s.", False)
    waits.look()
    one("It is back after 10 s.", False)
    waits.look()
    assert said == [
        ("Process 11 on north (node aaaaaaaa): The server is gone.", True),
        ("Process 12 on south (node bbbbbbbb): It is back after 9 s.", False),
    ]
    one("The server is gone.", True)
    waits.look()
    assert said[2:] == [("Process 11 on north (node aaaaaaaa): The server is gone.", True)]


def test_one_who_is_lost_while_it_waits_keeps_no_return_from_being_told(
    tmp_path: Path, waits: Waits, said: Said
) -> None:
    tell_from(tmp_path, ONE)("The server is gone.", True)
    waits.look()
    other = tell_from(tmp_path, OTHER)  # goes on with what the lost one had in hand
    other("The server is gone.", True)
    waits.look()
    other("It is back after 9 s.", False)
    waits.look()
    assert [gone for _, gone in said] == [True, False]


def test_a_file_that_says_nothing_is_passed_over(tmp_path: Path, waits: Waits, said: Said) -> None:
    for number, content in enumerate([b"", b"{", b"[]", b'{"who": "x"}', b"\xff"]):
        (tmp_path / FOLDER / f"server-{number}-x").write_bytes(content)
    waits.look()
    assert said == []
    assert list(holdings(tmp_path)) == []


def test_a_node_whose_server_is_gone_says_so_and_goes_on_when_it_is_back(
    tmp_path: Path, own_home: Path, proxy: Faulty, waits: Waits, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "QUIET_SECONDS", 0.0)
    monkeypatch.setenv("GALLEY_API_KEY", SECRET)
    (tmp_path / "a.txt").write_text(TEXT)
    overrides = {
        "clean.mode": "verbatim",
        "chunk.size": 240,
        "server.base_url": proxy.base_url,
        "session.directory": str(own_home / "sessions"),
    }
    config = load_config(overrides=overrides)
    model = find_model("", config)
    assert model is not None
    named = (str(model.path), model.identity, model.parameters, model.context)
    dumped = config.model_dump(mode="json")
    task = Task(1, str(tmp_path / "a.txt"), dumped, named, str(tmp_path / "a.out.txt"), finish=False)
    orders = Orders(version("galley-tui"), str(tmp_path), {"a": dumped}, 0).to_json()
    begun = read(row_of(task, "a"), orders)
    left = [4]

    def leave_once(request: Request) -> None:
        left[0] -= 1
        if left[0] == 0:
            proxy.down()
            threading.Timer(2.0, proxy.up).start()

    proxy.plan = leave_once
    answers: list[Row] = []
    work = threading.Thread(target=lambda: answers.append(CleanOnNode(orders)(begun)))
    work.start()
    while work.is_alive():
        work.join(0.05)
        waits.look()
    waits.look()
    outcome = json.loads(answers[0]["answer"])["outcome"]
    assert (outcome["failed"], outcome["pending"]) == (0, 0)
    (going, gone), (back, still_gone) = said
    assert (gone, still_gone) == (True, False)
    assert f"The server at 127.0.0.1:{proxy.port} can't be reached" in going
    assert "is back after" in back


def test_what_was_said_of_a_server_stands_in_the_report_of_that_call(
    tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    out = tmp_path / "out"
    with Ledger(out) as ledger:
        ledger.register(find([str(tmp_path / "a.txt")], out), out, ".txt")
        lines = Lines(1)
        with waits_kept(ledger, lines):
            lines(ServerWaited("The server <b> is gone.", True))
            lines(ServerWaited("It is back after 9 s.", False))
        assert "Ctrl-C stops, and loses nothing.\nIt is back" in capsys.readouterr().err
        write_reports(out, ledger)
        assert json.loads((out / "report.json").read_text())["waits"] == [
            "The server <b> is gone.",
            "It is back after 9 s.",
        ]
        assert "<p>The server &lt;b&gt; is gone.</p>" in (out / "report.html").read_text()
        with waits_kept(ledger, Lines(1)):
            pass
        write_reports(out, ledger)
        assert json.loads((out / "report.json").read_text())["waits"] == []
