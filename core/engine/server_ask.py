"""Asking one server: the client, its retries, and how many requests are under way."""

import asyncio
import ipaddress
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from ..errors import ConfigError
from .absence import Absence
from .base import Usage
from .keys import Key, key_file
from .limit import Limit, Outcome, Ticket
from .loop import Tell
from .options import ServerOptions
from .protocol import Payload
from .server_errors import Reader, Refused

if TYPE_CHECKING:
    from openai import AsyncOpenAI

T = TypeVar("T")
OUR_HEADERS = frozenset(
    {"host", "content-length", "content-type", "accept", "accept-encoding", "connection", "transfer-encoding"}
)
TALKATIVE = ("openai", "httpx2", "httpcore2")
CONNECT_SECONDS = 10.0
LOOK_SECONDS = 0.25
MOST_TOKENS = 1 << 40
"""What a server counts beyond that is no count; no session could hold an integer of more than 64 bits."""
GARBAGE_AGAIN = 2
"""How often a request is sent again after an answer that can't be understood."""
WHOLE = frozenset({"stop", "length", "eos", "eos_token", "end_turn"})
"""What a server may call the end of an answer; anything else (abort, content_filter, …) means that it isn't whole."""

# Its warnings about retries would be printed over the app where nobody set up logging.
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is."""

    base: str
    """Up to /v1, without a slash at its end."""
    root: str
    """Where llama-server and vLLM have what is beyond the OpenAI protocol."""
    host: str
    """With the port; all that is told of the address."""
    loopback: bool
    private: bool
    """Whether what is sent there can't be read on the way."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer to a conversation."""

    text: str
    hit_limit: bool
    usage: Usage


def read_address(base_url: str) -> Address:
    """Take a base URL apart. Raises ConfigError."""
    if not base_url:
        raise ConfigError("No server is set.", "Give its address with --base-url, up to /v1.")
    try:
        parts = urlsplit(base_url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        # Without the address, which could hold a password.
        raise ConfigError("The base URL is no http or https address.", 'It looks like "http://localhost:8000/v1".')
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            "The base URL holds more than an address: a password, a ? or a #.",
            "A key has its own places, see the docs.",
        )
    path = parts.path.rstrip("/")
    origin = f"{parts.scheme}://{parts.netloc}"
    loopback = is_loopback(host)
    return Address(
        base=origin + path,
        root=origin + path.removesuffix("/v1"),
        host=parts.netloc,
        loopback=loopback,
        private=loopback or parts.scheme == "https",
    )


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


class Asker:
    """Sends requests to one server; its coroutines run in one event loop."""

    def __init__(self, server: ServerOptions, key: Key | None, limit: Limit, silence_seconds: float) -> None:
        """A request may go `silence_seconds` without a byte. Raises ConfigError when the address is none."""
        self.address = read_address(server.base_url)
        self.key_kept_back = key is not None and not (self.address.private or server.allow_http)
        self._key = None if self.key_kept_back else key
        self._server = server
        self._limit = limit
        self._silence = silence_seconds
        self._usage_refused = False
        self._client: AsyncOpenAI | None = None
        where = f"A key can be in the environment variable {server.key_env or 'that server.key_env names'}, in the file"
        where = f"{where} {key_file(server)}, readable by you alone, or in the system's keyring."
        if self.key_kept_back:
            where = (
                "The key was not sent, since http is not encrypted: use https or a tunnel, or set server.allow_http."
            )
        self.reader = Reader(self.address.host, self._key, where, silence_seconds)
        self.absence = Absence(self.reader.where, server.absence_seconds)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def get(self, path: str) -> Payload:
        """The JSON object at a path below /v1, or at a whole address. Raises Refused."""
        return await self._object(lambda client: client.get(path, cast_to=object))

    async def post(self, path: str, body: Payload) -> Payload:
        """What is answered to a JSON object. Raises Refused."""
        return await self._object(lambda client: client.post(path, cast_to=object, body=body))

    async def patiently(self, ask: Callable[[], Awaitable[T]], *, reach: bool = True) -> T:
        """Ask, in turn, and again while the refusal is one that passes. Raises Refused.

        Without `reach` a server that isn't there is not waited for. One that is known and gone is waited for much
        longer, which counts neither as a try nor against our patience.
        """
        import stamina

        patience, retries = self._server.patience_seconds, self._server.retries
        began: list[float] = []
        garbage: list[Refused] = []
        gone: list[float] = []
        absence = self.absence if reach and self.absence.known else None

        def in_turn() -> Awaitable[T]:
            return self._in_turn(ask, says_load=reach)

        def again(error: Exception) -> bool | float:
            if not isinstance(error, Refused) or not error.again or (error.unreached and not reach):
                return False
            if error.away and absence is not None:  # it was waited for long enough
                return False
            garbage.extend([error] if error.garbage else [])
            began.append(time.monotonic())
            left = patience - (began[-1] - began[0] - sum(gone))
            if left <= 0 or len(garbage) > GARBAGE_AGAIN:
                return False
            return min(error.wait, left) if error.wait else True

        # The first wait is such that the doubling waits of all retries fill the patience.
        first = min(2.0, max(0.1, patience / 2**retries))
        async for attempt in stamina.retry_context(
            again, attempts=retries + 1, timeout=None, wait_initial=first, wait_max=patience / 4, wait_jitter=first / 2
        ):
            with attempt:
                return await (absence.outwait(in_turn, gone) if absence is not None else in_turn())
        raise AssertionError("the last attempt returns or raises")

    async def chat(self, body: Payload, tell: Tell) -> Answer:
        """Stream the answer to a conversation. Raises Refused, also when the stream ends before the answer does."""
        try:
            return await self._streamed(body, tell)
        except Refused as error:
            if self._usage_refused or error.status not in (400, 422) or "stream_options" not in error.words:
                raise
        self._usage_refused = True
        return await self._streamed(body, tell)

    async def _in_turn(self, ask: Callable[[], Awaitable[T]], *, says_load: bool) -> T:
        """One attempt, when the limit lets it in; the limit learns how it went, unless it was no work for the model."""
        ticket = await self._enter()
        outcome: Outcome = "other"
        pause = 0.0
        try:
            answer = await ask()
            outcome = "served" if says_load else "other"
            return answer
        except Refused as error:
            outcome = "busy" if error.busy else "other"
            pause = min(error.wait or 0.0, self._server.patience_seconds)
            raise
        finally:
            self._limit.leave(ticket, outcome, pause)

    async def _enter(self) -> Ticket:
        place = self._limit.enter()
        entered = asyncio.wrap_future(place)
        try:
            while not place.done():
                await asyncio.wait([entered], timeout=LOOK_SECONDS)
                self._limit.look()
            return place.result()
        except asyncio.CancelledError:
            if not place.cancel() and not place.cancelled():
                self._limit.leave(place.result(), "other")
            raise

    async def _object(self, ask: "Callable[[AsyncOpenAI], Awaitable[object]]") -> Payload:
        failure: Refused
        try:
            answer = await ask(self._opened())
            if isinstance(answer, dict):
                return cast(Payload, answer)
            failure = self.reader.garbage("it is no JSON object")
        except Exception as error:  # the client's edge: whatever it makes of a broken answer costs one request
            failure = self.reader.read(error)
        # Raised here and not above, so that the client's error, which may hold the key, is not chained to it.
        raise failure

    async def _streamed(self, body: Payload, tell: Tell) -> Answer:
        began = time.monotonic()
        collected = Collected(tell)
        failure: Refused
        try:
            extra = {} if self._usage_refused else {"stream_options": {"include_usage": True}}
            create = cast(Any, self._opened().chat.completions.create)
            stream: Any = await create(**body, **extra, stream=True)
            async with stream:
                async for chunk in stream:
                    collected.add(chunk)
            kind = str(stream.response.headers.get("content-type", ""))
            if not collected.chunks and "event-stream" not in kind:
                failure = self.reader.garbage(f"{kind or 'something'} in place of a stream")
            else:
                failure = self.reader.cut()
        except Exception as error:  # as above
            failure = self.reader.read(error)
        if not collected.finish:
            raise failure
        if collected.finish not in WHOLE:
            why = self.reader.plain(collected.finish)
            raise Refused(f"{self.reader.where} ended its answer early: {why}.", again=why in ("abort", "error"))
        return Answer(collected.text, collected.finish == "length", collected.usage(time.monotonic() - began))

    def _opened(self) -> "AsyncOpenAI":
        if self._client is None:
            import openai  # takes a second

            # They tell of every request's headers, and OPENAI_LOG would have them do it on the screen.
            for name in TALKATIVE:
                logging.getLogger(name).setLevel(logging.WARNING)
            http = openai.DefaultAsyncHttpxClient(
                follow_redirects=False,  # where else a text goes is the user's to say
                trust_env=not self.address.loopback,  # a proxy has no business with this machine's own server
                event_hooks={"request": [self._only_ours]},
            )
            # What is given is not looked up in OPENAI_… variables, which are about another server.
            self._client = openai.AsyncOpenAI(
                api_key="none",
                admin_api_key="",
                organization="",
                project="",
                webhook_secret="",
                base_url=self.address.base,
                max_retries=0,
                timeout=openai.Timeout(self._silence, connect=min(CONNECT_SECONDS, self._silence)),
                http_client=http,
            )
        return self._client

    async def _only_ours(self, request: Any) -> None:
        """Send only headers that the protocol needs: the client adds some about the machine, and some that it finds in
        the environment."""
        for name in list(request.headers):
            if name.lower() not in OUR_HEADERS:
                del request.headers[name]
        request.headers["User-Agent"] = "galley"
        if self._key is not None:
            request.headers["Authorization"] = f"Bearer {self._key.value}"


class Collected:
    """What has come of a streamed answer."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._parts: list[str] = []
        self._usage: Any = None
        self.chunks = 0
        self.finish = ""

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def add(self, chunk: Any) -> None:
        """Take one event in. Raises ValueError when it is none: nothing may be left out of an answer unnoticed."""
        self.chunks += 1
        choices = getattr(chunk, "choices", None)
        self._usage = getattr(chunk, "usage", None) or self._usage
        if not isinstance(choices, list):
            raise ValueError("an event without choices")
        for choice in cast(list[Any], choices):
            delta = getattr(choice, "delta", None)
            content = getattr(delta, "content", None)
            if delta is None or not isinstance(content, str | None):
                raise ValueError("a choice without text")
            if content:
                self._parts.append(content)
                self._tell(self._parts)
            self.finish = str(getattr(choice, "finish_reason", None) or self.finish)

    def usage(self, seconds: float) -> Usage:
        """By the server's account, or by pieces."""
        if self._usage is None:
            return Usage(output_tokens=len(self._parts), seconds=seconds)
        details = getattr(self._usage, "prompt_tokens_details", None)
        return usage_of(
            {
                "prompt_tokens": getattr(self._usage, "prompt_tokens", 0),
                "completion_tokens": getattr(self._usage, "completion_tokens", 0),
                "prompt_tokens_details": {"cached_tokens": getattr(details, "cached_tokens", 0)},
            },
            seconds,
        )


def spent_on(answer: Payload, seconds: float) -> Usage:
    """What an answer cost, by llama-server's account or by OpenAI's."""
    timings: object = answer.get("timings")
    if isinstance(timings, dict):
        told = cast(Payload, timings)
        return Usage(
            number(told.get("prompt_n")), number(told.get("cache_n")), number(told.get("predicted_n")), seconds
        )
    return usage_of(answer.get("usage"), seconds)


def number(value: object) -> int:
    """A count of tokens; what can be none counts as nothing."""
    return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else 0


def usage_of(told: object, seconds: float) -> Usage:
    """The `usage` of an answer; servers leave parts of it out."""
    fields: Payload = cast(Payload, told) if isinstance(told, dict) else {}
    details = fields.get("prompt_tokens_details")
    cached = number(cast(Payload, details).get("cached_tokens")) if isinstance(details, dict) else 0
    prompt = number(fields.get("prompt_tokens"))
    return Usage(max(0, prompt - cached), cached, number(fields.get("completion_tokens")), seconds)
