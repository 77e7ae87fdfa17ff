"""A session's text as a file: running text, Markdown with page anchors, or a line of JSON for each chunk.

The boundary white space of the sources goes back between the chunks, so that outputs read on as the document did. What
has no clean text yet is never passed off as clean: its source stands there under a mark, and is counted.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..atomic import write_whole
from ..errors import ConfigError, StorageError
from ..extract.controls import strip_controls
from ..session import ChunkRecord, Result, Session
from .written import NotOursError, Replaced, forget, make_room, refuse_foreign, remember, was_written

__all__ = [
    "FORMATS",
    "ExportReport",
    "NotOursError",
    "Replaced",
    "chunk_data",
    "default_target",
    "escaped",
    "forget",
    "format_for",
    "refuse_foreign",
    "was_written",
    "write",
]

FORMATS = {".txt": "txt", ".md": "md", ".jsonl": "jsonl"}
MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~$&])")
LINE_START_SPECIAL = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))", re.M)
"""What begins a list, a rule or an underlined heading at a line's start; behind a number it is the point."""
LINE_INDENT = re.compile(r"^[ \t]+|[ \t]+$", re.M)
"""Four blanks before a line make it code, two behind it a line break."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    path: Path | None
    """None for standard output."""
    format: str
    chunks: int
    pending: int
    failed: int
    flagged: int
    undecided_flagged: int
    """Flagged chunks that no person has decided."""
    characters: int
    first_line: str
    last_line: str
    replaced: Replaced | None = None
    """What another session had written to the same place."""


@dataclass(slots=True)
class Tally:
    """Counted while the text goes by."""

    characters: int = 0
    chunks: int = 0
    pending: int = 0
    failed: int = 0
    flagged: int = 0
    undecided_flagged: int = 0
    first: str = ""
    last: str = ""

    def chunk(self, result: Result) -> None:
        self.chunks += 1
        self.pending += result.chunk.state == "pending"
        self.failed += result.chunk.state == "failed"
        if result.attempt is not None and any(flag.severity != "info" for flag in result.attempt.flags):
            self.flagged += 1
            self.undecided_flagged += result.chunk.decision is None

    def text(self, piece: str) -> None:
        self.characters += len(piece)
        lines = [line.strip() for line in piece.splitlines() if line.strip()]
        if lines:
            self.first = self.first or lines[0]
            self.last = lines[-1]


def default_target(document: Path) -> Path:
    """`clean_<name>.txt` beside the input, as the notebook names it."""
    return document.parent / f"clean_{document.stem}.txt"


def format_for(path: Path) -> str:
    """The format that a file name's suffix asks for. Raises ConfigError."""
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(FORMATS)
        raise ConfigError(f"The suffix of {path.name!r} names no format.", f"Known suffixes: {known}.") from None


def write(
    session: Session, target: Path | BinaryIO, format: str, *, force: bool = False, notes: Path | None = None
) -> ExportReport:
    """Export to a file, whole or not at all, or to a stream. `format` is a value of FORMATS.

    A file that no session could write again is replaced with `force` alone. `notes` is the sessions' folder, where it
    is noted what was written; the one that the session lies in by default. Raises NotOursError, StorageError,
    SessionError, or whatever writing to the stream raises.
    """
    tally = Tally()
    replaced: Replaced | None = None
    edits = session.edits(standing=True)
    folder = notes or session.path.parent
    parts = (piece.encode() for piece in FORMATTERS[format](counted(session.results(), tally), tally))

    def fill(file: BinaryIO, place: Path) -> None:
        nonlocal replaced
        digest = hashlib.sha256()
        for part in parts:
            digest.update(part)
            file.write(part)
        try:
            replaced = make_room(place, digest.hexdigest(), session, folder)
        except (NotOursError, StorageError):
            if not force:
                raise
        remember(digest.hexdigest(), session, edits, folder)

    if isinstance(target, Path):
        refuse_input(session.document.path, target)
        place = target
        write_whole(target, lambda file: fill(file, place))
    else:
        for part in parts:
            target.write(part)
        target.flush()
    return ExportReport(
        path=target if isinstance(target, Path) else None,
        format=format,
        chunks=tally.chunks,
        pending=tally.pending,
        failed=tally.failed,
        flagged=tally.flagged,
        undecided_flagged=tally.undecided_flagged,
        characters=tally.characters,
        first_line=tally.first,
        last_line=tally.last,
        replaced=replaced,
    )


def refuse_input(document: Path, target: Path) -> None:
    """A text file may lie where its own cleaned text is to go. Raises StorageError."""
    try:
        same = target.samefile(document)
    except OSError:
        return
    if same:
        raise StorageError(f"{target} is the input itself: nothing was written.", "Give another name with -o.")


def counted(results: Iterable[Result], tally: Tally) -> Iterator[Result]:
    for result in results:
        tally.chunk(result)
        yield result


def plain_text(results: Iterable[Result], tally: Tally) -> Iterator[str]:
    for _, gap, text in pieces(results, tally):
        yield gap + text
    yield "\n"


def markdown(results: Iterable[Result], tally: Tally) -> Iterator[str]:
    """The text with an anchor before the first chunk that begins on each page."""
    page = 0
    for chunk, gap, text in pieces(results, tally):
        yield gap
        if chunk.pages[0] > page:
            page = chunk.pages[0]
            yield f'<a id="page-{page}"></a>' + ("\n\n" if not gap or "\n" in gap else "")
        yield escaped(text)
    yield "\n"


def escaped(text: str) -> str:
    """`text` as Markdown that reads as `text`."""
    plain = MARKDOWN_SPECIAL.sub(r"\\\1", LINE_INDENT.sub("", text))
    return LINE_START_SPECIAL.sub(lambda match: escape_start(match[1]), plain)


def escape_start(start: str) -> str:
    return start + "\\" if start.isdigit() else "\\" + start


def json_lines(results: Iterable[Result], tally: Tally) -> Iterator[str]:
    """A chunk a line: where it is from, what it was, what became of it and what a person said."""
    for result in results:
        line = chunk_data(result)
        tally.text(line["cleaned"] or "")
        yield json.dumps(line, ensure_ascii=False) + "\n"


def chunk_data(result: Result) -> dict[str, Any]:
    """A chunk and what became of it, as JSON values."""
    chunk, attempt = result.chunk, result.attempt
    return {
        "chunk": chunk.index + 1,
        "pages": list(chunk.pages),
        "state": chunk.state,
        "mode": attempt.mode if attempt else None,
        "reason": attempt.reason if attempt else None,
        "source": strip_controls(chunk.source).text,
        "cleaned": None if result.text is None else strip_controls(result.text).text,
        "flags": [flag.to_dict() for flag in attempt.flags] if attempt else [],
        "decision": chunk.decision,
        "note": chunk.note or None,
    }


FORMATTERS = {"txt": plain_text, "md": markdown, "jsonl": json_lines}


def pieces(results: Iterable[Result], tally: Tally) -> Iterator[tuple[ChunkRecord, str, str]]:
    """(chunk, white space before it, its text) for each chunk that has any text."""
    gap = ""
    begun = False
    for result in results:
        chunk, text = result.chunk, result.text
        body = marked_source(chunk) if text is None else strip_controls(text).text.strip()
        lead, tail = boundary(chunk.source)
        gap = wider(gap, lead)
        if body:
            if text is None:
                gap = "\n\n"
            tally.text(body)
            yield chunk, gap if begun else "", body
            begun = True
            gap = "\n\n" if text is None else tail
        else:
            gap = wider(gap, tail)


def marked_source(chunk: ChunkRecord) -> str:
    """The source of a chunk that has no clean text, so that no word is lost and none is taken for clean."""
    first, last = chunk.pages
    where = f"page {first}" if first == last else f"pages {first}-{last}"
    source = strip_controls(chunk.source).text.strip()
    return f"[chunk {chunk.index + 1}, {where}: not cleaned; its source follows]\n{source}"


def boundary(source: str) -> tuple[str, str]:
    """White space at the source's start and end."""
    stripped = source.strip()
    if not stripped:
        return source, ""
    start = source.index(stripped[0])
    return source[:start], source[start + len(stripped) :]


def wider(one: str, other: str) -> str:
    """The two joined, with no more than one blank line."""
    joined = one + other
    breaks = joined.count("\n")
    return "\n\n" if breaks >= 2 else "\n" if breaks else " " if joined else ""
