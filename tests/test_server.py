"""The server engine against a real server: llama.cpp's own, with the embedded model."""

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake import never
from llama_server import SECRET, LlamaServer

from galley.core.engine import keys
from galley.core.engine.base import Message, RequestCancelled, Sampling, WorkerDied
from galley.core.engine.options import EngineOptions, ServerOptions
from galley.core.engine.server import ServerEngine
from galley.core.errors import ConfigError, EngineError, ModelError

TALK = [Message("system", "Answer with one short sentence."), Message("user", "What is a galley proof?")]
LONG = [Message("user", "Count to one thousand.")]


@pytest.fixture
def engine(running: LlamaServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerEngine]:
    monkeypatch.setenv("GALLEY_API_KEY", SECRET)
    made = ServerEngine("", ServerOptions(base_url=f"{running.address}/v1"), EngineOptions(), 2048)
    yield made
    made.close()


def plainly(server: LlamaServer, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the server answers to a plain request, without any of our code."""
    headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
    request = urllib.request.Request(server.address + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_the_only_model_is_taken_and_what_the_server_offers_is_found(
    engine: ServerEngine, running: LlamaServer, embedded_model: Path
) -> None:
    info = engine.start()
    assert info.model == embedded_model.name
    assert info.path == f"server:{embedded_model}"
    assert info.devices == (running.address.removeprefix("http://"),)
    assert (info.context, info.slots, info.decides) == (2048, 32, "probabilities")
    assert info.version.startswith("llamacpp")
    assert engine.start() is info


def test_the_model_is_listed_with_its_size(engine: ServerEngine) -> None:
    listed = engine.model_listed()
    assert listed.parameters == 134_515_008
    assert listed.context == 2048


def test_an_answer_is_streamed_whole_and_is_what_the_server_says(engine: ServerEngine, running: LlamaServer) -> None:
    streamed: list[tuple[str, int]] = []
    answer = engine.complete(TALK, Sampling(max_tokens=24), lambda text, pieces: streamed.append((text, pieces)), never)
    messages = [{"role": m.role, "content": m.content} for m in TALK]
    body = {"messages": messages, "max_tokens": 24, "temperature": 0, "top_p": 1.0, "seed": 1}
    assert answer.text == plainly(running, "/v1/chat/completions", body)["choices"][0]["message"]["content"]
    assert answer.hit_limit
    assert answer.usage.output_tokens == 24
    assert answer.usage.prompt_tokens + answer.usage.cached_tokens > 20
    assert streamed[-1][0] == answer.text
    assert [pieces for _, pieces in streamed] == list(range(1, len(streamed) + 1))


def test_an_answer_that_ends_by_itself_did_not_hit_the_limit(engine: ServerEngine) -> None:
    talk = [
        *[Message("user", "Say: The cat sat."), Message("assistant", "The cat sat.")] * 3,
        Message("user", "Say: The cat sat."),
    ]
    answer = engine.complete(talk, Sampling(max_tokens=60), None, never)
    assert answer.text.startswith("The cat sat.")
    assert not answer.hit_limit


def test_a_request_can_be_cancelled_and_the_engine_goes_on(engine: ServerEngine) -> None:
    seen = threading.Event()
    began = time.monotonic()
    with pytest.raises(RequestCancelled):
        engine.complete(
            LONG,
            Sampling(max_tokens=1500, temperature=0.9),
            lambda text, pieces: seen.set(),
            lambda: seen.is_set() or time.monotonic() - began > 60,
        )
    assert seen.is_set()
    assert engine.complete(TALK, Sampling(max_tokens=4), None, never).text


def test_kill_gives_up_the_requests_in_hand_and_the_engine_goes_on(engine: ServerEngine) -> None:
    with pytest.raises(WorkerDied, match="given up"):
        engine.complete(LONG, Sampling(max_tokens=1500), lambda text, pieces: engine.kill(), never)
    assert engine.complete(TALK, Sampling(max_tokens=4), None, never).text


def test_closing_twice_is_harmless_and_a_closed_engine_opens_again(engine: ServerEngine) -> None:
    engine.start()
    engine.close()
    engine.close()
    assert engine.complete(TALK, Sampling(max_tokens=4), None, never).text


def test_a_prompt_that_is_too_long_says_so_and_the_engine_goes_on(engine: ServerEngine) -> None:
    with pytest.raises(EngineError, match="too long for the context"):
        engine.complete([Message("user", "word " * 5000)], Sampling(max_tokens=4), None, never)
    assert engine.complete(TALK, Sampling(max_tokens=4), None, never).text


def test_tokens_are_counted_by_the_servers_own_vocabulary(engine: ServerEngine, running: LlamaServer) -> None:
    text = "Hyphenation, unquestionably."
    assert engine.count_tokens(text) == len(plainly(running, "/tokenize", {"content": text})["tokens"])


def test_an_unknown_model_is_told_with_those_there_are(running: LlamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLEY_API_KEY", SECRET)
    engine = ServerEngine("smolm2", ServerOptions(base_url=f"{running.address}/v1"), EngineOptions(), 2048)
    with pytest.raises(ModelError, match=r"has no model smolm2\. It has .*smollm2-135m"):
        engine.start()
    engine.close()


def test_a_missing_key_is_told_with_the_places_for_it(running: LlamaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "real_keyring", lambda: None)
    engine = ServerEngine("", ServerOptions(base_url=f"{running.address}/v1"), EngineOptions(), 2048)
    with pytest.raises(EngineError, match=r"refused a request without a key \(401\).*GALLEY_API_KEY.*server\.key"):
        engine.start()
    engine.close()


def test_a_server_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "real_keyring", lambda: None)
    engine = ServerEngine("", ServerOptions(base_url="http://127.0.0.1:1/v1"), EngineOptions(), 2048)
    with pytest.raises(EngineError, match=r"The server at 127\.0\.0\.1:1 can't be reached.*Check that it runs"):
        engine.start()
    engine.close()


@pytest.mark.parametrize("address", ["", "localhost:8000", "ftp://x/v1", "http://me:word@host/v1", "http://[::1/v1"])
def test_what_is_no_address_is_refused_without_repeating_it(address: str) -> None:
    engine = ServerEngine("", ServerOptions(base_url=address), EngineOptions(), 2048)
    with pytest.raises(ConfigError) as caught:
        engine.start()
    assert "word" not in str(caught.value).replace("password", "")
