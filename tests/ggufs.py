"""GGUF files of a few bytes, right or wrong in any way."""

import struct

STRING, ARRAY, UINT32, UINT64 = 8, 9, 4, 10
F32 = 0


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def pair(name: str, value: str | int) -> bytes:
    kind, packed = (STRING, text(value)) if isinstance(value, str) else (UINT32, struct.pack("<I", value))
    return text(name) + struct.pack("<I", kind) + packed


def tensor(name: str, *shape: int, kind: int = F32, offset: int = 0) -> bytes:
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def gguf(
    pairs: list[bytes],
    tensors: list[bytes],
    data: int = 0,
    counts: tuple[int, int] | None = None,
    version: int = 3,
) -> bytes:
    tensor_count, key_count = counts or (len(tensors), len(pairs))
    header = b"GGUF" + struct.pack("<IQQ", version, tensor_count, key_count) + b"".join(pairs + tensors)
    return header + bytes(-len(header) % 32) + bytes(data)


NAMED = [
    pair("general.architecture", "llama"),
    pair("general.name", "Tiny"),
    pair("llama.context_length", 512),
]
