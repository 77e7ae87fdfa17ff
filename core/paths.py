"""Where Galley keeps its files. `GALLEY_HOME` moves everything of ours under one folder."""

import os
from pathlib import Path

import platformdirs

from .errors import StorageError

APP = "galley"
PRIVATE = 0o700


def home() -> Path | None:
    """The folder that GALLEY_HOME names, or None."""
    value = os.environ.get("GALLEY_HOME", "")
    return expanded(value) if value else None


def expanded(name: str | os.PathLike[str]) -> Path:
    """`name` with a user's home in place of its ~; as it is where there is no such user."""
    return Path(os.path.expanduser(name))


def config_dir() -> Path:
    """Settings, prompts, themes and sessions."""
    return home() or platformdirs.user_config_path(APP)


def config_file() -> Path:
    """The settings; `GALLEY_CONFIG` names another file."""
    value = os.environ.get("GALLEY_CONFIG", "")
    return expanded(value) if value else config_dir() / "config.toml"


def sessions_dir() -> Path:
    return config_dir() / "sessions"


def cache_dir() -> Path:
    """What can be fetched again: models."""
    base = home()
    return base / "cache" if base else platformdirs.user_cache_path(APP)


def log_dir() -> Path:
    base = home()
    return base / "log" if base else platformdirs.user_log_path(APP)


def private_dir(path: Path) -> Path:
    """Make `path` (and its parents), for its owner alone, and close one of ours that others can enter.

    A folder that was there and is not ours keeps its mode: `--session-dir .` must not shut a project to its group.
    Raises StorageError.
    """
    try:
        for parent in reversed(path.parents):  # mkdir would make them, but for everybody
            if not parent.exists():
                parent.mkdir(exist_ok=True, mode=PRIVATE)
        path.mkdir(exist_ok=True, mode=PRIVATE)
        if path.stat().st_mode & 0o077 and is_ours(path):
            path.chmod(PRIVATE)
    except OSError as error:
        raise StorageError(
            f"The folder {path} can't be made or used: {error.strerror}.",
            "Set GALLEY_HOME to a folder you own.",
        ) from error
    return path


def is_ours(path: Path) -> bool:
    """Whether `path` is or lies in a folder of Galley's own; GALLEY_HOME itself is the user's."""
    resolved = path.resolve()
    base = home()
    if base is not None:
        return base.resolve() in resolved.parents
    return any(resolved.is_relative_to(folder.resolve()) for folder in (config_dir(), cache_dir(), log_dir()))
