"""The extraction worker: opens one file, sends its pages as they come, dies with its parent.

PDFs come from anywhere, and the libraries that read them can hang, crash or eat all memory. Here that costs one page:
the parent kills this process and starts another behind it. Standard output belongs to the protocol alone; whatever a
library prints goes to standard error.
"""

import ctypes
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

from ..errors import InputError
from .agreement import agreement
from .confine import confine
from .controls import Stripped, clean_page
from .failures import PasswordNeeded, named
from .protocol import (
    PRELOAD,
    Compare,
    Compared,
    Failed,
    Finished,
    Item,
    Job,
    Message,
    Opened,
    Refused,
    Stage,
    Taken,
    Trying,
    Work,
    decode,
    encode,
)
from .readers import CannotRead, describe
from .source import Kind, Source, read_source

PR_SET_PDEATHSIG = 1


class InputFile(Protocol):
    """An open file, of whatever kind."""

    kind: str
    encrypted: bool
    page_count: int
    extractors: list[str]
    metadata: dict[str, str]
    notes: list[str]

    def text(self, number: int, extractor: str) -> str: ...

    def unseen(self, extractor: str) -> dict[str, int]: ...

    def close(self) -> None: ...


class Channel:
    """The worker's end of the pipes. A process is confined thread by thread, so there is one only until `listen`."""

    def __init__(self) -> None:
        self._out: BinaryIO = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._in: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def first(self) -> Message:
        """The first message, before `listen`."""
        line = sys.stdin.buffer.readline()
        return decode(line) if line else os._exit(0)

    def listen(self) -> None:
        """From now on, end with the parent."""
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message: Message) -> None:
        self._out.write(encode(message))
        self._out.flush()

    def receive(self) -> Message:
        return self._in.get()

    def waiting(self) -> bool:
        """Whether there is something to `receive`."""
        return not self._in.empty()

    def _listen(self) -> None:
        """The parent holds the other end open for as long as it wants this process to live."""
        for line in sys.stdin.buffer:
            self._in.put(decode(line))
        os._exit(0)


def main() -> int:
    _die_with_parent()
    channel = Channel()
    if PRELOAD in sys.argv:
        _load("pdf")
    job = channel.first()
    assert isinstance(job, Job)
    try:
        notes = _limit_resources(job.memory_mb)
        _serve(job, channel, notes)
    except PasswordNeeded as error:
        channel.send(Refused("password", error.message, error.hint))
    except InputError as error:
        channel.send(Refused("input", error.message, error.hint))
    except MemoryError:
        message = f"{named(Path(job.path))} needs more memory than the {job.memory_mb} MiB that extraction may use."
        channel.send(Refused("input", message, "Raise memory_mb in the [extract] settings, or set it to 0."))
    return 0


def _serve(job: Job, channel: Channel, notes: list[str]) -> None:
    channel.send(Stage("read"))
    source = read_source(Path(job.path))
    make = _load(source.kind)
    confine()
    channel.listen()
    file = make(job, source, channel)
    channel.send(
        Opened(
            kind=file.kind,
            sha256=source.sha256,
            size=len(source.data),
            page_count=file.page_count,
            encrypted=file.encrypted,
            extractors=file.extractors,
            metadata=file.metadata,
            notes=file.notes + notes,
        )
    )
    texts: dict[int, str] = {}
    while True:  # until the parent closes its end
        asked = channel.receive()
        if isinstance(asked, Compare):
            _compare(file, asked, texts, channel)
        elif isinstance(asked, Work):
            _take_all(file, asked, texts, channel)
        channel.send(Finished())


def _load(kind: Kind) -> Callable[[Job, Source, Channel], InputFile]:
    """What opens a file of this kind. The libraries are loaded only for the kind that needs them (half of a worker's
    start is spent on pypdf), and while what Python compiles of them can still be kept."""
    if kind == "pdf":
        from .pdf import PdfFile

        return lambda job, source, channel: PdfFile(job, source.data, lambda step: channel.send(Stage(step)))
    from .textfile import TextFile

    return lambda job, source, channel: TextFile(Path(job.path), source.data)


def _take_all(file: InputFile, work: Work, texts: dict[int, str], channel: Channel) -> None:
    """Send the pages; the texts of those that will be compared are kept too. Whoever asks for more has enough."""
    for item in work.unpack():
        if channel.waiting():
            return
        taken = _take(file, item, channel)
        if item.compare and taken is not None:
            texts[item.page] = taken.text


def _take(file: InputFile, item: Item, channel: Channel) -> Taken | None:
    """Send the page's text from the first extractor that finds any."""
    reasons: list[str] = []
    best: Taken | None = None
    for extractor in item.extractors:
        channel.send(Trying(item.page, extractor))
        try:
            stripped = _read(file, item.page, extractor)
        except CannotRead as error:
            reasons.append(f"{extractor}: {error}")
            continue
        if best is None or stripped.text.strip():
            best = Taken(item.page, stripped.text, extractor, stripped.removed, file.unseen(extractor))
        if stripped.text.strip():
            break
    if best is None:
        channel.send(Failed(item.page, "; ".join(reasons)))
    else:
        channel.send(best)
    return best


def _compare(file: InputFile, asked: Compare, texts: dict[int, str], channel: Channel) -> None:
    """Send how the other extractor agrees with each page's text, which is read again where another worker took it."""
    for page, extractor in asked.pages:
        for other in file.extractors:
            if other != extractor:
                channel.send(Trying(page, other))
                try:
                    text = texts[page] if page in texts else _read(file, page, extractor).text
                    channel.send(Compared(page, agreement(text, _read(file, page, other).text)))
                except CannotRead:
                    channel.send(Compared(page, None))


def _read(file: InputFile, page: int, extractor: str) -> Stripped:
    """Raises CannotRead, for want of memory too."""
    try:
        return clean_page(file.text(page, extractor), hyphen_marks=extractor == "pdfium")
    except MemoryError as error:
        raise CannotRead(describe(error)) from None


def _limit_resources(memory_mb: int) -> list[str]:
    """Bound the address space, and leave no core dumps. Returns a note when the bound can't be had."""
    try:
        import resource
    except ImportError:
        return ["This system sets no memory limit on the extraction."] if memory_mb else []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not memory_mb:
        return []
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    except (ValueError, OSError):
        return ["This system sets no memory limit on the extraction."]
    return []


def _die_with_parent() -> None:
    """On Linux the kernel sees to it even while a library holds the interpreter; elsewhere the closed pipe does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
