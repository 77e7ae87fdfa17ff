"""`galley export`: a session's text, as it stands."""

import sys

import click

from ..core.export import FORMATS, default_target, format_for, write
from ..core.paths import expanded
from ..core.session import Session, resolve
from . import options
from .clean import replaced_lines
from .output import plural, say
from .sessions import DIRECTORY, folder


@click.command(
    epilog="""\b
Examples:
  galley export paper-1a2b -o paper.md
  galley export paper-1a2b -o chunks.jsonl
  galley export paper-1a2b -o - --format txt | less"""
)
@click.argument("session")
@click.option("-o", "--output", metavar="OUT", help="The file; its suffix chooses the format; - is standard output.")
@click.option("--format", "format_", type=click.Choice(sorted(FORMATS.values())), help="Over the suffix.")
@options.FORCE
@DIRECTORY
def export(session: str, output: str | None, format_: str | None, force: bool, session_dir: str | None) -> None:
    """Write the text of SESSION as it stands; what is pending or flagged is counted."""
    directory = folder(session_dir)
    with Session.open(resolve(session, directory), write=False) as opened:
        if output == "-":
            report = write(opened, sys.stdout.buffer, format_ or "txt")
        else:
            target = expanded(output) if output else default_target(opened.document.path)
            report = write(opened, target, format_ or format_for(target), force=force, notes=directory)
    where = str(report.path) if report.path else "standard output"
    say(f"{plural(report.characters, 'character')} of {plural(report.chunks, 'chunk')} in {where}")
    for line in replaced_lines(report):
        say(line)
    if report.pending:
        say(f"{plural(report.pending, 'chunk')} not cleaned yet: the source stands there under a mark.")
    if report.failed:
        say(f"{plural(report.failed, 'chunk')} failed: the source stands there under a mark.")
    if report.undecided_flagged:
        say(f"{plural(report.undecided_flagged, 'flagged chunk')} that nobody has decided.")
