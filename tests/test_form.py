"""Dialogs and forms: everything by arrows, letters and Enter, and no text of a document read as markup."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from piloting import app_on, piloted, press, screen_text, until
from textual.screen import Screen

from galley.core.runner import Retry
from galley.tui.screens.dialogs import OWN, Ask, Choose, Confirm, Prompt, RetryForm, WriteForm
from galley.tui.screens.edit import EditScreen

NONE = object()


async def answer(screen: Screen[Any], *keys: str, then: Callable[[str], None] | None = None) -> object:
    """What a dialog gives back after some keys; NONE while it is still there."""
    got: list[object] = []
    async with app_on(size=(80, 24)) as (app, pilot):
        app.push_screen(screen, got.append)
        await pilot.pause()
        await press(pilot, *keys)
        if then is not None:
            then(screen_text(app))
        else:
            await until(pilot, lambda: got)
    return got[0] if got else NONE


@pytest.mark.parametrize(("key", "expected"), [("s", "stop"), ("l", "leave"), ("escape", None), ("enter", "stop")])
def test_a_question_is_answered_by_its_letters(key: str, expected: str | None) -> None:
    @piloted
    async def try_it() -> None:
        choices = [("s", "stop", "Stop the run"), ("l", "leave", "[bold]Leave")]
        assert await answer(Ask("A run is under way", "What now?", choices), key) == expected

    try_it()


@piloted
async def test_texts_in_a_dialog_are_never_markup() -> None:
    def look(shown: str) -> None:
        assert "[red]title" in shown
        assert "[/bold] text" in shown
        assert "[l] [bold]Leave" in shown

    await answer(Ask("[red]title", "[/bold] text", [("l", "leave", "[bold]Leave")]), then=look)


@pytest.mark.parametrize(
    ("key", "expected"), [("y", True), ("enter", True), ("n", False), ("q", False), ("escape", False)]
)
def test_yes_or_no(key: str, expected: bool) -> None:
    @piloted
    async def try_it() -> None:
        assert await answer(Confirm("Sure?", "It goes away."), key) is expected

    try_it()


@piloted
async def test_a_line_is_typed_or_thrown_away() -> None:
    assert await answer(Prompt("Model", "Path", "/a"), "b", "enter") == "/ab"
    assert await answer(Prompt("Model", "Path", "/a"), "b", "escape") is None


@piloted
async def test_one_of_some_lines_is_chosen_from_the_current_one_on() -> None:
    options = [("one", "The first"), ("two", "The second"), ("three", "The third")]
    assert await answer(Choose("Which?", options, "two"), "enter") == "two"
    assert await answer(Choose("Which?", options, "two"), "j", "down", "k", "enter") == "two"
    assert await answer(Choose("Which?", options), "q") is None


def retry_form() -> RetryForm:
    return RetryForm(2, "verbatim", prompts=["default", "short"], models=["big"], temperature=0.0)


@piloted
async def test_a_retry_is_what_the_form_says() -> None:
    assert await answer(retry_form(), "enter") == Retry(2, "verbatim")
    turned = await answer(retry_form(), "right", "down", "right", "down", "right", "enter")
    assert turned == Retry(2, "rewrite", "default", "big")
    typed = await answer(
        retry_form(), "h", "home", *["down"] * 3, "enter", "0", "full_stop", "5", "enter", "down", "enter"
    )
    assert typed == Retry(2, "rules", temperature=0.5)
    assert await answer(retry_form(), "escape") is None


@piloted
async def test_a_wrong_temperature_is_said_and_nothing_is_begun() -> None:
    def look(shown: str) -> None:
        assert "a number from 0 to 2" in shown
        assert OWN in shown

    await answer(retry_form(), *["down"] * 3, "enter", "h", "enter", "down", "enter", then=look)


@piloted
async def test_where_a_text_goes_is_checked_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    assert await answer(WriteForm(path), "enter") == path
    assert await answer(WriteForm(path), "right", "right", "enter") == path.with_suffix(".jsonl")
    assert await answer(WriteForm(path), "down", "enter", "z", "enter", "up", "enter", then=check) is NONE
    await answer(WriteForm(tmp_path / "no" / "out.txt"), "enter", then=folder)


def check(shown: str) -> None:
    assert "names no format" in " ".join(shown.split())


def folder(shown: str) -> None:
    assert "There is no folder" in " ".join(shown.split())


@piloted
async def test_an_edit_that_was_changed_is_asked_about_on_escape() -> None:
    assert await answer(EditScreen("Chunk 1", "text"), "f2") == "text"
    assert await answer(EditScreen("Chunk 1", "text"), "A", "escape", "k") == "Atext"
    assert await answer(EditScreen("Chunk 1", "text"), "A", "escape", "e", "B", "f2") == "ABtext"
