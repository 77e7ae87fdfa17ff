"""Which engine can load which model file, told from the file's header alone.

An architecture that llama.cpp does not know is refused by its name, since the library would only say that loading
failed. Which ones it knows stands in the library itself: every name is one of its strings.
"""

import mmap
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from ..models.info import ModelInfo


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KINDS = {
    "embedding": "it is an embedding model, which turns text into numbers and writes none",
    "vision": "it is the part of a model that looks at pictures",
    "adapter": "it is an adapter (LoRA), which changes another model and is none itself",
    "imatrix": "it is the statistics for quantizing a model and no model",
    "vocab": "it is a vocabulary without a model",
}
WRITE_NO_TEXT = words(
    "bert clip eurobert gemma-embedding jina-bert-v2 jina-bert-v3 llama-embed modern-bert neo-bert nomic-bert "
    "nomic-bert-moe t5 t5encoder wavtokenizer-dec dream llada llada-moe rnd1"
)
"""Architectures that embed, look, speak, translate or diffuse: none of them continues a text."""
OLD_TYPES = words("F32 F16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K")
"""Quantizations that llama.cpp of September 2023 reads."""


def llamacpp_refuses(model: ModelInfo) -> str:
    """Why llama.cpp can't run it; empty when it can, as far as the header tells."""
    if model.format == "ggml":
        return "it is a GGML file, of before August 2023, which llama.cpp no longer reads"
    reason = never(model)
    if reason:
        return reason
    if not known_to_llamacpp(model.architecture):
        return f"its architecture, {model.architecture}, is unknown to the installed llama.cpp"
    return ""


@cache
def known_to_llamacpp(architecture: str) -> bool:
    """Whether the library's file holds the name as a string; True where there is no file to look into.

    The library is read and not loaded: that is the worker's business.
    """
    spec = find_spec("xllamacpp")
    folders = (spec.submodule_search_locations if spec is not None else None) or []
    files = [path for folder in folders for path in Path(folder).rglob("*.so*")]
    name = architecture.encode() + b"\0"  # linkers let a string be the end of another
    for path in files:
        with suppress(OSError, ValueError), path.open("rb") as file, in_memory(file) as data:
            if data.find(name) >= 0:
                return True
    return not files


def in_memory(file: IO[bytes]) -> mmap.mmap:
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def ctransformers_refuses(model: ModelInfo) -> str:
    """Why ctransformers can't run it; empty when it can, as far as the header tells."""
    reason = never(model)
    if reason:
        return reason
    if model.architecture != "llama":
        return f"ctransformers is here for Llamas, and its architecture is {model.architecture}"
    if not model.sentencepiece:
        return "its vocabulary is no SentencePiece one, and ctransformers' llama.cpp of September 2023 knows no other"
    if model.quantization not in OLD_TYPES:
        return f"its quantization, {model.quantization}, is newer than ctransformers' llama.cpp of September 2023"
    return ""


def never(model: ModelInfo) -> str:
    """Why no engine can run it."""
    if model.missing:
        return f"{len(model.missing)} of its parts are missing, the first of them {model.missing[0]}"
    if model.kind != "model":
        return KINDS.get(model.kind, f"it holds no model but says it is of the kind {model.kind}")
    if model.architecture in WRITE_NO_TEXT:
        return f"its architecture, {model.architecture}, continues no text"
    return ""


def instead(model: ModelInfo) -> str:
    """What to do with a model that no engine runs."""
    if model.missing:
        return "Fetch the missing parts into the same folder."
    return "Take a GGUF file of a Llama that follows instructions (`galley models` lists what is here)."
