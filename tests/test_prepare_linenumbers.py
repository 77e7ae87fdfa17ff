"""Numbers of lines in a manuscript's margin, which the text has between its lines."""

import pytest

from galley.core.prepare.linenumbers import line_numbers
from galley.core.traced import Traced

PROSE = [
    f"the {word} of these lines goes on in the next one" for word in ("first", "second", "third", "fourth", "last")
]


def cleaned(text: str) -> str:
    return Traced.of(text).apply(line_numbers(text)).text


@pytest.mark.parametrize("first", [1, 64], ids=["a manuscript", "a page out of it"])
def test_numbers_that_count_on_through_sentences_go(first: int) -> None:
    lines = [PROSE[place % 5] for place in range(60)]
    numbered = "".join(f"{line}\n{first + place}\n" for place, line in enumerate(lines))
    assert cleaned(numbered) == "".join(f"{line}\n" for line in lines)


def test_every_fifth_number_goes() -> None:
    lines = [PROSE[place % 5] for place in range(100)]
    numbered = "".join(f"{line}\n{place}\n" if place % 5 == 0 else f"{line}\n" for place, line in enumerate(lines, 1))
    assert cleaned(numbered) == "".join(f"{line}\n" for line in lines)


def test_a_number_that_was_lost_in_a_line_ends_nothing() -> None:
    numbered = "".join(f"{PROSE[n % 5]}\n" + (f"{n}\n" if n != 30 else "") for n in range(1, 61))
    assert cleaned(numbered) == "".join(f"{PROSE[n % 5]}\n" for n in range(1, 61))


def test_another_number_between_them_stays() -> None:
    numbered = "".join(f"{PROSE[n % 5]}\n{n}\n" + ("1984\n" if n == 30 else "") for n in range(1, 61))
    assert "1984" in cleaned(numbered)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{n}\nA. Author, The work and its title, 20{n % 10}{n % 7}.\n" for n in range(1, 81)),
        "".join(f"{n}\n0.{n}\nNGC {n + 100}\n" for n in range(1, 81)),
        "".join(f"{n}\n" for n in range(1, 81)),
        "".join(f"{PROSE[0]}\n{n}\nwhere it goes on.\n" + "A line of the page.\n" * 30 for n in range(1, 81)),
        "".join(f"do nothing to the node\n{n}\nuntil the tree is ready\n" for n in range(1, 31)),
    ],
    ids=["a list of references", "a table's rows", "an axis", "pages' numbers", "an algorithm"],
)
def test_numbers_of_other_things_stay(text: str) -> None:
    assert cleaned(text) == text
