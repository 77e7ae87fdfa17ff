"""`galley info`, `galley extract` and `galley chunks`: look before anything is cleaned."""

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import click

from ..core import job as jobs
from ..core.chunk import Chunk, chunk
from ..core.config import Config
from ..core.document import Document
from ..core.errors import InputError, ModelError
from ..core.extract import extract as extract_file
from ..core.extract import probe
from ..core.models import EMBEDDED
from ..core.paths import sessions_dir
from ..core.plan import Plan, make_plan
from ..core.prepare import prepare
from ..core.session import matching
from ..core.wording import estimate
from . import options
from .grouped import Grouped
from .output import excerpt, plural, say, size, tell
from .progress import meter

BARE_PAGE_END = re.compile(r"(?<!\n)\f")
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.command(
    cls=Grouped,
    epilog="""\b
Examples:
  galley info paper.pdf
  galley info paper.pdf --json""",
)
@options.INPUT
@options.extract_options
@options.chunk_options
@options.clean_options
@options.common_options
@JSON
def info(input: Path, as_json: bool, **given: Any) -> None:
    """Pages, metadata, text layer of INPUT, and what `galley clean` would do. Nothing is written."""
    config = options.settings(given)
    try:
        facts = probe(input, password=given.get("password"))
    except InputError as error:
        if os.path.exists(input) or not matching(str(input), config.session.folder or sessions_dir()):
            raise
        show = f"There is a session of that name: galley sessions show {shlex.quote(str(input))}"
        raise InputError(error.message, show) from error
    document: dict[str, Any] = {
        "path": str(input),
        "kind": facts.kind,
        "bytes": facts.size,
        "sha256": facts.sha256,
        "pages": facts.page_count,
        "encrypted": facts.encrypted,
        "text_layer": facts.has_text_layer,
        "metadata": facts.metadata,
        "notes": list(facts.notes),
    }
    if not facts.locked and facts.has_text_layer is not False:
        document["would"] = plan(input, config, given.get("password"))
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    layer = {True: "yes", False: "no", None: "unknown"}[facts.has_text_layer]
    tell(f"{input.name}: {facts.kind}, {plural(facts.page_count, 'page')}, {size(facts.size)}, text layer: {layer}")
    tell(f"SHA-256: {facts.sha256}")
    for key, value in facts.metadata.items():
        if value.strip():
            tell(f"{key}: {excerpt(value)}")
    for note in facts.notes:
        tell(f"Note: {note}")
    for line in document.get("would", {}).get("lines", []):
        tell(line)


def plan(input: Path, config: Config, password: str | None) -> dict[str, Any]:
    """What cleaning would do, as data and in words."""
    token_counter(config)
    try:
        model = None if config.clean.mode == "rules" else jobs.find_model(config.engine.model, config)
        name = model.name if model else f"{EMBEDDED.name} (to be fetched)"
    except ModelError as error:
        model, name = None, error.message
    with meter("Reading", count="pages") as pages:
        directory = config.session.folder or sessions_dir()
        made = make_plan(input, config, model, directory, password=password, progress=pages.update)
    document, prepared = made.reading.document, made.reading.prepared
    lines = [
        f"Would clean {plural(made.characters, 'character')} of {plural(len(document.pages), 'page')} "
        f"({prepared.language}) in {plural(len(made.reading.chunks), 'chunk')}, mode {made.mode}"
        + ("." if made.mode == "rules" else f", model {name}."),
        "Repairs: " + (", ".join(f"{key} {count}" for key, count in prepared.counts.items() if count) or "none") + ".",
    ]
    if made.mode == "verbatim":
        lines.append(f"The model would decide about {plural(made.decisions, 'edit')}.")
    lines += what_is_left(made)
    lines += [f"Note: {note}" for note in document.notes]
    return {
        "mode": made.mode,
        "model": None if made.mode == "rules" else name,
        "language": prepared.language,
        "characters": made.characters,
        "chunks": len(made.reading.chunks),
        "decisions": made.decisions if made.mode == "verbatim" else None,
        "chunks_left": made.begun.pending if made.begun else len(made.reading.chunks),
        "seconds": made.seconds,
        "session": str(made.session) if made.session else None,
        "repairs": prepared.counts,
        "skipped_pages": [{"page": page.number, "reason": page.reason} for page in document.skipped],
        "lines": lines,
    }


def what_is_left(made: Plan) -> list[str]:
    """How far its session is, and how long what is left takes."""
    lines: list[str] = []
    if made.begun is not None and made.session is not None:
        ended = made.begun.done + made.begun.failed
        goes = "would go on with" if made.left else "would write the text of"
        failed = f", {made.begun.failed} of them without success" if made.begun.failed else ""
        lines.append(
            f"It was begun before: {ended} of {plural(made.begun.total, 'chunk')} are done{failed}. "
            f"`galley clean` {goes} session {made.session.stem}."
        )
    if made.left:
        what = "the rest" if made.begun is not None else "it"
        lines.append(
            f"By earlier runs on this machine {what} takes {estimate(made.seconds)}."
            if made.seconds is not None
            else "How long it takes is not known yet: nothing like it ran here before."
        )
    return lines


def read(
    input: Path, config: Config, password: str | None, *, quiet: bool
) -> tuple[Document, tuple[Chunk, ...], str, dict[str, int]]:
    """Document, chunks, language and what the repairs did."""
    with meter("Reading", quiet=quiet, count="pages") as pages:
        document = extract_file(input, config.extract, password=password, progress=pages.update)
    prepared = prepare(document, config.prepare)
    return document, chunk(prepared, config.chunk, token_counter(config)), prepared.language, prepared.counts


def token_counter(config: Config) -> Any:
    """Tokens need a model's vocabulary, which only a run loads."""
    if config.chunk.unit == "tokens":
        raise click.UsageError("Chunks in tokens need the model loaded: only galley clean cuts them.")
    return None


@click.command(
    cls=Grouped,
    epilog="""\b
Examples:
  galley extract paper.pdf | less
  galley extract paper.pdf --prepared --pages 1-3
  galley extract paper.pdf --json > pages.json""",
)
@options.INPUT
@options.extract_options
@options.common_options
@click.option("--prepared", is_flag=True, help="After the repairs, as a model would get it.")
@JSON
def extract(input: Path, prepared: bool, as_json: bool, **given: Any) -> None:
    """Print the text of INPUT as it comes out of the file; pages are separated by form feeds."""
    config = options.settings(given)
    with meter("Reading", count="pages") as pages:
        document = extract_file(input, config.extract, password=given.get("password"), progress=pages.update)
    for note in document.notes:
        say(f"Note: {note}")
    if prepared:
        repaired = prepare(document, config.prepare)
        if as_json:
            rows = {"text": repaired.text, "page_runs": repaired.page_runs(), "repairs": repaired.counts}
            click.echo(json.dumps(rows, ensure_ascii=False))
        else:
            click.echo(repaired.text)
    elif as_json:
        rows = [
            {"page": p.number, "extractor": p.extractor, "agreement": p.agreement, "text": p.text}
            for p in document.pages
        ]
        click.echo(
            json.dumps({"sha256": document.sha256, "metadata": document.metadata, "pages": rows}, ensure_ascii=False)
        )
    else:
        click.echo(BARE_PAGE_END.sub("\n\f", document.text))


@click.command(
    cls=Grouped,
    epilog="""\b
Examples:
  galley chunks paper.pdf --chunk-size 2000
  galley chunks paper.pdf --json | jq '.[0]'""",
)
@options.INPUT
@options.extract_options
@options.chunk_options
@options.common_options
@JSON
def chunks(input: Path, as_json: bool, **given: Any) -> None:
    """Print the chunks that INPUT would be cut into."""
    config = options.settings(given)
    _, made, _, _ = read(input, config, given.get("password"), quiet=False)
    if as_json:
        rows = [{"chunk": c.index + 1, "pages": list(c.pages), "ends": c.ends, "text": c.text} for c in made]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for c in made:
        first, last = c.pages
        where = f"page {first}" if first == last else f"pages {first}-{last}"
        click.echo(
            f"--- chunk {c.index + 1} of {len(made)}, {where}, {plural(len(c.text), 'character')}, ends at a {c.ends}"
        )
        click.echo(c.text.strip() + "\n")
