"""What stays the same before every question is read once and kept: the real llama.cpp with the real embedded model."""

import os
import resource
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from fake import never

from galley.core.clean.verbatim import LABELS, prefix_of
from galley.core.engine import heads
from galley.core.engine.base import Comparison, Message, Sampling
from galley.core.engine.heads import Heads, draft_name, heads_folder
from galley.core.engine.local import LocalEngine
from galley.core.engine.options import EngineOptions
from galley.core.models import describe
from galley.core.paths import cache_dir
from galley.core.prompts import load_judge

CITATIONS = prefix_of(load_judge().kinds["citation"])
Make = Callable[..., LocalEngine]


@pytest.fixture
def make(embedded_model: Path, own_home: Path) -> Iterator[Make]:
    made: list[LocalEngine] = []

    def one(slots: int = 2) -> LocalEngine:
        made.append(LocalEngine(describe(embedded_model), EngineOptions(jobs=slots), context=2048))
        return made[-1]

    yield one
    for engine in made:
        engine.close()


def ask(engine: LocalEngine, query: str = "(Jones et al., 1999) ->") -> Comparison:
    return engine.compare(CITATIONS, query, LABELS, never)


def kept() -> list[Path]:
    return sorted((cache_dir() / "heads").iterdir())


def test_examples_are_read_once_and_by_no_later_process(make: Make) -> None:
    first = make()
    examples = first.count_tokens(CITATIONS)
    cold = ask(first)
    assert cold.usage.prompt_tokens >= examples
    first.close()
    warm = ask(make())
    assert warm.usage.prompt_tokens <= 12
    assert warm.usage.cached_tokens >= examples
    assert warm.logprobs == cold.logprobs


def test_both_slots_take_what_one_has_read(make: Make) -> None:
    engine = make()
    engine.start()
    slots = [ask(engine).usage.prompt_tokens]
    engine.compare("Another beginning.\n" * 20, "a", (" b", " c"), never)  # takes the slot that is free for longest
    engine.compare("A third beginning.\n" * 20, "a", (" b", " c"), never)
    slots.append(ask(engine).usage.prompt_tokens)
    assert slots[0] > 100
    assert slots[1] <= 12, "both slots had read something else since"


def test_runs_with_more_or_fewer_slots_keep_states_of_their_own(make: Make) -> None:
    read: list[int] = []
    for slots in (2, 3, 2, 3):
        engine = make(slots)
        read.append(ask(engine).usage.prompt_tokens)
        engine.close()
    assert min(read[:2]) > 100
    assert max(read[2:]) <= 12, "neither took the other's away"


def test_a_system_text_and_its_examples_are_kept_and_the_document_is_not(make: Make) -> None:
    system = Message("system", "Clean the passage. " * 20)
    first = make()
    first.complete([system, Message("user", "The first passage of a paper.")], Sampling(max_tokens=3), None, never)
    files = kept()
    assert len(files) == 1
    answer = first.complete([system, Message("user", "Another one.")], Sampling(max_tokens=3), None, never)
    first.close()
    again = make().complete([system, Message("user", "Another one.")], Sampling(max_tokens=3), None, never)
    assert again.usage.prompt_tokens <= 20
    assert again.text == answer.text
    assert kept() == files


@pytest.mark.parametrize("harm", ["cut", "a flipped bit", "empty"])
def test_a_state_that_is_not_what_was_written_is_read_anew(make: Make, harm: str) -> None:
    first = make()
    cold = ask(first)
    first.close()
    (path,) = kept()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes({"cut": data[: len(data) // 2], "a flipped bit": data, "empty": b""}[harm])
    again = ask(make())
    assert again.usage.prompt_tokens == cold.usage.prompt_tokens
    assert again.logprobs == cold.logprobs
    assert [one.stat().st_size for one in kept()] == [len(data)], "the bad one is gone, and a good one there"


def test_where_the_cache_cannot_be_written_the_examples_are_kept_for_the_run(make: Make) -> None:
    cache_dir().mkdir(parents=True, mode=0o700)
    (cache_dir() / "heads").write_text("a file where a folder should be")
    engine = make()
    assert ask(engine).usage.prompt_tokens > 100
    engine.compare("Another beginning.\n" * 20, "a", (" b", " c"), never)
    engine.compare("A third beginning.\n" * 20, "a", (" b", " c"), never)
    assert ask(engine).usage.prompt_tokens <= 12
    assert (cache_dir() / "heads").is_file()


@pytest.mark.parametrize("limit", [0, 100_000])
def test_a_full_disk_costs_the_state_and_not_the_answer(make: Make, limit: int) -> None:
    first = make()
    cold = ask(first)
    first.close()
    for path in kept():
        path.unlink()
    engine = make()
    engine.start()
    assert engine.pid is not None
    resource.prlimit(engine.pid, resource.RLIMIT_FSIZE, (limit, limit))
    again = ask(engine)
    assert again.logprobs == cold.logprobs
    assert kept() == []
    assert psutil.pid_exists(engine.pid)


def test_states_are_for_their_owner_alone(make: Make) -> None:
    ask(make())
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept()] == [0o600]
    assert stat.S_IMODE((cache_dir() / "heads").stat().st_mode) == 0o700


class TestFiles:
    @pytest.fixture
    def files(self, tmp_path: Path) -> Heads:
        (tmp_path / "model.gguf").write_bytes(b"model")
        (tmp_path / "heads").mkdir()
        return self.opened(tmp_path)

    @staticmethod
    def opened(folder: Path, version: str = "1") -> Heads:
        return Heads(folder / "heads", folder / "model.gguf", [version])

    @staticmethod
    def put(files: Heads, folder: Path, tokens: list[int], content: bytes) -> None:
        draft = draft_name()
        (folder / "heads" / draft).write_bytes(content)
        files.keep(tokens, draft, len(content))

    def test_another_model_version_or_beginning_has_states_of_its_own(self, files: Heads, tmp_path: Path) -> None:
        self.put(files, tmp_path, [1, 2], b"state")
        name = files.find([1, 2])
        assert name is not None
        assert (tmp_path / "heads" / name).read_bytes() == b"state"
        assert self.opened(tmp_path).find([1, 2]) == name
        assert files.find([1, 2, 3]) is None
        assert self.opened(tmp_path, version="2").find([1, 2]) is None
        (tmp_path / "model.gguf").write_bytes(b"another model")
        assert self.opened(tmp_path).find([1, 2]) is None

    def test_what_a_full_disk_cut_is_not_kept(self, files: Heads, tmp_path: Path) -> None:
        draft = draft_name()
        (tmp_path / "heads" / draft).write_bytes(b"sta")
        files.keep([1], draft, 5)
        assert files.find([1]) is None
        files.keep([1], draft_name(), 0)
        assert list((tmp_path / "heads").iterdir()) == []

    def test_the_longest_unused_make_room(self, files: Heads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(heads, "MOST_BYTES", 250)
        for number in range(3):
            self.put(files, tmp_path, [number], bytes([number]) * 100)
            for path in (tmp_path / "heads").iterdir():
                about = path.stat()
                os.utime(path, (about.st_atime, about.st_mtime - 10))
        assert [self.opened(tmp_path).find([number]) is not None for number in range(3)] == [False, True, True]

    def test_the_draft_of_a_killed_process_is_taken_away_and_that_of_a_living_one_is_not(
        self, files: Heads, tmp_path: Path
    ) -> None:
        old, new = (tmp_path / "heads" / draft_name() for _ in range(2))
        for path in (old, new):
            path.write_bytes(b"half")
        os.utime(old, (0, 0))
        self.put(files, tmp_path, [1], b"state")
        assert new.exists()
        assert not old.exists()

    def test_a_state_that_llama_cpp_refuses_is_dropped(self, files: Heads, tmp_path: Path) -> None:
        self.put(files, tmp_path, [1], b"state")
        files.drop([1])
        files.drop([2])
        assert files.find([1]) is None
        assert list((tmp_path / "heads").iterdir()) == []


def test_a_folder_that_cannot_be_made_gives_way(own_home: Path, tmp_path: Path) -> None:
    assert heads_folder(tmp_path) == cache_dir() / "heads"
    (cache_dir() / "heads").rmdir()
    (cache_dir() / "heads").write_text("")
    assert heads_folder(tmp_path) == tmp_path


def test_a_second_attempt_takes_the_slot_that_has_read_the_chunk(make: Make) -> None:
    engine = make()
    system = Message("system", "Clean the passage. " * 20)
    anew: list[int] = []

    def read(passage: str, meanwhile: Callable[[], None] | None = None) -> int:
        def on_text(text: str, tokens: int) -> None:
            if meanwhile is not None and not anew:
                meanwhile()

        answer = engine.complete([system, Message("user", passage)], Sampling(max_tokens=3), on_text, never)
        return answer.usage.prompt_tokens

    first, second = "The readers of proofs. " * 20, "The compositors mended the type. " * 20
    read(first, lambda: anew.append(read(second)))
    assert anew[0] > 60, "in the other slot"
    assert [read(second), read(first), read(first), read(second)] == [1, 1, 1, 1]
