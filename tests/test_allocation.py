"""What is let go of goes back to the system."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
from galley.core.allocation import return_large_blocks

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

if sys.argv[1] == "ask":
    return_large_blocks()
large = b"x" * 30_000_000  # its end raises the size from which blocks are given back at once
del large
before = resident()
texts, between = [], []
for _ in range(20):
    texts.append(b"x" * 5_000_000)
    between.append(b"y" * 2000)
texts.clear()
print(resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists() or sys.platform != "linux", reason="needs Linux's C library")
def test_large_texts_go_back_to_the_system_though_small_things_between_them_stay() -> None:
    def left(how: str) -> float:
        done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
        return float(done.stdout)

    assert left("ask") < 5
