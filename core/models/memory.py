"""How much memory a model will take, estimated from its header, and how much there is.

The estimate errs on the large side: layers with a sliding window are counted as if they kept every token.
"""

from dataclasses import dataclass
from pathlib import Path

import psutil

from .info import ModelInfo

KV_BYTES = {
    "f32": 4.0,
    "f16": 2.0,
    "bf16": 2.0,
    "q8_0": 34 / 32,
    "q5_1": 24 / 32,
    "q5_0": 22 / 32,
    "q4_1": 20 / 32,
    "q4_0": 18 / 32,
}
"""Bytes for a number of the KV cache: quantized ones come in blocks of 32 with their scale."""
SCRATCH_WIDTHS = 24
"""Intermediate results for a token of a batch, in embeddings' lengths."""
BASE_BYTES = 120 << 20
"""The process with its libraries, before any model."""
HEADROOM = 0.9
"""Share of the free memory that a model may take: the rest belongs to the documents and to others."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a loaded model takes, in bytes."""

    weights: int
    cache: int
    """KV cache of all slots."""
    scratch: int
    """Buffers for computing, and the process itself."""

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.scratch


@dataclass(frozen=True, slots=True)
class Room:
    """Free memory, in bytes."""

    where: str
    """`memory`, or the GPUs' names."""
    free: int


def memory_for(model: ModelInfo, context: int, slots: int, kv_type: str = "f16", micro_batch: int = 512) -> Memory:
    """For `slots` contexts of `context` tokens each."""
    cache = int(model.cache_width * KV_BYTES[kv_type] * context * slots)
    scratch = 4 * micro_batch * (model.vocabulary + SCRATCH_WIDTHS * model.width)
    return Memory(model.size_bytes, cache, scratch + BASE_BYTES)


def free_memory() -> Room:
    """What this process may still take: the machine's free memory, or less where its control group has a limit."""
    free = int(psutil.virtual_memory().available)
    limit, used = cgroup("memory.max"), cgroup("memory.current")
    if limit is not None and used is not None:
        free = min(free, max(0, limit - used))
    return Room("memory", free)


def cgroup(name: str) -> int | None:
    """A number of this process's control group, as containers and job schedulers set it; None where there is none."""
    try:
        own = Path("/proc/self/cgroup").read_text(encoding="ascii").rpartition("::/")[2].strip()  # relative
        for folder in (Path("/sys/fs/cgroup") / own, Path("/sys/fs/cgroup")):
            if (folder / name).is_file():
                text = (folder / name).read_text(encoding="ascii").strip()
                return int(text) if text.isdigit() else None
    except (OSError, UnicodeDecodeError):
        return None
    return None


def fits(need: Memory, room: Room) -> bool:
    return need.total <= room.free * HEADROOM
