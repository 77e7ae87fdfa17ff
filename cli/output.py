"""Words and lines that several commands print; documents' text is shown as it is, never as markup."""

import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click
from rich.cells import cell_len, set_cell_size

from ..core.wording import excerpt, middle, plural, printable, size

__all__ = ["excerpt", "plural", "say", "say_plainly", "say_wait", "session_name", "size", "table", "tell", "wrapped"]

GAP = "  "
LEAST = 9
"""A column that gives way keeps so many cells."""
NARROWEST = 20
"""So many cells wrapped words have at least, however narrow the terminal is."""
COMMAND = re.compile(r"(?<=: )galley [a-z].*|`galley [^`]*`")
UNBROKEN = "\N{NO-BREAK SPACE}"


def say(line: str, quiet: bool = False) -> None:
    """A line on stderr. What names and errors of other programs hold can't paint on the terminal."""
    if not quiet:
        say_plainly(wrapped(printable(line), sys.stderr))


def say_plainly(words: str) -> None:
    """Words of our own on stderr. click would go round a live picture, which paints over what it does not know of."""
    click.echo(words, file=sys.stderr, err=True)


def say_wait(words: str, gone: bool) -> None:
    """That a server is waited for, or back. Said in any case: it may take half an hour."""
    say(f"{words} Ctrl-C stops, and loses nothing." if gone else words)


def tell(line: str) -> None:
    """A line on stdout, as safe as those of `say`."""
    click.echo(wrapped(printable(line), sys.stdout))


def wrapped(words: str, stream: TextIO, head: str = "") -> str:
    """`words` behind `head`, broken at blanks where the terminal ends and going on below themselves. A command to be
    typed stays in one piece, so that it can be copied. A pipe gets its line as it is.
    """
    width = columns(stream)
    if not width:
        return head + words
    whole = COMMAND.sub(lambda found: found[0].replace(" ", UNBROKEN), words)
    space = max(NARROWEST, width - len(head))
    lines = [
        part
        for line in whole.split("\n")
        for part in textwrap.wrap(line, space, break_long_words=False, break_on_hyphens=False) or [""]
    ]
    return head + f"\n{'':{len(head)}}".join(lines).replace(UNBROKEN, " ")


def columns(stream: TextIO) -> int:
    """The width of the terminal that a stream goes to; 0 where it goes elsewhere."""
    if not stream.isatty():
        return 0
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except OSError:
        return shutil.get_terminal_size().columns


def session_name(session: Path) -> str:
    """How a command names a session: by its name where sessions lie, by its path anywhere else."""
    from ..core.config import load_config
    from ..core.paths import sessions_dir

    usual = session.parent.resolve() == (load_config().session.folder or sessions_dir()).resolve()
    return shlex.quote(session.stem if usual else str(session))


def table(rows: list[list[str]], header: list[str], giving: Sequence[int] = ()) -> None:
    """Columns on stdout, as wide as they need to be. Where the terminal is narrower the columns numbered in `giving`
    give way, the widest first: the last of a row loses its end, any other its middle. Without a terminal all is whole.
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(cell_len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    whole = sum(widths) + len(GAP) * (len(widths) - 1)
    over = whole - shutil.get_terminal_size((whole, 0)).columns if sys.stdout.isatty() else 0
    while over > 0 and (wide := [at for at in giving if widths[at] > max(LEAST, cell_len(header[at]))]):
        widths[max(wide, key=lambda at: widths[at])] -= 1
        over -= 1
    last = len(header) - 1
    for row in [header, *rows]:
        cells = (fitted(cell, width, end=at == last) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
        click.echo(GAP.join(cells).rstrip())


def fitted(cell: str, width: int, *, end: bool) -> str:
    """A cell of exactly so many places, cut where it has to be."""
    if cell_len(cell) > width:
        cell = excerpt(cell, width) if end else middle(cell, width)
    return set_cell_size(cell, width)
