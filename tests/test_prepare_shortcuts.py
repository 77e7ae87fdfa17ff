"""What the repairs look at in a quicker way is what the slow way finds."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wordfreq import get_frequency_dict, zipf_frequency

from galley.core.prepare.characters import ACCENTED, lone_accents
from galley.core.prepare.frequency import zipf
from galley.core.prepare.hyphens import BROKEN, INLINE, Cut
from galley.core.prepare.lines import STRETCH, filled_lines, lines_of, lower_words

PIECES = [
    "a",
    "foo",
    "Bar",
    "é",
    "23",
    "-",
    "-\n",
    "- ",
    "-\f",
    "‐\n",
    " ",
    "\n",
    "\n\n",
    "'",
    "’",
    "_",
    ".",
    "--",
    "x" * 45,
]
CUT_UP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
ACCENTS = st.text("aeK/ \n_¨´ˆ˜¯ˉ˙ˇ˘˚`¸ıé", max_size=30)


@pytest.mark.parametrize("cut", [BROKEN, INLINE])
@given(CUT_UP)
def test_cut_words_are_found_as_by_their_pattern_alone(cut: Cut, text: str) -> None:
    assert [match.span() for match in cut.finditer(text)] == [match.span() for match in cut.whole.finditer(text)]


@given(ACCENTS)
def test_accents_are_found_as_by_their_pattern_alone(text: str) -> None:
    assert [match.span() for match in lone_accents(text)] == [match.span() for match in ACCENTED.finditer(text)]


@pytest.mark.parametrize("language", ["en", "de", "tr"])
def test_a_words_frequency_is_wordfreqs_own(language: str) -> None:
    listed = list(get_frequency_dict(language, "best"))[:5000]
    for word in [*listed, *(word[:-1] + "q" for word in listed if len(word) > 1), "Haus", "can't", "x2", "-", ""]:
        assert zipf(word, language) == zipf_frequency(word, language), word


@given(st.text("ab \n\f", max_size=30))
def test_lines_and_what_ends_them_are_the_text(text: str) -> None:
    lines = lines_of(text)

    assert all(text[line.start : line.end] == line.text for line in lines)
    assert "".join(line.text + text[line.end : line.end + 1] for line in lines) == text
    assert [line.page for line in lines] == [text.count("\f", 0, line.start) for line in lines]
    assert filled_lines(text) == [line for line in lines if not line.blank]


def test_words_of_a_long_text_are_all_found_and_none_is_cut() -> None:
    text = "".join(f"Word{'s' * (place % 50)} and\n" for place in range(STRETCH // 10))

    assert list(lower_words(re.compile(r"\w+"), text)) == text.lower().split()
