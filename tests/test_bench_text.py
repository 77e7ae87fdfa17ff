"""The benchmarks of text measure what they say: damage that can be undone, samples and their passages."""

from pathlib import Path

from bench import asides, compounds
from bench.calibrate import sort_of
from bench.damage import Place, breaks, damaged, held_out, profit, slips
from bench.prompts import Sample, samples, scored
from bench.quality import Paper
from bench.rules import as_document
from bench.show import drawn, in_place
from galley.core.chunk import chunk
from galley.core.clean.candidates import IMPRINT
from galley.core.clean.verbatim import passages
from galley.core.edits import Candidate, EditDecision
from galley.core.prepare import prepare

CLEAN = (
    "The readers of the printing house were paid by the sheet, and several of them worked together in one large room. "
    "One of them read the copy aloud while the others followed the proof with a pen in their hand. When the sheets "
    "came back to the compositor he mended the type, pulled another proof and sent it up to the readers again. "
)


def paper(source: str, reference: str) -> Paper:
    document = as_document(source, Path("paper.txt"))
    return Paper("paper", document, prepare(document), reference)


def test_damage_is_where_it_says_and_can_be_undone() -> None:
    text = CLEAN * 8
    made = damaged(text, 20, 1)
    assert made.together
    assert made.apart
    assert made == damaged(text, 20, 1) != damaged(text, 20, 2)
    undone = made.text
    for place in sorted(made.together | made.apart, reverse=True):
        if place in made.apart:
            assert undone[place] == " "
            assert undone[place - 1].isalpha()
        undone = undone[:place] + ("" if place in made.apart else " ") + undone[place + (place in made.apart) :]
    assert undone == text


def test_most_torn_words_are_proposed_and_held_to_be_right() -> None:
    found, there, _ = slips(paper(CLEAN * 8, CLEAN * 8), 20, 1)
    apart = [place for place in found if place.kind == "apart"]
    assert all(place.right for place in apart)
    assert len(apart) >= 0.8 * there["apart"]
    assert all(place.candidate.prior > 0.5 for place in apart)


def test_hyphens_at_line_ends_are_asked_about_as_the_reference_shows_them() -> None:
    source = (
        "The type was mended by a well-\nknown printer in the house.\nHe is known by a self-\nmade press in town.\n"
    )
    reference = "The type was mended by a well-known printer in the house. He is known by a self-made press in town."
    found = list(breaks(paper(source, reference)))
    assert [place.right for place in found] == [False, False]
    first = found[0]
    assert first.source[: first.candidate.start].endswith("a well")
    assert first.source[first.candidate.start : first.candidate.end + 5] == "-known"


def test_a_weight_is_chosen_on_other_documents_and_pays_where_the_model_knows_more_than_the_rules() -> None:
    def place(name: str, right: bool) -> Place:
        return Place(name, "apart", right, "", Candidate(0, 1, "", "space", 0.5))

    places = [place(name, right) for name in "abcd" for right in (True, False) for _ in range(3)]
    share, wrong, weight = held_out(places, lambda place: 3.0 if place.right else -3.0)
    assert (share, wrong) == (1.0, 0.0)
    assert weight > 0
    share, wrong, weight = held_out(places, lambda place: 0.0)
    assert weight == 0
    assert profit([("a", True, 1.0, 0.0), ("a", False, 2.0, -9.0)], 0.0, 0.0) == 0


def test_the_model_is_shown_as_much_of_the_text_as_is_asked_for() -> None:
    source = "One two three fo ur five six seven."
    at = source.index("fo ur") + 2
    candidate = Candidate(at, at + 1, "", "space", 0.5)
    assert passages(source, candidate, 6, 0) == ("three", (" four\n", " fo ur\n"))
    assert passages(source, candidate, 10, 2) == ("two three", (" four five six\n", " fo ur five six\n"))
    assert passages(source, candidate, 200, 9)[1][0] == " four five six seven.\n"


def test_a_sample_has_the_passage_that_a_person_made_of_its_chunk_without_citations() -> None:
    reference = CLEAN.replace("the sheet,", "the sheet (Moxon, 1683),") * 8
    one = paper(reference, reference)
    found = list(samples(one))
    assert len(found) >= 2
    assert all("Moxon" in sample.source and "Moxon" not in sample.wanted for sample in found)
    assert all(sample.source.split()[-1] == sample.wanted.split()[-1] for sample in found)


def test_an_answer_is_scored_against_the_passage_and_refused_where_the_checks_fail_it() -> None:
    sample = Sample(CLEAN, CLEAN, "en")
    same = scored(sample, CLEAN)
    assert (same.recall, same.precision, same.grams, same.falls_back) == (1.0, 1.0, 1.0, 0.0)
    assert scored(sample, CLEAN, hit_limit=True).falls_back == 1.0
    half = scored(sample, CLEAN[: CLEAN.index("When")])
    assert half.precision == 1.0
    assert half.recall < 0.8
    assert (
        scored(sample, "A podcast is about the printing of books and their many readers in Europe.").falls_back == 1.0
    )


def test_chunks_are_drawn_by_the_seed_and_shown_in_the_documents_order() -> None:
    pieces = chunk(prepare(as_document(CLEAN * 40, Path("paper.txt"))))
    some = drawn(pieces, 5, 1)
    assert some == drawn(pieces, 5, 1)
    assert [piece.index for piece in some] == sorted({piece.index for piece in some})
    assert some != drawn(pieces, 5, 2)
    assert len(drawn(pieces, 1000, 1)) == len(pieces)


def test_an_edit_is_shown_in_its_place_on_one_line() -> None:
    edit = EditDecision(3, 9, "", "citation", 0.98, True)
    assert in_place("One\n\n [4],\ntwo", edit) == "citation 0.98: `One[   [4]→], two`"


def test_decisions_of_one_kind_are_told_apart_by_what_they_are_about() -> None:
    text = "Table1 shows one ofthe news paper 12 0.1 0.2"
    assert sort_of(Candidate(5, 5, " ", "space", 0.4), text, True) == "before a number"
    assert sort_of(Candidate(19, 19, " ", "space", 0.4), text, True) == "run together"
    assert sort_of(Candidate(26, 27, "", "space", 0.4), text, True) == "torn apart"
    assert sort_of(Candidate(33, 36, "", "debris", 0.4), text, True) == "lone number"
    assert sort_of(Candidate(36, 44, "", "debris", 0.4), text, True) == "figure's inside"
    assert sort_of(Candidate(36, 44, "", "debris", 0.4), text, False) == "debris sentence"
    assert sort_of(Candidate(0, 12, "", "debris", IMPRINT), text, False) == "imprint"
    assert sort_of(Candidate(36, 44, "", "debris", IMPRINT), text, False) == "dots and pieces"


ASIDE = "Fig. 3. The proofs on the table of the house, as they came from the press and before they were read."


def test_sentences_are_torn_where_the_text_was_whole_and_found_again_where_they_are_mended() -> None:
    lines = CLEAN.replace(". ", ".\n").replace("several of them ", "several of them\n")
    text, torn = asides.damaged(lines, paper(lines, lines).prepared, [ASIDE, ASIDE], 5, 1)
    assert [(one.before, one.behind) for one in torn] == [(("several", "of", "them"), ("worked", "together", "in"))]
    assert sorted(text.split()) == sorted(f"{lines} {ASIDE}".split())
    damaged = prepare(as_document(text, Path("paper.txt")))
    assert asides.mended(damaged.text, torn) == 0
    output, moved, proposed = asides.decided(damaged)
    assert (asides.mended(output, torn), len(moved), proposed) == (1, 1, 1)
    assert asides.strange(moved, [], torn) == []
    assert asides.strange(moved, [], []) == moved


def test_a_word_is_broken_with_the_others_of_its_document_to_decide() -> None:
    text = "A self-made proof and a long-lived one. The proofreader reads the proof."
    found = {
        (b.left, b.right): b for b in compounds.breaks(text, "en", lambda word: [5] if word == "proofreader" else [])
    }
    assert set(found) == {("self", "made"), ("long", "lived"), ("proof", "reader")}
    assert all(one.right_way for one in found.values())
    assert [one.stays for one in found.values()] == [True, True, False]
    twice = list(compounds.breaks("A frobnar-tester. The frobnar-tester.", "en", lambda word: []))
    assert [(one.weight, one.right_way) for one in twice] == [(2, True)]
