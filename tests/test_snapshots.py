"""Pictures of the screens, compared with those that were looked at. After a change that is meant:
`pytest tests/test_snapshots.py --snapshot-update`, and look at them again."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from making import attempt
from piloting import AppPilot, a_session, proof_of, until

from galley.core.config_write import set_values
from galley.core.paths import config_file
from galley.core.session import Session
from galley.tui.app import GalleyApp
from galley.tui.screens.desk import Desk
from galley.tui.screens.proof import Proof
from galley.tui.screens.start import StartScreen

Compare = Callable[..., bool]
SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 50)


def picture(compare: Compare, path: Path, size: tuple[int, int], *keys: str) -> bool:
    """The proof of a session after some keys."""
    app = GalleyApp(str(path), folder=Path.cwd())

    async def before(pilot: AppPilot) -> None:
        await until(pilot, lambda: isinstance(app.screen, Proof))
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await until(pilot, lambda: proof_of(app).is_mounted)

    return compare(app, terminal_size=size, run_before=before)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return a_session(tmp_path)


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", ["inline", "side"])
def test_proof(snap_compare: Compare, session: Path, size: tuple[int, int], view: str) -> None:
    keys = ("right_square_bracket",) if view == "inline" else ("d", "right_square_bracket")
    assert picture(snap_compare, session, size, *keys)


@pytest.mark.parametrize("theme", ["galley-light", "high-contrast", "colour-blind", "ansi"])
def test_theme(snap_compare: Compare, session: Path, theme: str) -> None:
    set_values(config_file(), {"ui.theme": theme})
    assert picture(snap_compare, session, SMALL, "a", "k")


def test_no_color(snap_compare: Compare, session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(snap_compare, session, SMALL, "a", "k")


@pytest.mark.parametrize("view", ["inline", "side"])
def test_wide_and_combining_characters(snap_compare: Compare, session: Path, view: str) -> None:
    keys = ("j", "j") if view == "inline" else ("j", "j", "d")
    assert picture(snap_compare, session, MIDDLE, *keys)


def test_a_failed_chunk(snap_compare: Compare, session: Path) -> None:
    assert picture(snap_compare, session, SMALL, "j", "j", "j")


def test_attempts(snap_compare: Compare, session: Path) -> None:
    with Session.open(session) as opened:
        opened.add_attempt(attempt(0, "Quite another text.", mode="rewrite", seed=7, edits=()), choose=False)
    assert picture(snap_compare, session, MIDDLE, "o")


def test_help(snap_compare: Compare, session: Path) -> None:
    assert picture(snap_compare, session, SMALL, "question_mark")


def test_an_empty_desk(snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    app = GalleyApp(folder=Path("empty"))

    async def before(pilot: AppPilot) -> None:
        await until(pilot, lambda: isinstance(app.screen, Desk) and app.screen.sessions.loaded)

    assert snap_compare(app, terminal_size=SMALL, run_before=before)


def test_what_would_happen_to_a_file(
    snap_compare: Compare, tmp_path: Path, sample_pdf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "papers").mkdir()
    shutil.copy(sample_pdf, "papers/sample.pdf")
    set_values(config_file(), {"clean.mode": "rules"})
    app = GalleyApp("papers/sample.pdf", folder=Path("papers"))

    async def before(pilot: AppPilot) -> None:
        await until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.ready)

    assert snap_compare(app, terminal_size=SMALL, run_before=before)
