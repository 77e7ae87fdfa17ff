"""Large texts back to the system as soon as they are let go.

The C library raises, with each large block that is freed, the size from which blocks get a mapping of their own. The
texts of a long document come and go, one for each repair; after the first they would lie on the common heap, between
small things that stay, and could not be given back: a thousand pages took 305 MB at their peak and not 230.
"""

import ctypes
import sys
from contextlib import suppress
from functools import cache

M_MMAP_THRESHOLD = -3
LARGE = 256 * 1024
"""Bytes."""


@cache
def return_large_blocks() -> None:
    """Keep the threshold where it is, for the rest of the process. Where the C library has no such setting, nothing."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE)
