"""What a batch tells whoever watches it. Values only, named in the past tense; told from several threads."""

from dataclasses import dataclass

from ..events import ServerWaited
from .records import Outcome


@dataclass(frozen=True, slots=True)
class DocumentBegun:
    """A document's turn has come."""

    number: int
    name: str
    holder: str = ""
    """On a cluster, the process that has it in hand, in words."""


@dataclass(frozen=True, slots=True)
class DocumentMoved:
    """So much of a document is done."""

    number: int
    counted: str
    """`pages` while it is read, `chunks` while it is cleaned."""
    done: int
    total: int
    tokens_per_second: float = 0.0
    """Read and written by the model for this document."""


@dataclass(frozen=True, slots=True)
class DocumentTakenOver:
    """The process that had it in hand was lost, with its node or alone, and another one goes on with it."""

    number: int
    name: str
    how: str
    """Which was lost, how far it was, and which goes on, in words."""


@dataclass(frozen=True, slots=True)
class DocumentFinished:
    """Its text is in place, or its rows can be had."""

    number: int
    name: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class DocumentUnchanged:
    """It was done by an earlier call and nothing has changed since."""

    number: int
    name: str
    failed: str = ""
    """Why it failed then; empty when it did not."""


@dataclass(frozen=True, slots=True)
class DocumentFailed:
    """It was set aside; the others go on."""

    number: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentDropped:
    """The batch was stopped before it was finished; it goes on there next time."""

    number: int


Event = (
    DocumentBegun
    | DocumentMoved
    | DocumentTakenOver
    | DocumentFinished
    | DocumentUnchanged
    | DocumentFailed
    | DocumentDropped
    | ServerWaited
)
