"""The desk: files and sessions, what would happen to a file, and settings, by keys alone."""

import os
import shutil
import tomllib
from pathlib import Path

import pytest
from making import attempt
from piloting import a_session, app_on, piloted, press, proof_of, screen_text, told, until
from textual.widgets import Input

from galley.core.config_write import set_values
from galley.core.paths import config_file, sessions_dir
from galley.core.session import Session
from galley.tui.app import GalleyApp
from galley.tui.screens.desk import Desk
from galley.tui.screens.dialogs import Choose, Confirm, Prompt
from galley.tui.screens.proof import Proof
from galley.tui.screens.settings import SettingsScreen
from galley.tui.screens.start import StartScreen
from galley.tui.widgets.form import Form


@pytest.fixture
def papers(tmp_path: Path, sample_pdf: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "inner").mkdir(parents=True)
    shutil.copy(sample_pdf, folder / "sample.pdf")
    (folder / "notes.txt").write_text("A note of three sentences. It is short. It ends.\n")
    (folder / "picture.png").write_bytes(b"x")
    (folder / ".secret.pdf").write_bytes(b"x")
    (folder / "bad\x1b[31mname.txt").write_text("text")
    return folder


def desk_of(app: GalleyApp) -> Desk:
    assert isinstance(app.screen, Desk)
    return app.screen


@piloted
async def test_the_desk_shows_inputs_only_and_hidden_ones_when_asked(papers: Path) -> None:
    async with app_on(folder=papers) as (app, pilot):
        await until(pilot, lambda: "sample.pdf" in screen_text(app))
        shown = screen_text(app)
        assert "inner/" in shown
        assert "picture.png" not in shown
        assert ".secret.pdf" not in shown
        assert "bad·[31mname.txt" in shown, "a file's name can't paint"
        await press(pilot, "full_stop")
        await until(pilot, lambda: ".secret.pdf" in screen_text(app))


@piloted
async def test_a_first_enter_opens_the_first_file_and_folds_nothing_away(papers: Path) -> None:
    shutil.rmtree(papers / "inner")
    async with app_on(folder=papers) as (app, pilot):
        await until(pilot, lambda: "sample.pdf" in screen_text(app))
        await until(pilot, lambda: desk_of(app).files.current == papers / "bad\x1b[31mname.txt")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))


@piloted
async def test_the_file_under_the_cursor_tells_its_size_and_pages(papers: Path) -> None:
    async with app_on(folder=papers) as (app, pilot):
        await until(pilot, lambda: "sample.pdf" in screen_text(app))
        await press(pilot, "slash", *"sam", "escape")
        await until(pilot, lambda: "4 pages" in screen_text(app))


@piloted
async def test_folders_are_gone_through_up_home_and_back_to_recent_ones(
    papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_session(tmp_path)
    monkeypatch.setenv("HOME", str(papers / "inner"))
    async with app_on(folder=papers) as (app, pilot):
        desk = desk_of(app)
        await until(pilot, lambda: desk.sessions.current)
        await press(pilot, "tilde")
        assert desk.files.path == papers / "inner"
        await press(pilot, "backspace")
        assert Path(desk.files.path) == papers
        await press(pilot, "b")
        assert isinstance(app.screen, Choose)
        await press(pilot, "enter")
        assert Path(desk.files.path) == tmp_path


@piloted
async def test_a_file_says_what_would_happen_and_is_cleaned_on_enter(papers: Path) -> None:
    async with app_on(folder=papers) as (app, pilot):
        await until(pilot, lambda: "notes.txt" in screen_text(app))
        await press(pilot, "slash", *"notes", "enter")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        await until(pilot, lambda: "1 page, 48 characters, 1 chunk" in screen_text(app))
        await press(pilot, "right")
        await until(pilot, lambda: "rules: repairs alone, without a model" in screen_text(app))
        assert "not known yet" in screen_text(app)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Proof))
        await until(pilot, lambda: "finished" in screen_text(app))
        await press(pilot, "q")
        await until(pilot, lambda: isinstance(app.screen, Desk))
        await until(pilot, lambda: "notes.txt" in screen_text(app) and "1/1" in screen_text(app))
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        await press(pilot, "right")
        await until(pilot, lambda: "It was begun before: 1 of 1 chunks are done" in screen_text(app))
        assert "Enter opens it" in screen_text(app)
        assert "as measured on this machine" not in screen_text(app), "nothing is left that would take time"
        await press(pilot, "escape")
        assert isinstance(app.screen, Desk)


@piloted
async def test_a_second_enter_opens_nothing_twice(papers: Path) -> None:
    async with app_on(folder=papers) as (app, pilot):
        await until(pilot, lambda: "notes.txt" in screen_text(app))
        desk = desk_of(app)
        desk.open_file(papers / "notes.txt")
        desk.open_file(papers / "notes.txt")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        assert sum(isinstance(screen, StartScreen) for screen in app.screen_stack) == 1
        await press(pilot, "escape")
        path = a_session(papers)
        desk.open_session(path)
        desk.open_session(path)
        await until(pilot, lambda: isinstance(app.screen, Proof))
        await until(pilot, lambda: not [w for w in desk.workers if w.group == "opening" and not w.is_finished])
        assert "open elsewhere" not in told(app)
        assert sum(isinstance(screen, Proof) for screen in app.screen_stack) == 1


@piloted
async def test_a_name_that_is_not_there_opens_nothing(papers: Path) -> None:
    async with app_on(folder=papers) as (app, pilot):
        await until(pilot, lambda: "notes.txt" in screen_text(app))
        await press(pilot, "slash", *"zebra", "enter")
        assert "Nothing here is called zebra" in told(app)
        assert isinstance(app.screen, Desk)


@piloted
async def test_beginning_anew_keeps_the_old_session_aside(papers: Path) -> None:
    set_values(config_file(), {"clean.mode": "rules"})
    async with app_on(papers / "notes.txt") as (app, pilot):
        for fresh in (False, True):
            await until(pilot, lambda: isinstance(app.screen, StartScreen))
            await until(pilot, lambda: "chunk" in screen_text(app))
            await press(pilot, "F" if fresh else "enter")
            await until(pilot, lambda: isinstance(app.screen, Proof))
            await until(pilot, lambda: "finished" in screen_text(app))
            await press(pilot, "q")
            await until(pilot, lambda: isinstance(app.screen, Desk))
            if not fresh:
                desk_of(app).open_file(papers / "notes.txt")
        names = sorted(path.name for path in sessions_dir().glob("*.galley"))
        assert len(names) == 2
        assert any(".old1." in name for name in names)


@piloted
async def test_a_locked_pdf_asks_for_its_password_and_says_when_it_is_wrong(tmp_path: Path) -> None:
    locked = Path(__file__).parent / "data" / "encrypted.pdf"
    async with app_on(locked) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await press(pilot, *"wrong", "enter")
        await until(pilot, lambda: isinstance(app.screen, Prompt) and "does not open" in screen_text(app))
        assert app.screen.query_one(Input).password
        await press(pilot, "escape")
        await until(pilot, lambda: isinstance(app.screen, Desk))


@pytest.mark.parametrize("name", ["damaged.pdf", "no_text_layer.pdf"])
def test_a_bad_file_is_a_sentence_and_the_desk_is_there_again(name: str) -> None:
    @piloted
    async def try_it() -> None:
        async with app_on(Path(__file__).parent / "data" / name) as (app, pilot):
            await until(pilot, lambda: isinstance(app.screen, StartScreen))
            await until(pilot, lambda: name in screen_text(app) and "Reading" not in screen_text(app))
            await press(pilot, "enter")
            assert isinstance(app.screen, StartScreen), "there is nothing to start"
            await press(pilot, "escape")
            assert isinstance(app.screen, Desk)

    try_it()


@piloted
async def test_sessions_say_how_they_stand_and_what_became_of_their_files(tmp_path: Path) -> None:
    path = a_session(tmp_path, pending=2)
    with Session.open(path) as session:
        session.begin_run("", "")
        session.decide(0, "accepted")
    async with app_on() as (app, pilot):
        await until(pilot, lambda: "paper.pdf rules 3/5 !1 ✎1" in screen_text(app))
        assert "interrupted" in screen_text(app)
        (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.4 another")
        await press(pilot, "f5")
        await until(pilot, lambda: "file changed" in screen_text(app))
        (tmp_path / "paper.pdf").unlink()
        await press(pilot, "f5")
        await until(pilot, lambda: "file gone" in screen_text(app))
        await press(pilot, "tab", "down", "up", "enter")
        await until(pilot, lambda: isinstance(app.screen, Proof))
        assert "is gone; the session goes on" in told(app)


@piloted
async def test_a_broken_session_is_a_line_and_opens_nothing(tmp_path: Path) -> None:
    sessions_dir().mkdir(parents=True)
    (sessions_dir() / "broken-1-2.galley").write_bytes(b"no session at all")
    async with app_on() as (app, pilot):
        await until(pilot, lambda: "broken-1-2" in screen_text(app))
        await press(pilot, "tab", "enter")
        assert isinstance(app.screen, Desk)


@piloted
async def test_a_session_is_deleted_after_a_question(tmp_path: Path) -> None:
    path = a_session(tmp_path)
    async with app_on() as (app, pilot):
        await until(pilot, lambda: "paper.pdf" in screen_text(app))
        await press(pilot, "X")
        assert "Put the cursor on a session first" in told(app)
        await press(pilot, "tab", "X")
        assert isinstance(app.screen, Confirm)
        await press(pilot, "n")
        assert path.exists()
        await press(pilot, "X", "y")
        await until(pilot, lambda: not path.exists())


@piloted
async def test_q_on_the_desk_leaves_with_code_0() -> None:
    app = GalleyApp(folder=Path(os.environ["GALLEY_HOME"]))
    async with app.run_test() as pilot:
        await press(pilot, "q")
    assert app.return_value == 0


@piloted
async def test_a_wrong_config_is_told_with_its_file_and_key_and_the_app_opens() -> None:
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text('[ui]\ntheme = "nosuch"\n[clean]\nmoed = "rules"\n[keys]\naccep = "z"\naccept = "x"\n')
    async with app_on() as (app, pilot):
        await until(pilot, lambda: "clean.moed" in told(app))
        assert "Did you mean clean.mode?" in told(app)
        assert "no theme 'nosuch'" in told(app)
        assert "did you mean accept?" in told(app)
        assert "x already is keep_source" in told(app)


@piloted
async def test_settings_are_written_with_comments_kept_and_said_when_they_hold(tmp_path: Path) -> None:
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text("# mine\n[clean]\nretries = 2 # twice\n")
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "S")
        assert isinstance(app.screen, SettingsScreen)
        await press(pilot, "right")
        await until(pilot, lambda: "clean.mode: written; holds for the next document" in screen_text(app))
        form = app.screen.query_one(Form)
        while form.current.key != "ui.theme":
            await press(pilot, "down")
        before = app.theme
        await press(pilot, "right")
        await until(pilot, lambda: "ui.theme: written; holds at once" in screen_text(app))
        assert app.theme != before
        while form.current.key != "keys.accept":
            await press(pilot, "down")
        await press(pilot, "enter", "backspace", "x", "enter")
        await until(pilot, lambda: "x already is keep_source" in screen_text(app))
        await press(pilot, "enter", "backspace", "z", "enter")
        await until(pilot, lambda: "keys.accept: written; holds at once" in screen_text(app))
        await press(pilot, "escape", "z")
        assert proof_of(app).session.row(0).decision == "accepted"
    text = config_file().read_text()
    assert "# mine" in text
    assert "# twice" in text
    assert tomllib.loads(text)["keys"] == {"accept": "z"}


@piloted
async def test_a_setting_that_the_environment_overrides_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLEY_CLEAN_MODE", "rules")
    async with app_on(a_session(tmp_path)) as (app, pilot):
        await press(pilot, "S", "right")
        await until(pilot, lambda: "GALLEY_CLEAN_MODE goes over it" in screen_text(app))


@piloted
async def test_a_theme_of_ones_own_is_worn_when_it_is_saved_and_a_broken_one_told(tmp_path: Path) -> None:
    folder = Path(os.environ["GALLEY_HOME"]) / "themes"
    folder.mkdir(parents=True)
    ours = (Path(__file__).parent.parent / "themes" / "galley-dark.toml").read_text()
    set_values(config_file(), {"ui.theme": "mine"})
    async with app_on() as (app, pilot):
        assert app.theme == "galley-dark"
        (folder / "mine.toml").write_text(ours.replace('"galley-dark"', '"mine"'))
        app._look_for_themes()
        await pilot.pause()
        assert app.theme == "mine"
        (folder / "mine.toml").write_text("name = ")
        app._look_for_themes()
        await pilot.pause()
        assert "mine.toml" in told(app)
        assert app.is_running


@piloted
async def test_a_path_with_escape_codes_paints_nothing_anywhere(tmp_path: Path) -> None:
    folder = tmp_path / "pa\x1b[31mpers"
    folder.mkdir()
    (folder / "no\x1b]0;te\x07s.txt").write_text("A note of three sentences. It is short. It ends.\n")
    set_values(config_file(), {"clean.mode": "rules"})
    seen = ""
    async with app_on(folder / "no\x1b]0;te\x07s.txt", folder=folder) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.ready)
        seen += screen_text(app)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Proof) and "finished" in screen_text(app))
        seen += screen_text(app)
        (folder / "no\x1b]0;te\x07s.txt").unlink()
        await press(pilot, "q")
        await until(pilot, lambda: "file gone" in screen_text(app))
        await press(pilot, "tab", "enter")
        await until(pilot, lambda: "is gone; the session goes on" in told(app))
        seen += screen_text(app) + told(app)
    assert "no·]0;te·s" in seen
    assert not [char for char in seen if not char.isprintable() and char != "\n"]


@piloted
async def test_escape_on_the_desk_says_what_leaves_and_q_leaves(papers: Path) -> None:
    async with app_on(folder=papers) as (app, pilot):
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, Desk), "one Esc too many on the way back ends nothing"
        assert "q leaves Galley." in told(app)
        assert "q Quit" in screen_text(app)
        await press(pilot, "q")
        await until(pilot, lambda: app.return_code == 0)


@piloted
async def test_a_rewrite_by_a_small_model_is_said_to_be_no_good_before_it_begins(
    papers: Path, embedded_model: Path
) -> None:
    async with app_on(folder=papers, target=papers / "notes.txt") as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.ready)
        assert "It is small for that" not in screen_text(app)
        await press(pilot, "left")
        await until(pilot, lambda: "rewrite with smollm2-135m" in screen_text(app))
        assert "It is small for that" in screen_text(app)


@piloted
async def test_of_a_document_that_was_begun_the_time_of_the_rest_is_said(papers: Path) -> None:
    set_values(config_file(), {"clean.mode": "rules"})
    async with app_on(folder=papers, target=papers / "sample.pdf") as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.ready)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, Proof) and "finished" in screen_text(app))
        await press(pilot, "q")
    (path,) = sessions_dir().glob("*.galley")
    with Session.open(path) as session:
        session.add_attempt(attempt(3, "", flags=(), edits=(), error="died"), choose=False, state="pending")
    async with app_on(folder=papers, target=papers / "sample.pdf") as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.ready)
        assert "for the rest" in screen_text(app), screen_text(app)
        assert "11 of 12 chunks are done" in screen_text(app)
        assert "Enter goes on" in screen_text(app)
