"""Names of texts in a batch's folder: like their documents', safe on any file system, and each only once."""

import hashlib
import re
from collections.abc import Callable
from pathlib import PurePosixPath

from ..extract.controls import strip_controls

PART_BYTES = 150
"""Of a name or a folder's name; file systems allow 255, and a suffix and a temporary name come on top."""
OURS = re.compile(r"\.(txt|json|html|galley-batch.*)$", re.IGNORECASE)
"""How files in the results' folder end; no folder there ends so, or it would stand where a file has to."""
ODD = set('<>:"|?*\\')


def safe(name: str) -> str:
    """`name` (a relative path) with what paints, hides or leads elsewhere taken out of each of its parts."""
    parts = [safe_part(part) for part in PurePosixPath(name).parts if part not in {"/", "..", "."}]
    *folders, last = [part for part in parts if part] or ["document"]
    return str(PurePosixPath(*(f"{part}_" if OURS.search(part) else part for part in folders), last))


def safe_part(part: str) -> str:
    shown = "".join(char if char.isprintable() and char not in ODD else "_" for char in strip_controls(part).text)
    return shown.encode(errors="replace")[:PART_BYTES].decode(errors="ignore").strip().lstrip(".")


def unique(name: str, key: str, taken: Callable[[str], bool]) -> str:
    """A safe name that is not `taken`: a second document of the same name gets some digits of its key's hash."""
    plain = safe(name)
    if not taken(plain):
        return plain
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    for length in range(6, len(digest) + 1):
        if not taken(longer := f"{plain}-{digest[:length]}"):
            return longer
    raise AssertionError("two documents of one key")
