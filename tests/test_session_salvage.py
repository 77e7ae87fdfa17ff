"""What is left of a damaged session is saved beside it, and the session itself is left as it is."""

import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from making import TEXT, attempt, new_session
from spoiling import PAGE, everything, finished, make, spoil, texts

from galley.core.errors import SessionError
from galley.core.session import Session, check, list_sessions, resolve, salvage
from galley.core.session.database import journal_path
from galley.core.session.mend import LOST


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A finished session, to be spoiled."""
    return finished(tmp_path)


@pytest.mark.parametrize("lost", ["nothing", "the first page", "all inner pages"])
def test_as_long_as_the_leaves_are_there_nothing_is_lost(path: Path, lost: str) -> None:
    data = bytearray(path.read_bytes())
    if lost == "the first page":
        data[:PAGE] = random.Random(1).randbytes(PAGE)
    if lost == "all inner pages":
        for start in range(PAGE, len(data), PAGE):
            if data[start] in (2, 5):
                data[start : start + PAGE] = bytes(PAGE)
    expected = everything(path)
    path.write_bytes(data)
    if lost != "nothing":
        assert check(path).problems
    salvaged = salvage(path)
    assert everything(salvaged.path) == expected
    assert not any(salvaged.lost.values())
    assert check(salvaged.path).problems == ()


def test_a_long_text_that_runs_over_many_pages_is_saved(tmp_path: Path) -> None:
    with new_session(tmp_path, TEXT) as session:
        session.add_attempt(attempt(0, "wörter " * 9000), choose=True, state="done")
        path = session.path
    expected = everything(path)
    path.write_bytes(bytes(PAGE) + path.read_bytes()[PAGE:])
    assert everything(salvage(path).path) == expected


def sound(name: str, before: list[str | None], salvaged: Path) -> int:
    """Everything in a saved session is what it was, or a mark of a loss. Returns how many texts are the same."""
    assert check(salvaged).problems == (), name
    after = texts(salvaged)
    with Session.open(salvaged, write=False) as session:
        sources = [chunk.source.strip() for chunk in session.chunks()]
    same = 0
    for index, text in enumerate(after[: len(before)]):
        old = before[index]
        same += text == old
        fine = text == old or text is None or text == f"clean {index}" or sources[index].startswith(LOST[:5])
        assert fine or text == "tried again", (name, index, old, text)
    return same


def test_a_session_that_is_cut_anywhere_is_told_and_saved_as_far_as_it_goes(path: Path) -> None:
    data, before = path.read_bytes(), texts(path)
    chance = random.Random(3)
    most = 0
    for cut in [PAGE, PAGE + 1, len(data) - 1, *(chance.randrange(1, len(data)) for _ in range(25))]:
        path.write_bytes(data[:cut])
        assert check(path).problems, cut
        try:
            salvaged = salvage(path)
        except SessionError:
            continue  # nothing was left
        assert path.read_bytes() == data[:cut]
        if salvaged.path.suffix == ".galley":
            most = max(most, sound(f"cut at {cut}", before, salvaged.path))
        salvaged.path.unlink()
    assert most > len(before) // 2


def test_pages_of_a_session_that_are_overwritten_are_told_and_the_others_saved(path: Path) -> None:
    data, before = path.read_bytes(), texts(path)
    chance = random.Random(5)
    kept: list[int] = []
    for round in range(25):
        spoiled = bytearray(data)
        start = chance.randrange(len(data) // PAGE) * PAGE
        spoiled[start : start + PAGE] = chance.randbytes(PAGE)
        path.write_bytes(spoiled)
        assert check(path).problems, start
        salvaged = salvage(path)
        assert path.read_bytes() == spoiled
        if salvaged.path.suffix == ".galley":
            kept.append(sound(f"round {round}, page at {start}", before, salvaged.path))
        salvaged.path.unlink()
    assert min(kept) > len(before) // 2


def test_flipped_bits_are_never_a_traceback_and_what_is_saved_is_whole(path: Path) -> None:
    data = path.read_bytes()
    chance = random.Random(11)
    told = 0
    for _ in range(60):
        spoiled = bytearray(data)
        for _ in range(chance.choice([1, 20, 300])):
            at = chance.randrange(len(spoiled))
            spoiled[at] ^= 1 << chance.randrange(8)
        path.write_bytes(spoiled)
        try:
            told += bool(check(path).problems)
            salvaged = salvage(path)
        except SessionError:
            told += 1
            continue
        if salvaged.path.suffix == ".galley":
            assert check(salvaged.path).problems == ()
        salvaged.path.unlink()
        assert path.read_bytes() == spoiled
    assert told > 40


def test_a_text_with_bytes_that_are_no_characters_is_kept_with_a_mark_for_them(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"by hand", b"b\xff hand"))
    salvaged = salvage(path)
    assert "could not be read stand as \ufffd in 1 text." in salvaged.notes[-1]
    with Session.open(salvaged.path, write=False) as session:
        assert session.text_of(0) == "b\ufffd hand"


@pytest.mark.parametrize(
    ("was", "became"),
    [(b"sha256 TEXT", b"sha257 TEXT"), (b"flagged INTEGER", b"flaggee INTEGER"), (b"start INTEGER", b"stbrt INTEGER")],
)
def test_a_bit_in_the_name_of_a_column_is_a_sentence_and_costs_nothing(path: Path, was: bytes, became: bytes) -> None:
    data = path.read_bytes()
    assert was in data
    path.write_bytes(data.replace(was, became))
    problems = check(path).problems
    assert problems
    assert all(problem.isprintable() for problem in problems)
    with suppress(SessionError), Session.open(path, write=False) as session:
        session.results()
    salvaged = salvage(path)
    assert (salvaged.lost["chunks"], check(salvaged.path).problems) == (0, ())


def test_a_chunk_that_lost_its_source_keeps_its_place_and_what_was_made_of_it(tmp_path: Path) -> None:
    path = make(tmp_path, TEXT * 60)
    with Session.open(path, write=False) as session:
        total, page_of = session.status().total, [chunk.pages for chunk in session.chunks()]
    spoil(path, "PRAGMA foreign_keys = OFF")
    spoil(path, "DELETE FROM chunks WHERE idx IN (5, 6, 7)")
    salvaged = salvage(path)
    assert (salvaged.saved["chunks"], salvaged.lost["chunks"]) == (total - 3, 3)
    with Session.open(salvaged.path) as session:
        assert session.text_of(6) == "clean 6"
        assert session.chunk(6).source.startswith(LOST)
        assert session.chunk(8).pages == page_of[8]
        assert session.page_runs
    assert "The source of 3 chunks is lost: 3 still with a cleaned text" in " ".join(salvaged.notes)


@pytest.mark.parametrize("bit", [17, 22, 45])
@pytest.mark.parametrize("where", ["the document", "a chunk", "a chunk, the document being lost"])
def test_a_flipped_bit_in_a_length_makes_no_text_that_was_never_there(path: Path, where: str, bit: int) -> None:
    if where == "the document":
        spoil(path, f"UPDATE document SET characters = characters + (1 << {bit})")
    else:
        spoil(path, "DELETE FROM chunks WHERE idx = 5")
        spoil(path, f"UPDATE chunks SET start = start + (1 << {bit}) WHERE idx = 6")
        spoil(path, f"UPDATE document SET characters = characters + (1 << {bit + 1})")
    if where.endswith("lost"):
        spoil(path, "DELETE FROM document")
    salvaged = salvage(path)
    assert salvaged.path.stat().st_size <= path.stat().st_size + 2 * PAGE
    assert salvaged.lost["chunks"] <= 2


def test_a_chunk_that_lost_its_attempt_is_cleaned_again_and_its_acceptance_is_gone(path: Path) -> None:
    spoil(path, "DELETE FROM attempts WHERE chunk = 2")
    salvaged = salvage(path)
    with Session.open(salvaged.path) as session:
        assert session.pending() == [2]
        assert session.chunk(2).decision is None
        assert session.chunk(3).decision == "accepted"
    assert salvaged.lost["attempts"] == 1
    assert "the attempt that counted is lost: 1 chunk." in " ".join(salvaged.notes)


def test_what_a_person_wrote_is_kept_even_where_all_else_of_the_chunk_is_gone(path: Path) -> None:
    spoil(path, "DELETE FROM attempts WHERE chunk = 0")
    spoil(path, "DELETE FROM chunks WHERE idx = 0")
    with Session.open(salvage(path).path, write=False) as session:
        assert session.text_of(0) == "by hand"


def test_without_the_documents_row_the_text_alone_is_saved_and_that_is_said(path: Path) -> None:
    before = texts(path)
    spoil(path, "DELETE FROM document")
    salvaged = salvage(path)
    assert salvaged.path.name.endswith(".repaired1.txt")
    assert salvaged.path.stat().st_mode & 0o777 == 0o600
    paragraphs = salvaged.path.read_text().strip().split("\n\n")
    assert paragraphs[0] == "by hand"
    assert paragraphs[5] == before[5]
    assert "no session" in salvaged.notes[0]
    assert sorted(entry.suffix for entry in path.parent.iterdir()) == [".galley", ".lock", ".txt"]


def test_the_text_alone_follows_what_a_person_said_last(path: Path) -> None:
    with Session.open(path) as session:
        session.decide(0, "source")
        session.decide(2, "edited", "by hand, and taken back")
        session.decide(2, None)
        expected = [result.text.strip() for result in session.results() if result.text is not None]
        assert expected[0] == session.chunk(0).source.strip()
    spoil(path, "DELETE FROM document")
    assert salvage(path).path.read_text().strip().split("\n\n") == expected


def test_a_file_in_which_nothing_is_left_is_one_sentence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "noise.galley"
    path.write_bytes(random.Random(2).randbytes(50_000))
    assert check(path).problems
    with pytest.raises(SessionError, match="Nothing could be saved"):
        salvage(path)
    assert {entry.suffix for entry in tmp_path.iterdir()} <= {".galley", ".lock"}


def test_a_second_repair_has_a_name_of_its_own_and_a_name_in_full_stays_unambiguous(path: Path) -> None:
    assert [salvage(path).path.name.rsplit(".", 2)[1] for _ in range(2)] == ["repaired1", "repaired2"]
    assert resolve(path.stem, path.parent) == path
    assert all(summary.error is None for summary in list_sessions(path.parent))


def test_a_killed_commit_is_undone_in_what_is_saved(path: Path) -> None:
    before = texts(path)
    program = (
        "import os, signal, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_size = 5')\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "connection.execute(\"UPDATE attempts SET output = 'half' || hex(randomblob(900))\")\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert journal_path(path).stat().st_size > 0
    torn = path.read_bytes()
    assert check(path).problems == ()
    assert texts(salvage(path).path) == before
    assert path.read_bytes() == torn
