"""A claim that names its test holds only while the test is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = {
    node.name
    for path in (ROOT / "tests").glob("test_*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
}


@pytest.mark.parametrize("document", ["SECURITY.md", "docs/faults.md"])
def test_every_test_that_a_document_names_is_there(document: str) -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / document).read_text(encoding="utf-8")))
    assert len(named) > 20
    assert named - TESTS == set()


def test_every_row_of_the_table_of_faults_names_a_test() -> None:
    rows = [line for line in (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    rows = [row for row in rows if not row.startswith(("| what goes wrong", "|---"))]
    assert len(rows) > 20
    assert [row for row in rows if "`test_" not in row] == []
