"""The engines there are. To add one, write its module and an entry here.

A local engine is a `backend.Backend` class that the worker process loads; anything else is a `base.Engine` of its own.
What an engine can do is said here once: the table in the docs, `galley doctor` and the choice by `auto` come from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

from ..errors import ConfigError, ModelError
from ..models.info import ModelInfo
from . import suited


@dataclass(frozen=True, slots=True)
class Features:
    """What an engine offers; where a server or a machine decides, what it can offer at best."""

    streaming: bool
    cancel: bool
    grammar: bool
    """An answer can be forced into a grammar or a choice."""
    probabilities: bool
    """It says how likely a continuation is, which is how `verbatim` decides best."""
    parallel: bool
    """Several chunks at once."""
    gpu: bool


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """One engine."""

    name: str
    runs: str
    """What it is for, in a few words."""
    features: Features
    package: str
    """The distribution it comes from, as pip names it."""
    backend: str = ""
    """`module:Class` that the worker process loads; empty for an engine outside of it."""
    tries_fewer_layers: bool = False
    """Whether loading is tried again with fewer layers on the GPU, where there is one."""
    refuses: Callable[[ModelInfo], str] = lambda model: ""
    """Why it can't load a model file, in a few words; empty when it can."""


AUTO = "auto"
"""In place of an engine's name: the first that can."""
ENGINES = {
    entry.name: entry
    for entry in (
        EngineEntry(
            name="llama.cpp",
            runs="GGUF files, on CPU and GPU",
            features=Features(streaming=True, cancel=True, grammar=True, probabilities=True, parallel=True, gpu=True),
            package="xllamacpp",
            backend="galley.core.engine.llamacpp:LlamaCpp",
            tries_fewer_layers=True,
            refuses=suited.llamacpp_refuses,
        ),
        EngineEntry(
            name="ctransformers",
            runs="older Llamas: GGML files, and GGUF files with a SentencePiece vocabulary",
            features=Features(streaming=True, cancel=True, grammar=False, probabilities=True, parallel=False, gpu=True),
            package="ctransformers",
            backend="galley.core.engine.ctransformers:CTransformers",
            refuses=suited.ctransformers_refuses,
        ),
        EngineEntry(
            name="server",
            runs="whatever an OpenAI-compatible server runs",
            features=Features(streaming=True, cancel=True, grammar=True, probabilities=True, parallel=True, gpu=True),
            package="openai",
        ),
    )
}


def engine_for(name: str, model: ModelInfo) -> EngineEntry:
    """The engine of that name for a model file, or for `auto` the first that can load it. Raises ModelError."""
    if name != AUTO:
        entry = ENGINES.get(name)
        if entry is None or not entry.backend:
            raise ConfigError(f"{name} runs no model files.", f"Engines that do: {', '.join(local_engines())}.")
        reason = entry.refuses(model)
        if reason:
            raise ModelError(f"{name} can't load {model.path.name}: {reason}.", advice(model, name))
        return entry
    for entry in ENGINES.values():
        if entry.backend and not entry.refuses(model):
            return entry
    reason = next(iter(ENGINES.values())).refuses(model)
    raise ModelError(f"No engine can load {model.path.name}: {reason}.", suited.instead(model))


def engines_for(model: ModelInfo) -> list[str]:
    """Names of the engines that can load a model file."""
    return [entry.name for entry in ENGINES.values() if entry.backend and not entry.refuses(model)]


def refusal(engine: str, model: ModelInfo) -> str:
    """Why an engine can't load a model file; empty when it can."""
    return ENGINES[engine].refuses(model)


def local_engines() -> list[str]:
    return [entry.name for entry in ENGINES.values() if entry.backend]


def advice(model: ModelInfo, name: str) -> str:
    """What to do when `name` can't load a model."""
    others = engines_for(model)
    return f"Use --engine {others[0]}, which can." if others else suited.instead(model)


def features_table() -> str:
    """What each engine offers, as a Markdown table: `python -m galley.core.engine.registry` prints it for the docs."""
    names = [field.name for field in fields(Features)]
    lines = [f"| engine | runs | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for entry in ENGINES.values():
        cells = ["yes" if getattr(entry.features, name) else "no" for name in names]
        lines.append(f"| `{entry.name}` | {entry.runs} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(features_table())
