"""The fuzzer finds nothing in a short time, and would find what was planted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PLANTED = {
    "reader": """
import galley.core.extract.pdfium as module
def text(self, number):
    return None + 1
module.PdfiumReader.text = text
""",
    "session": """
import galley.core.session.mend as module
module._chosen = lambda connection, attempts, mended: None
module._attempts = lambda connection, lost: {}
""",
}


def fuzz(target: str, seconds: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "fuzz.py"), target],
        env={**os.environ, "FUZZ_SECONDS": str(seconds), "FUZZ_SEED": "7", **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.parametrize("target", ["reader", "extract", "session"])
def test_a_few_seconds_of_fuzzing_find_nothing(target: str) -> None:
    done = fuzz(target, 6)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing was found in " in done.stdout
    assert " 0 files" not in done.stdout


@pytest.mark.parametrize("target", PLANTED)
def test_what_was_planted_is_found_and_its_file_is_kept(target: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(PLANTED[target])
    done = fuzz(target, 60, PYTHONPATH=str(tmp_path), FUZZ_KEPT=str(tmp_path / "kept"))
    assert done.returncode == 1, done.stdout + done.stderr
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.stat().st_size > 0
    assert f"failed on {kept}" in done.stdout
