"""Reviewing: what needs a look, what can be accepted at once, searching, and edits switched by hand."""

from pathlib import Path

import pytest
from making import attempt, document, new_session

from galley.core import review
from galley.core.checks import Flag
from galley.core.chunk import ChunkOptions, chunk
from galley.core.edits import EditDecision
from galley.core.errors import SessionError
from galley.core.prepare import prepare
from galley.core.prepare.options import PrepareOptions
from galley.core.session import Session
from galley.core.settings import RunSettings

SOURCE = "The old model (Wei, 2022) has un- locked new uses [3]."
EDITS = (
    EditDecision(13, 25, "", "citation", 0.9, True),
    EditDecision(32, 34, "", "hyphen", 0.55, True),
    EditDecision(32, 34, "-", "hyphen", 0.45, False),
    EditDecision(49, 53, "", "citation", 0.3, False),
)
OUTPUT = "The old model has unlocked new uses [3]."


def verbatim_session(folder: Path) -> Session:
    made = document(SOURCE)
    prepared = prepare(made, PrepareOptions(hyphens=False))
    session = Session.create(folder, made, prepared, chunk(prepared, ChunkOptions(size=200)), RunSettings())
    assert session.chunk(0).source.strip() == SOURCE
    session.add_attempt(attempt(0, OUTPUT, edits=EDITS, flags=()), choose=True, state="done")
    return session


def test_an_edit_is_switched_off_and_on_again_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    with verbatim_session(tmp_path) as session:
        assert review.switch_edit(session, 0, 0) == "The old model (Wei, 2022) has unlocked new uses [3]."
        decision = session.decision(0)
        assert decision is not None
        assert (decision.kind, decision.switched) == ("edited", (0,))
        assert review.switch_edit(session, 0, 0) == OUTPUT
        assert session.decision(0) is None


def test_an_alternative_at_the_same_place_gives_way(tmp_path: Path) -> None:
    with verbatim_session(tmp_path) as session:
        assert review.switch_edit(session, 0, 2) == "The old model has un-locked new uses [3]."
        assert [edit.applied for edit in review.switched_edits(session, 0)[1]] == [True, False, True, False]
        assert review.switch_edit(session, 0, 3) == "The old model has un-locked new uses."
        session.undo()
        assert session.text_of(0) == "The old model has un-locked new uses [3]."


def test_a_text_edited_by_hand_has_no_edits_to_switch_and_stays(tmp_path: Path) -> None:
    with verbatim_session(tmp_path) as session:
        session.decide(0, "edited", "by hand")
        with pytest.raises(SessionError, match="Undo that first"):
            review.switch_edit(session, 0, 0)
        assert session.text_of(0) == "by hand"
        session.undo()
        with pytest.raises(SessionError, match="It has 4"):
            review.switch_edit(session, 0, 4)


def test_only_finished_undecided_chunks_without_flags_are_accepted_at_once(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.add_attempt(attempt(0, flags=()), choose=True, state="done")
        session.add_attempt(attempt(1), choose=True, state="done")
        session.add_attempt(attempt(2, flags=(Flag("rewritten", "info", ()),)), choose=True, state="done")
        assert review.acceptable(session.rows()) == [0, 2]
        session.decide(0, "source")
        assert review.acceptable(session.rows()) == [2]


def test_the_next_that_needs_a_look_is_found_around_the_end(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        for index in range(3):
            session.add_attempt(attempt(index), choose=True, state="done")
        session.decide(1, "accepted")
        rows = session.rows()
        assert review.next_to_look_at(rows, 0) == 2
        assert review.next_to_look_at(rows, 2) == 0
        assert review.next_to_look_at(rows, 2, back=True) == 0
        session.decide_all([0, 2], "accepted")
        assert review.next_to_look_at(session.rows(), 1) is None


def test_filters_and_search_look_at_source_and_text(tmp_path: Path) -> None:
    with new_session(tmp_path) as session:
        session.add_attempt(attempt(0, "an Ökonom wrote it", flags=()), choose=True, state="done")
        session.decide(1, "edited", "by hand")
        assert review.search(session, "ökonom") == [0]
        assert review.search(session, "SECOND PARAGRAPH") == [
            chunk.index for chunk in session.chunks() if "second paragraph" in chunk.source.lower()
        ]
        rows = session.rows()
        assert [row.index for row in rows if review.shown(row, "edited")] == [1]
        assert [row.index for row in rows if review.shown(row, "undecided")] == [0]
        assert len([row for row in rows if review.shown(row, "all")]) == len(rows)


def test_an_edit_near_the_threshold_is_uncertain() -> None:
    assert [review.uncertain(edit, 0.5) for edit in EDITS] == [False, True, True, False]
    assert not review.uncertain(EditDecision(0, 1, "", "hyphen", None, True), 0.5)
