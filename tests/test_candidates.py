"""What `verbatim` proposes, and what the rules alone would make of it."""

import pytest
from oracle import clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shown (Wei et al., 2022).", "shown."),
        ("shown in Wei et al. (2022a) once", "shown in Wei et al. once"),
        ("the year (in 1998) was good", "the year (in 1998) was good"),
        ("as before [12], and [3, 4–7].", "as before."),
        ("Several studies [17]–[19] say so (e.g., [3]–[5]), see [12]–[14].", "Several studies say so, see [12]–[14]."),
        ("* E-mail: jd@press.org", ""),
        ("K. STASSUN,⁵, ⁶ J. VILLA,³ G. RICKER", "K. STASSUN, J. VILLA, G. RICKER"),
        ("GPT Annotation (Gilardi, 2023), (Ding, 2023a), TDG", "GPT Annotation, TDG"),
        ("models (Brown et al., 2020) [4] / (Hu, 2020) and more", "models and more"),
        ("shown in Zhou et al. (2022) and (Lee, 2021), the", "shown in Zhou et al. and (Lee, 2021), the"),
        ("shown in Zhou et al. (2022) and Lee (2021), the", "shown in Zhou et al. and Lee, the"),
        ("the study of Peale et al. [2016] found", "the study of Peale et al. found"),
        ("It was shown by (Brown et al., 2020) and [3] that", None),
        ("It ends. (Brown et al., 2020) show that [3] is wrong.", None),
        ("can be written as [e.g. Baland et al., 2017] before", "can be written as before"),
        ("[3] Smith, J. A paper.\n[4] Lee, K. Another.", "Smith, J. A paper.\nLee, K. Another."),
        ("loss in performance. (Gu et al., 2024). More", "loss in performance. More"),
        ("In a proof ([4]), set twice (see [3, 5] and [8]), it", "In a proof, set twice, it"),
        (
            "the ink (carbon, [7]) and (see [14] for more) the oil (e.g. [9]).",
            "the ink (carbon) and (see [14] for more) the oil.",
        ),
        (
            "by Moxon et al. [13]. Later, Lee et al. [3], [5]. And Kim et al. (2020). So",
            "by Moxon et al. Later, Lee et al. And Kim et al. So",
        ),
        ("(Lee 1980; Kim and Ho 1985; Moxon 1987, 1994; Gaskell 1991, among others)", ""),
        ("cut (Lee et al., 2019; 2020), cast (Lee, 2019; Kim, 2020; our own data)", "cut, cast (our own data)"),
        ("in use (a new way, see Lee, 2020) and (for an overview, see Kim, 2021) more", "in use (a new way) and more"),
        ("Lee and Kim (2014, p. 663) say, and Ho et al (7) too", "Lee and Kim say, and Ho et al too"),
        ("The type is available online at https://press.org/a. Ink", "The type is available. Ink"),
        ("available at https://press.org/a and https://press.org/b.", None),
        ("A press (https://press.org/a) and one (Moxon, https://press.org/b), too", "A press and one (Moxon), too"),
        ("The author. E-mail: jd@press.org. Paper", "The author. Paper"),
        ("Sold here.\n\n¹https://press.org/a\n\nAll is told.", "Sold here.\n\nAll is told."),
        ("¹https://press.org/a. A new one is at work.", "A new one is at work."),
        ("It holds [7] p. 197 Proposition 14.18, [23] p. 4, and so [3] pp. 134–135. So", "It holds, and so. So"),
        (
            "is old (c.f. Lee, 1991; Ho, in prep., 1998), (see for example Lee 1980; Ho 1985) and `split[[1]][3]` too",
            "is old and `split[[1]][3]` too",
        ),
        ("available at https://press.org/a/ type1d.", None),
        ("by the press2 method². Then (see Table A1).² The ink", "by the press2 method. Then (see Table A1). The ink"),
        (
            "It goes on\n\n¹We use ink.\n\n⁴He is a gas, and ⁴He boils.",
            "It goes on\n\nWe use ink.\n\n⁴He is a gas, and ⁴He boils.",
        ),
        ("the sum ∫ τρ 0 f dt, ∑ τρ 1, of X −1 (4) and f −1 (U)", "the sum ∫ τρ 0 f dt, ∑ τρ 1, of X−1 (4) and f−1(U)"),
        ("pre- and post-training", "pre- and post-training"),
        ("the speed of sound, c2 s, and χ2 i (c2 s,ref)", "the speed of sound, c2s, and χ2i (c2s,ref)"),
        ("10−4 m2 s−1, B2 a type, the angle α2 in", None),
        ("sei K ⊆ R n und L ∈ Z 2) offen", "sei K ⊆ Rn und L ∈ Z 2) offen"),
        ("the set f −1 (U), between êp 3 and êL 3.", "the set f−1(U), between êp3 and êL3."),
        ("Gemini and Claude² have the terms⁴, and once.³ The", "Gemini and Claude have the terms, and once. The"),
        ("by all of them.\n\n⁴Even for many, and ⁴He.", "by all of them.\n\nEven for many, and ⁴He."),
        ("p. 7. Available: https://doi.org/10.4/arXiv.2310. 04793 R. Taylor", "p. 7. R. Taylor"),
        ("p. 7. [Online]. Available: https://arxiv. org/abs/2202.05144 I. Ti", "p. 7. I. Ti"),
        ("¹The University of Kent ²University of York", None),
        ("The code: https://press.org/a/ and more", "The code: and more"),
        ("cos² x on 12 arcsec² or some km² of 5 miles² of GPT-4, CO2 and m2", None),
        ("where it occurs once.3 The next", "where it occurs once. The next"),
        ("doi.org/10.18653/v1/2023.emnlp-main.67 C. Name", None),
        ("où 3 fois", None),
        ("Drawn: A 3 step method", None),
        ("Jane Moxon†, John Lee ∗, and others‡.", "Jane Moxon, John Lee, and others."),
        ("the loop a ∗ b, the map f∗, a line\n * of a comment, the * sign", None),
        ("A name\n\n{a, b}@press.org\n\nThe text.", "A name\n\nThe text."),
        ("It ends. [1], [2], and [3] have shown it.", None),
        ("It ends [1], [2], and [3]. More", "It ends. More"),
        ("[1], [2] and (Lee, 2021) show that", None),
        ("The repository is https://press.org/code. My address is: jd@press.org", None),
        ("The code is there https://press.org/code", "The code is there"),
    ],
)
def test_what_the_rules_alone_would_remove(text: str, expected: str | None) -> None:
    assert clean(text, [0.0])[0] == (text if expected is None else expected)


@pytest.mark.parametrize(
    "text",
    [
        "E = mc² holds, the chi² test, per ft² and mi², and eta² = .12 was large.",
        "at 30 lb/in², of dm² and μm² or µm², ms², mL³, and dB² alone",
        "an error² of omega², sigma² and sec², arg² too",
        "amplitude² or frequency² of a current², bias² + variance, loss² ≈ 3, the model² = 4, and a chance² / 2",
        "= weight² there, per person² here, a/second² then, Σ (seen − expected)² is",
        "sin⁴ x of cm⁴, mc⁴ and Meter³",
        "The Var², the Pearson Chi², the Var², and so on",
        "ft.² and in.² and of kilometres² only",
    ],
)
@pytest.mark.parametrize("answers", [[0.0], [0.0, -50.0]], ids=["by the rules", "by a model that agrees to all"])
def test_a_power_is_no_mark_of_a_footnote(text: str, answers: list[float]) -> None:
    assert clean(text, answers)[0] == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Claude² and the terms⁴ hold", "Claude and the terms hold"),
        (
            "the printers,² a book’s “end”³ (thus¹⁰), in Rome⁵ too.¹,²",
            "the printers, a book’s “end” (thus), in Rome too.",
        ),
    ],
)
def test_a_mark_behind_a_plain_word_or_a_stop_is_one_of_a_footnote(text: str, expected: str) -> None:
    assert clean(text, [0.0])[0] == expected


@pytest.mark.parametrize(
    "rest",
    [
        "https://press.org/a/b/ input/output was simple",
        "https://press.org/ state-of-the-art methods",
        "https://press.org/ and/or more",
        "https://press.org/foo. bar.baz is a name",
        "https://press.org/x= 12345 people",
        "https://press.org/2024. 12345 people",
        "https://press.org/ 3d-printed type",
        "https://press.org/ 2nd edition",
        "https://press.org/ e.g. one",
        "https://press.org/what? and/or that",
        "https://press.org/ k=5 copies",
        "https://press.org/ right? yes",
        "https://press.org/ covid19 years",
        "https://press.org/ seq2seq models",
        "https://press.org/ 1024x1024 pages",
    ],
)
def test_words_behind_a_web_address_are_no_part_of_it(rest: str) -> None:
    text = f"The code: {rest} there."
    _, _, prose = rest.partition(" ")
    assert clean(text, [0.0, -50.0])[0].endswith(f" {prose} there.")


@pytest.mark.parametrize(
    "address",
    [
        "https://press.org/watch? v=dQw4w9WgXcQ",
        "https://press.org/a/ the_second_part/b",
        "https://press.org/a/ index.html",
        "https://press.org/a- b/item?id=5",
        "https://press.org/a/ two%20parts",
        "https://press.org/x?a=1& b=2",
        "https://arxiv.org/ abs/2202.05144",
        "https://doi.org/ 10.1145/3442188",
        "https://press.org/commit/ 9f3c2ab1",
        "https://arxiv. org/abs/2202.05144",
        "https://doi.org/10.4/arXiv.2310. 04793",
        "https://doi.org/10.1109/ACCESS.2020. 2988510",
        "https://arxiv.org/abs/ 1602.06541v1",
        "https://doi.org/10.48550/ arXiv.2311.14904",
        "https://aclanthology.org/ 2023.findings-emnlp.725",
        "https://aclanthology.org/2022. findings-naacl.18",
        "https://press.org/entries/ 78691781-c9b7-30a0-9a0a-3ff76e8bfe58",
        "https://press.org/ jane280114/type",
    ],
)
def test_a_web_address_that_a_blank_parts_goes_whole(address: str) -> None:
    assert clean(f"The code: {address}, and more", [0.0])[0] == "The code:, and more"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mills, 7, 1112–1121. doi:10.1158/1940-6207.CAPR-14-0129. Next", "Mills, 7, 1112–1121. Next"),
        ("Entropy 2018, 20, 61, doi:10.3390/e20010061.", "Entropy 2018, 20, 61."),
        ("ApJ, 527, 835, doi: 10.1086/308129 Alexander, T.", "ApJ, 527, 835, Alexander, T."),
        ("by Doe (DOI: 10.1016/0024-3795(95)00696-6), once", "by Doe, once"),
        ("Data, 45, 215. doi:10.1016/s0167-9473(02) 00366-3. Doe", "Data, 45, 215. Doe"),
        ("Methods, 53. doi:10.3758/s13428- 020-01516-y. Doe", "Methods, 53. Doe"),
        ("Annals, 60. doi:10.2307/ 2951574. Doe", "Annals, 60. Doe"),
        ("Proc., 2019. doi: 10.1109/CDC40024. 2019.9029916. Doe", "Proc., 2019. Doe"),
        ("Mills 7. doi:10.1101/059741 13. Roe", "Mills 7. 13. Roe"),
        ("Mills 7.\n\ndoi:10.1101/059741.\n\n13. Roe", "Mills 7.\n\n13. Roe"),
        ("the handle 10.1101/059741 and the doi of 10 mills", None),
    ],
)
def test_a_doi_goes_though_it_is_no_web_address(text: str, expected: str | None) -> None:
    assert clean(text, [0.0])[0] == (text if expected is None else expected)


@pytest.mark.parametrize("note", ["2. https://press.org/a", "² https://press.org/a.", "12 www.press.org/a "])
def test_a_footnote_that_is_an_address_goes_with_its_number(note: str) -> None:
    assert clean(f"They were sold.\n\n{note}\n\nAll of them.", [0.0, -50.0])[0] == "They were sold.\n\nAll of them."


def test_a_footnote_that_says_more_than_an_address_keeps_its_number() -> None:
    text = "They were sold.\n\n2. https://press.org/a lists the rest.\n\nAll of them."
    assert "\n\n2. lists the rest." in clean(text, [0.0, -50.0])[0]


@pytest.mark.parametrize(
    "address",
    [
        "https://press.org/document/ 7301739/",
        "https://press.org/2021.acl/ long.353",
        "https://press.org/03/ printing-with-movable-type/",
        "https://press.org/science/ article/pii/S0893608012000457",
        "https://press.org/978-3- 662-44874-8",
    ],
)
def test_in_a_reference_more_is_a_part_of_the_address(address: str) -> None:
    assert clean(f"p. 7. [Online]. Available: {address} R. Taylor", [0.0])[0] == "p. 7. R. Taylor"
    assert clean(f"p. 7. See {address} R. Taylor", [0.0])[0] == f"p. 7. See {address} R. Taylor"
    for prose in ("input/output files", "state-of-the-art methods", "24 people"):
        led = "p. 7. Available: https://press.org/a/"
        assert clean(f"{led} {prose}", [0.0])[0] == f"p. 7. {prose}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("copy by hand [1], and [2] describes why.", "copy by hand, and [2] describes why."),
        ("Some say yes [1], and [2] shows the opposite.", "Some say yes, and [2] shows the opposite."),
        ("It is so (Lee, 2020); and (Kim, 2021) show it.", "It is so; and (Kim, 2021) show it."),
        ("It is so [1], and [2] and [3] show it.", "It is so, and [2] and [3] show it."),
        ("while [4] and [5] give, where [6] has", None),
        ("It is old, but [4] is new; if [5] holds, since [6] and when [7] do", None),
        ("Das sagt er, aber [2] zeigt es, während [3] schweigt, wenn [4] gilt", None),
        ("as before [12], and [3, 4–7].", "as before."),
        ("by hand [1] and [2], and (Lee, 2020). Type", "by hand. Type"),
        ("It is so [1], [2], and [3]; the rest", "It is so; the rest"),
    ],
)
def test_a_citation_that_begins_a_clause_stays_with_its_joint(text: str, expected: str | None) -> None:
    assert clean(text, [0.0])[0] == (text if expected is None else expected)


@pytest.mark.parametrize(
    "text",
    [
        "as proposed in ref. [10] and in Refs. [3, 5], and as in references [7] and [8] (grey line)",
        "Recent books, such as those [1], [2] and [3], give more.",
        "a point β = [1, 2] of x ∈ [3, 4], the vector [0, 1], and [5, 6]T in the range [1, 10] of A[1] and my_list[2]",
        "as of today (Dated: August 22, 2024), the press (HandPress v4.0, Aug 2020), (since May 1998)",
        "types (of cast lead, Burt, 1984) are old",
    ],
)
@pytest.mark.parametrize("answers", [[0.0], [0.0, -1.0]], ids=["by the rules", "by a model that leans to it"])
def test_what_only_looks_like_a_citation_or_is_needed_stays(text: str, answers: list[float]) -> None:
    assert clean(text, answers)[0] == text


@pytest.mark.parametrize(
    "text", ["Write to p.q@press.org or see https://press.org/x for a copy.", "This is told in [14] and by [3]."]
)
def test_what_is_a_part_of_its_sentence_stays_by_the_rules_alone(text: str) -> None:
    assert clean(text, [0.0])[0] == text


def test_the_stamp_above_a_text_goes() -> None:
    assert clean("arXiv:2201.00022v1 [astro-ph.GA] 31 Dec 2021\n\nThe text.", [0.0])[0] == "The text."
