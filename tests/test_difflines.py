"""The lines of a diff: that they fit, that nothing is lost, and what each view shows."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from galley.core.edits import Candidate, EditDecision, apply_candidates
from galley.tui.difflines import GUTTER, Layout, Line, Piece, Stop, lay_out, plain_lines

VIEWS = ("inline", "side", "result")
NASTY = st.sampled_from(
    [
        *[
            "the",
            "reader",
            "proof",
            "un-",
            "locked",
            "un-\nlocked",
            ".",
            "\n",
            "\n\n",
            "ﬁne",
            "[3]",
            "[bold]",
            "it",
            "\t",
        ],
        *[
            "漢字校樣",
            "校",
            "cafe\u0301",
            "\u0301",
            "👩\u200d💻",
            "👍🏽",
            "❤\ufe0f",
            "🇩🇪",
            "हिन्दी",
            "\u1112\u1161\u11ab",
            "각",
        ],
        *["a\u200db", "\u200d", "\ufe0f", "\x1b[31m", "\x00", "\u202e", "\u200b", "x" * 30, "\u00ad", "\r\n", "\u3000"],
        *["\U000e0041", "\x0b", "\u2028", "\x85", "می\u200cخواهم", "e" + "\u0301" * 40],
    ]
)
TEXTS = st.lists(NASTY, max_size=30).map(" ".join) | st.lists(NASTY, max_size=20).map("".join) | st.text(max_size=60)
PROSE = st.lists(
    st.sampled_from(["the", "a", "reader", "of", "un-", "locked", ".", ",", "\n", "\n\n", "ﬁne", "漢字", "[3]", "it"]),
    max_size=60,
).map(" ".join)
WIDTHS = st.integers(10, 60)


def text_of(line: Line) -> str:
    return "".join(piece.text for piece in line)


def rows(layout: Layout) -> list[str]:
    return [text_of(line) for line in layout.lines]


def pieces(layout: Layout) -> list[Piece]:
    return [piece for line in layout.lines for piece in line]


def of_kind(layout: Layout, *kinds: str) -> str:
    """What is shown of these kinds, without white space."""
    return "".join("".join(piece.text.split()) for piece in pieces(layout) if piece.look.kind in kinds)


def bare(text: str) -> str:
    return "".join(text.split())


def edit(source: str, words: str, replacement: str = "", *, on: bool = True, p: float | None = 0.9) -> EditDecision:
    start = source.index(words)
    return EditDecision(start, start + len(words), replacement, "citation", p, on)


def by_edits(source: str, *edits: EditDecision, view: str = "inline", width: int = 60, reflow: bool = True) -> Layout:
    """A verbatim attempt: the text is what the edits make of the source."""
    on = [Candidate(e.start, e.end, e.replacement, e.kind, 0) for e in edits if e.applied]
    cleaned = apply_candidates(source, on).strip()
    return lay_out(source, cleaned, view=view, width=width, reflow=reflow, edits=edits)


# Lines that fit


@given(TEXTS, TEXTS, WIDTHS, st.sampled_from(VIEWS), st.booleans())
def test_no_line_is_wider_than_asked(source: str, cleaned: str, width: int, view: str, reflow: bool) -> None:
    layout = lay_out(source, cleaned, view=view, width=width, reflow=reflow)
    for line in layout.lines:
        assert sum(cell_len(piece.text) for piece in line) <= width
        assert cell_len(text_of(line)) <= width


@given(TEXTS, TEXTS, WIDTHS)
def test_the_gutter_of_two_columns_is_straight(source: str, cleaned: str, width: int) -> None:
    for line in lay_out(source, cleaned, view="side", width=width).lines:
        at = next(number for number, piece in enumerate(line) if piece.look.kind == "space")
        assert sum(cell_len(piece.text) for piece in line[: at + 1]) == (width - 3) // 2 + len(GUTTER)


@given(TEXTS, TEXTS, WIDTHS, st.sampled_from(VIEWS))
def test_nothing_that_steers_a_terminal_is_left(source: str, cleaned: str, width: int, view: str) -> None:
    for row in rows(lay_out(source, cleaned, view=view, width=width)):
        assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in row)
        assert not any(char in row for char in "\u200b\u200e\u202e\u2066\ufeff\u00ad")


@given(TEXTS, WIDTHS)
def test_no_line_or_piece_begins_with_a_mark_that_lost_its_base(text: str, width: int) -> None:
    for line in plain_lines(text, width):
        assert not line or not line[0].text or cell_len(line[0].text[0]) > 0


def test_a_word_longer_than_the_line_is_cut_between_characters_and_not_within() -> None:
    text = "e\u0301" * 25
    lines = [text_of(line) for line in plain_lines(text, 10)]
    assert lines == ["e\u0301" * 10, "e\u0301" * 10, "e\u0301" * 5]


def test_a_picture_of_joined_characters_is_not_torn() -> None:
    lines = [text_of(line) for line in plain_lines("👩\u200d💻" * 12, 10)]
    assert lines == ["👩\u200d💻" * 2] * 6, "four cells each where a terminal joins nothing"
    assert [text_of(line) for line in plain_lines("🇩🇪" * 6, 11)] == ["🇩🇪" * 2] * 3


def test_wide_characters_break_anywhere_and_fill_the_line() -> None:
    lines = [text_of(line) for line in plain_lines("The 我們讀校樣很慢 end", 11)]
    assert lines == ["The 我們讀", "校樣很慢", "end"]


def test_words_are_wrapped_whole_and_blank_lines_stay() -> None:
    lines = [text_of(line) for line in plain_lines("one two three four\n\nfive", 10)]
    assert lines == ["one two", "three four", "", "five"]


@given(st.lists(st.sampled_from(["a", "bb", "ccc", "dddd", "ggggggg", "x" * 13, " ", "  "]), max_size=60), WIDTHS)
def test_long_plain_stretches_are_wrapped_as_short_ones_are(words: list[str], width: int) -> None:
    text = " ".join(["begin", *words, "end"])
    whole = [text_of(line).rstrip() for line in plain_lines(text, width)]
    by_word = [text_of(line).rstrip() for line in plain_lines(text.replace("a", "ä"), width)]
    assert [line.replace("ä", "a") for line in by_word] == whole


def test_control_characters_are_signs_of_one_cell() -> None:
    (line,) = plain_lines("a\x1b[31mb\x00c\x7f\u202ed\u200be\tf\x0bg", 60)
    assert text_of(line) == "a␛[31mb␀c␡·d·e f␋g"


def test_a_joiner_that_joins_nothing_is_a_dot() -> None:
    assert text_of(plain_lines("a\u200db", 60)[0]) == "a·b"


def test_markup_is_plain_text() -> None:
    layout = lay_out("[bold]x[/bold] [12]", "[bold]x[/bold] [12]", view="inline", width=40)
    assert rows(layout) == ["[bold]x[/bold] [12]"]


# What the views show


@given(PROSE, PROSE, WIDTHS)
def test_in_line_what_is_not_deleted_is_the_cleaned_text(source: str, cleaned: str, width: int) -> None:
    layout = lay_out(source, cleaned, view="inline", width=width, reflow=False)
    assert of_kind(layout, "equal", "inserted") == bare(cleaned)


@given(PROSE, PROSE, WIDTHS)
def test_the_result_has_every_word_of_the_cleaned_text_and_no_other(source: str, cleaned: str, width: int) -> None:
    layout = lay_out(source, cleaned, view="result", width=width)
    assert bare("".join(rows(layout))) == bare(cleaned)
    assert {piece.look.kind for piece in pieces(layout)} <= {"equal"}


@given(PROSE, PROSE, WIDTHS)
def test_the_columns_hold_both_texts(source: str, cleaned: str, width: int) -> None:
    left = right = ""
    for line in lay_out(source, cleaned, view="side", width=width).lines:
        at = next(number for number, piece in enumerate(line) if piece.look.kind == "space")
        left, right = left + text_of(line[:at]), right + text_of(line[at + 1 :])
    assert (bare(left), bare(right)) == (bare(source), bare(cleaned))


def test_in_line_the_deleted_words_stand_before_the_inserted() -> None:
    layout = lay_out("It was shown (Wei, 2022) to be.", "It was proved to be.", view="inline", width=60)
    assert rows(layout) == ["It was shown (Wei, 2022)proved to be."]
    assert of_kind(layout, "deleted") == "shown(Wei,2022)"
    assert of_kind(layout, "inserted") == "proved"


def test_a_line_end_that_became_a_blank_is_an_arrow() -> None:
    layout = lay_out("one line\nof text", "one line of text", view="inline", width=60)
    assert rows(layout) == ["one line↵ of text"]
    assert of_kind(layout, "reflow") == "↵"


def test_a_closed_hyphen_stands_where_it_was() -> None:
    layout = lay_out("they un-\nlocked it", "they unlocked it", view="inline", width=60)
    assert rows(layout) == ["they un-↵locked it"]


def test_a_new_paragraph_has_a_sign_and_a_line() -> None:
    layout = lay_out("one two three four", "one two\n\nthree four", view="inline", width=60)
    assert rows(layout) == ["one two¶", "", "three four"]
    assert [stop.line for stop in layout.stops] == [0]


def test_layout_that_is_not_to_be_shown_is_text_like_any_other() -> None:
    layout = lay_out("they un-\nlocked it", "they unlocked it", view="inline", width=60, reflow=False)
    assert rows(layout) == ["they unlocked it"]
    assert {piece.look.kind for piece in pieces(layout)} == {"equal"}
    assert layout.stops == ()


def test_both_columns_begin_anew_at_a_paragraph_of_both() -> None:
    source = "A first one that is rather long here.\n\nA second."
    layout = lay_out(source, "A first one.\n\nA second.", view="side", width=33)
    assert rows(layout) == [
        "A first one     │ A first one.",
        "that is rather  │ ",
        "long here.      │ ",
        "                │ ",
        "A second.       │ A second.",
    ]


def test_wide_and_combining_characters_keep_the_columns_straight() -> None:
    layout = lay_out("我們讀校樣 cafe\u0301 e\u0301t", "我們讀樣 cafe\u0301 e\u0301t", view="side", width=23)
    assert {cell_len(row.split("│")[0]) for row in rows(layout)} == {11}


def test_an_accent_that_alone_was_changed_stands_on_a_circle() -> None:
    assert "◌\u0301" in rows(lay_out("the cafe", "the cafe\u0301", view="inline", width=40))[0]


@pytest.mark.parametrize("view", VIEWS)
def test_what_a_flag_points_at_is_marked(view: str) -> None:
    layout = lay_out("a kept [12] mark", "a kept [12] mark", view=view, width=60, evidence=((), ((7, 11),)))
    assert [piece.text for piece in pieces(layout) if piece.look.evidence] == ["[12]"]


def test_what_was_lost_is_marked_in_the_source() -> None:
    for view in ("inline", "side"):
        layout = lay_out("It is not so.", "It is so.", view=view, width=60, evidence=(((6, 9),), ()))
        assert [(p.text, p.look.kind) for p in pieces(layout) if p.look.evidence] == [("not", "deleted")]


# Stops


@given(PROSE, PROSE, WIDTHS, st.sampled_from(VIEWS))
def test_every_stop_has_a_line_and_they_ascend(source: str, cleaned: str, width: int, view: str) -> None:
    layout = lay_out(source, cleaned, view=view, width=width)
    found = {piece.look.stop for piece in pieces(layout)} - {None}
    assert found == set(range(len(layout.stops)))
    assert all(0 <= stop.line < len(layout.lines) for stop in layout.stops)
    assert [stop.source for stop in layout.stops] == sorted(stop.source for stop in layout.stops)
    if view != "side":
        assert [stop.line for stop in layout.stops] == sorted(stop.line for stop in layout.stops)


def test_a_stop_is_the_first_line_that_shows_it() -> None:
    source = "word " * 30 + "gone " + "word " * 5
    layout = lay_out(source, source.replace("gone ", ""), view="inline", width=20)
    (stop,) = layout.stops
    assert "gone" in rows(layout)[stop.line]


def test_equal_texts_have_no_stops() -> None:
    assert lay_out("all the same", "all the same", view="inline", width=40).stops == ()


def test_an_applied_edit_is_the_stop_of_its_change() -> None:
    source = "A model (Wei, 2022) was locked [3] away."
    layout = by_edits(source, edit(source, " (Wei, 2022)"), edit(source, " [3]"))
    assert [stop.edit for stop in layout.stops] == [0, 1]
    assert layout.stops[0].source == (7, 19)
    assert rows(layout) == ["A model (Wei, 2022) was locked [3] away."]
    assert of_kind(layout, "deleted") == "(Wei,2022)[3]"


def test_an_edit_among_repeated_words_is_the_one_that_was_made() -> None:
    source = "so [1] [1] it is"
    one, two = EditDecision(2, 6, "", "citation", 0.9, True), EditDecision(6, 10, "", "citation", 0.1, False)
    assert [(stop.edit, stop.source) for stop in by_edits(source, one, two).stops] == [(0, (2, 6)), (1, (6, 10))]


def test_edits_side_by_side_are_stops_of_their_own() -> None:
    source = "it was so [1] [2] said"
    layout = by_edits(source, edit(source, " [1]"), edit(source, " [2]"))
    assert [stop.edit for stop in layout.stops] == [0, 1]


def test_an_edit_that_was_not_made_is_a_stop_in_equal_text() -> None:
    source = "locked away [3] for good"
    layout = by_edits(source, edit(source, " [3]", on=False, p=0.1))
    assert [stop.edit for stop in layout.stops] == [0]
    assert [(p.text, p.look.unsure) for p in pieces(layout) if p.look.kind == "offer"] == [(" [3]", False)]


def test_alternatives_at_one_place_count_once() -> None:
    source = "they un-\nlocked it"
    closed, kept = EditDecision(7, 9, "", "hyphen", 0.8, True), EditDecision(8, 9, "", "hyphen", 0.2, False)
    assert [stop.edit for stop in by_edits(source, closed, kept).stops] == [0]
    off = EditDecision(7, 9, "", "hyphen", 0.2, False)
    assert [stop.edit for stop in by_edits(source, off, kept).stops] == [0]


def test_an_edit_of_layout_is_a_stop_even_when_layout_is_hidden() -> None:
    source = "they un-\nlocked it"
    layout = by_edits(source, EditDecision(7, 9, "", "hyphen", 0.8, True), reflow=False)
    assert [stop.edit for stop in layout.stops] == [0]
    assert rows(layout) == ["they un-↵locked it"]
    assert of_kind(layout, "reflow") == "-↵"


@pytest.mark.parametrize(("on", "kind"), [(True, "deleted"), (False, "offer")])
@pytest.mark.parametrize("view", ["inline", "side"])
def test_what_the_model_was_not_sure_of_has_a_sign_that_needs_no_colour(view: str, on: bool, kind: str) -> None:
    source = "locked away [3] for good"
    layout = by_edits(source, edit(source, " [3]", on=on, p=0.5), view=view)
    assert "away? [3]" in rows(layout)[0]
    assert [p.text for p in pieces(layout) if p.look.kind == "label"] == ["?"]
    assert all(p.look.unsure for p in pieces(layout) if p.look.kind == kind)


def test_white_space_cut_off_at_the_ends_is_no_change() -> None:
    source = "\n [1] It was so [2]\n\n"
    layout = by_edits(source, edit(source, "[1] "), edit(source, " [2]"))
    assert [stop.edit for stop in layout.stops] == [0, 1]
    assert of_kind(layout, "equal") == "Itwasso"


def test_edits_that_do_not_give_the_text_are_put_to_the_changes_they_touch() -> None:
    source = "A model (Wei, 2022) was locked [3] away."
    edits = (edit(source, " (Wei, 2022)"), edit(source, " [3]", on=False))
    layout = lay_out(source, "A model was soon locked [3] away.", view="inline", width=60, edits=edits)
    assert [stop.edit for stop in layout.stops] == [0, None, 1]


@given(st.data(), PROSE, WIDTHS, st.sampled_from(VIEWS))
def test_any_edits_at_all_can_be_shown(data: st.DataObject, source: str, width: int, view: str) -> None:
    edits: list[EditDecision] = []
    reached = 0
    for _ in range(data.draw(st.integers(0, 6))):
        start = data.draw(st.integers(0, len(source)))
        end = data.draw(st.integers(start, len(source)))
        on = start >= reached and data.draw(st.booleans())
        reached = max(reached, end) if on else reached
        edits.append(EditDecision(start, end, data.draw(st.sampled_from(["", " ", "x", "-"])), "any", 0.5, on))
    layout = by_edits(source, *edits, view=view, width=width)
    made = [stop.edit for stop in layout.stops if stop.edit is not None and edits[stop.edit].applied]
    assert sorted(made) == [number for number, one in enumerate(edits) if one.applied]
    assert {piece.look.stop for piece in pieces(layout)} - {None} == set(range(len(layout.stops)))
    assert all(sum(cell_len(piece.text) for piece in line) <= width for line in layout.lines)
    if view == "result":
        on_edits = [Candidate(e.start, e.end, e.replacement, e.kind, 0) for e in edits if e.applied]
        assert bare("".join(rows(layout))) == bare(apply_candidates(source, on_edits))


def test_a_stop_knows_its_place_in_both_texts() -> None:
    (stop,) = lay_out("one (A) two", "one two", view="inline", width=40).stops
    assert stop == Stop(0, None, (4, 8), (4, 4))


@pytest.mark.parametrize("view", ["inline", "side"])
def test_no_word_is_cut_off_where_a_terminal_draws_the_parts_of_a_picture_one_by_one(view: str) -> None:
    """tmux 3.3 gives a flag and a hand with a skin four cells each, a family eight, and each vowel of Hindi one."""
    text = "A 👩‍👩‍👧‍👦 family, a 🇩🇪 flag, a 👍🏽 thumb, हिन्दी में पाठ and the last word. " * 3
    layout = lay_out(text, text.replace("a 🇩🇪 ", ""), view=view, width=45)
    for line in layout.lines:
        last = "".join(piece.text for piece in line).rpartition(" │ ")[2].rstrip()
        cells = sum(2 if "🇦" <= char <= "🇿" or "🏻" <= char <= "🏿" else cell_len(char) for char in last)
        vowels = sum(unicodedata.category(char) == "Mc" for char in last)
        assert cells + vowels <= (45 if view == "inline" else (45 - len(" │ ")) // 2), last
