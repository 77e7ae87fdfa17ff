"""What a server has: its models, its version, and whether it counts tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any, cast

from ..errors import ModelError
from .protocol import Payload
from .server_ask import Asker
from .server_errors import Refused

LISTED_NAMES = 8
"""Names in an error message."""
VERSION_PATHS = {"vllm": "/version", "sglang": "/get_server_info", "llamacpp": "/props", "library": "/api/version"}
VERSION_FIELDS = ("version", "build_info")


@dataclass(frozen=True, slots=True)
class Listed:
    """A model as its server lists it."""

    name: str
    parameters: int
    """0 where the server doesn't say, as most."""
    context: int
    """Tokens of context for one request; 0 where the server doesn't say."""
    server: str
    """What the server calls itself: `vllm`, `llamacpp`, `library` (Ollama), …; empty where it doesn't."""

    @property
    def short(self) -> str:
        """Without the folders of a file's path, which llama-server gives as the name."""
        return PurePosixPath(self.name).name if self.name.startswith("/") else self.name


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """A server's own way to count tokens."""

    path: str
    field: str
    fixed: tuple[tuple[str, str], ...]

    async def count(self, ask: Asker, text: str) -> int:
        """Raises Refused."""
        answer = await ask.post(self.path, {**dict(self.fixed), self.field: text})
        tokens: object = answer.get("tokens", answer.get("count"))
        if isinstance(tokens, list):
            return len(cast(list[object], tokens))
        if isinstance(tokens, int):
            return tokens
        raise ask.reader.garbage("it counts no tokens")


async def find_model(ask: Asker, name: str) -> Listed:
    """The server's model of that name, or its only one for "". Raises ModelError, or Refused without a list."""
    return choose(await list_models(ask), name, ask.reader.where)


async def list_models(ask: Asker) -> list[Listed]:
    """All that the server runs. Raises Refused when it gives no list."""
    told = await ask.patiently(lambda: ask.get("/models"), reach=False)
    entries: object = told.get("data", told.get("models"))
    if not isinstance(entries, list):
        raise ask.reader.garbage("it lists no models")
    listed = [read_entry(entry) for entry in cast(list[object], entries)]
    return [model for model in listed if model.name]


def choose(listed: Sequence[Listed], name: str, where: str) -> Listed:
    """The model that is meant. Raises ModelError, which names those there are, the nearest first."""
    if not listed:
        raise ModelError(f"{where} has no model loaded.", "Load one there first.")
    if not name:
        if len(listed) == 1:
            return listed[0]
        raise ModelError(f"{where} runs {len(listed)} models: {named(listed)}.", "Say which one with --model.")
    for model in listed:
        if model.name == name:
            return model
    alike = [model for model in listed if name.lower() in (model.name.lower(), model.short.lower())]
    if len(alike) == 1:
        return alike[0]
    near = get_close_matches(name, [model.name for model in listed], LISTED_NAMES, 0.5)
    ordered = sorted(listed, key=lambda model: near.index(model.name) if model.name in near else len(near))
    raise ModelError(f"{where} has no model {name}.", f"It has {named(ordered)}.")


def named(listed: Sequence[Listed]) -> str:
    more = f" and {len(listed) - LISTED_NAMES} more" if len(listed) > LISTED_NAMES else ""
    return ", ".join(model.name for model in listed[:LISTED_NAMES]) + more


def read_entry(entry: object) -> Listed:
    """One model of a list; what is said besides the name differs by server."""
    fields: Payload = cast(Payload, entry) if isinstance(entry, dict) else {}
    meta: Any = fields.get("meta")
    details: Payload = cast(Payload, meta) if isinstance(meta, dict) else {}
    name = "".join(c for c in str(fields.get("id") or fields.get("name") or "") if c.isprintable())
    context = whole(fields.get("max_model_len")) or whole(details.get("n_ctx")) or whole(fields.get("context_length"))
    return Listed(name, whole(details.get("n_params")), context, str(fields.get("owned_by") or ""))


def whole(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


async def find_tokenizer(ask: Asker, model: str) -> Tokenizer | None:
    """llama-server's way to count tokens, or vLLM's."""
    path = f"{ask.address.root}/tokenize"
    for tokenizer in (Tokenizer(path, "content", ()), Tokenizer(path, "prompt", (("model", model),))):
        try:
            if await tokenizer.count(ask, "Two words.") > 1:
                return tokenizer
        except Refused:
            continue
    return None


async def version_of(ask: Asker, server: str) -> str:
    """What a server says of itself, as in "vllm 0.12.0"; empty when it says nothing."""
    told = ""
    if server in VERSION_PATHS:
        try:
            answer = await ask.get(ask.address.root + VERSION_PATHS[server])
            told = str(next((answer[field] for field in VERSION_FIELDS if answer.get(field)), ""))
        except Refused:
            told = ""
    name = "ollama" if server == "library" else server
    return ask.reader.plain(f"{name} {told}")[:60].strip()
