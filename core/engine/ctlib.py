"""The ctransformers library with its traps covered: what it does not check is checked here, before it is called.

It is C++ of September 2023 behind ctypes: https://github.com/marella/ctransformers/blob/v0.2.27/models/llms/llama.cc
"""

import math
import mmap
import re
from array import array
from collections.abc import Callable, Sequence
from ctypes import CDLL, c_float, c_int, sizeof, string_at
from importlib import import_module
from pathlib import Path
from typing import Any

from ..models.gguf import Cursor
from .backend import Cancel, RequestError
from .devices import NVIDIA, drivers

BATCH = 32
"""Tokens read at once: few enough that a cancelled request ends soon on a slow machine. The library's buffers are made
for 512 at most, and nothing holds it to them."""
ALL_LAYERS = 1000
MAGIC = b"GGUF"
OLD_MAGICS = (b"lmgg", b"fmgg", b"tjgg")
TOKENS, TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
STRINGS, INTEGERS = 8, (4, 5)
CONTROL, USER_DEFINED = 3, 4
MARK = re.compile(r"<.+>|\[.+\]")
OLD_MARK = re.compile(rb"<\|.+\|>")


class Library:
    """One loaded model. Only `tokens_of` may be called while another thread is inside."""

    def __init__(self, path: Path, context: int, threads: int, gpu_layers: int) -> None:
        """Raises RuntimeError or OSError when it can't be loaded; some files end the process instead."""
        start = start_of(path)
        if start != MAGIC and start not in OLD_MAGICS:
            raise RuntimeError("it is neither a GGUF nor a GGML file")
        build, layers, self.notes = build_for(gpu_layers)
        package: Any = import_module("ctransformers")
        config: Any = package.Config(context_length=context, gpu_layers=layers, threads=threads, batch_size=BATCH)
        try:
            self._llm: Any = package.LLM(str(path), "gguf" if start == MAGIC else "llama", config=config, lib=build)
        except RuntimeError:
            raise RuntimeError("its llama.cpp of September 2023 can't read this model") from None
        self.version = str(package.__dict__.get("__version__", ""))
        self.device = f"{'GPU' if layers else 'CPU'} (the {Path(build).parent.name} build)"
        self.context: int = self._llm.context_length
        self.size: int = self._llm.vocab_size
        self._old = start != MAGIC
        self.texts: list[bytes] = [self._llm.ctransformers_llm_detokenize(token) for token in range(self.size)]
        """What each token writes; nothing for control tokens."""
        self.bos, self.eos = self._llm.bos_token_id, self._llm.eos_token_id
        self.marks = self._old_marks() if self._old else marks_of(path)
        """Control tokens by how they look in a template."""
        if 0 <= self.bos < self.size:
            self.marks["<s>"] = self.bos
        if 0 <= self.eos < self.size:
            self.marks["</s>"] = self.eos
        self._spelled = self._spell()

    def tokens_of(self, text: str) -> list[int]:
        """A text as tokens, none of which is a control token, whatever the text says."""
        # The text ends at a NUL there, and half a character would end the process.
        raw = text.replace("\0", "\ufffd").encode("utf-8", "replace")
        if not raw:
            return []
        # GGUF models get SentencePiece's leading space from the library, older ones don't.
        raw = b" " + raw if self._old else raw
        # It fills the buffer without knowing its size: in a vocabulary without pieces a space alone is three tokens.
        buffer = (c_int * (3 * len(raw) + 8))()
        count: int = self._llm.ctransformers_llm_tokenize(raw, False, buffer)
        tokens = buffer[:count]
        if self._spelled.keys().isdisjoint(tokens):
            return tokens
        return [part for token in tokens for part in self._spelled.get(token, (token,))]

    def read(self, tokens: Sequence[int], cancelled: Callable[[], bool]) -> tuple[int, int]:
        """Evaluate a text's tokens, all but those that are held from before: how many were new, and how many were not.

        Raises Cancel, and RequestError where the context would overflow: the library would write over its beginning.
        """
        if not 0 < len(tokens) <= self.context:
            raise RequestError(f"{len(tokens)} tokens don't go into the model's context of {self.context}")
        fresh: list[int] = self._llm.prepare_inputs_for_generation(tokens, reset=True)
        for at in range(0, len(fresh), BATCH):
            if cancelled():
                raise Cancel
            self._llm.eval(fresh[at : at + BATCH])
        return len(fresh), len(tokens) - len(fresh)

    def add(self, token: int) -> None:
        """Evaluate one more token behind those that were read."""
        self._llm.eval([token])

    def sample(self, top_k: int, top_p: float, temperature: float, seed: int) -> int:
        """The next token; greedy where the temperature is 0, by which the library would divide.

        It seeds its random numbers anew for each token, so that a text wants another seed at each of them.
        """
        self._logits()
        greedy = temperature <= 0
        token: int = self._llm.sample(
            top_k=1 if greedy else top_k,
            top_p=top_p,
            temperature=1.0 if greedy else temperature,
            repetition_penalty=1.0,
            last_n_tokens=1,
            seed=seed,
        )
        return token

    def logprobs(self) -> Callable[[int], float]:
        """The log-probability of each next token."""
        logits = self._logits()
        most = max(logits)
        total = most + math.log(sum(math.exp(logit - most) for logit in logits))
        return lambda token: logits[token] - total

    def _logits(self) -> "array[float]":
        """Raises RequestError for what is no number, on which the library's sampling may crash."""
        count: int = self._llm.ctransformers_llm_logits_size()
        if count != self.size:
            raise RequestError("the model gave no probabilities")
        logits = array("f", string_at(self._llm.ctransformers_llm_logits_data(), count * sizeof(c_float)))
        if not math.isfinite(sum(logits)):
            raise RequestError("the model's probabilities are no numbers: its file may be damaged")
        return logits

    def _old_marks(self) -> dict[str, int]:
        return {text.decode(errors="replace"): i for i, text in enumerate(self.texts) if OLD_MARK.fullmatch(text)}

    def _spell(self) -> dict[int, tuple[int, ...]]:
        """For each control token its name in tokens of a byte or a letter, as which a document may hold it.

        What the library finds in a text is any token that can be merged letter by letter, control tokens among them.
        """
        letters = {text: token for token, text in enumerate(self.texts) if len(text) == 1}
        return {
            token: tuple(letters[bytes([byte])] for byte in name.encode() if bytes([byte]) in letters)
            for name, token in self.marks.items()
        }


def start_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def build_for(gpu_layers: int) -> tuple[str, int, list[str]]:
    """Which of the package's builds to load, how many layers go on the GPU, and what there is to say about it.

    -1 takes all layers where there is a GPU of NVIDIA's, for which alone it has a build. Raises RuntimeError when
    layers were asked for and the build can't be loaded: it needs CUDA 12.
    """
    lib: Any = import_module("ctransformers.lib")
    notes: list[str] = []
    if gpu_layers > 0 or (gpu_layers < 0 and NVIDIA in drivers()):
        try:
            build: str = lib.find_library(None, gpu=True)
            lib.load_cuda()
            CDLL(build)
            return build, gpu_layers if gpu_layers > 0 else ALL_LAYERS, notes
        except OSError as error:
            reason = str(error).partition("\n")[0]
            if gpu_layers > 0:
                raise RuntimeError(f"ctransformers' build for GPUs can't be loaded here ({reason})") from error
            notes.append(f"ctransformers' build for GPUs can't be loaded here ({reason}), so it runs on the CPU.")
    return lib.find_library(None, gpu=False), 0, notes


def marks_of(path: Path) -> dict[str, int]:
    """The control tokens of a GGUF file by their texts: the library knows them and does not tell."""
    names: list[str] = []
    types: list[int] = []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        cursor = Cursor(data, len(data))
        cursor.skip(len(MAGIC) + 4)
        _, keys = cursor.count(), cursor.count()
        for _ in range(keys):
            key = cursor.text()
            if key not in (TOKENS, TYPES):
                cursor.value()
                continue
            cursor.skip(4)  # that it is an array
            kind, items = cursor.count("<I"), cursor.count()
            if key == TOKENS and kind == STRINGS:
                names = [cursor.text() for _ in range(items)]
            elif key == TYPES and kind in INTEGERS:
                types = [cursor.count("<i") for _ in range(items)]
            else:
                raise RuntimeError("its vocabulary can't be read")
    return {
        name: token
        for token, (name, kind) in enumerate(zip(names, types, strict=False))
        if kind in (CONTROL, USER_DEFINED) and MARK.fullmatch(name)
    }
