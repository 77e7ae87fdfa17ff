"""The proof: every key does what its help says, on a real session, and each decision is on disk."""

import os
import stat
from pathlib import Path

import pytest
from piloting import FIRST, SOURCES, a_session, app_on, decisions, piloted, press, proof_of, screen_text, told, until

from galley.core.clean.options import CleanOptions
from galley.core.export import write
from galley.core.session import Session
from galley.core.settings import RunSettings
from galley.tui import keys
from galley.tui.screens.dialogs import Ask, Confirm, WriteForm
from galley.tui.screens.edit import EditScreen
from galley.tui.screens.help import HelpScreen
from galley.tui.screens.proof import Proof


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
        proof.session.decide_all([1], "accepted")
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
        assert "change 1/2 · citation removed · t switches it · 90 % likely" in screen_text(app)
        await press(pilot, "t")
        with Session.open(path, write=False) as session:
            assert session.text_of(0) == SOURCES[0]
            assert session.row(0).decision == "edited"
        await press(pilot, "t")
        assert decisions(path)[0] is None
        await press(pilot, "right_square_bracket")
        assert "citation kept · t switches it · 45 % likely (uncertain)" in screen_text(app)
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
async def test_where_a_text_goes_is_readable_in_80_columns_however_deep_its_folder_lies(tmp_path: Path) -> None:
    deep = tmp_path / "a-folder-with-a-rather-long-name" / "another-folder-that-is-not-short"
    deep.mkdir(parents=True)
    async with app_on(a_session(deep), size=(80, 24)) as (app, pilot):
        await press(pilot, "w")
        assert "…" in screen_text(app)
        assert "/clean_paper.txt  " in screen_text(app)
        await press(pilot, "enter")
        await until(pilot, (deep / "clean_paper.txt").exists)
        await until(pilot, lambda: "clean_paper.txt" in told(app))
        (line,) = (line for line in told(app).splitlines() if line.endswith("/clean_paper.txt"))
        assert len(line) <= 36, "as wide as a notice is there"


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
async def test_help_says_what_the_marks_of_the_chunks_mean(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path), size=(80, 24)) as (app, pilot):
        assert "!1" in screen_text(app)
        await press(pilot, "question_mark")
        await until(pilot, lambda: "✗ failed; ‼ ! i with a number" in screen_text(app))
