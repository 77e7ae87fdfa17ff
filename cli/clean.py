"""`galley clean`: the main job, and the way a run ends, which `galley resume` shares."""

import json
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..core import job as jobs
from ..core.atomic import check_place
from ..core.comparing import Comparing
from ..core.config import Config
from ..core.engine.base import Engine
from ..core.errors import EngineError, StorageError
from ..core.events import RunEnded
from ..core.export import ExportReport, default_target, format_for, refuse_foreign, write
from ..core.extract import NOT_COMPARED, PasswordNeeded
from ..core.extract.process import end_ahead
from ..core.paths import expanded, sessions_dir
from ..core.session import Result, Session
from ..core.wording import duration
from . import options
from .grouped import Grouped
from .models import obtain
from .output import excerpt, plural, say, say_wait, session_name
from .progress import RunReporter, meter
from .signals import stop_on_signals

INTERRUPTED = 130


@click.command(
    cls=Grouped,
    epilog="""\b
Examples:
  galley clean paper.pdf                        to clean_paper.txt beside it
  galley clean paper.pdf -o talk.md             Markdown with page anchors
  galley clean paper.pdf --mode rules -o - | less
  galley clean paper.pdf --pages 3-17,20 --model ~/models/llama-3.2-1b.gguf
  galley clean notes.txt --mode verbatim --json

\b
The same command again resumes an interrupted run, or writes a finished one
anew; --fresh begins again.
Exit codes: 0 clean, 1 finished with failed chunks, 2 usage or bad input,
130 interrupted.""",
)
@options.INPUT
@click.option("-o", "--output", metavar="OUT", help="Where the text goes (.txt, .md, .jsonl); - is standard output.")
@options.extract_options
@options.chunk_options
@options.clean_options
@options.engine_options
@options.common_options
@click.option("--fresh", is_flag=True, help="Begin anew; an existing session is kept under another name.")
@options.FORCE
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def clean(input: Path, output: str | None, fresh: bool, force: bool, as_json: bool, quiet: bool, **given: Any) -> int:
    """Clean INPUT, a PDF or a text file, and write the text."""
    config = options.settings(given)
    if output == "-" and as_json:
        raise click.UsageError("-o - and --json both want standard output: choose one.")
    digest = jobs.file_digest(input)
    target, folder = checked_target(output, input), config.session.folder or sessions_dir()
    model = model_for(config, quiet)
    if target is not None and target.exists() and not force and (fresh or not jobs.finished(digest, config, model)):
        refuse_foreign(target, folder)
    engine = jobs.make_engine(model, config, config.chunk) if model is not None else None
    try:
        try:
            opened = open_with_password(input, config, model, engine, fresh, given.get("password"), quiet)
        finally:
            end_ahead()
        with opened.session as session, closing_of(opened.comparing):
            for note in opened.notes:
                say(note, quiet)
            notes = Notes(session, opened.comparing, quiet)
            if opened.state == "new":
                notes.say()
            if opened.state == "resumed":
                status = session.status()
                say(f"Resuming: {status.done + status.failed} of {status.total} chunks are done.", quiet)
                notes.say_what_was_not_done()
            return finish(session, engine, target, folder, notes, force=force, as_json=as_json, quiet=quiet)
    finally:
        if engine is not None:
            engine.close()


def checked_target(output: str | None, input: Path) -> Path | None:
    """Where the text goes (None: standard output), checked before any work is done."""
    if output == "-":
        return None
    target = expanded(output) if output else default_target(input)
    check_place(target)
    format_for(target)
    if not target.parent.is_dir():
        raise click.UsageError(f"There is no folder {target.parent} to write {target.name} into.")
    if target.exists() and input.exists() and target.samefile(input):
        raise click.UsageError(f"{target} is the input itself: give another name with -o.")
    return target


def model_for(config: Config, quiet: bool) -> jobs.Model | None:
    """The model of this run, fetched if none is named and none is there; None in `rules`."""
    if config.clean.mode == "rules":
        return None
    return obtain(config.engine.model, config, quiet=quiet)


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

                def read(done: int, total: int) -> None:
                    pages.update(done, total, "repairing the text" if done == total else "")

                return jobs.open_job(
                    input, config, model, password=password, fresh=fresh, progress=read, engine=engine, later=True
                )
        except PasswordNeeded:
            if password is not None or not sys.stdin.isatty():
                raise
            password = click.prompt(f"Password of {input.name}", hide_input=True, err=True)


class Notes:
    """What a session's document has to be told of, each once: some of it is known only while the text is cleaned."""

    def __init__(self, session: Session, comparing: Comparing | None, quiet: bool) -> None:
        self._session = session
        self._comparing = comparing
        self._quiet = quiet
        self._said = {NOT_COMPARED}

    def say(self) -> None:
        """What is known by now."""
        for note in self._session.document.notes:
            if note not in self._said:
                say(note, self._quiet)
                self._said.add(note)

    def compare(self) -> None:
        """Begin the comparison, if there is one to make: the first chunk is there."""
        if self._comparing is not None:
            self._comparing.begin()

    def say_what_was_not_done(self) -> None:
        """Of a session that was interrupted."""
        if NOT_COMPARED in self._session.document.notes:
            say(NOT_COMPARED, self._quiet)

    def say_the_rest(self) -> None:
        """Once all is known."""
        if self._comparing is None:
            return
        if self._comparing.under_way:
            with meter("Comparing", quiet=self._quiet) as shown:
                shown.waits(0, 1, "comparing the two extractors")
                self._comparing.wait()
        self._comparing.wait()
        self.say()


def closing_of(comparing: Comparing | None) -> AbstractContextManager[Any]:
    """Ends a comparison with the block."""
    return closing(comparing) if comparing is not None else nullcontext()


def finish(
    session: Session,
    engine: Engine | None,
    target: Path | None,
    folder: Path,
    notes: Notes,
    *,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run what is pending, write the text, say how it went. `folder` is the sessions'; `notes` are told by then.

    Returns the exit code.
    """
    stop = threading.Event()
    ended: RunEnded | None = None
    stopped = False
    if session.status().pending:
        with meter("Cleaning", quiet=quiet, count="chunks") as chunks, stop_on_signals(stop, engine):
            reporter = RunReporter(chunks, notes.compare)
            if engine is not None:
                status = session.status()
                name = session.settings.model_name.removesuffix(".gguf")
                chunks.waits(status.done + status.failed, status.total, f"loading {name}")
            jobs.tell_waits(engine, say_wait)
            try:
                ended = jobs.make_run(session, engine, reporter).work(stop)
            except EngineError as error:
                say(str(error), False)
                stopped = True
            except StorageError as error:
                say(f"galley: {error}")
                say_how_to_go_on(session)
                return error.exit_code
        for note in reporter.notes:
            say(note, quiet)
    status = session.status()
    if stopped or (ended is not None and ended.how == "interrupted"):
        say(f"Interrupted: {status.done + status.failed} of {status.total} chunks are done and saved.", False)
        say_how_to_go_on(session)
        return INTERRUPTED
    try:
        report = write_text(session, target, folder, force)
    except StorageError as error:
        say(f"galley: {error}")
        say(f"It is all in the session. To write it elsewhere: galley export {session_name(session.path)} -o OTHER.txt")
        return error.exit_code
    notes.say_the_rest()
    if as_json:
        click.echo(json.dumps(summary(session, ended, report), ensure_ascii=False, indent=2))
    elif not quiet:
        for line in summary_lines(session, ended, report):
            say(line, quiet)
    return 1 if status.failed else 0


def say_how_to_go_on(session: Session) -> None:
    """The command, as long as there is something to go on with."""
    if session.path.exists():
        say(f"To go on: galley resume {session_name(session.path)}")


def write_text(session: Session, target: Path | None, folder: Path, force: bool) -> ExportReport:
    if target is None:
        return write(session, sys.stdout.buffer, "txt")
    return write(session, target, format_for(target), force=force, notes=folder)


def summary(session: Session, ended: RunEnded | None, report: ExportReport) -> dict[str, Any]:
    """The end of a run as data."""
    status, results = session.status(), session.results()
    return {
        "output": str(report.path) if report.path else None,
        "replaced": str(report.replaced.session) if report.replaced else None,
        "session": str(session.path),
        "mode": session.settings.clean.mode,
        "model": session.settings.model_name or None,
        "pages": session.document.page_count,
        "skipped_pages": [{"page": page, "reason": reason} for page, reason in session.document.skipped],
        "notes": list(session.document.notes),
        "repairs": session.document.counts,
        "chunks": asdict(status),
        "flags": flag_counts(results),
        "modes": mode_counts(results),
        "characters": report.characters,
        "seconds": round(ended.seconds, 3) if ended else 0.0,
        "tokens_per_second": round(ended.progress.tokens_per_second, 1) if ended else 0.0,
    }


def summary_lines(session: Session, ended: RunEnded | None, report: ExportReport) -> list[str]:
    """The end of a run in words."""
    status, document, results = session.status(), session.document, session.results()
    mode = session.settings.clean.mode
    lines = [f"Cleaned {plural(status.done, 'chunk')} of {document.path.name} in {mode} mode" + pace(ended)]
    flags = flag_counts(results)
    if flags:
        named = ", ".join(f"{name} {count}" for name, count in flags.items())
        look = (
            f"{plural(status.flagged, 'chunk')} to look at" if status.flagged else "remarks alone, nothing to look at"
        )
        lines.append(f"Flags: {named} ({look}).")
    others = {name: count for name, count in mode_counts(results).items() if name != mode}
    for name, count in others.items():
        lines.append(f"{plural(count, 'chunk')} fell back to {name}, since {mode} failed its checks or was refused.")
    for chunk in (result.chunk for result in results if result.chunk.state == "failed"):
        lines.append(f"Chunk {chunk.index + 1} failed: {chunk.note} Its source stands in the text under a mark.")
    if document.skipped:
        lines.append(
            f"Skipped {plural(len(document.skipped), 'page')}: {', '.join(str(p) for p, _ in document.skipped)}."
        )
    if status.failed:
        lines.append(f"To try again: galley resume --retry-failed {session_name(session.path)}")
    lines.append(f"First line: {excerpt(report.first_line)}")
    lines.append(f"Last line:  {excerpt(report.last_line)}")
    where = str(report.path) if report.path else "standard output"
    lines.append(f"{plural(report.characters, 'character')} in {where}")
    return lines + replaced_lines(report)


def replaced_lines(report: ExportReport) -> list[str]:
    """What stood there before, and how to have it again."""
    if report.replaced is None:
        return []
    again = f"galley export {session_name(report.replaced.session)} -o OTHER.txt"
    return [f"It replaced {report.replaced.what}; to have that again: {again}"]


def pace(ended: RunEnded | None) -> str:
    """How long it took; a session that was finished before takes no time."""
    if ended is None:
        return " (they were done before; --fresh begins anew)."
    speed = ended.progress.tokens_per_second
    return f" in {duration(ended.seconds)}{f', {speed:.0f} tokens/s' if speed >= 1 else ''}."


def flag_counts(results: Sequence[Result]) -> dict[str, int]:
    """Chunks by flag, of the attempts that count; most frequent first."""
    attempts = (result.attempt for result in results if result.attempt is not None)
    return dict(Counter(flag.name for attempt in attempts for flag in attempt.flags).most_common())


def mode_counts(results: Sequence[Result]) -> dict[str, int]:
    return dict(Counter(result.attempt.mode for result in results if result.attempt is not None).most_common())
