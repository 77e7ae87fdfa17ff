"""Lists of sessions in a terminal of 80 columns: a line each, with the mode, and names that can be typed as shown."""

import json
import os
import shlex
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from batches import batch, galley, shelf
from making import attempt, new_session
from terminal import Terminal

from galley.core.clean.options import CleanOptions
from galley.core.errors import SessionError
from galley.core.session import resolve
from galley.core.settings import RunSettings

LONG = "a-very-long-name-of-a-document-that-fills-more-than-half-of-a-terminal"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from galley.cli.main import main; main()", *arguments]


def printed(command: list[str], width: int) -> list[str]:
    """What a command prints in a terminal; a line that wraps would be two."""
    told = f"unset COLUMNS; {shlex.join(command)}; echo THE END; read wait"
    with TemporaryDirectory() as folder, Terminal(Path(folder), ["sh", "-c", told], (width, 24)) as terminal:
        return terminal.wait("THE END").partition("THE END")[0].splitlines()


def lines_in_terminal(*arguments: str) -> list[str]:
    return printed(command(*arguments), 80)


def test_a_session_is_one_line_of_80_columns_with_its_mode(tmp_path: Path) -> None:
    (tmp_path / f"{LONG}.txt").write_text("One sentence of plain text. Another one follows it here.\n")
    galley(tmp_path, "clean", f"{LONG}.txt", "--mode", "rules", "-q")
    header, row = lines_in_terminal("sessions")
    assert header.split() == ["SESSION", "MODE", "DONE", "FLAGS", "DECIDED", "WHEN", "STATE"]
    name, mode, done, *_ = row.split()
    assert (mode, done) == ("rules", "1/1")
    assert "…" in name
    assert galley(tmp_path, "sessions", "path", name).returncode == 0, "the name as it is shown finds it"


@pytest.mark.parametrize("name", ["export", "review"])
def test_a_short_name_that_fits_to_two_sessions_lists_them_with_what_tells_them_apart(
    tmp_path: Path, own_home: Path, name: str
) -> None:
    (tmp_path / "notes.txt").write_text("One sentence of plain text. Another one follows it here.\n")
    galley(tmp_path, "clean", "notes.txt", "--mode", "rules", "-q")
    galley(tmp_path, "clean", "notes.txt", "--mode", "rules", "--pages", "1", "-q")
    older, newer = sorted((own_home / "sessions").glob("*.galley"), key=lambda path: path.stat().st_mtime)
    os.utime(older, (1_700_000_000, 1_700_000_000))
    galley(tmp_path, "decide", newer.stem, "accept", "1")
    done = galley(tmp_path, name, "notes")
    assert done.returncode == 2
    first, *lines = done.stderr.splitlines()
    assert first == (
        "galley: 'notes' fits 2 sessions. "
        "Type one of these names, or as much of its beginning as no other has, the newest first:"
    )
    assert [line.split("  ")[1:4] for line in lines] == [
        [newer.stem, "rules", "1/1 done, 1 decided"],
        [older.stem, "rules", "1/1 done, 0 decided"],
    ]
    assert lines[1].endswith(time.strftime("%Y-%m-%d %H:%M", time.localtime(1_700_000_000)))


def test_a_session_given_where_a_file_is_wanted_is_told_with_the_command_for_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("One sentence of plain text. Another one follows it here.\n")
    galley(tmp_path, "clean", "notes.txt", "--mode", "rules", "-q")
    told = galley(tmp_path, "info", "notes").stderr
    assert told.startswith("galley: There is no file ")
    assert told.strip().endswith("There is a session of that name: galley sessions show notes")
    assert "session" not in galley(tmp_path, "info", "others").stderr


def test_in_a_pipe_and_in_json_a_name_is_whole(tmp_path: Path) -> None:
    (tmp_path / f"{LONG}.txt").write_text("One sentence of plain text. Another one follows it here.\n")
    galley(tmp_path, "clean", f"{LONG}.txt", "--mode", "rules", "-q")
    (entry,) = json.loads(galley(tmp_path, "sessions", "--json").stdout)
    assert Path(entry["session"]).stem in galley(tmp_path, "sessions").stdout


def test_sessions_whose_names_begin_alike_can_still_be_told_apart(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{LONG}-{number}.txt").write_text(f"Document {number}. Another sentence follows it here.\n")
        galley(tmp_path, "clean", f"{LONG}-{number}.txt", "--mode", "rules", "-q")
    names = [row.split()[0] for row in lines_in_terminal("sessions")[1:]]
    assert len(set(names)) == 3
    assert all(galley(tmp_path, "sessions", "path", name).returncode == 0 for name in names)


def test_failed_chunks_have_their_column_where_there_are_any(own_home: Path) -> None:
    settings = RunSettings(clean=CleanOptions(mode="verbatim"))
    with new_session(own_home / "sessions", settings=settings) as session:
        session.add_attempt(attempt(0, "", error="died"), choose=False, state="failed", note="it died")
    header, row = lines_in_terminal("sessions")
    assert dict(zip(header.split(), row.split(), strict=False))["FAILED"] == "1"


def test_a_damaged_session_is_a_short_line_and_its_reason_follows(tmp_path: Path, own_home: Path) -> None:
    (own_home / "sessions").mkdir(parents=True)
    (own_home / "sessions" / "torn.galley").write_bytes(b"no session")
    done = galley(tmp_path, "sessions")
    assert done.stdout.splitlines()[1].split() == ["torn", "now", "damaged"]
    assert "torn: " in done.stderr
    assert "no Galley session" in done.stderr


def test_the_sessions_of_a_batch_fit_as_well(tmp_path: Path) -> None:
    shelf(tmp_path, f"{LONG}/{LONG}.txt", "b.txt")
    batch(tmp_path, "in")
    header, *rows = lines_in_terminal("sessions", "--batch", str(tmp_path / "out"))
    assert header.split()[:2] == ["DOCUMENT", "MODE"]
    assert len(rows) == 2


def test_chunks_and_attempts_fit_as_well(own_home: Path) -> None:
    with new_session(own_home / "sessions") as session:
        session.add_attempt(attempt(0, "clean text " * 30), choose=True, state="done")
        total = session.status().total
    assert len(lines_in_terminal("sessions", "show", "paper")) == total + 2
    shown = lines_in_terminal("sessions", "show", "paper", "--chunk", "1")
    assert len([line for line in shown if line]) == 5, (
        "the chunk, the attempt and the edit, each with what stands over it"
    )


def test_a_name_that_was_cut_finds_no_more_than_it_says(tmp_path: Path) -> None:
    for name in ("one-1111-aaaa", "one-2222-bbbb"):
        (tmp_path / f"{name}.galley").touch()
    assert resolve("one…bbbb", tmp_path).stem == "one-2222-bbbb"
    with pytest.raises(SessionError, match="fits 2 sessions"):
        resolve("one…", tmp_path)
    with pytest.raises(SessionError, match="no session"):
        resolve("one…cccc", tmp_path)


def test_wide_characters_take_the_room_that_they_take() -> None:
    code = (
        "from galley.cli.output import table\n"
        "table([['校正刷り' * 6, 'rules'], ['short', 'verbatim']], ['NAME', 'MODE'], giving=[0])\n"
    )
    header, wide, short = printed([sys.executable, "-c", code], 30)
    assert wide.endswith("  rules")
    assert short.index("verbatim") == header.index("MODE")
