"""A short soak finds nothing wrong, and would find what was planted."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVERYTHING_TWICE = """
import galley.core.session.store as store
add = store.Session.add_attempt
def twice(self, attempt, **how):
    add(self, attempt, choose=False)
    return add(self, attempt, **how)
store.Session.add_attempt = twice
"""


def soak(seconds: int, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "soak.py")],
        env={**os.environ, "SOAK_SECONDS": str(seconds), "SOAK_SEED": "3", **environment},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_documents_that_are_disturbed_all_the_time_come_out_as_in_peace(embedded_model: Path) -> None:
    done = soak(20)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing lost, nothing twice, nothing left behind." in done.stdout


def test_what_is_done_twice_is_found(tmp_path: Path, embedded_model: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(EVERYTHING_TWICE)
    done = soak(20, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "WRONG: paper-00001" in done.stdout
    assert "attempts by chunk are [2" in done.stdout
