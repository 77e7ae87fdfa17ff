"""Chunks of a paper as source and result of `verbatim`, for a person to read: `python -m bench.show PAPER.pdf`.

Which chunks is decided by a seed and not by anyone's taste. Under each stand the edits that were made, and those that
were proposed and not made, each with its probability.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from galley.core.chunk import Chunk, chunk
from galley.core.clean.candidates import find_candidates
from galley.core.clean.options import CleanOptions
from galley.core.clean.verbatim import Verbatim, VerbatimResult
from galley.core.edits import EditDecision
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.extract import extract
from galley.core.prepare import Prepared, prepare
from galley.core.prompts import load_judge

from .quality import CONTEXT, model_named

AROUND = 20
"""Characters shown on both sides of an edit."""
LONGEST = 80


def drawn(pieces: Sequence[Chunk], count: int, seed: int) -> list[Chunk]:
    """So many chunks by chance, in the document's order."""
    chosen = random.Random(seed).sample(range(len(pieces)), min(count, len(pieces)))
    return [pieces[number] for number in sorted(chosen)]


def cleaned(piece: Chunk, prepared: Prepared, verbatim: Verbatim) -> VerbatimResult:
    """One chunk as a run cleans it."""
    found = find_candidates(piece.text, CleanOptions().kinds, prepared.language, piece.candidates)
    return verbatim.clean(piece.text, found, lambda: False)


def shown(piece: Chunk, result: VerbatimResult) -> Iterator[str]:
    """The chunk's lines in Markdown."""
    first, last = piece.pages
    pages = f"page {first}" if first == last else f"pages {first} to {last}"
    yield f"## Chunk {piece.index + 1}, {pages}\n\n### Source\n\n{quoted(piece.text)}\n\n### Result\n"
    yield f"{quoted(result.text)}\n"
    for name, applied in (("Made", True), ("Proposed, not made", False)):
        edits = [in_place(piece.text, edit) for edit in result.edits if edit.applied is applied]
        yield f"{name}: {len(edits)}\n" + "".join(f"\n- {edit}" for edit in edits) + ("\n" if edits else "")


def in_place(text: str, edit: EditDecision) -> str:
    """An edit with some characters around it, on one line."""
    before, after = text[max(0, edit.start - AROUND) : edit.start], text[edit.end : edit.end + AROUND]
    gone = text[edit.start : edit.end]
    gone = gone if len(gone) <= LONGEST else f"{gone[: LONGEST // 2]} … {gone[-LONGEST // 2 :]}"
    place = " ".join(f"{before}[{gone}→{edit.replacement}]{after}".split("\n"))
    return f"{edit.kind} {edit.probability:.2f}: `{place}`"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paper", type=Path)
    parser.add_argument("--seed", type=int, default=1, help="which chunks")
    parser.add_argument("--count", type=int, default=10, help="how many")
    parser.add_argument("--model", help="name or path of a model; the embedded one without")
    arguments = parser.parse_args()
    prepared = prepare(extract(arguments.paper))
    pieces = chunk(prepared)
    model = model_named(arguments.model)
    assert model.info is not None
    engine = LocalEngine(model.info, EngineOptions(jobs=1), context=CONTEXT)
    verbatim = Verbatim(engine, load_judge(), CleanOptions().threshold)
    print(f"# {arguments.count} of {len(pieces)} chunks, seed {arguments.seed}, {engine.start().model}\n")
    for piece in drawn(pieces, arguments.count, arguments.seed):
        print("\n".join(shown(piece, cleaned(piece, prepared, verbatim))), flush=True)
    engine.close()


if __name__ == "__main__":
    main()
