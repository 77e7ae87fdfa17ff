"""Text that knows where each of its characters came from."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galley.core.traced import Edit, Traced, page_at


@st.composite
def texts_and_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text(alphabet="ab-\n ﬁé", min_size=1, max_size=60))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [Edit(start, end, draw(st.text(alphabet="xy", max_size=3))) for start, end in pairs]


@given(texts_and_edits())
def test_edits_are_applied_as_slicing_would(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    expected = text
    for edit in sorted(edits, reverse=True):
        expected = expected[: edit.start] + edit.text + expected[edit.end :]
    assert Traced.of(text).apply(edits).text == expected


@given(texts_and_edits(), texts_and_edits())
def test_every_character_has_an_origin_and_origins_never_descend(
    case: tuple[str, list[Edit]], other: tuple[str, list[Edit]]
) -> None:
    text, edits = case
    first = Traced.of(text).apply(edits)
    second = first.apply(edit for edit in other[1] if edit.end <= len(first.text))
    for traced in (first, second):
        assert len(traced.origins) == len(traced.text)
        assert all(before <= after for before, after in pairwise(traced.origins))
        assert all(0 <= origin < len(text) for origin in traced.origins)


@given(texts_and_edits())
def test_characters_that_no_edit_touched_come_from_themselves(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    traced = Traced.of(text).apply(edits)
    for character, origin in zip(traced.text, traced.origins, strict=True):
        if character not in "xy":
            assert text[origin] == character


@given(texts_and_edits(), texts_and_edits())
def test_origins_are_what_a_list_of_them_would_be(case: tuple[str, list[Edit]], other: tuple[str, list[Edit]]) -> None:
    text, edits = case
    traced, plain = Traced.of(text), list(range(len(text)))
    for step in (edits, other[1]):
        step = sorted(edit for edit in step if edit.end <= len(traced.text))
        traced = traced.apply(step)
        before = list(plain)
        for edit in reversed(step):
            replaced = before[edit.start : edit.end]
            near = replaced[-1:] or before[edit.start : edit.start + 1] or before[-1:] or [0]
            size = len(edit.text)
            plain[edit.start : edit.end] = replaced[:size] + near * (size - len(replaced))
        assert list(traced.origins) == plain
        assert [traced.origins[place] for place in range(-len(plain), len(plain))] == plain * 2
        assert list(traced.origins[1:5]) == plain[1:5]
        with pytest.raises(IndexError):
            traced.origins[len(plain)]


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Traced.of("abcdef").apply([Edit(0, 3), Edit(2, 4)])


def test_edits_outside_the_text_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        Traced.of("abc").apply([Edit(2, 9)])


def test_an_offset_tells_its_page() -> None:
    starts = ((0, 3), (10, 4), (20, 9))
    assert [page_at(starts, offset) for offset in (0, 9, 10, 19, 20, 500)] == [3, 3, 4, 4, 9, 9]
