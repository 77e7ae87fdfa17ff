"""The desk on a small screen, and keys that come before the file is read."""

import shutil
import threading
from pathlib import Path

import pytest
from piloting import a_session, app_on, decisions, piloted, press, proof_of, screen_text, until

from galley.core.plan import Plan
from galley.tui.opening import open_session
from galley.tui.screens import start
from galley.tui.screens.desk import Desk
from galley.tui.screens.proof import Proof
from galley.tui.screens.start import StartScreen


@pytest.mark.parametrize("size", [(60, 20), (40, 10)])
def test_a_narrow_desk_shows_one_side_whole_and_says_how_to_reach_the_other(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    @piloted
    async def run() -> None:
        a_session(tmp_path)
        async with app_on(folder=tmp_path, size=size) as (app, pilot):
            desk = app.screen
            assert isinstance(desk, Desk)
            await until(pilot, lambda: desk.sessions.loaded and "paper.pdf" in screen_text(app))
            assert "Tab shows the sessions" in screen_text(app)
            await press(pilot, "tab")
            assert "Tab shows the files" in screen_text(app)
            assert "finished" in screen_text(app), "how the session stands is to be read"
            await press(pilot, "slash")
            assert "Tab shows the sessions" in screen_text(app), "a name that is typed is one of the files"
            await press(pilot, "escape", "tab", "enter")
            await until(pilot, lambda: isinstance(app.screen, Proof))

    run()


@piloted
async def test_both_sides_of_the_desk_come_back_with_the_room(tmp_path: Path) -> None:
    a_session(tmp_path)
    async with app_on(folder=tmp_path, size=(60, 20)) as (app, pilot):
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: "Sessions" in screen_text(app) and "paper.pdf" in screen_text(app))
        assert "Tab shows" not in screen_text(app)


@piloted
async def test_enter_before_the_file_is_read_starts_as_soon_as_it_is(
    tmp_path: Path, sample_pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(sample_pdf, tmp_path)
    monkeypatch.setenv("GALLEY_CLEAN_MODE", "rules")
    read, plan_for = threading.Event(), start.plan_for

    def slowly(*given: object, **named: object) -> Plan:
        assert read.wait(30)
        return plan_for(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(start, "plan_for", slowly)
    async with app_on(tmp_path / sample_pdf.name, folder=tmp_path) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        await press(pilot, "enter")
        assert "It starts when it is read" in screen_text(app)
        read.set()
        await until(pilot, lambda: isinstance(app.screen, Proof), 60)


@piloted
async def test_enter_on_a_file_that_can_not_be_read_promises_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.4 nothing")
    async with app_on(bad, folder=tmp_path) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, StartScreen) and "Reading" not in screen_text(app), 30)
        await press(pilot, "enter")
        assert "It starts when it is read" not in screen_text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, Desk)


@pytest.mark.parametrize(
    ("keys", "at"), [("G", "[5/5]"), ("jj", "[3/5]"), ("q", "Sessions")], ids=["end", "two", "back"]
)
def test_keys_that_come_while_a_document_is_being_opened_are_done_when_it_stands(
    tmp_path: Path, keys: str, at: str
) -> None:
    path = a_session(tmp_path)

    @piloted
    async def run() -> None:
        async with app_on(folder=tmp_path) as (app, pilot):
            await until(pilot, lambda: isinstance(app.screen, Desk))
            with_config = open_session(path, app.config())
            app.push_screen(Proof(with_config.session, with_config.config, begin=False))
            assert not app.screen.is_mounted
            for key in keys:
                await app._check_bindings(key)
            await until(pilot, lambda: at in screen_text(app))

    run()


@pytest.mark.parametrize("key", ["u", "r", "space", "A"])
def test_a_key_that_comes_while_a_document_is_being_closed_does_no_harm(tmp_path: Path, key: str) -> None:
    path = a_session(tmp_path)

    @piloted
    async def run() -> None:
        async with app_on(path) as (app, pilot):
            proof_of(app).close_session()
            await press(pilot, key)
            assert isinstance(app.screen, Proof)
        assert decisions(path) == [None] * 5

    run()
