"""The batch's benchmark compares like with like, and counts all processes."""

import os
import sys
from pathlib import Path

from pypdf import PdfReader

from bench.batch import PARTS, compare, shelf, watched


def test_the_shelf_holds_short_documents_that_differ(tmp_path: Path) -> None:
    root = shelf(tmp_path / "shelf", 5)
    found = sorted(root.iterdir())
    assert len(found) == len({path.read_bytes() for path in found}) == 5
    assert {len(PdfReader(path).pages) for path in found} == {2}


def test_loop_and_batch_are_timed_in_turn_and_their_texts_compared(tmp_path: Path) -> None:
    lines = list(compare(shelf(tmp_path / "shelf", 2), "rules", 1))
    assert lines[0].startswith("| rules, 2 documents")
    assert lines[-1] == "All 2 texts are the same, byte for byte."


def test_the_memory_of_children_is_counted_and_the_models_is_left_out() -> None:
    child = "import time; data = bytearray(90_000_000); time.sleep(2)  # {}"
    script = "import subprocess, sys, time; [subprocess.Popen([sys.executable, '-c', c]) for c in sys.argv[1:]]"
    script += "; time.sleep(2)"
    model, worker = (child.format(module) for module in list(PARTS)[::2])
    command = [sys.executable, "-c", script, model, worker]
    peak = watched(command, dict(os.environ))
    assert peak.by_kind["model"] > 80
    assert peak.by_kind["workers"] > 80
    assert 80 < peak.together < 170


def test_what_takes_hours_is_interrupted_and_its_peak_told() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(200)"]
    peak = watched(command, dict(os.environ), longest=0.2)
    assert peak.together > 0
    assert peak.seconds < 100
