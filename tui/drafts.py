"""Texts that a person was typing when the app ended, kept with the session until they are taken or thrown away.

A decision is on disk before the cursor moves; a text of half an hour that nobody has kept yet was not. A dead
connection, a closed window and a kill now cost what was typed in the last second.
"""

from ..core.session import Session

NAME = "draft-"
"""Of the place that a session keeps for its front, with the chunk's index behind it."""


def draft_of(session: Session, index: int) -> str:
    """What was being typed for a chunk; empty when nothing was."""
    return session.place().get(f"{NAME}{index}", "")


def keep(session: Session, index: int, text: str) -> None:
    """Keep a text for the next time; an empty one drops what was kept. Raises StorageError."""
    if text or draft_of(session, index):
        session.keep_place({f"{NAME}{index}": text.encode(errors="replace").decode()})


def left(session: Session) -> list[int]:
    """Chunks with a text that nobody took or threw away, ascending."""
    kept = ((name.removeprefix(NAME), text) for name, text in session.place().items() if name.startswith(NAME))
    return sorted(int(number) for number, text in kept if text and number.isdecimal())
