"""Citations that are numbers in parentheses, which only the whole document tells from other numbers."""

from pathlib import Path

import pytest

from galley.core.chunk import ChunkOptions, chunk
from galley.core.clean.candidates import find_candidates
from galley.core.clean.numbered import numbered_citations
from galley.core.document import Document, Page
from galley.core.edits import apply_candidates
from galley.core.prepare import prepare

NAMES = ("Doe", "Roe", "Poe", "Coe", "Noe", "Loe", "Boe", "Hoe", "Moe", "Zoe")
REFERENCES = "\n\n".join(
    f"{number}. {name} A. {2000 + number}. On mills of the north. Rivers {number}:11."
    for number, name in enumerate(NAMES, 1)
)
CITED = (
    "Mills stood by the river for centuries (1). Their wheels turned day and night (2, 3), and the millers slept "
    "little (4). Some of them wrote books (5–7) that nobody read. The bridges came much later (8) and took their trade."
)
CLEAN = (
    "Mills stood by the river for centuries. Their wheels turned day and night, and the millers slept little. "
    "Some of them wrote books that nobody read. The bridges came much later and took their trade."
)


def without(body: str, references: str = REFERENCES) -> str:
    """The body without what is taken for citations in the document."""
    text = f"{body}\n\nReferences\n\n{references}"
    cleaned = apply_candidates(text, numbered_citations(text))
    assert cleaned.endswith(references)
    return cleaned[: cleaned.rindex("References")].rstrip()


def test_they_go_where_a_numbered_list_of_references_follows() -> None:
    assert without(CITED) == CLEAN


def test_margin_numbers_in_the_list_and_its_heading_are_no_trouble() -> None:
    assert without(f"{CITED}\n\n156", "157 " + REFERENCES.replace("\n\n", " 160 161 ")) == f"{CLEAN}\n\n156"


@pytest.mark.parametrize(
    "body",
    [
        CITED.replace("(2, 3)", "(2)").replace("(5–7)", "(5)"),  # never several together
        CITED.replace("centuries (1)", "centuries [1] and [2]"),  # brackets cite here
        CITED + " The flow is\n\nq = v d (1)\n\nby the mill.",  # a numbered formula
        CITED + " We solve Eq. (3) for the flow.",
        CITED.replace("(1)", "(9)").replace("(2, 3)", "(8, 9)").replace("(4)", "(6)"),  # not in their order
        CITED.replace("(8)", "(80)").replace("(4)", "(44)"),  # more than there are references
        CITED[:118],  # most are never cited
    ],
)
def test_all_stay_where_the_document_may_not_cite_so(body: str) -> None:
    assert without(body) == body


def test_all_stay_without_a_numbered_list() -> None:
    references = REFERENCES.replace(". ", " ", 1)
    assert without(CITED, references) == CITED


@pytest.mark.parametrize(
    "sentence",
    [
        "We had (1) to collect, (2) to sort and (3) to sell.",
        "The flood is shown in Figure (3) and in case (2).",
        "Among them were women (7) and women (9) of the village.",
        "It cost them (10,000) crowns and f(2) as much.",
        "It was found by (4) and in (5) at once.",
    ],
)
def test_other_numbers_of_such_a_document_stay(sentence: str) -> None:
    assert without(f"{CITED} {sentence}") == f"{CLEAN} {sentence}"


def test_a_chunk_far_from_the_references_carries_them() -> None:
    text = f"{CITED}\n\nReferences\n\n{REFERENCES}"
    document = Document(Path("mills.txt"), "0" * 64, "text", 1, (Page(1, text, "text"),))
    first = chunk(prepare(document), ChunkOptions(size=200))[0]
    proposed = find_candidates(first.text, ("citation",), "en", first.candidates)
    assert "References" not in first.text
    assert first.text.count("(") == len(proposed) == 4
    assert find_candidates(first.text, ("contact",), "en", first.candidates) == ()
