"""A session is looked at without being touched, and what is left of a damaged one is saved beside it."""

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from making import TEXT, attempt, new_session

from galley.core.errors import SessionBusyError, SessionError
from galley.core.session import Session, check, list_sessions, resolve, salvage
from galley.core.session.database import journal_path
from galley.core.session.mend import LOST
from galley.core.session.migrations import VERSION

PAGE = 4096
GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
VERSION_1 = Path(__file__).parent / "data" / "session-v1.sql"


def make(folder: Path, text: str = TEXT * 30) -> Path:
    """A finished session with some of everything."""
    with new_session(folder, text) as session:
        session.begin_run("llama.cpp", "m.gguf")
        for chunk in session.chunks():
            session.add_attempt(attempt(chunk.index, f"clean {chunk.index}"), choose=True, state="done")
        session.add_attempt(attempt(0, "tried again"), choose=False)
        session.end_run("finished", 3.0)
        session.decide(0, "edited", "by hand")
        session.decide(1, "source")
        session.decide_all([2, 3], "accepted")
        session.decide(4, "accepted")
        session.undo()
        session.keep_place({"chunk": "3"})
        return session.path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made"))


@pytest.fixture
def path(tmp_path: Path, made: Path) -> Path:
    """A copy of a finished session, to be spoiled."""
    return Path(shutil.copy(made, tmp_path))


def spoil(path: Path, query: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(query)
    connection.close()


def texts(path: Path) -> list[str | None]:
    with Session.open(path, write=False) as session:
        return [result.text for result in session.results()]


def everything(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(path) as connection:
        tables = ("document", "pages", "chunks", "attempts", "decisions", "runs", "place")
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    connection.close()
    return rows


def test_a_whole_session_is_whole_and_its_counts_are_told(path: Path) -> None:
    before = path.read_bytes()
    health = check(path)
    assert health.problems == ()
    assert health.counts["attempts"] == health.counts["chunks"] + 1
    assert health.counts["decisions"] == 5
    assert path.read_bytes() == before


@pytest.mark.parametrize("how", ["pending", "failed", "edits switched"])
def test_what_is_unfinished_or_failed_is_no_damage(tmp_path: Path, how: str) -> None:
    with new_session(tmp_path) as session:
        path = session.path
        if how == "failed":
            session.add_attempt(attempt(0, "", error="no"), choose=False, state="failed", note="no")
        if how == "edits switched":
            session.add_attempt(attempt(0), choose=True, state="done")
            session.decide(0, "edited", "by hand", switched=[0])
    assert check(path).problems == ()


WRONG = {
    "DELETE FROM chunks WHERE idx = 2": "Chunks 3 to 3 are missing.",
    "UPDATE chunks SET source = source || '!' WHERE idx = 2": "Chunk 4 does not begin where the one before it ends.",
    "UPDATE chunks SET last_page = 0 WHERE idx = 2": "Chunk 3 has no sensible pages",
    "UPDATE chunks SET candidates = '[{]' WHERE idx = 2": "Chunk 3 can't be understood",
    "UPDATE chunks SET chosen = NULL WHERE idx = 2": "Chunk 3 is done, and no attempt counts.",
    "UPDATE chunks SET chosen = 1 WHERE idx = 2": "The attempt that counts for chunk 3 is another chunk's.",
    "UPDATE attempts SET error = 'no' WHERE id = 3": "The attempt that counts for chunk 3 has no output.",
    "DELETE FROM attempts WHERE id = 3": "Row 2 of chunks belongs to a row of attempts that is gone.",
    "UPDATE attempts SET flags = '7' WHERE id = 3": "Attempt 3 can't be understood",
    "UPDATE attempts SET flagged = 0 WHERE id = 3": "Attempt 3 is counted as not flagged",
    "UPDATE attempts SET edits = replace(edits, '7', '9999') WHERE id = 3": "Attempt 3 has edits outside",
    "UPDATE attempts SET chunk = 999 WHERE id = 3": "Row 3 of attempts belongs to a row of chunks that is gone.",
    "UPDATE decisions SET text = NULL WHERE id = 1": "Decision 1 is edited and has no text.",
    "UPDATE decisions SET text = 'x' WHERE id = 2": "Decision 2 is source and has a text.",
    "UPDATE decisions SET attempt = 99 WHERE id = 3": "Decision 3 is about an attempt (99) that is not its chunk's.",
    "UPDATE decisions SET switched = '[5]' WHERE id = 1": "Decision 1 switches edits that its attempt does not have.",
    "UPDATE decisions SET step = NULL WHERE id = 1": "Decision 1 belongs to no step.",
    "UPDATE decisions SET undone = 1 WHERE id = 1": "Decision 2 stands, and one before it is undone.",
    "DELETE FROM document": "The document's own row is gone.",
    "UPDATE document SET settings = '{}x'": "The document's row can't be understood",
    "UPDATE document SET characters = 5": "The chunks end at character",
}


@pytest.mark.parametrize("query", WRONG)
def test_each_rule_that_does_not_hold_is_a_sentence_and_the_repaired_session_is_whole(path: Path, query: str) -> None:
    spoil(path, query)
    before = path.read_bytes()
    health = check(path)
    assert any(problem.startswith(WRONG[query]) for problem in health.problems), health.problems
    salvaged = salvage(path)
    if salvaged.path.suffix == ".galley":
        assert check(salvaged.path).problems == ()
    assert path.read_bytes() == before


def test_a_session_in_the_middle_of_a_commit_or_of_an_earlier_version_is_looked_at_in_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "old.galley"
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1.read_text())
    connection.close()
    before = path.read_bytes()
    assert check(path).problems == ()
    assert path.read_bytes() == before


def test_a_session_of_a_newer_version_is_neither_judged_nor_repaired(path: Path) -> None:
    spoil(path, f"PRAGMA user_version = {VERSION + 1}")
    for look in (check, salvage):
        with pytest.raises(SessionError, match="newer Galley"):
            look(path)


def test_a_session_that_somebody_writes_to_is_checked_and_not_repaired(path: Path) -> None:
    with Session.open(path):
        assert check(path).problems == ()
        with pytest.raises(SessionBusyError):
            salvage(path)


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
    [
        (b"CREATE TABLE document", b"CREATE TABLE docu\x1b[2J"),
        (b"chunks_by_statechunks\x05CREATE", b"chunks\nby\nstatechunks\x05CR\nATE"),
    ],
    ids=["an escape sequence", "several lines"],
)
def test_what_sqlite_quotes_out_of_a_damaged_file_is_one_line_that_paints_on_no_terminal(
    path: Path, was: bytes, became: bytes
) -> None:
    path.write_bytes(path.read_bytes().replace(was, became, 1))
    (problem,) = check(path).problems
    assert problem.isprintable()
    with pytest.raises(SessionError, match="malformed") as caught:
        Session.open(path, write=False)
    assert str(caught.value).isprintable()


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


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GALLEY, "sessions", "check", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_line_checks_repairs_and_says_what_was_lost(path: Path) -> None:
    where = ["--session-dir", str(path.parent)]
    whole = run("--all", *where)
    assert (whole.returncode, whole.stdout.count("whole (")) == (0, 1)
    path.write_bytes(path.read_bytes()[:-PAGE])
    done = run(path.stem, "--repair", *where)
    assert done.returncode == 1
    assert "damaged." in done.stdout
    assert "Saved: " in done.stdout
    assert ".repaired1.galley" in done.stdout
    both = run("--all", "--json", *where)
    told = json.loads(both.stdout)
    assert [bool(entry["problems"]) for entry in told] == [True, False]
    assert run(*where).returncode == 2


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
