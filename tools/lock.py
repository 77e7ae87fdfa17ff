"""Compile requirements/ from pyproject.toml: every version pinned with the hashes of all its files.

The lock holds for every platform and Python from 3.11 on, and names no package index. Versions that are pinned already
stay as they are, so that a new dependency moves nothing else; `--upgrade` takes the newest of everything.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "requirements"
HEADER = "# Compiled from pyproject.toml by `make lock`; don't edit.\n"


def compile_lock(source: Path, target: Path, *extra: str) -> None:
    """Write the pins of `source` to `target`, keeping those that `target` has already."""
    uv = Path(sys.executable).with_name("uv")
    command = [
        uv,
        "pip",
        "compile",
        source.name,
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
    ]
    options = ["--no-emit-index-url", "--no-header", "--no-config", "--quiet", "--no-annotate"]
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / target.name
        if target.exists():
            shutil.copy(target, pins)
        subprocess.run([*map(str, command), *options, *extra, "--output-file", pins], cwd=source.parent, check=True)
        target.write_text(HEADER + pins.read_text(encoding="utf-8"), encoding="utf-8")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    build = ("--extra", "build-tools", *sys.argv[1:])
    compile_lock(ROOT / "pyproject.toml", FOLDER / "runtime.txt", *build)
    compile_lock(ROOT / "pyproject.toml", FOLDER / "dev.txt", *build, "--extra", "dev")
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "uv.in"
        wanted.write_text("uv\n", encoding="utf-8")
        compile_lock(wanted, FOLDER / "uv.txt", *sys.argv[1:])


if __name__ == "__main__":
    main()
