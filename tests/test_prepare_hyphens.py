"""Hyphens at line ends: closed where they only broke a word, kept where they belong to it."""

from pathlib import Path

import pytest

from galley.core.document import Document, Page
from galley.core.edits import apply_candidates
from galley.core.prepare import Prepared, PrepareOptions, prepare


def prepared(*pages: str, language: str = "en") -> Prepared:
    numbered = tuple(Page(number, text, "text") for number, text in enumerate(pages, 1))
    source = Document(Path("paper.txt"), "0" * 64, "text", len(pages), numbered)
    return prepare(source, PrepareOptions(language=language))


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("un-\nlocked", "unlocked"),
        ("self-\nimprovement", "self-improvement"),
        ("re-\nquirements", "requirements"),
        ("infor-\nmation", "information"),
        ("state-of-the-\nart", "state-of-the-art"),
        ("well-\nknown", "well-known"),
        ("GPT-\n4", "GPT-4"),
        ("Kullback-\nLeibler", "Kullback-Leibler"),
        ("infor\u00ad\nmation", "information"),
        ("infor- mation", "information"),
        ("propos-\nals", "proposals"),
        ("so-\ncalled", "so-called"),
        ("face-\non", "face-on"),
        ("non-\ntrivial", "non-trivial"),
        ("anti-\ncorrelation", "anti-correlation"),
        ("o-\nriginal", "original"),
        ("e-\nmail", "e-mail"),
        ("mixed-\nversus full-precision", "mixed- versus full-precision"),
    ],
)
def test_a_broken_word_gets_its_right_form(broken: str, mended: str) -> None:
    assert prepared(f"It is about the {broken} of things.").text == f"It is about the {mended} of things."


@pytest.mark.parametrize("gap", ["\n", " "])
def test_a_suspended_hyphen_keeps_its_blank(gap: str) -> None:
    text = f"This holds for pre-{gap}and post-processing of it."
    assert prepared(text).text == "This holds for pre- and post-processing of it."


def test_the_documents_own_words_decide() -> None:
    assert "glimmerfold" in prepared("A glimmerfold is one. The glimmer-\nfold is two.").text.split("two")[0][-20:]
    assert prepared("The glimmer-fold is one. The glimmer-\nfold is two.").text.count("glimmer-fold") == 2


def test_two_words_of_the_document_that_are_none_together_keep_theirs() -> None:
    text = "At a metallicity like the solar one. At solar-\nmetallicity a star is bright."
    assert "At solar-metallicity a star" in prepared(text).text


def test_a_document_that_joins_its_prefixes_has_them_joined() -> None:
    text = "A noncompact, nondegenerate set. A non-\ntrivial one."
    assert "A nontrivial one." in prepared(text).text


@pytest.mark.parametrize(
    ("language", "broken", "mended"),
    [
        ("de", "Zusammen-\nhang", "Zusammenhang"),
        ("de", "Funktions-\nräume", "Funktionsräume"),
        ("fr", "déve-\nloppement", "développement"),
        ("es", "desa-\nrrollo", "desarrollo"),
    ],
)
def test_other_languages_close_too(language: str, broken: str, mended: str) -> None:
    assert mended in prepared(f"x {broken} x", language=language).text


def test_a_word_broken_over_a_page_with_a_head_between_is_closed() -> None:
    ends = ("The mill has all the infor-", "A ferry had crossed it be-", "Nobody knows the re-", "He sells what he had")
    begins = ("The river is long", "mation about the river.", "fore there was a bridge.", "quirements of its builder.")
    pages = [
        f"Journal of Things\n{begin}\n{end}\n{number}"
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True), 1)
    ]
    text = prepared(*pages).text
    assert all(word in text for word in ("information about", "before there", "requirements of"))


def test_a_doubtful_hyphen_is_a_candidate_that_gives_the_other_form() -> None:
    result = prepared("It is a frobnar-\ntester of the kind that we know of.")
    doubtful = [candidate for candidate in result.candidates if candidate.kind == "hyphen"]
    assert len(doubtful) == 1
    forms = {result.text, apply_candidates(result.text, doubtful)}
    assert {"frobnartester" in form for form in forms} == {True, False}
    assert all("frobnar-tester" in form or "frobnartester" in form for form in forms)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("k-\nmeans", "k-means"),
        ("e-\nmail", "e-mail"),
        ("top-\nk", "top-k"),
        ("long-\nterm", "long-term"),
        ("time-\nconsuming", "time-consuming"),
        ("ChatGPT-\ndistilled", "ChatGPT-distilled"),
        ("observation-\nally", "observationally"),
        ("ex-\namples2", "examples2"),
        ("Mc-\nCarthy", "McCarthy"),
    ],
)
def test_what_no_line_break_parts_keeps_its_hyphen_and_an_ending_joins(broken: str, mended: str) -> None:
    assert prepared(f"It is about the {broken} of things.").text == f"It is about the {mended} of things."


def test_the_habit_of_hyphenating_a_prefix_tears_no_common_word() -> None:
    habit = "We re-cut it, we re-tell it and we re-glaze it."
    assert "refresher" in prepared(f"{habit} It is a re-\nfresher of things.").text
    assert "re-tuned" in prepared(f"{habit} It is a re-\ntuned kind of thing.").text


def test_a_sure_hyphen_is_no_candidate() -> None:
    assert not prepared("All of the infor-\nmation is here.").candidates


def test_a_prefix_before_a_capital_takes_no_word_from_further_down() -> None:
    text = prepared("The cells share Non-\nOrthogonal bands here.\nIt ends there.\nmodelled paths follow.").text
    assert "Non-Orthogonal bands" in text
    assert "modelled paths" in text


def test_a_conjunction_behind_a_hyphen_keeps_its_blank() -> None:
    assert "pre- and post-war" in prepared("They met in pre-\nand post-war years.").text


def test_a_document_that_has_the_whole_compound_keeps_each_of_its_hyphens() -> None:
    text = prepared("A pre-main-sequence star is young. The pre-\nmain-sequence stars contract.").text
    assert text.count("pre-main-sequence") == 2


def test_a_genitive_is_closed_as_the_word_is() -> None:
    assert "GLIMMERFOLD’s" in prepared("We use GLIMMERFOLD. All of GLIM-\nMERFOLD’s parts are free.").text


def test_the_rest_of_another_broken_word_goes_to_no_word_above() -> None:
    text = prepared("We used the No-\nU-Turn sampler here.\nIt is an assump-\ntion of ours that it ends.").text
    assert "the No-U-Turn sampler" in text
    assert "an assumption of ours" in text


def test_a_word_that_a_caption_tears_is_not_joined_to_the_caption() -> None:
    text = prepared("Different things differ. They are seen to be frobnar-\nFigure 3. The mill.\nIt ends there.").text
    assert "frobnar-\n\nFigure 3. The mill." in text


def test_a_rest_that_is_much_rarer_than_the_word_comes_back_though_people_use_it() -> None:
    text = prepared("A different one. They look differ-\nFigure 3. The mill stands there.\nent in the rain.").text
    assert "They look different" in text


def test_a_conjunction_inside_a_compound_that_the_document_has_is_not_suspended() -> None:
    text = "A points-to analysis is slow. It is a fast points-\nto analysis."
    assert "a fast points-to analysis" in prepared(text).text


def test_a_word_torn_into_two_by_a_caption_that_ends_is_put_together() -> None:
    text = (
        "The outflow of gas is strong there. In the end an out-\n"
        "Figure 3: The mass of the gas, by its distance from the star, is shown for all of them.\n"
        "flow develops, but it takes a larger number of stars."
    )
    assert "In the end an outflow" in prepared(text).text
