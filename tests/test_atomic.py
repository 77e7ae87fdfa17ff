"""A file is there whole or not at all."""

import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from galley.core.atomic import write_atomically
from galley.core.errors import StorageError


def test_the_parts_are_written_in_order_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    write_atomically(path, (f"{n}\n".encode() for n in range(3)))
    assert path.read_text() == "0\n1\n2\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failure_keeps_what_was_there_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("precious")

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, broken())
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    link.symlink_to(real)
    write_atomically(link, [b"new"])
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_pipe_is_never_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "out.txt"
    os.mkfifo(pipe)
    with pytest.raises(StorageError, match="a pipe or a device"):
        write_atomically(pipe, [b"new"])
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("where", ["missing/out.txt", ".", "x" * 300 + ".txt"])
def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path, where: str) -> None:
    with pytest.raises(StorageError) as caught:
        write_atomically(tmp_path / where, [b"text"])
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


FILL = """
import sys
from pathlib import Path
from galley.core.atomic import write_atomically
from galley.core.errors import StorageError
try:
    write_atomically(Path(sys.argv[1]), (b"x" * 1000 for _ in range(1000)))
except StorageError as error:
    print(error)
"""


def test_a_full_disk_is_named_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("precious")

    def small_disk() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path)], preexec_fn=small_disk, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("The disk is full: ")
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["out.txt"]
