"""The machine's GPUs, as its drivers show them and as llama.cpp sees them.

The library is asked in a process of its own (`python -m galley.core.engine.devices`), since it is native code, and a
driver that is broken can take the process with it.
"""

import json
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ASK_SECONDS = 60.0
NVIDIA, AMD = "NVIDIA", "AMD"
GPU_TYPES = ("GPU", "IGPU")


@dataclass(frozen=True, slots=True)
class Device:
    """Something that computes, as llama.cpp lists it."""

    name: str
    """As in `CUDA0`."""
    description: str
    type: str
    """`CPU`, `GPU`, `IGPU` (shares the machine's memory) or `ACCEL`."""
    memory_free: int
    memory_total: int
    """Bytes."""

    @property
    def gpu(self) -> bool:
        return self.type in GPU_TYPES


def drivers() -> list[str]:
    """Makers of the GPUs that have a driver here, whether or not a library can use them."""
    if platform.system() == "Darwin":
        return ["Apple"] if platform.machine() == "arm64" else []
    found: list[str] = []
    if any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists():
        found.append(NVIDIA)
    if Path("/dev/kfd").exists():
        found.append(AMD)
    if not found and any(Path("/dev/dri").glob("renderD*")):
        found.append("Vulkan")
    return found


@cache
def devices() -> tuple[Device, ...]:
    """What llama.cpp sees; nothing when it can't be asked."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "galley.core.engine.devices"],
            capture_output=True,
            check=True,
            timeout=ASK_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        return tuple(Device(**device) for device in json.loads(done.stdout.splitlines()[-1]))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError, TypeError):
        return ()


def gpus() -> tuple[Device, ...]:
    """The GPUs that llama.cpp can use; the library is asked only where there is a driver."""
    return tuple(device for device in devices() if device.gpu) if drivers() else ()


def fewer_layers(wanted: int, layers: int) -> list[int]:
    """Numbers of layers to try on the GPU, one after the other: what is wanted, then by halves, at last none.

    -1 stands for as many as the library thinks will fit; `layers` is how many the model has.
    """
    if wanted == 0:
        return [0]
    tried = [wanted]
    left = (layers or 64) if wanted < 0 else min(wanted, layers or wanted)
    while left > 1:
        left //= 2
        tried.append(left)
    return [*tried, 0]


def look() -> list[Device]:
    """Ask the library, in this process."""
    xllamacpp: Any = import_module("xllamacpp")
    return [
        Device(
            name=str(device["name"]),
            description=str(device["description"]),
            type=str(device["type"].name).rpartition("_")[2],
            memory_free=int(device["memory_free"]),
            memory_total=int(device["memory_total"]),
        )
        for device in xllamacpp.get_device_info()
    ]


if __name__ == "__main__":
    print(json.dumps([asdict(device) for device in look()]))
