"""What the checks say of a cleaned text: each flag where it belongs, and none on a faithful cleaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galley.core.checks import FLAG_NAMES, CheckOptions, Flag, Report, check, examine
from galley.core.checks.pair import Pair

SOURCE = (
    "Readers of proofs were paid by the sheet (Moxon, 1683; Simpson et al., 1935a). In large hou- ses such as "
    "Plantin's in Antwerp several readers worked in one room 3 jd@press.org and one of them, the lec- tor, read "
    "the copy aloud while the others followed the proof with a pen. An ofﬁce of that kind could finish forty "
    "sheets in a week, and it kept its own book of rules, in which every mark had a single meaning. When the "
    "sheets came back to the compositor he mended the type in the galley, pulled another proof and sent it up "
    "again, until nobody found a fault in it."
)
FAITHFUL = (
    "Readers of proofs were paid by the sheet. In large houses such as Plantin’s in Antwerp several readers worked "
    "in one room and one of them, the lector, read the copy aloud while the others followed the proof with a pen. "
    "An office of that kind could finish forty sheets in a week, and it kept its own book of rules, in which every "
    "mark had a single meaning. When the sheets came back to the compositor he mended the type in the galley, "
    "pulled another proof and sent it up again, until nobody found a fault in it."
)


def names(source: str, cleaned: str, **more: object) -> set[str]:
    return {flag.name for flag in check(source, cleaned, **more).flags}  # type: ignore[arg-type]


def the(name: str, source: str, cleaned: str) -> Flag:
    return next(flag for flag in check(source, cleaned).flags if flag.name == name)


def test_a_faithful_cleaning_has_no_flag() -> None:
    report = check(SOURCE, FAITHFUL)
    assert report.flags == ()
    assert not report.failed
    assert report.measures["kept"] == 1.0


def test_closed_lines_and_straight_quotes_are_no_finding() -> None:
    assert names(FAITHFUL.replace(" ", "\n"), FAITHFUL.replace("’", "'")) == set()


def test_nothing_and_next_to_nothing_are_empty() -> None:
    assert names(SOURCE, "") == {"empty"}
    assert names(SOURCE, " \n") == {"empty"}
    assert "empty" in names(SOURCE, "works.")
    assert check(SOURCE, "").failed


def test_nothing_out_of_nothing_is_right() -> None:
    assert names("", "") == set()
    assert names("[12]", "") == set()


def test_the_token_limit_is_a_failure() -> None:
    assert "truncated" in names(SOURCE, FAITHFUL, hit_token_limit=True)


@pytest.mark.parametrize(
    "talk",
    [
        "Here is the cleaned text:\n\n{}",
        "Sure, here you go!\n{}",
        "I have cleaned the text for you.\n{}",
        "{}\n\nLet me know if you need anything else.",
        "{}\n\nNote: I removed the citations.",
    ],
)
def test_talk_about_the_task_is_found(talk: str) -> None:
    assert "acknowledged" in names(SOURCE, talk.format(FAITHFUL))


def test_talk_that_the_source_has_is_no_talk_about_the_task() -> None:
    letter = "Let me know if you need anything else. " + FAITHFUL
    assert "acknowledged" not in names(letter, letter)


def test_a_piece_of_the_prompt_is_found_and_shown() -> None:
    prompt = "You clean text that was taken from a PDF so that a podcast writer can use it."
    report = check(SOURCE, "You clean text that was taken from a PDF. " + FAITHFUL, prompt=prompt)
    leaked = next(flag for flag in report.flags if flag.name == "prompt_leaked")
    assert leaked.evidence == ("You clean text that was taken from a PDF",)


@pytest.mark.parametrize(
    "mark",
    ["**{}**", "# Proofs\n\n{}", "- one\n- two\n{}", "Proofs\n------\n{}", "```\n{}\n```", "`Proofs` {}", "{} ✨"],
)
def test_marks_of_a_format_are_found(mark: str) -> None:
    assert "markdown" in names(SOURCE, mark.format(FAITHFUL))


def test_marks_that_the_source_has_are_kept_without_a_word() -> None:
    text = "# Rules\n\n- read **aloud**\n- mark `once`\n\n" + FAITHFUL
    assert names(text, text) == set()


@pytest.mark.parametrize(
    "said", ["and so on ", "the proof was read aloud by the lector in the one room of the house. "]
)
def test_a_loop_is_found_whatever_its_length(said: str) -> None:
    assert "loop" in names(SOURCE, FAITHFUL + " " + said * 8)


def test_a_loop_of_one_sign_is_found() -> None:
    assert "loop" in names(SOURCE, FAITHFUL + "!" * 60)


def test_a_loop_without_a_blank_is_found_unless_the_source_has_it() -> None:
    number = "14851-" * 12
    assert "loop" in names(SOURCE, f"{FAITHFUL} {number}")
    assert "loop" not in names(f"{SOURCE} {number}", f"{FAITHFUL} {number}")
    assert "loop" not in names(SOURCE, f"{FAITHFUL} {'.' * 25} 7"), "a line of dots is no loop before its thirtieth"


def test_a_sentence_that_is_said_once_more_than_in_the_source_is_found_wherever_it_stands() -> None:
    said = "The lector read each line aloud in the one room of the house, and the boy followed in the copy. "
    long = " ".join(f"On day {number} the {word} was pulled." for number, word in enumerate(SOURCE.split()))
    assert "loop" in names(SOURCE + said + long, said + FAITHFUL + said + long)
    assert "loop" not in names(said + SOURCE + said + long, said + FAITHFUL + said + long)


def test_what_the_source_repeats_may_be_repeated() -> None:
    song = "We pull the proof and read the proof and mark the proof again. " * 8
    assert names(song, song) == set()


def test_a_text_that_lost_its_head_lost_it_and_begins_inside_a_word() -> None:
    assert {"head_lost", "cut_start"} <= names(SOURCE, FAITHFUL[98:])


def test_the_lost_words_are_shown() -> None:
    assert the("head_lost", SOURCE, FAITHFUL[98:]).evidence[0].startswith("Readers of proofs were paid")


def test_a_text_without_its_end_lost_its_tail() -> None:
    assert "tail_lost" in names(SOURCE, FAITHFUL[:300])


def test_debris_at_both_ends_may_go() -> None:
    page = "17 A. Smith1, B. Jones2 1University of Leeds {a,b}@leeds.ac.uk " + SOURCE + " [3, 4] (Moxon, 1683). 18"
    assert names(page, FAITHFUL) == set()


def test_a_start_inside_a_word_is_found() -> None:
    assert "cut_start" in names(SOURCE, FAITHFUL[3:])


def test_a_start_inside_a_citation_is_found() -> None:
    assert "cut_start" in names("They knew it (Simpson et al., 1935a). " + FAITHFUL, "al., 1935a). " + FAITHFUL)


def test_a_start_in_the_middle_of_a_sentence_is_right_where_the_source_starts_there() -> None:
    assert names(SOURCE[10:], FAITHFUL[10:]) == set()


def test_a_start_after_a_dropped_rest_of_a_sentence_is_right() -> None:
    assert "cut_start" not in names("of the press. " + SOURCE, FAITHFUL)


def test_a_summary_is_one() -> None:
    assert "summarised" in names(SOURCE, "Readers of proofs were paid by the sheet until nobody found a fault.")


def test_a_retelling_is_rewritten_and_fails() -> None:
    told = (
        "People who checked proofs used to earn money for each sheet. Big firms, Plantin's for one, put many of them "
        "together, where somebody spoke the words and everybody else compared. Forty sheets could be done weekly "
        "there. Corrections went to the typesetter, who fixed them and printed a fresh one for another look."
    )
    report = check(SOURCE, told)
    assert "rewritten" in {flag.name for flag in report.flags}
    assert report.failed


@pytest.mark.parametrize(
    "more",
    [
        " In Leipzig the same custom lasted until 1790 among the guilds.",
        " Historians believe this improved literacy across Europe dramatically.",
    ],
)
def test_new_statements_are_invented(more: str) -> None:
    assert "invented" in names(SOURCE, FAITHFUL + more)


def test_a_text_that_only_leaves_words_out_is_not_rewritten() -> None:
    words = FAITHFUL.split()
    thinned = " ".join(word for number, word in enumerate(words) if number % 5)
    assert not {"rewritten", "invented"} & names(SOURCE, thinned)


def test_phrases_turned_around_are_rewritten_though_every_word_is_the_sources() -> None:
    words = FAITHFUL.split()
    turned = " ".join(word for at in range(0, len(words), 3) for word in reversed(words[at : at + 3]))
    assert {"rewritten"} == {"rewritten", "invented"} & names(SOURCE, turned)


def test_a_table_that_is_read_the_other_way_round_is_not_rewritten() -> None:
    rows = [f"{name} 7 ms 34 ms epoch {number} s" for number, name in enumerate("ABCDEFGHIJ", 31)]
    cells = zip(*(row.split() for row in rows), strict=True)
    assert "rewritten" not in names(FAITHFUL + " ".join(rows), FAITHFUL + " ".join(" ".join(cell) for cell in cells))


def test_words_put_in_the_place_of_others_count_half_of_those_in_a_new_passage() -> None:
    reworded = FAITHFUL.replace("a single meaning", "a definite meaning").replace("every mark", "whichever mark")
    added = FAITHFUL.replace("every mark had", "every mark, definite, whichever editor printed, had")
    assert "invented" not in names(SOURCE, reworded)
    assert "invented" in names(SOURCE, added)


def test_other_forms_of_the_sources_words_are_not_invented() -> None:
    changed = FAITHFUL.replace("were paid", "are paid").replace("followed", "following").replace("mended", "mends")
    assert "invented" not in names(SOURCE, changed)


def test_an_abbreviation_may_be_spelt_out() -> None:
    source = "The LLMs that we use are small. " + FAITHFUL
    assert "invented" not in names(source, source.replace("LLMs", "Large Language Models"))


def test_a_new_number_in_a_sentence_is_invented() -> None:
    assert the("invented", SOURCE, FAITHFUL.replace("forty sheets", "250 sheets")).evidence == ("250",)


@pytest.mark.parametrize(
    ("left", "word"),
    [
        ("In large hou- ses", "hou- ses"),
        ("of the sheet (Moxon, 1683)", "(Moxon, 1683)"),
        ("write to jd@press.org", "jd@press.org"),
        ("arXiv:2402.13116v4 [cs.CL] 21 Oct 2024", "arXiv:2402.13116v4 [cs.CL] 21 Oct 2024"),
        ("where p(x)=y|x∼pT(y|x)", "p(x)=y|x∼pT(y|x)"),
    ],
)
def test_debris_is_found_and_shown(left: str, word: str) -> None:
    text = FAITHFUL + " " + left + "."
    assert the("debris_kept", text, text).evidence[0].rstrip(".") == word


def test_hyphens_that_belong_there_are_no_debris() -> None:
    text = "The pre- and post-war houses were two-column, well-known shops. " + FAITHFUL
    assert names(text, text) == set()


def test_a_hyphen_at_another_place_is_debris() -> None:
    assert "debris_kept" in names("Addi- tionally, it was so. " + FAITHFUL, "Addition-ally, it was so. " + FAITHFUL)


def test_numbered_citations_count_where_others_were_taken_out() -> None:
    cited = FAITHFUL.replace("sheet.", "sheet [4].").replace("pen.", "pen [5, 6].").replace("meaning.", "meaning [7].")
    assert names(cited, cited) == set()
    assert "debris_kept" in names(cited, cited.replace(" [4]", "").replace(" [5, 6]", ""))


@pytest.mark.parametrize(
    "text",
    [
        "这本书讲述了印刷工人的历史。每天早上，校对员在同一个房间里大声朗读稿件，其他人用笔跟着校样。后来排字工人修改活字。",
        "Корректоры получали плату за лист. В больших домах они работали вместе, и один из них читал вслух.",
        "प्रूफ पढ़ने वालों को प्रति पृष्ठ भुगतान किया जाता था। बड़े मुद्रणालयों में कई पाठक एक कमरे में काम करते थे।",
        "كان قراء البروفات يتقاضون أجرهم على كل ورقة. وفي المطابع الكبيرة كان عدة قراء يعملون في غرفة واحدة معا.",
        "Die Leser wurden nach Bögen bezahlt. In großen Häusern arbeiteten sie zusammen, und einer las laut vor.",
    ],
)
def test_faithful_and_lost_texts_are_told_apart_in_any_script(text: str) -> None:
    assert names(text, text) == set()
    assert names(text, text[: len(text) // 3]) & {"tail_lost", "summarised"}


def test_thresholds_are_options() -> None:
    assert "empty" not in {flag.name for flag in check(SOURCE, "works.", CheckOptions(empty_words=1)).flags}


def test_flags_survive_a_round_trip_and_a_report_is_plain_data() -> None:
    report = check(SOURCE, FAITHFUL[98:])
    assert tuple(Flag.from_dict(item) for item in report.to_dict()["flags"]) == report.flags
    assert set(report.to_dict()) == {"flags", "measures"}
    with pytest.raises(ValueError, match="severity"):
        Flag.from_dict({"name": "empty", "severity": "fatal", "evidence": []})


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_get_a_report_whose_evidence_is_short_and_printable(source: str, cleaned: str) -> None:
    report: Report = check(source, cleaned)
    for flag in report.flags:
        assert flag.name in FLAG_NAMES
        assert len(flag.evidence) <= 8
        assert all(piece.isprintable() and 0 < len(piece) <= 80 for piece in flag.evidence)


@given(st.text(alphabet=st.sampled_from("ab AB.,-()[]\n12*#=|'"), max_size=400))
def test_a_text_left_as_it_is_has_lost_and_gained_nothing(text: str) -> None:
    assert names(text, text) <= {"debris_kept", "empty"}


PIECES = (
    *("Readers", "read-ing", "rea-ding", "a-b", "ab-", "re- read", "word,", "(Moxon, 1683)", "[4]", "[Mox83]", "==="),
    *("x=y|z∼p(q)", "s)stands", "synthesizeFeedback", "j@press.org", "arXiv:2402.13116v4 [cs.CL]", "et al., 1999"),
    *("Sure, here is the text:", "let me know", "I hope this helps", "#", "\n- ", "**", "```", "漢", "\u0301", "und\n"),
    *("the same words on end " * 8, "\n\n", "went home."),
)


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_a_text_left_as_it_is_gets_the_report_that_all_questions_would_give(words: list[str]) -> None:
    source = " ".join(words).lstrip()
    in_full = Pair(source, source.rstrip())
    assert in_full.unchanged
    in_full.unchanged = False
    assert check(source, source.rstrip()) == examine(in_full, CheckOptions(), False, "")


@pytest.mark.parametrize("piece", ["(", "[", "a-", "a- ", "**", "|a|\n", "a@", "et al., ", "(A, 1999", "漢", "\u0301"])
def test_long_hostile_texts_are_read_to_their_end(piece: str) -> None:
    hostile = piece * ((200_000 if piece in "([" else 40_000) // len(piece))
    report = check(hostile, hostile)
    assert not {flag.name for flag in report.flags} & {"head_lost", "tail_lost", "rewritten", "invented"}
    check(SOURCE, hostile)


def test_a_text_that_stops_inside_a_sentence_lost_its_tail_but_is_no_summary() -> None:
    source = FAITHFUL + " The readers of the copy were paid by the week, and " + "others went home early. " * 3
    assert names(source, FAITHFUL[:230]) == {"tail_lost"}


def test_citations_beyond_the_place_where_a_text_stops_were_not_taken_out() -> None:
    cited = FAITHFUL.replace("sheet.", "sheet [4].").replace("rules,", "rules [5],").replace("again,", "again [7],")
    assert "debris_kept" not in names(cited, cited[: len(cited) // 3])


def test_a_number_cut_off_at_the_end_is_not_invented() -> None:
    source = FAITHFUL + " The office was closed in 1876 and never opened again."
    assert "invented" not in names(source, FAITHFUL + " The office was closed in 187")
    assert "invented" in names(source, FAITHFUL + " The office was closed in 194")


def test_a_long_arrow_is_no_formula_and_a_single_formula_is_a_remark() -> None:
    arrow = FAITHFUL.replace("sheets in", "sheets =====⇒ in")
    assert names(arrow, arrow) == set()
    formula = FAITHFUL + " It was p(x)=y|x∼pT(y|x)."
    assert the("debris_kept", formula, formula).severity == "info"


def test_invented_words_are_shown_with_names_first_and_then_by_length() -> None:
    shown = the("invented", SOURCE, FAITHFUL + " That would improve literacy across Europe dramatically.").evidence
    assert shown[0] == "Europe"
    assert list(shown[1:]) == sorted(shown[1:], key=len, reverse=True)
