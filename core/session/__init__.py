"""Sessions: one SQLite file that holds a document, its chunks, attempts and decisions."""

from .check import Health, check
from .listing import list_sessions, matching, resolve
from .names import SUFFIX, find_session, remove, set_aside
from .records import Attempt, ChunkRecord, Decision, Result, Row, SessionDocument, SessionStatus, SessionSummary
from .salvage import Salvaged, salvage
from .store import Session

__all__ = [
    "SUFFIX",
    "Attempt",
    "ChunkRecord",
    "Decision",
    "Health",
    "Result",
    "Row",
    "Salvaged",
    "Session",
    "SessionDocument",
    "SessionStatus",
    "SessionSummary",
    "check",
    "find_session",
    "list_sessions",
    "matching",
    "remove",
    "resolve",
    "salvage",
    "set_aside",
]
