"""`galley resume`: go on with a session that was interrupted."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from ..core import job as jobs
from ..core.atomic import check_place
from ..core.errors import SessionError
from ..core.export import default_target, format_for, refuse_foreign
from ..core.models import EMBEDDED, offer_for
from ..core.paths import expanded, sessions_dir
from ..core.session import Session, list_sessions, resolve
from . import options
from .clean import Notes, finish
from .grouped import Grouped
from .models import bring
from .output import plural, say


@click.command(
    cls=Grouped,
    epilog="""\b
Examples:
  galley resume                      the session that was interrupted last
  galley resume paper-1a2b3c4d       by how its name begins
  galley resume --retry-failed       the chunks that failed too""",
)
@click.argument("session", required=False)
@click.option(
    "-o", "--output", metavar="OUT", help="Where the text goes; clean_<name>.txt beside the input by default."
)
@click.option("--model", metavar="M", help="The session's model, if it has moved.")
@options.engine_options
@options.common_options
@click.option("--retry-failed", is_flag=True, help="Try the failed chunks again.")
@options.FORCE
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def resume(
    session: str | None,
    output: str | None,
    model: str | None,
    retry_failed: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> int:
    """Go on with SESSION, or with the one that was interrupted last."""
    if output == "-" and as_json:
        raise click.UsageError("-o - and --json both want standard output: choose one.")
    config = options.settings(given)
    directory = config.session.folder or sessions_dir()
    path = resolve(session, directory) if session else last_interrupted(directory, retry_failed)
    with Session.open(path) as opened:
        if retry_failed:
            say(f"{plural(opened.reopen_failed(), 'failed chunk')} will be tried again.", quiet)
        changed = jobs.changes_of(opened.document)
        if changed:
            say(changed, quiet)
        target = None if output == "-" else target_for(opened, output)
        status = opened.status()
        if target is not None and not force and status.pending:
            refuse_foreign(target, directory, opened)
        say(f"Resuming {path.stem}: {status.done} of {plural(status.total, 'chunk')} done.", quiet)
        notes = Notes(opened, None, quiet)
        notes.say_what_was_not_done()
        fetch = partial(bring, offer_for(EMBEDDED.name), quiet)
        found = jobs.session_model(opened, config, fetch, model or "") if status.pending else None
        engine = jobs.make_engine(found, config, opened.settings.chunk) if found is not None else None
        try:
            return finish(opened, engine, target, directory, notes, force=force, as_json=as_json, quiet=quiet)
        finally:
            if engine is not None:
                engine.close()


def last_interrupted(directory: Path, retry_failed: bool) -> Path:
    """The session touched last that has something to do. Raises SessionError when there is none."""
    elsewhere = ""
    for summary in list_sessions(directory):
        if summary.error is not None or not (summary.status.pending or (retry_failed and summary.status.failed)):
            continue
        if summary.writer is None:
            return summary.path
        elsewhere = elsewhere or f" {summary.path.stem} is open in {summary.writer}."
    raise SessionError(f"No session is waiting to be resumed.{elsewhere}", "galley sessions lists them all.")


def target_for(session: Session, output: str | None) -> Path:
    target = expanded(output) if output else default_target(session.document.path)
    check_place(target)
    format_for(target)
    if not target.parent.is_dir():
        raise click.UsageError(f"There is no folder {target.parent} to write into; choose another place with -o.")
    return target
