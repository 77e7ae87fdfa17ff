"""Words and lines that several commands print; documents' text is shown as it is, never as markup."""

import click

EXCERPT = 100


def say(line: str, quiet: bool = False) -> None:
    """A line on stderr."""
    if not quiet:
        click.echo(line, err=True)


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 page", "3 pages"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def excerpt(text: str, length: int = EXCERPT) -> str:
    """`text` on one line, cut with an ellipsis."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def size(bytes_: int) -> str:
    """Bytes in decimal units: "98.4 MB"."""
    amount = float(bytes_)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError


def table(rows: list[list[str]], header: list[str]) -> None:
    """Columns on stdout, as wide as they need to be."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
