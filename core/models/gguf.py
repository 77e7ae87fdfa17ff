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
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TypeAlias

from ..errors import ModelError
from .gguf_types import FILE_TYPES, SCALARS, TENSOR_TYPES
from .info import ModelInfo
from .parts import parts_of

MAGIC = b"GGUF"
VERSIONS = (2, 3)
STRING, ARRAY = 8, 9
MAX_KEYS = MAX_TENSORS = 100_000
MAX_STRINGS = 4_000_000
"""Strings in arrays, all together; the largest vocabularies with their merges have about a million."""
MAX_DIMENSIONS = 4
TENSOR_FORMS = tuple(struct.Struct(f"<{dimensions}QIQ") for dimensions in range(MAX_DIMENSIONS + 1))
LONGEST_NAME = 100
LONGEST_LIST = 1024
"""Numbers of an array that are kept: one for each layer, say. Vocabularies' scores are longer, and passed over."""
KNOWN_EDGE = 4096
"""Bytes of an array's two ends by which it is known again."""
EMBEDDING_KEYS = ("pooling_type", "dense_2_feat_out")

Value: TypeAlias = int | float | bool | str | tuple[int | float | bool, ...] | None


@dataclass(frozen=True, slots=True)
class Tensor:
    elements: int
    type: int
    offset: int
    """Bytes from the start of the tensor data."""


PART_HINT = "Fetch all parts into one folder, under their own names."
WALKED: dict[tuple[int, bytes], list[tuple[int, bytes]]] = {}
"""Arrays of strings that were walked over: (items, first bytes) to (length in bytes, last bytes)."""
MOST_WALKED = 256


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
        """A value of a key; of an array only a short one of numbers is kept, and the length of one of strings."""
        kind = self.count("<I")
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            return self.pass_array()
        if kind not in SCALARS:
            raise HeaderError(f"it holds a value of the unknown type {kind}")
        return self.take(SCALARS[kind])

    def pass_array(self) -> Value:
        kind, items = self.count("<I"), self.count()
        if kind in SCALARS:
            length = items * struct.calcsize(SCALARS[kind])
            self.skip(length)
            if items > LONGEST_LIST:
                return None
            return struct.unpack_from(f"<{items}{SCALARS[kind][-1]}", self.data, self.at - length)
        if kind == STRING:
            self.pass_strings(items)
            return items
        raise HeaderError(f"it holds an array of the unknown type {kind}")

    def pass_strings(self, items: int) -> None:
        """Walk over `items` strings, or jump where the very array was walked before: vocabularies come again and again.

        An array is known by its length and both its ends; whatever lies between, the place where it ends is the same.
        """
        self.strings_left -= items
        if self.strings_left < 0 or items * 8 > self.size - self.at:
            raise HeaderError("it claims more strings than it can hold")
        known = (items, self.data[self.at : self.at + KNOWN_EDGE])
        for length, tail in WALKED.get(known, ()):
            end = self.at + length
            if end <= self.size and self.data[end - len(tail) : end] == tail:
                self.at = end
                return
        start, at, last, length_at = self.at, self.at, self.size - 8, struct.Struct("<Q").unpack_from
        for _ in range(items):
            if at > last:
                raise HeaderError("it ends inside its header")
            at += 8 + length_at(self.data, at)[0]
        self.at = at
        self.skip(0)
        if at - start > 2 * KNOWN_EDGE and len(WALKED) < MOST_WALKED:
            WALKED.setdefault(known, []).append((at - start, self.data[at - KNOWN_EDGE : at]))

    def tensor(self) -> Tensor:
        self.skip(self.count())
        dimensions = self.count("<I")
        if dimensions > MAX_DIMENSIONS:
            raise HeaderError(f"it claims a tensor of {dimensions} dimensions")
        form = TENSOR_FORMS[dimensions]
        start = self.at
        self.skip(form.size)
        *shape, kind, offset = form.unpack_from(self.data, start)
        return Tensor(prod(shape), kind, offset)


def describe_gguf(path: Path) -> ModelInfo:
    """Read the header of the GGUF model at `path`, with its other parts when it lies in several files.

    Raises ModelError when it is no such file or is damaged.
    """
    info, values = describe_file(path)
    count = int_of(values.get("split.count"))
    if count < 2:
        return info
    names = parts_of(path.name)
    if len(names) != count:
        raise ModelError(f"{path} is a part of a model in {count} files, and is not named like one.", PART_HINT)
    if path.name != names[0]:
        if not path.with_name(names[0]).is_file():
            raise ModelError(f"{path} is a part of a model whose first part, {names[0]}, is missing.", PART_HINT)
        return describe_gguf(path.with_name(names[0]))
    missing = tuple(name for name in names[1:] if not path.with_name(name).is_file())
    others = [describe_file(path.with_name(name))[0] for name in names[1:] if name not in missing]
    return replace(
        info,
        parameters=info.parameters + sum(other.parameters for other in others),
        size_bytes=info.size_bytes + sum(other.size_bytes for other in others),
        missing=missing,
    )


def describe_file(path: Path) -> tuple[ModelInfo, dict[str, Value]]:
    """The header of one GGUF file, and its keys. Raises ModelError when it is no such file or is damaged."""
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


def read(path: Path, cursor: Cursor) -> tuple[ModelInfo, dict[str, Value]]:
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
    return info_of(path, values, tensors, cursor.size), values


def info_of(path: Path, values: dict[str, Value], tensors: list[Tensor], size: int) -> ModelInfo:
    architecture = printable(values.get("general.architecture"))
    if not architecture:
        raise HeaderError("it does not name its architecture")

    def number(key: str) -> int:
        value = values.get(f"{architecture}.{key}")
        return value if isinstance(value, int) and value > 0 else 0

    layers, width, heads = number("block_count"), number("embedding_length"), number("attention.head_count")
    head = width // heads if heads else 0
    per_head = (number("attention.key_length") or head) + (number("attention.value_length") or head)
    kv_heads = values.get(f"{architecture}.attention.head_count_kv")
    each = [count for count in kv_heads if isinstance(count, int)] if isinstance(kv_heads, tuple) else []
    all_heads = sum(each) or layers * (int_of(kv_heads) or heads)
    template = values.get("tokenizer.chat_template")
    return ModelInfo(
        path=path,
        format="gguf",
        name=printable(values.get("general.name")) or path.stem,
        architecture=architecture,
        parameters=sum(tensor.elements for tensor in tensors),
        quantization=quantization(values.get("general.file_type"), tensors),
        size_bytes=size,
        context=number("context_length"),
        template=template if isinstance(template, str) else "",
        tokenizer=printable(values.get("tokenizer.ggml.model")),
        vocabulary=int_of(values.get("tokenizer.ggml.tokens")),
        layers=layers,
        width=width,
        cache_width=all_heads * per_head,
        kind=kind_of(architecture, values),
    )


def int_of(value: Value) -> int:
    return value if isinstance(value, int) else 0


def kind_of(architecture: str, values: dict[str, Value]) -> str:
    """What the file holds: most say it, embedding models give themselves away by how they pool."""
    said = printable(values.get("general.type"))
    if architecture == "clip" or said == "mmproj":
        return "vision"
    if said and said != "model":
        return said
    pooled = any(values.get(f"{architecture}.{key}") is not None for key in EMBEDDING_KEYS)
    return "embedding" if pooled else "model"


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
