"""Batches as a person runs them, in a process of their own."""

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
LONG_SECONDS = 1200
"""Longer than any command takes on the busiest machine: only one that hangs is ended."""
PROSE = "The compositor set the line by hand, and the reader of proofs marked what had gone wrong in it. " * 4


def galley(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GALLEY, *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LONG_SECONDS,
        check=False,
    )


def batch(folder: Path, *arguments: str, stdin: str = "", mode: str = "rules") -> subprocess.CompletedProcess[str]:
    """`galley batch … -o out` in `folder`; without a mode the option is left out."""
    return galley(folder, "batch", *arguments, "-o", "out", *(["--mode", mode] if mode else []), stdin=stdin)


def shelf(folder: Path, *names: str) -> Path:
    """A folder `in` with a text for each name, each saying its own."""
    for name in names:
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"This is {name.replace('/', ' in ')}. {PROSE}", encoding="utf-8")
    return folder / "in"


def report(folder: Path) -> dict[str, dict[str, object]]:
    """Documents of the report, by their names."""
    read = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    return {document["document"]: document for document in read["documents"]}


def linked(folder: Path) -> list[str]:
    """Where the page of the report leads to, as a browser takes it, in order of the alphabet."""
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    return sorted(unquote(unescape(found)) for found in re.findall(r'<a href="([^"]*)"', page))


def texts(folder: Path) -> dict[str, bytes]:
    """Every text of the results, by its relative path."""
    out = folder / "out"
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.txt"))}
