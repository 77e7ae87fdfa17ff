"""What a freely written text says about candidate edits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galley.core.clean.aligned import VOTE, votes
from galley.core.clean.candidates import FINDERS, find_candidates
from galley.core.edits import Candidate, apply_candidates

SOURCE = (
    "Proof readers were un- locked from their desks (Moxon, 1683; Simpson, 1935) at dawn, and the well- known "
    "masters (often the authors) read ofthe sheets† again. See the map."
)


def at(text: str, what: str, replacement: str = "", kind: str = "citation", inside: str = "") -> Candidate:
    """The candidate for the only place of `what`, or of `inside` in it."""
    assert text.count(what) == 1
    start = text.index(what) + (what.index(inside) if inside else 0)
    return Candidate(start, start + len(inside or what), replacement, kind, 0.5)


CITATION = at(SOURCE, " (Moxon, 1683; Simpson, 1935)")
ASIDE = at(SOURCE, " (often the authors)")
CLOSED = at(SOURCE, "un- locked", "", "hyphen", "- ")
JOINED = at(SOURCE, "un- locked", "-", "hyphen", "- ")
KNOWN_CLOSED = at(SOURCE, "well- known", "", "hyphen", "- ")
KNOWN_JOINED = at(SOURCE, "well- known", "-", "hyphen", "- ")
OF = SOURCE.index("ofthe") + 2
SPACE = Candidate(OF, OF, " ", "space", 0.5)
MARK = at(SOURCE, "†", "", "footnote_mark")
ALL = [CITATION, ASIDE, CLOSED, JOINED, KNOWN_CLOSED, KNOWN_JOINED, SPACE, MARK]
CLEANED = (
    "Proof readers were unlocked from their desks at dawn, and the well-known masters (often the authors) read of the "
    "sheets again. See the map."
)


def test_a_cleaned_text_votes_for_what_it_did_and_against_what_it_left() -> None:
    yes, no = VOTE, -VOTE
    assert votes(SOURCE, ALL, CLEANED) == [yes, no, yes, no, no, yes, yes, yes]


def test_an_unchanged_text_votes_against_every_edit() -> None:
    assert votes(SOURCE, ALL, SOURCE) == [-VOTE] * len(ALL)


def test_layout_and_case_make_no_difference() -> None:
    assert votes(SOURCE, ALL, CLEANED.replace(" ", "\n ").upper()) == votes(SOURCE, ALL, CLEANED)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "I'm sorry, but I can't help with that.",
        "COVID-19 has brought many changes to our lives.",
        "The masters.",
    ],
)
def test_a_text_of_the_models_own_votes_for_nothing(output: str) -> None:
    assert votes(SOURCE, ALL, output) == [None] * len(ALL)


def test_where_the_model_went_its_own_way_it_says_nothing_but_elsewhere_it_does() -> None:
    output = CLEANED.replace("Proof readers were unlocked from their desks at dawn", "In the morning work began slowly")
    made = dict(zip(ALL, votes(SOURCE, ALL, output), strict=True))
    assert made[CLOSED] is None
    assert made[CITATION] is None
    assert made[SPACE] == VOTE
    assert made[MARK] == VOTE


def test_a_citation_that_was_told_in_other_words_is_not_deleted() -> None:
    output = CLEANED.replace("desks at", "desks, as a couple of writers have said before now, at")
    assert votes(SOURCE, [CITATION], output) == [None]


def test_a_citation_that_was_half_kept_says_nothing() -> None:
    output = CLEANED.replace("desks at", "desks (Moxon, 1683) at")
    assert votes(SOURCE, [CITATION], output) == [None]


def test_a_cut_off_output_says_nothing_of_what_it_did_not_reach() -> None:
    made = votes(SOURCE, ALL, CLEANED[: CLEANED.index("masters")])
    assert made[0] == VOTE
    assert made[6:] == [None, None]


def test_a_preface_by_the_model_does_not_matter() -> None:
    assert votes(SOURCE, ALL, f"Here is the cleaned text:\n\n{CLEANED}") == votes(SOURCE, ALL, CLEANED)


def test_edits_at_both_ends_are_seen() -> None:
    source = "[3] The readers read the sheets again and again (Moxon, 1683)"
    ends = [at(source, "[3] "), at(source, " (Moxon, 1683)")]
    assert votes(source, ends, "The readers read the sheets again and again") == [VOTE, VOTE]
    assert votes(source, ends, source) == [-VOTE, -VOTE]


def test_edits_side_by_side_do_not_hide_each_other() -> None:
    source = "The readers read well (Moxon, 1683) [4] and the sheets were clean."
    both = [at(source, " (Moxon, 1683)"), at(source, " [4]")]
    assert votes(source, both, "The readers read well and the sheets were clean.") == [VOTE, VOTE]
    assert votes(source, both, "The readers read well [4] and the sheets were clean.") == [VOTE, -VOTE]


def test_a_mark_inside_of_a_word_is_a_repair() -> None:
    source = "All of the sheets12 were read again by the readers."
    mark = at(source, "sheets12", "", "footnote_mark", "12")
    assert votes(source, [mark], source.replace("12", "")) == [VOTE]
    assert votes(source, [mark], source) == [-VOTE]


def test_torn_words_are_joined_or_not() -> None:
    source = "They printed the news paper at night and read it."
    torn = at(source, "news paper", "", "space", " ")
    assert votes(source, [torn], source.replace("news paper", "newspaper")) == [VOTE]
    assert votes(source, [torn], source) == [-VOTE]
    assert votes(source, [torn], source.replace("news paper", "gazette")) == [None]


def test_repeated_words_do_not_mislead() -> None:
    source = "the readers (the old ones) and the readers (the new ones) and the readers read the sheets"
    old, new = at(source, " (the old ones)"), at(source, " (the new ones)")
    output = "the readers and the readers (the new ones) and the readers read the sheets"
    assert votes(source, [old, new], output) == [VOTE, -VOTE]


def test_an_output_that_loops_for_ever_is_not_aligned_for_ever() -> None:
    looping = "the readers and " * 100_000
    assert votes(SOURCE * 10, [CITATION], looping) == [None]
    assert len(votes("the readers and " * 300, [], "the readers and " * 300)) == 0


def test_what_the_rules_find_in_real_text_is_voted_for_by_the_text_with_it_applied(shared_text: str) -> None:
    found = find_candidates(shared_text, tuple(FINDERS), "en")
    chosen: list[Candidate] = []
    for candidate in found:
        if not chosen or candidate.start >= chosen[-1].end:
            chosen.append(candidate)
    assert len(chosen) > 5
    made = votes(shared_text, chosen, apply_candidates(shared_text, chosen))
    assert made.count(-VOTE) == 0
    assert made.count(VOTE) >= 0.8 * len(chosen)
    left = votes(shared_text, chosen, shared_text)
    assert left.count(VOTE) == 0
    assert left.count(-VOTE) >= 0.8 * len(chosen)


@pytest.fixture
def shared_text() -> str:
    return (
        "Printed books were corrected by hired readers (Grafton, 2011; Blair, 2010b), and the first of them worked in "
        "Basel [4, 7]. Their marks are known from manuals (see Moxon, 1683). For a long time com- positors read their "
        "own sheets; later, masters paid for it (Simpson, 1935, p. 12). The archive is at https://press.org/a-b/c and "
        "letters go to jd@press.org today. In the nine- teenth century the readers' guilds (often small ones) kept "
        "lists of errors [12], which have been printed again (Hellinga, 2014). Nobody knows who wrote them."
    )


@given(st.text("ab c.-(", max_size=60), st.text("ab c.-(", max_size=60), st.data())
def test_any_texts_and_candidates_give_a_vote_or_none_each(source: str, output: str, data: st.DataObject) -> None:
    starts = data.draw(st.lists(st.integers(0, len(source)), max_size=5))
    found = [Candidate(start, min(len(source), start + 3), "-", "hyphen", 0.5) for start in starts]
    made = votes(source, found, output)
    assert len(made) == len(found)
    assert set(made) <= {VOTE, -VOTE, None}
