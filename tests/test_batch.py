"""Many documents in one go: what is taken, what comes of it, what is done twice (nothing) and what fails (alone)."""

import json
from pathlib import Path

import pdfs
import pytest
from batches import PROSE, batch, galley, linked, report, shelf, texts

from galley.core.batch import Ledger
from galley.core.session import Session, list_sessions


def test_a_folder_is_cleaned_into_a_folder_as_clean_would_do_each(tmp_path: Path, sample_pdf: Path) -> None:
    root = shelf(tmp_path, "notes.txt", "deep/er/more.md")
    (root / "deep" / "paper.pdf").write_bytes(sample_pdf.read_bytes())
    (root / "deep" / "picture.png").write_bytes(b"\x89PNG no document")
    (root / ".hidden.txt").write_text(PROSE)
    done = batch(tmp_path, "in")
    assert done.returncode == 0, done.stderr
    assert list(texts(tmp_path)) == ["deep/er/more.txt", "deep/paper.txt", "notes.txt"]
    alone = galley(tmp_path, "clean", "in/deep/paper.pdf", "--mode", "rules", "-o", "-", "--session-dir", "other")
    assert texts(tmp_path)["deep/paper.txt"].decode() == alone.stdout
    assert (tmp_path / "out" / "deep" / "paper.txt").stat().st_mode & 0o777 == 0o600


def test_each_document_has_a_session_of_the_usual_kind(tmp_path: Path, own_home: Path) -> None:
    shelf(tmp_path, "a.txt", "b.txt")
    assert batch(tmp_path, "in").returncode == 0
    assert len(list_sessions(own_home / "sessions")) == 2
    path = str(report(tmp_path)["a"]["session"])
    shown = galley(tmp_path, "export", path, "-o", "-")
    assert shown.stdout.encode() == texts(tmp_path)["a.txt"]


def test_the_same_command_again_does_nothing_and_a_changed_file_alone_is_done_anew(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt", "b.txt")
    assert batch(tmp_path, "in").returncode == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.txt")}
    again = batch(tmp_path, "in")
    assert "2 documents done before and unchanged" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before
    (tmp_path / "in" / "a.txt").write_text(f"Quite another text. {PROSE}")
    assert "1 document done before" in batch(tmp_path, "in").stderr
    assert b"Quite another" in texts(tmp_path)["a.txt"]
    assert (tmp_path / "out" / "b.txt").stat().st_mtime_ns == before[tmp_path / "out" / "b.txt"]


def test_other_settings_are_another_job_and_a_text_that_is_gone_is_written_again(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    batch(tmp_path, "in")
    assert report(tmp_path)["a"]["chunks"] == 1
    assert batch(tmp_path, "in", "--chunk-size", "100").returncode == 0
    assert int(str(report(tmp_path)["a"]["chunks"])) > 1
    (tmp_path / "out" / "a.txt").unlink()
    assert batch(tmp_path, "in", "--chunk-size", "100").returncode == 0
    assert "a.txt" in texts(tmp_path)


def test_without_inputs_it_goes_on_with_those_of_before_and_their_settings(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    batch(tmp_path, "in", "--chunk-size", "100")
    again = batch(tmp_path, mode="")
    assert again.returncode == 0
    assert "1 document done before and unchanged" in again.stderr
    nothing = galley(tmp_path, "batch", "-o", "elsewhere")
    assert nothing.returncode == 2
    assert "There is no batch in elsewhere" in nothing.stderr


def test_a_document_that_fails_is_set_aside_with_its_reason_and_the_rest_goes_on(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt", "z.txt")
    (root / "broken.pdf").write_bytes(b"no PDF at all")
    (root / "locked.pdf").write_bytes(pdfs.encrypted(pdfs.pages_saying(PROSE), "sesame"))
    done = batch(tmp_path, "in")
    assert done.returncode == 1
    assert list(texts(tmp_path)) == ["a.txt", "z.txt"]
    found = report(tmp_path)
    assert found["broken"]["state"] == found["locked"]["state"] == "failed"
    assert "no PDF despite its name" in str(found["broken"]["reason"])
    assert "needs a password" in str(found["locked"]["reason"])
    assert "Failed: broken" in done.stderr


def test_what_failed_is_tried_again_when_asked_for_or_when_its_file_has_changed(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt")
    (root / "broken.pdf").write_bytes(b"no PDF at all")
    (root / "locked.pdf").write_bytes(pdfs.encrypted(pdfs.pages_saying(PROSE), "sesame"))
    batch(tmp_path, "in")
    quiet = batch(tmp_path, "in")
    assert quiet.returncode == 1
    assert "1 document done before and unchanged" in quiet.stderr
    assert "2 documents failed before and unchanged" in quiet.stderr
    (root / "broken.pdf").write_bytes(pdfs.pages_saying("It is whole now. " + PROSE))
    assert batch(tmp_path, "in").returncode == 1
    assert report(tmp_path)["broken"]["state"] == "done"
    assert report(tmp_path)["locked"]["state"] == "failed"
    mended = batch(tmp_path, "--retry-failed", "--password", "sesame", mode="")
    assert mended.returncode == 0, mended.stderr
    assert "2 documents done before and unchanged" in mended.stderr
    assert b"sesame" not in (tmp_path / "out" / "batch.galley-batch").read_bytes()


def test_a_list_on_standard_input_may_hold_files_that_are_not_there(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt", "b.txt")
    done = batch(tmp_path, "-", stdin="in/a.txt\n\nin/gone.txt\nin/b.txt\n")
    assert done.returncode == 1
    assert list(texts(tmp_path)) == ["a.txt", "b.txt"]
    assert "There is no file" in str(report(tmp_path)["gone"]["reason"])
    found = batch(tmp_path, "-", stdin="in/a.txt\0in/b.txt\0")
    assert found.returncode == 0
    assert "2 documents done before and unchanged" in found.stderr
    assert batch(tmp_path, "-", stdin="\n").returncode == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere.pdf", "There is no file or folder nowhere.pdf"),
        ("no*match", "matches no file"),
        ("empty", "holds no PDF and no text file"),
        ("nobody://there", "nothing here speaks nobody://"),
    ],
)
def test_an_input_that_is_none_is_told_before_anything_is_done(tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    done = batch(tmp_path, given) if "nobody" not in given else batch(tmp_path, f"{given}/*.pdf")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pattern_keeps_the_folders_below_its_plain_part(tmp_path: Path) -> None:
    shelf(tmp_path, "one/a.txt", "two/a.txt", "two/b.md")
    assert batch(tmp_path, "in/**/*.txt").returncode == 0
    assert list(texts(tmp_path)) == ["one/a.txt", "two/a.txt"]


def test_names_are_given_once_whatever_the_documents_are_called(tmp_path: Path) -> None:
    shelf(tmp_path, "one/a.txt", "two/a.txt", "one/A.md")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.txt").write_text("A text of somebody else's.")
    (tmp_path / "in" / "b.txt").write_text(PROSE)
    assert batch(tmp_path, "in/one/a.txt", "in/two/a.txt", "in/one/A.md", "in/b.txt").returncode == 0
    names = [name for name in texts(tmp_path) if name != "b.txt"]
    assert len({name.lower() for name in names}) == 4
    assert (tmp_path / "out" / "b.txt").read_text() == "A text of somebody else's."
    again = batch(tmp_path, "in/b.txt", "in/one/A.md", "in/two/a.txt", "in/one/a.txt")
    assert "4 documents done before and unchanged" in again.stderr
    assert [name for name in texts(tmp_path) if name != "b.txt"] == names


def test_a_batch_into_the_folder_it_reads_from_is_refused_and_one_below_it_is_not_read(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    same = galley(tmp_path, "batch", "in", "-o", "in", "--mode", "rules")
    assert same.returncode == 2
    assert "the batch's own folder too" in same.stderr
    for _ in range(2):
        inside = galley(tmp_path, "batch", "in", "-o", "in/out", "--mode", "rules")
        assert inside.stderr.startswith("1 document.")


def test_the_second_batch_on_a_folder_is_told_who_the_first_is(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    (tmp_path / "out").mkdir()
    with Ledger(tmp_path / "out"):
        second = batch(tmp_path, "in")
    assert second.returncode == 2
    assert "Another batch writes to" in second.stderr
    assert "process " in second.stderr
    assert batch(tmp_path, "in").returncode == 0


def test_a_ledger_that_is_none_is_left_alone(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    (tmp_path / "out").mkdir()
    ledger = tmp_path / "out" / "batch.galley-batch"
    for content in (b"not a database", b"SQLite format 3\0" + b"x" * 200):
        ledger.write_bytes(content)
        done = batch(tmp_path, "in")
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert ledger.read_bytes() == content


def test_hostile_names_are_text_in_the_report_and_plain_in_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "in"
    root.mkdir()
    names = ["<script>alert(1)</script>".replace("/", "\u2215"), "\x1b[31mred", "\u202egnp", "a\nb", '"><img src=x>']
    for name in names:
        (root / f"{name}.txt").write_text(PROSE)
    (root / "\x1b]0;title\x07.pdf").write_bytes(b"no PDF")
    done = batch(tmp_path, "in")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<script" not in page
    assert "<img" not in page
    assert not {"\x1b", "\u202e", "\x07"} & set(page + (tmp_path / "out" / "report.json").read_text())
    for name in texts(tmp_path):
        assert name.isprintable()
        assert not set('<>:"|?*') & set(name)
    assert linked(tmp_path) == sorted(f"./{name}" for name in texts(tmp_path))
    assert "default-src 'none'" in page


def test_the_report_says_what_was_skipped_and_adds_up(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt")
    broken = pdfs.pdf_of(pdfs.stream(pdfs.show(PROSE.encode())), pdfs.stream(b""))
    (root / "half.pdf").write_bytes(broken)
    assert batch(tmp_path, "in").returncode == 0
    whole = json.loads((tmp_path / "out" / "report.json").read_text())
    assert whole["totals"]["documents"] == whole["totals"]["done"] == 2
    assert whole["totals"]["chunks"] == sum(document["chunks"] for document in whole["documents"])
    assert any("No text layer on page 2" in note for note in report(tmp_path)["half"]["notes"])  # type: ignore[union-attr]
    assert "No text layer on page 2" in (tmp_path / "out" / "report.html").read_text()
    asked = batch(tmp_path, "in", "--json")
    assert json.loads(asked.stdout) == json.loads((tmp_path / "out" / "report.json").read_text())


def test_a_real_model_cleans_several_documents_and_is_loaded_once(
    tmp_path: Path, own_home: Path, sample_pdf: Path, embedded_model: Path
) -> None:
    text = sample_pdf.with_name("sample.reference.txt").read_text(encoding="utf-8")
    (tmp_path / "in").mkdir()
    for number in range(3):
        (tmp_path / "in" / f"{number}.txt").write_text(text[1500 * number : 1500 * (number + 1)], encoding="utf-8")
    done = batch(tmp_path, "in", "--slots", "1", mode="verbatim")
    assert done.returncode == 0, done.stderr
    for number in range(3):
        entry = report(tmp_path)[str(number)]
        assert entry["mode"] == "verbatim"
        with Session.open(Path(str(entry["session"])), write=False) as session:
            assert session.status().pending == 0
            assert {result.attempt.model for result in session.results() if result.attempt} == {embedded_model.name}
        alone = galley(
            tmp_path, "clean", f"in/{number}.txt", "-o", "-", "--jobs", "1", "--session-dir", f"alone{number}"
        )
        assert texts(tmp_path)[f"{number}.txt"].decode() == alone.stdout


def test_a_folder_without_a_batch_has_no_worst_document(tmp_path: Path) -> None:
    missing = galley(tmp_path, "sessions", "--batch", ".")
    assert missing.returncode == 2
    assert "There is no batch in" in missing.stderr
