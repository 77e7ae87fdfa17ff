"""Sessions for tests, made the way the program makes them."""

from pathlib import Path

from galley.core.checks import Flag
from galley.core.chunk import ChunkOptions, chunk
from galley.core.document import Document, Page
from galley.core.edits import EditDecision
from galley.core.prepare import prepare
from galley.core.session import Attempt, Session
from galley.core.settings import RunSettings

TEXT = (
    "The first page has one paragraph about the reading of proofs. It ends here.\n"
    "A second paragraph follows on the first page, and it cites a book [3].\n\f"
    "The third paragraph stands on the second page of this small document. It has two sentences.\n"
    "The last one has *stars* and a # sign in it, and then the document is over.\n"
)


def document(text: str = TEXT, path: Path = Path("paper.pdf")) -> Document:
    pages = tuple(Page(number, page, "pdfium") for number, page in enumerate(text.split("\f"), 1))
    return Document(path, "ab" * 32, "pdf", len(pages), pages, metadata={"Title": "Proofs"}, notes=("a note",))


def new_session(directory: Path, text: str = TEXT, settings: RunSettings | None = None, size: int = 80) -> Session:
    made = document(text)
    prepared = prepare(made)
    return Session.create(
        directory, made, prepared, chunk(prepared, ChunkOptions(size=size)), settings or RunSettings()
    )


def attempt(index: int, output: str = "clean text", **changes: object) -> Attempt:
    values: dict[str, object] = {
        "id": 0,
        "chunk": index,
        "mode": "verbatim",
        "reason": "first",
        "engine": "llama.cpp",
        "model": "m.gguf",
        "prompt": "",
        "seed": 1,
        "temperature": 0.0,
        "output": output,
        "flags": (Flag("debris_kept", "warning", ("[3]",)),),
        "measures": {"kept": 0.9},
        "edits": (EditDecision(3, 7, "", "citation", 0.8, True),),
        "prompt_tokens": 10,
        "cached_tokens": 5,
        "output_tokens": 2,
        "seconds": 0.5,
        "started_at": "2026-01-01T00:00:00+00:00",
    }
    return Attempt(**{**values, **changes})  # type: ignore[arg-type]
