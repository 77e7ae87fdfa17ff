"""A model that a server runs: vLLM, SGLang, llama-server, Ollama, LM Studio, whatever speaks OpenAI's protocol.

The engine's methods are called by threads; what they ask is done by one event loop, where a request can be cancelled
at any point (`loop`). Requests wait for each other (`limit`) and are sent again where a refusal passes (`server_ask`).
Nothing half is ever taken for an answer.
"""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from ..errors import EngineError, ModelError
from .absence import TellWait
from .base import Cancelled, Comparison, Completion, EngineInfo, Message, OnText, Sampling
from .keys import find_key
from .limit import Limit
from .loop import Loop
from .neutral import neutral, restored
from .options import EngineOptions, ServerOptions
from .protocol import Payload
from .server_ask import Asker
from .server_decide import Way, find_way
from .server_errors import Refused
from .server_find import Listed, Tokenizer, find_model, find_tokenizer, list_models, version_of

CHARACTERS_PER_TOKEN = 3
"""Of text in a European language, and rather too few: a token limit that follows from it is rather too high."""


class ServerEngine:
    """An Engine over HTTP; see `base.Engine` for the methods."""

    def __init__(self, model: str, server: ServerOptions, engine: EngineOptions, context: int) -> None:
        """`model` by the server's name for it; empty takes its only one. Nothing is asked before it is needed."""
        self._model = model
        self._server = server
        self._options = engine
        self._context = context
        self._limit = Limit(engine.jobs or server.concurrency)
        self._lock = threading.RLock()
        self._loop: Loop | None = None
        self._asker: Asker | None = None
        self._info: EngineInfo | None = None
        self._name = ""
        self._way: Way | None = None
        self._tokenizer: Tokenizer | None = None
        self._tell_wait: TellWait | None = None

    def tell_waits(self, tell: TellWait) -> None:
        """Have it told when a server that is gone is waited for, and when it is back."""
        self._tell_wait = tell
        if self._asker is not None:
            self._asker.absence.tell = tell

    def start(self) -> EngineInfo:
        """Find the model and what the server offers. Raises ModelError, EngineError or ConfigError."""
        with self._lock:
            if self._info is None:
                loop, asker = self._opened()
                self._info = loop.run(lambda tell: self._begin(asker), None, lambda: False)
            return self._info

    def model_listed(self) -> Listed:
        """The model by the server's list, without trying what it can. Raises as `start`."""
        with self._lock:
            loop, asker = self._opened()
            return loop.run(lambda tell: find_model(asker, self._model), None, lambda: False)

    def models_listed(self) -> list[Listed]:
        """All models that the server lists. Raises as `start`."""
        with self._lock:
            loop, asker = self._opened()
            return loop.run(lambda tell: list_models(asker), None, lambda: False)

    def room(self) -> int:
        return self._limit.allowed

    def complete(
        self, messages: Sequence[Message], sampling: Sampling, on_text: OnText | None, cancelled: Cancelled
    ) -> Completion:
        self.start()
        loop, asker = self._opened()
        source = "\n".join(message.content for message in messages if message.role == "user")
        body: Payload = {
            "model": self._name,
            "messages": [
                {"role": m.role, "content": neutral(m.content) if m.role == "user" else m.content} for m in messages
            ],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sampling.seed,
        }

        def shown(text: str, pieces: int) -> None:
            if on_text is not None:
                on_text(restored(text, source), pieces)

        answer = loop.run(lambda tell: asker.patiently(lambda: asker.chat(body, tell)), shown, cancelled)
        return Completion(restored(answer.text, source), answer.hit_limit, answer.usage)

    def compare(self, prefix: str, query: str, options: Sequence[str], cancelled: Cancelled) -> Comparison:
        self.start()
        loop, asker = self._opened()
        way = self._way
        if way is None:
            raise EngineError(f"{asker.reader.where} can't compare: decide by alignment.")
        asked, answers = neutral(query), [neutral(option) for option in options]
        return loop.run(lambda tell: way.compare(prefix, asked, answers), None, cancelled)

    def count_tokens(self, text: str) -> int:
        """By the server's tokenizer where it has one to ask (llama-server, vLLM), else an estimate."""
        self.start()
        loop, asker = self._opened()
        tokenizer = self._tokenizer
        if tokenizer is not None:
            with suppress(Refused):
                return loop.run(lambda tell: tokenizer.count(asker, text), None, lambda: False)
        return len(text) // CHARACTERS_PER_TOKEN + 1

    def kill(self) -> None:
        """Give up the requests in hand: they raise WorkerDied. The server stays, and so does the engine."""
        loop = self._loop
        if loop is not None:
            loop.cancel_all()

    def close(self) -> None:
        """Give up what is in hand and close the connections; a later request opens new ones."""
        loop, asker = self._loop, self._asker
        self._loop = self._asker = None
        self._info = self._way = self._tokenizer = None
        if loop is not None and asker is not None:
            loop.close(asker.close())

    def _opened(self) -> tuple[Loop, Asker]:
        with self._lock:
            if self._loop is None or self._asker is None:
                key = find_key(self._server)
                self._asker = Asker(self._server, key, self._limit, self._options.timeout_seconds)
                self._asker.absence.tell = self._tell_wait
                self._loop = Loop()
            return self._loop, self._asker

    async def _begin(self, asker: Asker) -> EngineInfo:
        began = time.monotonic()
        listed = await find_model(asker, self._model)
        self._name = listed.name
        wanted = self._server.verbatim
        self._way = await find_way(asker, listed.name, wanted) if wanted != "alignment" else None
        if self._way is None and wanted in ("probabilities", "choice"):
            raise ModelError(
                f"{asker.reader.where} can't decide by {wanted}.", 'Set server.verbatim to "auto", which finds a way.'
            )
        self._tokenizer = await find_tokenizer(asker, listed.name)
        asker.absence.known = True
        notes: list[str] = []
        if asker.key_kept_back:
            notes.append("The key was not sent, since http to another machine is not encrypted.")
        if self._tokenizer is None:
            notes.append("The server counts no tokens, so their number is estimated.")
        if 0 < listed.context < self._context:
            notes.append(f"The server's context is {listed.context} tokens; {self._context} may be needed.")
        return EngineInfo(
            engine="server",
            version=await version_of(asker, listed.server),
            model=listed.short,
            path=f"server:{listed.name}",
            context=listed.context or self._context,
            slots=self._options.jobs or self._server.concurrency,
            threads=0,
            devices=(asker.address.host,),
            load_seconds=time.monotonic() - began,
            decides=self._way.name if self._way is not None else "alignment",
            notes=tuple(notes),
        )
