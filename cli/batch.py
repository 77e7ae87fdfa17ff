"""`galley batch`: many documents, one model, one folder of results."""

import json
import os
import re
import shlex
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import click

from ..core import batch as core_batch
from ..core import job as jobs
from ..core.batch import Ledger, Plan
from ..core.batch.dataset import FORMATS, Dataset
from ..core.batch.entry import is_address, shown
from ..core.batch.ledger import row_errors
from ..core.config import Config, load_config
from ..core.cores import cores
from ..core.engine.base import Engine
from ..core.errors import ConfigError, EngineError, GalleyError, InputError, SessionError, StorageError
from ..core.events import ServerWaited
from ..core.extract.pagespec import check_pages
from ..core.model import resolve_mode
from ..core.paths import expanded, sessions_dir
from . import options
from .batchview import Counts, view
from .clean import INTERRUPTED
from .grouped import Grouped
from .models import obtain
from .output import plural, say
from .signals import stop_on_signals

TXT = "txt"
FILES = {"session.directory", "clean.prompt", "engine.model"}
"""Settings that may hold a path, which has to mean the same when the batch is resumed from elsewhere."""
USER = re.compile(r"^(\w[\w+.-]*://)[^/?#]*@")
NAMED = 20
"""So many failed documents are named at the end; the report has them all."""


@click.command(
    cls=Grouped,
    epilog="""\b
Examples:
  galley batch papers/ -o clean/                 all PDFs and texts below it
  galley batch 'papers/**/*.pdf' notes.txt -o clean/ --mode rules
  find . -name '*.pdf' | galley batch - -o clean/
  galley batch shelf.csv -o clean/               a manifest with a file a row
  galley batch s3://bucket/papers/ -o clean/ --format parquet
  galley batch -o clean/                         go on with the last call
  galley batch -o clean/ --retry-failed
  galley batch /shared/papers -o /shared/clean --ray auto      on a cluster

\b
The folder gets a text for each document (or data/part-00001.jsonl, …),
report.json and report.html.
The same command again does only what is new, changed or unfinished.
Exit codes: 0 clean, 1 finished with failed documents or chunks,
2 usage or bad input, 130 interrupted.""",
)
@click.argument("inputs", metavar="INPUT...", nargs=-1)
@click.option("-o", "--output", metavar="DIR", help="The folder of the results.")
@click.option("--format", "format_", type=click.Choice([TXT, *FORMATS]), help="A text each, or one data set.")
@click.option(
    "--jobs", "workers", metavar="N", type=click.IntRange(min=0), default=0, help="Worker processes; 0 takes the cores."
)
@click.option(
    "--slots", "jobs", metavar="N", type=click.IntRange(min=0), help="Chunks the model cleans at a time; 0 chooses."
)
@options.extract_options
@options.chunk_options
@options.clean_options
@options.machine_options
@options.common_options
@click.option("--ray", "address", metavar="ADDRESS", help="Hand the work to Ray: auto, HOST:PORT, or local to try it.")
@click.option("--retry-failed", is_flag=True, help="Try failed documents, and failed chunks, again.")
@options.FORCE
@click.option("--json", "as_json", is_flag=True, help="The report as JSON on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
def batch(
    inputs: tuple[str, ...],
    output: str | None,
    format_: str | None,
    workers: int,
    address: str | None,
    retry_failed: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> int:
    """Clean every document that INPUT... means: files, folders, patterns, addresses, manifests, or - for a list."""
    folder = results_folder(output, inputs)
    overrides = anchored(options.overrides_of(given))
    check_pages(load_config(overrides=overrides).extract.pages)  # a wrong setting is told before a folder is made
    with Ledger(folder) as ledger:
        overrides, format = wanted(ledger, overrides, format_, bool(inputs))
        config = load_config(overrides=overrides)
        if format != TXT:
            Dataset(folder, format, ledger)  # tells what it needs and has not
        own = core_batch.Own(config.session.folder or sessions_dir())
        count = registered(ledger, inputs, folder, "" if format != TXT else ".txt", own)
        ledger.keep({"format": format, "overrides": json.dumps(lasting(overrides))})
        if inputs:
            ledger.keep({core_batch.LEFT_OUT: own.sentence()})
        say(" ".join(filter(None, (f"{plural(count, 'document')}.", own.sentence()))), quiet)
        model = model_for(ledger, config, overrides, quiet)
        if address is not None:  # a node's own settings may name another place
            overrides = {**overrides, "session.directory": os.path.abspath(config.session.folder or sessions_dir())}
        plan = Plan(
            folder=folder,
            overrides=overrides,
            model=model,
            workers=workers or cores(),
            format=format,
            retry_failed=retry_failed,
            force=force,
            password=given.get("password"),
        )
        engine = jobs.make_engine(model, config, config.chunk) if model is not None and address is None else None
        try:
            with view(count, quiet=quiet) as shown, waits_kept(ledger, shown):
                jobs.tell_waits(engine, lambda words, gone: shown(ServerWaited(words, gone)))
                work = worker_for(plan, ledger, config, engine, address, shown)
                ended = run(work, engine)
        except BaseException as error:
            with suppress(GalleyError):  # what went wrong first is what is told
                core_batch.write_reports(folder, ledger)
            if not isinstance(error, StorageError | SessionError):
                raise
            say(f"galley: {error}")
            say_how_to_go_on(folder)
            return error.exit_code
        finally:
            if engine is not None:
                engine.close()
        reports = core_batch.write_reports(folder, ledger)
        return told(ledger, folder, reports, ended, shown, as_json=as_json, quiet=quiet)


def results_folder(output: str | None, inputs: tuple[str, ...]) -> Path:
    """Where the results go. Raises UsageError."""
    if not output:
        raise click.UsageError(f"Say where the texts go: galley batch {shlex.join(inputs) or 'papers/'} -o clean/")
    if is_address(output):
        raise click.UsageError(f"{shown(output)} is an address: results go into a folder of this machine, -o clean/")
    folder = expanded(output)
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise click.UsageError(f"{folder} is no folder: give one with -o.")
    if not inputs and not core_batch.is_batch(folder):
        raise click.UsageError(f"Nothing to clean: give an INPUT. There is no batch in {folder} to go on with.")
    return folder


def anchored(overrides: dict[str, object]) -> dict[str, object]:
    """Paths among the settings, made absolute."""
    found = dict(overrides)
    for key in FILES & found.keys():
        path = expanded(str(found[key]))
        if key == "session.directory" or path.exists():
            found[key] = os.path.abspath(path)
    return found


def wanted(
    ledger: Ledger, overrides: dict[str, object], format_: str | None, anew: bool
) -> tuple[dict[str, object], str]:
    """The settings and the format of this call. Without inputs those of the last one hold. Raises ConfigError or
    SessionError.
    """
    facts = ledger.facts()
    format = format_ or facts.get("format", TXT)
    if facts.get("format", format) != format:
        raise ConfigError(f"The folder holds a batch in {facts['format']}.", f"Give another folder for {format}.")
    if not anew:
        with row_errors(ledger.path):
            overrides = {**cast(dict[str, object], json.loads(facts.get("overrides", "{}"))), **overrides}
    return overrides, format


def lasting(overrides: dict[str, object]) -> dict[str, object]:
    """What of the settings is kept for the next call: an address without the user and password in it."""
    return {name: USER.sub(r"\1", value) if isinstance(value, str) else value for name, value in overrides.items()}


def registered(ledger: Ledger, inputs: tuple[str, ...], folder: Path, suffix: str, own: core_batch.Own) -> int:
    """How many documents the inputs mean. Raises InputError."""
    if not inputs:
        known = ledger.register_known()
        if not known:
            raise InputError(f"The batch in {folder} knows no document.", "Give an INPUT.")
        return known
    count = ledger.register(core_batch.find(inputs, folder, standard_input(inputs), own), folder, suffix)
    if not count:
        raise InputError("The list on standard input names no document.", "Give a path a line.")
    return count


def standard_input(inputs: tuple[str, ...]) -> Iterable[str]:
    """Lines of a list, or names with NUL between them, as `find -print0` writes them."""
    if "-" not in inputs:
        return ()
    if sys.stdin is None:  # closed by whoever called
        return ()
    raw = os.fsdecode(sys.stdin.buffer.read())
    return raw.split("\0") if "\0" in raw else [line.rstrip("\r") for line in raw.split("\n")]


def model_for(ledger: Ledger, config: Config, overrides: dict[str, object], quiet: bool) -> jobs.Model | None:
    """The one model of the batch; None where no document wants one."""
    modes = {load_config(overrides={**overrides, **own}).clean.mode for own in ledger.kinds()}
    if all(resolve_mode(mode, None) == "rules" for mode in modes):
        return None
    return obtain(config.engine.model, config, quiet=quiet)


def worker_for(
    plan: Plan, ledger: Ledger, config: Config, engine: Engine | None, address: str | None, shown: Counts
) -> Callable[[threading.Event], bool]:
    """What does the work: this machine, or a cluster. Raises ConfigError."""
    if address is None:
        return core_batch.Batch(plan, ledger, engine, shown).work
    from ..core.batch.cluster import ClusterBatch  # only who has a cluster should wait for it

    return ClusterBatch(plan, ledger, config, address, shown).work


@contextmanager
def waits_kept(ledger: Ledger, shown: Counts) -> Generator[None]:
    """What is said of a server that is waited for is kept for the report, however the block ends."""
    ledger.keep({core_batch.WAITS: "[]"})
    try:
        yield
    finally:
        if shown.waits:
            with suppress(GalleyError):  # what went wrong in the block is what is told
                ledger.keep({core_batch.WAITS: json.dumps(shown.waits)})


def run(work: Callable[[threading.Event], bool], engine: Engine | None) -> bool:
    """Whether it came to its end. Raises what stops all."""
    stop = threading.Event()
    with stop_on_signals(stop, engine):
        try:
            return work(stop)
        except EngineError as error:
            say(str(error), False)
            return False


def say_how_to_go_on(folder: Path) -> None:
    """The command, as long as the folder is where it was."""
    if core_batch.is_batch(folder):
        say(f"To go on: galley batch -o {shlex.quote(str(folder))}")


def told(
    ledger: Ledger,
    folder: Path,
    reports: tuple[Path, Path],
    ended: bool,
    shown: Counts,
    *,
    as_json: bool,
    quiet: bool,
) -> int:
    """Say how it went. Returns the exit code."""
    totals = ledger.totals(here=True)
    if shown.taken_over:
        say(
            f"{plural(shown.taken_over, 'document')} taken over from lost processes: see the notes in the report.",
            quiet,
        )
    if shown.replaced:
        texts = plural(shown.replaced, "text")
        say(f"Replaced {texts} of earlier runs; {reports[0]} names the sessions that have them still.", quiet)
    if as_json:
        click.echo(reports[0].read_text(encoding="utf-8"), nl=False)
    if not ended:
        kept = f" So are {plural(shown.kept, 'chunk')} of the documents in hand." if shown.kept else ""
        say(f"Interrupted: {core_batch.sentence(totals)} Everything finished is saved.{kept}", False)
        say_how_to_go_on(folder)
        return INTERRUPTED
    say(core_batch.sentence(totals), quiet)
    for number, record in enumerate(record for record in ledger.documents(here=True) if record.state == "failed"):
        if number == NAMED:
            say(f"… and {totals.failed - NAMED:,} more.", quiet)
            break
        say(f"Failed: {record.output}: {record.reason}", quiet)
    unmeant = ledger.unmeant()
    if unmeant:
        say(
            f"{plural(unmeant, 'input')} meant no document. Given again, such an input is looked for again; "
            "--retry-failed does not look.",
            quiet,
        )
    if totals.failed > unmeant or totals.failed_chunks:
        say(f"To try again: galley batch -o {shlex.quote(str(folder))} --retry-failed", quiet)
    if totals.flagged and core_batch.is_reviewed(folder):
        say("All that were flagged have been looked at.", quiet)
    elif totals.flagged:
        say(f"To look at the worst first: galley review {shlex.quote(str(folder))}", quiet)
    say(f"The report: {reports[1]}", quiet)
    return 1 if totals.failed or totals.failed_chunks else 0
