"""Where Galley's files lie, and who may enter."""

from pathlib import Path

import pytest

from galley.core import paths
from galley.core.doctor.examine import folder_finding
from galley.core.errors import StorageError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GALLEY_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_galley_home_moves_everything(home: Path) -> None:
    assert paths.config_dir() == home
    assert paths.config_file() == home / "config.toml"
    assert paths.sessions_dir() == home / "sessions"
    assert paths.cache_dir() == home / "cache"
    assert paths.log_dir() == home / "log"


def test_without_it_the_systems_folders_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GALLEY_HOME", raising=False)
    monkeypatch.delenv("GALLEY_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folders = {paths.config_dir(), paths.cache_dir(), paths.log_dir()}
    assert len(folders) == 3
    assert all("galley" in folder.parts for folder in folders)
    assert paths.sessions_dir().parent == paths.config_file().parent == paths.config_dir()


def test_a_new_folder_is_its_owners_alone_and_so_are_those_made_on_the_way(tmp_path: Path) -> None:
    assert mode(paths.private_dir(tmp_path / "a" / "b")) == 0o700
    assert mode(tmp_path / "a") == 0o700


def test_a_home_that_galley_made_is_private_and_no_reason_for_advice(home: Path) -> None:
    paths.private_dir(paths.sessions_dir())
    finding = folder_finding("config", paths.config_dir())
    assert mode(home) == 0o700
    assert (finding.state, finding.advice) == ("ok", "")


def test_a_folder_of_ours_is_closed_when_others_can_enter(home: Path) -> None:
    (home / "sessions").mkdir(parents=True, mode=0o755)
    assert mode(paths.private_dir(home / "sessions")) == 0o700


def test_a_folder_of_the_users_keeps_its_mode(home: Path, tmp_path: Path) -> None:
    for theirs in (tmp_path / "project", home):
        theirs.mkdir()
        theirs.chmod(0o755)
        assert mode(paths.private_dir(theirs)) == 0o755


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="can't be made"):
        paths.private_dir(tmp_path / "file" / "sessions")
