"""`galley` alone and `galley review`: the app."""

import os
import sys
from pathlib import Path

import click

NO_TERMINAL = "The app needs a terminal. In a script use galley clean; galley --help lists the commands."


@click.command(
    epilog="""\b
Examples:
  galley review paper.pdf        what would happen, then clean and review it
  galley review paper-1a2b3c4d   go on with a session (see galley sessions)
  galley review clean/           the worst document of a batch; b goes on"""
)
@click.argument("target", metavar="INPUT|SESSION|DIR")
def review(target: str) -> int:
    """Open the app on INPUT, a PDF or text file, on a SESSION, or on the batch in DIR, the worst first."""
    return open_app(target)


def open_app(target: str = "") -> int:
    """Run the app; returns its exit code."""
    batch = batch_of(target) if target else None
    if batch is not None:
        from ..core.batch import worst

        target = str(worst(batch))
    if target:
        check(target)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(NO_TERMINAL)
    from ..tui.app import run

    return run(target, batch)


def batch_of(target: str) -> Path | None:
    """The folder that a batch was run into, where one was named."""
    from ..core.paths import expanded

    folder = expanded(target)
    return folder if os.path.isdir(folder) else None


def check(target: str) -> None:
    """Say that there is no such file or session before the screen is taken. Raises SessionError or ConfigError."""
    from ..core.paths import expanded, sessions_dir

    if os.path.isfile(expanded(target)):
        return
    from ..core.config import load_config
    from ..core.errors import SessionError
    from ..core.session import matching, resolve

    directory = load_config().session.folder or sessions_dir()
    if not os.path.exists(expanded(target)) and not matching(target, directory):
        raise SessionError(
            f"There is no file and no session {target!r}.", "galley sessions lists the sessions that there are."
        )
    resolve(target, directory)
