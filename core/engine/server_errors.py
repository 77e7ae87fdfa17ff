"""What went wrong with a server, as one sentence, and whether asking again makes sense.

Everything a server says goes through here before anybody reads it: without the key, on one line, and not for long.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from ..errors import EngineError
from .keys import Key, masked

AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
BUSY = frozenset({429, 503})
AWAY = frozenset({502, 503})
LONGEST_WORDS = 300
TOO_LONG = re.compile(r"context|maximum.{0,20}length|too long|too many.{0,20}tokens", re.IGNORECASE)
MARKUP = re.compile(r"\s*<(?:!doctype|html|head|body)", re.IGNORECASE)
UNREACHED = ("ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol")


class Refused(EngineError):
    """A request that came to nothing: refused, cut off, unanswered or answered with garbage."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        again: bool = False,
        busy: bool = False,
        garbage: bool = False,
        unreached: bool = False,
        wait: float | None = None,
        status: int = 0,
        words: str = "",
    ) -> None:
        """`again`: the same request may succeed later, `wait`: after so many seconds, by the server's own word."""
        super().__init__(message, hint)
        self.again = again
        self.busy = busy
        self.garbage = garbage
        self.unreached = unreached
        self.away = unreached or status in AWAY
        """Nobody is there at present, or only what stands before the server: it may be back, whatever is asked."""
        self.lasting = unreached or status in (401, 403)
        if self.lasting:
            self.exit_code = 2  # the user can act on it, and no chunk failed
        self.wait = wait
        self.status = status
        self.words = words
        """What the server said to it."""

    def for_good(self) -> "Refused":
        """The same, of a server that stays away: no other request would fare better."""
        self.lasting, self.exit_code = True, 2
        return self


class Reader:
    """Reads the failures of one server."""

    def __init__(self, host: str, key: Key | None, where_keys_go: str, silence_seconds: float) -> None:
        """`where_keys_go` says where a key can be put; `silence_seconds` is how long the server may say nothing."""
        self.where = f"The server at {host}"
        self._key = key
        self._where_keys_go = where_keys_go
        self._silence = silence_seconds

    def read(self, error: Exception) -> Refused:
        """The failure that an exception of the client stands for."""
        import openai

        if isinstance(error, Refused):
            return error
        if isinstance(error, openai.APIStatusError):
            headers: Mapping[str, str] = error.response.headers
            return self.status(error.status_code, error.body, headers)
        cause = error.__cause__ or error
        kind = type(cause).__name__
        if kind in UNREACHED:
            why = "no answer" if kind == "ConnectTimeout" else self.plain(str(cause)) or "no connection"
            return Refused(
                f"{self.where} can't be reached: {why}.",
                "Check that it runs, and that the base URL is its address up to /v1.",
                again=True,
                unreached=True,
            )
        if isinstance(error, openai.APITimeoutError):
            return Refused(f"{self.where} said nothing for {self._silence:g} seconds.", again=True, busy=True)
        if isinstance(error, openai.APIConnectionError):
            return self.cut()
        if isinstance(error, openai.APIError) and error.body is not None:
            return self.in_a_stream(error.body)
        return self.garbage(f"{kind} while reading it")

    def status(self, status: int, body: object, headers: Mapping[str, str]) -> Refused:
        """A refusal by its HTTP status."""
        words = self.words_of(body)
        said = f": {words.rstrip('.')}." if words else "."
        again = status in AGAIN
        wait = seconds_to_wait(headers.get("retry-after", "")) if again else None
        message, hint = f"{self.where} refused the request ({status}){said}", ""
        if status in (401, 403):
            what = "the key" if self._key is not None else "a request without a key"
            message, hint = f"{self.where} refused {what} ({status}){said}", self._where_keys_go
        elif 300 <= status < 400:
            message = f"{self.where} sends requests on to {self.plain(headers.get('location', '')) or 'nowhere'}."
            hint = "Give that address, up to /v1, as the base URL."
        elif status == 404:
            hint = "Check that the base URL goes up to /v1, and the model's name."
        elif status in (400, 413, 422) and TOO_LONG.search(words):
            message = f"The request is too long for the context that {self.where[0].lower()}{self.where[1:]} has{said}"
            hint = "Take smaller chunks, or give the server more context."
        elif again:
            message = f"{self.where} could not answer now ({status}){said}"
        return Refused(message, hint, again=again, busy=status in BUSY, wait=wait, status=status, words=words)

    def in_a_stream(self, body: object) -> Refused:
        """An error that comes in the middle of an answer, in place of its rest."""
        fields = cast(Mapping[str, object], body if isinstance(body, Mapping) else {})
        code = str(fields.get("code", ""))
        status = int(code) if code.isdecimal() and len(code) == 3 else 500
        return self.status(status if 400 <= status < 600 else 500, cast(object, body), {})

    def cut(self) -> Refused:
        return Refused(f"{self.where} broke off before its answer was whole.", again=True)

    def garbage(self, why: str) -> Refused:
        """`why` goes on the sentence "… answered something that can't be understood"."""
        return Refused(
            f"{self.where} answered something that can't be understood: {self.plain(why)}.",
            "Check that it speaks the OpenAI protocol at that address.",
            again=True,
            garbage=True,
        )

    def words_of(self, body: object) -> str:
        """The server's own words in the body of an error."""
        if isinstance(body, Mapping):
            fields = cast(Mapping[str, Any], body)
            inner = fields.get("error", fields.get("message", fields.get("detail", "")))
            return self.words_of(cast(object, inner)) if isinstance(inner, Mapping) else self.plain(str(inner or ""))
        text = body if isinstance(body, str) else ""
        return "a web page" if MARKUP.match(text) else self.plain(text)

    def plain(self, text: str) -> str:
        """One line without the key and without anything that a terminal would act on."""
        flat = " ".join(masked(text, self._key).split())
        shown = "".join(c for c in flat if c.isprintable())
        return shown if len(shown) <= LONGEST_WORDS else f"{shown[:LONGEST_WORDS]}…"


def seconds_to_wait(value: str) -> float | None:
    """What a Retry-After header asks for, which may be seconds or a date; None when it says nothing."""
    value = value.strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except ValueError:
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if seconds < 1e9 else None  # not a number is less than nothing
