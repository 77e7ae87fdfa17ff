"""A text that a person typed is never lost: by no editor that ends badly, no full disk, no app that ends early."""

import contextlib
import signal
from pathlib import Path

import pytest
from piloting import FIRST, AppPilot, a_session, app_on, decisions, piloted, press, proof_of, screen_text, told, until
from textual.widgets import TextArea

from galley.core.errors import StorageError
from galley.core.session import Session
from galley.tui import drafts
from galley.tui.app import GalleyApp
from galley.tui.screens.dialogs import Ask
from galley.tui.screens.edit import EditScreen
from galley.tui.screens.proof import Proof


def text_of_first(path: Path) -> str | None:
    with Session.open(path, write=False) as session:
        return session.text_of(0)


async def edit_by(script: str, app: GalleyApp, pilot: AppPilot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Press E, with a shell script for an editor."""
    editor = folder / "editor.sh"
    editor.write_text(f"#!/bin/sh\n{script}\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    monkeypatch.setattr(type(app), "suspend", lambda self: contextlib.nullcontext())
    await press(pilot, "E")


@piloted
async def test_what_an_editor_saved_before_it_ended_with_an_error_is_put_to_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await edit_by('printf "an hour of work" > "$1"; exit 3', app, pilot, tmp_path, monkeypatch)
        await until(pilot, lambda: isinstance(app.screen, EditScreen))
        assert "ended with code 3. Here is what it saved" in told(app)
        assert app.screen.query_one(TextArea).text == "an hour of work"
        assert decisions(path)[0] is None, "an editor that says it failed has decided nothing"
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, "k")
        await until(pilot, lambda: decisions(path)[0] == "edited")
    assert text_of_first(path) == "an hour of work"


@piloted
async def test_an_editor_that_fails_without_a_change_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await edit_by("exit 1", app, pilot, tmp_path, monkeypatch)
        assert "ended with code 1: nothing was changed." in told(app)
        assert isinstance(app.screen, Proof)


@piloted
async def test_an_editor_that_is_not_there_gives_the_terminal_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "/nowhere/editor")
    state: list[str] = []
    async with app_on(a_session(tmp_path)) as (app, pilot):
        driver = app._driver
        assert driver is not None
        monkeypatch.setattr(type(driver), "can_suspend", True)  # or Textual refuses where there is no terminal
        monkeypatch.setattr(driver, "suspend_application_mode", lambda: state.append("away"))
        monkeypatch.setattr(driver, "resume_application_mode", lambda: state.append("back"))
        await press(pilot, "E")
        assert state == ["away", "back"]
        assert "/nowhere/editor could not be used" in told(app)


@piloted
async def test_a_text_saved_in_another_encoding_is_put_to_the_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await edit_by('printf "Sie las im Caf\\351 und trank sehr viel Tee." > "$1"', app, pilot, tmp_path, monkeypatch)
        await until(pilot, lambda: isinstance(app.screen, EditScreen))
        assert app.screen.query_one(TextArea).text == "Sie las im Café und trank sehr viel Tee."
        assert "another encoding than UTF-8" in told(app)


@piloted
async def test_a_text_that_the_disk_has_no_room_for_goes_back_into_the_editor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):

        def full(*given: object, **named: object) -> None:
            raise StorageError("The disk is full.", "Free some space.")

        await press(pilot, "e", "N", "o", "w", "space")
        monkeypatch.setattr(proof_of(app).session, "decide", full)
        await press(pilot, "f2")
        await until(pilot, lambda: "The disk is full." in told(app))
        await until(pilot, lambda: isinstance(app.screen, EditScreen))
        assert app.screen.query_one(TextArea).text == f"Now {FIRST}"
        monkeypatch.undo()
        await press(pilot, "f2")
        await until(pilot, lambda: decisions(path)[0] == "edited")
    assert text_of_first(path) == f"Now {FIRST}"


@piloted
async def test_a_hang_up_in_mid_word_costs_nothing_that_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("galley.tui.app.HANG_UP_SECONDS", 1e6)  # the end by force would be that of the tests
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "e", "N", "o", "w", "space")
        app._hang_up(signal.SIGHUP)
    assert decisions(path)[0] is None, "what nobody kept is no decision"
    async with app_on(path) as (app, pilot):
        assert "You were editing chunk 1 when Galley ended: e goes on with it." in told(app)
        await press(pilot, "e")
        assert app.screen.query_one(TextArea).text == f"Now {FIRST}"
        await press(pilot, "f2")
        await until(pilot, lambda: decisions(path)[0] == "edited")
        assert drafts.left(proof_of(app).session) == []
    assert text_of_first(path) == f"Now {FIRST}"


@piloted
async def test_what_is_typed_is_kept_when_the_hand_rests_and_dropped_when_it_is_thrown_away(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "e", "N", "o", "w", "space")
        await until(pilot, lambda: drafts.draft_of(proof_of(app).session, 0) == f"Now {FIRST}")
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, "t")
        await until(pilot, lambda: drafts.left(proof_of(app).session) == [])
        await press(pilot, "e")
        assert app.screen.query_one(TextArea).text == FIRST


def test_a_draft_under_a_name_that_names_no_chunk_is_passed_over(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    with Session.open(path) as session:
        session.keep_place({"draft-1": "half a", "draft-x": "of others", "draft-": "too"})
        assert drafts.left(session) == [1]


@piloted
async def test_ctrl_q_asks_before_it_throws_a_changed_text_away(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "e", "N", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert "Keep the change?" in screen_text(app)
