"""Chunks join to the prepared text, exactly, whatever the text is."""

import unicodedata
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galley.core.chunk import Chunk, ChunkOptions, chunk
from galley.core.prepare import Prepared
from galley.core.traced import Traced

SENTENCES = (
    "We follow Wei et al. (2022a) here. See Fig. 2 and Sec. 3, e.g. the left side. Dr. Moxon wrote it in 1683. "
    "Is that so? It is! The end of it comes now."
)
LETTERS = "ab \n.,;:()!?é\u0301中ß’-0"


def prepared(text: str) -> Prepared:
    return Prepared(text, Traced(text, array("L", range(len(text)))), ((0, 1), (len(text) // 2 + 1, 2)), {}, (), "en")


def cut(text: str, size: int = 50) -> tuple[Chunk, ...]:
    return chunk(prepared(text), ChunkOptions(size=size))


@settings(max_examples=300)
@given(st.text(max_size=600) | st.text(alphabet=LETTERS, max_size=900), st.integers(50, 120))
def test_chunks_join_to_the_text_and_keep_to_their_size(text: str, size: int) -> None:
    chunks = cut(text, size)
    assert "".join(c.text for c in chunks) == (text if text.strip() else "")
    assert [c.index for c in chunks] == list(range(len(chunks)))
    assert all(c.text == text[c.start : c.end] and c.text.strip() for c in chunks)
    for one, after in zip(chunks, chunks[1:], strict=False):
        assert one.end == after.start
        if one.ends in {"sentence", "clause", "word"} and len(one.text) > 1:
            assert one.text[-1].isspace() or after.text[0].isspace() or one.text[-1] in ".!?)”\"'’中", "inside a word"
        if one.ends == "size":
            assert not unicodedata.combining(after.text[0]) or len(one.text) == 1
    # Only leading or trailing white space, which never makes a chunk of its own, may go beyond the size.
    assert all(len(c.text.strip()) <= size for c in chunks)


def test_chunks_end_at_sentences_and_not_at_abbreviations() -> None:
    chunks = cut(SENTENCES * 3, 100)
    assert {c.ends for c in chunks} == {"sentence"}
    for c in chunks:
        assert c.text.rstrip()[-1] in ".!?"
        assert not c.text.rstrip().endswith(("al.", "Fig.", "Sec.", "Dr.", "e.g."))


def test_german_ordinals_end_no_sentence() -> None:
    text = "Das war am 3. Mai 1999 in Köln, siehe Kap. 2 und Abb. 4 im Buch. Danach kam der Rest der Geschichte dazu. " * 2
    assert all(c.text.rstrip().endswith(("Buch.", "dazu.")) for c in cut(text, 120))


def test_a_long_sentence_is_cut_at_a_clause_and_then_at_a_word() -> None:
    clauses = "when the sheet came from the press they read it aloud, " * 6
    assert {c.ends for c in cut(clauses, 120)[:-1]} == {"clause"}
    words = "press sheet reader proof " * 20
    assert {c.ends for c in cut(words, 60)[:-1]} == {"word"}


def test_a_text_without_spaces_is_cut_at_the_size() -> None:
    chunks = cut("x" * 1000, 300)
    assert [len(c.text) for c in chunks] == [300, 300, 300, 100]
    assert chunks[0].ends == "size"


def test_a_heading_stays_with_its_paragraph() -> None:
    paragraph = "The reader sat beside the compositor in the cold room. " * 4
    text = f"{paragraph.strip()}\n\n2 The printing house\n\n{paragraph.strip()}"
    assert not any(c.text.rstrip().endswith("printing house") for c in cut(text, 260))


def test_chunks_know_the_pages_they_are_from() -> None:
    chunks = cut("One sentence is here. " * 20, 100)
    assert chunks[0].pages == (1, 1)
    assert chunks[-1].pages == (2, 2)
    assert any(c.pages == (1, 2) for c in chunks)


def test_chunks_in_tokens_hold_so_many_tokens() -> None:
    made = chunk(prepared("word " * 300), ChunkOptions(size=50, unit="tokens"), lambda text: len(text.split()))
    assert max(len(c.text.split()) for c in made) == 50
    with pytest.raises(ValueError, match="token counter"):
        chunk(prepared("word"), ChunkOptions(unit="tokens"))


def test_a_megabyte_without_spaces_is_no_trouble() -> None:
    assert len(cut("ab" * 500_000, 1000)) == 1000
