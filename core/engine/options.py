"""Settings of the engine that completes prompts."""

from typing import Literal

from pydantic import Field

from ..options import Options


class EngineOptions(Options):
    """Which model runs, and with how much of the machine."""

    name: Literal["llama.cpp"] = "llama.cpp"
    """The library that runs the model."""
    model: str = ""
    """A GGUF file's path or a model's name; empty takes the embedded model, fetching it when needed."""
    jobs: int = Field(default=0, ge=0, le=64)
    """Chunks cleaned at the same time; 0 chooses by the machine."""
    threads: int = Field(default=0, ge=0, le=1024)
    """Threads of the engine; 0 takes the physical cores."""
    context: int = Field(default=0, ge=0)
    """Context of one slot in tokens; 0 takes what the chunk size and the prompt need."""
    gpu_layers: int = Field(default=-1, ge=-1)
    """Layers on the GPU; -1 puts there all that fit, 0 none."""
    timeout_seconds: float = Field(default=120.0, gt=0.0)
    """How long a request may go without a sign of life before its worker is killed and the chunk is tried again."""
