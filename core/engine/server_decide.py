"""How `verbatim` can put a decision to a server, best first, and finding out which of the ways one offers.

By probabilities, when the server continues a text and tells the likeliest next tokens; by a choice, when it can force
an answer into one of two. What offers neither can only write freely. Each way is tried with a small request whose right
answer is known, since many servers accept a field and ignore it.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from ..errors import EngineError
from .base import Comparison, Usage
from .protocol import Payload
from .server_ask import Asker, spent_on
from .server_errors import Refused

TOPS = (20, 5)
"""How many alternatives are asked for: what vLLM allows, then what OpenAI's protocol allows."""
NATIVE_TOP = 200
"""The same for llama-server's own way, which allows any number."""
LONGEST_OPTION = 16
"""Tokens of an option that are scored."""
VOTE = 2.0
"""Log-odds of a forced choice: a vote, and not a probability."""
SURELY = 1000.0
PATTERN = "red, green, red, green, red, green, red,"
GOES_ON = " green"
UNSAID = ("qivzu", "wodbek")
"""Two words that no model would say on its own."""
NOT_THIS_WAY = frozenset({500, 501})
"""What servers also say to a field that they don't know, besides 4xx."""


class Way(Protocol):
    """A way to decide."""

    name: str

    async def compare(self, prefix: str, query: str, options: Sequence[str]) -> Comparison:
        """As `base.Engine.compare`. Raises Refused or EngineError."""
        ...


async def find_way(ask: Asker, model: str, wanted: str) -> Way | None:
    """The best way that a server offers, or the wanted one; None when it offers none. Raises Refused."""
    if wanted in ("auto", "probabilities"):
        for path, top in ((f"{ask.address.root}/completion", NATIVE_TOP), *(("/completions", top) for top in TOPS)):
            by_probabilities = Probabilities(ask, model, path, top)
            if await offered(by_probabilities.works):
                return by_probabilities
    if wanted in ("auto", "choice"):
        for form in FORMS:
            by_choice = Choice(ask, model, form)
            if await offered(by_choice.works):
                return by_choice
    return None


async def offered(works: Callable[[], Any]) -> bool:
    """Whether a way works; what is wrong with the server itself is raised."""
    try:
        return bool(await works())
    except Refused as error:
        refused = 400 <= error.status < 500 and not error.again and error.status not in (401, 403)
        if refused or error.status in NOT_THIS_WAY or error.garbage:
            return False
        raise
    except EngineError:
        return False


class Probabilities:
    """Reads the options along the likeliest next tokens that the server lists."""

    name = "probabilities"

    def __init__(self, ask: Asker, model: str, path: str, top: int) -> None:
        self._ask = ask
        self._model = model
        self._path = path
        self._top = top

    async def works(self) -> bool:
        """Whether text is continued as it stands (some servers wrap it into a conversation), with alternatives."""
        answer = await once_or_patiently(self._ask, lambda: self._post(PATTERN))
        listed = alternatives(answer)
        return len(listed) > 1 and any(GOES_ON.startswith(token) and token.strip() for token in listed)

    async def compare(self, prefix: str, query: str, options: Sequence[str]) -> Comparison:
        """Each option's tokens are found in the lists of likeliest ones: the longest that the option goes on with.
        Where none is listed, the rest of the option counts as the least likely token that is."""
        began = time.monotonic()
        if any(one.startswith(other) for i, one in enumerate(options) for j, other in enumerate(options) if i != j):
            raise EngineError("One option is the beginning of another: there is nothing to compare.")
        likely: dict[str, dict[str, float]] = {}
        spent = Usage()
        logprobs: list[float] = []
        start = shared_beginning(options)
        for option in options:
            total, at = 0.0, start
            for _ in range(LONGEST_OPTION):
                if at == len(option):
                    break
                before = option[:at]
                if before not in likely:
                    prompt = prefix + query + before
                    answer = await self._ask.patiently(lambda prompt=prompt: self._post(prompt))
                    likely[before] = self._listed(answer)
                    spent += spent_on(answer, 0.0)
                token = next_token(option[at:], likely[before])
                total += likely[before][token] if token else min(likely[before].values())
                at = at + len(token) if token else len(option)
            logprobs.append(total)
        return Comparison(tuple(logprobs), spent + Usage(seconds=time.monotonic() - began))

    def _listed(self, answer: Payload) -> dict[str, float]:
        listed = alternatives(answer)
        if not listed:
            raise EngineError(f"{self._ask.reader.where} gave no probabilities this time.")
        return listed

    async def _post(self, prompt: str) -> Payload:
        body: Payload = {"prompt": prompt, "temperature": 0, "max_tokens": 1, "model": self._model}
        if self._path.startswith("/"):
            body |= {"logprobs": self._top}
        else:
            # llama-server's own. A plain letter is made to be sampled, which changes no probability that it tells:
            # after the end of the text it tells none.
            body |= {"n_probs": self._top, "n_predict": 1, "logit_bias": [["a", SURELY]], "cache_prompt": True}
        return await self._ask.post(self._path, body)


class Form(Protocol):
    """A request's fields that force its answer into one of some words, and what the answer then says."""

    def fields(self, words: Sequence[str]) -> Payload: ...
    def chosen(self, text: str) -> str: ...


class Grammar:
    """llama-server: a grammar in its own notation."""

    def fields(self, words: Sequence[str]) -> Payload:
        return {"grammar": f"root ::= {' | '.join(json.dumps(word, ensure_ascii=False) for word in words)}"}

    def chosen(self, text: str) -> str:
        return text


class Structured(Grammar):
    """vLLM."""

    def fields(self, words: Sequence[str]) -> Payload:
        return {"structured_outputs": {"choice": list(words)}}


class Guided(Grammar):
    """vLLM before 0.12."""

    def fields(self, words: Sequence[str]) -> Payload:
        return {"guided_choice": list(words)}


class Schema:
    """Ollama, LM Studio and most others: a JSON schema."""

    def fields(self, words: Sequence[str]) -> Payload:
        schema = {
            "type": "object",
            "properties": {"answer": {"type": "string", "enum": list(words)}},
            "required": ["answer"],
            "additionalProperties": False,
        }
        named = {"name": "answer", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}

    def chosen(self, text: str) -> str:
        try:
            answer = json.loads(text)
        except ValueError:
            return ""
        return str(cast(Payload, answer).get("answer", "")) if isinstance(answer, dict) else ""


FORMS: tuple[Form, ...] = (Grammar(), Structured(), Guided(), Schema())


class Choice:
    """Asks in a conversation for one of the options, which the server can't but give."""

    name = "choice"

    def __init__(self, ask: Asker, model: str, form: Form) -> None:
        self._ask = ask
        self._model = model
        self._form = form

    async def works(self) -> bool:
        answer = await once_or_patiently(self._ask, lambda: self._post("What is the capital of France?", UNSAID))
        return self._form.chosen(text_of(answer)) in UNSAID

    async def compare(self, prefix: str, query: str, options: Sequence[str]) -> Comparison:
        """The chosen option is ahead of the others by VOTE."""
        began = time.monotonic()
        words = [option.strip() for option in options]
        if len(set(words)) < len(words) or not all(words):
            raise EngineError("The options are not different words: there is nothing to compare.")
        answer = await self._ask.patiently(lambda: self._post(prefix + query, words))
        chosen = self._form.chosen(text_of(answer))
        if chosen not in words:
            raise EngineError(f"{self._ask.reader.where} chose none of the options.")
        behind = -math.log(math.exp(VOTE) + len(words) - 1)
        spent = spent_on(answer, time.monotonic() - began)
        return Comparison(tuple(behind + VOTE * (word == chosen) for word in words), spent)

    async def _post(self, question: str, words: Sequence[str]) -> Payload:
        body: Payload = {
            "model": self._model,
            "messages": [{"role": "user", "content": question}],
            "temperature": 0,
            "max_tokens": max(len(json.dumps(word)) for word in words) + 32,
        }
        return await self._ask.post("/chat/completions", body | self._form.fields(words))


async def once_or_patiently(ask: Asker, post: Callable[[], Any]) -> Payload:
    """A request to find something out: what a server says to fields that it doesn't know is not asked again."""
    refusals: list[Refused] = []

    async def answer() -> Payload:
        try:
            return await post()
        except Refused as error:
            if error.status not in NOT_THIS_WAY and not error.garbage:
                raise
            refusals.append(error)
            return {}

    told: Payload = await ask.patiently(answer)
    if refusals:
        raise refusals[-1]
    return told


def shared_beginning(options: Sequence[str]) -> int:
    """How much of the options can be put into the prompt: up to a word's beginning, which takes its blank along as
    tokens do."""
    shared = 0
    for column in zip(*options, strict=False):
        if len(set(column)) > 1:
            break
        shared += 1
    begun = options[0][:shared]
    return max(begun.rfind(" "), begun.rfind("\n"), 0)


def next_token(rest: str, listed: dict[str, float]) -> str:
    """The longest listed token that `rest` goes on with; "" when there is none. Blanks alone are no beginning of a
    word: a model reads on differently from there."""
    fitting = [token for token in listed if rest.startswith(token) and (token.strip() or not rest.strip())]
    return max(fitting, key=len, default="")


def text_of(answer: Payload) -> str:
    """The text of an answer to a conversation; "" when there is none."""
    try:
        content = answer["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return ""
    return content.strip() if isinstance(content, str) else ""


def alternatives(answer: Payload) -> dict[str, float]:
    """The likeliest first tokens of a continuation and their log-probabilities, in whichever shape a server tells."""
    try:
        if "completion_probabilities" in answer:
            told = answer["completion_probabilities"][0]
            return pairs(told.get("top_logprobs") or told.get("probs") or [])
        told = answer["choices"][0]["logprobs"]
        if told.get("content"):
            return pairs(told["content"][0]["top_logprobs"])
        return pairs({"token": token, "logprob": value} for token, value in told["top_logprobs"][0].items())
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError):
        return {}


def pairs(told: Any) -> dict[str, float]:
    """Token and log-probability of each entry; halves of characters are left out."""
    found: dict[str, float] = {}
    for entry in told:
        token = str(entry.get("token", entry.get("tok_str", "")))
        value = float(entry["logprob"]) if "logprob" in entry else math.log(max(float(entry["prob"]), 1e-30))
        if token and "\ufffd" not in token and math.isfinite(value):
            found[token] = max(value, found.get(token, -math.inf))
    return found
