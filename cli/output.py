"""Words and lines that several commands print; documents' text is shown as it is, never as markup."""

import click

from ..core.wording import excerpt, plural, printable, size

__all__ = ["excerpt", "plural", "say", "size", "table", "tell"]


def say(line: str, quiet: bool = False) -> None:
    """A line on stderr. What names and errors of other programs hold can't paint on the terminal."""
    if not quiet:
        click.echo(printable(line), err=True)


def tell(line: str) -> None:
    """A line on stdout, as safe as those of `say`."""
    click.echo(printable(line))


def table(rows: list[list[str]], header: list[str]) -> None:
    """Columns on stdout, as wide as they need to be."""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
