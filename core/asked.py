"""An attempt that a person asks for while a run may be under way, and whether it counts when it comes in."""

from dataclasses import dataclass
from typing import Protocol

from .clean.cleaner import Cleaner
from .clean.policy import Step
from .engine.base import Engine
from .session import Decision


@dataclass(frozen=True, slots=True)
class Asked:
    """Made once, with what they chose, and chosen when there is an output and nothing said that it must not be."""

    chunk: int
    step: Step
    cleaner: Cleaner
    engine: Engine | None
    prompt: str
    """The prompt's name; empty where none is used."""
    said: Decision | None = None
    """What had been said of the chunk when it was asked for."""

    def counts(self, now: Decision | None) -> bool:
        """Whether it may take the place of what is said of the chunk by now.

        Not of a text that a person wrote, nor of what they decided while it was being made: neither may go by itself.
        """
        return now is None or (now.kind != "edited" and now == self.said)


class Requests(Protocol):
    """Attempts that a person asks for while a run is under way."""

    def waiting(self) -> bool:
        """Whether there is one to take."""
        ...

    def take(self) -> Asked | None:
        """The next one; None when it turned out to be impossible, which the taker need not report."""
        ...
