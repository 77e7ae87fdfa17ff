"""What a publisher or a style prints on a paper goes; a text that talks about the same things stays."""

import pytest

from galley.core.checks import CheckOptions, check
from galley.core.clean.candidates import find_candidates
from galley.core.clean.options import CleanOptions
from galley.core.edits import Candidate, apply_candidates
from galley.core.imprint import imprints

BEFORE = "The presses of the north were slower than those of the south."
BEHIND = "We begin with the oldest of them."


def cleaned(text: str) -> str:
    """`text` without its debris that is sure."""
    found = find_candidates(text, CleanOptions().kinds)
    return apply_candidates(text, [one for one in found if one.kind == "debris" and one.prior >= 0.5])


@pytest.mark.parametrize(
    "imprint",
    [
        "Draft version March 3, 2021",
        "DRAFT VERSION MARCH 3, 2021",
        "Typeset using LATEX twocolumn style in AASTeX62",
        "Preprint typeset using LATEX style emulateapj v. 05/12/14",
        "Submitted to ApJ Preprint typeset using LATEX style emulateapj v. 05/12/14",
        "MNRAS 000, 1–14 (2020) Preprint 5 May 2020 Compiled using MNRAS LATEX style file v3.0",
        "Mon. Not. R. Astron. Soc. 000, 1–9 (2013) Printed 7 June 2013 (MN LATEX style file v2.2)",
        "Astronomy & Astrophysics manuscript no. presses2 ©ESO 2020",
        "© ESO 2020",
        "Accepted XXX. Received YYY; in original form ZZZ",
        "Accepted 2019 May 2. Received 2019 April 30; in original form 2018 December 9",
        "(Received 4 March 2020; Revised 5 May 2020; Accepted —)",
        "Received 9 July 2018 / Accepted 1 August 2018",
        "Received: 12.03.2015",
        "(Dated: June 8, 2022)",
        "Submitted to the Journal of Movable Type",
        "Accepted for publication in ApJL.",
        "Prepared for submission to JHEP",
        "Confidential manuscript submitted to Letters of Type",
        "Preprint submitted to Elsevier 9 May 2021",
        "Journal of Printing manuscript No.\n\n(will be inserted by the editor)",
        "Under review as a conference paper at ICLR 2018",
        "Preprint. Under review.",
        "32nd Conference on Neural Information Processing Systems (NeurIPS 2018), Montréal, Canada.",
        "© 2020 The Authors. Published by Elsevier B.V. All rights reserved.",
        "Corresponding author: Ada Presser, ada@presses.example",
        "∗Corresponding author. E-mail address: ada@presses.example",
        "Send offprint requests to: A. Presser",
        "PACS numbers: 95.35.+d, 98.80.-k",
        "2010 Mathematics Subject Classification. Primary 60F05; Secondary 60G15, 62E20.",
        "CCS Concepts: • Applied computing → Publishing; • Information systems → Document structure.",
        "Contents lists available at ScienceDirect",
        "Submitted for publication in ApJ Letters Preprint typeset using LATEX style emulateapj v. 05/12/14",
        "Received DATE; accepted DATE",
        "Received 2013 May 2; accepted 2013 July 1; published 2013 ???",
        "Received by the editors July 3, 1996.",
        "The Astrophysical Journal, 700:12 (9pp), 2012 March 4",
        "c ⃝1997 American Mathematical Society 0000-0000/97 $1.00 + $.25 per page",
    ],
)
def test_an_imprint_goes_with_its_paragraph(imprint: str) -> None:
    assert cleaned(f"{BEFORE}\n\n{imprint}\n\n{BEHIND}") == f"{BEFORE}\n\n{BEHIND}"


@pytest.mark.parametrize(
    "imprint",
    [
        "This paper has been typeset from a TEX/ LATEX file prepared by the author.",
        "Corresponding author: Ada B. Presser ada@presses.example",
        "Submitted to the 3rd Workshop on Presses (WoP 2017). Do not distribute.",
        "Proceedings of the 30th Workshop on Presses, Mainz, 2017. Copyright 2017 by the author(s).",
        "Permission to make digital or hard copies of all or part of this work for personal or classroom use is "
        "granted without fee provided that copies bear this notice on the first page. Copyrights for components of "
        "this work owned by others than ACM must be honored. Abstracting with credit is permitted. To copy otherwise, "
        "or republish, requires prior specific permission. Request permissions from permissions@press.example. "
        "© 2016 Association for Computing Machinery. ACM ISBN 978-1-0000-0000-0/16/05. . . $15.00",
        "ACM Reference Format: Ada Presser. 2016. The Presses of the North. J. Type 1, 1 (May 2016), 9 pages.",
        "This article is licensed under a Creative Commons Attribution 4.0 International License, which permits use.",
        "ORCID: 0000-0001-2345-678X",
        "∗Corresponding author: ada@presses.example",
        "© 2001 Wiley Periodicals, Inc.",
        "© 2018 ACM. ACM ISBN 978-x-xxxx-xxxx-x/YY/MM... $15.00",
    ],
)
def test_an_imprint_inside_a_paragraph_goes_alone(imprint: str) -> None:
    assert cleaned(f"{BEFORE} {imprint} {BEHIND}") == f"{BEFORE} {BEHIND}"


@pytest.mark.parametrize(
    "text",
    [
        "The manuscript was submitted to the Senate in May 1893 and accepted a year later.",
        "Submitted to the strongest fields of the press, the type bends; it is then cooled.",
        "Accepted wisdom has it that presses of the north were slower.",
        "Received signals were recorded on 4 March 2020 and compared with the model.",
        "We thank the corresponding author: Ada Presser gave us her types, and Karl Setzer his.",
        "The corresponding author may be reached at the press.",
        "The data set is licensed under a Creative Commons licence, which permits any use.",
        "Most papers are typeset using LATEX, and a draft version of each is kept.",
        "Typeset using LATEX, the book has 300 pages.",
        "MNRAS, 501, 1 (2020). A&A manuscript numbers are not counted.",
        "In 31st Conference on Neural Information Processing Systems (NIPS 2017), Long Beach, CA, USA.",
        "Copyright law of 1710 gave authors fourteen years. Permission to make copies was the printer's.",
        "© denotes the copyright sign, and PACS a scheme of classification.",
        "It ends in an ellipsis . . . and goes on. He said ... ... nothing, for i = 1, . . . , n and j = 1, . . . , m.",
        "a1 . . . . . . an is a row of a formula.",
        "The years 1990 1991 1992 1993 1994 1995 1996 1997 1998 1999 are on the axis.",
        "Its telephone number is 0000-1111-2222-3333.",
        "Keywords: type, presses",
        "○c 1997 y = 2x − 1 y = 5",
        "© 2016 was the year in which the presses were sold.",
        "This article is published under the Creative Commons Attribution License and so we could reuse Figure 2.",
        "This is an open access article under attack by those who say that openness costs too much.",
        "The types were cut in 2019. Downloaded from GitHub by the authors on 3 May 2020, they are used here.",
        "Received 3 May 2019 and accepted 4 June 2019 by the committee, the petition was read aloud.",
        f"We plot the years {' '.join(map(str, range(1985, 2016)))} and so on.",
        "Preprint submitted to Astronomy and Astrophysics is what the header says on 3 May 2020 and so on.",
        "PACS 11.11.1 is a number.",
    ],
)
def test_a_text_about_such_things_stays(text: str) -> None:
    assert not list(imprints(text))
    assert cleaned(text) == text


def test_an_imprint_between_the_halves_of_a_sentence_joins_them() -> None:
    author = "Corresponding author: Ada Presser\n\nada@presses.example"
    torn = f"This is done because many presses\n\n{author}\n\nlack the paper."
    assert cleaned(torn) == "This is done because many presses lack the paper."
    whole = f"{BEFORE}\n\n{author}\n\nwe begin."
    assert cleaned(whole) == f"{BEFORE}\n\nwe begin."


def test_a_sentence_that_an_imprint_tore_is_not_put_before_the_imprint_too() -> None:
    author = "Corresponding author: Ada Presser ada@presses.example"
    text = f"It is known that most presses\n\n{author}\n\nlack paper. {BEHIND}"
    start, end = text.index("\n\n"), text.index(f" {BEHIND}")
    aside = Candidate(start, end, f" lack paper.\n\n{author}", "aside", 0.9)
    found = find_candidates(text, CleanOptions().kinds, "en", [aside])
    assert apply_candidates(text, found) == f"It is known that most presses lack paper. {BEHIND}"
    assert aside in find_candidates(text, ["aside", "contact"], "en", [aside])


def test_the_dots_of_a_table_of_contents_go_and_its_entries_stay() -> None:
    contents = (
        "1.1 Presses . . . . . . . . . . 3 1.2 Types .......... 12\n\n1.3 Paper . . . . . . . . iv\n\n2 Ink . . . . . ."
    )
    assert cleaned(contents) == "1.1 Presses 3 1.2 Types 12\n\n1.3 Paper iv\n\n2 Ink"


def test_pieces_of_large_brackets_go_and_what_they_hold_stays() -> None:
    assert (
        cleaned("where f(x) = \uf8f1 \uf8f4\uf8f2 \uf8f3 1 if x > 0 and 0 else") == "where f(x) = 1 if x > 0 and 0 else"
    )
    assert cleaned("M = ⎡ ⎢⎣ 1 0 ⎤ ⎥⎦ .") == "M = 1 0 ."
    assert cleaned("k is \uf8ee 9 log n") == "k is \uf8ee 9 log n"


def test_the_numbers_of_a_margin_go_and_an_axis_stays() -> None:
    margin = " ".join(map(str, range(148, 197)))
    assert cleaned(f"If the answer is no, then\n\n{margin}\n\nthe question is put again.") == (
        "If the answer is no, then the question is put again."
    )
    axis = " ".join(map(str, range(6, 31)))
    evens = " ".join(map(str, range(0, 120, 2)))
    assert cleaned(f"{axis}\n\n{evens}") == f"{axis}\n\n{evens}"


def test_what_stands_in_an_imprint_is_no_edit_of_its_own() -> None:
    text = f"{BEFORE}\n\nCorresponding author: Ada Presser, ada@presses.example\n\n{BEHIND}"
    assert [one.kind for one in find_candidates(text, CleanOptions().kinds)] == ["debris"]
    assert [one.kind for one in find_candidates(text, ["contact"])] == ["contact"]


def test_an_imprint_that_went_is_no_loss_at_the_end_of_a_chunk() -> None:
    permission = (
        "Permission to make digital or hard copies of all or part of this work for personal or classroom use is "
        "granted without fee provided that copies are not made for profit and bear this notice on the first page."
    )
    source = f"{BEFORE} {BEHIND} They stand where the river turns, and the paper came by boat. {permission}"
    assert not {"tail_lost", "summarised"} & {one.name for one in check(source, cleaned(source), CheckOptions()).flags}
    without = source.removesuffix(permission).rstrip()
    lost = without.removesuffix("They stand where the river turns, and the paper came by boat.").rstrip()
    assert "tail_lost" in {one.name for one in check(without, lost, CheckOptions()).flags}
