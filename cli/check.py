"""`galley check`: the checks on any two texts, for the output of any cleaner."""

import json
import shlex
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from ..core.checks import check as check_texts
from ..core.errors import InputError
from ..core.extract.controls import normalise_line_ends
from ..core.extract.textfile import decode
from ..core.session import SUFFIX
from . import options

PDF = b"%PDF-"


@click.command(
    epilog="""\b
Examples:
  galley check chunk.txt cleaned.txt
  galley check paper.txt clean_paper.txt --json

\b
Exit codes: 0 whatever was found, 2 when a file can't be read."""
)
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("cleaned", type=click.Path(path_type=Path), required=False)
@options.common_options
@click.option("--json", "as_json", is_flag=True, help="As JSON: flags (name, severity, evidence) and measures.")
def check(source: Path, cleaned: Path | None, as_json: bool, **given: Any) -> None:
    """Say what looks wrong in CLEANED, a cleaning of SOURCE; both are text files."""
    config = options.settings(given)
    for path in filter(None, (source, cleaned)):
        refuse_other(path)
    if cleaned is None:
        raise click.UsageError(f"Two text files are compared: galley check {shlex.quote(str(source))} CLEANED.txt")
    report = check_texts(read_text(source), read_text(cleaned), config.check)
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
        return
    for flag in report.flags:
        shown = "; ".join(flag.evidence)
        click.echo(f"{flag.severity:8} {flag.name}{': ' if shown else ''}{shown}")
    if not report.flags:
        click.echo("Nothing looks wrong.")
    for name, value in report.measures.items():
        click.echo(f"{name}: {value:.3f}")


def refuse_other(path: Path) -> None:
    """Say what to type where a PDF or a session was given for a text. Raises InputError."""
    name = shlex.quote(str(path))
    if path.suffix == SUFFIX:
        raise InputError(f"{path} is a session, not a text.", f"Whether it is whole: galley sessions check {name}")
    with suppress(OSError):
        with path.open("rb") as file:
            pdf = file.read(len(PDF)) == PDF
        if pdf:
            raise InputError(
                f"{path} is a PDF, and two texts are compared.",
                f"Its text: galley extract {name} --prepared > source.txt; galley clean {name} cleans and checks it.",
            )


def read_text(path: Path) -> str:
    """A text file's content; an empty file is an empty text. Raises InputError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.", "Check the name and its permissions.") from error
    return normalise_line_ends(decode(path, data)[0]) if data else ""
