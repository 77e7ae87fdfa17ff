"""Where a text goes that has one there already: what a session can write again makes room, all else stays."""

import errno
import json
import os
import sqlite3
from pathlib import Path

import pytest
from batches import batch, galley, report, shelf, texts
from making import attempt, new_session

from galley.core.clean.options import CleanOptions
from galley.core.errors import StorageError
from galley.core.export import NotOursError, forget, write
from galley.core.session import Session, remove, salvage, set_aside
from galley.core.settings import RunSettings

NOTE = "One sentence of plain text (Moxon, 1683). Another one fol-\nlows it here.\n"


def finished(directory: Path, words: str, mode: str = "rules") -> Session:
    session = new_session(directory, settings=RunSettings(clean=CleanOptions(mode=mode)))
    for record in session.chunks():
        session.add_attempt(attempt(record.index, f"{words} {record.index}", flags=()), choose=True, state="done")
    return session


def test_a_text_of_the_same_session_is_written_anew_without_a_word(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with finished(tmp_path / "s", "first") as session:
        write(session, target, "txt")
        session.decide(0, "edited", "Another beginning.")
        again = write(session, target, "txt")
    assert again.replaced is None
    assert target.read_text().startswith("Another beginning.")


def test_a_text_of_another_session_makes_room_and_is_named(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with finished(tmp_path / "s", "first") as first, finished(tmp_path / "s", "second", "verbatim") as second:
        write(first, target, "txt")
        report = write(second, target, "txt")
        assert report.replaced is not None
        assert report.replaced.session == first.path
        assert report.replaced.what == "the text of an earlier run in rules mode"
        with Session.open(first.path, write=False) as reopened:
            write(reopened, tmp_path / "back.txt", "txt")
    assert (tmp_path / "back.txt").read_text().startswith("first 0")


def test_a_text_that_was_moved_is_still_known(tmp_path: Path) -> None:
    with finished(tmp_path / "s", "first") as first, finished(tmp_path / "s", "second", "verbatim") as second:
        write(first, tmp_path / "out.txt", "txt")
        (tmp_path / "out.txt").rename(tmp_path / "moved.txt")
        report = write(second, tmp_path / "moved.txt", "txt")
    assert report.replaced is not None


@pytest.mark.parametrize("format", ["txt", "md", "jsonl"])
def test_what_a_person_changed_stays_and_nothing_is_left_beside_it(tmp_path: Path, format: str) -> None:
    target = tmp_path / f"out.{format}"
    with finished(tmp_path / "s", "first") as session:
        write(session, target, format)
        target.write_text(target.read_text() + "A line of mine.")
        edited = target.read_bytes()
        with pytest.raises(NotOursError, match="was changed since"):
            write(session, target, format)
        assert target.read_bytes() == edited
        assert sorted(path.name for path in tmp_path.iterdir()) == [target.name, "s"]
        write(session, target, format, force=True)
    assert target.read_bytes() != edited


def test_a_text_whose_session_is_gone_is_the_only_one_there_is(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with finished(tmp_path / "s", "first") as first:
        write(first, target, "txt")
    remove(first.path)
    with finished(tmp_path / "s", "second", "verbatim") as second, pytest.raises(NotOursError):
        write(second, target, "txt")
    assert target.read_text().startswith("first 0")


def test_a_session_that_was_set_aside_still_has_its_text(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with finished(tmp_path / "s", "first") as first:
        write(first, target, "txt")
    aside = set_aside(first.path)
    with finished(tmp_path / "s", "second") as second:
        write(second, target, "txt")
    assert target.read_text().startswith("second 0")
    with Session.open(aside, write=False) as kept:
        write(kept, tmp_path / "back.txt", "txt")


@pytest.mark.parametrize("lost", [False, True])
def test_a_session_that_was_saved_from_a_damaged_one_has_its_text_unless_a_part_is_lost(
    tmp_path: Path, lost: bool
) -> None:
    target = tmp_path / "out.txt"
    with finished(tmp_path / "s", "first") as first:
        write(first, target, "txt")
    saved = salvage(first.path).path
    assert ".repaired1" in saved.name
    first.path.write_bytes(first.path.read_bytes()[:3000])
    if lost:
        with sqlite3.connect(saved) as connection:
            connection.execute("UPDATE chunks SET state = 'pending', chosen = NULL WHERE idx = 0")
        connection.close()
    with finished(tmp_path / "other", "second") as second:
        if lost:
            with pytest.raises(NotOursError):
                write(second, target, "txt", notes=tmp_path / "s")
        else:
            replaced = write(second, target, "txt", notes=tmp_path / "s").replaced
            assert replaced is not None
            assert replaced.session == saved
    remove(saved)
    forget([saved], tmp_path / "s")
    assert len(list((tmp_path / "s" / ".written").iterdir())) == (0 if lost else 1), "the second text has its own"


def test_a_session_that_has_the_name_of_another_is_not_taken_for_it(tmp_path: Path) -> None:
    target, other = tmp_path / "out.txt", tmp_path / "other.txt"
    with finished(tmp_path / "s", "first") as first:
        first.decide(0, "edited", "My own words.")
        write(first, target, "txt")
    remove(first.path)
    with finished(tmp_path / "s", "second") as second:
        assert second.path == first.path
        write(second, other, "txt")
        with pytest.raises(NotOursError):
            write(second, target, "txt")
    assert target.read_text().startswith("My own words.")


def test_a_text_of_a_session_that_was_set_aside_is_named_with_its_new_name(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with finished(tmp_path / "s", "first") as first:
        write(first, target, "txt")
    aside = set_aside(first.path)
    with finished(tmp_path / "s", "second") as second:
        report = write(second, target, "txt")
    assert report.replaced is not None
    assert report.replaced.session == aside
    assert report.replaced.what == "the text of an earlier run with these settings"


def test_an_edit_that_its_session_has_lost_is_not_replaced_in_the_text(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with finished(tmp_path / "s", "first") as session:
        session.decide(0, "edited", "My own words.")
        write(session, target, "txt")
        session.undo()
        session.decide(0, "accepted")
        with pytest.raises(NotOursError, match="no longer has the words"):
            write(session, target, "txt")
        assert target.read_text().startswith("My own words.")
        write(session, target, "txt", force=True)
    assert target.read_text().startswith("first 0")


def test_an_edit_that_can_be_made_again_makes_room(tmp_path: Path) -> None:
    target = tmp_path / "out.txt"
    with finished(tmp_path / "s", "first") as session:
        session.decide(0, "edited", "My own words.")
        write(session, target, "txt")
        session.undo()
        write(session, target, "txt")
        assert target.read_text().startswith("first 0")
        session.redo()
        write(session, target, "txt")
    assert target.read_text().startswith("My own words.")


def test_removed_sessions_leave_no_notes_and_those_of_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    with finished(folder, "first") as first:
        write(first, tmp_path / "first.txt", "txt")
    aside = set_aside(first.path)
    with finished(folder, "second") as second:
        write(second, tmp_path / "second.txt", "txt")
    assert galley(tmp_path, "sessions", "rm", "-y", str(second.path), "--session-dir", str(folder)).returncode == 0
    assert len(list((folder / ".written").iterdir())) == 1
    assert galley(tmp_path, "sessions", "rm", "-y", str(aside), "--session-dir", str(folder)).returncode == 0
    assert list((folder / ".written").iterdir()) == []


def test_a_text_that_cannot_be_read_is_told_of_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "out.txt"
    target.write_text("something")

    def fail(*_: object) -> object:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with finished(tmp_path / "s", "first") as session:
        monkeypatch.setattr("hashlib.file_digest", fail)
        with pytest.raises(StorageError, match="can't be read: Permission denied"):
            write(session, target, "txt")
    assert target.read_text() == "something"


def test_a_session_elsewhere_is_exported_without_a_trace_in_its_folder(tmp_path: Path) -> None:
    with finished(tmp_path / "elsewhere", "first") as session:
        pass
    before = sorted(session.path.parent.iterdir())
    (tmp_path / "s").mkdir()
    for words in ("first 0", "Edited."):
        done = galley(tmp_path, "export", str(session.path), "-o", "out.txt", "--session-dir", str(tmp_path / "s"))
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "out.txt").read_text().startswith(words)
        assert sorted(session.path.parent.iterdir()) == before
        with Session.open(session.path) as again:
            again.decide(0, "edited", "Edited.")


def test_an_empty_file_and_the_very_text_are_in_nobodys_way(tmp_path: Path) -> None:
    empty, same = tmp_path / "empty.txt", tmp_path / "same.txt"
    empty.touch()
    with finished(tmp_path / "s", "first") as session:
        write(session, empty, "txt")
        same.write_bytes(empty.read_bytes())
        for note in (tmp_path / "s" / ".written").iterdir():
            note.unlink()
        write(session, same, "txt")
    assert same.read_bytes() == empty.read_bytes()


def test_clean_in_another_mode_says_what_it_replaced_and_how_to_have_it_again(
    tmp_path: Path, embedded_model: Path
) -> None:
    (tmp_path / "notes.txt").write_text(NOTE)
    assert galley(tmp_path, "clean", "notes.txt", "--mode", "rules").returncode == 0
    before = (tmp_path / "clean_notes.txt").read_text()
    done = galley(tmp_path, "clean", "notes.txt", "--mode", "verbatim")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "replaced" in line]
    assert "the text of an earlier run in rules mode" in line
    session = line.partition("galley export ")[2].partition(" -o ")[0]
    assert galley(tmp_path, "export", session, "-o", "rules.txt").returncode == 0
    assert (tmp_path / "rules.txt").read_text() == before


def test_clean_resume_and_export_leave_a_changed_text_alone_until_forced(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(NOTE)
    galley(tmp_path, "clean", "notes.txt", "--mode", "rules")
    (tmp_path / "clean_notes.txt").write_text("My own words.\n")
    for command in (
        ["clean", "notes.txt", "--mode", "rules"],
        ["clean", "notes.txt", "--mode", "rules", "--chunk-size", "100"],
        ["resume", "notes-"],
        ["export", "notes-"],
    ):
        done = galley(tmp_path, *command)
        assert done.returncode == 2, done.stderr
        assert "was changed since Galley wrote it" in done.stderr
        assert "--force" in done.stderr
        assert (tmp_path / "clean_notes.txt").read_text() == "My own words.\n"
    assert galley(tmp_path, "clean", "notes.txt", "--mode", "rules", "--force").returncode == 0
    assert (tmp_path / "clean_notes.txt").read_text().startswith("One sentence")


def test_a_file_that_was_never_galleys_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(NOTE)
    (tmp_path / "clean_notes.txt").write_text("A shopping list.\n")
    done = galley(tmp_path, "clean", "notes.txt", "--mode", "rules")
    assert done.returncode == 2
    assert (tmp_path / "clean_notes.txt").read_text() == "A shopping list.\n"
    assert json.loads(galley(tmp_path, "sessions", "--json").stdout) == []


@pytest.mark.parametrize("command", [["clean", "notes.txt", "--mode", "rules"], ["resume", "notes-"]])
def test_the_same_command_writes_its_own_text_that_has_no_note(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "notes.txt").write_text(NOTE)
    galley(tmp_path, "clean", "notes.txt", "--mode", "rules")
    folder = Path(galley(tmp_path, "sessions", "path").stdout.strip())
    notes = list((folder / ".written").iterdir())
    assert notes
    for note in notes:
        note.unlink()
    done = galley(tmp_path, *command)
    assert done.returncode == 0, done.stderr
    assert "characters in" in done.stderr


def test_a_place_that_cannot_be_written_is_told_in_a_sentence_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(NOTE)
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    for name, words in (
        ("x" * 300 + ".txt", "File name too long"),
        ("loop.txt", "Too many levels of symbolic links"),
        ("pipe.txt", "is a pipe or a device"),
    ):
        done = galley(tmp_path, "clean", "notes.txt", "--mode", "rules", "-o", name)
        assert done.returncode == 2, done.stderr
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert json.loads(galley(tmp_path, "sessions", "--json").stdout) == []
    galley(tmp_path, "clean", "notes.txt", "--mode", "rules")
    for command in ("resume", "export"):
        done = galley(tmp_path, command, "notes-", "-o", "loop.txt")
        assert done.returncode == 2, done.stderr
        assert "Too many levels of symbolic links" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_batch_counts_what_it_replaced_and_names_the_sessions(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt", "b.txt")
    batch(tmp_path, "in")
    before = report(tmp_path)
    assert all(document["replaced"] is None for document in before.values())
    done = batch(tmp_path, "in", "--max-chars", "120")
    assert "Replaced 2 texts of earlier runs" in done.stderr
    for name, document in report(tmp_path).items():
        assert document["replaced"] == before[name]["session"]


def test_a_batch_sets_a_document_aside_whose_text_a_person_changed(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt", "b.txt")
    batch(tmp_path, "in")
    (tmp_path / "out" / "a.txt").write_text("My own words.\n")
    done = batch(tmp_path, "in", "--chunk-size", "100")
    assert done.returncode == 1
    assert "a.txt was changed since Galley wrote it" in done.stderr
    assert texts(tmp_path)["a.txt"] == b"My own words.\n"
    forced = batch(tmp_path, "in", "--chunk-size", "100", "--force")
    assert forced.returncode == 0, forced.stderr
    assert texts(tmp_path)["a.txt"] != b"My own words.\n"
