"""Sessions: one SQLite file that holds a document, its chunks, attempts and decisions."""

from .listing import list_sessions, resolve
from .names import SUFFIX, find_session, remove, set_aside
from .records import Attempt, ChunkRecord, Decision, Result, Row, SessionDocument, SessionStatus, SessionSummary
from .store import Session

__all__ = [
    "SUFFIX",
    "Attempt",
    "ChunkRecord",
    "Decision",
    "Result",
    "Row",
    "Session",
    "SessionDocument",
    "SessionStatus",
    "SessionSummary",
    "find_session",
    "list_sessions",
    "remove",
    "resolve",
    "set_aside",
]
