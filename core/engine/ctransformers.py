"""Older Llamas through `ctransformers`, inside the worker process: GGML files, which llama.cpp no longer reads.

There is one context, so requests take turns. It keeps what was read last, and a request reads only what differs.
"""

import codecs
import random
import re
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib import metadata
from itertools import permutations
from pathlib import Path

from .backend import Cancel, RequestError
from .ctlib import Library
from .llamacpp import LONGEST_OPTION, common_prefix, default_threads
from .protocol import Payload
from .templates import BOS, EOS, FORMS, ChatTemplate, TemplateError, from_jinja, template

TOP_K = 40
"""Tokens from which one is drawn: llama.cpp's own default, so that both engines write alike."""
TURN_SECONDS = 0.1
USUAL_TEMPLATE = "llama-2"
USUAL_ROLES = (("user",), ("system", "user", "assistant", "user"))
SEED_BITS = 31


class CTransformers:
    """One model, one request at a time."""

    def __init__(self, options: Payload) -> None:
        """Loads the model. Raises RuntimeError or OSError with a readable message when it can't."""
        began = time.monotonic()
        path = Path(options["model"])
        self._template, notes = choose(str(options["template"]), str(options["chat_template"]), path.stem)
        threads = int(options["threads"]) or default_threads()
        self._library = Library(path, int(options["context"]), threads, int(options["gpu_layers"]))
        self._lock = threading.Lock()
        marks = self._library.marks
        self._ends = {self._library.eos, *(marks[stop] for stop in self._template.stops if stop in marks)}
        self._mark = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))) or r"(?!)")
        self._pieces: dict[tuple[str, ...], list[str]] = {}
        self.info: Payload = {
            "engine": "ctransformers",
            "version": metadata.version("ctransformers"),
            "model": path.name,
            "context": self._library.context,
            "slots": 1,
            "threads": threads,
            "devices": [self._library.device],
            "load_seconds": time.monotonic() - began,
            "decides": "probabilities",
            "notes": [*notes, *self._library.notes],
        }

    def close(self) -> None:
        pass

    def complete(self, request: Payload, on_text: Callable[[str, int], None], cancelled: Callable[[], bool]) -> Payload:
        """Write an answer, token by token. It ends with the model's end token or at a text that the template names."""
        prompt = self._render(request["messages"])
        room = min(int(request["max_tokens"]), self._library.context - len(prompt))
        if room < 1:
            raise RequestError(f"{len(prompt)} tokens leave no room in the model's context of {self._library.context}")
        answer = Answer(self._template.stops)
        seeds = random.Random(int(request["seed"]))
        written, ended = 0, False
        with self._turn(cancelled):
            new, held = self._library.read(prompt, cancelled)
            while written < room and not ended:
                if cancelled():
                    raise Cancel({"prompt_tokens": new, "cached_tokens": held, "output_tokens": written})
                token = self._library.sample(
                    TOP_K, float(request["top_p"]), float(request["temperature"]), seeds.getrandbits(SEED_BITS)
                )
                written += 1
                ended = token in self._ends or answer.add(self._library.texts[token])
                if not ended:
                    on_text(answer.sure, written)
                    if written < room:
                        self._library.add(token)
        return {
            "text": answer.text,
            "hit_limit": not ended,
            "prompt_tokens": new,
            "cached_tokens": held,
            "output_tokens": written,
        }

    def compare(self, request: Payload, cancelled: Callable[[], bool]) -> Payload:
        """Log-probability of each option, as a whole, after prefix + query: the sum over the tokens that differ."""
        stem: str = request["prefix"] + request["query"]
        options = [self._with_bos(self._library.tokens_of(stem + option)) for option in request["options"]]
        if any(longer[: len(shorter)] == shorter for shorter, longer in permutations(options, 2)):
            raise RequestError("one option is the beginning of another: there is nothing to compare")
        shared = common_prefix(options)
        if not shared:
            raise RequestError("there is nothing before the options")
        spent = {"prompt_tokens": 0, "cached_tokens": 0, "output_tokens": 0}
        likely: dict[tuple[int, ...], Callable[[int], float]] = {}
        logprobs: list[float] = []
        with self._turn(cancelled):
            for option in options:
                total = 0.0
                for at in range(shared, min(len(option), shared + LONGEST_OPTION)):
                    before = tuple(option[:at])
                    if before not in likely:
                        new, held = self._library.read(before, cancelled)
                        spent["prompt_tokens"] += new
                        spent["cached_tokens"] += held if not likely else 0  # what this question found there
                        likely[before] = self._library.logprobs()
                    total += likely[before](option[at])
                logprobs.append(total)
        return {"logprobs": logprobs, **spent}

    def count(self, text: str) -> int:
        return len(self._library.tokens_of(text))

    @contextmanager
    def _turn(self, cancelled: Callable[[], bool]) -> Generator[None]:
        """The model to oneself. Raises Cancel when the request is cancelled while it waits."""
        while not self._lock.acquire(timeout=TURN_SECONDS):
            if cancelled():
                raise Cancel
        try:
            yield
        finally:
            self._lock.release()

    def _render(self, messages: Sequence[Payload]) -> list[int]:
        """The conversation as tokens: control tokens come from the template alone.

        What lies between two of them is one text for the library, as the model has seen it in its training.
        """
        roles = tuple(str(message["role"]) for message in messages)
        if roles not in self._pieces:
            try:
                self._pieces[roles] = self._template.pieces(roles)
            except TemplateError as error:
                raise RequestError(f"the chat template can't be used: {error}") from error
        pieces = self._pieces[roles]
        tokens: list[int] = []
        text = ""
        for piece, message in zip(pieces, [*messages, {"content": ""}], strict=True):
            at = 0
            for mark in self._mark.finditer(piece):
                tokens += self._library.tokens_of(text + piece[at : mark.start()])
                tokens.append(self._library.marks[mark[0]])
                text, at = "", mark.end()
            text += piece[at:] + message["content"]
        return self._with_bos(tokens + self._library.tokens_of(text))

    def _with_bos(self, tokens: list[int]) -> list[int]:
        first = self._library.marks.get(BOS)
        return tokens if first is None or tokens[:1] == [first] else [first, *tokens]


class Answer:
    """The text of tokens as they come: whole characters only, and nothing from where a stop text begins."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = stops
        self.text = ""

    def add(self, piece: bytes) -> bool:
        """Whether a stop text is complete; the text ends before it then."""
        self.text += self._decoder.decode(piece)
        found = [at for at in map(self.text.find, self._stops) if at >= 0]
        if found:
            self.text = self.text[: min(found)]
        return bool(found)

    @property
    def sure(self) -> str:
        """The text without an end that may become a stop text."""
        held = (n for stop in self._stops for n in range(len(stop) - 1, 0, -1) if self.text.endswith(stop[:n]))
        return self.text[: len(self.text) - max(held, default=0)]


def choose(name: str, source: str, file: str) -> tuple[ChatTemplate, list[str]]:
    """The template of that name, or else the file's own, or one that the file's name speaks for; and what to tell.

    Raises TemplateError when there is none of that name.
    """
    if name:
        return template(name), []
    why = "The model file has no chat template"
    if source:
        try:
            own = from_jinja(source, BOS, EOS)
            for roles in USUAL_ROLES:
                own.pieces(roles)
            return own, []
        except TemplateError as error:
            why = f"The model file's own chat template can't be used ({error})"
    guess = next((known for known in FORMS if known in file.lower()), USUAL_TEMPLATE)
    return template(guess), [f"{why}, so it is spoken to as {guess}; engine.template names another."]
