"""The proof while it is cleaned: attempts, runs, retries, models, leaving, and what goes wrong meanwhile."""

import asyncio
import time
from pathlib import Path

import pytest
from fake import FakeEngine
from making import attempt
from piloting import FIRST, SOURCES, a_session, app_on, decisions, piloted, press, proof_of, screen_text, told, until

from galley.core import job as jobs
from galley.core.clean.options import CleanOptions
from galley.core.engine.absence import TellWait
from galley.core.engine.base import RequestCancelled
from galley.core.events import Progress
from galley.core.session import Session
from galley.core.settings import RunSettings
from galley.tui import captions, keys
from galley.tui.app import GalleyApp
from galley.tui.screens.attempts import AttemptsScreen
from galley.tui.screens.desk import Desk
from galley.tui.screens.dialogs import Ask, Choose, RetryForm
from galley.tui.screens.proof import LOOKS_A_SECOND, Proof
from galley.tui.screens.settings import SettingsScreen
from galley.tui.widgets.form import Form

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
async def test_a_view_set_in_the_settings_holds_at_once_in_the_document_below(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "S", *["j"] * 12, "right")
        assert "ui.view: written; holds at once." in screen_text(app)
        await press(pilot, "j", "right", "q")
        assert (proof_of(app).diff.view, proof_of(app).diff.reflow) == ("side", False)


@piloted
async def test_the_settings_are_gone_through_by_pages_and_to_their_ends(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path), size=(80, 24)) as (app, pilot):
        await press(pilot, "S", "end")
        form = app.screen.query_one(Form)
        assert form.current.key == f"keys.{keys.COMMANDS[-1].id}"
        await press(pilot, "pageup", "pagedown")
        assert form.current.key == f"keys.{keys.COMMANDS[-1].id}"
        await press(pilot, "home")
        assert form.current.key == "clean.mode", "the first line is a heading"


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
async def test_a_chunk_that_is_cleaned_again_is_no_rest_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_session(tmp_path, settings=RunSettings(clean=CleanOptions(mode="rewrite")))
    monkeypatch.setattr(jobs, "make_engine", lambda model, config, chunking: Slow())
    monkeypatch.setattr(jobs, "session_model", lambda session, config, fetch: MODEL)
    async with app_on(path) as (app, pilot):
        await press(pilot, "r")
        await until(pilot, lambda: proof_of(app).chunks.in_hand)
        await until(pilot, lambda: "cleaning again · 5/5 done" in screen_text(app))


@piloted
async def test_a_server_that_is_waited_for_is_seen_to_be_and_so_is_its_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rewriting(tmp_path)
    heard: list[TellWait] = []
    monkeypatch.setattr(jobs, "make_engine", lambda model, config, chunking: Slow())
    monkeypatch.setattr(jobs, "session_model", lambda session, config, fetch: MODEL)
    monkeypatch.setattr(jobs, "tell_waits", lambda engine, tell: heard.append(tell))
    async with app_on(path) as (app, pilot):
        await press(pilot, "space")
        await until(pilot, lambda: "word by word" in screen_text(app))
        (tell,) = heard
        tell("The server can't be reached. It is waited for, up to 30 minutes.", True)
        await until(pilot, lambda: "waiting for the server" in screen_text(app))
        assert "up to 30 minutes" in told(app)
        tell("The server is back.", False)
        await until(pilot, lambda: "is back" in told(app))
        assert "waiting for the server" not in screen_text(app)


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


@piloted
async def test_keys_that_find_nothing_in_a_run_say_that_chunks_are_still_to_come(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path, pending=5)) as (app, pilot):
        await press(pilot, "right_square_bracket")
        assert "Chunk 1 is not cleaned yet: this is its source." in told(app)
        assert "Nothing was changed here" not in told(app)
        await press(pilot, "n")
        assert "Nothing else needs a look here yet: 5 chunks are still to be cleaned." in told(app)


@piloted
async def test_what_is_found_by_no_filter_leaves_no_change_of_another_chunk_behind(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        assert "goes to the first" in screen_text(app)
        await press(pilot, "slash", *"old model", "enter", "f")
        assert "Nothing fits the filter" in screen_text(app)
        assert "goes to the first" not in screen_text(app)


@piloted
async def test_the_end_of_a_run_says_what_writes_the_text(tmp_path: Path) -> None:
    path = a_session(tmp_path, pending=2, settings=RunSettings(clean=CleanOptions(mode="rules")))
    async with app_on(path) as (app, pilot):
        await press(pilot, "space")
        await until(pilot, lambda: "All 5 chunks are cleaned" in told(app))
        assert "w writes the text to a file." in told(app)


@piloted
async def test_notices_leave_the_status_and_the_keys_to_be_read(tmp_path: Path) -> None:
    app = GalleyApp(str(a_session(tmp_path)), folder=tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "goes to the first" in screen_text(app))
        before = screen_text(app).splitlines()[-3:]
        for _ in range(3):
            app.say("A notice of some words.", "warning")
        await until(pilot, lambda: screen_text(app).count("A notice of some words.") == 3)
        assert screen_text(app).splitlines()[-3:] == before


@piloted
async def test_the_answer_to_a_key_takes_the_place_of_the_one_before_and_of_no_warning(tmp_path: Path) -> None:
    app = GalleyApp(str(a_session(tmp_path)), folder=tmp_path)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "goes to the first" in screen_text(app))
        app.say("Something is wrong.", "warning")
        await press(pilot, "a", "u", "U", "u", "U")
        await until(pilot, lambda: "Done again: chunk 1." in screen_text(app))
        await until(pilot, lambda: "Undone" not in screen_text(app))
        assert screen_text(app).count("Done again") == 1
        assert "Something is wrong." in screen_text(app)
        await press(pilot, "question_mark")
        await until(pilot, lambda: "Something is wrong." in screen_text(app))
        assert "Done again" not in screen_text(app), "nothing lies over the help but what is wrong"


@piloted
async def test_an_attempt_asked_for_does_not_tell_once_more_that_all_is_cleaned(tmp_path: Path) -> None:
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "R", "enter")
        await until(pilot, lambda: "Chunk 1 was cleaned again in rules." in told(app))
        await until(pilot, lambda: not proof_of(app).busy)
        await asyncio.sleep(2 / LOOKS_A_SECOND)
        assert "All 5 chunks" not in told(app)


@piloted
async def test_attempts_say_that_a_persons_own_text_goes_before_them(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on(path) as (app, pilot):
        await press(pilot, "x", "g", "o")
        await until(pilot, lambda: "its source is kept" in screen_text(app))
        assert "○ chosen" in screen_text(app)
        assert "● counts" not in screen_text(app)
        await press(pilot, "enter")
        assert "u takes that back, and then this attempt counts." in told(app)
        assert decisions(path)[0] == "source"


@piloted
async def test_how_a_chunk_came_about_is_read_in_a_narrow_line(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    with Session.open(path) as session:
        why = "fallback: invented"
        made = attempt(0, SOURCES[0], mode="verbatim", reason=why, model="smollm2-135m.gguf", seconds=4.0)
        session.choose(0, session.add_attempt(made, choose=False))
        session.decide(0, "accepted")
    async with app_on(path, size=(80, 24)) as (app, _):
        assert "Chunk 1 · page 1 · accepted · verbatim · fallback" in screen_text(app)


def test_the_time_left_stands_within_eighty_cells() -> None:
    going = Progress(total=312, done=18, failed=0, flagged=0, seconds_left=721.0, tokens_per_second=114.0)
    engine = FakeEngine(lambda source, seed: source).start()
    words = captions.status(
        going, {"finished": 18, "to_see": 10, "decided": 11}, 312, "running", "verbatim smollm2-135m", engine
    )
    assert words.index("about 12 min left") + len("about 12 min left") < 45
    assert words.endswith(f"114 tokens/s · verbatim smollm2-135m on {engine.engine}")
