"""What goes wrong with a server, between the engine and a real one."""

import gc
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from fake import never
from faulty import (
    Fault,
    Faulty,
    Visit,
    cut,
    cut_at,
    drip,
    echo_key,
    events,
    first,
    garbage,
    refuse,
    silence,
)
from llama_server import SECRET

from galley.core.engine import keys
from galley.core.engine.base import Completion, Message, RequestCancelled, Sampling, WorkerDied
from galley.core.engine.options import EngineOptions, ServerOptions
from galley.core.engine.server import ServerEngine
from galley.core.engine.server_errors import seconds_to_wait
from galley.core.errors import EngineError

TALK = [Message("user", "Say: The cat sat.")]
TWELVE = Sampling(max_tokens=12)
MakeEngine = Callable[..., ServerEngine]


@pytest.fixture
def make(proxy: Faulty, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeEngine]:
    """Engines that go through the proxy; impatient ones, unless a test says otherwise."""
    monkeypatch.setenv("GALLEY_API_KEY", SECRET)
    made: list[ServerEngine] = []

    def engine(retries: int = 3, patience: float = 2.0, silence_seconds: float = 30.0, **more: object) -> ServerEngine:
        options = {"base_url": proxy.base_url, "verbatim": "alignment", "absence_seconds": patience, **more}
        server = ServerOptions.model_validate({**options, "retries": retries, "patience_seconds": patience})
        made.append(ServerEngine("", server, EngineOptions(timeout_seconds=silence_seconds), 2048))
        return made[-1]

    yield engine
    for one in made:
        one.close()


def ask(engine: ServerEngine) -> Completion:
    return engine.complete(TALK, TWELVE, None, never)


def whole(make: MakeEngine) -> str:
    """What the server says when nothing goes wrong."""
    return ask(make()).text


def chunk(text: str | None, finish: str | None = None) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


HALF = {
    "within the headers": lambda: cut(20),
    "within an event": lambda: cut(700),
    "before the reason for the end": lambda: cut_at(b'"finish_reason":"'),
    "before the end, tidily": lambda: events(chunk("The cat "), "[DONE]"),
    "after one word": lambda: events(chunk("The ")),
    "by the server's own will": lambda: events(chunk("The cat"), chunk(None, "abort")),
    "with an error in its midst": lambda: events(chunk("The"), {"error": {"message": "out of memory", "code": 500}}),
}


@pytest.mark.parametrize("how", HALF)
def test_half_an_answer_is_asked_for_again(how: str, proxy: Faulty, make: MakeEngine) -> None:
    expected = whole(make)
    proxy.requests.clear()
    proxy.plan = first(1, HALF[how]())
    assert ask(make()).text == expected
    assert len(proxy.chats()) == 2


@pytest.mark.parametrize("how", HALF)
def test_half_an_answer_never_passes_as_a_whole_one(how: str, proxy: Faulty, make: MakeEngine) -> None:
    proxy.plan = first(99, HALF[how]())
    with pytest.raises(EngineError, match=r"broke off|out of memory|ended its answer early"):
        ask(make(retries=1))
    assert len(proxy.chats()) == 2


GARBAGE = {
    "a web page": garbage(b"<!doctype html><title>Welcome</title>", "text/html"),
    "no JSON": garbage(b"data: {oops\n\n", "text/event-stream"),
    "JSON of another kind": garbage(b'{"hello": "world"}'),
    "an event without choices": events({"hello": "world"}),
    "a choice without a delta": events({"choices": [{"index": 0}]}),
    "a choice that is none": events({"choices": ["x"]}),
    "text that is none": events({"choices": [{"index": 0, "delta": {"content": ["x"]}, "finish_reason": None}]}),
    "no text at all": garbage(b"\xff\xfe\x00", "text/event-stream"),
    "nothing": garbage(b"", "application/octet-stream"),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_is_an_error_of_one_sentence_after_a_few_tries(what: str, proxy: Faulty, make: MakeEngine) -> None:
    proxy.plan = first(99, GARBAGE[what])
    engine = make(retries=9)
    with pytest.raises(EngineError, match=r"can't be understood|broke off") as caught:
        ask(engine)
    assert "\n" not in str(caught.value)
    if "broke off" not in str(caught.value):
        assert len(proxy.chats()) == 3
    proxy.plan = first(1, GARBAGE[what])
    assert ask(engine).text


def test_an_answer_without_its_last_line_is_whole_when_its_end_was_told(proxy: Faulty, make: MakeEngine) -> None:
    proxy.plan = first(1, events(chunk("The cat sat."), chunk(None, "stop")))
    answer = ask(make())
    assert (answer.text, answer.hit_limit, answer.usage.output_tokens) == ("The cat sat.", False, 1)


def test_a_server_that_drips_can_be_cancelled_and_notices(proxy: Faulty, make: MakeEngine) -> None:
    engine = make()
    engine.start()
    proxy.plan = first(1, drip(0.003))
    seen = threading.Event()
    with pytest.raises(RequestCancelled):
        engine.complete(TALK, TWELVE, lambda text, pieces: seen.set(), seen.is_set)
    assert proxy.left.wait(20), "the connection was closed"
    assert ask(engine).text


def test_a_silent_server_can_be_cancelled_and_notices(proxy: Faulty, make: MakeEngine) -> None:
    engine = make()
    engine.start()
    proxy.plan = first(1, silence)
    with pytest.raises(RequestCancelled):
        engine.complete(TALK, TWELVE, None, lambda: bool(proxy.chats()))
    assert proxy.left.wait(20), "the connection was closed"
    assert ask(engine).text


def test_a_silent_server_is_given_up_after_its_time(proxy: Faulty, make: MakeEngine) -> None:
    engine = make(retries=0, silence_seconds=2.0)
    engine.start()
    proxy.plan = first(1, silence)
    with pytest.raises(EngineError, match=r"said nothing for 2 seconds"):
        ask(engine)


def test_kill_ends_what_waits_for_a_silent_server(proxy: Faulty, make: MakeEngine) -> None:
    engine = make()
    engine.start()
    proxy.plan = lambda request: silence
    asking = threading.Semaphore(0)

    def begin() -> object:
        asking.release()
        return ask(engine)

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(begin) for _ in range(6)]
        for _ in asked:
            assert asking.acquire(timeout=60)
        while len(proxy.chats()) < 4:
            assert not any(one.done() for one in asked)
        time.sleep(0.5)  # for the two that wait for their turn, which nothing tells of
        engine.kill()
        assert [type(one.exception(20)) for one in asked] == [WorkerDied] * 6
    proxy.plan = lambda request: None
    assert ask(engine).text


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_a_refusal_that_passes_is_waited_out(status: int, proxy: Faulty, make: MakeEngine) -> None:
    proxy.plan = first(2, refuse(status))
    assert ask(make(patience=1.0)).text
    assert len(proxy.chats()) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_refusal_for_good_costs_one_request_and_the_engine_goes_on(
    status: int, proxy: Faulty, make: MakeEngine
) -> None:
    proxy.plan = first(1, refuse(status, "no such thing"))
    engine = make()
    with pytest.raises(EngineError, match=rf"\({status}\): no such thing\."):
        ask(engine)
    assert len(proxy.chats()) == 1
    assert ask(engine).text


def test_a_server_that_stays_busy_fails_the_request_in_its_own_words(proxy: Faulty, make: MakeEngine) -> None:
    proxy.plan = first(99, refuse(503, "Loading\x1b[31m model"))
    with pytest.raises(EngineError, match=r"could not answer now \(503\): Loading\[31m model\."):
        ask(make(retries=2, patience=1.0))
    assert len(proxy.chats()) == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_is_left_alone_for_as_long_as_it_asks(form: str, proxy: Faulty, make: MakeEngine) -> None:
    engine = make(patience=10.0)
    engine.start()
    value = "1" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)
    proxy.plan = first(1, refuse(429, Retry_After=value))
    assert ask(engine).text
    refused, again = proxy.chats()
    assert again.at - refused.at > 0.95


@pytest.mark.parametrize(
    ("value", "seconds"), [("", None), ("3", 3.0), ("-1", 0.0), ("soon", None), ("nan", None), ("inf", None)]
)
def test_a_wait_that_makes_no_sense_is_not_waited(value: str, seconds: float | None) -> None:
    assert seconds_to_wait(value) == seconds


def test_no_wait_is_longer_than_our_patience(proxy: Faulty, make: MakeEngine) -> None:
    proxy.plan = first(1, refuse(429, Retry_After="86400"))
    assert ask(make(patience=1.0)).text


def test_a_wait_can_be_cancelled(proxy: Faulty, make: MakeEngine) -> None:
    engine = make(patience=600.0)
    engine.start()
    proxy.plan = first(1, refuse(429, Retry_After="500"))
    with pytest.raises(RequestCancelled):
        engine.complete(TALK, TWELVE, None, lambda: bool(proxy.chats()))
    waiting = threading.Event()
    threading.Timer(0.3, waiting.set).start()
    with pytest.raises(RequestCancelled):  # everybody waits, not only the request that was refused
        engine.complete(TALK, TWELVE, None, waiting.is_set)
    assert len(proxy.chats()) == 1


def test_a_storm_of_refusals_ends_with_all_answers(proxy: Faulty, make: MakeEngine) -> None:
    expected = whole(make)
    engine = make(retries=8, patience=20.0)
    engine.start()
    proxy.requests.clear()
    proxy.most_at_once = 0
    proxy.plan = first(5, refuse(429, Retry_After="1"))
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: ask(engine).text, range(12)))
    assert answers == [expected] * 12
    assert len(proxy.chats()) == 17
    assert proxy.most_at_once <= 5


def test_a_server_that_dies_in_mid_answer_and_comes_back_is_waited_for(proxy: Faulty, make: MakeEngine) -> None:
    expected = whole(make)
    engine = make(retries=6, patience=20.0)
    died = threading.Event()

    def die(text: str, pieces: int) -> None:
        if pieces == 3 and not died.is_set():
            died.set()
            proxy.down()
            threading.Timer(1.0, proxy.up).start()

    proxy.plan = first(1, drip(0.001))
    assert engine.complete(TALK, TWELVE, die, never).text == expected
    assert died.is_set()


@pytest.mark.timeout(120)
def test_a_server_that_never_answered_is_not_waited_for(proxy: Faulty, make: MakeEngine) -> None:
    proxy.down()
    with pytest.raises(EngineError, match=r"can't be reached"):
        make(patience=600.0).start()


@pytest.mark.parametrize("status", [502, 503])
def test_what_stands_before_a_server_that_is_gone_is_no_end_of_its_requests(
    status: int, proxy: Faulty, make: MakeEngine
) -> None:
    proxy.plan = first(4, refuse(status))
    assert ask(make(retries=0, patience=1.0, absence_seconds=60.0)).text
    assert len(proxy.chats()) == 5


def test_requests_that_bring_a_server_down_each_time_are_given_up(proxy: Faulty, make: MakeEngine) -> None:
    engine = make(retries=2, patience=60.0)
    engine.start()

    def falls(visit: Visit) -> None:
        proxy.down()
        threading.Timer(0.6, proxy.up).start()

    proxy.plan = first(99, falls)
    with pytest.raises(EngineError, match="broke off"):
        ask(engine)
    assert len(proxy.chats()) == 3, "waiting for it is no try, and each fall is one"


def test_a_server_that_stays_dead_is_told_with_what_to_check(proxy: Faulty, make: MakeEngine) -> None:
    engine = make(retries=2, patience=1.0)
    engine.start()
    proxy.down()
    with pytest.raises(EngineError, match=r"can't be reached.*Check that it runs"):
        ask(engine)


def test_usage_that_a_server_does_not_tell_is_done_without(proxy: Faulty, make: MakeEngine) -> None:
    def picky(request: object) -> Fault | None:
        body = getattr(request, "json", {})
        return refuse(400, "Unknown field: stream_options") if "stream_options" in body else None

    proxy.plan = picky
    engine = make()
    assert ask(engine).text == ask(engine).text
    assert len(proxy.chats()) == 3, "it is asked for once"


def test_usage_that_no_session_could_hold_counts_as_nothing(proxy: Faulty, make: MakeEngine) -> None:
    told = {"prompt_tokens": 10**30, "completion_tokens": -1, "prompt_tokens_details": {"cached_tokens": 10**30}}
    proxy.plan = first(1, events({**chunk("The cat sat.", "stop"), "usage": told}))
    usage = ask(make()).usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.output_tokens) == (0, 0, 0)


def test_a_redirect_is_not_followed(proxy: Faulty, make: MakeEngine) -> None:
    proxy.plan = lambda request: refuse(307, Location="http://127.0.0.1:1/elsewhere")
    with pytest.raises(EngineError, match=r"sends requests on to http://127\.0\.0\.1:1/elsewhere"):
        make().start()


@pytest.mark.parametrize("fault", [echo_key(400), echo_key(401), echo_key(500), garbage(SECRET.encode(), SECRET)])
def test_a_key_that_the_server_sends_back_is_shown_nowhere(
    fault: Fault, proxy: Faulty, make: MakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    engine = make(retries=1, patience=0.5)
    engine.start()
    proxy.plan = first(99, fault)
    with pytest.raises(EngineError) as caught:
        ask(engine)
    assert proxy.chats()[-1].headers["authorization"] == f"Bearer {SECRET}"
    shown = "".join(traceback.format_exception(caught.value))
    error: BaseException | None = caught.value
    while error is not None:
        shown += f"{error} {error!r} {vars(error)} {error.args}"
        error = error.__context__ or error.__cause__
    assert SECRET not in shown
    assert SECRET not in "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)


def test_nothing_of_another_provider_reaches_the_server(
    proxy: Faulty, make: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GALLEY_API_KEY")
    monkeypatch.setattr(keys, "real_keyring", lambda: None)
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "leak")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/leak")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Leak: leak\nAuthorization: Bearer leak")
    with pytest.raises(EngineError, match="without a key"):
        make().start()
    assert proxy.requests
    for request in proxy.requests:
        assert "leak" not in str(request.headers)
        assert "authorization" not in request.headers
        assert not [name for name in request.headers if name.startswith(("x-", "openai"))]
        assert request.headers["user-agent"] == "galley"


def test_a_key_is_not_sent_unencrypted_to_another_machine(
    proxy: Faulty, make: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    other = f"http://0.0.0.0:{proxy.port}/v1"  # which is this machine, but no loopback address
    with pytest.raises(EngineError, match=r"without a key.*http is not encrypted.*allow_http"):
        make(base_url=other).start()
    assert not [request for request in proxy.requests if "authorization" in request.headers]
    assert make(base_url=other, allow_http=True).start().notes == ()


def test_closing_leaves_no_thread_and_no_connection(proxy: Faulty, make: MakeEngine) -> None:
    before = set(threading.enumerate())  # other tests' threads may still be ending
    engine = make()
    ask(engine)
    engine.close()
    gc.collect()
    assert not [one for one in threading.enumerate() if one.name == "server-requests" and one not in before]
