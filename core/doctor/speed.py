"""How fast the configured model reads and writes here, measured in about ten seconds."""

import time
from dataclasses import dataclass

from ..engine.base import Engine, EngineInfo, Message, Sampling

SECONDS = 10.0
READ_WORDS = 700
WRITTEN_TOKENS = 48
READING_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured. 0 where nothing could be counted."""

    read_tokens: int
    read_per_second: float
    """Tokens of a prompt, none of them cached (prefill)."""
    written_tokens: int
    written_per_second: float
    """Tokens of an answer (decode), one request at a time."""
    load_seconds: float
    info: EngineInfo


def measure(engine: Engine, seconds: float = SECONDS) -> Speed:
    """Let the engine read and write until the time is up. Raises ModelError or EngineError."""
    info = engine.start()
    end = time.monotonic() + seconds
    words = max(50, min(READ_WORDS, info.context // 3))
    read = written = 0
    read_seconds = write_seconds = 0.0
    number = 0
    while number == 0 or time.monotonic() < end - (1 - READING_SHARE) * seconds:
        number += 1  # a prompt of its own each time, so that nothing of it is cached
        prompt = [Message("user", " ".join(f"{number} and {word}" for word in range(words // 3)))]
        began = time.monotonic()
        usage = engine.complete(prompt, Sampling(max_tokens=1, seed=number), None, lambda: False).usage
        read_seconds += time.monotonic() - began
        read += usage.prompt_tokens
    while written == 0 or time.monotonic() < end:
        prompt = [Message("user", "Tell a long story about a printer who reads proofs.")]
        first: list[float] = []
        began = time.monotonic()

        def on_text(text: str, tokens: int, first: list[float] = first) -> None:
            first.append(time.monotonic())

        sampling = Sampling(max_tokens=WRITTEN_TOKENS, temperature=0.8, seed=number)
        usage = engine.complete(prompt, sampling, on_text, lambda: False).usage
        number += 1
        write_seconds += time.monotonic() - (first[0] if first else began)
        written += max(1, usage.output_tokens)
    return Speed(
        read_tokens=read,
        read_per_second=read / read_seconds if read_seconds else 0.0,
        written_tokens=written,
        written_per_second=written / write_seconds if write_seconds else 0.0,
        load_seconds=info.load_seconds,
        info=info,
    )


def faster(speed: Speed, gpu_unused: bool) -> list[str]:
    """What to change to go faster, in sentences; empty where nothing is known to help."""
    advice: list[str] = []
    if gpu_unused:
        advice.append("A GPU is there and not used: see the section on it.")
    if speed.info.engine == "ctransformers":
        advice.append("ctransformers answers one request at a time: take a GGUF file that llama.cpp can read.")
    if speed.written_per_second and speed.written_per_second < 10:
        advice.append(
            "It writes slower than a person reads: take a smaller model or quantization, or --mode verbatim, in which "
            "the model only reads."
        )
    return advice
