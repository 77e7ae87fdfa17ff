"""All measurements: `python -m bench` lists them, `python -m bench NAME …` runs one under a head that says on what."""

import ast
import importlib
import importlib.metadata
import os
import platform
import shlex
import sys
from pathlib import Path

import psutil

HERE = Path(__file__).parent
PACKAGES = ("galley-tui", "xllamacpp", "ctransformers", "pypdf", "pypdfium2", "textual")
"""Those whose version can change a figure."""
START = 'if __name__ == "__main__":'
HELP = {"-h", "--help"}


def benchmarks() -> dict[str, str]:
    """What can be run, by name, each with the first sentence of its docstring. Nothing is imported for it."""
    found: dict[str, str] = {}
    for path in sorted(HERE.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        if path != Path(__file__) and START in source:
            found[path.stem] = first_sentence(ast.get_docstring(ast.parse(source)) or "")
    return found


def first_sentence(text: str) -> str:
    """Up to its full stop, or to the command that some name behind a colon."""
    flat = " ".join(text.split())
    command = flat.find(": `python -m ")
    return (flat[:command] if command >= 0 else flat.partition(". ")[0]).rstrip(".:")


def head(arguments: list[str]) -> str:
    """Machine, versions and command, as lines that go above a table."""
    memory = psutil.virtual_memory().total / 2**30
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    versions = [f"Python {platform.python_version()}", *(version for name in PACKAGES if (version := installed(name)))]
    return "\n".join(
        [
            f"Machine: {usable} cores of {processor()}, {memory:.0f} GiB, {platform.system()}; load before {load:.1f}",
            f"Versions: {', '.join(versions)}",
            f"Command: python -m bench {shlex.join(arguments)}",
            "",
        ]
    )


def installed(package: str) -> str:
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return ""


def processor() -> str:
    """The processor's own name where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def main(arguments: list[str]) -> int:
    known = benchmarks()
    if not arguments or arguments[0] in HELP:
        width = max(map(len, known))
        print("\n".join(f"{name.ljust(width)}  {line}" for name, line in known.items()))
        return 0
    name = arguments[0]
    if name not in known:
        print(f"There is no benchmark {name!r}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    if not HELP & set(arguments):
        print(head(arguments), flush=True)
    sys.argv = [f"python -m bench {name}", *arguments[1:]]
    # Imported and not run as a script, so that what it starts in processes of its own is found there by its name.
    return importlib.import_module(f"bench.{name}").main() or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
