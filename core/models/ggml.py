"""What an older GGML file says of itself: Llamas from before GGUF (August 2023).

Such a file has no keys, only seven numbers in a fixed order: a model of another architecture looks like a Llama.
Format: https://github.com/ggml-org/llama.cpp/blob/dadbed99e65252d79f81101a392d0d6497b86caa/llama.cpp
(`file_magic`, `read_hparams`; versions ggml, ggmf 1, ggjt 1 to 3).
"""

import struct
from pathlib import Path

from ..errors import ModelError
from .gguf_types import FILE_TYPES
from .info import ModelInfo

MAGICS = {b"lmgg": "ggml", b"fmgg": "ggmf", b"tjgg": "ggjt"}
"""The first four bytes, in the order in which they lie in the file, to the name of the variant."""
LAST_VERSION = 3
CONTEXT = 2048
"""Of Llama 1, for which these files were made; Llama 2 has twice that, and its files don't say so."""


def is_ggml(start: bytes) -> bool:
    return start[:4] in MAGICS


def describe_ggml(path: Path) -> ModelInfo:
    """Read the header of the GGML file at `path`. Raises ModelError when it is damaged or of another kind."""
    try:
        with path.open("rb") as file:
            start = file.read(4 + 4 + 7 * 4)
            size = path.stat().st_size
    except OSError as error:
        raise ModelError(f"The model file {path} can't be read: {error.strerror or error}.") from error
    variant = MAGICS[start[:4]]
    at = 4 if variant == "ggml" else 8
    if len(start) < at + 7 * 4:
        raise ModelError(f"The model file {path} is damaged: it ends inside its header.", "Fetch it again.")
    version = 0 if variant == "ggml" else struct.unpack_from("<I", start, 4)[0]
    vocabulary, width, multiple, heads, layers, _, file_type = struct.unpack_from("<7i", start, at)
    if version > LAST_VERSION or min(vocabulary, width, multiple, heads, layers) < 1 or max(width, layers) > 1 << 20:
        raise ModelError(f"{path} is a GGML file, and not of a Llama that Galley knows.", "Take a GGUF file.")
    hidden = -(-(2 * (4 * width) // 3) // multiple) * multiple
    parameters = 2 * vocabulary * width + layers * (4 * width * width + 3 * width * hidden + 2 * width) + width
    return ModelInfo(
        path=path,
        format="ggml",
        name=path.stem,
        architecture="llama",
        parameters=parameters,
        quantization=FILE_TYPES.get(file_type % 1000, f"type {file_type}"),
        size_bytes=size,
        context=CONTEXT,
        template="",
        tokenizer="llama",
        vocabulary=vocabulary,
        layers=layers,
        width=width,
        cache_width=2 * layers * width,
    )
