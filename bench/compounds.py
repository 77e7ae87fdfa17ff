"""Line-break hyphens made on purpose, since real ones that stay are few: `python -m bench.compounds DATA`.

Each word that a document has in the middle of a line is taken as if a line ended in it, with the rest of the document
to decide by: one with a hyphen at its hyphen, where it has to stay, and one without at the places where a typesetter
would break it (pyphen, of the extra `bench`), each counted as its share of them, where it has to go.
"""

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from galley.core.prepare.characters import mend_characters
from galley.core.prepare.hyphens import closing_probability, vocabulary, without_broken
from galley.core.traced import Traced

from .asides import documents

WORD = re.compile(r"(?<![\w/.@-])[^\W\d_]+(?:-[^\W\d_]+)*(?![\w/@-]|\.\w)")
SHORTEST = 5
DICTIONARIES = {"en": "en_US", "de": "de_DE"}


@dataclass(frozen=True, slots=True)
class Break:
    """A word as if broken at a line's end."""

    left: str
    right: str
    stays: bool
    """Whether its hyphen belongs to it."""
    weight: float
    """How many of the document's words it stands for."""
    closing: float
    """How likely the repairs hold it to be one word without a hyphen."""

    @property
    def right_way(self) -> bool:
        return (self.closing < 0.5) is self.stays


def breaks(text: str, language: str, positions: Callable[[str], Sequence[int]]) -> Iterator[Break]:
    """Every break of every word of a document; `positions` are those of a word in small letters, as a typesetter's."""
    words = vocabulary(text)
    for word, count in Counter(WORD.findall(without_broken(text))).items():
        low, stays = word.lower(), "-" in word
        places = [m.start() for m in re.finditer("-", word)] if stays else positions(low)
        if not stays and len(word) < SHORTEST:
            continue
        # One of its places in the text is the one that is broken: the others and the words like it decide.
        others = words.copy()
        others[low] -= 1
        if stays and not others[low]:
            others[f"{low.partition('-')[0]}-"] -= 1
        for place in places:
            left, right = word[:place], word[place + stays :]
            closing = closing_probability(left, right, others, language)
            yield Break(left, right, stays, count / len(places), closing)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with arxiv/, geotopo/ and PDFs")
    parser.add_argument("--details", action="store_true", help="show what is decided wrongly")
    arguments = parser.parse_args()
    from pyphen import Pyphen

    print("| document | stay | closed wrongly | go | left open |\n|---|---|---|---|---|")
    rows: list[list[float]] = []
    wrong: list[str] = []
    for paper in documents(arguments.data):
        language = paper.prepared.language
        text = mend_characters(Traced.of(paper.document.text))[0].text
        found = list(breaks(text, language, Pyphen(lang=DICTIONARIES[language]).positions))
        row = [
            sum(one.weight for one in found if one.stays is stays and (all_of_them or not one.right_way))
            for stays in (True, False)
            for all_of_them in (True, False)
        ]
        rows.append(row)
        print(f"| {paper.name} | {' | '.join(f'{value:.0f}' for value in row)} |", flush=True)
        wrong += [f"{paper.name} {b.left}|{b.right} {b.closing:.2f}" for b in found if not b.right_way]
    print(f"| all | {' | '.join(f'{sum(column):.0f}' for column in zip(*rows, strict=True))} |")
    if arguments.details:
        print("\n".join(wrong))


if __name__ == "__main__":
    main()
