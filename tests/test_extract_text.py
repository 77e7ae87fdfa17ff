"""Control characters and page selections, as properties."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galley.core.errors import InputError
from galley.core.extract import format_pages, select_pages
from galley.core.extract.agreement import agreement
from galley.core.extract.controls import clean_page, strip_controls
from galley.core.extract.pagespec import name_pages

DANGEROUS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ufffe\ud800-\udfff]")
ANY_TEXT = st.text(st.characters(), max_size=60) | st.text(
    "a\x1b[]\\0;m\x07\x9b\x9d\r\n\x0c\u202e\u200d\xad-", max_size=60
)


@given(ANY_TEXT)
def test_no_control_character_survives_and_visible_ones_do(raw: str):
    stripped = strip_controls(raw)
    assert not DANGEROUS.search(stripped.text)
    assert "\r" not in stripped.text
    assert strip_controls(stripped.text) == type(stripped)(stripped.text, 0)
    assert (stripped.removed == 0) == (len(stripped.text) == len(raw.replace("\r\n", "\n")))


@given(ANY_TEXT)
def test_a_page_holds_no_form_feed(raw: str):
    assert "\f" not in clean_page(raw, hyphen_marks=True).text


def test_codes_of_tex_fonts_inside_words_are_ligatures_and_dashes():
    raw = "the \x1crst di\x1ecult e\x1bect, \x10de\x1cned\x11 on pages 4\x156, cut o\x1b"
    page = clean_page(raw, hyphen_marks=False)
    assert page.text == "the ﬁrst diﬃcult eﬀect, “deﬁned” on pages 4–6, cut oﬀ"
    assert page.removed == 0
    assert clean_page("sta\x1bel, a \x15 b", hyphen_marks=False).text == "stael, a  b"


@given(st.text("abc äß.,\n\t—“”ﬁ 漢字é\u0301", max_size=60))
def test_ordinary_text_is_left_as_it_is(text: str):
    assert strip_controls(text).text == text
    assert strip_controls(text).removed == 0


@pytest.mark.parametrize(
    ("raw", "clean", "removed"),
    [
        ("self\ufffeimprovement", "self-\nimprovement", 0),
        ("abil\x02ities", "abil-\nities", 0),
        ("( \x02 )", "(  )", 1),
        ("soft\xad\r\nhyphen", "soft-\nhyphen", 0),
        ("in\xadvisible", "invisible", 1),
        ("\x1b[1;31mred\x1b[0m", "red", 2),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "link", 2),
        ("\x1bP1$r\x1b\\x", "x", 1),
        ("\x9b2Jx", "x", 1),
        ("sta\x1bel", "stael", 1),
        ("\x1b]no end of it", "]no end of it", 1),
        ("admin\u202egpj.exe", "admingpj.exe", 1),
        ("می\u200cخواهم", "می\u200cخواهم", 0),
        ("pass\u200cword", "password", 1),
        ("tag\U000e0041\U000e0042", "tag", 2),
        ("un\ufffdread", "un\ufffdread", 0),
        ("a\fb\x0bc\u2028d", "a\nb\nc\nd", 0),
    ],
)
def test_each_kind_of_invisible_thing_has_its_rule(raw: str, clean: str, removed: int):
    result = clean_page(raw, hyphen_marks=True)
    assert (result.text, result.removed) == (clean, removed)


@pytest.mark.parametrize(
    ("spec", "pages"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("3-5,8", [3, 4, 5, 8]),
        ("7-", [7, 8, 9]),
        ("-2", [1, 2]),
        (" 2 , 1 - 3 ,2", [1, 2, 3]),
        ("9", [9]),
    ],
)
def test_pages_are_written_as_people_write_them(spec: str, pages: list[int]):
    assert select_pages(spec, 9) == pages


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("0", "There is no page 0. The first page is 1."),
        ("3-10", "There is no page 10. The file has pages 1 to 9."),
        ("12-", "There is no page 12. The file has pages 1 to 9."),
        ("5-3", 'The page range "5-3" runs backwards. Write "3-5".'),
        ("x", '"x" is no page or range of pages. Write pages as in "3-17,20", "5-" or "-3".'),
        ("1,,2", '"" is no page or range of pages. Write pages as in "3-17,20", "5-" or "-3".'),
        ("-", '"-" is no page or range of pages. Write pages as in "3-17,20", "5-" or "-3".'),
        ("1-2-3", '"1-2-3" is no page or range of pages. Write pages as in "3-17,20", "5-" or "-3".'),
        ("٣", '"٣" is no page or range of pages. Write pages as in "3-17,20", "5-" or "-3".'),
        ("9" * 30, f'"{"9" * 30}" is no page or range of pages. Write pages as in "3-17,20", "5-" or "-3".'),
    ],
)
def test_a_wrong_page_selection_gets_one_sentence(spec: str, sentence: str):
    with pytest.raises(InputError) as raised:
        select_pages(spec, 9)
    assert str(raised.value) == sentence


@given(st.sets(st.integers(1, 300), min_size=1))
def test_formatted_pages_select_the_same_pages(pages: set[int]):
    assert select_pages(format_pages(pages), 300) == sorted(pages)


def test_very_many_page_runs_are_shortened():
    text = name_pages(range(1, 1000, 2))
    assert text.endswith("and others, 500 in all")
    assert len(text) < 160


@given(st.lists(st.text("abcdefg", min_size=1), min_size=25))
def test_a_text_agrees_with_itself_whatever_its_line_ends(words: list[str]):
    assert agreement(" ".join(words), "\n".join(words)) == 1.0


def test_texts_without_a_common_word_agree_not_at_all():
    assert agreement("one two three " * 20, "four five six " * 20) == 0.0


def test_nearly_empty_pages_say_nothing_about_agreement():
    assert agreement("12", "13") is None


def test_codes_are_the_ligatures_that_their_words_speak_for():
    page = clean_page("The di\x1cerence is in the e\x1cect of a di\x1cerent kind.\n", hyphen_marks=False)
    assert page.text == "The diﬀerence is in the eﬀect of a diﬀerent kind.\n"
    record = clean_page("wrote to\x1fmiller, anna\n", hyphen_marks=False)
    assert (record.text, record.removed) == ("wrote tomiller, anna\n", 1)
