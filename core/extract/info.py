"""A quick look at a file: what it is and whether there is text in it, without taking the text."""

from dataclasses import dataclass, field
from pathlib import Path

from ..document import Page
from ..errors import InputError
from .failures import PasswordNeeded
from .options import ExtractOptions
from .protocol import Item, Opened
from .source import check_source, read_source
from .supervise import Supervisor

SAMPLED_PAGES = 5


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What can be said of an input file without extracting it."""

    path: Path
    kind: str
    """`pdf` or `text`."""
    size: int
    """Bytes."""
    sha256: str
    page_count: int
    """0 while the file is locked."""
    encrypted: bool
    locked: bool = False
    """Encrypted, and no password was given: nothing else can be said."""
    has_text_layer: bool | None = None
    """Whether a few pages, spread evenly, hold text; None when locked."""
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()


def probe(path: Path, *, password: str | None = None) -> FileInfo:
    """Look at a file. A locked PDF is described as such; a wrong password raises PasswordNeeded, and a file that can't
    be used InputError."""
    check_source(path)
    with Supervisor(path, ExtractOptions(), password) as supervisor:
        try:
            opened = supervisor.open()
        except PasswordNeeded as error:
            if password is not None:
                raise
            return _locked(path, error)
        harvest = supervisor.take(_sample(opened), lambda harvest: None)
        return FileInfo(
            path=path,
            kind=opened.kind,
            size=opened.size,
            sha256=opened.sha256,
            page_count=opened.page_count,
            encrypted=opened.encrypted,
            has_text_layer=any(_has_text(page) for page in harvest.pages.values()),
            metadata=opened.metadata,
            notes=(*opened.notes, *supervisor.notes),
        )


def _sample(opened: Opened) -> list[Item]:
    """The first, the last and some pages between."""
    last = opened.page_count - 1
    steps = min(SAMPLED_PAGES, opened.page_count)
    numbers = sorted({1 + last * step // max(1, steps - 1) for step in range(steps)})
    return [Item(number, opened.extractors) for number in numbers]


def _has_text(page: Page) -> bool:
    return bool(page.text.strip())


def _locked(path: Path, error: InputError) -> FileInfo:
    source = read_source(path)
    return FileInfo(
        path=path,
        kind=source.kind,
        size=len(source.data),
        sha256=source.sha256,
        page_count=0,
        encrypted=True,
        locked=True,
        notes=(str(error),),
    )
