"""A text in the person's own editor, and what can be made of what the editor left behind."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import GalleyError
from ..core.extract.textfile import decode

FALLBACK_EDITOR = "vi"


@dataclass(frozen=True, slots=True)
class Edited:
    """What an editor made of a text."""

    text: str | None
    """None where there is none: the editor could not be started, or left no file of text."""
    doubt: str = ""
    """Why the text, if there is one, is not to be taken without a look."""


def edit_outside(name: str, text: str, suspended: Callable[[], AbstractContextManager[None]]) -> Edited:
    """Have `text` edited in $VISUAL or $EDITOR while the app is `suspended`; the file is private and gone afterwards.

    What the editor saved is never dropped here, though it ended with an error or wrote in another encoding.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or FALLBACK_EDITOR
    with tempfile.TemporaryDirectory(prefix="galley-") as folder:  # 0700
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8", newline="")
        try:
            code = run([*shlex.split(command), str(path)], suspended)
            after, notes = decode(path, path.read_bytes())
        except GalleyError as error:
            return Edited(None, f"{command} left no text: {error.message}")
        except (OSError, ValueError) as error:
            return Edited(None, f"{command} could not be used: {error}\nSet $EDITOR, or edit here with e.")
    after = after.replace("\r\n", "\n").rstrip("\n")
    if code:
        return Edited(after, f"{command} ended with code {code}")
    return Edited(after, f"{command} saved it in another encoding than UTF-8" if notes else "")


def run(command: list[str], suspended: Callable[[], AbstractContextManager[None]]) -> int:
    """The editor's exit code. Raises OSError when it can't be started, but only once the app is back: an error inside
    `suspended` would leave it without its terminal for good.
    """
    failed: OSError | None = None
    with suspended():
        try:
            return subprocess.run(command, check=False).returncode
        except OSError as error:
            failed = error
    raise failed
