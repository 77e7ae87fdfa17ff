"""`galley sessions`: list, show, check, remove, and where they are."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..core import review
from ..core.config import load_config
from ..core.edits import EditDecision
from ..core.errors import GalleyError, SessionError
from ..core.export import forget
from ..core.paths import expanded, sessions_dir
from ..core.session import (
    SUFFIX,
    Attempt,
    Salvaged,
    Session,
    SessionSummary,
    check,
    list_sessions,
    remove,
    resolve,
    salvage,
)
from ..core.wording import ago
from .output import excerpt, plural, say, table, tell

DIRECTORY = click.option("--session-dir", metavar="DIR", help="Where session files lie.")
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
HEADER = ["SESSION", "MODE", "DONE", "FLAGS", "FAILED", "DECIDED", "WHEN", "STATE"]
AROUND = 12
"""Characters of the source shown on either side of an edit."""
MOST_PROBLEMS = 10
"""So many are shown of one session; --json gives them all."""


def folder(session_dir: str | None) -> Path:
    overrides: dict[str, object] = {"session.directory": session_dir} if session_dir else {}
    return load_config(overrides=overrides).session.folder or sessions_dir()


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  galley sessions                            all of them, the newest first
  galley sessions --batch clean/             those of a batch, the worst first
  galley sessions show paper-1a2b            one, chunk by chunk
  galley sessions show paper-1a2b --chunk 7  its attempts and edits
  galley sessions check --all                are they whole?
  galley sessions rm paper-1a2b""",
)
@DIRECTORY
@click.option("--batch", "batch_dir", metavar="DIR", help="Those of a batch alone, the worst first.")
@JSON
@click.pass_context
def sessions(context: click.Context, session_dir: str | None, batch_dir: str | None, as_json: bool) -> None:
    """List, show, check and remove sessions."""
    if context.invoked_subcommand is not None:
        return
    if batch_dir is not None:
        show_batch(expanded(batch_dir), as_json)
    else:
        show_list(folder(session_dir), as_json)


@sessions.command("list")
@DIRECTORY
@JSON
def list_(session_dir: str | None, as_json: bool) -> None:
    """All sessions, the last touched first."""
    show_list(folder(session_dir), as_json)


def show_list(directory: Path, as_json: bool) -> None:
    found = list_sessions(directory)
    if as_json:
        click.echo(json.dumps([as_data(summary) for summary in found], ensure_ascii=False, indent=2))
        return
    if not found:
        say(f"No sessions in {directory}.")
        return
    columns = list(zip(*[HEADER, *(line(summary) for summary in found)], strict=True))
    if not any(summary.status.failed for summary in found):
        columns = [column for column in columns if column[0] != "FAILED"]
    header, *rows = (list(row) for row in zip(*columns, strict=True))
    table(rows, header, giving=[0])
    for summary in found:
        if summary.error is not None:
            say(f"{summary.path.stem}: {summary.error}")


def show_batch(directory: Path, as_json: bool) -> None:
    """The sessions of a batch with what is left to look at in each. Raises SessionError."""
    from ..core.batch import worst_first

    found = sorted(worst_first(directory), key=lambda entry: (-entry.failed, -entry.flagged))
    if as_json:
        data = [
            {
                "document": e.record.output,
                "session": str(e.session),
                "mode": e.mode,
                "failed": e.failed,
                "to_look_at": e.flagged,
            }
            for e in found
        ]
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        return
    rows = [[e.record.output, e.mode, str(e.flagged), str(e.failed), e.session.stem] for e in found]
    table(rows, ["DOCUMENT", "MODE", "TO LOOK AT", "FAILED", "SESSION"], giving=[0, 4])


def line(summary: SessionSummary) -> list[str]:
    touched = ago(summary.touched)
    if summary.error is not None:
        return [summary.path.stem, "", "", "", "", "", touched, "damaged"]
    status = summary.status
    return [
        summary.path.stem,
        summary.mode,
        f"{status.done}/{status.total}",
        str(status.flagged),
        str(status.failed),
        str(status.decided),
        touched,
        "open" if summary.writer else state_of(summary),
    ]


def state_of(summary: SessionSummary) -> str:
    """In words: open elsewhere, interrupted, not begun, or finished."""
    if summary.writer:
        return f"open in {summary.writer}"
    if summary.interrupted:
        return "interrupted"
    return "not begun" if summary.status.pending else "finished"


def as_data(summary: SessionSummary) -> dict[str, Any]:
    return {
        "session": str(summary.path),
        "error": summary.error,
        "document": str(summary.document_path),
        "sha256": summary.sha256,
        "mode": summary.mode,
        "model": summary.model,
        "chunks": asdict(summary.status),
        "touched": summary.touched,
        "state": state_of(summary) if summary.error is None else "damaged",
    }


@sessions.command("show")
@click.argument("session")
@click.option("--chunk", "number", type=click.IntRange(min=1), metavar="N", help="One chunk: its attempts and edits.")
@DIRECTORY
@JSON
def show(session: str, number: int | None, session_dir: str | None, as_json: bool) -> None:
    """One session: its document and its chunks; or one of its chunks."""
    with Session.open(resolve(session, folder(session_dir)), write=False) as opened:
        if number is not None:
            show_chunk(opened, number - 1, as_json)
            return
        rows = [chunk_data(opened, chunk.index) for chunk in opened.chunks()]
        document = opened.document
        if as_json:
            head = {"session": str(opened.path), "document": str(document.path), "sha256": document.sha256}
            settings = json.loads(opened.settings.model_dump_json())
            data = {**head, "pages": document.page_count, "settings": settings, "chunks": rows}
            click.echo(json.dumps(data, ensure_ascii=False, indent=2))
            return
        tell(f"{document.path} ({plural(document.page_count, 'page')}), mode {opened.settings.clean.mode}")
        header = ["CHUNK", "PAGES", "STATE", "MODE", "ATTEMPTS", "FLAGS", "DECISION", "TEXT"]
        table([chunk_line(row) for row in rows], header, giving=[5, 7])


def chunk_data(session: Session, index: int) -> dict[str, Any]:
    chunk, attempts, chosen = session.chunk(index), session.attempts(index), session.chosen(index)
    return {
        "chunk": index + 1,
        "pages": list(chunk.pages),
        "state": chunk.state,
        "note": chunk.note or None,
        "mode": chosen.mode if chosen else None,
        "reason": chosen.reason if chosen else None,
        "attempts": len(attempts),
        "flags": [flag.to_dict() for flag in chosen.flags] if chosen else [],
        "decision": chunk.decision,
        "text": session.text_of(index),
    }


def chunk_line(row: dict[str, Any]) -> list[str]:
    first, last = row["pages"]
    return [
        str(row["chunk"]),
        str(first) if first == last else f"{first}-{last}",
        row["state"],
        row["mode"] or "",
        str(row["attempts"]),
        ",".join(flag["name"] for flag in row["flags"]),
        row["decision"] or "",
        excerpt(row["text"] or row["note"] or "", 50),
    ]


def show_chunk(session: Session, index: int, as_json: bool) -> None:
    """A chunk's attempts by their ids, and the numbered edits of the one that counts. Raises SessionError."""
    chunk, attempts, switched = session.chunk(index), session.attempts(index), switched_by_hand(session, index)
    if as_json:
        tried = [attempt_data(attempt, chunk.source) for attempt in attempts]
        data = {**chunk_data(session, index), "source": chunk.source, "chosen": chunk.chosen, "all_attempts": tried}
        click.echo(json.dumps({**data, "switched": [at + 1 for at in switched]}, ensure_ascii=False, indent=2))
        return
    first, last = chunk.pages
    pages = f"page {first}" if first == last else f"pages {first}-{last}"
    said = f", {chunk.decision}" if chunk.decision else ""
    click.echo(f"Chunk {index + 1} of {session.status().total}, {pages}: {chunk.state}{said}")
    if not attempts:
        click.echo("No attempt was made yet.")
        return
    table(
        [attempt_line(attempt, attempt.id == chunk.chosen) for attempt in attempts],
        ["ATTEMPT", "COUNTS", "MODE", "MODEL", "SEED", "REASON", "FLAGS", "TEXT"],
        giving=[3, 5, 6, 7],
    )
    chosen = session.chosen(index)
    if chosen is not None and chosen.edits:
        show_edits(session, index, chosen)


def show_edits(session: Session, index: int, attempt: Attempt) -> None:
    """The edits as they stand; where the text is no longer the attempt's, as the attempt made them."""
    try:
        edits, note = review.switched_edits(session, index)[1], ""
    except SessionError as error:
        edits, note = attempt.edits, str(error)
    source = session.chunk(index).source
    click.echo()
    table(
        [edit_line(number, edit, source) for number, edit in enumerate(edits, 1)],
        ["EDIT", "MADE", "KIND", "PROBABILITY", "SOURCE", "EDITED"],
        giving=[4, 5],
    )
    if note:
        tell(note)


def switched_by_hand(session: Session, index: int) -> tuple[int, ...]:
    """Numbers, from 0, of the edits that a person switched."""
    decision = session.decision(index)
    return decision.switched if decision is not None else ()


def attempt_data(attempt: Attempt, source: str) -> dict[str, Any]:
    """`applied` of an edit is the attempt's own choice; offsets are in the chunk's source."""
    return {
        "id": attempt.id,
        "mode": attempt.mode,
        "reason": attempt.reason,
        "model": attempt.model or None,
        "prompt": attempt.prompt or None,
        "seed": attempt.seed,
        "temperature": attempt.temperature,
        "flags": [flag.to_dict() for flag in attempt.flags],
        "error": attempt.error,
        "output": attempt.output if attempt.error is None else None,
        "edits": [
            {"number": number, **asdict(edit), "source": source[edit.start : edit.end]}
            for number, edit in enumerate(attempt.edits, 1)
        ],
    }


def attempt_line(attempt: Attempt, counts: bool) -> list[str]:
    return [
        str(attempt.id),
        "yes" if counts else "",
        attempt.mode,
        Path(attempt.model).name,
        str(attempt.seed),
        attempt.reason,
        ",".join(flag.name for flag in attempt.flags),
        excerpt(attempt.error or attempt.output, 50),
    ]


def edit_line(number: int, edit: EditDecision, source: str) -> list[str]:
    """An edit in its surroundings, before and after, since many are a blank or a hyphen that says nothing alone."""
    before, after = source[max(0, edit.start - AROUND) : edit.start], source[edit.end : edit.end + AROUND]
    return [
        str(number),
        "yes" if edit.applied else "no",
        edit.kind,
        "" if edit.probability is None else f"{edit.probability:.2f}",
        excerpt(before + source[edit.start : edit.end] + after, 50),
        excerpt(before + edit.replacement + after, 50),
    ]


@sessions.command("rm")
@click.argument("names", nargs=-1, required=True, metavar="SESSION...")
@DIRECTORY
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
def rm(names: tuple[str, ...], session_dir: str | None, yes: bool) -> None:
    """Delete sessions, with all their attempts and decisions."""
    directory = folder(session_dir)
    paths = [resolve(name, directory) for name in names]
    if not yes:
        click.confirm(f"Delete {', '.join(path.stem for path in paths)}?", abort=True, err=True)
    for path in paths:
        remove(path)
        say(f"Deleted {path}")
    forget(paths, directory)


@sessions.command(
    "check",
    epilog="""\b
Examples:
  galley sessions check paper-1a2b            is it whole?
  galley sessions check --all                 are they?
  galley sessions check paper-1a2b --repair   save what can be read

\b
Nothing is ever written to the session itself.
Exit codes: 0 whole, 1 one is damaged (repaired or not), 2 usage.""",
)
@click.argument("names", nargs=-1, metavar="[SESSION...]")
@click.option("--all", "every", is_flag=True, help="All sessions of the folder.")
@click.option("--repair", is_flag=True, help="Write what can be saved of a damaged one to a new session beside it.")
@DIRECTORY
@JSON
def check_(names: tuple[str, ...], every: bool, repair: bool, session_dir: str | None, as_json: bool) -> int:
    """Look whether sessions are whole, and save what can be saved."""
    directory = folder(session_dir)
    if every == bool(names):
        raise click.UsageError("Name a session, or give --all.")
    paths = sorted(directory.glob(f"*{SUFFIX}")) if every else [resolve(name, directory) for name in names]
    found = [checked(path, repair) for path in paths]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for entry in found:
            for line in health_lines(entry):
                tell(line)
    return 1 if any(entry["problems"] or entry["error"] for entry in found) else 0


def checked(path: Path, repair: bool) -> dict[str, Any]:
    """What is wrong with one session, and what became of saving it; an error of one is no other's."""
    entry: dict[str, Any] = {"session": str(path), "problems": [], "error": None, "repaired": None}
    try:
        health = check(path)
        entry |= {"problems": list(health.problems), "counts": health.counts}
        if health.problems and repair:
            entry["repaired"] = salvage_data(salvage(path))
    except GalleyError as error:
        entry["error"] = str(error)
    return entry


def salvage_data(salvaged: Salvaged) -> dict[str, Any]:
    return {**asdict(salvaged), "path": str(salvaged.path)}


def health_lines(entry: dict[str, Any]) -> list[str]:
    name, problems, repaired = Path(entry["session"]).stem, entry["problems"], entry["repaired"]
    if not problems:
        return [f"{name}: {entry['error']}" if entry["error"] else f"{name}: whole ({counted(entry['counts'])})."]
    lines = [f"{name}: damaged.", *(f"  {problem}" for problem in problems[:MOST_PROBLEMS])]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"  And {len(problems) - MOST_PROBLEMS} more.")
    if repaired is None:
        return lines + [f"  Not saved: {error}" for error in (entry["error"],) if error]
    lines.append(f"  Saved: {counted(repaired['saved'])}, in {repaired['path']}")
    lost = {table: count for table, count in repaired["lost"].items() if count}
    lines.append(f"  Lost at most: {counted(lost)}." if lost else "  Lost: nothing.")
    return lines + [f"  {note}" for note in repaired["notes"]]


def counted(counts: dict[str, int]) -> str:
    return ", ".join(plural(count, table.removesuffix("s")) for table, count in counts.items())


@sessions.command("path")
@click.argument("session", required=False)
@DIRECTORY
def path_(session: str | None, session_dir: str | None) -> None:
    """Where sessions lie, or where one is."""
    directory = folder(session_dir)
    click.echo(resolve(session, directory) if session else directory)
