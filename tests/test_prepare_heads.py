"""Running heads, footers, page numbers and margin stamps."""

from pathlib import Path

import pytest

from galley.core.document import Document, Page
from galley.core.prepare import PrepareOptions, prepare

SENTENCES = (
    "The river rises far in the north and runs south.",
    "Its water turns the wheels of eleven mills.",
    "In winter the ice is thick enough to walk on.",
    "Children of the village skate there until dark.",
    "When spring comes the meadows stand under water.",
    "Nobody knows who built the oldest bridge over it.",
    "Fishermen sell what they catch on the market.",
    "A ferry used to cross at the wide bend below.",
)


def text_of(*pages: str, plain: bool = False, **options: bool) -> str:
    """Prepared; `plain` joins the pages as PyMuPDF's text does, an empty line between two and no form feed."""
    pages = ("\n\n".join(pages),) if plain else pages
    numbered = tuple(Page(number, text, "text") for number, text in enumerate(pages, 1))
    source = Document(Path("paper.txt"), "0" * 64, "text", len(pages), numbered)
    return prepare(source, PrepareOptions.model_validate({"language": "en", **options})).text


def body(number: int) -> str:
    first = SENTENCES[number % 8]
    return f"{first}\n{SENTENCES[(number + 3) % 8]}\n{SENTENCES[(number + 5) % 8]}"


@pytest.mark.parametrize("plain", [False, True], ids=["form feeds", "plain text"])
class TestOverPages:
    def test_heads_that_alternate_and_numbers_at_the_foot_go(self, plain: bool) -> None:
        heads = ("Doe and Roe", "On the river and its mills")
        text = text_of(*(f"{heads[n % 2]}\n{body(n)}\n{n}" for n in range(2, 12)), plain=plain)
        assert text.count("Doe and Roe") <= 1
        assert text.count("On the river and its mills") == 0
        assert not any(character.isdigit() for character in text)

    def test_heads_with_a_page_number_inside_go(self, plain: bool) -> None:
        text = text_of(*(f"{body(n)}\nArticle number, page {n} of 9" for n in range(1, 10)), plain=plain)
        assert "Article number" not in text

    def test_a_copyright_line_goes_though_it_begins_small_and_ends_in_a_sign(self, plain: bool) -> None:
        text = text_of(*(f"{body(n)}\nc\u20dd RAS, MNRAS 000, ??" for n in range(1, 9)), plain=plain)
        assert "MNRAS" not in text

    def test_roman_page_numbers_go(self, plain: bool) -> None:
        numerals = ("iii", "iv", "v", "vi", "vii", "viii")
        text = text_of(*(f"{body(place)}\n{numeral}" for place, numeral in enumerate(numerals)), plain=plain)
        assert not set(text.split()) & set(numerals)

    def test_the_prose_stays(self, plain: bool) -> None:
        text = text_of(*(f"A head for all of it\n{body(n)}\n– {n} –" for n in range(1, 9)), plain=plain)
        assert all(text.count(sentence) == 3 for sentence in SENTENCES)

    def test_a_sentences_end_that_recurs_at_pages_feet_stays(self, plain: bool) -> None:
        text = text_of(*(f"{body(n)}\nand so it is,\nas desired.\n{n}" for n in range(2, 9)), plain=plain)
        assert text.count("as desired.") == 7

    def test_a_preprints_licence_at_the_foot_of_every_page_goes_however_long_it_is(self, plain: bool) -> None:
        foot = (
            "available under the licence of the mills of the north.\n(which nobody has reviewed) is the author's, who "
            "has granted the millers the right to show it to whoever asks them for it, in perpetuity. It is made\n"
            "Mills preprint doi: https://mills.example/10.1101/1999.12.13; this version posted December 13, 1999. The "
            "copyright holder for this preprint"
        )
        text = text_of(*(f"{body(n)}\n{body(n + 1)}\n{body(n + 2)}\n{foot}" for n in range(1, 7)), plain=plain)
        assert [word for word in ("licence", "reviewed", "preprint") if word in text] == []

    def test_the_time_of_a_download_below_its_terms_goes_with_them(self, plain: bool) -> None:
        foot = f"Reuse is subject to the terms of {'the mills and ' * 8}the rivers. Downloaded on 29 Jun 2016\n12:44:40"
        text = text_of(*(f"{body(n)}\n{body(n + 1)}\n{body(n + 2)}\n{foot}" for n in range(1, 4)), plain=plain)
        assert "Reuse" not in text
        assert "12:44:40" not in text

    def test_a_caption_that_recurs_at_pages_tops_stays(self, plain: bool) -> None:
        caption = "Table {}: What the mills ground in each month of the year, by grain."
        text = text_of(*(f"{caption.format(n)}\n{body(n)}" for n in range(1, 7)), plain=plain)
        assert text.count("What the mills ground") == 6

    def test_chapters_numbers_above_their_titles_stay_and_heads_that_name_chapters_go(self, plain: bool) -> None:
        pages = [
            f"Chapter {n}\nOn mills and rivers\n{body(n)}\n{8 * n - 7}"
            if first
            else f"{8 * n - 7 + step}\nCHAPTER {n}. MILLS\n{body(n + step)}"
            for n in range(1, 5)
            for step in range(8)
            for first in (step == 0,)
        ]
        text = text_of(*pages, plain=plain)
        assert [f"Chapter {n}" in text for n in range(1, 5)] == [True] * 4
        assert "CHAPTER" not in text

    def test_a_head_above_the_pages_number_goes_though_it_stands_once(self, plain: bool) -> None:
        sides = ("{n}\nCHAPTER 2. ON RIVERS", "2.{n}. ON WHAT TURNS MILL {n}\n{n}")
        bodies = (f"{body(n)}\n{body(n + 1)}" for n in range(10, 20))
        text = text_of(*(f"{sides[n % 2].format(n=n)}\n{b}" for n, b in enumerate(bodies, 10)), plain=plain)
        assert [n for n in (11, 13, 15, 17) if f"MILL {n}" in text] == []

    def test_a_footer_of_three_lines_around_the_pages_number_goes(self, plain: bool) -> None:
        foot = "Mills of the north\nRIVERS TODAY | rivers.example\n{n}\nMay 1999 | Volume 8 | Issue 11"
        text = text_of(*(f"{body(n)}\n{body(n + 1)}\n{foot.format(n=n)}" for n in range(1, 9)), plain=plain)
        assert "Mills of the north" not in text
        assert "RIVERS TODAY" not in text

    def test_numbers_that_do_not_count_stay(self, plain: bool) -> None:
        years = (1812, 1640, 1999, 1701, 1848)
        text = text_of(*(f"{body(place)}\n{year}" for place, year in enumerate(years)), plain=plain)
        assert all(str(year) in text for year in years)


def test_a_heading_that_a_running_head_repeats_stays_once() -> None:
    pages = [f"2. The Mills\n{body(n)}" for n in range(1, 8)]
    assert text_of(f"A title of the book\n{body(0)}", *pages).count("2. The Mills") == 1


@pytest.mark.parametrize("number", ["7", "– 7 –", "Page 7 of 12"])
def test_the_page_number_of_a_single_page_goes(number: str) -> None:
    assert "7" not in text_of(f"{body(0)}\n{body(1)}\n{number}")


def test_the_arxiv_stamp_goes_from_a_line_of_its_own_and_from_inside_one() -> None:
    stamp = "arXiv:2201.00037v1  [astro-ph.EP]  31 Dec 2021"
    above = f"{stamp}\n\n"
    assert text_of(f"{body(0)}\n{stamp}\n{body(1)}") == above + text_of(f"{body(0)}\n{body(1)}")
    assert text_of(f"We use these models{stamp} and the others.") == f"{above}We use these models and the others."
    assert text_of(f"{stamp}\n{body(0)}", f"{stamp}\n{body(1)}").count("arXiv") == 1
    assert stamp.split()[0] in text_of(f"{body(0)}\n{stamp}\n{body(1)}", margin_stamps=False)[10:]


def test_a_citation_of_an_arxiv_paper_stays() -> None:
    assert "arXiv:1511.06422" in text_of("Mishkin, D. All you need. arXiv preprint arXiv:1511.06422, Nov. 2015.")


def test_the_rest_of_a_formula_at_a_pages_top_is_no_page_number() -> None:
    pages = [f"{body(n)}\n{n}" if n != 4 else f"= 0\n{body(n)}\n{n}" for n in range(1, 9)]
    assert "= 0" in text_of(*pages)


def test_a_title_behind_its_lines_number_stays_where_the_pages_number_stands_alone() -> None:
    lines = [f"{number} {SENTENCES[number % 8]}" for number in range(2, 60)]
    pages = ["\n".join([*lines[10 * page : 10 * page + 9], str(page + 1)]) for page in range(5)]
    assert "Of Mills and Rivers" in text_of(f"1 Of Mills and Rivers\n{pages[0]}", *pages[1:])


def test_thousands_of_pages_with_one_head_are_no_trouble() -> None:
    """Comparing every head with every other would run into the suite's time limit."""
    pages = [f"A head for all of it\n{SENTENCES[number % 8]}" for number in range(20_000)]
    assert text_of(*pages, hyphens=False, paragraphs=False).count("A head for all of it") == 1


LONG = (
    "the water was low in those years and the mills stood still for many weeks",
    "at a time, so that the millers took up other trades and learned to weave,",
    "as their fathers had done before them when the river froze in the winter.",
    "Only the oldest of them stayed by the wheel and kept it from falling into",
    "pieces, and told everybody who would hear it that the water would be back",
    "before long. It came back in the spring of the third year, all in a night,",
    "and took the wheel with it, and the mill, and a good part of the meadow.",
    "The old man was found on the roof of the church, unhurt and content.",
)
PAGE = "\n".join(LONG)


class TestOnASinglePage:
    """Where nothing recurs."""

    def test_a_line_above_the_pages_number_goes(self) -> None:
        assert text_of(f"On the River and its Mills\n17\n{PAGE}").startswith("the water was low")

    def test_a_head_goes_if_a_sentence_goes_on_behind_it(self) -> None:
        assert text_of(f"On the River and its Mills\n{PAGE}").startswith("the water was low")

    @pytest.mark.parametrize(
        "head",
        [
            "Rose et al.",
            "Doe, Roe and Poe et al.: On the river and its mills",
            "K. Kowalczyk & E. L. Łokas: Multiple populations in mills",
            "Confidential manuscript submitted to Journal of Mills",
            "A&A proofs: manuscript no. mills4",
        ],
    )
    def test_lines_of_publishers_and_authors_go(self, head: str) -> None:
        assert head not in text_of(f"2\n{head}\n{PAGE.capitalize()}")
        assert head not in text_of(f"{head}\n{PAGE.capitalize()}\n2")

    @pytest.mark.parametrize(
        "head", ["10 1.3. Rivers and Streams", "15 1.5. RIVERS", "105 Answers to the Questions", "On the River 212"]
    )
    def test_a_head_with_its_pages_number_goes(self, head: str) -> None:
        assert head not in text_of(f"{head}\n{PAGE.capitalize()}")

    @pytest.mark.parametrize("above", ["2. The Mills", "2.3. Mills of the North", "2.3.2. Ice in the Mills"])
    def test_a_head_goes_above_a_section_that_is_not_the_first_inside_it(self, above: str) -> None:
        text = text_of(f"{above}\n2.3.2. Ice in the Mills\n{PAGE.capitalize()}\n17")
        assert text.startswith("2.3.2. Ice in the Mills")
        assert text.count("Mills") == 1

    @pytest.mark.parametrize("below", ["2.1. The First of Them", "2.1 The First of Them", "3. Another Chapter"])
    def test_a_heading_stays_above_its_first_section_and_above_another(self, below: str) -> None:
        assert "2. The Mills of Yore" in text_of(f"2. The Mills of Yore\n{below}\n{PAGE.capitalize()}")

    def test_a_head_goes_though_the_sentence_behind_it_ends_at_once(self) -> None:
        assert text_of(f"On the River and its Mills\nmills.\n{PAGE.capitalize()}").startswith("mills.")

    def test_a_heading_stays_above_labels_in_small_letters(self) -> None:
        text = text_of(f"On the River and its Mills\nwidth\ndepth of the water\n{PAGE.capitalize()}")
        assert "On the River and its Mills" in text

    def test_the_line_that_names_the_volume_goes_and_a_reference_stays(self) -> None:
        head = "Journal of Mills, Vol. 12, No. 3"
        assert head not in text_of(f"{head}\n{PAGE.capitalize()}")
        references = "Old mills. Journal of Mills, vol. 12, pp. 3–7, 1999.\nJ. Doe. Old bridges. Rivers, vol. 2, no. 2,"
        assert text_of(f"{references}\n{PAGE.capitalize()}").startswith("Old mills. Journal")
        assert "ice and wheels" in text_of(
            f"ice and wheels,” Journal of Mills, vol. 1, no. 2, 1999\n{PAGE.capitalize()}"
        )

    @pytest.mark.parametrize(
        "first",
        [
            "Introduction and overview",
            "3 Introduction and overview",
            "The Flood of 1846",
            "Figure 3. The mill before the flood",
            "E = mc and so on, therefore",
            "the end of a sentence from the page before.",
            "The story that she had submitted to the magazine in the spring of that year and",
            "Copyright law in the nineteenth century was a matter of some dispute and so",
            "Preprint servers have changed how physicists and others read each other now",
            "The library of the abbey of Saint Gall holds a collection of some 350",
        ],
    )
    def test_headings_captions_formulas_and_sentences_stay(self, first: str) -> None:
        assert first in text_of(f"3\n{first}\n{PAGE.capitalize()}")

    def test_a_title_stays_though_its_second_line_begins_small(self) -> None:
        page = f"The influence of a long and cold winter\non the mills\nJ. Doe\n{PAGE.capitalize()}"
        assert "The influence of a long and cold winter" in text_of(page)

    @pytest.mark.parametrize(
        "below",
        [
            "2.2. Ice in the Mills",
            "Figure 2.3: The mill before the flood, seen from the south bank.",
            "(2.4)",
            "2.3.2\nIce",
        ],
    )
    def test_a_head_goes_if_its_chapter_began_on_an_earlier_page(self, below: str) -> None:
        text = text_of(f"2. The Mills of Yore\n{PAGE.capitalize()}\n{below}\n{PAGE.capitalize()}\n17")
        assert "Mills of Yore" not in text
        assert below.split("\n")[0] in text

    @pytest.mark.parametrize(
        "below",
        [
            "2.1. Ice in the Mills",
            "Figure 2.1: The mill before the flood.\nFigure 2.2: The mill after the flood.",
            "Figure 7: The mill before the flood.",
            "The miller said so.\n2.5 Litres of it are enough, as everybody knew in those\ndays of old.",
            "We go on to\n2.2. Ice in the Mills",
        ],
    )
    def test_a_heading_stays_if_its_chapter_may_begin_there(self, below: str) -> None:
        text = text_of(f"2. The Mills of Yore\n{PAGE.capitalize()}\n{below}\n{PAGE.capitalize()}\n17")
        assert "2. The Mills of Yore" in text

    @pytest.mark.parametrize(
        "head",
        [
            "ORDER EFFECTS OF THE MILLS 7",
            "3.2. MILLS OF THE NORTH 25",
            "3.2. Mills of the North 25",
            "Bibliography 62",
            "4 DOE ET AL.",
            "80 Q. M. Shao and Q. Wang",
            "Kurteff et al., 3",
            "Doe, Roe, Poe et al. | 11",
            "8 | de-RSE Position Paper #001 (2020)",
            "Ada B. Miller, Ben Rivers-Ford, Carla Wheel 7",
            "Appendix A: Copying Information 25",
            "5/5/23, 11:33 PM Exploring the Evolution of Mills",
        ],
    )
    def test_a_head_with_a_small_number_beside_it_goes_where_it_is_no_sections(self, head: str) -> None:
        assert head not in text_of(f"{head}\n{PAGE.capitalize()}")

    @pytest.mark.parametrize(
        "heading",
        [
            "3.2. Experiment 2",
            "RESULTS OF EXPERIMENT 2",
            "3.2. Proof of Theorem 13",
            "4 Related Mills",
            "9 Bibliography",
        ],
    )
    def test_a_heading_with_a_number_of_its_own_stays(self, heading: str) -> None:
        assert heading in text_of(f"{heading}\n{PAGE.capitalize()}")

    def test_a_row_of_contents_stays(self) -> None:
        assert "3.2. Mills 25" in text_of(f"3.2. Mills 25\n3.3. Bridges 31\n{PAGE.capitalize()}")

    @pytest.mark.parametrize("head", ["CHAPTER 2. THE MILLS OF YORE", "2.3. MILLS OF YORE", "Q. M. Shao and Q. Wang"])
    def test_a_head_below_the_pages_number_goes(self, head: str) -> None:
        text = text_of(f"12\n{head}\n{PAGE.capitalize()}")
        assert head not in text
        assert not text.startswith("12")

    @pytest.mark.parametrize(
        "line",
        ["In this section we describe the mills", "2.3. Mills of the North", "Water Wheels of Old\nWheel (left)"],
    )
    def test_what_stands_below_a_page_number_that_is_the_whole_head_stays(self, line: str) -> None:
        assert line.split("\n")[0] in text_of(f"34\n{line}\n{PAGE.capitalize()}")

    @pytest.mark.parametrize("foot", ["3.2 Mills of the North 25", "3.2\nMills of the North\n25", "Bibliography\n62"])
    def test_a_footer_that_names_the_section_goes(self, foot: str) -> None:
        text = text_of(f"{PAGE.capitalize()}\n{foot}")
        assert text.endswith("content.")

    def test_a_journals_footer_of_three_lines_goes(self) -> None:
        foot = "MILLS ONE | www.mills.example\n3\nNovember 2013 | Volume 8 | Issue 11 | e78127"
        assert text_of(f"{PAGE.capitalize()}\n{foot}").endswith("content.")

    @pytest.mark.parametrize("foot", ["1.5 Litres of water\n", "44.1\n62.2\nMills of the North\n63"])
    def test_rows_and_sentences_at_a_pages_foot_stay(self, foot: str) -> None:
        assert foot.split("\n")[0] in text_of(f"{PAGE.capitalize()}\n{foot}")

    def test_in_a_longer_document_only_what_recurs_or_counts_is_a_head(self) -> None:
        pages = [
            f"{title}\n{PAGE}" for title in ("North Bank", "South Bank", "Old Bridge", "New Bridge", "Ferry House")
        ]
        assert "Old Bridge" in text_of(*pages)

    def test_paragraphs_of_plain_text_are_no_pages(self) -> None:
        source = "\n\n".join(f"Manuscript submitted to {name}\n{PAGE}" for name in ("Mills", "Rivers", "Bridges"))
        assert text_of(source).count("Manuscript submitted to") == 3


def test_a_stamp_among_the_references_stays() -> None:
    reference = "[12] A. Smith. A study of mills. arXiv:2401.12345v1 [cs.CL] 1 Jan 2024."
    text = text_of(f"arXiv:2201.00037v1 [astro-ph.EP] 31 Dec 2021\n{body(0)}", f"{body(1)}\n{reference}")
    assert reference in text


def test_of_two_numbers_on_a_single_page_the_one_above_a_title_stays() -> None:
    text = text_of(f"3\nWhat Turns the Mills\n{body(1)}\n{body(2)}\n{body(3)}\n12")
    assert text.split()[0] == "3"
    assert "12" not in text


def test_chapters_numbers_that_count_on_are_no_pages_numbers() -> None:
    pages = (f"{n // 6 + 1}\n{body(n)}\n{n}" if n % 6 == 0 else f"{body(n)}\n{n}" for n in range(6, 40))
    words = text_of(*pages, plain=True).split()
    assert [word for word in words if word.isdigit()] == ["2", "3", "4", "5", "6", "7"]


def test_pages_of_a_few_lines_that_say_the_same_are_not_taken_away_line_by_line() -> None:
    left, right = body(0).split("\n")[:4], body(4).split("\n")[:4]
    text = text_of(*(["\n".join(left), "\n".join(right)] * 10))
    assert len(text.split()) > 10 * len(" ".join(left[1:]).split())


def test_paragraphs_that_say_nearly_the_same_are_no_heads_of_pages() -> None:
    passage = (
        "The compositor set the type by hand in {}, letter by letter, and the reader of proofs sat beside him. When "
    )
    passage += "the sheet came from the press they read it aloud, word for word, from the first line to the last."
    paragraphs = [passage.format(1483 + at) for at in range(8)]
    for said in (text_of(*paragraphs), text_of(*paragraphs, plain=True)):
        assert [said.count(f"in {1483 + at},") for at in range(8)] == [1] * 8
