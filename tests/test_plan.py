"""What a plan says of a file before anything is done to it: how long it takes, by what was measured of others."""

from pathlib import Path

import pytest
from making import attempt, new_session

from galley.core import job as jobs
from galley.core.chunk import ChunkOptions, chunk
from galley.core.clean.options import CleanOptions
from galley.core.config import load_config
from galley.core.plan import Plan, make_plan
from galley.core.prepare import prepare
from galley.core.session import Session
from galley.core.settings import RunSettings

SENTENCE = "The compositor set the line by hand, and the reader of proofs marked what had gone wrong in it. "
THIN = SENTENCE * 30
DENSE = "".join(f"{SENTENCE[:-2]} (Moxon, {1600 + at}; Caslon, {1700 + at}). " for at in range(30))
MODEL = "m.gguf"
IDENTITY = f"{MODEL}:1000:ab"


def measured(folder: Path, text: str, mode: str, seconds: float) -> None:
    """A finished session on a text, which took so long."""
    settings = RunSettings(clean=CleanOptions(mode=mode), model=IDENTITY)
    with new_session(folder, text, settings, size=400) as session:
        session.begin_run("llama.cpp", MODEL)
        for one in session.chunks():
            session.add_attempt(attempt(one.index), choose=True, state="done")
        session.end_run("finished", seconds)


def planned(tmp_path: Path, text: str, mode: str) -> Plan:
    path = tmp_path / "new.txt"
    path.write_text(text)
    model = jobs.Model(tmp_path / MODEL, IDENTITY, 1_000_000_000, 2048)
    config = load_config(overrides={"clean.mode": mode, "chunk.size": 400})
    return make_plan(path, config, model, tmp_path / "sessions")


def test_a_paper_full_of_citations_takes_longer_than_the_thin_one_that_was_measured(tmp_path: Path) -> None:
    measured(tmp_path / "sessions", THIN, "verbatim", 10.0)
    plan = planned(tmp_path, DENSE, "verbatim")
    assert plan.seconds is not None
    by_length = 10.0 * len(DENSE) / len(THIN)
    assert plan.seconds > 3 * by_length


@pytest.mark.parametrize("text", [THIN, DENSE], ids=["thin", "dense"])
@pytest.mark.parametrize("mode", ["verbatim", "rewrite"])
def test_a_paper_like_the_one_that_was_measured_takes_as_long(tmp_path: Path, text: str, mode: str) -> None:
    measured(tmp_path / "sessions", text, mode, 10.0)
    plan = planned(tmp_path, f"{text}And so on.", mode)
    assert plan.seconds == pytest.approx(10.0, rel=0.05)


def test_of_a_session_that_was_begun_what_is_left_counts(tmp_path: Path) -> None:
    measured(tmp_path / "sessions", THIN, "rewrite", 10.0)
    first = planned(tmp_path, DENSE, "rewrite")
    made, settings = first.reading.document, first.settings
    prepared = prepare(made)
    chunks = chunk(prepared, ChunkOptions(size=400))
    with Session.create(tmp_path / "sessions", made, prepared, chunks, settings) as session:
        half = session.status().total // 2
        for index in range(half):
            session.add_attempt(attempt(index), choose=True, state="done")
        left = sum(len(session.chunk(index).source) for index in session.pending())
    plan = planned(tmp_path, DENSE, "rewrite")
    assert plan.begun is not None
    assert plan.begun.done == half
    assert first.seconds is not None
    assert plan.seconds == pytest.approx(first.seconds * left / len(DENSE), rel=0.02)


def test_without_anything_measured_nothing_is_said(tmp_path: Path) -> None:
    measured(tmp_path / "sessions", THIN, "rewrite", 10.0)
    assert planned(tmp_path, DENSE, "verbatim").seconds is None
