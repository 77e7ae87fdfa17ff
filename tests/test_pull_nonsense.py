"""What comes from a hub that is none, or is out of order, is one sentence, and leaves nothing outside of the cache."""

import json
from pathlib import Path

import pytest
from standin_hub import COMMIT, FILE, MODEL, REPO, Standin, sha256

from galley.core.errors import ModelError
from galley.core.models.download import note_of, part_for
from galley.core.models.fetching import pull
from galley.core.models.reference import parse_reference

pytest_plugins = ("pulling",)

SIBLINGS = {
    "a number": 5,
    "no name": [{}],
    "numbers": [5],
    "out of its folder": [{"rfilename": "../../../../evil-Q4_K_M.gguf"}],
    "an absolute path": [{"rfilename": "/tmp/evil-Q4_K_M.gguf"}],
}
LISTS = {
    "a login page": (200, b"<html>Log in</html>"),
    "nothing": (200, b""),
    "no content": (204, b""),
    "null": (200, b"null"),
    "a list": (200, b"[]"),
    "a text": (200, b'"x"'),
    "no UTF-8": (200, b'\xff\xfe{"id'),
    "lists without end": (200, b"[" * 200_000),
    "a number too large": (200, b'{"id": ' + b"9" * 10_000 + b"}"),
    "no date": (200, b'{"id": "a/b", "lastModified": "yesterday", "siblings": []}'),
    "a list where it refuses": (400, b"[1, 2]"),
    "a refusal without letters": (403, b"\xff"),
    "a redirect to nowhere": (302, b""),
    **{name: (200, json.dumps({"id": "a/b", "siblings": said}).encode()) for name, said in SIBLINGS.items()},
}
GOOD = {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{sha256(MODEL)}"', "X-Linked-Size": str(len(MODEL))}
HEADERS = {
    "none": {},
    "a size below nothing": {**GOOD, "X-Linked-Size": "-5"},
    "a size in words": {**GOOD, "X-Linked-Size": "many"},
    "a commit out of its folder": {**GOOD, "X-Repo-Commit": "../../../../evil"},
    "a commit that is a path": {**GOOD, "X-Repo-Commit": "/tmp/evil"},
    "a commit that paints": {**GOOD, "X-Repo-Commit": "\x1b[2J"},
    "a commit of no length": {**GOOD, "X-Repo-Commit": "a" * 400},
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_files_that_is_none_is_one_sentence(server: Standin, name: str) -> None:
    status, body = LISTS[name]
    server.says["api"] = (status, {"Content-Type": "application/json"}, body)
    with pytest.raises(ModelError, match=r"does not answer as a hub does\. Check HF_ENDPOINT") as caught:
        pull(f"hf:{REPO}")
    assert "\n" not in str(caught.value)


def test_an_answer_that_is_packed_in_another_way_than_it_says_is_one_sentence(server: Standin) -> None:
    server.says["api"] = (200, {"Content-Encoding": "gzip"}, b"not packed at all")
    with pytest.raises(ModelError, match="does not answer as a hub does"):
        pull(f"hf:{REPO}")


@pytest.mark.parametrize("name", HEADERS)
def test_a_file_without_what_a_hub_says_of_it_is_one_sentence(server: Standin, tmp_path: Path, name: str) -> None:
    server.says["resolve"] = (200, HEADERS[name], MODEL)
    with pytest.raises(ModelError, match="does not answer as a hub does"):
        pull(f"hf:{REPO}/{FILE}")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("address", ["http://[::1", "http://127.0.0.1:99999/x", "/"])
def test_a_file_that_is_said_to_lie_at_no_address_is_one_sentence(server: Standin, address: str) -> None:
    server.says["resolve"] = (302, {**GOOD, "Location": address}, b"")
    with pytest.raises(ModelError):
        pull(f"hf:{REPO}/{FILE}")


def test_the_address_of_a_hub_that_no_name_can_have_is_one_sentence(
    server: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", f"http://{'a' * 70}.example")
    for reference in (f"hf:{REPO}/{FILE}", f"hf:{REPO}"):
        with pytest.raises(ModelError, match="HF_ENDPOINT"):
            pull(reference)


@pytest.mark.parametrize("host", ["a" * 70, "a..b", ".example", ".."])
def test_a_host_that_no_name_can_have_is_one_sentence(server: Standin, host: str) -> None:
    with pytest.raises(ModelError, match="is no valid address"):
        pull(f"https://{host}/m.gguf")


@pytest.mark.parametrize("size", ["9" * 5000, "9" * 20, "many", "-1"])
def test_a_size_that_is_none_is_passed_over(server: Standin, size: str) -> None:
    server.says["files"] = (200, {"Content-Range": f"bytes 0-1/{size}"}, MODEL)
    assert pull(f"{server.address}/files/tiny.gguf").read_bytes() == MODEL


@pytest.mark.parametrize(
    "note",
    [
        '{"version": "x", "total": "many"}',
        '{"version": ["x"], "total": [1]}',
        '{"version": "x", "total": 1e400}',
        '{"version": "\\ud800", "total": 2000}',
        '{"version": "x\\ny", "total": 2000}',
        "[" * 100_000,
        "5",
    ],
)
def test_a_note_beside_a_part_that_says_nothing_of_use_begins_the_part_anew(
    server: Standin, folder: Path, note: str
) -> None:
    address = f"{server.address}/files/tiny.gguf"
    folder.mkdir()
    part = part_for(folder, address)
    part.write_bytes(b"GGUF of another")
    note_of(part).write_text(note)
    assert pull(address).read_bytes() == MODEL


@pytest.mark.parametrize("text", ["hf:a/b//m.gguf", "hf:a/b@..", "hf:a/b@./m.gguf", "hf:a/b/x//m.gguf"])
def test_a_reference_that_leads_out_of_its_folder_or_nowhere_is_refused(text: str) -> None:
    with pytest.raises(ModelError, match="names no repository"):
        parse_reference(text)
