"""What a model file says of itself, whatever its format."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model file as its header describes it. A number is 0 and a text empty where the file does not say."""

    path: Path
    """The file, or the first part of a model in several files."""
    format: str
    """`gguf`, or `ggml` for the older files that llama.cpp no longer reads."""
    name: str
    architecture: str
    parameters: int
    """Numbers in all tensors."""
    quantization: str
    """As llama.cpp calls it (`Q4_K_M`), or the type that holds most of the weights."""
    size_bytes: int
    """Of all parts."""
    context: int
    """Tokens of context it was trained for."""
    template: str
    """Its chat template, in Jinja."""
    tokenizer: str = ""
    """The vocabulary's kind: `llama` is SentencePiece, `gpt2` is byte-level BPE."""
    vocabulary: int = 0
    """Tokens."""
    layers: int = 0
    width: int = 0
    """Length of an embedding."""
    cache_width: int = 0
    """Numbers that the KV cache holds for a token, in all layers."""
    kind: str = "model"
    """`model`, or what else such a file can hold: `embedding`, `vision`, `adapter`, …"""
    missing: tuple[str, ...] = ()
    """Names of the parts that are not there, of a model in several files."""

    @property
    def chat_template(self) -> bool:
        return bool(self.template)

    @property
    def sentencepiece(self) -> bool:
        return self.tokenizer == "llama"
