"""What the two PDF libraries have in common here: how they fail, and the shape in which they are asked for text."""

from typing import Literal, Protocol

from .failures import quoted

LARGEST_PAGE = 5_000_000
"""Characters; a page of print has a few thousand, so more than that is an attack or an accident."""


class CannotOpen(Exception):
    """A library can't open the file: for want of a password, for its encryption, or since it is damaged."""

    def __init__(self, why: Literal["password", "encryption", "damaged"], detail: str = "") -> None:
        super().__init__(detail)
        self.why = why
        self.detail = detail


class CannotRead(Exception):
    """A library can't take a page's text; the message says why."""


class Reader(Protocol):
    """An open PDF. Page numbers count from 1."""

    name: str
    encrypted: bool
    page_count: int

    def text(self, number: int) -> str:
        """The page's raw text. Raises CannotRead."""
        ...

    def metadata(self) -> dict[str, str]: ...

    def close(self) -> None: ...


def describe(error: BaseException) -> str:
    """A library's exception in a few words that fit into a sentence."""
    if isinstance(error, MemoryError):
        return "it needs more memory than the limit"
    if isinstance(error, RecursionError):
        return "its objects are nested too deeply"
    text = quoted(str(error), 120).rstrip(".")
    if " " in text:
        return text[0].lower() + text[1:]
    return f"{type(error).__name__} {text}".rstrip()
