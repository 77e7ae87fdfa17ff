"""llama.cpp through `xllamacpp`, inside the worker process.

`xllamacpp` always opens an HTTP server. It is put on a unix socket in a directory that only we can enter, with a
random key, and serves two small questions: the chat template and the tokens of a text. Generation goes through the
in-process calls. Prompts are handed over as tokens: the template's own parts are read with control tokens, the text
of a document without, so nothing in a PDF can end a turn or open another.
"""

import http.client
import json
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import psutil

from .backend import Cancel, RequestError
from .heads import Heads, draft_name, heads_folder
from .protocol import Payload
from .sockets import remove_stale_sockets, socket_folder

TOP = 200
"""Alternatives asked for at a decision; an option below them counts as the last of them."""
SURELY = 1000.0
"""Added to a token's logit, it is sampled whatever the others are."""
LONGEST_OPTION = 16
"""Tokens of an option that are scored, from where the options differ."""
CPU_SLOTS = 2
GPU_SLOTS = 8
GPU_SPARE_SLOTS = 3
"""Slots beyond the requests under way, so that four kinds of question stay where they were read: bringing one there
again takes a GPU as long as an answer. On a CPU it takes a fortieth of one, and each slot its share of the memory."""
WORTH_KEEPING = 48
"""Tokens from which on the beginning of a prompt is kept on disk once it was read."""
FLASH = {"auto": "AUTO", "on": "ENABLED", "off": "DISABLED"}
SENTINEL = "\ue000{}\ue001"
NOTHING: Payload = {"prompt_tokens": 0, "cached_tokens": 0, "output_tokens": 0}
Tokens = tuple[int, ...]


class LlamaCpp:
    """One model in `slots` parallel slots; requests beyond that wait their turn."""

    def __init__(self, options: Payload) -> None:
        """Loads the model. Raises RuntimeError when llama.cpp refuses it."""
        # It ships no types, and loads a native library that only a worker should hold.
        xllamacpp: Any = import_module("xllamacpp")
        began = time.monotonic()
        remove_stale_sockets()
        self._home = socket_folder()
        self._key = secrets.token_urlsafe(24)
        self._socket = self._home / "llama.sock"
        devices: list[Payload] = xllamacpp.get_device_info()
        on_gpu = int(options["gpu_layers"]) != 0 and any("GPU" in str(device["type"]) for device in devices)
        self.slots = int(options["slots"]) or default_slots(on_gpu)
        self.threads = int(options["threads"]) or default_threads()
        self.context = int(options["context"])
        caches = self.slots + spare_slots(on_gpu)
        params: Any = xllamacpp.CommonParams()
        params.n_parallel = caches
        params.n_ctx = self.context * caches
        params.cpuparams.n_threads = self.threads
        params.cpuparams_batch.n_threads = self.threads
        set_up(params, options, xllamacpp)
        params.hostnames = [str(self._socket)]
        params.api_keys = [self._key]
        heads = heads_folder(otherwise=self._home)
        params.slot_save_path = f"{heads}/"
        self._server: Any = xllamacpp.Server(params)
        address = str(self._server.listening_address)
        if not address.startswith("unix:"):
            raise RuntimeError(f"llama.cpp listens on {address} and not on a private socket")
        self._turns = threading.Semaphore(self.slots)
        self._lock = threading.Lock()
        self._free: dict[int, tuple[Tokens, Tokens]] = dict.fromkeys(range(caches), ((), ()))
        """What a slot that is not in use has read: the beginning of a prompt, and what was asked behind it."""
        # A state is written for so many slots, and with another number of them refused.
        how = [xllamacpp.__version__, caches, *(options[name] for name in ("gpu_layers", "flash_attention", "kv_type"))]
        how += [device["description"] for device in devices]
        self._heads = Heads(heads, Path(options["model"]), how)
        self._reading = threading.Lock()
        self._template_parts: dict[tuple[str, ...], list[str]] = {}
        self._tokens: dict[str, list[int]] = {}
        self.info: Payload = {
            "engine": "llama.cpp",
            "version": str(xllamacpp.__version__),
            "model": Path(options["model"]).name,
            "context": self.context,
            "slots": self.slots,
            "threads": self.threads,
            "devices": [f"{d['name']}: {d['description']}" for d in devices],
            "load_seconds": time.monotonic() - began,
            "decides": "probabilities",
            "notes": [],
        }

    def close(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)

    def complete(self, request: Payload, on_text: Callable[[str, int], None], cancelled: Callable[[], bool]) -> Payload:
        """Stream an answer. `on_text` gets all the text so far and its tokens; the result has text, limit and usage."""
        head, rest = self._render(request["messages"])
        parts: list[str] = []
        last: Payload = {}

        def on_chunk(chunk: Payload) -> bool:
            nonlocal last
            last = chunk
            if "choices" not in chunk:
                return True
            parts.append(chunk["choices"][0]["text"])
            on_text("".join(parts), len(parts))
            return cancelled()

        with self._slot(head, tuple(rest)) as (slot, spent):
            body = {
                "prompt": [*head, *rest],
                "n_predict": request["max_tokens"],
                "temperature": request["temperature"],
                "top_p": request["top_p"],
                "seed": request["seed"],
                "stream": True,
                "timings_per_token": True,
                "cache_prompt": True,
                "id_slot": slot,
            }
            answer = self._server.handle_completions(body, on_chunk)
        if cancelled():
            raise Cancel(added(spent, usage(last)) if "timings" in last else None)
        final = last or answer
        raise_for_error(final)
        return {
            "text": "".join(parts),
            "hit_limit": final["choices"][0]["finish_reason"] == "length",
            **added(spent, usage(final)),
        }

    def compare(self, request: Payload, cancelled: Callable[[], bool]) -> Payload:
        """Log-probability of each option, as a whole, after prefix + query: the sum over the tokens that differ."""
        stem = tuple(self._tokens_of(request["prefix"], keep=True))
        query: str = request["query"]
        options = [self._tokens_of(query + option) for option in request["options"]]
        shared = common_prefix(options)
        if any(len(option) == shared for option in options):
            raise RequestError("one option is the beginning of another: there is nothing to compare")
        likely: dict[tuple[int, ...], dict[int, float]] = {}
        logprobs: list[float] = []
        with self._slot(stem) as (slot, spent):
            for option in options:
                total = 0.0
                for at in range(shared, min(len(option), shared + LONGEST_OPTION)):
                    if cancelled():
                        raise Cancel
                    before = tuple(option[:at])
                    if before not in likely:
                        likely[before], cost = self._next_token([*stem, *before], slot)
                        spent = added(spent, cost)
                    total += likely[before].get(option[at], min(likely[before].values()))
                logprobs.append(total)
        return {"logprobs": logprobs, **spent}

    def _next_token(self, prompt: list[int], slot: int) -> tuple[dict[int, float], Payload]:
        """Log-probabilities of the likeliest next tokens, and what they cost.

        A plain letter is made to be sampled, which changes no probability in the answer: after the end of the text
        or half a character llama.cpp answers without any.
        """
        body = {
            "prompt": prompt,
            "n_predict": 1,
            "temperature": 0,
            "n_probs": TOP,
            "cache_prompt": True,
            "id_slot": slot,
            "logit_bias": [[self._tokens_of("a", keep=True)[0], SURELY]],
        }
        answer = self._server.handle_completions(body)
        raise_for_error(answer)
        told: Payload = answer["choices"][0]["logprobs"] or {}
        if not told.get("content"):
            raise RequestError("the engine gave no probabilities")
        return {entry["id"]: float(entry["logprob"]) for entry in told["content"][0]["top_logprobs"]}, usage(answer)

    def count(self, text: str) -> int:
        return len(self._tokens_of(text))

    @contextmanager
    def _slot(self, head: Tokens, rest: Tokens = ()) -> Generator[tuple[int, Payload]]:
        """A slot of one's own that has read `head`, and what the reading cost.

        Of those that are free the one that has read `rest` behind it too, so that a second attempt on a chunk reads
        nothing anew; or one that has read `head`; or the one unused for longest.
        """
        with self._turns:
            with self._lock:
                slot = max(self._free, key=lambda one: (self._free[one][0] == head, self._free[one] == (head, rest)))
                held, _ = self._free.pop(slot)
            try:
                yield slot, self._bring(head, slot) if held != head else NOTHING
            finally:
                with self._lock:
                    self._free[slot] = head, rest  # last in order: of equals the first is taken

    def _bring(self, head: Tokens, slot: int) -> Payload:
        """Have a slot read the beginning of a prompt, or take its state from the disk; what it cost."""
        if len(head) < WORTH_KEEPING:
            return NOTHING
        with self._reading:  # who wants the same one waits, and finds it kept
            if (kept := self._heads.find(head)) is not None:
                if self._post(f"/slots/{slot}?action=restore", {"filename": kept}, checked=False).get("n_restored"):
                    return NOTHING
                self._heads.drop(head)
            body = {"prompt": list(head), "n_predict": 0, "cache_prompt": True, "id_slot": slot}
            answer = self._server.handle_completions(body)
            raise_for_error(answer)
            draft = draft_name()
            saved = self._post(f"/slots/{slot}?action=save", {"filename": draft}, checked=False)
            whole = saved.get("n_saved") == len(head)
            self._heads.keep(head, draft, int(saved["n_written"]) if whole else 0)
            return {**usage(answer), "output_tokens": 0}

    def _render(self, messages: Sequence[Payload]) -> tuple[Tokens, list[int]]:
        """The conversation as tokens by the model's own template, contents without control tokens: what stands before
        the last message, and the rest."""
        roles = tuple(str(message["role"]) for message in messages)
        parts = self._template_parts.get(roles)
        if parts is None:
            parts = self._template_parts[roles] = self._split_template(roles)
        tokens = list(self._tokens_of(parts[0], special=True, first=True, keep=True))
        head: Tokens = ()
        for message, part in zip(messages, parts[1:], strict=True):
            head = tuple(tokens)
            tokens += self._tokens_of(message["content"], keep=message["role"] != "user")
            tokens += self._tokens_of(part, special=True, keep=True)
        return head, tokens[len(head) :]

    def _split_template(self, roles: Sequence[str]) -> list[str]:
        """The template's text around the contents: len(roles) + 1 pieces."""
        messages = [{"role": role, "content": SENTINEL.format(i)} for i, role in enumerate(roles)]
        text = self._post("/apply-template", {"messages": messages})["prompt"]
        parts: list[str] = []
        for i in range(len(roles)):
            before, found, text = text.partition(SENTINEL.format(i))
            if not found:
                raise RequestError("the model's chat template leaves out a message")
            parts.append(before)
        return [*parts, text]

    def _tokens_of(self, text: str, *, special: bool = False, first: bool = False, keep: bool = False) -> list[int]:
        known = self._tokens.get(f"{special:d}{first:d}{text}")
        if known is not None:
            return known
        body = {"content": text, "add_special": first, "parse_special": special}
        tokens: list[int] = self._post("/tokenize", body)["tokens"]
        if keep:
            self._tokens[f"{special:d}{first:d}{text}"] = tokens
        return tokens

    def _post(self, path: str, body: Payload, *, checked: bool = True) -> Payload:
        connection = UnixConnection(self._socket)
        try:
            headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body), headers)
            answer: Payload = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if checked:
            raise_for_error(answer)
        return answer


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def set_up(params: Any, options: Payload, xllamacpp: Any) -> None:
    """The model and how it is computed.

    With -1 layers llama.cpp itself puts on the GPUs what their free memory holds (`fit_params`); a number is taken as
    it is. `tensor_split` goes by the order of the GPUs and is spread over what it does not name as 0.
    """
    params.model.path = options["model"]
    params.n_gpu_layers = int(options["gpu_layers"])
    params.fit_params = params.n_gpu_layers < 0
    split = [float(share) for share in options["tensor_split"]]
    if split:
        params.tensor_split = [*split, *[0.0] * (len(params.tensor_split) - len(split))]
    params.flash_attn_type = getattr(
        xllamacpp.llama_flash_attn_type, f"LLAMA_FLASH_ATTN_TYPE_{FLASH[options['flash_attention']]}"
    )
    params.cache_type_k = params.cache_type_v = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{options['kv_type'].upper()}")
    params.n_batch = int(options["batch"])
    params.n_ubatch = int(options["micro_batch"])
    # The slots keep what is asked for again; llama.cpp's own store of old prompts would grow to gigabytes.
    params.cache_ram_mib = 0
    params.verbosity = -1
    params.warmup = False


def usage(answer: Payload) -> Payload:
    timings = answer["timings"]
    return {
        "prompt_tokens": timings["prompt_n"],
        "cached_tokens": timings["cache_n"],
        "output_tokens": timings["predicted_n"],
    }


def added(one: Payload, other: Payload) -> Payload:
    """Two usages together."""
    return {key: one[key] + other[key] for key in NOTHING}


def raise_for_error(answer: Payload | None) -> None:
    """llama.cpp reports a refused request as an `error` object in place of an answer."""
    if answer is None:
        raise RequestError("the engine gave no answer")
    error: object = answer.get("error")
    if isinstance(error, dict):
        raise RequestError(str(cast(Payload, error).get("message", "the engine gives no reason")))
    if error:
        raise RequestError(str(error))


def common_prefix(lists: Sequence[Sequence[int]]) -> int:
    """How many leading tokens all lists share."""
    length = 0
    for column in zip(*lists, strict=False):
        if len(set(column)) > 1:
            break
        length += 1
    return length


def default_threads() -> int:
    """Physical cores, as far as this process may use them."""
    allowed = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else psutil.cpu_count()
    return max(1, min(psutil.cpu_count(logical=False) or 1, allowed or 1))


def default_slots(on_gpu: bool) -> int:
    """A GPU reads many chunks for the price of one; a CPU gains only by never waiting for the next request."""
    return GPU_SLOTS if on_gpu else CPU_SLOTS


def spare_slots(on_gpu: bool) -> int:
    return GPU_SPARE_SLOTS if on_gpu else 0
