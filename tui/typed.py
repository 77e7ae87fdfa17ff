"""Textual's app and worker by their own types: its annotations leave their parameters open."""

from typing import TYPE_CHECKING, cast

from textual.dom import DOMNode
from textual.worker import Worker
from textual.worker import get_current_worker as current  # pyright: ignore[reportUnknownVariableType]

if TYPE_CHECKING:
    from .app import GalleyApp


def galley_app(node: DOMNode) -> "GalleyApp":
    """The app that a screen or widget is in."""
    return cast("GalleyApp", node.app)  # pyright: ignore[reportUnknownMemberType]


def this_worker() -> Worker[None]:
    """The worker whose thread this is."""
    return cast(Worker[None], current())
