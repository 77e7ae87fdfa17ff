"""What the repairs do to a document's text, step by step."""

from dataclasses import replace
from pathlib import Path

import pytest

from galley.core.document import Document, Page
from galley.core.edits import apply_candidates
from galley.core.prepare import Prepared, PrepareOptions, prepare

PROSE = (
    "The editor reads every line of the proof with care and marks whatever looks wrong\n"
    "in the margin, so that the printer can set it right before the book goes to press.\n"
)


def document(*pages: str) -> Document:
    made = tuple(Page(number, text, "pdfium") for number, text in enumerate(pages, 1))
    return Document(path=Path("x.pdf"), sha256="0" * 64, kind="pdf", page_count=len(made), pages=made)


def prepared(*pages: str, **options: bool | str) -> Prepared:
    return prepare(document(*pages), PrepareOptions.model_validate({"language": "en", **options}))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("of 8 M\u2299and more", "of 8 M\u2299 and more"),
        ("a mean \u27e8N\u27e9is near", "a mean \u27e8N\u27e9 is near"),
        ("the norm \u2225x\u2225suggests it", "the norm \u2225x\u2225 suggests it"),
        ("where \u03a9and \u03c6in are", "where \u03a9 and \u03c6in are"),
        ("5 \u03bcas, \u2225max, \u2217new of x\u2032new", "5 \u03bcas, \u2225max, \u2217new of x\u2032new"),
    ],
)
def test_a_blank_lost_behind_a_sign_is_put_back_before_words_alone(raw: str, expected: str) -> None:
    assert prepared(f"{raw}\n").text == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a star turned o\ufb00during the night", "a star turned off during the night"),
        ("We cut o\ufb00of it. The cuto\ufb00for it", "We cut off of it. The cutoff for it"),
        ("Ryko\ufb00 et al. and Ryko\ufb00 et al.; Ryko\ufb00et al.", "Rykoff et al. and Rykoff et al.; Rykoff et al."),
        ("an o\ufb00set, an o\ufb00er, di\ufb00erent e\ufb00orts", "an offset, an offer, different efforts"),
        ("the Hu\ufb00man code", "the Huffman code"),
        ("Send o\ufb00print requests to us.", "Send offprint requests to us."),
    ],
)
def test_a_blank_lost_behind_a_wide_ligature_is_put_back_and_no_word_is_torn(raw: str, expected: str) -> None:
    assert prepared(f"{raw}\n", unicode=True).text == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("modi\ufb01ed \ufb02ow", "modified flow"),
        ("Universit´e de G¨urkan", "Université de Gürkan"),
        ("where ˜m and ¯A are small", "where m\u0303 and Ā are small"),
        ("so X˜ = 1 holds", "so X\u0303 = 1 holds"),
        ("http://x.org/~art/˜gcw", "http://x.org/~art/˜gcw"),
        ("a\u00a0b\u2009c\u3000d", "a b c d"),
        ("schÃ¶n", "schön"),
        ("“curly” ‘quotes’ stay", "“curly” ‘quotes’ stay"),
    ],
)
def test_characters_become_what_a_reader_means(raw: str, expected: str) -> None:
    assert prepared(raw).text == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("it has un-\nlocked new realms", "it has unlocked new realms"),
        ("their self-\nimprovement is", "their self-improvement is"),
        ("a well-\nknown fact", "a well-known fact"),
        ("the state-of-\nthe-art model", "the state-of-the-art model"),
        ("from weak-to-\nstrong learning", "from weak-to-strong learning"),
        ("the built-\nin rule", "the built-in rule"),
        ("as GPT-\n4 does", "as GPT-4 does"),
        ("an AI-\ngenerated text", "an AI-generated text"),
        ("Chat-\nGPT and ChatGPT", "ChatGPT and ChatGPT"),
        ("EM-\nRIs are EMRIs", "EMRIs are EMRIs"),
        ("pre-\nand post-war", "pre- and post-war"),
        ("the gravi\u00ad\ntational pull", "the gravitational pull"),
    ],
)
def test_a_hyphen_at_a_lines_end_goes_or_stays_by_the_word(raw: str, expected: str) -> None:
    assert prepared(raw).text == expected


@pytest.mark.parametrize(
    ("language", "raw", "expected"),
    [
        ("de", "die Verei-\nnigung der Mengen", "die Vereinigung der Mengen"),
        ("de", "der Schwarz-\nWeiß-Film", "der Schwarz-Weiß-Film"),
        ("de", "Ein- und Aus-\ngabe sowie Groß-\nund Kleinschreibung", None),
        ("fr", "le gouverne-\nment français", "le gouvernement français"),
        ("es", "la informa-\nción del país", "la información del país"),
    ],
)
def test_other_languages_have_their_own_words(language: str, raw: str, expected: str | None) -> None:
    text = prepared(raw, language=language).text
    assert text == (expected or "Ein- und Ausgabe sowie Groß- und Kleinschreibung")


def test_the_documents_own_words_outvote_the_frequency_list() -> None:
    raw = "We call it lock-step here. The lock-step runs; this lock-\nstep is fast."
    assert "this lock-step is" in prepared(raw).text
    assert "this lockstep is" in prepared(raw.replace("lock-step", "lockstep")).text


def test_a_word_broken_across_pages_closes_over_the_running_head() -> None:
    names = ["Ada", "Ben", "Cora", "Dan", "Eve", "Finn"]
    pages = [
        f"Journal of Proofs, vol. 3\ners wait for {name}.\n{PROSE * 2}Then {name} calls the print-\n{number}"
        for number, name in enumerate(names, 1)
    ]
    text = prepared(*pages).text
    assert text.count("Journal") == 1
    assert "Then Ada calls the printers wait for Ben." in text


def test_a_word_torn_by_a_footnote_gets_its_second_half_back() -> None:
    note = "Corresponding author: A. Writer, of the\nUniversity of X."
    raw = f"{PROSE}Such holes may sit in galac-\n{note}\ntic nuclei as well."
    text = prepared(raw).text
    assert "sit in galactic" in text
    assert text.endswith("nuclei as well.")
    assert "tic nuclei" not in text.replace("galactic", "")


def test_a_compound_before_a_capital_is_not_taken_for_torn() -> None:
    raw = f"{PROSE}We use the Hoyle-\nLyttleton rate and a low-\nMass star here.\ning is no word."
    assert "Hoyle-Lyttleton rate and a low-Mass star here." in prepared(raw).text


def test_the_half_of_another_broken_word_is_not_taken_for_a_torn_ones() -> None:
    raw = f"{PROSE}It is drawn by a No-\nU-Turn sampler and by nobody else. Our assump-\ntion is that it ends."
    assert "by a No-U-Turn sampler and by nobody else. Our assumption is that it ends." in prepared(raw).text


def test_heads_and_numbers_that_alternate_and_count_are_removed() -> None:
    pages = [
        f"{n}\nA. Author et al.\n{PROSE * 3}" if n % 2 else f"{PROSE * 3}On Galley Proofs\n{n}" for n in range(8, 20)
    ]
    text = prepared(*pages).text
    assert "Author" not in text
    assert "On Galley Proofs" not in text
    assert not any(character.isdigit() for character in text)


def test_roman_page_numbers_count_over_blank_pages() -> None:
    pages = [f"{PROSE * 3}{number}\n" for number in ("vii", "ix", "x", "xii")]
    assert not {"vii", "ix", "x", "xii"} & set(prepared(*pages).text.split())


def test_a_head_that_stands_once_is_found_by_the_number_it_shares_with_its_page() -> None:
    titles = ["Sets", "Maps", "Rings", "Fields", "Groups", "Limits"]
    pages = [f"{n + 4} {n}.1 {title}\n{PROSE * 3}" for n, title in enumerate(titles, 1)]
    text = prepared(*pages).text
    assert not any(title in text for title in titles)


def test_plain_text_without_page_breaks_loses_its_heads_as_well() -> None:
    pages = [f"K. Writer: On proofs\n{PROSE * 4}Article number, page {n} of 9\n" for n in range(1, 9)]
    source = document("\n".join(pages))
    text = prepare(replace(source, kind="text"), PrepareOptions(language="en")).text
    assert "Article number" not in text
    assert text.count("K. Writer") <= 1


def test_one_page_alone_loses_the_number_at_its_foot() -> None:
    assert prepared(f"{PROSE * 3}Page 1 of 1").text.endswith("to press.")
    assert prepared(f"{PROSE * 3}12").text.endswith("to press.")


def test_years_that_recur_at_page_ends_are_no_page_numbers() -> None:
    pages = [f"{PROSE * 3}Monthly Notices, {year}" for year in (2004, 1987, 2011, 1992, 2001, 1975)]
    assert prepared(*pages).text.count("Monthly Notices") == 6


def test_the_title_stays_once_when_later_heads_repeat_it() -> None:
    pages = [f"On Galley Proofs\n{PROSE * 3}" for _ in range(6)]
    assert prepared(*pages).text.count("On Galley Proofs") == 1


def test_the_arxiv_stamp_stands_above_the_text_and_traces_to_its_page() -> None:
    stamp = "arXiv:2201.00151v1 [astro-ph.GA] 1 Jan 2022"
    found = prepared(f"{PROSE}It was shown\n{stamp}\nlong ago. {PROSE}", PROSE)
    assert found.text.startswith(f"{stamp}\n\nThe editor")
    assert "It was shown long ago." in found.text
    assert found.pages(0, len(stamp)) == (1, 1)


TICKS = "0\n10\n20\n30\n40\nradius [km]\n0\n0.5\n1.0\n1.5\n2.0\nall stars\n"


def test_a_figures_ticks_go_where_they_tear_a_sentence_and_its_caption_stays() -> None:
    text = prepared(f"{PROSE}It has been shown that the proof is\n{TICKS}Fig. 3. The radius.\nread twice. {PROSE}").text
    assert "0.5" not in text
    assert "Fig. 3. The radius." in text


def test_a_sentence_that_begins_a_line_with_a_tables_number_makes_no_table_of_a_figures_ticks() -> None:
    torn = "Table 1 gives the proofs that were read before the first of May by\n"
    text = prepared(f"{PROSE}{torn}{TICKS}Fig. 3. The radius.\nall of them twice. {PROSE}").text
    assert "0.5" not in text
    assert "Table 1 gives the proofs" in text
    title = "Table 1 The proofs that were read before the first of May by all\n"
    assert "0.5" in prepared(f"{PROSE}{title}{TICKS}Fig. 3. The radius.\n{PROSE}").text


def test_the_rest_of_a_broken_word_above_a_figure_is_no_label_of_it() -> None:
    text = prepared(
        f"{PROSE}It has been shown that the proof has a hypo-\ntenuse\n{TICKS}Fig. 3. The radius.\n{PROSE}"
    ).text
    assert "hypotenuse" in text
    assert "0.5" not in text


def test_a_figures_ticks_between_sentences_stay_and_are_proposed() -> None:
    result = prepared(f"{PROSE}{TICKS}Fig. 3. The radius of the proof.\n{PROSE}")
    assert "0.5" in result.text
    proposed = [candidate for candidate in result.candidates if candidate.kind == "debris"]
    assert len(proposed) == 1
    assert proposed[0].prior < 0.5
    without = apply_candidates(result.text, proposed)
    assert "0.5" not in without
    assert without.count("\n\n\n") == 0
    assert "0.5" not in prepared(f"{PROSE}{TICKS}Fig. 3. The radius.\n{PROSE}", drop_figure_text=True).text


def test_a_sentence_that_a_caption_tore_goes_on_in_a_paragraph_of_its_own() -> None:
    text = prepared(f"{PROSE}It has been shown that the proof is\n{TICKS}Fig. 3. The radius.\nread twice. {PROSE}").text
    assert "Fig. 3. The radius.\n\nread twice." in text


def test_a_tables_numbers_are_no_ticks() -> None:
    rows = "\n".join(str(n) for n in range(10, 90, 10))
    raw = f"{PROSE}It has been shown that the proof is\nTable 2. Sizes.\n{rows}\nread twice."
    assert "70 80" in " ".join(prepared(raw).text.split())


def test_paragraphs_are_lines_apart_by_an_empty_one() -> None:
    raw = (
        f"1 Introduction\n{PROSE}It ends here.\nA new paragraph begins after a short line, and goes on for a while\n"
        "to the end.\n\n• an item\n• another"
    )
    assert prepared(raw).text.split("\n\n") == [
        "1 Introduction",
        " ".join(PROSE.split()) + " It ends here.",
        "A new paragraph begins after a short line, and goes on for a while to the end.",
        "• an item",
        "• another",
    ]


def test_a_title_block_keeps_its_lines_and_the_abstract_begins_anew() -> None:
    raw = f"On Galley Proofs\nAda Writer and\nBen Reader\nUniversity of X\nAbstract—{PROSE}"
    assert prepared(raw).text.split("\n\n")[:3] == ["On Galley Proofs", "Ada Writer and Ben Reader", "University of X"]


@pytest.mark.parametrize(
    ("option", "gone"),
    [
        ("drop_citations", "(Wei et al., 2022a; Xu, 2024)"),
        ("drop_citations", "[3, 4–7]"),
        ("drop_urls", "https://example.org/a_b"),
        ("drop_urls", "ada@example.org"),
        ("drop_references", "Proofs and errors"),
    ],
)
def test_what_may_be_left_out_goes_only_when_asked(option: str, gone: str) -> None:
    raw = (
        "As shown (Wei et al., 2022a; Xu, 2024) and in [3, 4–7], see https://example.org/a_b or ada@example.org now.\n"
        "\nReferences\n[1] B. Reader. Proofs and errors. 1999.\n"
    )
    assert gone in prepared(raw).text
    assert gone not in prepared(raw, **{option: True}).text


def test_every_step_can_be_switched_off() -> None:
    off = {name: False for name, value in PrepareOptions().model_dump().items() if value is True}
    raw = f"Head\n{PROSE}un-\nlocked \ufb01ne\n1"
    assert prepare(document(raw, raw), PrepareOptions.model_validate(off)).text == f"{raw}\f{raw}"


@pytest.mark.parametrize(
    ("raw", "language"),
    [
        ("Die Katze sitzt auf dem Dach und schaut nach den Vögeln, die nicht zu ihr kommen wollen.", "de"),
        ("Le chat est sur le toit et il regarde les oiseaux qui ne veulent pas venir avec lui.", "fr"),
        ("El gato está en el techo y mira a los pájaros que no quieren venir con él por la tarde.", "es"),
        ("x", "en"),
    ],
)
def test_the_language_is_found_by_its_common_words(raw: str, language: str) -> None:
    assert prepare(document(raw)).language == language


def test_an_abbreviation_at_a_lines_end_ends_no_paragraph() -> None:
    lines = [PROSE.strip(), "The proof was read by Doe et al.", "(2021) and by nobody else.", PROSE.strip()]
    assert "et al. (2021)" in prepared("\n".join(lines)).text


@pytest.mark.parametrize(
    "text", ["schÃ¶n und " * 2000, "a" + "\u0301" * 20_000, "a'" * 10_000], ids=["broken", "marks", "quotes"]
)
@pytest.mark.timeout(20)
def test_a_long_hostile_line_is_repaired_in_linear_time(text: str) -> None:
    found = prepared(text).text
    assert found.count("schön") == text.count("schÃ¶n")


ROWS = "Method Data Teacher Student\nLion IF Alpaca Cata ChatGPT LLaMA\nSelfee MD Mixed Data ChatGPT LLaMA\n"


def test_a_table_at_the_top_of_a_page_does_not_run_on_from_the_sentence_that_it_tears() -> None:
    text = prepared(
        f"{PROSE}The mills were made of wood, and the river drove all of the\n",
        f"{ROWS}TABLE 3: A summary of the methods.\nwheels that stood along its banks for a hundred years.\n{PROSE}",
    ).text
    assert "drove all of the\n\nMethod Data" in text


def test_a_sentence_goes_on_over_a_page_that_has_a_table_further_down() -> None:
    text = prepared(
        f"{PROSE}The mills were made of wood, and the river drove all of the\n",
        f"Wheels that stood along its banks for a hundred years.\n{PROSE}{ROWS}TABLE 3: A summary of the methods.\n",
    ).text
    assert "drove all of the Wheels that" in text


@pytest.mark.parametrize("number", ["IV.", "B.", "2.1.3"])
def test_a_sections_number_on_a_line_of_its_own_is_put_before_its_title(number: str) -> None:
    text = prepared(f"{PROSE}{number}\nAges of the stars\n{PROSE}").text
    assert f"press.\n\n{number} Ages of the stars\n\nThe editor" in text


def test_a_tables_numbers_are_no_sections() -> None:
    text = prepared(f"{PROSE}Table 1: The stars.\nAge\n2.5\nBright stars\n0.3\n1.7\nFaint stars\n0.4\n{PROSE}").text
    assert "2.5 Bright stars\n\n" not in text
