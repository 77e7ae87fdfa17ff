"""PDFs that mean harm: what is sound in them is taken, what is not costs a page or is one sentence, and nothing of what
they want to happen happens."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hostile
import pytest
from hostile import handler, letters, node, one_page, table_that_points, tree
from pdfs import FONT, pages_saying, pdf_of, show, stream

from galley.core.errors import InputError
from galley.core.extract import ExtractOptions, extract

GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
LIMITS = ExtractOptions(memory_mb=1024, timeout_seconds=30)
WIDE_FONT = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [<< /Type /Font"
    b" /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
    b" >>] >>"
)
ALIVE = (
    b"/OpenAction << /S /JavaScript /JS (app.launchURL\\(1\\)) >> /AA << /WC << /S /Launch /F (/bin/sh) >> >>"
    b" /Names << /EmbeddedFiles << /Names [(evil.sh) 6 0 R] >>"
    b" /JavaScript << /Names [(a) << /S /JavaScript /JS 7 0 R >>] >> >>"
)


def saved(folder: Path, data: bytes, name: str = "paper.pdf") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


BOMBS: dict[str, Callable[[], bytes]] = {
    "content deflated twice": lambda: hostile.bomb_in_a_bomb(2000),
    "a stream of objects": lambda: hostile.objects_in_a_bomb(800),
    "the document's metadata": lambda: hostile.metadata_in_a_bomb(800),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_costs_no_more_than_what_it_is_in(tmp_path: Path, what: str) -> None:
    path = saved(tmp_path, BOMBS[what]())
    assert path.stat().st_size < 1 << 20
    document = extract(path, LIMITS)
    assert document.pages[0].text.strip() == "the sound page"
    assert {page.number for page in document.skipped} <= {2}


def test_a_bomb_in_the_only_font_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"No page of paper\.pdf could be read"):
        extract(saved(tmp_path, hostile.map_in_a_bomb(800)), LIMITS)


SOUND: dict[str, Callable[[], bytes]] = {
    "a page larger than any number": lambda: one_page(page=b"/MediaBox [0 0 1e30 99999999999999999999]"),
    "a page of two thousand kilometres": lambda: one_page(page=b"/MediaBox [0 0 2000000000 2000000000]"),
    "a page inside out": lambda: one_page(page=b"/MediaBox [612 792 0 0]"),
    "a page of no numbers": lambda: one_page(page=b"/MediaBox [(a) null /b -]"),
    "a page without a size": lambda: one_page(page=b"/MediaBox []"),
    "a page of enormous units, turned by a third": lambda: one_page(
        page=b"/MediaBox [0 0 612 792] /UserUnit 1000000 /Rotate 33"
    ),
    "no font": lambda: one_page(font=b"null"),
    "a font that is itself": lambda: one_page(font=b"5 0 R"),
    "a font with an escape sequence for a name": lambda: one_page(
        font=b"<< /Type /Font /Subtype /Type1 /BaseFont /Evil#1b[31m /Encoding /Odd#1b]0;x#07 >>"
    ),
    "objects that all begin at 0": lambda: table_that_points(lambda number, offset: 0),
    "objects that all are one": lambda: table_that_points(lambda number, offset: 9),
    "objects behind the end": lambda: table_that_points(lambda number, offset: 9_999_999_999),
    "objects a little off": lambda: table_that_points(lambda number, offset: offset + number % 3),
    "a table that follows itself": hostile.table_that_follows_itself,
    "encryption by nothing": lambda: hostile.with_trailer(b"/Encrypt null"),
    "scripts, launches and files": lambda: one_page(
        catalog=ALIVE,
        more=[b"<< /Type /Filespec /F (../evil.sh) /EF << /F 7 0 R >> >>", stream(b"this.exportDataObject secret")],
    ),
}


@pytest.mark.parametrize("what", SOUND)
def test_the_page_is_taken_all_the_same(tmp_path: Path, what: str) -> None:
    path = saved(tmp_path, SOUND[what]())
    document = extract(path, LIMITS)
    assert document.text.strip() == "the sound page"
    assert document.page_count == 1
    assert os.listdir(tmp_path) == ["paper.pdf"], "nothing that it carries was unpacked"
    assert "secret" not in str(document)
    assert "\x1b" not in str(document)


def test_a_million_objects_are_only_many(tmp_path: Path) -> None:
    document = extract(saved(tmp_path, hostile.many_objects(1_000_000)))
    assert document.text == "the sound page"


REFUSED: dict[str, Callable[[], bytes]] = {
    "two nodes that hold each other": lambda: tree(node(3), node(2)),
    "a page that is its own parent": lambda: tree(
        node(3), b"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 9 9] /Resources << >> >>"
    ),
    "fifty to the eighth pages": lambda: hostile.laughing_tree(8, 50),
    "two to the thirtieth pages": lambda: hostile.laughing_tree(30, 2),
    "no table and no trailer": lambda: pages_saying("x").partition(b"xref")[0],
    "a handler of another maker": lambda: handler(b"/Filter /Adobe.PubSec /V 4 /SubFilter /adbe.pkcs7.s4"),
    "a version that was never made": lambda: handler(b"/Filter /Standard /V 9 /R 9 /O (x) /U (y) /P -1"),
    "encryption without keys": lambda: handler(b"/Filter /Standard /V 1 /R 2 /P -1"),
    "permissions that are half a number": lambda: handler(b"/Filter /Standard /V 1 /R 2 /O (x) /U (y) /P 1.5"),
    "a key longer than the file": lambda: handler(
        b"/Filter /Standard /V 4 /R 4 /Length 999999 /CF << /StdCF << /CFM /Nope >> >> /StmF /StdCF /StrF /StdCF"
        b" /O (%s) /U (%s) /P -1" % (b"x" * 32, b"y" * 32)
    ),
    "a handler that is the catalog": lambda: hostile.with_trailer(b"/Encrypt 1 0 R /ID [<00><00>]"),
    "a handler with an escape sequence for a name": lambda: handler(b"/Filter /Evil#1b[31m#9b2J /V 1"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_one_sentence_with_a_hint(tmp_path: Path, what: str) -> None:
    with pytest.raises(InputError, match=r"paper\.pdf") as caught:
        extract(saved(tmp_path, REFUSED[what]()), LIMITS)
    assert str(caught.value).isprintable()
    assert caught.value.hint


def test_what_a_font_turns_into_invisible_characters_is_taken_out_and_counted(tmp_path: Path) -> None:
    cmap = letters(A="\u202e", B="\u200b", D="\x1b", E="\U000e0041", F="\u2066")
    path = saved(tmp_path, one_page(font=FONT[:-2] + b"/ToUnicode 6 0 R >>", more=[cmap], text=b"pAaByDpEaFl"))
    document = extract(path)
    assert document.text.strip() == "paypal"
    assert document.stripped_controls == 5


def test_letters_that_only_look_like_others_stay_as_they_are(tmp_path: Path) -> None:
    font = FONT[:-2] + b"/ToUnicode 6 0 R >>"
    path = saved(tmp_path, one_page(font=font, more=[letters(A="\u0430")], text=b"paypAl"))
    assert extract(path).text.strip() == "payp\u0430l"


def test_text_that_is_white_or_drawn_by_no_ink_is_text_like_any_other(tmp_path: Path) -> None:
    white = b"1 1 1 rg " + show(b"white on white")
    no_ink = b"BT 3 Tr /F1 12 Tf 50 500 Td (without ink) Tj ET"
    document = extract(saved(tmp_path, pdf_of(stream(white + b" " + no_ink))))
    assert document.text.split("\n") == ["white on white", "without ink"]
    assert not any("does not see" in note for note in document.notes), "a word or two is no finding"


def test_a_font_that_explains_its_codes_to_nobody_is_named_where_the_libraries_guess_apart(tmp_path: Path) -> None:
    words = b"these are words that a reader sees and that no map explains to a machine " * 4
    wide = b"".join(bytes([0, code]) for code in words)
    document = extract(saved(tmp_path, one_page(font=WIDE_FONT, text=wide)))
    assert any("disagree much on page 1" in note for note in document.notes)


def galley(folder: Path, *arguments: str) -> str:
    """Everything that a command writes to a terminal."""
    done = subprocess.run([*GALLEY, *arguments], cwd=folder, capture_output=True, timeout=120, check=False)
    return (done.stdout + done.stderr).decode(errors="surrogateescape")


def test_no_command_lets_a_name_or_metadata_paint_on_the_terminal(tmp_path: Path) -> None:
    name = "evil\x1b]0;owned\x07\x9b2J\u202efdp.pdf"
    title = "Bold \x1b[1mclaim\u202e".encode("utf-16-be").hex().encode()
    saved(tmp_path, pdf_of(stream(show(b"a page of words")), info=b"/Title <FEFF%s> /Evil#1b[7m (x)" % title), name)
    said = {
        command[0]: galley(tmp_path, *command)
        for command in (
            ["info", name],
            ["extract", name],
            ["clean", name, "--mode", "rules", "-o", "out.txt"],
            ["sessions"],
            ["sessions", "show", "evil"],
            ["sessions", "check", "--all"],
            ["clean", name + "x", "--mode", "rules"],
        )
    }
    assert "a page of words" in said["extract"]
    for command, text in said.items():
        assert text
        assert not set(text) & set("\x1b\x07\x9b\u202e"), command
