"""`galley sessions`: list, show, remove, and where they are."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ..core.config import load_config
from ..core.paths import sessions_dir
from ..core.session import Session, SessionSummary, list_sessions, remove, resolve
from .output import excerpt, plural, say, table

DIRECTORY = click.option("--session-dir", metavar="DIR", help="Where session files lie.")
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


def folder(session_dir: str | None) -> Path:
    overrides: dict[str, object] = {"session.directory": session_dir} if session_dir else {}
    return load_config(overrides=overrides).session.folder or sessions_dir()


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  galley sessions                    all of them, the last touched first
  galley sessions show paper-1a2b    one, chunk by chunk
  galley sessions rm paper-1a2b""",
)
@DIRECTORY
@JSON
@click.pass_context
def sessions(context: click.Context, session_dir: str | None, as_json: bool) -> None:
    """List, show and remove sessions."""
    if context.invoked_subcommand is None:
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
    header = ["SESSION", "MODE", "DONE", "FLAGGED", "FAILED", "DECIDED", "TOUCHED", "STATE"]
    table([line(summary) for summary in found], header)


def line(summary: SessionSummary) -> list[str]:
    touched = datetime.fromtimestamp(summary.touched).strftime("%Y-%m-%d %H:%M")
    if summary.error is not None:
        return [summary.path.stem, "", "", "", "", "", touched, summary.error]
    status = summary.status
    return [
        summary.path.stem,
        summary.mode,
        f"{status.done}/{status.total}",
        str(status.flagged),
        str(status.failed),
        str(status.decided),
        touched,
        state_of(summary),
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
@DIRECTORY
@JSON
def show(session: str, session_dir: str | None, as_json: bool) -> None:
    """One session: its document and its chunks."""
    with Session.open(resolve(session, folder(session_dir)), write=False) as opened:
        rows = [chunk_data(opened, chunk.index) for chunk in opened.chunks()]
        document = opened.document
        if as_json:
            head = {"session": str(opened.path), "document": str(document.path), "sha256": document.sha256}
            settings = json.loads(opened.settings.model_dump_json())
            data = {**head, "pages": document.page_count, "settings": settings, "chunks": rows}
            click.echo(json.dumps(data, ensure_ascii=False, indent=2))
            return
        click.echo(f"{document.path} ({plural(document.page_count, 'page')}), mode {opened.settings.clean.mode}")
        header = ["CHUNK", "PAGES", "STATE", "MODE", "ATTEMPTS", "FLAGS", "DECISION", "TEXT"]
        table([chunk_line(row) for row in rows], header)


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


@sessions.command("rm")
@click.argument("names", nargs=-1, required=True, metavar="SESSION...")
@DIRECTORY
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
def rm(names: tuple[str, ...], session_dir: str | None, yes: bool) -> None:
    """Delete sessions, with all their attempts and decisions."""
    paths = [resolve(name, folder(session_dir)) for name in names]
    if not yes:
        click.confirm(f"Delete {', '.join(path.stem for path in paths)}?", abort=True, err=True)
    for path in paths:
        remove(path)
        say(f"Deleted {path}")


@sessions.command("path")
@click.argument("session", required=False)
@DIRECTORY
def path_(session: str | None, session_dir: str | None) -> None:
    """Where sessions lie, or where one is."""
    directory = folder(session_dir)
    click.echo(resolve(session, directory) if session else directory)
