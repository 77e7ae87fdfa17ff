"""The extractors are compared behind the run: the session has what came of it, or says that it was not done."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from fake import FakeEngine
from faults import galley
from pdfs import pages_saying, pdf_of, show, stream

from galley.cli.progress import RunReporter, Silent
from galley.core import job as jobs
from galley.core.config import Config, load_config
from galley.core.errors import InputError
from galley.core.extract import NOT_COMPARED, Extraction, ExtractOptions, extract
from galley.core.extract.process import GENTLE, GENTLE_GROUP, NICEST
from galley.core.session import Session

LINES = [
    b"the reader of the proofs sat beside him in a cold room",
    b"and read the sheet aloud word for word by candle light",
]
PAGE = stream(show(*LINES, *LINES))
APART = "pdfium and pypdf disagree much on page 2: look at their text before trusting it."


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """Two pages; below the second stand words that one of the libraries does not read."""
    path = tmp_path / "paper.pdf"
    unseen = b" BT /F1 12 Tf 50 -700 Td <%s> Tj ET" % (b"what only one of both reads " * 20).hex().encode()
    path.write_bytes(pdf_of(PAGE, stream(show(*LINES, *LINES) + unseen)))
    return path


def config(folder: Path) -> Config:
    return load_config(overrides={"clean.mode": "rules", "session.directory": str(folder)})


def agreements(session: Session) -> list[float | None]:
    return [row[0] for row in session._connection.execute("SELECT agreement FROM pages ORDER BY number")]


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """No comparison begins before the event."""
    go, real = threading.Event(), Extraction.compare

    def compare(extraction: Extraction, *, gently: bool = False) -> Any:
        while not go.wait(0.05):
            if extraction._first._stopped:
                break
        return real(extraction, gently=gently)

    with monkeypatch.context() as patch:
        patch.setattr(Extraction, "compare", compare)
        yield go
        go.set()


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "galley.core.extract.worker" in child.cmdline()]


def test_what_comes_of_it_is_in_the_session_once_it_is_known_and_the_same_as_ever(
    tmp_path: Path, sample_pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = extract(sample_pdf)
    with held(monkeypatch) as go:
        job = jobs.open_job(sample_pdf, config(tmp_path), None, later=True)
        with job.session as session:
            assert job.comparing is not None
            assert session.document.notes == (NOT_COMPARED, *usual.notes)
            assert agreements(session) == [None] * len(usual.pages)
            go.set()
            job.comparing.wait()
            assert session.document.notes == usual.notes
            assert agreements(session) == [page.agreement for page in usual.pages]
            job.comparing.close()
    assert not workers()


def test_with_a_model_it_begins_with_the_first_chunk_since_both_want_all_cores(
    tmp_path: Path, sample_pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, real = threading.Event(), Extraction.compare

    def compare(extraction: Extraction, *, gently: bool = False) -> Any:
        begun.set()
        return real(extraction, gently=gently)

    monkeypatch.setattr(Extraction, "compare", compare)
    job = jobs.open_job(sample_pdf, config(tmp_path), None, engine=FakeEngine(lambda text, number: text), later=True)
    with job.session as session:
        assert job.comparing is not None
        assert not begun.wait(0.5)
        reporter = RunReporter(Silent(), job.comparing.begin)
        jobs.make_run(session, None, reporter).work(threading.Event())
        assert begun.wait(30)
        job.comparing.wait()
        assert session.document.notes == extract(sample_pdf).notes


def test_it_can_be_given_up_and_the_session_says_so_until_it_is_told(
    tmp_path: Path, sample_pdf: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own_home / "sessions"
    with held(monkeypatch):
        job = jobs.open_job(sample_pdf, config(folder), None, later=True)
        with job.session as session:
            assert job.comparing is not None
            job.comparing.close()
            name = session.path.stem
    assert not workers()
    done = galley("resume", name, "-o", str(tmp_path / "out.txt"))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(NOT_COMPARED) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_it_lets_everything_else_go_first_until_somebody_waits_for_it(tmp_path: Path, sample_pdf: Path) -> None:
    with Extraction(sample_pdf) as extraction:
        extraction.read()
        (worker,) = workers()
        before = worker.nice()
        extraction.compare(gently=True)
        assert worker.nice() == min(before + GENTLE, NICEST)
        group = Path(f"/proc/{worker.pid}/autogroup")
        assert not group.exists() or group.read_text().split()[-1] == str(GENTLE_GROUP)
        extraction.hurry()
        assert not group.exists() or group.read_text().split()[-1] == "0"


def test_a_document_that_comes_to_nothing_leaves_no_worker(tmp_path: Path) -> None:
    path = tmp_path / "numbers.pdf"
    path.write_bytes(pages_saying("7", "8", "9"))
    with pytest.raises(InputError, match="holds no text after the repairs"):
        jobs.open_job(path, config(tmp_path), None, later=True)
    assert not workers()
    assert threading.active_count() == len([t for t in threading.enumerate() if t.name != "comparing"])


def test_pages_on_which_they_disagree_are_named_before_the_summary(tmp_path: Path, paper: Path) -> None:
    assert APART in extract(paper).notes
    done = galley("clean", str(paper), "--mode", "rules", "-o", str(tmp_path / "out.txt"))
    said = done.stderr.splitlines()
    assert said.count(APART) == 1, done.stderr
    assert said.index(APART) < next(place for place, line in enumerate(said) if line.startswith("Cleaned "))
    assert NOT_COMPARED not in said


def test_pages_that_a_lost_worker_had_taken_are_compared_as_well(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf_of(*[PAGE] * 5))
    with Extraction(path) as extraction:
        document = extraction.read()
        for worker in workers():
            worker.kill()
        extraction._first.end()  # as where a worker is lost on the last page
        found = extraction.compare()
    assert found.agreements == {page.number: 1.0 for page in document.pages}


def test_a_worker_that_is_lost_over_it_ends_it_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf_of(*[PAGE] * 5))
    with Extraction(path) as extraction:
        extraction.read()
        for worker in workers():
            worker.kill()
        found = extraction.compare()
    assert found.agreements == {}
    assert found.notes == ("The extractors were no longer compared after page 1: the extractor crashed (SIGKILL).",)


def test_where_the_text_was_cut_the_pages_before_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf_of(*[PAGE] * 9))
    document = extract(path, ExtractOptions(max_chars=500))
    assert [page.agreement for page in document.pages] == [1.0, 1.0, None]
