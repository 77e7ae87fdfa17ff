"""What holds for every document: each character is traceable, and each doubt can be decided either way."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galley.core.document import Document, Page
from galley.core.edits import apply_candidates
from galley.core.prepare import Prepared, PrepareOptions, prepare
from galley.core.prepare.footnotes import footnote_starts
from galley.core.prepare.furniture import INLINE_STAMP
from galley.core.prepare.lines import Line, filled_lines

DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "arxiv"
PIECES = st.sampled_from(
    [
        *(
            "the ",
            "proof ",
            "self-\n",
            "improvement ",
            "un-\n",
            "locked ",
            "\ufb01",
            "´e",
            "¯A",
            "X˜ ",
            "\n",
            "\n\n",
            ".\n",
        ),
        *(
            "Journal 3\n",
            "12\n",
            "Fig. 1. A proof\n",
            "0\n10\n20\n30\n40\n",
            "1 Introduction\n",
            "• ",
            "\u00ad",
            "\u00a0",
        ),
        *("schÃ¶n ", "e\u0301", "\u0301", "[12]", "(Wei, 2022)", "https://x.org ", "a@b.org ", "A-\nB", "-", "- ", "é"),
        *("References\n", "Abstract\n", "iv\n", "arXiv:2201.00151v1 [astro-ph.GA] 1 Jan 2022\n", "\U0001f600", "中文"),
    ]
)
PAGES = st.lists(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=30)), min_size=1, max_size=5)
OPTIONS = st.builds(
    PrepareOptions,
    drop_references=st.booleans(),
    drop_citations=st.booleans(),
    drop_urls=st.booleans(),
    drop_tables=st.booleans(),
    drop_footnotes=st.booleans(),
    drop_figure_text=st.booleans(),
    paragraphs=st.booleans(),
    hyphens=st.booleans(),
)


def document(pages: list[str]) -> Document:
    made = tuple(Page(number, text, "text") for number, text in enumerate(pages, 1))
    return Document(path=Path("x"), sha256="0" * 64, kind="pdf", page_count=len(made), pages=made)


def assert_traceable(source: Document, result: Prepared) -> None:
    origins = list(result.traced.origins)
    text = source.text
    assert result.traced.text == result.text
    assert len(origins) == len(result.text)
    assert origins == sorted(origins)
    above = INLINE_STAMP.match(result.text)  # brought here from its margin
    for character, origin in list(zip(result.text, origins, strict=True))[above.end() if above else 0 :]:
        if character.isspace() or character in (text[origin], "-"):
            continue
        if text[origin] in "-‐\u00ad":  # the other half of a word, brought here where its hyphen stood
            continue
        # A mended character comes of what stood right there: an accent and its letter, a ligature, a wrong encoding.
        near = text[max(0, origin - 2) : origin + 4]
        bases = set(unicodedata.normalize("NFKD", near)) | set(mended(near))
        assert set(unicodedata.normalize("NFKD", character)) & bases, (character, near)


def mended(near: str) -> str:
    found = ""
    for start in range(len(near)):
        for end in range(start + 1, len(near) + 1):
            try:
                found += unicodedata.normalize("NFKD", near[start:end].encode("cp1252").decode("utf-8"))
            except UnicodeError:
                continue
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAGES, OPTIONS)
def test_every_character_is_traced_to_its_page(pages: list[str], options: PrepareOptions) -> None:
    source = document(pages)
    result = prepare(source, options)
    origins = list(result.traced.origins)
    assert origins == sorted(origins)
    assert len(origins) == len(result.text)
    runs = result.page_runs()
    for place in range(len(result.text)):
        first, last = result.pages(place, place + 1)
        assert first == last == max((run for run in runs if run[0] <= place), default=(0, 1))[1]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(PIECES, max_size=40).map("".join), min_size=1, max_size=4))
def test_a_character_comes_of_an_equal_or_a_mended_one(pages: list[str]) -> None:
    source = document(pages)
    assert_traceable(source, prepare(source, PrepareOptions(language="en")))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAGES, OPTIONS)
def test_candidates_stand_apart_in_the_text_and_but_for_blanks_are_not_what_the_rules_hold_right(
    pages: list[str], options: PrepareOptions
) -> None:
    result = prepare(document(pages), options)
    apply_candidates(result.text, result.candidates)
    assert all(0 <= c.start <= c.end <= len(result.text) for c in result.candidates)
    assert all(c.prior < 0.5 for c in result.candidates if c.kind != "space")


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared arXiv texts are not beside the repository")
def test_a_real_papers_characters_are_all_traceable() -> None:
    source = document((DATA / "2201.00037.pymupdf.txt").read_text(encoding="utf-8").split("\f"))
    result = prepare(source)
    assert_traceable(source, result)
    assert len(result.text) > 90_000


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 1_000_000,
        "a-" * 200_000,
        "a-\n" * 100_000,
        "(" * 100_000 + "2020",
        "1 " * 200_000,
        "¯\n" * 100_000,
        "12\n" * 50_000,
        "[1, " * 100_000,
        "a." * 200_000 + "@",
        "{a" * 100_000 + "@b",
        " " * 500_000 + "x",
        "http://" * 100_000,
        "arXiv:2201.00151v1 " * 20_000,
        "Same head\n" + "\f".join(["Same head\n1\n"] * 5_000),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_text_ends_soon(hostile: str) -> None:
    options = PrepareOptions(language="en", drop_urls=True, drop_citations=True, drop_references=True, drop_tables=True)
    prepare(document(hostile.split("\f")), options)


def test_a_look_at_the_next_lines_for_a_footnotes_end_is_at_no_more_than_a_few() -> None:
    class Lines(list[Line]):
        def __getitem__(self, which):  # type: ignore[no-untyped-def, override]
            found = super().__getitem__(which)
            looked.append(len(found) if isinstance(which, slice) else 1)
            return found

    looked: list[int] = []
    list(footnote_starts(Lines(filled_lines("1 Aa\n" * 1000))))
    assert max(looked) < 50
