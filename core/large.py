"""A session of a large document is made by a process of its own, which ends when the session is there.

Repairing holds the text several times over, four bytes a character where a single mathematical letter stands in it, and
word lists beside: 200 MB for a thousand dense pages, most of which a process keeps once it had them. Here they are gone
before the first chunk is cleaned. The two processes exchange lines of JSON: a head, then the pages; and one answer.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, BinaryIO

from .allocation import return_large_blocks
from .document import Document, Page, SkippedPage
from .errors import GalleyError, InputError, SessionBusyError, SessionError, StorageError
from .settings import RunSettings

LARGE = 2_000_000
"""Characters from which on a document is large; one of so many takes some 130 MB where it is repaired."""
ERRORS: dict[str, type[GalleyError]] = {
    kind.__name__: kind for kind in (InputError, SessionBusyError, SessionError, StorageError)
}


def is_large(document: Document) -> bool:
    return sum(len(page.text) for page in document.pages) >= LARGE


def session_apart(directory: Path, document: Document, settings: RunSettings) -> Path:
    """Repair the document, cut it up, and write a new session into `directory`, in another process; where it is.

    For chunks in characters alone, since nobody there counts tokens. Raises what `reading_of` and `Session.create` do,
    and InputError where the process is lost, for want of memory above all.
    """
    from .engine.local import log_file, open_log  # which the other process does without

    with open_log() as log:
        # -P: the user's current directory may hold a file named like one of our modules; it must not be run.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "galley.core.large"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(BrokenPipeError):  # the process's end is seen below
            for line in told(directory, document, settings):
                process.stdin.write(line)
            process.stdin.flush()
        answer = process.stdout.readline()
    finally:
        with suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()
    if not answer:
        raise InputError(
            f"{document.path.name} could not be repaired: the process that did it was lost.",
            f"Free some memory, or choose fewer pages; {log_file()} may say more.",
        )
    said: dict[str, str] = json.loads(answer)
    if "session" in said:
        return Path(said["session"])
    raise ERRORS[said["kind"]](said["message"], said["hint"])


def told(directory: Path, document: Document, settings: RunSettings) -> Iterator[bytes]:
    """The lines of a document."""
    head = {field.name: getattr(document, field.name) for field in fields(Document) if field.name != "pages"}
    head["path"] = str(document.path)
    head["skipped"] = [(page.number, page.reason) for page in document.skipped]
    where = {"directory": str(directory), "settings": settings.model_dump(mode="json"), "pages": len(document.pages)}
    yield json.dumps(where | {"document": head}).encode() + b"\n"
    for page in document.pages:
        yield json.dumps((page.number, page.text, page.extractor, page.agreement)).encode() + b"\n"


def heard(lines: BinaryIO) -> tuple[Path, Document, RunSettings]:
    """What `told` says."""
    where: dict[str, Any] = json.loads(lines.readline())
    head: dict[str, Any] = where["document"]
    head["path"] = Path(head["path"])
    head["skipped"] = tuple(SkippedPage(*skipped) for skipped in head["skipped"])
    head["notes"] = tuple(head["notes"])
    head["pages"] = tuple(Page(*json.loads(lines.readline())) for _ in range(where["pages"]))
    document = Document(**head)
    return Path(where["directory"]), document, RunSettings.model_validate(where["settings"])


def make() -> dict[str, str]:
    """The other process's work, and its answer."""
    from .reading import reading_of  # with what it loads, which this side does without
    from .session import Session

    directory, document, settings = heard(sys.stdin.buffer)
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        reading = reading_of(document, settings)
        with Session.create(directory, document, reading.prepared, reading.chunks, settings) as session:
            return {"session": str(session.path)}
    except tuple(ERRORS.values()) as error:
        kind = next(kind for kind in type(error).__mro__ if kind.__name__ in ERRORS).__name__
        return {"kind": kind, "message": error.message, "hint": error.hint}


def end_with_parent() -> None:
    """The parent holds the other end open for as long as it waits for the answer."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints goes to the log
    return_large_blocks()
    out.write(json.dumps(make()).encode() + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
