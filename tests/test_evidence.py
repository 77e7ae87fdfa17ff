"""Where a flag's words are found again: in the cleaned text, or in the source when they were lost."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from galley.core.checks import Flag
from galley.core.checks.flags import flag, shorten
from galley.core.evidence import evidence_ranges, merged


def marked(source: str, cleaned: str, *evidence: str) -> tuple[list[str], list[str]]:
    ours, theirs = evidence_ranges([Flag("any", "warning", evidence)], source, cleaned)
    return [source[slice(*one)] for one in ours], [cleaned[slice(*one)] for one in theirs]


def test_words_of_the_cleaned_text_are_marked_there_and_not_in_the_source() -> None:
    assert marked("a kept [12] mark", "a kept [12] mark", "[12]") == ([], ["[12]"])


def test_what_was_lost_is_marked_in_the_source() -> None:
    assert marked("It is not so.", "It is so.", "not") == (["not"], [])


def test_a_quote_is_found_over_line_ends_and_runs_of_blanks() -> None:
    assert marked("", "one \n\n  two\tthree", "one two three") == ([], ["one \n\n  two\tthree"])
    assert marked("", f"one{' ' * 500}two", "one two") == ([], [f"one{' ' * 500}two"])


def test_a_quote_is_found_over_characters_that_do_not_print() -> None:
    assert marked("", "lo\x1bst wor\u200bds \x00 here", "lost words here") == ([], ["lo\x1bst wor\u200bds \x00 here"])


def test_every_place_of_a_quote_is_marked() -> None:
    assert marked("", "so and so and so", "so") == ([], ["so", "so", "so"])


def test_whole_words_are_marked_rather_than_parts_of_others() -> None:
    assert evidence_ranges([Flag("any", "info", ("he",))], "", "the theme he saw") == ((), ((10, 12),))


def test_a_quote_that_stands_within_words_alone_is_marked_there() -> None:
    assert marked("", "concatenate", "cat") == ([], ["cat"])
    assert marked("", "我們讀校樣", "讀校") == ([], ["讀校"])


def test_a_quote_that_was_cut_within_a_word_is_found() -> None:
    text = "word " * 15 + "unfinishable business"
    quote = shorten(text)
    assert len(quote) == 80
    assert marked("", text, quote) == ([], [quote])


def test_marks_on_the_last_letter_belong_to_the_quote() -> None:
    assert marked("", "cafe\u0301s", "cafe") == ([], ["cafe\u0301"])


def test_ranges_that_meet_are_one() -> None:
    assert merged([(4, 6), (0, 2), (1, 4), (9, 10)]) == ((0, 6), (9, 10))


def test_patterns_in_a_quote_are_plain_text() -> None:
    assert marked("", "see (a+)+$ there", "(a+)+$") == ([], ["(a+)+$"])


def test_an_empty_quote_marks_nothing() -> None:
    assert marked("text", "text", "", " ") == ([], [])


def test_hostile_repetition_ends() -> None:
    evidence = tuple(" ".join(["a"] * length + ["b"]) for length in range(30, 38))
    assert marked("a " * 100_000, "a\n" * 100_000, *evidence) == ([], [])


@given(st.text(max_size=60), st.text(max_size=200), st.text(max_size=60))
def test_any_stretch_that_a_check_quotes_is_found_again(before: str, quoted: str, after: str) -> None:
    text = f"{before} {quoted} {after}"
    made = flag("any", "info", [quoted])
    ours, theirs = evidence_ranges([made], "", text)
    assert ours == ()
    assert bool(theirs) == bool(made.evidence)
    assert all(0 <= start < end <= len(text) for start, end in theirs)
    assert all(one[1] < two[0] for one, two in pairwise(theirs))
