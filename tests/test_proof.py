"""The proof: every key does what its help says, on a real session, and each decision is on disk."""

import os
import stat
import time
from pathlib import Path

import pytest
from fake import FakeEngine
from piloting import FIRST, SOURCES, a_session, app_on, piloted, press, proof_of, screen_text, told, until

from galley.core import job as jobs
from galley.core.clean.options import CleanOptions
from galley.core.engine.base import RequestCancelled
from galley.core.export import write
from galley.core.session import Session
from galley.core.settings import RunSettings
from galley.tui import keys
from galley.tui.screens.attempts import AttemptsScreen
from galley.tui.screens.desk import Desk
from galley.tui.screens.dialogs import Ask, Choose, Confirm, RetryForm, WriteForm
from galley.tui.screens.edit import EditScreen
from galley.tui.screens.help import HelpScreen
from galley.tui.screens.proof import Proof
from galley.tui.screens.settings import SettingsScreen

MODEL = jobs.Model(Path("m.gguf"), "m.gguf:1:0", 1, 2048)


class Slow(FakeEngine):
    """Writes a few words and then waits until it is told to stop."""

    def __init__(self) -> None:
        super().__init__(lambda source, seed: source, slots=1)

    def complete(self, messages, sampling, on_text, cancelled):  # type: ignore[no-untyped-def]
        on_text("word by word", 3)
        while not cancelled():
            time.sleep(0.01)
        raise RequestCancelled


def rewriting(folder: Path) -> Path:
    """A session of `rewrite` of which nothing is done."""
    settings = RunSettings(clean=CleanOptions(mode="rewrite"), model=MODEL.identity)
    return a_session(folder, pending=5, settings=settings)


def decisions(path: Path) -> list[str | None]:
    with Session.open(path, write=False) as session:
        return [row.decision for row in session.rows()]


@piloted
async def test_moving_goes_by_chunks_to_the_ends_and_says_where_it_is(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        proof = proof_of(app)
        seen = []
        for key in ("j", "down", "G", "k", "up", "g", "end", "home"):
            await press(pilot, key)
            seen.append(proof.current)
        assert seen == [1, 2, 4, 3, 2, 0, 4, 0]
        assert "[1/5]" in screen_text(app)
        await press(pilot, "k")
        assert proof.current == 0


@piloted
async def test_the_text_follows_the_cursor_with_its_changes(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        assert "(Wei, 2022)" in screen_text(app), "deleted words are shown"
        await press(pilot, "j")
        shown = screen_text(app)
        assert "[12] and [bold]markup[/bold]" in shown, "no text of a document is markup"
        assert "debris kept: “[12]”" in shown
        await press(pilot, "j", "j")
        assert "failed: The worker process died 3 times on this chunk." in screen_text(app)


@piloted
async def test_n_goes_to_what_nobody_has_decided_around_the_end(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        proof = proof_of(app)
        proof.session.accept([1])
        proof.refresh_rows([1])
        seen = []
        for key in ("n", "n", "n", "n", "N", "N"):
            await press(pilot, key)
            seen.append(proof.current)
        assert seen == [2, 3, 4, 0, 4, 3]


@piloted
async def test_a_decision_is_on_disk_at_once_and_the_cursor_goes_on(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "a")
        assert decisions(path) == ["accepted", None, None, None, None]
        assert proof_of(app).current == 1
        await press(pilot, "x")
        assert decisions(path) == ["accepted", "source", None, None, None]
        assert proof_of(app).current == 2
        await press(pilot, "u")
        assert decisions(path) == ["accepted", None, None, None, None]
        assert proof_of(app).current == 1
        await press(pilot, "u", "u")
        assert "nothing to undo" in told(app)
        await press(pilot, "U", "U")
        assert decisions(path) == ["accepted", "source", None, None, None]


@piloted
async def test_undo_works_after_a_restart(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (_, pilot):
        await press(pilot, "a", "a")
    async with app_on(path) as (app, pilot):
        assert proof_of(app).current == 2, "exactly where they were"
        await press(pilot, "u")
        assert decisions(path) == ["accepted", None, None, None, None]


@piloted
async def test_a_failed_chunk_can_not_be_accepted_but_its_source_kept(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "j", "j", "j", "a")
        assert decisions(path)[3] is None
        assert "no cleaned text to accept" in told(app)
        await press(pilot, "x")
        assert decisions(path)[3] == "source"


@piloted
async def test_accepting_all_asks_first_says_how_many_and_is_one_undo(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "A")
        assert isinstance(app.screen, Confirm)
        assert "3 finished chunks without a flag" in screen_text(app)
        await press(pilot, "n")
        assert decisions(path) == [None] * 5
        await press(pilot, "A", "y")
        assert decisions(path) == ["accepted", None, "accepted", None, "accepted"]
        await press(pilot, "u")
        assert decisions(path) == [None] * 5


@piloted
async def test_an_edit_in_place_is_kept_by_f2_and_asked_about_on_escape(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "e")
        assert isinstance(app.screen, EditScreen)
        await press(pilot, "N", "o", "w", "space", "f2")
        await until(pilot, lambda: decisions(path)[0] == "edited")
        with Session.open(path, write=False) as session:
            assert session.text_of(0) == f"Now {FIRST}"
        await press(pilot, "g", "e", "escape")
        assert isinstance(app.screen, Proof), "nothing was changed, nothing is asked"
        await press(pilot, "e", "X", "escape")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await press(pilot, "t")
        await until(pilot, lambda: isinstance(app.screen, Proof))
        with Session.open(path, write=False) as session:
            assert session.text_of(0) == f"Now {FIRST}"


@piloted
async def test_an_edit_in_the_persons_own_editor_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nprintf "by hand\\033[31m\\n" > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        monkeypatch.setattr(type(app), "suspend", lambda self: __import__("contextlib").nullcontext())
        await press(pilot, "E")
        with Session.open(path, write=False) as session:
            assert session.text_of(0) == "by hand"
        assert "Control characters were taken out" in told(app)
        monkeypatch.setenv("VISUAL", "/nowhere/editor")
        await press(pilot, "E")
        assert "/nowhere/editor could not be used" in told(app)


@piloted
async def test_changes_are_gone_through_and_an_edit_is_switched(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "right_square_bracket")
        assert "change 1/2 · citation made · 90 % likely" in screen_text(app)
        await press(pilot, "t")
        with Session.open(path, write=False) as session:
            assert session.text_of(0) == SOURCES[0]
            assert session.row(0).decision == "edited"
        await press(pilot, "t")
        assert decisions(path)[0] is None
        await press(pilot, "right_square_bracket")
        assert "citation not made · 45 % likely (uncertain)" in screen_text(app)
        await press(pilot, "t")
        with Session.open(path, write=False) as session:
            assert session.text_of(0) == "The old model was locked away in the cold room for good."
        await press(pilot, "left_square_bracket")
        assert proof_of(app).diff.current_number == 1
        await press(pilot, "right", "left")
        assert proof_of(app).diff.current_number == 1


@piloted
async def test_switching_needs_an_edit_under_the_cursor(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "t")
        assert "Go to an edit first" in told(app)
        await press(pilot, "j", "j", "t")
        assert "Chunk 3 has no edits to switch.\nNothing in it was in doubt." in told(app)


@piloted
async def test_a_key_that_finds_no_further_change_says_so(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        count = proof_of(app).diff.stop_count
        await press(pilot, *["right_square_bracket"] * count)
        assert "last change" not in told(app)
        await press(pilot, "right_square_bracket")
        assert "This is the last change. n and j" in told(app)
        await press(pilot, *["left_square_bracket"] * count)
        assert "This is the first change." in told(app)
        await press(pilot, "G", "right_square_bracket")
        assert "Nothing was changed here." in told(app)
        assert "no changes after the repairs" in screen_text(app)


@piloted
async def test_of_a_chunk_that_waits_nothing_is_said_to_be_unchanged(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path, pending=1)) as (app, pilot):
        await press(pilot, "G")
        assert "waiting; this is its source" in screen_text(app)
        assert "no changes" not in screen_text(app)


@piloted
async def test_views_and_layout_are_cycled_and_kept(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        diff = proof_of(app).diff
        await press(pilot, "d")
        assert (diff.view, diff.effective_view) == ("side", "side")
        assert " │ " in screen_text(app)
        await press(pilot, "d")
        assert diff.view == "result"
        assert "(Wei, 2022)" not in screen_text(app)
        await press(pilot, "D")
        assert not diff.reflow
    async with app_on(path) as (app, _):
        assert proof_of(app).diff.view == "result"


@piloted
async def test_side_by_side_says_what_it_needs_on_a_narrow_screen(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path), size=(80, 24)) as (app, pilot):
        await press(pilot, "d")
        assert proof_of(app).diff.effective_view == "inline"
        assert "side by side needs 110" in screen_text(app)
        await pilot.resize_terminal(110, 30)
        await until(pilot, lambda: " │ " in screen_text(app))
        assert "side by side needs" not in screen_text(app)


@piloted
async def test_the_filter_goes_round_and_a_search_shows_what_it_found(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        proof = proof_of(app)
        seen = []
        for _ in range(4):
            await press(pilot, "f")
            seen.append((proof.chunks.filter, [row.index for row in proof.chunks.shown_rows]))
        assert seen == [
            ("flagged", [1, 3]),
            ("undecided", [0, 1, 2, 3, 4]),
            ("edited", []),
            ("all", [0, 1, 2, 3, 4]),
        ]
        await press(pilot, "slash", *"markup", "enter")
        assert [row.index for row in proof.chunks.shown_rows] == [1]
        assert "/markup" in screen_text(app)
        await press(pilot, "q")
        assert len(proof.chunks.shown_rows) == 5
        await press(pilot, "slash", *"nowhere", "enter")
        assert "Nothing has “nowhere”" in told(app)
        await press(pilot, "slash", "escape")
        assert isinstance(app.screen, Proof)


@piloted
async def test_the_text_scrolls_by_pages_and_lines(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    with Session.open(path) as session:
        session.decide(0, "edited", "\n".join(f"line {number}" for number in range(200)))
    async with app_on(path, size=(80, 24)) as (app, pilot):
        diff, seen = proof_of(app).diff, []
        for key in ("J", "pagedown", "K", "pageup", "pageup"):
            await press(pilot, key)
            seen.append(diff.scroll_offset.y)
        assert seen[0] == 1
        assert seen[1] > 10
        assert seen[2] == seen[1] - 1
        assert seen[-1] == 0


@piloted
async def test_writing_asks_where_and_replaces_only_on_the_second_enter(tmp_path: Path) -> None:
    target = tmp_path / "clean_paper.txt"
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "w")
        assert isinstance(app.screen, WriteForm)
        await press(pilot, "enter")
        await until(pilot, target.exists)
        text = target.read_text()
        assert FIRST in text
        assert "[chunk 4, page 1: not cleaned; its source follows]" in text
        assert "1 without clean text" in told(app)
        target.write_text("mine")
        await press(pilot, "w", "enter")
        assert "Enter again replaces it" in screen_text(app)
        assert target.read_text() == "mine"
        await press(pilot, "enter")
        await until(pilot, lambda: target.read_text() != "mine")
        await press(pilot, "w", "right", "enter")
        await until(pilot, (tmp_path / "clean_paper.md").exists)


@piloted
async def test_writing_over_the_text_of_another_session_names_that_session(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    other = a_session(tmp_path, settings=RunSettings(clean=CleanOptions(mode="rewrite")))
    with Session.open(other, write=False) as session:
        write(session, tmp_path / "clean_paper.txt", "txt")
    async with app_on(path) as (app, pilot):
        proof_of(app).session.decide(0, "edited", "Other words.")
        await press(pilot, "w", "enter", "enter")
        await until(pilot, lambda: "Other words." in (tmp_path / "clean_paper.txt").read_text())
        assert "It replaced the text of an earlier run in rewrite mode" in told(app)
        assert other.stem in told(app)


@piloted
async def test_copying_sends_the_text_and_keeps_a_private_file(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "y")
        copied = Path(os.environ["GALLEY_HOME"]) / "copied.txt"
        assert copied.read_text() == FIRST
        assert stat.S_IMODE(copied.stat().st_mode) == 0o600
        assert app.clipboard == FIRST
        assert str(copied) in told(app)


@piloted
async def test_help_has_every_key_and_the_palette_every_command(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path), size=(120, 120)) as (app, pilot):
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        shown = screen_text(app)
        assert [command.help for command in keys.COMMANDS if command.help not in shown] == []
        await press(pilot, "escape")
        names = {command.title for command in app.get_system_commands(app.screen)}
        assert len(names) == len(keys.of_screen(keys.PROOF))
        await press(pilot, "colon")
        assert type(app.screen).__name__ == "CommandPalette"
        await press(pilot, *"keep the")
        await until(pilot, lambda: "Source" in screen_text(app))


@piloted
async def test_attempts_stand_side_by_side_and_one_is_chosen(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    with Session.open(path) as session:
        from making import attempt

        session.add_attempt(attempt(0, "Quite another text.", mode="rewrite", seed=7, edits=()), choose=False)
    async with app_on(path) as (app, pilot):
        await press(pilot, "o")
        await until(pilot, lambda: isinstance(app.screen, AttemptsScreen))
        shown = screen_text(app)
        assert "● counts · verbatim" in shown
        assert "seed 7" in shown
        await press(pilot, "right", "enter")
        await until(pilot, lambda: isinstance(app.screen, Proof))
        with Session.open(path, write=False) as session:
            assert session.text_of(0) == "Quite another text."
        await press(pilot, "u")
        with Session.open(path, write=False) as session:
            assert session.text_of(0) == FIRST
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, AttemptsScreen))
        await press(pilot, "l", "h", "q")
        await until(pilot, lambda: isinstance(app.screen, Proof))


@piloted
async def test_a_chunk_is_cleaned_again_as_the_form_says(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "j", "j", "r")
        await until(pilot, lambda: isinstance(app.screen, RetryForm))
        assert "the same text each time" in told(app)
        await press(pilot, "enter")
        await until(pilot, lambda: len(proof_of(app).session.attempts(2)) == 2)
        await until(pilot, lambda: "was cleaned again in rules" in told(app))
        with Session.open(path, write=False) as session:
            assert session.text_of(2) == session.chunk(2).source.strip()
        await press(pilot, "R", "down", "down", "down", "enter", "9", "enter", "down", "enter")
        assert "number from 0 to 2" in screen_text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, Proof)


@piloted
async def test_a_failed_chunk_is_tried_again_by_r(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "j", "j", "j", "r")
        await until(pilot, lambda: proof_of(app).session.row(3).state == "done")
        await until(pilot, lambda: "✓ done" in screen_text(app).splitlines()[4])


@piloted
async def test_the_run_goes_on_and_pauses_by_space_and_ends_with_a_word(tmp_path: Path) -> None:
    path = a_session(tmp_path, pending=3)
    async with app_on(path) as (app, pilot):
        assert "paused" in screen_text(app)
        await press(pilot, "space")
        await until(pilot, lambda: "finished" in screen_text(app))
        with Session.open(path, write=False) as session:
            assert session.status().pending == 0
        await until(pilot, lambda: "All 5 chunks are cleaned" in told(app))
        await press(pilot, "space")
        assert "Nothing is left to clean" in told(app)


@piloted
async def test_a_model_is_chosen_for_what_comes(tmp_path: Path, embedded_model: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "m")
        assert isinstance(app.screen, Choose)
        assert "smollm2-135m" in screen_text(app)
        await press(pilot, "enter")
        await until(pilot, lambda: "for the next document" in told(app))
        assert app.config().engine.model == ""
        await press(pilot, "R")
        await until(pilot, lambda: isinstance(app.screen, RetryForm))
        assert "‹ smollm2-135m ›" in screen_text(app)
        await press(pilot, "escape", "m", "G", "down", "enter", *"/nowhere.gguf", "enter")
        await until(pilot, lambda: "no model file /nowhere.gguf" in told(app))
        assert app.config().engine.model == ""


@piloted
async def test_settings_open_from_the_proof(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "S")
        assert isinstance(app.screen, SettingsScreen)
        await press(pilot, "q")
        assert isinstance(app.screen, Proof)


@piloted
async def test_leaving_goes_to_the_desk_and_lets_the_session_go(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "q")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        Session.open(path).close()


@pytest.mark.parametrize(("key", "left"), [("s", "desk"), ("l", "app"), ("escape", None)])
def test_leaving_a_run_asks_whether_to_stop_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, left: str | None
) -> None:
    @piloted
    async def try_it() -> None:
        path = rewriting(tmp_path)
        monkeypatch.setattr(jobs, "make_engine", lambda model, config, chunking: Slow())
        monkeypatch.setattr(jobs, "session_model", lambda session, config, fetch: MODEL)
        async with app_on(path) as (app, pilot):
            await press(pilot, "space")
            await until(pilot, lambda: proof_of(app).chunks.in_hand)
            await press(pilot, "ctrl+q" if key == "l" else "q")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            assert "0 of 5 chunks are done and saved" in screen_text(app)
            await press(pilot, key)
            if left == "desk":
                await until(pilot, lambda: isinstance(app.screen, Desk))
            elif left == "app":
                await until(pilot, lambda: app.return_value == 0)
            else:
                assert proof_of(app).runner.going
                await press(pilot, "space")
        Session.open(path).close()

    try_it()


@piloted
async def test_the_text_of_a_running_chunk_streams_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rewriting(tmp_path)
    monkeypatch.setattr(jobs, "make_engine", lambda model, config, chunking: Slow())
    monkeypatch.setattr(jobs, "session_model", lambda session, config, fetch: MODEL)
    async with app_on(path) as (app, pilot):
        await press(pilot, "j", "j", "space")
        await until(pilot, lambda: "word by word" in screen_text(app))
        assert list(proof_of(app).chunks.in_hand) == [2], "the chunk in view is cleaned first"
        assert "being cleaned in rewrite, 3 tokens" in screen_text(app)
        assert "▸" in screen_text(app)


@piloted
async def test_a_retry_from_the_attempts_comes_in_beside_the_others(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "o")
        await until(pilot, lambda: isinstance(app.screen, AttemptsScreen))
        await press(pilot, "R")
        await until(pilot, lambda: isinstance(app.screen, RetryForm))
        await press(pilot, "enter")
        await until(pilot, lambda: "2 attempts" in screen_text(app))
        assert "● counts · rules" in screen_text(app)


@piloted
async def test_a_session_that_is_open_elsewhere_is_said_to_be_and_the_desk_stays(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    with Session.open(path):
        async with app_on() as (app, pilot):
            desk = app.screen
            assert isinstance(desk, Desk)
            await until(pilot, lambda: "open elsewhere" in screen_text(app))
            await press(pilot, "tab", "enter")
            await until(pilot, lambda: "process" in told(app))
            assert isinstance(app.screen, Desk)


@piloted
async def test_a_full_disk_is_told_and_the_app_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from galley.core.errors import StorageError

    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):

        def full(*given: object, **named: object) -> None:
            raise StorageError("The disk is full.", "Free some space.")

        monkeypatch.setattr(proof_of(app).session, "decide", full)
        await press(pilot, "a")
        assert "The disk is full.\nFree some space." in told(app)
        monkeypatch.undo()
        await press(pilot, "a")
    assert decisions(path)[0] == "accepted"
