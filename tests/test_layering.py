"""core stands alone: it loads without a terminal's libraries and without the fronts."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = ("textual", "click", "galley.cli", "galley.tui")

LOAD_ALL = """
import importlib, pkgutil, sys
import galley.core
for module in pkgutil.walk_packages(galley.core.__path__, "galley.core."):
    importlib.import_module(module.name)
print(*sorted(name for name in sys.modules if name.startswith(("textual", "click", "galley."))))
"""


def imports_of(path: Path, package: str) -> set[str]:
    """Absolute names of all that a module imports; `package` is the package it is in."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            found.add(".".join([*base, *([node.module] if node.module else [])]))
            found |= {".".join([*base, node.module or "", name.name]).replace("..", ".") for name in node.names}
    return found


def violations(core: Path) -> list[str]:
    """Imports below `core` (the folder of galley.core) that it must not have."""
    found: list[str] = []
    for path in core.rglob("*.py"):
        package = ".".join(("galley", "core", *path.relative_to(core).parent.parts))
        for name in imports_of(path, package):
            if name.split(".")[0] in FORBIDDEN or name.startswith(FORBIDDEN[2:]):
                found.append(f"{path.name} imports {name}")
    return found


def test_importing_all_of_core_loads_neither_a_front_nor_its_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD_ALL], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "galley.core.run" in loaded
    assert [name for name in loaded if name.startswith(FORBIDDEN)] == []


def test_no_module_of_core_names_a_front_or_its_libraries() -> None:
    assert violations(ROOT / "core") == []


@pytest.mark.parametrize(
    "line",
    ["import click", "from textual.app import App", "from ...cli import main", "import galley.tui.app"],
)
def test_the_check_finds_a_planted_violation(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "core" / "engine"
    folder.mkdir(parents=True)
    (folder / "bad.py").write_text(f"def late() -> None:\n    {line}\n", encoding="utf-8")
    assert violations(tmp_path / "core")
