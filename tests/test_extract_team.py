"""Several workers on one file: the document is the one that a single worker gives, and a fault stays where it is."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pdfs import bomb, encrypted, pages_saying, pdf_of, show, stream

from galley.core.document import Document
from galley.core.errors import InputError
from galley.core.extract import ExtractionCancelled, ExtractOptions, extract, team
from galley.core.extract.protocol import Item
from galley.core.extract.supervise import Supervisor


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three workers for any file. The sizes of their parts are put into what is given."""
    sizes: list[int] = []
    real = team.split

    def split(items: list[Item], most: int, ahead: int) -> list[list[Item]]:
        del most
        parts = real(items, 3)
        sizes[:] = map(len, parts)
        return parts

    monkeypatch.setattr(team, "PAGE_SECONDS", {"pdfium": 10.0, "pypdf": 10.0})
    monkeypatch.setattr(team, "split", split)
    return sizes


def nine_pages() -> bytes:
    return pages_saying(*(f"This is page {number} of the proofs.\n" + "word " * 30 for number in range(1, 10)))


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "paper.pdf"
    path.write_bytes(data)
    return path


def by_one(
    path: Path, options: ExtractOptions, monkeypatch: pytest.MonkeyPatch, password: str | None = None
) -> Document:
    with monkeypatch.context() as context:
        context.setattr(team, "split", lambda items, most, ahead: [list(items)])  # pyright: ignore
        return extract(path, options, password=password)


@pytest.mark.parametrize("extractor", ["auto", "pypdf", "pdfium"])
def test_three_workers_give_the_document_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, three: list[int], extractor: str
) -> None:
    options = ExtractOptions.model_validate({"extractor": extractor})
    path = saved(tmp_path, encrypted(nine_pages(), "sesame"))
    told: list[tuple[int, int]] = []
    document = extract(path, options, password="sesame", progress=lambda done, total: told.append((done, total)))
    assert (len(three), sum(three)) == (3, 9)
    assert document == by_one(path, options, monkeypatch, "sesame")
    assert told == sorted(told)
    assert told[-1] == (9, 9)


def test_a_page_that_can_not_be_read_costs_itself_only_and_the_others_keep_their_order(
    tmp_path: Path, three: list[int]
) -> None:
    contents = [stream(show(b"page %d" % number)) for number in range(1, 10)]
    contents[4] = bomb(600)
    path = saved(tmp_path, pdf_of(*contents))
    document = extract(path, ExtractOptions(memory_mb=512, timeout_seconds=60, compare_pages=0))
    assert [page.number for page in document.pages] == [1, 2, 3, 4, 6, 7, 8, 9]
    assert [page.number for page in document.skipped] == [5]
    assert (len(three), sum(three)) == (3, 9)


def test_with_a_limit_of_characters_one_worker_reads_in_order(tmp_path: Path, three: list[int]) -> None:
    document = extract(saved(tmp_path, nine_pages()), ExtractOptions(max_chars=400))
    assert len(document.text) == 400
    assert three == []


def test_a_file_that_changes_before_another_worker_opens_it_is_never_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, three: list[int]
) -> None:
    path = saved(tmp_path, nine_pages())
    real = Supervisor.another

    def another(first: Supervisor) -> Supervisor:
        path.write_bytes(pages_saying("new text"))
        return real(first)

    monkeypatch.setattr(Supervisor, "another", another)
    with pytest.raises(InputError, match="changed while it was read"):
        extract(path)


@pytest.mark.parametrize("unable", [{1}, {2}, {1, 2}], ids=["the second", "the third", "both"])
def test_a_worker_that_can_not_open_the_file_gives_its_pages_back_to_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, three: list[int], unable: set[int]
) -> None:
    path = saved(tmp_path, nine_pages())
    real = Supervisor.another
    made: list[Supervisor] = []
    told: list[int] = []

    def another(first: Supervisor) -> Supervisor:
        other = real(first)
        made.append(other)
        if len(made) in unable:  # a supervisor that has no time to open anything
            other._options = ExtractOptions.model_construct(**{**dict(ExtractOptions()), "timeout_seconds": 0.0})
        return other

    monkeypatch.setattr(Supervisor, "another", another)
    document = extract(path, progress=lambda done, total: told.append(done))
    assert (len(three), len(made)) == (3, 2)
    assert document == by_one(path, ExtractOptions(), monkeypatch)
    assert told == sorted(told)
    assert told[-1] == 9


def test_who_asks_to_stop_is_heard_by_all_workers(tmp_path: Path, three: list[int]) -> None:
    stop = threading.Event()
    slow = bomb(8, b"(x) Tj [1 2] 0 d\n")
    path = saved(tmp_path, pdf_of(*[stream(show(b"first")), slow, slow] * 3))

    def progress(done: int, total: int) -> None:
        del total
        if done:
            stop.set()

    with pytest.raises(ExtractionCancelled):
        extract(path, ExtractOptions(extractor="pypdf"), progress=progress, cancelled=stop.is_set)


def test_another_worker_is_started_only_where_it_pays() -> None:
    quick = [Item(number, ["pdfium"]) for number in range(1, 101)]
    assert team.split(quick, 8) == [quick]
    compared = [replace(item, compare=True) for item in quick]
    assert team.split(compared, 1) == [compared]
    first, second = team.split(compared, 2)
    assert [*first, *second] == compared
    assert 0 < len(first) - len(second) < 20, "the first has a start"
    assert len(team.split(compared * 10, 8)) == team.MOST_WORKERS


def test_workers_that_were_started_ahead_get_as_much_as_the_first() -> None:
    quick = [Item(number, ["pdfium"]) for number in range(1, 41)]
    first, second = team.split(quick, 8, ahead=1)
    assert [*first, *second] == quick
    assert abs(len(first) - len(second)) <= 2
    assert team.split(quick[:10], 8, ahead=1) == [quick[:10]], "too few to pay"
    first, second, third = team.split(quick * 6, 3, ahead=1)
    assert abs(len(first) - len(second)) <= 2
    assert len(third) < len(second), "it has a start"
