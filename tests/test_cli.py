"""The command line as a person meets it: every bad input one sentence, every end its exit code."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from galley.cli.main import galley as main_group
from galley.core.session import list_sessions

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]


def galley(*arguments: object, folder: Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GALLEY, *map(str, arguments)],
        cwd=folder,
        input=stdin,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def inputs(tmp_path: Path, sample_pdf: Path) -> Path:
    """A folder with one of everything that can go wrong."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    data = sample_pdf.parent
    for name in ("sample", "encrypted", "no_text_layer", "damaged"):
        shutil.copy(data / f"{name}.pdf", folder)
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "page.pdf").write_text("<html>not a PDF</html>")
    (folder / "notes.docx").write_bytes(b"PK\x03\x04rest")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "blank.txt").write_text("  \n\n ")
    (folder / "notes.txt").write_text("One sentence of plain text (Moxon, 1683). Another one follows it here.\n")
    (folder / "folder").mkdir()
    (folder / "fake.gguf").write_text("no model")
    (folder / "cut.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    (folder / "prompt.toml").write_text("system = 3\n")
    (folder / "bad.toml").write_text("system = [\n")
    os.mkfifo(folder / "pipe")
    return folder


BAD: list[tuple[list[str], str]] = [
    (["clean", "missing.pdf"], "no file missing.pdf"),
    (["clean", "folder"], "folder is a folder. For all documents in it: galley batch FOLDER -o DIR"),
    (["clean", "pipe"], "is not a file"),
    (["clean", "empty.pdf"], "empty"),
    (["clean", "page.pdf"], "no PDF despite its name"),
    (["clean", "notes.docx"], "PDF"),
    (["clean", "binary.txt"], "no text"),
    (["clean", "blank.txt"], "no text"),
    (["clean", "damaged.pdf"], "damaged"),
    (["clean", "no_text_layer.pdf"], "ocrmypdf"),
    (["clean", "encrypted.pdf"], "--password"),
    (["clean", "encrypted.pdf", "--password", "wrong"], "password"),
    (["clean", "sample.pdf", "--pages", "40"], "40"),
    (["clean", "sample.pdf", "--pages", "3-1"], "3-1"),
    (["clean", "sample.pdf", "--pages", "x"], "x"),
    (["clean", "sample.pdf", "-o", "out.docx"], ".txt, .md, .jsonl"),
    (["clean", "sample.pdf", "-o", "nowhere/out.txt"], "no folder nowhere"),
    (["clean", "notes.txt", "-o", "notes.txt"], "is the input itself"),
    (["clean", "sample.pdf", "-o", "-", "--json"], "choose one"),
    (["clean", "sample.pdf", "--mode", "fast"], "'fast' is not one of"),
    (["clean", "sample.pdf", "--model", "missing.gguf"], "no model file missing.gguf"),
    (["clean", "sample.pdf", "--model", "fake.gguf"], "GGUF"),
    (["clean", "sample.pdf", "--model", "cut.gguf"], "cut.gguf"),
    (["clean", "sample.pdf", "--model", "llama-99"], "no model called"),
    (["clean", "sample.pdf", "--mode", "rewrite", "--prompt", "none"], "Known names: default, notebook, short"),
    (["clean", "sample.pdf", "--mode", "rewrite", "--prompt", "prompt.toml"], "system"),
    (["clean", "sample.pdf", "--mode", "rewrite", "--prompt", "bad.toml"], "no valid TOML"),
    (["clean", "sample.pdf", "--set", "clean.moed=rules"], "Did you mean clean.mode?"),
    (["clean", "sample.pdf", "--set", "clean.seed"], "has no value"),
    (["clean", "sample.pdf", "--chunk-size", "3"], "--chunk-size"),
    (["sample.pdf"], "galley clean sample.pdf"),
    (["clena", "sample.pdf2"], "No such command 'clena'. Did you mean 'clean'?"),
    (["sessions", "shwo"], "Did you mean 'show'?"),
    (["clean", "sample.pdf", "--mdoe", "rules"], "'--mode'"),
    (["review", "nosuch.pdf"], "no file and no session 'nosuch.pdf'"),
    (["review", "sample.pdf"], "needs a terminal"),
    (["check", "sample.pdf"], "galley extract sample.pdf --prepared"),
    (["check", "notes.txt", "sample.pdf"], "sample.pdf is a PDF"),
    (["check", "notes.txt"], "galley check notes.txt CLEANED.txt"),
    (["check", "notes.galley"], "galley sessions check notes.galley"),
    (["batch", "folder"], "Say where the texts go: galley batch folder -o clean/"),
    (["batch"], "galley batch papers/ -o clean/"),
    (["resume"], "No session is waiting"),
    (["resume", "nothing"], "no session 'nothing'"),
    (["export", "nothing"], "no session 'nothing'"),
    (["sessions", "show", "nothing"], "no session 'nothing'"),
    (["check", "missing.txt", "notes.txt"], "missing.txt can't be read"),
    (["models", "pull", "gpt-5"], "no model called 'gpt-5'"),
    (["models", "pull", "http://example.org/m.gguf"], "not encrypted"),
    (["models", "path", "llama-3.2-1b"], "galley models pull llama-3.2-1b"),
    (["models", "show", "nothing"], "no model called"),
    (["clean", "sample.pdf", "--model", "llama-3.2-1b"], "galley models pull llama-3.2-1b"),
    (["clean", "sample.pdf", "--engine", "ctransformers"], "Use --engine llama.cpp"),
    (["clean", "sample.pdf", "--engine", "server"], "--base-url"),
    (["clean", "sample.pdf", "--base-url", "http://127.0.0.1:9/v1"], "127.0.0.1:9"),
    (["clean", "sample.pdf", "--base-url", "localhost"], "localhost"),
    (["doctor", "--gpu-selftest"], "No GPU can be tested"),
    (["config", "key"], "--base-url"),
]


@pytest.mark.parametrize(
    ("arguments", "expected"), BAD, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_bad_input_is_one_clear_sentence_and_exit_code_2(
    inputs: Path, embedded_model: Path, arguments: list[str], expected: str
) -> None:
    done = galley(*arguments, folder=inputs)
    assert done.returncode == 2, done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (inputs / "clean_sample.txt").exists()


def test_a_wrong_setting_in_the_environment_is_named(inputs: Path) -> None:
    done = galley("clean", "sample.pdf", folder=inputs, GALLEY_CLEAN_MODE="fast")
    assert done.returncode == 2
    assert "GALLEY_CLEAN_MODE" in done.stderr


def test_rules_cleans_exports_and_exports_again_at_once(inputs: Path) -> None:
    done = galley("clean", "sample.pdf", "--mode", "rules", folder=inputs)
    assert done.returncode == 0, done.stderr
    text = (inputs / "clean_sample.txt").read_text()
    assert len(text) > 5000
    again = galley("clean", "sample.pdf", "--mode", "rules", "-o", "again.md", folder=inputs)
    assert again.returncode == 0
    assert "were done before" in again.stderr
    assert '<a id="page-1"></a>' in (inputs / "again.md").read_text()
    sessions = json.loads(galley("sessions", "--json", folder=inputs).stdout)
    assert [session["state"] for session in sessions] == ["finished"]
    fresh = galley("clean", "sample.pdf", "--mode", "rules", "--fresh", folder=inputs)
    assert "set aside" in fresh.stderr
    assert len(json.loads(galley("sessions", "--json", folder=inputs).stdout)) == 2


def test_text_goes_to_standard_output_only_when_asked(inputs: Path) -> None:
    done = galley("clean", "notes.txt", "--mode", "rules", "-o", "-", folder=inputs)
    assert done.stdout == "One sentence of plain text (Moxon, 1683). Another one follows it here.\n"
    assert "Cleaned 1 chunk" in done.stderr
    assert not (inputs / "clean_notes.txt").exists()


def test_the_embedded_model_cleans_a_text_in_verbatim(inputs: Path, embedded_model: Path) -> None:
    done = galley("clean", "notes.txt", "--json", folder=inputs)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["mode"] == "verbatim", "the model is too small for auto to trust it with rewriting"
    assert summary["modes"] == {"verbatim": 1}
    assert (inputs / "clean_notes.txt").read_text() == "One sentence of plain text. Another one follows it here.\n"


def test_an_encrypted_pdf_opens_with_its_password_which_is_written_nowhere(inputs: Path, own_home: Path) -> None:
    done = galley("clean", "encrypted.pdf", "--mode", "rules", "--password", "galley", folder=inputs)
    assert done.returncode == 0, done.stderr
    (session,) = list_sessions(own_home / "sessions")
    assert b"--password" not in session.path.read_bytes()


def test_what_is_left_out_by_choice_is_said(inputs: Path) -> None:
    done = galley("clean", "sample.pdf", "--mode", "rules", "--pages", "2", "--max-chars", "500", folder=inputs)
    assert done.returncode == 0
    assert "pages 1, 3-4" in done.stderr
    assert "500" in done.stderr


def test_a_changed_file_is_said_and_never_mixed(inputs: Path, embedded_model: Path) -> None:
    first = galley("info", "notes.txt", "--json", folder=inputs)
    galley("clean", "notes.txt", "--mode", "rules", folder=inputs)
    (inputs / "notes.txt").write_text("Quite another text stands here now.\n")
    assert (
        json.loads(galley("info", "notes.txt", "--json", folder=inputs).stdout)["sha256"]
        != json.loads(first.stdout)["sha256"]
    )
    galley("clean", "notes.txt", "--mode", "rules", folder=inputs)
    assert (inputs / "clean_notes.txt").read_text() == "Quite another text stands here now.\n"
    assert len(json.loads(galley("sessions", "--json", folder=inputs).stdout)) == 2


def test_the_same_bytes_under_another_name_are_said_to_be_cleaned_already(inputs: Path) -> None:
    first = galley("clean", "notes.txt", "--mode", "rules", folder=inputs)
    assert "holds the same" not in first.stderr
    assert "holds the same" not in galley("clean", "./notes.txt", "--mode", "rules", folder=inputs).stderr
    (inputs / "copy.txt").write_bytes((inputs / "notes.txt").read_bytes())
    said = galley("clean", "copy.txt", "--mode", "rules", folder=inputs).stderr
    assert f"copy.txt holds the same as {inputs / 'notes.txt'}, which was cleaned before" in said
    assert (inputs / "clean_copy.txt").read_text() == (inputs / "clean_notes.txt").read_text()


def test_info_on_a_name_that_is_too_long_says_so(inputs: Path) -> None:
    told = galley("info", "a" * 300, folder=inputs)
    assert told.returncode == 2
    assert "Traceback" not in told.stderr


def test_info_extract_and_chunks_look_and_write_nothing(inputs: Path, own_home: Path, embedded_model: Path) -> None:
    info = json.loads(galley("info", "sample.pdf", "--json", folder=inputs).stdout)
    assert info["pages"] == 4
    assert info["would"]["mode"] == "verbatim"
    extracted = galley("extract", "sample.pdf", folder=inputs).stdout
    assert extracted.count("\n\f") == extracted.count("\f") == 3
    chunks = json.loads(galley("chunks", "sample.pdf", "--json", folder=inputs).stdout)
    prepared = galley("extract", "sample.pdf", "--prepared", folder=inputs).stdout
    assert "".join(chunk["text"] for chunk in chunks) == prepared.removesuffix("\n")
    assert len(chunks) == info["would"]["chunks"]
    assert not (own_home / "sessions").exists()


def test_check_compares_any_two_texts(inputs: Path) -> None:
    (inputs / "a.txt").write_text(
        "The readers met in Antwerp in 1583 and read the sheets aloud to each other all day long."
    )
    (inputs / "b.txt").write_text(
        "Here is the cleaned text: **The readers** met in Paris in 1999 and drank wine with Napoleon."
    )
    report = json.loads(galley("check", "a.txt", "b.txt", "--json", folder=inputs).stdout)
    assert set(report) == {"flags", "measures"}
    names = {flag["name"] for flag in report["flags"]}
    assert {"acknowledged", "markdown", "invented"} <= names
    assert all(set(flag) == {"name", "severity", "evidence"} for flag in report["flags"])
    same = galley("check", "a.txt", "a.txt", folder=inputs)
    assert "Nothing looks wrong." in same.stdout


def test_sessions_are_exported_shown_and_removed_by_name(inputs: Path) -> None:
    galley("clean", "notes.txt", "--mode", "rules", folder=inputs)
    name = json.loads(galley("sessions", "--json", folder=inputs).stdout)[0]["session"]
    shown = json.loads(galley("sessions", "show", "notes", "--json", folder=inputs).stdout)
    assert shown["chunks"][0]["state"] == "done"
    assert galley("export", "notes", "-o", "-", folder=inputs).stdout.startswith("One sentence")
    assert galley("sessions", "path", "notes", folder=inputs).stdout.strip() == name
    assert galley("sessions", "rm", "-y", "notes", folder=inputs).returncode == 0
    assert not Path(name).exists()


def test_no_line_of_help_is_wider_than_eighty_columns_or_breaks_off() -> None:
    seen = 0

    def look(command: click.Command, context: click.Context) -> None:
        nonlocal seen
        seen += 1
        shown = command.get_help(context)
        assert [
            line for line in shown.splitlines() if len(line) > 80 or (line[:2] == "  " and line.endswith("..."))
        ] == []
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                below = command.get_command(context, name)
                assert below is not None
                look(below, click.Context(below, info_name=name, parent=context, terminal_width=80))

    look(main_group, click.Context(main_group, info_name="galley", terminal_width=80))
    assert seen > 25, "every command and those below it"


def test_every_command_has_help_with_examples(inputs: Path) -> None:
    for command in ("clean", "resume", "info", "extract", "chunks", "check", "sessions", "export", "models", "config"):
        done = galley(command, "-h", folder=inputs)
        assert done.returncode == 0
        assert "Examples:" in done.stdout, command
    assert "Exit codes" in galley("-h", folder=inputs).stdout
    assert galley("--version", folder=inputs).stdout.startswith("galley, version ")


def test_config_init_writes_a_file_that_is_then_in_force(inputs: Path) -> None:
    assert galley("config", "init", folder=inputs).returncode == 0
    path = Path(galley("config", "path", folder=inputs).stdout.strip())
    path.write_text(path.read_text().replace('mode = "auto"', 'mode = "rules"'))
    shown = json.loads(galley("config", "show", "--json", folder=inputs).stdout)
    assert shown["clean.mode"]["value"] == "rules"
    assert str(path) in shown["clean.mode"]["origin"]
    assert galley("config", "init", folder=inputs).returncode == 2


@pytest.mark.parametrize("folder", [".", "/"])
def test_a_folder_in_place_of_a_file_is_one_sentence(folder: str, tmp_path: Path):
    done = galley("clean", folder, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{folder} is a folder. For all documents in it: galley batch FOLDER -o DIR" in done.stderr
    assert "Traceback" not in done.stderr
