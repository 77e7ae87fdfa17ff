"""What a GGUF file says of itself, read from its header alone.

Written here and not taken from the `gguf` package for two reasons: its reader walks every array item by item in
NumPy (2.4 s for the embedded model, against 10 ms here) and trusts every count in the file, so that
sixty bytes with a lying length keep it busy for ever. Here each count is held against what the file can contain.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (versions 2 and 3, little-endian).
"""

import mmap
import os
import struct
from collections import Counter
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TypeAlias

from ..errors import ModelError
from .gguf_types import FILE_TYPES, SCALARS, TENSOR_TYPES

MAGIC = b"GGUF"
VERSIONS = (2, 3)
STRING, ARRAY = 8, 9
MAX_KEYS = MAX_TENSORS = 100_000
MAX_STRINGS = 4_000_000
"""Strings in arrays, all together; the largest vocabularies with their merges have about a million."""
MAX_DIMENSIONS = 4
LONGEST_NAME = 100

Value: TypeAlias = int | float | bool | str | None


@dataclass(frozen=True, slots=True)
class GgufInfo:
    """A model file as its header describes it."""

    path: Path
    name: str
    architecture: str
    parameters: int
    """Numbers in all tensors."""
    quantization: str
    """As llama.cpp calls it (`Q4_K_M`), or the type that holds most of the weights."""
    size_bytes: int
    context: int
    """Tokens of context it was trained for; 0 where the file does not say."""
    chat_template: bool


@dataclass(frozen=True, slots=True)
class Tensor:
    elements: int
    type: int
    offset: int
    """Bytes from the start of the tensor data."""


class HeaderError(ValueError):
    """The header contradicts itself or the file's size."""


class Cursor:
    """Reads little-endian values one after the other, never past the end."""

    def __init__(self, data: mmap.mmap, size: int) -> None:
        self.data, self.size, self.at = data, size, 0
        self.strings_left = MAX_STRINGS

    def take(self, form: str) -> int | float | bool:
        start = self.at
        self.skip(struct.calcsize(form))
        value: int | float | bool = struct.unpack_from(form, self.data, start)[0]
        return value

    def count(self, form: str = "<Q") -> int:
        return int(self.take(form))

    def skip(self, length: int) -> None:
        if length > self.size - self.at:
            raise HeaderError("it ends inside its header")
        self.at += length

    def text(self, longest: int = 65_536) -> str:
        """A string; what is longer than `longest` bytes is cut, as only its presence matters."""
        length = self.count()
        start = self.at
        self.skip(length)
        return self.data[start : start + min(length, longest)].decode("utf-8", "replace")

    def value(self) -> Value:
        """A value of a key; arrays are passed over and give None."""
        kind = self.count("<I")
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            return self.pass_array()
        if kind not in SCALARS:
            raise HeaderError(f"it holds a value of the unknown type {kind}")
        return self.take(SCALARS[kind])

    def pass_array(self) -> None:
        kind, items = self.count("<I"), self.count()
        if kind in SCALARS:
            self.skip(items * struct.calcsize(SCALARS[kind]))
        elif kind == STRING:
            self.pass_strings(items)
        else:
            raise HeaderError(f"it holds an array of the unknown type {kind}")

    def pass_strings(self, items: int) -> None:
        self.strings_left -= items
        if self.strings_left < 0 or items * 8 > self.size - self.at:
            raise HeaderError("it claims more strings than it can hold")
        at, last, length_at = self.at, self.size - 8, struct.Struct("<Q").unpack_from
        for _ in range(items):
            if at > last:
                raise HeaderError("it ends inside its header")
            at += 8 + length_at(self.data, at)[0]
        self.at = at
        self.skip(0)

    def tensor(self) -> Tensor:
        self.text(0)
        dimensions = self.count("<I")
        if dimensions > MAX_DIMENSIONS:
            raise HeaderError(f"it claims a tensor of {dimensions} dimensions")
        elements = prod(self.count() for _ in range(dimensions))
        return Tensor(elements, self.count("<I"), self.count())


def describe(path: Path) -> GgufInfo:
    """Read the header of the GGUF file at `path`. Raises ModelError when it is no such file or is damaged."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if file.read(len(MAGIC)) != MAGIC:
                raise ModelError(f"{path} is no GGUF file.", "Galley takes models in the GGUF format.")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return read(path, Cursor(data, size))
    except HeaderError as error:
        raise ModelError(f"The model file {path} is damaged: {error}.", "Fetch it again.") from error
    except OSError as error:
        raise ModelError(f"The model file {path} can't be read: {error.strerror or error}.") from error


def read(path: Path, cursor: Cursor) -> GgufInfo:
    cursor.skip(len(MAGIC))
    version = cursor.count("<I")
    if version not in VERSIONS:
        raise ModelError(
            f"{path} is a GGUF file of a kind that can't be read here (version {version}).",
            "Take a little-endian file of version 2 or 3.",
        )
    tensor_count, key_count = cursor.count(), cursor.count()
    if tensor_count > MAX_TENSORS or key_count > MAX_KEYS:
        raise HeaderError(f"it claims {tensor_count} tensors and {key_count} keys")
    values = {cursor.text(): cursor.value() for _ in range(key_count)}
    tensors = [cursor.tensor() for _ in range(tensor_count)]
    check_length(values, tensors, cursor)
    architecture = printable(values.get("general.architecture"))
    if not architecture:
        raise HeaderError("it does not name its architecture")
    context = values.get(f"{architecture}.context_length")
    return GgufInfo(
        path=path,
        name=printable(values.get("general.name")) or path.stem,
        architecture=architecture,
        parameters=sum(tensor.elements for tensor in tensors),
        quantization=quantization(values.get("general.file_type"), tensors),
        size_bytes=cursor.size,
        context=context if isinstance(context, int) else 0,
        chat_template=bool(values.get("tokenizer.chat_template")),
    )


def check_length(values: dict[str, Value], tensors: list[Tensor], cursor: Cursor) -> None:
    """The last tensor must end within the file; of a type unknown here only its start can be checked."""
    given = values.get("general.alignment")
    alignment = given if isinstance(given, int) and given > 0 else 32
    start = -(-cursor.at // alignment) * alignment
    end = start
    for tensor in tensors:
        _, per_block, block_bytes = TENSOR_TYPES.get(tensor.type, ("", 1, 0))
        end = max(end, start + tensor.offset + -(-tensor.elements // per_block) * block_bytes)
    if tensors and end > cursor.size:
        raise HeaderError(f"it has {cursor.size:,} bytes where its header claims {end:,}")


def quantization(file_type: Value, tensors: list[Tensor]) -> str:
    if isinstance(file_type, int) and file_type in FILE_TYPES:
        return FILE_TYPES[file_type]
    weights = Counter[int]()
    for tensor in tensors:
        weights[tensor.type] += tensor.elements
    if not weights:
        return "none"
    most = weights.most_common(1)[0][0]
    return TENSOR_TYPES[most][0] if most in TENSOR_TYPES else f"type {most}"


def printable(value: Value) -> str:
    """A string of the file fit to be shown: no control characters, not endless."""
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text[:LONGEST_NAME] if letter.isprintable()).strip()
