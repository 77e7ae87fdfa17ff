"""The diff that a reviewer sees: what is a change, what is layout alone, and that no character is lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galley.core.diff import Span, changes, diff

WORDS = st.lists(
    st.sampled_from(
        ["the", "a", "reader", "proof", "of", "un-", "locked", ".", ",", "\n", "\n\n", "ﬁne", "漢字", "[3]", "it"]
    ),
    max_size=60,
).map(" ".join)


def seen(source: str, cleaned: str) -> list[tuple[str, str, str]]:
    return [(s.kind, source[slice(*s.source)], cleaned[slice(*s.cleaned)]) for s in diff(source, cleaned)]


def check(source: str, cleaned: str) -> tuple[Span, ...]:
    spans = diff(source, cleaned)
    assert "".join(source[slice(*s.source)] for s in spans) == source
    assert "".join(cleaned[slice(*s.cleaned)] for s in spans) == cleaned
    for span in spans:
        ours, theirs = source[slice(*span.source)], cleaned[slice(*span.cleaned)]
        assert ours != theirs if span.kind != "equal" else ours == theirs
        assert not theirs if span.kind == "deleted" else True
        assert not ours if span.kind == "inserted" else True
    return spans


@given(WORDS, WORDS)
def test_the_spans_cover_both_texts_and_equal_ones_are_equal(source: str, cleaned: str) -> None:
    check(source, cleaned)


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_characters_at_all_can_be_compared(source: str, cleaned: str) -> None:
    check(source, cleaned)


@given(st.text(max_size=200))
def test_a_text_is_equal_to_itself(text: str) -> None:
    assert all(span.kind == "equal" for span in diff(text, text))


def test_a_deleted_citation_is_a_deletion_and_nothing_more() -> None:
    assert seen("It was shown (Wei, 2022) to be so.", "It was shown to be so.") == [
        ("equal", "It was shown ", "It was shown "),
        ("deleted", "(Wei, 2022) ", ""),
        ("equal", "to be so.", "to be so."),
    ]


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("one line\nof text", "one line of text"),
        ("they un- locked it", "they unlocked it"),
        ("they un-\nlocked it", "they unlocked it"),
        ("they un-\nlocked it", "they un-locked it"),
        ("an eﬃcient one", "an efficient one"),
        ("a soft\u00adhyphen there", "a softhyphen there"),
    ],
)
def test_what_lays_the_same_words_out_otherwise_is_reflow(source: str, cleaned: str) -> None:
    spans = check(source, cleaned)
    assert {span.kind for span in spans} == {"equal", "reflow"}
    assert changes(spans, reflow=False) == []
    assert len(changes(spans)) == 1


def test_a_hyphen_within_a_word_is_all_that_is_marked() -> None:
    assert [s for s in seen("a well-known man", "a well known man") if s[0] != "equal"] == [("reflow", "-", " ")] or [
        s for s in seen("a well-known man", "a well known man") if s[0] != "equal"
    ] == [("deleted", "-", ""), ("inserted", "", " ")]


def test_an_island_of_short_words_between_replacements_is_merged() -> None:
    spans = check("there are ten men of the north here", "there are six big of the southern here")
    assert [span.kind for span in spans] == ["equal", "deleted", "inserted", "equal"]


def test_a_kept_word_between_two_deletions_is_never_shown_as_deleted() -> None:
    kinds = seen("one (A) is (B) two", "one is two")
    assert ("equal", "is ", "is ") in kinds or any(kind == "equal" and "is" in ours for kind, ours, _ in kinds)


def test_a_pair_with_little_in_common_is_one_replaced_block() -> None:
    source = "The committee met on Monday and adjourned without a vote on it."
    cleaned = "Llamas are herd animals, which live high in the Andes."
    assert [kind for kind, _, _ in seen(source, cleaned)] == ["deleted", "inserted"]


def test_cjk_is_compared_by_its_characters() -> None:
    assert [s for s in seen("我們讀校樣很慢", "我們讀樣很慢") if s[0] != "equal"] == [("deleted", "校", "")]


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("a " * 20_000, "a " * 19_000),
        ("a b " * 10_000, "b a c " * 8_000),
        (
            " ".join(f"w{i * 7919 % 3001}" for i in range(20_000)),
            " ".join(f"w{i * 104729 % 2999}" for i in range(20_000)),
        ),
    ],
)
def test_a_long_hostile_pair_is_covered_too(source: str, cleaned: str) -> None:
    check(source, cleaned)


def test_scattered_edits_in_a_long_text_are_found_one_by_one() -> None:
    words = [f"w{i * i * 7919 % 30011}" for i in range(20_000)]
    other = ["x" if i % 500 == 250 else word for i, word in enumerate(words)]
    assert len(changes(check(" ".join(words), " ".join(other)))) == 40


def test_the_sample_against_its_reference_keeps_most_words_equal() -> None:
    reference = (Path(__file__).parent / "data" / "sample.reference.txt").read_text(encoding="utf-8")
    broken = reference.replace("\n\n", "\n").replace(" the ", " the (Smith, 2020) ")
    spans = check(broken, reference)
    deleted = [broken[slice(*span.source)] for span in spans if span.kind == "deleted"]
    assert deleted
    assert all("Smith" in piece for piece in deleted)
