"""What a reader sees least: a number, a name or a "not" that is another, where all around it is the source's."""

import re

import pytest

from galley.core.checks import check


def names(source: str, cleaned: str) -> set[str]:
    return {flag.name for flag in check(source, cleaned).flags}


def evidence_of(name: str, source: str, cleaned: str) -> tuple[str, ...]:
    return next(flag.evidence for flag in check(source, cleaned).flags if flag.name == name)


MEASURED = (
    "III. Measurements of Plantin Types\n\nThe error of the first group was 96.54 % of all marks, see Figure 2.2 for an"
    " example, and the 12 readers of the second group found 37 of 40 faults in the same time, as Moretus had written."
)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("37 of", "12 of"),
        ("96.54", "96.45"),
        ("Figure 2.2", "Figure 2.3"),
        ("Plantin", "Aldine"),
        ("Moretus", "Manutius"),
    ],
)
def test_a_number_or_a_name_in_the_place_of_another_is_invented_wherever_it_stands(there: str, instead: str) -> None:
    evidence = evidence_of("invented", MEASURED, MEASURED.replace(there, instead))
    assert evidence == (re.sub("Figure | of", "", instead),)


def test_what_is_only_written_in_full_or_read_in_another_order_is_in_nobodys_place() -> None:
    full = MEASURED.replace("Figure", "Fig.")
    assert "invented" not in names(full, MEASURED)
    table = MEASURED + " Group errors faults\nA 12 ms 7 ms\nB 15 ms 9 ms"
    assert "invented" not in names(table, MEASURED + " Group errors faults\nA 12 ms B 15 ms\nA 7 ms B 9 ms")


TURNED = (
    "The second reader did not mark the faults of the first one, since the house paid more for sheets without any, and"
    " nobody can say whether it was common. Das Haus hat den Setzer nicht bezahlt, und seine Fehler waren größer als"
    " sonst."
)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("did not mark", "did mark"),
        ("was common", "was not common"),
        ("paid more for", "paid less for"),
        ("sheets without any", "sheets with any"),
        ("can say", "can't say"),
        ("nicht bezahlt", "bezahlt"),
        ("waren größer", "waren kleiner"),
    ],
)
def test_a_sentence_that_says_the_opposite_is_reversed(there: str, instead: str) -> None:
    assert instead in " ".join(evidence_of("reversed", TURNED, TURNED.replace(there, instead)))


def test_a_not_that_is_written_in_another_way_or_goes_with_its_sentence_is_not_reversed() -> None:
    assert "reversed" not in names(TURNED, TURNED.replace("did not", "didn't"))
    assert "reversed" not in names(TURNED, TURNED.split(". ")[1])
    assert "reversed" not in names("They did not [4] mark it. " + TURNED, "They did not mark it. " + TURNED)
