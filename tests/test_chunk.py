"""Prepared text cut into chunks."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galley.core.chunk import Chunk, ChunkOptions, chunk
from galley.core.prepare import Prepared
from galley.core.traced import Traced

WORDS = st.sampled_from(
    ["Word", "et", "al.", "z.", "B.", "ends.", "Then,", "(see", "note);", "x" * 120, "e\u0301" * 40, "\n\n", "  ", "3."]
)
TEXTS = st.one_of(
    st.lists(WORDS, max_size=120).map(" ".join),
    st.text(alphabet="aB. ,\n\u0301\u200d\ufe0f😀", max_size=600),
)


def prepared(text: str, page_starts: tuple[tuple[int, int], ...] = ((0, 1),)) -> Prepared:
    return Prepared(text, Traced.of(text), page_starts, {}, (), "en")


def chunks_of(text: str, size: int = 1000) -> tuple[Chunk, ...]:
    return chunk(prepared(text), ChunkOptions(size=size))


@settings(deadline=None)
@given(TEXTS, st.integers(50, 300))
def test_chunks_joined_are_the_text_exactly(text: str, size: int) -> None:
    found = chunks_of(text, size)
    assert "".join(piece.text for piece in found) == (text if text.strip() else "")
    assert [piece.index for piece in found] == list(range(len(found)))
    assert all(before.end == after.start for before, after in pairwise(found))
    assert all(piece.text == text[piece.start : piece.end] for piece in found)


@settings(deadline=None)
@given(TEXTS, st.integers(50, 300))
def test_no_chunk_is_white_space_or_larger_than_its_size_but_for_white_space_around_it(text: str, size: int) -> None:
    for piece in chunks_of(text, size):
        assert piece.text.strip()
        assert len(piece.text.strip()) <= size


@settings(deadline=None)
@given(TEXTS, st.integers(50, 300))
def test_words_that_fit_are_never_cut(text: str, size: int) -> None:
    for before, after in pairwise(chunks_of(text, size)):
        if not before.text[-1].isspace() and not after.text[0].isspace():
            assert before.ends == "size"
            assert len(re.split(r"\s", before.text.strip())[-1]) + len(re.split(r"\s", after.text)[0]) > size // 2


@settings(deadline=None)
@given(TEXTS.filter(lambda text: not re.search("[\u0301\u200d\ufe0f]{20}", text)), st.integers(50, 300))
def test_no_chunk_begins_with_a_mark_that_belongs_to_the_letter_before(text: str, size: int) -> None:
    for piece in chunks_of(text, size)[1:]:
        assert not unicodedata.category(piece.text[0]).startswith("M")


@settings(deadline=None)
@given(TEXTS, st.integers(50, 120))
def test_chunks_in_tokens_keep_to_the_token_count(text: str, size: int) -> None:
    def count(piece: str) -> int:
        return len(re.findall(r"\w{1,4}|[^\w\s]", piece))

    found = chunk(prepared(text), ChunkOptions(size=size, unit="tokens"), count)
    assert "".join(piece.text for piece in found) == (text if text.strip() else "")
    assert all(count(piece.text) <= size for piece in found)


def test_chunks_in_tokens_without_a_counter_are_refused() -> None:
    with pytest.raises(ValueError, match="counter"):
        chunk(prepared("Some text."), ChunkOptions(unit="tokens"))


@pytest.mark.parametrize(
    "sentence",
    [
        "As Smith et al. (2019) have shown in Fig. 3 and Eq. (2), i.e. in detail, it works.",
        "Am 3. Oktober war es so, vgl. Abb. 3 und Kap. 2 bei Dr. Müller bzw. Prof. Schmidt, z. B. hier.",
        "It was 3.5 times as large as J. K. Rowling had thought vs. the others.",
    ],
)
def test_abbreviations_and_ordinals_end_no_sentence(sentence: str) -> None:
    text = " ".join([sentence] * 30)
    for piece in chunks_of(text, 240):
        assert piece.ends == "sentence"
        assert piece.text.startswith(sentence)


def test_a_paragraph_end_near_the_size_is_preferred() -> None:
    first = "One sentence of the first paragraph. " * 20
    text = first.strip() + "\n\n" + "Another sentence of the second one. " * 20
    assert chunks_of(text.strip(), 1000)[0].text == first.strip() + "\n\n"


def test_a_heading_goes_with_the_text_below_it() -> None:
    text = "A sentence that fills the paragraph well. " * 20 + "\n\n2 Methods\n\n" + "More of the same here. " * 30
    assert not chunks_of(text, 880)[0].text.rstrip().endswith("Methods")


def test_a_long_sentence_is_cut_at_a_clause_and_then_at_a_word() -> None:
    assert chunks_of("and then some words went on, " * 30, 200)[0].ends == "clause"
    assert chunks_of("and then some words went on " * 30, 200)[0].ends == "word"


def test_a_megabyte_without_a_blank_is_cut_at_the_size() -> None:
    found = chunks_of("x" * 1_000_000, 1000)
    assert len(found) == 1000
    assert found[0].ends == "size"


def test_chunks_know_their_pages() -> None:
    page = "A sentence on this page. " * 20
    found = chunk(prepared(page * 3, ((0, 5), (len(page), 6), (2 * len(page), 8))), ChunkOptions(size=700))
    assert found[0].pages == (5, 6)
    assert found[-1].pages[1] == 8


def test_a_sentence_ends_behind_the_mark_of_a_footnote() -> None:
    text = "It was seen only once.³ The next one is longer than the first and ends here."
    assert [piece.text for piece in chunks_of(text, 70)] == [text[:24], text[24:]]
