"""What `galley doctor` reports, section by section; nothing here changes anything, and no fault ends the report."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .. import paths
from ..config import Config
from ..engine.devices import AMD, NVIDIA, devices, drivers, gpus
from ..engine.keys import find_key
from ..engine.registry import ENGINES, engine_for, engines_for
from ..errors import GalleyError
from ..extract.confine import EVERYTHING
from ..fit import Machine, fit
from ..model import find_model, on_server, served
from ..models import EMBEDDED, list_models, models_dir
from ..paths import PRIVATE
from ..wording import plural, size

ASK_SECONDS = 20.0
LITTLE_SPACE = 1 << 30
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "fuse.sshfs"}
GPU_DOCS = "docs/gpu.md says which wheel of xllamacpp to install."


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    name: str
    value: str
    state: str = "ok"
    """`ok`, `note` (worth knowing), or `bad` (something will not work)."""
    advice: str = ""
    """What to do about it; empty where nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Section:
    """Findings about one thing."""

    name: str
    findings: list[Finding] = field(default_factory=list[Finding])


def examine(config: Config) -> Iterator[Section]:
    """The sections, each as soon as it is known."""
    sections: tuple[tuple[str, Callable[[Config], Iterator[Finding]]], ...] = (
        ("Python", python),
        ("Paths", folders),
        ("Reading files", reading),
        ("GPU", graphics),
        ("Engines", engines),
        ("Server", server),
        ("Models", models),
    )
    for name, look in sections:
        yield Section(name, list(guarded(look, config)))


def guarded(look: Callable[[Config], Iterator[Finding]], config: Config) -> Iterator[Finding]:
    """What `look` finds; an error of ours is a finding too."""
    try:
        yield from look(config)
    except GalleyError as error:
        yield Finding("error", error.message, "bad", error.hint)


def python(config: Config) -> Iterator[Finding]:
    yield Finding("Galley", version_of("galley-tui"))
    yield Finding("Python", f"{platform.python_version()} ({platform.machine()}, {platform.system()})")
    logical, physical = psutil.cpu_count() or 1, psutil.cpu_count(logical=False) or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else logical
    value = f"{plural(physical, 'core')}, {plural(logical, 'thread')}"
    if allowed < logical:
        value += f", of which this process may use {allowed}"
    yield Finding("CPU", value)
    memory = Machine.look().memory
    yield Finding("memory", f"{memory.free / 1e9:.1f} GB free of {psutil.virtual_memory().total / 1e9:.1f} GB")


def version_of(package: str) -> str:
    """A distribution's version; empty when it isn't installed."""
    with suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(package)
    return ""


def folders(config: Config) -> Iterator[Finding]:
    own = {
        "config": paths.config_dir(),
        "sessions": config.session.folder or paths.sessions_dir(),
        "models": models_dir(),
        "logs": paths.log_dir(),
    }
    for name, folder in own.items():
        yield folder_finding(name, folder)


def folder_finding(name: str, folder: Path) -> Finding:
    if not folder.exists():
        return Finding(name, f"{folder} (made when it is needed)")
    mode = folder.stat().st_mode & 0o777
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    value = f"{folder} (mode {mode:o}, {size(free)} free)"
    if not os.access(folder, os.W_OK):
        return Finding(name, value, "bad", "It can't be written to; set GALLEY_HOME to a folder you own.")
    if mode & 0o077 and name != "models":
        return Finding(name, value, "note", f"Others can look into it: chmod {PRIVATE:o} {folder}")
    if free < LITTLE_SPACE:
        return Finding(name, value, "note", "There is little space left.")
    kind = file_system(folder)
    if kind in NETWORK_FILE_SYSTEMS and name == "models":
        return Finding(name, f"{value}, {kind}", "note", "Models load faster from a local disk (GALLEY_MODELS).")
    return Finding(name, value + (f", {kind}" if kind else ""))


def file_system(folder: Path) -> str:
    """The kind of file system a folder is on, where the system says so; else empty."""
    mounts = [part for part in psutil.disk_partitions(all=True) if folder.resolve().is_relative_to(part.mountpoint)]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else ""


def reading(config: Config) -> Iterator[Finding]:
    """What the process that reads hostile files gives up on this system, found by letting one do it."""
    command = [sys.executable, "-P", "-m", "galley.core.extract.confine"]
    gone: list[str] = []
    with suppress(OSError, subprocess.SubprocessError):
        gone = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=True).stdout.split(
            "\n"
        )
    kept = [what for what in EVERYTHING if what not in gone]
    if not kept:
        yield Finding("its process", f"can't {', '.join(EVERYTHING[:-1])}, or {EVERYTHING[-1]}")
        return
    advice = "Linux with Landlock would stop that; read files that you distrust in a container."
    yield Finding("its process", f"could {', '.join(kept)}, if a file took it over", "note", advice)


def graphics(config: Config) -> Iterator[Finding]:
    makers = drivers()
    for maker in makers:
        yield Finding("driver", f"{maker}{driver_facts(maker)}")
    usable = gpus()
    for gpu in usable:
        yield Finding(gpu.name, f"{gpu.description}, {size(gpu.memory_free)} free of {size(gpu.memory_total)}")
    if makers and not usable:
        yield Finding("llama.cpp", "sees no GPU", "bad", f"The CPU wheel of xllamacpp is installed. {GPU_DOCS}")
    if not makers:
        yield Finding("GPU", "none", "note", "Models run on the CPU.")
    if usable and config.engine.gpu_layers == 0:
        yield Finding("engine.gpu_layers", "0", "note", "The GPU is not used; -1 puts on it all that fits.")


def driver_facts(maker: str) -> str:
    """What the driver's own tool says, in a few words."""
    commands = {
        NVIDIA: ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"],
        AMD: ["rocm-smi", "--showproductname", "--csv"],
    }
    command = commands.get(maker)
    if command is None or shutil.which(command[0]) is None:
        return ""
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=True)
        return ": " + "; ".join(line.strip() for line in done.stdout.splitlines() if line.strip())
    return f": {command[0]} failed"


def engines(config: Config) -> Iterator[Finding]:
    for entry in ENGINES.values():
        version = version_of(entry.package)
        if not version:
            yield Finding(entry.name, "not installed", "bad", f"Install {entry.package} beside Galley.")
        elif entry.backend and not loads(entry.package):
            yield Finding(entry.name, f"{entry.package} {version} does not load", "bad", "Install it again.")
        else:
            yield Finding(entry.name, f"{entry.package} {version}: {entry.runs}")
    seen = ", ".join(f"{device.name} ({device.description})" for device in devices())
    yield Finding("devices", seen or "llama.cpp could not be asked", "ok" if seen else "bad")


def loads(package: str) -> bool:
    """Whether a native library can be loaded, in a process of its own."""
    command = [sys.executable, "-P", "-c", f"import {package}"]
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(command, capture_output=True, timeout=3 * ASK_SECONDS, check=False).returncode == 0
    return False


def server(config: Config) -> Iterator[Finding]:
    if not config.server.base_url:
        yield Finding("server", "none set")
        return
    yield Finding("server", config.server.base_url)
    key = find_key(config.server)
    yield Finding("key", f"from {key.origin}" if key else "none")
    if on_server(config):
        found = served(config.engine.model, config)
        context = f", context {found.context}" if found.context else ""
        yield Finding("model", f"{found.name}{context}")


def models(config: Config) -> Iterator[Finding]:
    listing = list_models(config.models.folders)
    yield Finding("on this machine", plural(len(listing.models), "model"))
    for folder in listing.absent:
        yield Finding("models.folders", f"there is no folder {folder}", "note")
    for entry in listing.unusable:
        yield Finding("not usable", entry.reason, "note")
    if on_server(config):
        return
    found = find_model(config.engine.model, config)
    if found is None or found.info is None:
        yield Finding("model", f"{EMBEDDED.name}, not fetched yet", "note", "galley models pull")
        return
    yield Finding("model", f"{found.name}, run by {engine_for(config.engine.name, found.info).name}")
    fitted = fit(found.info, config, Machine.look())
    advice = "Take a smaller one, a smaller engine.context, or engine.kv_type = q8_0."
    yield Finding("fits", fitted.sentence(), "ok" if fitted.fits else "bad", "" if fitted.fits else advice)
    if engines_for(found.info) == ["ctransformers"]:
        yield Finding("format", found.info.format, "note", "The same model as a newer GGUF file runs faster.")
