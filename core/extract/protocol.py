"""What the extraction worker and its parent say to each other: one JSON object a line, one dataclass a message.

Both sides share these types, so that a message that changes changes on both ends.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from types import UnionType
from typing import Any, get_args, get_origin

PRELOAD = "preload"
"""To a worker that is started before it is known for which file: load the PDF libraries, then wait for the job."""

OFF_PAGE = "off the page"
"""Why a reader does not see characters that are left out whatever the settings say."""


@dataclass(frozen=True, slots=True)
class Job:
    """Parent to worker, first line. The password travels here and nowhere else."""

    path: str
    password: str | None
    extractor: str
    memory_mb: int
    avoid: list[str]
    """Opening steps (`pypdf`, `pdfium`, `repair`) that ended an earlier worker."""
    drop_unseen: bool = False
    """Leave text out that a reader of the page does not see."""


@dataclass(frozen=True, slots=True)
class Item:
    """A page to take, with the extractors to try in this order."""

    page: int
    extractors: list[str]
    compare: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """Parent to worker, from the second line on: pages to take, as `Item` objects in JSON form."""

    items: list[dict[str, Any]]

    @classmethod
    def of(cls, items: list[Item]) -> "Work":
        return cls([asdict(item) for item in items])

    def unpack(self) -> list[Item]:
        return [Item(**item) for item in self.items]


@dataclass(frozen=True, slots=True)
class Compare:
    """Parent to worker, when the pages are there: hold the other extractor's text of each against the one that was
    taken. It ends a `Work` that is still under way."""

    pages: list[tuple[int, str]]
    """Numbers, and which extractor's text was taken."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The worker begins a step of opening the file; if it dies now, this step is to blame."""

    name: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The file is open and its pages can be asked for."""

    kind: str
    sha256: str
    size: int
    page_count: int
    encrypted: bool
    extractors: list[str]
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    notes: list[str] = field(default_factory=list[str])
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """The file can't be used, for a reason the user can act on. `kind` is `input` or `password`."""

    kind: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Trying:
    page: int
    extractor: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A page's text, final; `removed` counts the control characters that were in it, `unseen` the characters that a
    reader of the page does not see, by the reason."""

    page: int
    text: str
    extractor: str
    removed: int
    unseen: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Compared:
    page: int
    agreement: float | None


@dataclass(frozen=True, slots=True)
class Failed:
    """No extractor could take this page; the worker goes on with the next."""

    page: int
    reason: str


@dataclass(frozen=True, slots=True)
class Finished:
    """All pages asked for were answered; the worker waits for what comes next."""


Message = Job | Work | Compare | Stage | Opened | Refused | Trying | Taken | Compared | Failed | Finished
_TYPES: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (Job, Work, Compare, Stage, Opened, Refused, Trying, Taken, Compared, Failed, Finished)
}


def _kinds(hint: Any) -> tuple[type, ...]:
    """What a field's values may be, the types of what is in them left out."""
    return tuple(get_origin(one) or one for one in (get_args(hint) if isinstance(hint, UnionType) else (hint,)))


_FIELDS = {kind: [(one.name, _kinds(one.type)) for one in fields(kind)] for kind in _TYPES.values()}


def encode(message: Message) -> bytes:
    return json.dumps({"is": type(message).__name__} | asdict(message)).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Raises ValueError for a line that is no whole message: the last one of a killed process, or one of a process that
    a file has taken over."""
    try:
        values: dict[str, Any] = json.loads(line)
        message = _TYPES[values.pop("is")](**values)
    except (TypeError, AttributeError, KeyError, IndexError, RecursionError) as error:
        raise ValueError("no message") from error
    if not all(isinstance(getattr(message, name), kinds) for name, kinds in _FIELDS[type(message)]):
        raise ValueError("no message")
    return message
