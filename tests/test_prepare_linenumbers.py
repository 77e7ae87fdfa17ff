"""Numbers of lines in the margin of a manuscript."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from galley.core.document import Document, Page
from galley.core.prepare import Prepared, PrepareOptions, prepare

TEXT = (
    "the river rises far in the north and runs south past eleven mills whose wheels it turns, and in winter the ice is "
    "thick enough to walk on, so that children skate there until dark and nobody works. When spring comes the meadows "
    "stand under water. Nobody knows who built the oldest bridge over it, nor why a ferry used to cross at the bend. "
)
WORDS = TEXT.split()
LINES = [" ".join(WORDS[(9 * line + word) % len(WORDS)] for word in range(9)) for line in range(240)]


def prepared(*pages: Sequence[str], plain: bool = True, **options: bool) -> Prepared:
    """`plain` joins the pages as PyMuPDF's text does, an empty line between two and no form feed."""
    texts = ["\n".join(page) for page in pages]
    texts = ["\n\n".join(texts)] if plain else texts
    numbered = tuple(Page(number, text, "text") for number, text in enumerate(texts, 1))
    source = Document(Path("paper.txt"), "0" * 64, "text", len(texts), numbered)
    return prepare(source, PrepareOptions.model_validate({"language": "en", **options}))


def behind(number: int, line: str) -> list[str]:
    return [line, str(number)]


def before(number: int, line: str) -> list[str]:
    return [str(number), line]


def at_beginning(number: int, line: str) -> list[str]:
    return [f"{number} {line}"]


def at_end(number: int, line: str) -> list[str]:
    return [f"{line} {number}"]


def manuscript(write: Callable[[int, str], list[str]], *, step: int = 1, anew: bool = False) -> list[list[str]]:
    """Six pages of forty lines each; `anew`: each page counts from one."""
    pages: list[list[str]] = []
    for start in range(0, 240, 40):
        numbered = enumerate(LINES[start : start + 40], 1 if anew else start + 1)
        pages.append([part for n, line in numbered for part in (write(n, line) if n % step == 0 else [line])])
    return pages


def digits(text: str) -> list[str]:
    return [word for word in text.split() if word.isdigit()]


@pytest.mark.parametrize("plain", [False, True], ids=["form feeds", "plain text"])
@pytest.mark.parametrize("anew", [False, True], ids=["counted on", "each page anew"])
@pytest.mark.parametrize("write", [behind, before, at_beginning, at_end])
class TestTheyGo:
    def test_where_each_line_has_one(self, write: Callable[[int, str], list[str]], anew: bool, plain: bool) -> None:
        result = prepared(*manuscript(write, anew=anew), plain=plain)
        assert digits(result.text) == []
        assert result.text.split() == " ".join(LINES).split()
        assert result.counts["line numbers"] == 240

    @pytest.mark.parametrize("step", [2, 5])
    def test_where_only_some_lines_have_one(
        self, write: Callable[[int, str], list[str]], anew: bool, plain: bool, step: int
    ) -> None:
        result = prepared(*manuscript(write, step=step, anew=anew), plain=plain)
        assert result.text.split() == " ".join(LINES).split()


def test_the_heads_and_the_pages_numbers_among_them_go_too() -> None:
    pages = [["On the river", *page, str(number)] for number, page in enumerate(manuscript(behind), 1)]
    result = prepared(*pages)
    assert digits(result.text) == []
    assert result.text.count("On the river") == 1
    assert result.counts["line numbers"] == 240


def test_numbers_of_the_text_among_them_stay() -> None:
    pages = manuscript(behind)
    pages[2].insert(7, "12 mills, together with 7 others, stand by the river and turn")
    assert digits(prepared(*pages).text) == ["12", "7"]


def test_they_stay_where_heads_are_wanted() -> None:
    assert len(digits(prepared(*manuscript(behind), running_heads=False, paragraphs=False).text)) == 240


def test_one_page_is_enough_where_most_of_its_lines_are_counted() -> None:
    assert prepared(manuscript(behind)[2]).counts["line numbers"] == 40


REFERENCES = [
    part
    for n, line in enumerate(LINES[:60], 1)
    for part in (str(n), f"Roe J., 20{n % 20:02}, {line[:40]}", f"{line[:30]}, 12, 345")
]
TABLE = [part for n in range(1, 61) for part in (str(n), f"NGC {n * 31}", f"{n / 7:.2f}", "12.5")]
PROGRAM = [part for n in range(1, 31) for part in (str(n), "if the left is larger then swap them")]
TICKS = [str(n) for n in range(60)]
EQUATIONS = [part for n in range(1, 31) for part in (LINES[n], f"x = {n} y + z,", f"({n})")]
CONTENTS = [part for n in range(1, 40) for part in (str(n), f"The {n}th of the Mills", str(n * 3))]


@pytest.mark.parametrize(
    "block",
    [REFERENCES, TABLE, PROGRAM, TICKS, EQUATIONS, CONTENTS],
    ids=["references", "table", "program", "ticks", "equations", "contents"],
)
class TestWhatStays:
    def test_in_a_paper(self, block: list[str]) -> None:
        pages = [LINES[start : start + 40] for start in range(0, 240, 40)]
        result = prepared(*pages[:3], block, *pages[3:])
        assert result.counts["line numbers"] == 0

    def test_in_a_paper_whose_lines_are_counted(self, block: list[str]) -> None:
        pages = manuscript(behind)
        result = prepared(*pages[:3], block, *pages[3:])
        alone = prepared(*pages[:3], *pages[3:])
        assert len(digits(result.text)) - len(digits(alone.text)) >= sum(part.isdigit() for part in block) - 3


@pytest.mark.parametrize("block", [REFERENCES, TABLE, TICKS, EQUATIONS, CONTENTS])
def test_a_list_alone_is_none(block: list[str]) -> None:
    assert prepared(block).counts["line numbers"] == 0
    assert prepared(block, block, block).counts["line numbers"] == 0


def test_listings_on_half_of_the_pages_keep_their_numbers() -> None:
    listing = PROGRAM[:60]
    pages = [LINES[start : start + 40] for start in range(0, 240, 40)]
    assert prepared(*(page + listing for page in pages)).counts["line numbers"] == 0


def test_numbers_in_a_heap_apart_from_their_lines_go_and_the_head_with_them() -> None:
    pages = [
        [*map(str, range(start + 1, start + 41)), f"1:{start // 40 + 1}", "Doe and Roe", *LINES[start : start + 40]]
        for start in range(0, 240, 40)
    ]
    result = prepared(*pages)
    assert result.counts["line numbers"] == 240
    assert result.text.count("Doe and Roe") == 1  # on the first page, as a title


def test_columns_of_years_on_half_of_the_pages_stay() -> None:
    pages = [LINES[start : start + 40] for start in range(0, 240, 40)]
    for page in (0, 2, 4):
        pages[page] = [*pages[page], *map(str, range(1990, 2015))]
    result = prepared(*pages)
    assert result.counts["line numbers"] == 0
    assert result.text.count("1995") == 3


def test_a_heap_of_ticks_on_one_page_stays() -> None:
    pages = [LINES[start : start + 40] for start in range(0, 240, 40)]
    pages[2] = [*pages[2], *map(str, range(30))]
    assert prepared(*pages).counts["line numbers"] == 0
