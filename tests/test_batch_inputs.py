"""Manifests, addresses and what else a batch takes for inputs."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pdfs
import pytest
from batches import PROSE, batch, galley, linked, report, shelf, texts

from galley.core.batch import find
from galley.core.batch.entry import shown
from galley.core.batch.manifest import read_manifest
from galley.core.batch.names import safe, unique
from galley.core.batch.remote import stamp_of
from galley.core.errors import InputError


def test_a_manifest_gives_each_document_settings_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = shelf(tmp_path, "a.txt")
    (root / "b.pdf").write_bytes(pdfs.pages_saying("First page. " + PROSE, "Second page. " + PROSE))
    (root / "c.pdf").write_bytes(pdfs.encrypted(pdfs.pages_saying(PROSE), "sesame"))
    (root / "shelf.csv").write_text(
        "input,output,pages,chunk.size,password_env\n"
        "a.txt,letters/first.txt,,100,\n"
        "b.pdf,,2,,\n"
        'b.pdf,"b, whole",,,\n'
        "c.pdf,,,,WORD_OF_C\n"
    )
    monkeypatch.setenv("WORD_OF_C", "sesame")
    done = batch(tmp_path, "in/shelf.csv")
    assert done.returncode == 0, done.stderr
    assert sorted(texts(tmp_path)) == ["b, whole.txt", "b.txt", "c.txt", "letters/first.txt"]
    assert b"First page" not in texts(tmp_path)["b.txt"]
    assert b"First page" in texts(tmp_path)["b, whole.txt"]
    assert int(str(report(tmp_path)["letters/first"]["chunks"])) > 2
    again = batch(tmp_path, "in/shelf.csv")
    assert "4 documents done before and unchanged" in again.stderr


def test_a_manifest_may_be_json_lines(tmp_path: Path) -> None:
    lines = [{"input": "a.txt", "mode": "rules", "prepare.drop_urls": True}, {"input": "/b.txt", "chunk.size": 99}]
    manifest = tmp_path / "shelf.jsonl"
    manifest.write_text("\n\n".join(map(json.dumps, lines)))
    first, second = read_manifest(manifest)
    assert first.source == str(tmp_path / "a.txt")
    assert first.settings == {"clean.mode": "rules", "prepare.drop_urls": "true"}
    assert (second.source, second.name, second.fixed) == ("/b.txt", "b", False)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.csv", "input,mode\na.txt,rules\nb.txt,shout\n", "m.csv, line 3: The setting clean.mode"),
        ("m.csv", "input,chunk.sise\na.txt,3\n", "m.csv, line 2: There is no setting chunk.sise"),
        ("m.csv", "input,engine.model\na.txt,x\n", "m.csv, line 2: engine.model can't be set for a single document"),
        ("m.csv", "input\na.txt,stray\n", "m.csv, line 2: there are more values than columns"),
        ("m.csv", "input,output\na.txt,../../etc/passwd\n", "m.csv, line 2: the output ../../etc/passwd leads out"),
        ("m.csv", "input,mode\n,rules\n", "m.csv, line 2: there is no input"),
        ("m.csv", "file\na.txt\n", 'm.csv has no column "input"'),
        ("m.csv", "input\n", "m.csv names no document"),
        ("m.jsonl", '{"input": "a.txt"}\n{"input": \n', "m.jsonl, line 2 is no valid JSON"),
        ("m.jsonl", '["a.txt"]\n', "m.jsonl, line 1 is no JSON object"),
        ("m.jsonl", '{"input": "a.txt", "pages": {"from": 3}}\n', "m.jsonl, line 1: the value of pages is no text"),
        (
            "m.jsonl",
            '{"input": "a.txt", "pages": ' + "[" * 400 + "]" * 400 + "}\n",
            "m.jsonl, line 1: the value of pages",
        ),
        ("m.jsonl", "[" * 100_000, "m.jsonl, line 1 is no valid JSON"),
        ("m.jsonl", '{"input": "a.txt", "": 1}\n', "m.jsonl, line 1: a value without a name can't be set"),
        ("m.csv", "input,pages\na.txt,3-\nb.txt,x-y\n", 'm.csv, line 3: "x-y" is no page or range of pages'),
        ("m.csv", "input,pages\na.txt,0\n", "m.csv, line 2: There is no page 0"),
    ],
)
def test_a_mistake_in_a_manifest_is_told_with_its_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as caught:
        list(read_manifest(tmp_path / name))
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize("second", ["b.txt,one", "b.txt,ONE.txt", "b.txt,a"])
def test_a_name_that_two_lines_of_a_manifest_want_is_told_with_both_before_any_work(
    tmp_path: Path, second: str
) -> None:
    root = shelf(tmp_path, "a.txt", "b.txt")
    (root / "m.csv").write_text(f"input,output\na.txt,{'' if second == 'b.txt,a' else 'one'}\n{second}\n")
    done = batch(tmp_path, "in/m.csv")
    assert done.returncode == 2
    name = second.partition(",")[2].removesuffix(".txt")
    assert f"m.csv, line 3: the output {name} is that of m.csv, line 2 already. Give each" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_name_that_a_line_takes_from_a_line_of_an_earlier_call_is_told_too(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt", "b.txt")
    (root / "m.csv").write_text("input,output\na.txt,one\n")
    assert batch(tmp_path, "in/m.csv").returncode == 0
    (root / "m.csv").write_text("input,output\nb.txt,one\na.txt,one\n")
    done = batch(tmp_path, "in/m.csv")
    assert done.returncode == 2
    assert "m.csv, line 3: the output one is that of m.csv, line 2 already" in done.stderr
    assert sorted(texts(tmp_path)) == ["one.txt"]


def test_a_line_that_stands_twice_is_one_document(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt")
    (root / "m.csv").write_text("input,output\na.txt,one\na.txt,one\n")
    assert batch(tmp_path, "in/m.csv").returncode == 0
    assert sorted(texts(tmp_path)) == ["one.txt"]


def test_a_mistake_in_a_manifest_comes_before_any_work(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt")
    (root / "m.csv").write_text("input,mode\na.txt,rules\nb.txt,shout\n")
    done = batch(tmp_path, "in/m.csv")
    assert done.returncode == 2
    assert "m.csv, line 3" in done.stderr
    assert texts(tmp_path) == {}


def test_what_galley_wrote_is_no_document_however_often_a_folder_is_cleaned(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdfs.pages_saying("A paper. " + PROSE))
    (tmp_path / "b.txt").write_text(PROSE)  # clean as it is: its text is the same, byte for byte
    assert galley(tmp_path, "clean", "a.pdf", "--mode", "rules").returncode == 0
    assert galley(tmp_path, "clean", "a.pdf", "--mode", "rules", "-o", "elsewhere.md").returncode == 0
    assert galley(tmp_path, "clean", "b.txt", "--mode", "rules").returncode == 0
    (tmp_path / "clean_a.txt").write_text("Changed by hand. " + PROSE)
    for _ in range(2):
        done = batch(tmp_path, ".")
        assert done.returncode == 0, done.stderr
        said = "Left out as Galley's own: 2 named clean_… beside their documents, 1 written by Galley."
        assert said in done.stderr
        assert sorted(texts(tmp_path)) == ["a.txt", "b.txt"]
        assert json.loads((tmp_path / "out" / "report.json").read_text())["left_out"].startswith(said)
    other = galley(tmp_path, "batch", ".", "-o", "other", "--mode", "rules")
    assert "2 in the folder of a batch's results" in other.stderr
    assert sorted(path.name for path in (tmp_path / "other").glob("*.txt")) == ["a.txt", "b.txt"]
    assert "matches no file but what Galley wrote" in batch(tmp_path, "**/report.*").stderr
    named = batch(tmp_path, "clean_a.txt", "out/../elsewhere.md")
    assert named.returncode == 0, named.stderr
    assert "Left out" not in named.stderr
    assert {"clean_a.txt", "elsewhere.txt"} <= texts(tmp_path).keys()


def test_a_line_of_a_list_that_means_nothing_is_set_aside_with_its_reason_and_the_others_go_on(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt", "b.txt")
    (tmp_path / "empty").mkdir()
    said = {
        "x*": "in/x*.pdf matches no file. Check the pattern.",
        "empty": f"{tmp_path}/empty holds no PDF and no text file. Check that it is the right folder.",
        "*": "memory://no-such-place/*.pdf means no PDF and no text file. Check the address.",
    }
    lines = "in/a.txt\nin/x*.pdf\nempty\nmemory://no-such-place/*.pdf\nin/b.txt\n"
    done = batch(tmp_path, "-", stdin=lines)
    assert done.returncode == 1, done.stderr
    assert sorted(texts(tmp_path)) == ["a.txt", "b.txt"]
    for reason in said.values():
        assert done.stderr.count(f"failed: {reason}") == 1
    failed = {str(one["reason"]) for one in report(tmp_path).values() if one["state"] == "failed"}
    assert failed == set(said.values())
    assert batch(tmp_path, "--retry-failed").returncode == 1, "it is told again"
    (tmp_path / "in" / "x1.pdf").write_bytes(pdfs.pages_saying(PROSE))
    assert batch(tmp_path, "-", stdin="in/a.txt\nin/x*.pdf\n").returncode == 0
    assert sorted(texts(tmp_path)) == ["a.txt", "b.txt", "x1.txt"]


def test_an_input_that_meant_nothing_is_a_document_once_there_is_one(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    assert batch(tmp_path, "-", stdin="in/b[1].txt\nin/a.txt\n").returncode == 1
    (tmp_path / "in" / "b[1].txt").write_text(PROSE)
    assert batch(tmp_path, "-", stdin="in/b[1].txt\nin/a.txt\n").returncode == 0


def test_a_mistake_in_a_manifest_of_a_list_is_told_before_any_work(tmp_path: Path) -> None:
    root = shelf(tmp_path, "a.txt")
    (root / "m.csv").write_text("input,mode\na.txt,shout\n")
    done = batch(tmp_path, "-", stdin="in/a.txt\nin/m.csv\n")
    assert done.returncode == 2
    assert "m.csv, line 2" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_of_nothing_but_what_galley_wrote_is_told_so(tmp_path: Path) -> None:
    shelf(tmp_path, "a.txt")
    assert galley(tmp_path, "clean", "in/a.txt", "--mode", "rules", "-o", "texts.txt").returncode == 0
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts.txt").rename(tmp_path / "texts" / "renamed.txt")
    done = batch(tmp_path, "texts")
    assert done.returncode == 2
    assert "no text file but what Galley wrote" in done.stderr
    assert "name the files one by one" in done.stderr


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a web server on this machine that gives out the folder `site`."""
    (tmp_path / "site").mkdir()
    handler = functools.partial(Quiet, directory=str(tmp_path / "site"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_addresses_are_fetched_when_their_turn_comes_and_nothing_of_them_stays(tmp_path: Path, web: str) -> None:
    left = tmp_path / "out" / ".galley-fetched" / "by a killed worker"
    left.mkdir(parents=True)
    (tmp_path / "site" / "paper one.pdf").write_bytes(pdfs.pages_saying("From the web. " + PROSE))
    there = f"{web}/paper%20one.pdf?token=secret"
    done = batch(tmp_path, "-", stdin=f"{there}\n{web}/gone.pdf\n")
    assert done.returncode == 1, done.stderr
    assert b"From the web" in texts(tmp_path)["paper one.txt"]
    assert "There is no http://" in str(report(tmp_path)["gone"]["reason"])
    assert not left.parent.exists()
    told = done.stderr + (tmp_path / "out" / "report.json").read_text() + (tmp_path / "out" / "report.html").read_text()
    assert "secret" not in told


def test_folders_behind_an_address_are_mirrored_and_done_once(tmp_path: Path) -> None:
    root = shelf(tmp_path, "one/a.txt", "two/b.txt", "two/c.png")
    done = batch(tmp_path, f"file://{root}/")
    assert done.returncode == 0, done.stderr
    assert list(texts(tmp_path)) == ["one/a.txt", "two/b.txt"]
    assert "2 documents done before and unchanged" in batch(tmp_path, f"file://{root}/").stderr
    (root / "two" / "b.txt").write_text("Other words. " + PROSE)
    assert "1 document done before" in batch(tmp_path, f"file://{root}/").stderr
    assert b"Other words" in texts(tmp_path)["two/b.txt"]


def test_patterns_and_folders_work_on_any_file_system_that_fsspec_has(tmp_path: Path) -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    for name in ("/shelf/one/a.pdf", "/shelf/b.txt", "/shelf/c.png"):
        system.pipe(name, b"x")
    try:
        whole = [(entry.source, entry.name) for entry in find(["memory://shelf/"], tmp_path)]
        assert whole == [("memory:///shelf/b.txt", "b"), ("memory:///shelf/one/a.pdf", "one/a")]
        some = [entry.name for entry in find(["memory://shelf/*/*.pdf"], tmp_path)]
        assert some == ["one/a"]
        with pytest.raises(InputError, match="means no PDF"):
            list(find(["memory://shelf/*.png"], tmp_path))
        with pytest.raises(InputError, match=r"is a folder\. Put a / at its end"):
            stamp_of("memory://shelf/one")
    finally:
        system.rm("/shelf", recursive=True)


def test_a_key_with_signs_that_an_address_has_its_own_use_for_is_whole_in_name_and_report(tmp_path: Path) -> None:
    root = shelf(tmp_path, "chapter #1.txt", "what? 100%25.txt", "deep/a#b.txt")
    asked = [f"file://{root}/{name}" for name in ("chapter #1.txt", "what? 100%25.txt")]
    done = batch(tmp_path, "-", stdin="\n".join([*asked, f"file://{root}/deep/"]))
    assert done.returncode == 0, done.stderr
    assert sorted(texts(tmp_path)) == ["a#b.txt", "chapter #1.txt", "what_ 100%25.txt"]
    inputs = {str(one["input"]) for one in report(tmp_path).values()}
    assert inputs == {*asked, f"file://{root}/deep/a#b.txt"}
    page = (tmp_path / "out" / "report.html").read_text()
    assert all(f"{one}</small>" in page for one in inputs)
    assert linked(tmp_path) == [f"./{name}" for name in sorted(texts(tmp_path))]


def test_an_address_is_shown_without_what_opens_it() -> None:
    assert shown("https://user:word@example.org/a.pdf?key=1#x") == "https://example.org/a.pdf"
    assert shown("/a/\x1b[31mb\u202e.pdf") == "/a/b.pdf"


def test_names_are_safe_whole_and_different() -> None:
    assert safe("../../etc/passwd") == "etc/passwd"
    assert safe("/") == "document"
    assert safe("a:b|c") == "a_b_c"
    assert len(safe("ä" * 500).encode()) <= 150
    taken = {"a", "b"}
    one, two = unique("a", "/x/a.pdf", taken.__contains__), unique("a", "/y/a.pdf", taken.__contains__)
    assert one != two
    assert unique("a", "/x/a.pdf", taken.__contains__) == one
    assert unique("c", "/x/c.pdf", taken.__contains__) == "c"
