"""From a file to chunks, in steps that another process may take: nothing here knows of models, runs or config files."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from .allocation import return_large_blocks
from .chunk import Chunk, ChunkOptions, chunk
from .comparing import Comparing
from .document import Document
from .errors import InputError
from .extract import Extraction, ExtractOptions
from .large import is_large
from .prepare import Prepared, prepare
from .prepare.language import FALLBACK, common_words
from .settings import RunSettings


@dataclass(frozen=True, slots=True)
class Reading:
    """A file taken in and cut up, before anything is kept of it."""

    document: Document
    prepared: Prepared
    chunks: tuple[Chunk, ...]
    chunking: ChunkOptions
    """How they were cut."""


def take_in(
    path: Path,
    options: ExtractOptions,
    *,
    password: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    later: bool = False,
) -> tuple[Document, Comparing | None]:
    """Extract a file, while what the next steps need is loaded. Raises InputError.

    `later`: the extractors may be compared behind the caller's back; None where they already have been. A large
    document's always are: it takes long enough, and its workers their memory, while it is repaired.
    """
    load_ahead()
    extraction = Extraction(path, options, password=password, progress=progress)
    try:
        document = extraction.read()
        if later and extraction.compares and not is_large(document):
            return document, Comparing(extraction)
        document = extraction.compare().added_to(document)
    except BaseException:
        extraction.end()
        raise
    extraction.end()
    return document, None


def load_ahead() -> None:
    return_large_blocks()
    threading.Thread(target=get_ready, name="get-ready", daemon=True).start()


def get_ready() -> None:
    """Load what the next steps need while workers read the file: a quarter of a second that nothing waits for."""
    import_module("ftfy")
    import_module("nupunkt")
    common_words(FALLBACK)


def reading_of(document: Document, settings: RunSettings, count: Callable[[str], int] | None = None) -> Reading:
    """Prepare and chunk what was extracted; `count` gives the tokens of a text, where chunks are cut by them.

    Raises InputError.
    """
    prepared = prepare(document, settings.prepare)
    if not prepared.text.strip():
        raise InputError(f"{document.path} holds no text after the repairs.", "See galley extract for what is in it.")
    return Reading(document, prepared, chunk(prepared, settings.chunk, count), settings.chunk)
