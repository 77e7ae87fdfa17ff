"""The values a session gives out; nothing here touches the database."""

from dataclasses import dataclass, field
from pathlib import Path

from ..checks import Flag
from ..edits import Candidate, EditDecision


@dataclass(frozen=True, slots=True)
class Attempt:
    """One cleaning of one chunk, as it was made."""

    id: int
    """Given by the session when it is added; 0 before."""
    chunk: int
    mode: str
    reason: str
    """`first`, `retry: …` or `fallback: …`."""
    engine: str
    model: str
    prompt: str
    """The prompt's name; empty where none was used."""
    seed: int
    temperature: float
    output: str
    flags: tuple[Flag, ...]
    measures: dict[str, float]
    edits: tuple[EditDecision, ...]
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float
    started_at: str
    """ISO 8601, UTC."""
    error: str | None = None
    """Why there is no output."""
    died: bool = False
    """The worker process died during the attempt."""


@dataclass(frozen=True, slots=True)
class ChunkRecord:
    """A chunk and where it stands."""

    index: int
    """From 0."""
    source: str
    """Its part of the prepared text."""
    pages: tuple[int, int]
    """First and last page it has text of."""
    ends: str
    candidates: tuple[Candidate, ...]
    """Edits that the repairs left undecided; offsets in `source`."""
    state: str
    """`pending`, `done` or `failed`."""
    note: str
    """Why it failed."""
    chosen: int | None
    """Id of the attempt that counts."""
    decision: str | None
    """`accepted`, `edited`, `source`, or None."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a chunk."""

    chunk: ChunkRecord
    attempt: Attempt | None
    """The one that counts."""
    text: str | None
    """As it stands: a person's decision, else the attempt's output, else None."""


def text_by(chunk: ChunkRecord, decided: str | None, attempt: Attempt | None) -> str | None:
    """A chunk's text by precedence: a person's decision, else the attempt that counts, else None."""
    if chunk.decision == "edited":
        return decided
    if chunk.decision == "source":
        return chunk.source
    return attempt.output if attempt is not None else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a chunk, in full."""

    kind: str
    """`accepted`, `edited` or `source`."""
    text: str | None
    """The text of `edited`."""
    switched: tuple[int, ...]
    """Numbers of the attempt's edits that were switched by hand; how `edited` came about, where that was all."""
    attempt: int | None
    """Id of the attempt that it was said of."""


@dataclass(frozen=True, slots=True)
class Row:
    """A chunk in a list: what can be said of it without its texts."""

    index: int
    pages: tuple[int, int]
    state: str
    decision: str | None
    mode: str
    """Of the attempt that counts; empty without one."""
    errors: int
    warnings: int
    infos: int
    """Flags of the attempt that counts, by severity."""
    characters: int
    """Of the source."""

    @property
    def flagged(self) -> bool:
        """Whether a person should look: it failed, or there is a flag of severity `warning` or `error`."""
        return self.state == "failed" or bool(self.errors or self.warnings)

    @property
    def undecided(self) -> bool:
        """Finished, and nobody has said anything of it."""
        return self.decision is None and self.state != "pending"


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """Counts of chunks."""

    total: int
    done: int
    failed: int
    pending: int
    flagged: int
    """Chosen attempts with a flag of severity `warning` or `error`."""
    decided: int


@dataclass(frozen=True, slots=True)
class WorkDone:
    """What the runs of a session took; all 0 when one of them crashed, since its time is not known."""

    seconds: float
    """Wall time of all runs."""
    tokens: int
    """Read and written by the model, cached ones left out."""


@dataclass(frozen=True, slots=True)
class SessionDocument:
    """The document of a session, without its pages."""

    path: Path
    sha256: str
    kind: str
    page_count: int
    metadata: dict[str, str]
    notes: tuple[str, ...]
    skipped: tuple[tuple[int, str], ...]
    """(page, reason)."""
    counts: dict[str, int]
    """What the repairs did."""
    language: str
    characters: int
    """Length of the prepared text."""


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A line of a listing."""

    path: Path
    error: str | None = None
    """Why the file can't be used; the rest is empty then."""
    document_path: Path = field(default_factory=Path)
    sha256: str = ""
    mode: str = ""
    model: str = ""
    status: SessionStatus = SessionStatus(0, 0, 0, 0, 0, 0)
    touched: float = 0.0
    """When the file last changed, in seconds since 1970."""
    writer: str | None = None
    """The process that has it open for writing, in words."""
    interrupted: bool = False
    """Something is pending, and a run has begun."""
