"""Who has a document of a batch in hand on a cluster, and who had it when it was lost."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest
from batches import PROSE

from galley.cli.batchview import Lines
from galley.core.batch.events import DocumentBegun, DocumentTakenOver
from galley.core.batch.holding import FOLDER, MOST_TRIES, Hold, Holder, Lookout, Loss, held, holdings, loss_of
from galley.core.batch.node import Orders, Row, read, row_of
from galley.core.batch.tasks import Task
from galley.core.config import load_config
from galley.core.errors import InputError

ONE, OTHER = Holder("a" * 40, "north", 11), Holder("b" * 40, "south", 12)


def test_a_document_is_in_hand_for_as_long_as_it_is_worked_on(tmp_path: Path) -> None:
    with held(tmp_path, 7, ONE) as hold:
        hold.opened(0, 5)
        assert [(number, holding.holder) for number, holding in holdings(tmp_path)] == [(7, ONE)]
        assert hold.losses == []
    assert list(holdings(tmp_path)) == []
    assert (tmp_path / FOLDER).stat().st_mode & 0o077 == 0


def test_whoever_takes_what_a_lost_process_had_in_hand_says_so_once_it_has_it(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    Hold(tmp_path / FOLDER / "7", ONE)  # lost: it never comes to its end
    with held(tmp_path, 7, OTHER) as hold:
        assert hold.losses == [], "the session may still be in the hands of one who lives"
        hold.opened(3, 5)
        hold.opened(4, 5)
        assert hold.losses == [Loss(ONE, OTHER, 3, 5)]
        ((_, holding),) = holdings(tmp_path)
        assert (holding.holder, holding.losses) == (OTHER, (Loss(ONE, OTHER, 3, 5),))
        assert str(hold.losses[0]) == (
            "It was in hand with process 11 on north (node aaaaaaaa), which was lost with 3 of 5 chunks done; "
            "process 12 on south (node bbbbbbbb) went on."
        )


def test_one_who_was_taken_for_lost_does_not_take_the_others_file_away(tmp_path: Path) -> None:
    with held(tmp_path, 7, ONE):
        other = Hold(tmp_path / FOLDER / "7", OTHER)
    assert [holding.holder for _, holding in holdings(tmp_path)] == [OTHER]
    other.end()
    assert list(holdings(tmp_path)) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"holder": {"pid": 1}, "losses": []}', b"\xff"])
def test_a_file_that_says_nothing_costs_the_telling_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "7").write_bytes(content)
    assert list(holdings(tmp_path)) == []
    with held(tmp_path, 7, OTHER) as hold:
        hold.opened(3, 5)
        assert hold.losses == []


def test_where_no_file_can_be_written_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    with held(tmp_path, 7, ONE) as hold:
        hold.opened(3, 5)
    assert (tmp_path / FOLDER).read_text() == "in the way"


def test_each_change_of_hands_is_told_once(tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []
    lookout = Lookout(
        tmp_path,
        lambda number, holder: told.append((number, holder.host)),
        lambda number, loss: told.append((number, f"{loss.lost.host} was lost")),
    )
    with held(tmp_path, 7, ONE):
        lookout.look()
        lookout.look()
        hold = Hold(tmp_path / FOLDER / "7", OTHER)
        hold.opened(3, 5)
    lookout.look()
    lookout.tell(7, tuple(hold.losses))
    assert told == [(7, "north"), (7, "north was lost"), (7, "south")]
    assert lookout.last(7) == OTHER


def rules_row(folder: Path) -> tuple[Row, str]:
    """A row for `a.txt` in the folder, and the orders that go with it."""
    config = load_config(overrides={"clean.mode": "rules"}).model_dump(mode="json")
    orders = Orders(version("galley-tui"), str(folder), {"a": config}, 0)
    task = Task(1, str(folder / "a.txt"), config, None, str(folder / "a.out.txt"), True)
    return row_of(task, "a"), orders.to_json()


def test_a_node_answers_with_who_had_the_document_before(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    (tmp_path / FOLDER).mkdir()
    Hold(tmp_path / FOLDER / "1", ONE)
    row, orders = rules_row(tmp_path)
    answer = read(row, orders, "c" * 40)
    assert json.loads(answer["answer"])["event"] == "done"
    (loss,) = map(loss_of, json.loads(answer["losses"]))
    assert (loss.lost, loss.taker.node, loss.done) == (ONE, "c" * 40, 0)
    assert list(holdings(tmp_path)) == []


def node(number: int) -> Holder:
    return Holder(f"{number:040}", f"host{number}", number)


def test_a_document_that_ends_whoever_takes_it_is_set_aside_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    (tmp_path / FOLDER).mkdir()
    for number in range(MOST_TRIES):
        Hold(tmp_path / FOLDER / "1", node(number)).check()
    row, orders = rules_row(tmp_path)
    answer = json.loads(read(row, orders, "c" * 40)["answer"])
    assert (answer["event"], answer["kind"]) == ("failed", "InputError")
    assert f"lost {MOST_TRIES} times without getting any further, the last time with process 4" in answer["message"]
    again = read(row, orders, "c" * 40)
    assert json.loads(again["answer"])["event"] == "done", "--retry-failed begins anew"


def test_one_that_gets_further_each_time_is_handed_on_as_often_as_it_takes(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    for number in range(3 * MOST_TRIES):
        hold = Hold(tmp_path / FOLDER / "1", node(number))
        hold.check()
        hold.opened(number, 100)
    for number in range(MOST_TRIES):
        hold = Hold(tmp_path / FOLDER / "1", node(100 + number))
        if number < MOST_TRIES - 1:
            hold.check()
            hold.opened(14, 100)
    with pytest.raises(InputError, match="without getting any further"):
        Hold(tmp_path / FOLDER / "1", node(200)).check()


def test_a_document_that_changed_hands_is_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(2)
    lines(DocumentBegun(1, "a.pdf", str(ONE)))
    lines(DocumentTakenOver(1, "a.pdf", str(Loss(ONE, OTHER, 3, 5))))
    assert "[0/2] a.pdf: It was in hand with process 11 on north" in capsys.readouterr().err
    assert "1 taken over from lost processes" in lines.words()
    assert [hand.holder for hand in lines.rows()] == [str(ONE)]
