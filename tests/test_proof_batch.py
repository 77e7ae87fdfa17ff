"""From one document of a batch to the next, in the app: what is next, a key that goes there, and the end of it."""

from pathlib import Path

import pytest
from batches import GALLEY
from making import attempt, new_session
from piloting import App, AppPilot, piloted, press, proof_of, told, until
from terminal import Terminal

from galley.core.batch import next_to_look_at, text_of, worst
from galley.core.batch.entry import Entry
from galley.core.batch.ledger import DONE, Ledger
from galley.core.batch.records import Outcome
from galley.core.session import Session
from galley.tui.app import GalleyApp
from galley.tui.screens.dialogs import Ask, WriteForm
from galley.tui.screens.proof import Proof

FLAGGED = {"a good": 0, "b bad": 1, "c worse": 2}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The results of a batch of three documents, of which two want a look."""
    folder = tmp_path / "out"
    with Ledger(folder) as ledger:
        ledger.register([Entry(f"/in/{name}.txt", name) for name in FLAGGED], folder, "")
        for number, (name, flagged) in enumerate(FLAGGED.items(), 1):
            (tmp_path / name).mkdir()
            with new_session(tmp_path / name) as session:
                for index in range(session.status().total):
                    made = attempt(index) if index < flagged else attempt(index, flags=())
                    session.add_attempt(made, choose=True, state="done")
                total = session.status().total
            outcome = Outcome("ab", "cd", str(session.path), "verbatim", 1, total, 0, flagged)
            ledger.finish(number, outcome, "", DONE)
    return folder


def decide(path: Path) -> None:
    """Say something of every flagged chunk."""
    with Session.open(path) as session:
        session.decide_all([row.index for row in session.rows() if row.flagged], "accepted")


def test_behind_a_document_comes_the_next_that_wants_a_look_and_behind_the_last_the_first(out: Path) -> None:
    bad, worse = (out.parent / name for name in ("b bad", "c worse"))
    first = worst(out)
    assert first.parent == worse
    second = next_to_look_at(out, first)
    assert second is not None
    assert (second.session.parent, second.flagged) == (bad, 1)
    back = next_to_look_at(out, second.session)
    assert back is not None
    assert back.session == first
    decide(first)
    assert next_to_look_at(out, second.session) is None
    assert next_to_look_at(out, first) == second


def test_a_document_that_somebody_else_has_open_comes_last(out: Path) -> None:
    first = worst(out)
    with Session.open(first):
        second = next_to_look_at(out, first)
        assert second is not None
        assert worst(out) == second.session
        back = next_to_look_at(out, second.session)
        assert back is not None
        assert back.session == first, "there is no other"
        decide(second.session)
        assert worst(out) == first


@piloted
async def test_the_last_flagged_chunk_names_the_next_document_and_a_key_goes_there(out: Path) -> None:
    app: App = GalleyApp(str(worst(out)), folder=out, batch=out)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "c worse")
        await press(pilot, "a")
        assert "b goes to" not in told(app), "a flagged chunk is left"
        await press(pilot, "a")
        await until(pilot, lambda: "No flagged chunk is left here." in told(app))
        assert "b goes to the next of the batch: b bad (1 flagged)." in told(app)
        await press(pilot, "b")
        await opened(app, pilot, "b bad")
        await press(pilot, "x")
        await until(pilot, lambda: "All documents of the batch are reviewed" in told(app))
        for keys in ("b", "fn"):
            app.clear_notifications()
            await press(pilot, *keys)
            await until(pilot, lambda: "All documents of the batch are reviewed" in told(app))
        assert proof_of(app).session.path.parent.name == "b bad"
    with Session.open(worst(out), write=False) as session:
        assert session.status().decided, "it was let go, and what was said is on disk"


@piloted
async def test_what_was_decided_is_written_where_the_batch_wrote_the_text(out: Path) -> None:
    text = out / "c worse.txt"
    text.write_text("as the batch left it")
    app: App = GalleyApp(str(worst(out)), folder=out, batch=out)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "c worse")
        await press(pilot, "x", "w")
        await until(pilot, lambda: isinstance(app.screen, WriteForm))
        await press(pilot, "down", "down", "enter")
        assert text.read_text() == "as the batch left it", "it asks first"
        await press(pilot, "enter")
        await until(pilot, lambda: "The first page has one paragraph" in text.read_text())
    assert text_of(out, out / "none.galley") is None


@piloted
async def test_what_is_left_here_is_said_where_nothing_else_wants_a_look(out: Path) -> None:
    first = worst(out)
    second = next_to_look_at(out, first)
    assert second is not None
    decide(second.session)
    app: App = GalleyApp(str(first), folder=out, batch=out)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "c worse")
        await press(pilot, "b")
        await until(pilot, lambda: "2 flagged chunks are left here" in told(app))


@piloted
async def test_a_batch_that_is_reviewed_says_so_when_it_is_opened(out: Path) -> None:
    for _ in range(2):
        decide(worst(out))
    app: App = GalleyApp(str(worst(out)), folder=out, batch=out)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "All documents of the batch are reviewed" in told(app))


@piloted
async def test_a_batch_is_not_called_reviewed_while_chunks_are_still_to_be_cleaned(out: Path, tmp_path: Path) -> None:
    for _ in range(2):
        decide(worst(out))
    (tmp_path / "fresh").mkdir()
    with new_session(tmp_path / "fresh") as session:
        fresh = session.path
    app: App = GalleyApp(str(fresh), folder=out, batch=out)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "fresh")
        await press(pilot, "b")
        await until(pilot, lambda: "still to be cleaned here" in told(app))
        assert "are reviewed" not in told(app)


@piloted
async def test_without_a_batch_the_key_says_where_it_has_one(out: Path) -> None:
    app: App = GalleyApp(str(worst(out)), folder=out)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "c worse")
        await press(pilot, "b")
        await until(pilot, lambda: "galley review DIR" in told(app))
        await press(pilot, "a", "a")
        assert "batch" not in told(app).replace("galley review DIR opens a batch's results", "")


@piloted
async def test_a_run_under_way_is_asked_about_before_the_next_document(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: App = GalleyApp(str(worst(out)), folder=out, batch=out)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "c worse")
        monkeypatch.setattr(type(proof_of(app).runner), "busy", property(lambda runner: True))
        await press(pilot, "b")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, "escape")
        assert proof_of(app).session.path.parent.name == "c worse"
        await press(pilot, "b")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        monkeypatch.undo()
        await press(pilot, "enter")
        await opened(app, pilot, "b bad")


async def opened(app: App, pilot: AppPilot, name: str) -> None:
    await until(
        pilot,
        lambda: isinstance(app.screen, Proof) and app.screen.is_mounted and app.screen.session.path.parent.name == name,
    )


def test_the_command_opens_one_after_another_in_a_terminal(out: Path, tmp_path: Path) -> None:
    command = [*GALLEY, "review", str(out)]
    with Terminal(tmp_path, command, (80, 24)) as terminal:
        terminal.wait("Chunk 1")
        terminal.press("a")
        terminal.wait("1 decided")
        terminal.press("a")
        terminal.wait("No flagged chunk is left here.")
        terminal.press("b")
        terminal.wait("1 flagged to see")
        terminal.press("a")
        terminal.wait("All documents of the batch are")
