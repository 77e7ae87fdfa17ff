"""A caption or a footnote in the middle of a sentence is brought behind it, as a whole or not at all."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import attempt, document, new_session
from test_verbatim import Author, Oracle

from galley.core import review
from galley.core.checks import check
from galley.core.chunk import ChunkOptions, chunk
from galley.core.clean.candidates import find_candidates
from galley.core.clean.options import CleanOptions
from galley.core.clean.verbatim import Verbatim, VerbatimResult
from galley.core.edits import Candidate, apply_candidates
from galley.core.engine.base import Usage
from galley.core.prepare import prepare
from galley.core.prepare.tears import KIND, move_of, tears
from galley.core.prompts import load_judge
from galley.core.session import Session
from galley.tui.difflines import lay_out

HALF = "Every mill on the river was driven by the water of the lake, which in those years had been falling so low that"
REST = "the wheels stood still for weeks and the grain had to be carried over the hills."
NEXT = "In the spring all of them turned again, and the bread was as cheap as it had ever been before the drought."
CAPTION = "Fig. 3. The mills on the river, from the lake to the sea."
NOTE = "4 The lake is fed by the snow of the hills and falls with every mild winter."
TORN = f"{HALF}\n\n{CAPTION}\n\n{REST} {NEXT}"
YES, NO = [0.0, -50.0], [-50.0, 0.0]
ALL = CleanOptions().kinds


def proposed(source: str, kinds: tuple[str, ...] = ALL) -> tuple[Candidate, ...]:
    """What is proposed in a document that is one chunk."""
    return find_candidates(source, kinds, "en", [move_of(source, tear) for tear in tears(source, "en")])


def cleaned(source: str, answers: list[float] = YES, kinds: tuple[str, ...] = ALL) -> VerbatimResult:
    verbatim = Verbatim(Oracle(answers), load_judge())  # type: ignore[arg-type]
    return verbatim.clean(source, proposed(source, kinds), lambda: False)


@pytest.mark.parametrize("aside", [CAPTION, NOTE, "∗ Corresponding author: the miller of the lower mill."])
@pytest.mark.parametrize("answers", [YES, NO])
def test_the_sentence_is_whole_and_the_aside_behind_it_whatever_the_model_says(
    aside: str, answers: list[float]
) -> None:
    assert cleaned(f"{HALF}\n\n{aside}\n\n{REST} {NEXT}", answers).text == f"{HALF} {REST}\n\n{aside}\n\n{NEXT}"
    assert cleaned(f"{HALF}\n\n{aside}\n\n{REST}", answers).text == f"{HALF} {REST}\n\n{aside}"
    assert cleaned(f"{HALF}\n\n{aside}\n\n{REST}\n\n{NEXT}", answers).text == f"{HALF} {REST}\n\n{aside}\n\n{NEXT}"


def test_a_sentence_that_goes_on_with_a_sign_gets_no_blank_before_it() -> None:
    text = cleaned(f"{HALF.removesuffix(' that')}\n\n{NOTE}\n\n: {REST} {NEXT}").text
    assert text == f"{HALF.removesuffix(' that')}: {REST}\n\n{NOTE}\n\n{NEXT}"


def test_a_model_that_can_only_write_has_no_say_in_it() -> None:
    verbatim = Verbatim(Author(), load_judge(), write=lambda text, cancelled: (text, Usage()))  # type: ignore[arg-type]
    text = verbatim.clean(TORN, proposed(TORN), lambda: False).text
    assert text == f"{HALF} {REST}\n\n{CAPTION}\n\n{NEXT}"


@pytest.mark.parametrize(
    "source",
    [
        f"{HALF}\n\nFigure 1, larger than the others, shows the mills.\n\n{REST} {NEXT}",
        f"{HALF.removesuffix(' low that')} high in\n\nFig. 3. The mills on the river.\n\n{REST} {NEXT}",
        f"Names of mills are Upper Mill, Lower Mill, Hill Mill and Old Mill\n\n{CAPTION}\n\n{REST} {NEXT}",
        f"{HALF}\n\n1) The mills of the upper river stood still.\n\n{REST} {NEXT}",
    ],
    ids=["a sentence about a figure", "a figure that the sentence names", "names", "an item of a list"],
)
def test_a_doubtful_tear_is_proposed_and_left(source: str) -> None:
    result = cleaned(source, kinds=("aside",))
    assert result.text == source
    assert [edit.applied for edit in result.edits] == [False]


def test_a_name_goes_on_with_a_sentence_that_an_article_leaves_open_and_a_new_sentence_does_not() -> None:
    open_end = HALF.replace("so low that", "below the")
    torn = f"{open_end}\n\n{CAPTION}\n\nUpper Mill and then below the wheels of the others. {NEXT}"
    assert "below the Upper Mill and then" in cleaned(torn).text
    assert cleaned(f"{open_end}\n\n{CAPTION}\n\n{NEXT}", kinds=("aside",)).edits == ()
    heading = f"{open_end}\n\n{CAPTION}\n\n4. Mills and Their Wheels\n\nAll of them stood still."
    assert cleaned(heading, kinds=("aside",)).edits == ()


@pytest.mark.parametrize(
    ("half", "rest"),
    [
        (f"{HALF} of all of them (Moxon", "1683; Gaskell et al. 1972) the wheels stood still for weeks."),
        (HALF.removesuffix(" that"), "(as they had in the year before), and the wheels stood still for weeks."),
        (HALF.replace("so low that", "as in Equation (3),"), "which is why the wheels of it stood still for weeks."),
        (f"{HALF} the wheels stood still. Another", "mill by the lake and the road to it had to be given up."),
        (f"{HALF} the wheels stood still under the", "EM field of the lake and of the mills on it."),
        (f"{HALF} the wheels stood still under EM", "fields of the lake and of the mills that are on it."),
    ],
    ids=["a bracket", "in brackets", "a formula that is named", "its first word", "an acronym", "behind an acronym"],
)
def test_what_shows_that_a_sentence_goes_on(half: str, rest: str) -> None:
    assert cleaned(f"{half}\n\n{CAPTION}\n\n{rest} {NEXT}", kinds=("aside",)).text.startswith(f"{half} {rest}\n\n")


@pytest.mark.parametrize(
    "rest",
    [
        "Usually the wheels stood still for weeks and the grain had to be carried over the hills.",
        "(See the map of the river for all of them.)",
        "(a) The wheels of the mills that stood still for weeks.",
        "• Wheels of mills and the grain that had to be carried over the hills.",
        "b) the wheels of the mills that stood still for weeks.",
    ],
)
def test_what_begins_a_sentence_of_its_own_is_none(rest: str) -> None:
    source = f"{HALF.removesuffix(' that')} for the\n\n{CAPTION}\n\n{rest} {NEXT}"
    assert cleaned(source, kinds=("aside",)).text == source


CITING = (
    f"{HALF}\n\nFig. 3. The mills on the river (Moxon, 1683), see https://mills.org/map for more.\n\n"
    f"the wheels stood still (Gaskell, 1972) for weeks in the un- locked mills. {NEXT}"
)


def test_what_is_decided_in_the_aside_and_in_the_sentence_is_done_in_the_move() -> None:
    result = cleaned(CITING)
    assert f"{HALF} the wheels stood still for weeks in the unlocked mills.\n\nFig. 3. The mills on the" in result.text
    assert "Moxon" not in result.text
    applied = [Candidate(e.start, e.end, e.replacement, e.kind, 0.0) for e in result.edits if e.applied]
    assert [edit.kind for edit in applied] == ["aside"]
    assert result.text == apply_candidates(CITING, applied)
    refused = cleaned(CITING, NO).text
    assert "still (Gaskell, 1972) for weeks" in refused
    assert "(Moxon, 1683)" in refused


WORD = st.sampled_from(
    ["the", "mills", "of", "(Moxon, 1683)", "un- locked", "[3]", "wheels.", "https://a.org/b", "Lake²,", "α 2", "\n\n"]
)


@given(st.lists(WORD, max_size=12), st.lists(WORD, max_size=12), st.sampled_from([YES, NO, [0.0, -1.0, -3.0]]))
def test_no_word_is_lost_or_made_but_those_that_an_edit_takes_out(
    inside: list[str], behind: list[str], answers: list[float]
) -> None:
    source = f"{HALF}\n\n{CAPTION} {' '.join(inside)} It ends here.\n\n{REST} {' '.join(behind)}"
    moved = cleaned(source, answers, ("aside",))
    assert sorted(moved.text.split()) == sorted(source.split())
    result = cleaned(source, answers)
    assert set("".join(result.text.split())) <= set("".join(source.split()))
    letters = sorted(character for character in result.text if character.isalnum())
    there = sorted(character for character in source if character.isalnum())
    assert all(letters.count(character) <= there.count(character) for character in set(letters))
    applied = [Candidate(e.start, e.end, e.replacement, e.kind, 0.0) for e in result.edits if e.applied]
    assert result.text == apply_candidates(source, applied)


def test_the_checks_find_nothing_in_it() -> None:
    for source in (TORN, CITING, f"{HALF}\n\n{NOTE}\n\n{REST}"):
        assert check(source, cleaned(source).text).flags == ()


def test_what_only_another_chunk_shows_of_a_tear_comes_with_the_chunk_and_stays_with_it_in_the_session(
    tmp_path: Path,
) -> None:
    mark = f"The lake was frozen in that year.4 {NEXT}\n\n{NEXT} {NEXT} {NEXT}"
    text = f"{mark}\n\n{HALF}\n\n{NOTE}\n\n{REST} {NEXT}\n\n{NEXT}"
    with new_session(tmp_path, text=text, size=500) as session:
        kept = [(piece.source, move) for piece in session.chunks() for move in piece.candidates if move.kind == KIND]
    [(source, move)] = kept
    assert "year.4" not in source
    result = Verbatim(Oracle(NO), load_judge()).clean(source, [move], lambda: False)  # type: ignore[arg-type]
    assert f"{HALF} {REST}\n\n{NOTE}\n\n" in result.text
    assert find_candidates(source, ALL, "en", [move]) != find_candidates(source, ALL[:-1], "en", [move])
    assert KIND not in {one.kind for one in find_candidates(source, ("citation",), "en", [move])}


@pytest.mark.parametrize("size", range(290, 420, 10))
def test_what_tore_a_sentence_never_runs_on_into_the_next_chunk(size: int) -> None:
    prepared = prepare(document(f"{NEXT}\n\n{TORN}\n\n{NEXT}"))
    for piece in chunk(prepared, ChunkOptions(size=size)):
        assert all(move.end < len(piece.text) for move in piece.candidates)
        assert (HALF in piece.text and NEXT[:20] in piece.text) >= bool(piece.candidates)


def test_a_torn_sentence_stays_in_one_chunk_with_what_tears_it() -> None:
    prepared = prepare(document(f"{NEXT} {NEXT} {NEXT}\n\n{NEXT} {TORN}\n\n{NEXT}\n\n{NEXT}"))
    pieces = [piece.text for piece in chunk(prepared, ChunkOptions(size=450))]
    assert any(HALF in piece and REST in piece for piece in pieces)
    small = [piece.text for piece in chunk(prepared, ChunkOptions(size=200))]
    assert all(len(piece) <= 200 for piece in small)
    assert not any(HALF in piece and REST in piece for piece in small)


@pytest.mark.parametrize("view", ["inline", "side"])
def test_of_a_move_only_the_words_that_have_moved_are_marked_and_all_of_it_is_one_stop(view: str) -> None:
    result = cleaned(TORN)
    layout = lay_out(TORN, result.text, view=view, width=300, edits=result.edits)
    pieces = [piece for line in layout.lines for piece in line]
    marked = {
        kind: " ".join(piece.text for piece in pieces if piece.look.kind == kind) for kind in ("deleted", "inserted")
    }
    assert [re.findall(r"\w+", words) for words in marked.values()] == [re.findall(r"\w+", REST)] * 2
    assert [stop.edit for stop in layout.stops] == [0]


def test_switched_off_by_hand_the_source_stands_again_and_on_again_the_move(tmp_path: Path) -> None:
    with new_session(tmp_path, text=CITING, size=1000) as session:
        source = session.chunk(0).source
        result = cleaned(source)
        session.add_attempt(attempt(0, result.text.strip(), edits=result.edits, flags=()), choose=True, state="done")
        kinds = [edit.kind for edit in result.edits]
        move, citation = kinds.index("aside"), kinds.index("citation")
        assert review.switch_edit(session, 0, move) == source.strip()
        assert "Moxon" not in review.switch_edit(session, 0, citation)
        assert review.switch_edit(session, 0, move) == result.text.strip()
        assert_undone(session, source)


def assert_undone(session: Session, source: str) -> None:
    for _ in range(2):
        session.undo()
    assert session.text_of(0) == source.strip()
