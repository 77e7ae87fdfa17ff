"""The values of a batch: what is known of a document, and what came of it."""

from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

WAITING, CLEANED, DONE, FAILED = "waiting", "cleaned", "done", "failed"
"""`cleaned`: its session is finished, and its text or rows are still to be written."""
UNMEANT = "unmeant"
"""In place of the digest of settings: the input meant no document when it was given, so there is nothing to try."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of cleaning a document, as its session says it."""

    sha256: str
    digest: str
    """Of the settings that shaped the text, and the model."""
    session: str
    """Path of the session file."""
    mode: str
    pages: int
    chunks: int
    failed: int
    """Chunks that were given up."""
    flagged: int
    """Chunks with a flag of severity `warning` or `error`."""
    flags: dict[str, int] = field(default_factory=dict[str, int])
    """Chunks by flag, most frequent first."""
    skipped: tuple[tuple[int, str], ...] = ()
    """(page, reason)."""
    notes: tuple[str, ...] = ()
    characters: int = 0
    """Of the cleaned text."""
    tokens: int = 0
    """Read and written by the model in all runs, cached ones left out."""
    seconds: float = 0.0
    """From its turn to its end, in this call."""
    pending: int = 0
    """Chunks that are not cleaned: the document was interrupted."""
    replaced: str = ""
    """Path of the session whose text stood in the place before; empty where there was none of another."""
    stamp: str = ""
    """What an address said of itself when it was fetched; empty for files."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> "Outcome":
        values = dict(raw)
        values["skipped"] = tuple((int(page), str(reason)) for page, reason in raw["skipped"])
        values["notes"] = tuple(raw["notes"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Record:
    """A document of a batch, as its ledger has it."""

    number: int
    source: str
    output: str
    """Its text's place without a suffix, relative to the batch's folder; no other document has it."""
    settings: dict[str, str]
    password_env: str
    state: str
    """`waiting`, `cleaned`, `done` or `failed`."""
    reason: str
    """Why it failed."""
    stamp: str
    """What changes when the file does, as it was when the document was cleaned."""
    digest: str
    """Of the settings it was cleaned with; empty before."""
    part: str
    """The data set's part that its rows are in; empty where there is none."""
    outcome: Outcome | None

    @property
    def troubled(self) -> bool:
        """Whether it, or a chunk of it, failed."""
        return self.state == FAILED or bool(self.outcome and self.outcome.failed)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the documents of a call, or of the whole folder."""

    documents: int = 0
    done: int = 0
    failed: int = 0
    waiting: int = 0
    pages: int = 0
    chunks: int = 0
    failed_chunks: int = 0
    flagged: int = 0
    tokens: int = 0
    seconds: float = 0.0
    """Of work, all documents one after another."""


def file_stamp(path: Path) -> str:
    """Size, time and number of a file, which change when it is replaced. Raises OSError."""
    facts = path.stat()
    return f"{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ino}"


def inside(name: str) -> str:
    """A place that a row names, relative to the results. Raises ValueError where it leads out of them."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(name)
    return name
