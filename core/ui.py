"""Settings of the app: how it looks and answers, never what it does to a text."""

from typing import Literal

from .options import Options


class UiOptions(Options):
    """How the app looks and answers."""

    theme: str = "galley-dark"
    """A theme of ours by name, or one in the config directory's themes folder."""
    keys: Literal["default", "vim", "emacs"] = "default"
    """Which keys the app begins with; the section `keys` changes single ones."""
    view: Literal["inline", "side", "result"] = "inline"
    """How a chunk is shown: its changes within one text, source and cleaned side by side, or the cleaned text alone."""
    reflow: bool = True
    """Changes of layout alone, such as lines that were joined, are shown too."""
    hidden: bool = False
    """The file browser shows files whose names begin with a dot."""
