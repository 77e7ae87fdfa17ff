"""Settings of the engines that complete prompts."""

from typing import Literal

from pydantic import Field, field_validator

from ..options import Options
from .registry import AUTO, ENGINES

KvType = Literal["f16", "bf16", "f32", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]


class EngineOptions(Options):
    """Which model runs, by what, and with how much of the machine."""

    name: str = "auto"
    """`auto` takes llama.cpp, ctransformers for the older files that llama.cpp no longer reads, and the server where a
    base URL is given."""
    model: str = ""
    """A model's name or file (see `galley models`); empty takes the embedded model, fetching it when needed."""
    jobs: int = Field(default=0, ge=0, le=64)
    """Chunks cleaned at the same time; 0 chooses by the machine."""
    threads: int = Field(default=0, ge=0, le=1024)
    """Threads of the engine; 0 takes the physical cores."""
    context: int = Field(default=0, ge=0)
    """Context of one slot in tokens; 0 takes what the chunk size and the prompt need."""
    gpu_layers: int = Field(default=-1, ge=-1)
    """Layers on the GPU; -1 puts there all that fit, 0 none."""
    tensor_split: tuple[float, ...] = ()
    """How much of the model each GPU takes, in proportion, as in [3, 1]; empty goes by their free memory."""
    flash_attention: Literal["auto", "on", "off"] = "auto"
    """Flash attention; `auto` leaves it to llama.cpp."""
    kv_type: KvType = "f16"
    """Type of the numbers in the KV cache: q8_0 takes half the memory of f16 (with flash attention)."""
    batch: int = Field(default=2048, ge=1, le=65536)
    """Tokens of a prompt that are handed to the model at once."""
    micro_batch: int = Field(default=512, ge=1, le=65536)
    """Tokens that are computed at once; more is faster on a large GPU and takes memory."""
    template: str = ""
    """Chat template of ctransformers: llama-2, vicuna, alpaca, chatml or zephyr; empty takes the file's own."""
    timeout_seconds: float = Field(default=120.0, gt=0.0)
    """How long a request may go without a sign of life before its worker is killed and the chunk is tried again."""

    @field_validator("name")
    @classmethod
    def is_an_engine(cls, value: str) -> str:
        if value not in (AUTO, *ENGINES):
            raise ValueError(f"should be {', '.join(map(repr, (AUTO, *ENGINES)))}")
        return value


class ServerOptions(Options):
    """An OpenAI-compatible server that runs the model: vLLM, SGLang, llama-server, Ollama, LM Studio."""

    base_url: str = ""
    """Its address up to /v1, as in "http://localhost:8000/v1"."""
    key_env: str = "GALLEY_API_KEY"
    """Environment variable that holds the key. A private file and the system's keyring are asked after it."""
    key_file: str = ""
    """File that holds the key, readable by you alone; empty is `server.key` in the config directory."""
    allow_http: bool = False
    """Whether a key may go over plain HTTP to another machine."""
    concurrency: int = Field(default=32, ge=1, le=64)
    """Most requests at a time; it begins with a few and finds what the server bears."""
    retries: int = Field(default=6, ge=0, le=100)
    """How often a request that the server refused for now (busy, cut off, timed out) is sent again."""
    patience_seconds: float = Field(default=120.0, gt=0.0)
    """How long such a request is tried again before its attempt fails."""
    absence_seconds: float = Field(default=1800.0, gt=0.0)
    """How long a server that has answered in this run, and is gone, is waited for before the run stops."""
    verbatim: Literal["auto", "probabilities", "choice", "alignment"] = "auto"
    """How `verbatim` asks the server; `auto` tries what it offers, best first."""
