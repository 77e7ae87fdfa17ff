"""What makes two runs the same: every setting that can change a chunk's text, and nothing else.

The digest is part of a session's file name, which is how the same command finds its session again. Time and memory
limits, slots, threads and GPU layers are left out: a run may go on with others.
"""

import hashlib
import json
from pathlib import PurePosixPath

from .checks import CheckOptions
from .chunk import ChunkOptions
from .clean.options import CleanOptions
from .extract.options import ExtractOptions
from .options import Options
from .prepare.options import PrepareOptions

NOT_IDENTITY = {"extract": {"timeout_seconds", "memory_mb", "compare_pages", "fetch_mb"}}
LATER = (("extract", "keep_unseen", True),)
"""(section, setting, default) of what came later: it counts where it is not the default, so that sessions made before
are still found."""


class RunSettings(Options):
    """The settings that a session was made with; `clean.mode` is resolved, never `auto`."""

    extract: ExtractOptions = ExtractOptions()
    prepare: PrepareOptions = PrepareOptions()
    chunk: ChunkOptions = ChunkOptions()
    clean: CleanOptions = CleanOptions(mode="rules")
    check: CheckOptions = CheckOptions()
    model: str = ""
    """Which model: file name, size and a hash of its ends, joined by colons (a server's: its name, 0 and a hash of
    it); empty in `rules`."""
    prompt_digest: str = ""
    """SHA-256 of the prompt of `rewrite`, in hex; empty in the other modes."""
    judge_digest: str = ""
    """SHA-256 of the questions of `verbatim`, in hex; empty in `rules`."""

    @property
    def model_name(self) -> str:
        """The model's file name, or what its server calls it; empty in `rules`."""
        return PurePosixPath(self.model.rsplit(":", 2)[0]).name

    def canonical(self) -> str:
        """The identity as JSON; two runs are the same when it is."""
        values = self.model_dump(exclude=NOT_IDENTITY)
        for section, name, default in LATER:
            if values[section][name] == default:
                del values[section][name]
        return json.dumps(values, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """SHA-256 of the identity, in hex."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()
