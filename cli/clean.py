"""`galley clean`: the main job, and the way a run ends, which `galley resume` shares."""

import json
import shlex
import sys
import threading
from pathlib import Path
from typing import Any

import click

from ..core import job as jobs
from ..core.config import Config
from ..core.engine.base import Engine
from ..core.errors import ModelError
from ..core.events import RunEnded
from ..core.export import ExportReport, default_target, format_for, write
from ..core.extract import PasswordNeeded
from ..core.session import Session, SessionStatus
from . import options
from .models import obtain
from .output import counted, excerpt, plural
from .progress import RunReporter, duration, meter
from .signals import stop_on_signals

INTERRUPTED = 130


@click.command(epilog="""\b
Examples:
  galley clean paper.pdf                        to clean_paper.txt beside it
  galley clean paper.pdf -o talk.md             Markdown with page anchors
  galley clean paper.pdf --mode rules -o - | less
  galley clean paper.pdf --pages 3-17,20 --model ~/models/llama-3.2-1b.gguf
  galley clean notes.txt --mode verbatim --json

\b
The same command again resumes an interrupted run, or exports a finished one anew; --fresh begins again.
Exit codes: 0 clean, 1 finished with failed chunks, 2 usage or bad input, 130 interrupted.""")
@options.INPUT
@click.option("-o", "--output", metavar="OUT", help="Where the text goes (.txt, .md, .jsonl); - is standard output.")
@options.extract_options
@options.chunk_options
@options.clean_options
@options.engine_options
@options.common_options
@click.option("--fresh", is_flag=True, help="Begin anew; an existing session is kept under another name.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def clean(input: Path, output: str | None, fresh: bool, as_json: bool, quiet: bool, **given: Any) -> int:
    """Clean INPUT, a PDF or a text file, and write the text."""
    config = options.settings(given)
    if output == "-" and as_json:
        raise click.UsageError("-o - and --json both want standard output: choose one.")
    target = checked_target(output, input)
    jobs.file_digest(input)
    model = model_for(config, quiet)
    engine = jobs.make_engine(model, config) if model is not None else None
    try:
        opened = open_with_password(input, config, model, engine, fresh, given.get("password"), quiet)
        with opened.session as session:
            for note in (*opened.notes, *(session.document.notes if opened.state == "new" else ())):
                say(note, quiet)
            if opened.state == "resumed":
                status = session.status()
                say(f"Resuming: {status.done + status.failed} of {status.total} chunks are done.", quiet)
            return finish(session, engine, target, as_json=as_json, quiet=quiet)
    finally:
        if engine is not None:
            engine.close()


def checked_target(output: str | None, input: Path) -> Path | None:
    """Where the text goes (None: standard output), checked before any work is done."""
    if output == "-":
        return None
    target = Path(output).expanduser() if output else default_target(input)
    format_for(target)
    if not target.parent.is_dir():
        raise click.UsageError(f"There is no folder {target.parent} to write {target.name} into.")
    if target.is_dir():
        raise click.UsageError(f"{target} is a folder: give the name of a file with -o.")
    if target.exists() and input.exists() and target.samefile(input):
        raise click.UsageError(f"{target} is the input itself: give another name with -o.")
    return target


def model_for(config: Config, quiet: bool) -> jobs.Model | None:
    """The model of this run, fetched if it is the embedded one and not there; None in `rules`."""
    if config.clean.mode == "rules":
        return None
    return jobs.identify(obtain(config.engine.model, quiet=quiet))


def open_with_password(
    input: Path,
    config: Config,
    model: jobs.Model | None,
    engine: Engine | None,
    fresh: bool,
    password: str | None,
    quiet: bool,
) -> jobs.Job:
    """The job, asking for a password when the file needs one and a person is there to give it."""
    while True:
        try:
            with meter("Reading", quiet=quiet, count="pages") as pages:
                return jobs.open_job(
                    input, config, model, password=password, fresh=fresh, progress=pages.update, engine=engine
                )
        except PasswordNeeded:
            if password is not None or not sys.stdin.isatty():
                raise
            password = click.prompt(f"Password of {input.name}", hide_input=True, err=True)


def finish(session: Session, engine: Engine | None, target: Path | None, *, as_json: bool, quiet: bool) -> int:
    """Run what is pending, write the text, say how it went. Returns the exit code."""
    stop = threading.Event()
    ended: RunEnded | None = None
    if session.status().pending:
        with meter("Cleaning", quiet=quiet, count="chunks") as chunks, stop_on_signals(stop, engine):
            ended = jobs.make_run(session, engine, RunReporter(chunks)).work(stop)
    status = session.status()
    if ended is not None and ended.how == "interrupted":
        say(f"Interrupted: {status.done + status.failed} of {status.total} chunks are done and saved.", False)
        say(f"To go on: galley resume {shlex.quote(str(session.path))}", False)
        return INTERRUPTED
    report = write_text(session, target)
    if as_json:
        click.echo(json.dumps(summary(session, status, ended, report), ensure_ascii=False, indent=2))
    else:
        for line in summary_lines(session, status, ended, report):
            say(line, quiet)
    return 1 if status.failed else 0


def write_text(session: Session, target: Path | None) -> ExportReport:
    if target is None:
        return write(session, sys.stdout.buffer, "txt")
    return write(session, target, format_for(target))
