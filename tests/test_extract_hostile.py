"""Hostile PDFs and dying workers: a page is lost at most, within the limits of time and memory, and nothing stays."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pdfs import bomb, deep_nesting, encrypted, pages_saying, pdf_of, show, stream

from galley.core.extract import ExtractOptions, extract, supervise
from galley.core.extract.process import WorkerProcess
from galley.core.extract.protocol import Item, Job, Opened, Stage, Work
from galley.core.extract.supervise import Harvest, Supervisor

SLOW = bomb(8, b"(x) Tj [1 2] 0 d\n")
"""Half a million operators: pypdf takes far longer over them than the time limits below."""


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "paper.pdf"
    path.write_bytes(data)
    return path


def test_a_decompression_bomb_costs_its_page_only(tmp_path: Path):
    path = saved(tmp_path, pdf_of(stream(show(b"first")), bomb(600), stream(show(b"third"))))
    document = extract(path, ExtractOptions(memory_mb=512, timeout_seconds=60))
    assert [page.text for page in document.pages] == ["first", "third"]
    assert [page.number for page in document.skipped] == [2]
    assert "Could not read page 2" in document.notes[-1]
    assert "memory_mb" in document.notes[-1]


def test_a_page_that_takes_too_long_costs_itself_only(tmp_path: Path):
    path = saved(tmp_path, pdf_of(stream(show(b"first")), SLOW, stream(show(b"third"))))
    document = extract(path, ExtractOptions(extractor="pypdf", timeout_seconds=3))
    assert [page.text.strip() for page in document.pages] == ["first", "third"]
    assert document.skipped[0].number == 2
    assert document.skipped[0].reason == "pypdf: it took longer than 3 s"


def test_a_comparison_that_takes_too_long_costs_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervise, "COMPARISON_SECONDS", 1.0)
    slow = bomb(8, b"BT /F1 12 Tf 50 700 Td (words) Tj ET [1 2] 0 d\n")
    path = saved(tmp_path, pdf_of(stream(show(b"first")), slow, stream(show(b"third"))))
    document = extract(path)
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert "no longer compared after page 2" in document.notes[0]


@pytest.mark.parametrize("count", [10**9, 10**6, -1])
def test_a_page_count_that_lies_is_not_believed(tmp_path: Path, count: int):
    document = extract(saved(tmp_path, pdf_of(stream(show(b"the only page")), count=count)))
    assert (document.page_count, document.text) == (1, "the only page")


def test_deeply_nested_objects_cost_no_more_than_their_page(tmp_path: Path):
    nested = deep_nesting(20_000)
    with pytest.raises(Exception, match=r"paper\.pdf"):
        extract(saved(tmp_path, nested), ExtractOptions(timeout_seconds=60))


def test_a_worker_killed_from_outside_costs_the_page_in_hand_at_most(tmp_path: Path):
    path = saved(tmp_path, pages_saying(*(f"This is page {number}." for number in range(1, 9))))
    with Supervisor(path, ExtractOptions()) as supervisor:
        supervisor.open()

        def kill_once(harvest: Harvest) -> None:
            if harvest.settled == 3:
                os.kill(worker_of(os.getpid()), signal.SIGKILL)

        harvest = supervisor.take([Item(number, ["pdfium", "pypdf"]) for number in range(1, 9)], kill_once)
    assert set(harvest.pages) | set(harvest.skipped) == set(range(1, 9))
    assert len(harvest.skipped) <= 1


def test_a_file_that_kills_worker_after_worker_is_given_up_with_what_was_had(tmp_path: Path):
    bombs = [bomb(400)] * 7
    path = saved(tmp_path, pdf_of(stream(show(b"first")), *bombs, stream(show(b"last"))))
    document = extract(path, ExtractOptions(extractor="pdfium", memory_mb=320, timeout_seconds=60))
    assert [page.text for page in document.pages] == ["first"]
    assert [page.number for page in document.skipped] == list(range(2, 10))
    assert "Gave up on pages 7-9" in document.notes[-1]


def test_a_file_that_changes_between_two_workers_is_never_mixed(tmp_path: Path):
    path = saved(tmp_path, pages_saying("old text"))
    with Supervisor(path, ExtractOptions()) as supervisor:
        supervisor.open()
        path.write_bytes(pages_saying("new text"))
        with pytest.raises(Exception, match="changed while it was read"):
            supervisor.open()


def test_the_password_is_in_no_argument_and_no_environment(tmp_path: Path):
    path = saved(tmp_path, encrypted(pages_saying("secret"), "sesame-7531"))
    worker = WorkerProcess()
    try:
        worker.send(Job(str(path), "sesame-7531", "auto", 0, []))
        while isinstance(message := worker.receive(60), Stage):
            pass
        assert isinstance(message, Opened)
        for part in ("cmdline", "environ"):
            assert b"sesame" not in Path(f"/proc/{worker.pid}/{part}").read_bytes()
        worker.send(Work.of([]))
    finally:
        worker.end()


def test_a_worker_dies_with_its_parent(tmp_path: Path):
    path = saved(tmp_path, pdf_of(SLOW, SLOW))
    program = (
        "import sys; from pathlib import Path; from galley.core.extract import extract, ExtractOptions\n"
        "extract(Path(sys.argv[1]), ExtractOptions(extractor='pypdf'))"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(path)])
    worker = wait_for(lambda: worker_of(parent.pid))
    parent.kill()
    parent.wait()
    wait_for(lambda: not alive(worker))


def test_a_module_in_the_current_directory_is_not_run_by_the_worker(tmp_path: Path):
    saved(tmp_path, pages_saying("harmless"))
    (tmp_path / "pypdf.py").write_text("raise SystemExit('run by mistake')")
    program = (
        "from pathlib import Path; from galley.core.extract import extract; print(extract(Path('paper.pdf')).text)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=tmp_path, capture_output=True, check=False, text=True
    )
    assert (done.stdout, done.stderr) == ("harmless\n", "")


def test_nothing_a_library_says_reaches_the_terminal(tmp_path: Path):
    saved(tmp_path, pages_saying("noisy").replace(b"startxref\n", b"startxref\n9"))
    program = "from pathlib import Path; from galley.core.extract import extract; extract(Path('paper.pdf'))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=False, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def worker_of(parent: int) -> int:
    """The pid of the process's extraction worker, or 0."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            ours = b"extract.worker" in (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and ours:
            return int(entry.name)
    return 0


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_for(condition: Callable[[], int], seconds: float = 30.0) -> int:
    """The first true value of `condition`; gives up after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return result
