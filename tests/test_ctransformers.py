"""The real ctransformers with tiny Llamas, in the worker process that Galley gives it."""

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake import never
from tiny_llama import vocabulary, write_ggml, write_gguf

from galley.core.engine.base import Message, RequestCancelled, Sampling, WorkerDied
from galley.core.engine.ctransformers import Answer
from galley.core.engine.devices import drivers
from galley.core.engine.local import LocalEngine, WorkerProcess
from galley.core.engine.options import EngineOptions
from galley.core.errors import EngineError
from galley.core.models import describe

CONTEXT = 512
TALK = [{"role": "system", "content": "Answer well."}, {"role": "user", "content": "What is a proof?"}]
BARE = "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"
"""A template that adds nothing, so that the model reads on from the text itself."""
MULTIBYTE = "é€😀" * 500


class Model:
    """A model in its worker."""

    def __init__(self, path: Path, **options: object) -> None:
        self.process = WorkerProcess()
        payload: dict[str, Any] = {
            "op": "load",
            "backend": "galley.core.engine.ctransformers:CTransformers",
            "model": str(path),
            "slots": 0,
            "context": CONTEXT,
            "threads": 1,
            "gpu_layers": -1,
            "template": "llama-2",
            "chat_template": "",
        }
        try:
            self.info = self.process.ask({**payload, **options}, None, never, 120)
        except BaseException:
            self.process.end()
            raise

    def complete(
        self,
        messages: list[dict[str, str]] = TALK,
        *,
        on_text: Callable[[str, int], None] | None = None,
        cancelled: Callable[[], bool] = never,
        **sampling: object,
    ) -> dict[str, Any]:
        request = {
            "op": "complete",
            "messages": messages,
            "max_tokens": 24,
            "temperature": 0.0,
            "top_p": 1.0,
            "seed": 1,
        }
        return self.process.ask({**request, **sampling}, on_text, cancelled, 120)

    def compare(self, prefix: str, query: str, *options: str) -> dict[str, Any]:
        request = {"op": "compare", "prefix": prefix, "query": query, "options": options}
        return self.process.ask(request, None, never, 120)

    def count(self, text: str) -> int:
        return self.process.ask({"op": "count", "text": text}, None, never, 120)["tokens"]


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="module")
def ggml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ggml(tmp_path_factory.mktemp("models") / "tiny.ggmlv3.bin")


@pytest.fixture
def load(own_home: Path) -> Iterator[Callable[..., Model]]:
    """Loads models whose workers end with the test."""
    loaded: list[Model] = []

    def loader(path: Path, **options: object) -> Model:
        loaded.append(Model(path, **options))
        return loaded[-1]

    yield loader
    for model in loaded:
        model.process.end()


@pytest.fixture(scope="module")
def model(gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    """One for all tests that don't mind what was asked before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GALLEY_HOME", str(tmp_path_factory.mktemp("home")))  # its log is not the user's
        made = Model(gguf, template="", chat_template=BARE)
    yield made
    made.process.end()


def test_an_older_file_and_a_newer_one_of_the_same_model_write_the_same(
    load: Callable[..., Model], gguf: Path, ggml: Path
) -> None:
    old, new = load(ggml), load(gguf)
    assert (old.info["engine"], old.info["slots"], old.info["context"]) == ("ctransformers", 1, CONTEXT)
    assert old.info["devices"][0].startswith("CPU")
    first, second = old.complete(), new.complete()
    assert first["text"]
    for key in ("text", "hit_limit", "prompt_tokens", "output_tokens"):
        assert first[key] == second[key]
    assert old.count("the cat sat") == new.count("the cat sat") == 3
    question = ("the cat -> cat\n", "the dog ->", " cat\n", " dog\n")
    assert old.compare(*question)["logprobs"] == pytest.approx(new.compare(*question)["logprobs"], abs=1e-4)


def test_the_tiny_models_are_described_as_what_they_are(gguf: Path, ggml: Path) -> None:
    new, old = describe(gguf), describe(ggml)
    assert (new.architecture, new.layers, new.vocabulary) == (old.architecture, old.layers, old.vocabulary)
    assert new.parameters == old.parameters


def test_an_answer_comes_token_by_token_and_ends_at_the_limit(model: Model) -> None:
    seen: list[tuple[str, int]] = []
    answer = model.complete(on_text=lambda text, tokens: seen.append((text, tokens)), max_tokens=16)
    assert (answer["hit_limit"], answer["output_tokens"]) == (True, 16)
    assert [tokens for _, tokens in seen] == [1, 5, 9, 13]
    assert all(answer["text"].startswith(text) for text, _ in seen)


def test_the_same_seed_gives_the_same_text_and_another_another(model: Model) -> None:
    texts = [model.complete(temperature=1.0, seed=seed)["text"] for seed in (7, 7, 8, -1, 1 << 40)]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 4


def test_one_seed_does_not_draw_the_same_place_of_the_odds_each_time(model: Model) -> None:
    """The library seeds its random numbers anew at each token: with one seed it would take the likeliest token
    throughout, or an unlikely one throughout."""
    hot = model.complete(temperature=50.0, max_tokens=64, seed=3)["text"]
    assert len(set(hot)) > 20


def test_what_is_kept_from_the_last_request_changes_nothing(load: Callable[..., Model], gguf: Path) -> None:
    kept, fresh = load(gguf), load(gguf)
    kept.complete(max_tokens=50)
    kept.compare("the cat -> cat\n", "the dog ->", " cat\n", " dog\n")
    kept.complete([*TALK, {"role": "assistant", "content": "A page."}, {"role": "user", "content": "No."}])
    reused, anew = kept.complete(), fresh.complete()
    assert reused["text"] == anew["text"]
    assert reused["cached_tokens"] > 10
    assert reused["cached_tokens"] + reused["prompt_tokens"] == anew["prompt_tokens"]
    assert kept.complete()["prompt_tokens"] == 1


def test_a_cancelled_request_ends_and_the_next_is_answered(model: Model) -> None:
    seen = threading.Event()
    with pytest.raises(RequestCancelled):
        model.complete(on_text=lambda text, tokens: seen.set(), cancelled=seen.is_set, max_tokens=450)
    assert model.complete(max_tokens=2)["output_tokens"] == 2


def test_a_request_can_be_cancelled_before_its_prompt_is_read(model: Model) -> None:
    long = [{"role": "user", "content": "the cat sat on the mat " * 60}]
    with pytest.raises(RequestCancelled):
        model.complete(long, cancelled=lambda: True, max_tokens=100)
    assert model.complete(long, max_tokens=2)["output_tokens"] == 2


def test_requests_of_several_threads_take_turns(model: Model) -> None:
    alone = [model.complete(seed=seed, temperature=0.9)["text"] for seed in range(4)]
    together: dict[int, str] = {}

    def ask(seed: int) -> None:
        together[seed] = model.complete(seed=seed, temperature=0.9)["text"]

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[seed] for seed in range(4)] == alone


def test_a_prompt_that_is_too_long_is_refused_and_the_engine_goes_on(model: Model) -> None:
    before = model.complete()["text"]
    for text in ("word " * 1000, MULTIBYTE):
        with pytest.raises(EngineError, match="context of 512"):
            model.complete([{"role": "user", "content": text}])
        with pytest.raises(EngineError, match="context of 512"):
            model.compare(text, "a ->", " yes\n", " no\n")
    assert model.complete()["text"] == before


def test_an_answer_ends_where_the_context_does(model: Model) -> None:
    prompt = [{"role": "user", "content": "word " * 440}]
    answer = model.complete(prompt, max_tokens=1000)
    assert answer["hit_limit"]
    assert answer["prompt_tokens"] + answer["cached_tokens"] + answer["output_tokens"] == CONTEXT


@pytest.mark.parametrize("kind", ["gguf", "ggml"])
def test_texts_with_more_tokens_than_letters_are_safe(
    kind: str, load: Callable[..., Model], request: pytest.FixtureRequest
) -> None:
    model = load(request.getfixturevalue(kind))
    assert model.count(MULTIBYTE * 20) == 20 * 500 * (2 + 3 + 4) + 1
    assert model.count("") == 0
    assert model.count("the cat\0 sat on the mat") == model.count("the cat\ufffd sat on the mat")
    assert model.count("half \ud83d of a letter") == model.count("half ? of a letter")
    assert model.complete([{"role": "user", "content": "é€😀" * 40}], max_tokens=4)["output_tokens"] == 4


def test_control_tokens_in_a_document_are_text(load: Callable[..., Model], tmp_path: Path) -> None:
    """In this vocabulary the library would find the end token in a text, since it can be merged letter by letter."""
    path = write_gguf(tmp_path / "merging.gguf", extra=("</", "</s", "<|", "<|e", "<|en", "<|end"), marks=("<|end|>",))
    model = load(path, template="", chat_template=BARE)
    plain = model.count("the cat")
    assert model.count("the cat</s>") == plain + len("</s>")
    assert model.count("the cat<|end|>") >= plain + 3
    assert model.count("the cat <s>") > plain + 1
    hostile = [{"role": "user", "content": "the cat</s>"}]
    spelled = model.complete(hostile, max_tokens=1)
    assert spelled["prompt_tokens"] + spelled["cached_tokens"] == 1 + plain + len("</s>")
    marked = load(path, template="", chat_template=BARE + "</s><|end|>")
    answer = marked.complete([{"role": "user", "content": "the cat"}], max_tokens=1)
    assert answer["prompt_tokens"] == 1 + plain + 2, "in the template they are one token each"


def test_the_odds_of_options_are_those_by_which_tokens_are_drawn(model: Model) -> None:
    """The two commonest first tokens of many answers, counted, against what `compare` says of them."""
    stem = "the cat sat on the mat\nthe dog ->"
    asked = [{"role": "user", "content": stem}]
    drawn = Counter(model.complete(asked, max_tokens=1, temperature=1.0, seed=seed)["text"] for seed in range(400))
    (first, often), (second, less) = drawn.most_common(2)
    likely, unlikely = map(math.exp, model.compare(stem, "", first, second)["logprobs"])
    assert often / (often + less) == pytest.approx(likely / (likely + unlikely), abs=0.05)
    assert model.complete(asked, max_tokens=1)["text"] == first, "the likeliest is taken at temperature 0"


def test_the_odds_of_options_do_not_depend_on_each_other(model: Model) -> None:
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    together = model.compare("the cat sat\n", "the dog ->", *letters)["logprobs"]
    assert 0 < sum(map(math.exp, together)) < 1
    assert model.compare("the cat sat\n", "the dog ->", "x", "q")["logprobs"] == pytest.approx(
        [together[letters.index("x")], together[letters.index("q")]]
    )


def test_longer_options_are_compared_as_wholes(model: Model) -> None:
    """The probability of "b c" is that of "b", times that of "c" after it."""
    prefix, query = "the cat sat\n", "dog -> a"
    both = model.compare(prefix, query, "b c", "q")["logprobs"][0]
    first = model.compare(prefix, query, "b", "q")["logprobs"][0]
    second = model.compare(prefix, query + "b", " c", "q")["logprobs"][0]
    assert both == pytest.approx(first + second, abs=1e-4)


def test_the_examples_of_a_question_are_kept(model: Model) -> None:
    prefix = "un locked -> unlocked\nself taught -> self taught\n"
    model.compare(prefix, "infor mation ->", " information\n", " infor mation\n")
    again = model.compare(prefix, "com pany ->", " company\n", " com pany\n")
    assert again["cached_tokens"] > 10
    assert again["cached_tokens"] > again["prompt_tokens"]
    assert again["output_tokens"] == 0


@pytest.mark.parametrize("options", [(" same", " same"), (" yes", " no", " no a")])
def test_a_question_without_a_difference_is_refused(model: Model, options: tuple[str, ...]) -> None:
    with pytest.raises(EngineError, match="nothing to compare"):
        model.compare("a", "b ->", *options)


def test_the_models_end_token_ends_an_answer(model: Model) -> None:
    answers = [model.complete(temperature=2.0, seed=seed, max_tokens=300) for seed in range(12)]
    ended = [answer for answer in answers if not answer["hit_limit"]]
    assert ended, "one of twelve long answers draws the end token"
    assert all(answer["output_tokens"] < 300 and "</s>" not in answer["text"] for answer in ended)


def test_a_stop_text_ends_an_answer_and_none_of_it_is_ever_shown() -> None:
    answer = Answer(("<|end|>", "\nUSER:"))
    shown: list[str] = []
    for piece in (b"Yes", b" <", b"b>", b" <", b"|e", b"nd|", b"> more"):
        ended = answer.add(piece)
        shown.append(answer.sure)
    assert ended
    assert answer.text == "Yes <b> "
    assert shown == ["Yes", "Yes ", "Yes <b>", "Yes <b> ", "Yes <b> ", "Yes <b> ", "Yes <b> "]


def test_characters_are_shown_when_they_are_whole() -> None:
    answer = Answer(())
    shown: list[str] = []
    for byte in "a€😀".encode() + b"\xff!\xe2":
        answer.add(bytes([byte]))
        shown.append(answer.sure)
    assert shown == ["a", "a", "a", "a€", "a€", "a€", "a€", "a€😀", "a€😀\ufffd", "a€😀\ufffd!", "a€😀\ufffd!"]


def test_each_engine_is_taken_for_what_it_can_load(gguf: Path, ggml: Path, own_home: Path) -> None:
    for path, name in ((ggml, "ctransformers"), (gguf, "llama.cpp")):
        engine = LocalEngine(describe(path), EngineOptions(jobs=1, threads=1), CONTEXT)
        try:
            assert engine.start().engine == name
            assert engine.count_tokens("the cat sat") == 3
            answer = engine.complete([Message("user", "the cat")], Sampling(max_tokens=4), None, never)
            assert answer.usage.output_tokens == 4
        finally:
            engine.close()


def test_the_files_own_template_is_used_and_a_useless_one_is_told(load: Callable[..., Model], gguf: Path) -> None:
    own = "{{ bos_token }}{% for m in messages %}{{ m.role }}: {{ m.content }}{{ eos_token }}{% endfor %}assistant:"
    assert load(gguf, template="", chat_template=own).info["notes"] == []
    for source, reason in [
        ("", "has no chat template"),
        ("{{ nothing", "TemplateSyntaxError"),
        ("hello", "leaves out"),
    ]:
        model = load(gguf, template="", chat_template=source)
        (note,) = model.info["notes"]
        assert reason in note
        assert "llama-2" in note
        assert model.complete(max_tokens=2)["output_tokens"] == 2


def test_a_file_named_after_a_format_is_spoken_to_in_it(load: Callable[..., Model], tmp_path: Path) -> None:
    model = load(write_ggml(tmp_path / "Wizard-Vicuna-7B.ggmlv3.q4_0.bin"), template="")
    assert "spoken to as vicuna" in model.info["notes"][0]


def test_an_unknown_template_is_refused_with_the_names_there_are(gguf: Path) -> None:
    with pytest.raises(EngineError, match=r"no chat template llama-9.*zephyr"):
        Model(gguf, template="llama-9")


def test_files_that_cannot_be_loaded_are_told_in_words(tmp_path: Path, gguf: Path, ggml: Path) -> None:
    text = tmp_path / "notes.bin"
    text.write_text("no model at all")
    with pytest.raises(EngineError, match="neither a GGUF nor a GGML"):
        Model(text)
    for whole in (gguf, ggml):
        cut = tmp_path / whole.name
        cut.write_bytes(whole.read_bytes()[:6_000])
        with pytest.raises((EngineError, WorkerDied), match=r"can't read this model|died"):
            Model(cut)
    with pytest.raises(EngineError, match="No such file"):
        Model(tmp_path / "missing.gguf")


def test_a_model_whose_weights_are_no_numbers_refuses_requests(load: Callable[..., Model], tmp_path: Path) -> None:
    model = load(write_gguf(tmp_path / "nan.gguf", nan=True))
    with pytest.raises(EngineError, match="damaged"):
        model.complete()
    with pytest.raises(EngineError, match="damaged"):
        model.compare("a", "b ->", " yes\n", " no\n")
    assert model.count("the cat") == 2


@pytest.mark.skipif(bool(drivers()), reason="what happens depends on the GPU of this machine")
def test_layers_that_were_asked_for_need_the_build_for_gpus(gguf: Path) -> None:
    with pytest.raises(EngineError, match="build for GPUs can't be loaded"):
        Model(gguf, gpu_layers=2)


def test_the_vocabulary_of_the_tiny_models_has_each_token_once() -> None:
    assert len(vocabulary()) == len(set(vocabulary()))
