"""The diff that a reviewer sees: what is a change, what is layout alone, and that no character is lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galley.core.diff import Span, changes, diff

VOCABULARY = (
    *("the", "a", "reader", "proof", "of", "un-", "locked", "unlocked", ".", ",", "\n", "\n\n", "ﬁne", "fine"),
    *("漢字", "[3]", "it", "cafe\u0301", "café", "so\u00adft", "soft", "…", "-"),
)
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=60).map(" ".join)
PIECES = st.text("a-\u00ad \n\u0301'éﬁfi漢…._\u3000", max_size=30)


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


@given(PIECES, PIECES)
def test_the_pieces_of_words_are_covered_too(source: str, cleaned: str) -> None:
    check(source, cleaned)


@given(WORDS, WORDS)
def test_the_deletions_undone_and_the_insertions_left_out_give_the_source(source: str, cleaned: str) -> None:
    spans = diff(source, cleaned)
    assert "".join(source[slice(*s.source)] for s in spans if s.kind != "inserted") == source
    assert "".join(cleaned[slice(*s.cleaned)] for s in spans if s.kind != "deleted") == cleaned


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


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("it is not able to", "it is notable to"),
        ("the therapist on duty", "the the rapist on duty"),
        ("we re-\nadopt it all", "we read opt it all"),
        ("pages 10- 20 of it", "pages 1020 of it"),
        ("with GPT-\n4 it is", "with GPT4 it is"),
    ],
)
def test_words_cut_or_joined_without_a_hyphen_between_letters_are_no_layout(source: str, cleaned: str) -> None:
    spans = check(source, cleaned)
    assert changes(spans, reflow=False) == changes(spans) != []
    assert "reflow" not in {span.kind for span in spans}


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("one\n\ntwo\r\nthree\u00a0four", "one two three four"),
        ("wait … there is more", "wait... there is more"),
        ("漢字\nかな", "漢字かな"),
        ("全角\u3000空白", "全角 空白"),
        ("a pre\u00ad-\nfix here", "a prefix here"),
        ("a prefix here", "a pre\u00adfix here"),
        ("a cafe\u0301 here", "a café here"),
        (" all of it\n", "all of it"),
    ],
)
def test_white_space_and_forms_of_letters_are_reflow(source: str, cleaned: str) -> None:
    spans = check(source, cleaned)
    assert "reflow" in {span.kind for span in spans}
    assert changes(spans, reflow=False) == []


def test_a_closed_hyphen_beside_a_deletion_stays_reflow() -> None:
    assert seen("the un-\nlocked (Wei, 2022) inter-\nnal door", "the unlocked internal door") == [
        ("equal", "the ", "the "),
        ("reflow", "un-\nlocked", "unlocked"),
        ("equal", " ", " "),
        ("deleted", "(Wei, 2022) ", ""),
        ("reflow", "inter-\nnal", "internal"),
        ("equal", " door", " door"),
    ]


def test_white_space_around_a_deleted_header_is_laid_out_anew_and_not_inserted() -> None:
    assert seen("It goes on\n\nHEADER 12\n\nand ends here.", "It goes on and ends here.") == [
        ("equal", "It goes on", "It goes on"),
        ("reflow", "\n\n", " "),
        ("deleted", "HEADER 12\n\n", ""),
        ("equal", "and ends here.", "and ends here."),
    ]


def test_a_deletion_before_a_paragraph_leaves_the_paragraph() -> None:
    source, cleaned = "It ends (x)\n\nNext one", "It ends\nNext one"
    assert ("reflow", "\n\n", "\n") in seen(source, cleaned)
    assert ("deleted", " (x)", "") in seen(source, cleaned)
    assert len(changes(diff(source, cleaned), reflow=False)) == 1


def test_a_change_may_be_left_out_of_the_list_only_if_all_of_it_is_layout() -> None:
    spans = check("one\ntwo and three (A) four", "one two and three four")
    assert [len(changes(spans, reflow=reflow)) for reflow in (True, False)] == [2, 1]
    first, last = changes(spans, reflow=False)[0]
    assert [span.kind for span in spans[first:last]] == ["deleted"]


def test_a_hyphen_within_a_word_is_all_that_is_marked() -> None:
    assert [s for s in seen("a well-known man", "a well known man") if s[0] != "equal"] == [
        ("deleted", "-", ""),
        ("inserted", "", " "),
    ]


def test_a_word_has_its_marks_and_its_inner_apostrophes() -> None:
    assert ("deleted", "हिन्दी", "") in seen("यह हिन्दी भाषा है", "यह हिन्दु भाषा है")
    assert ("deleted", "don’t", "") in seen("they don’t go there", "they do go there")


def test_an_accent_alone_is_marked_alone() -> None:
    assert seen("the cafe", "the cafe\u0301") == [("equal", "the cafe", "the cafe"), ("inserted", "", "\u0301")]


def test_a_lone_punctuation_mark_between_replacements_is_merged() -> None:
    spans = check("there was one red, blue thing", "there was one green, black thing")
    assert [span.kind for span in spans] == ["equal", "deleted", "inserted", "equal"]


def test_a_long_word_or_three_short_ones_between_replacements_stay() -> None:
    for kept in ("because", "as it is"):
        spans = check(f"we saw ten {kept} men here", f"we saw six {kept} big here")
        assert [span.kind for span in spans].count("deleted") == 2


def test_an_island_of_short_words_between_replacements_is_merged() -> None:
    spans = check("there are ten men of the north here", "there are six big of the southern here")
    assert [span.kind for span in spans] == ["equal", "deleted", "inserted", "equal"]


def test_a_kept_word_between_two_deletions_is_never_shown_as_deleted() -> None:
    assert [s for s in seen("one (A) is (B) two", "one is two") if s[0] != "equal"] == [
        ("deleted", "(A) ", ""),
        ("deleted", "(B) ", ""),
    ]


def test_a_kept_word_between_a_deletion_and_a_replacement_is_never_shown_as_deleted() -> None:
    kinds = seen("one (A) is bad for two", "one is good for two")
    assert ("equal", "is ", "is ") in kinds


def test_a_pair_with_little_in_common_is_one_replaced_block() -> None:
    source = "The committee met on Monday and adjourned without a vote on it."
    cleaned = "Llamas are herd animals, which live high in the Andes."
    assert [kind for kind, _, _ in seen(source, cleaned)] == ["deleted", "inserted"]


def test_common_punctuation_does_not_make_a_pair_alike() -> None:
    source, cleaned = "Cats, dogs, birds, mice, cows, pigs.", "Iron, zinc, lead, gold, neon, tin."
    assert [kind for kind, _, _ in seen(source, cleaned)] == ["deleted", "inserted"]


@pytest.mark.parametrize(("source", "cleaned"), [("", ""), ("", "a b"), ("a b", ""), ("", "\n"), (" ", "  ")])
def test_empty_sides_are_covered(source: str, cleaned: str) -> None:
    assert len(check(source, cleaned)) == (source != cleaned)


def test_control_characters_and_lone_surrogates_are_compared() -> None:
    check("".join(map(chr, range(400))), "".join(map(chr, range(399, -1, -1))))
    check("a \ud800 b", "a \udfff b")


def test_cjk_is_compared_by_its_characters() -> None:
    assert [s for s in seen("我們讀校樣很慢", "我們讀樣很慢") if s[0] != "equal"] == [("deleted", "校", "")]
    assert ("deleted", "𠀁", "") in seen("𠀀𠀁", "𠀀")


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("a " * 20_000, "a " * 19_000),
        ("a b " * 10_000, "b a c " * 8_000),
        (" ".join(f"a x{i}" for i in range(700)), " ".join(f"a y{i}" for i in range(700))),
        ("a" + "\u0301\u0316" * 50_000, "b"),
        ("un- " * 20_000, "un " * 20_000),
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


def test_a_long_text_with_every_other_word_replaced_keeps_the_others() -> None:
    spans = check(
        " ".join(f"word{i}" for i in range(20_000)),
        " ".join(f"word{i}" if i % 2 else f"other{i}" for i in range(20_000)),
    )
    assert len(changes(spans)) > 9_000


def test_the_sample_source_against_its_reference_loses_marks_of_layout_alone() -> None:
    data = Path(__file__).parent / "data"
    source, reference = ((data / f"sample.{n}.txt").read_text(encoding="utf-8") for n in ("source", "reference"))
    spans = check(source, reference)
    equal = sum(span.source[1] - span.source[0] for span in spans if span.kind == "equal")
    assert equal > 0.95 * len(source)
    assert [reference[slice(*span.cleaned)] for span in spans if span.kind == "inserted"] == ["λi"]


def test_the_sample_against_its_reference_keeps_most_words_equal() -> None:
    reference = (Path(__file__).parent / "data" / "sample.reference.txt").read_text(encoding="utf-8")
    broken = reference.replace("\n\n", "\n").replace(" the ", " the (Smith, 2020) ")
    spans = check(broken, reference)
    deleted = [broken[slice(*span.source)] for span in spans if span.kind == "deleted"]
    assert deleted
    assert all("Smith" in piece for piece in deleted)
