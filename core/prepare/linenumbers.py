"""Numbers of lines in a manuscript's margin, which extractors put on lines of their own between the lines of the text.

They count on by one, or by five, and they tear sentences: the line above such a number is unfinished and the one below
goes on in a small letter. The numbers of a list or of a table's rows count as well, but what stands between these
begins and ends with them.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from ..traced import Edit
from .lines import Line, filled_lines, without
from .paragraphs import SENTENCE_END

NUMBER = re.compile(r"\s*[0-9]{1,4}\s*")
WORD = re.compile(r"[^\W\d_]{2,}")
FEWEST = {1: 45, 5: 10}
"""So many numbers, by their step; an algorithm has fewer lines, and they read much alike."""
MISSED = 3
"""So many steps on the next number may be, where one was lost in a line of the text."""
NEAR = 4
"""So many lines on, at each step, the next number stands at the most; pages' numbers, which tear too, are further."""
TEARING = 0.4
"""Share of the numbers that must tear a sentence: the others stand beside formulas, headings and names."""
WORDS = 3
"""A line with fewer words is no line of a sentence."""


def line_numbers(text: str) -> list[Edit]:
    """Edits that take the numbers of lines away, whole lines each."""
    lines = filled_lines(text)
    places = [place for place, line in enumerate(lines) if NUMBER.fullmatch(line.text)]
    found: set[int] = set()
    for step, fewest in FEWEST.items():
        while len(chain := longest_chain(lines, [place for place in places if place not in found], step)) >= fewest:
            near = {place for pair in pairwise(chain) if pair[1] - pair[0] <= NEAR * step for place in pair}
            if sum(tears(lines, place) for place in near) < TEARING * len(chain):
                break
            found.update(chain)
    return [without(lines[place], text) for place in sorted(found)]


def longest_chain(lines: Sequence[Line], places: Sequence[int], step: int) -> list[int]:
    """The longest row of places whose numbers go up by `step`, or a few times as much."""
    ends: dict[int, int] = {}  # the last place of the longest row so far that ends in a number
    length: dict[int, int] = {}
    before: dict[int, int | None] = {}
    for place in places:
        number = int(lines[place].text)
        earlier = [ends[number - step * far] for far in range(1, MISSED + 1) if number - step * far in ends]
        before[place] = max(earlier, key=length.__getitem__, default=None)
        length[place] = max((length[other] for other in earlier), default=0) + 1
        if number not in ends or length[place] >= length[ends[number]]:
            ends[number] = place
    chain: list[int] = []
    place = max(places, key=length.__getitem__, default=None)
    while place is not None:
        chain.append(place)
        place = before[place]
    return chain[::-1]


def tears(lines: Sequence[Line], place: int) -> bool:
    """Whether a sentence goes on from the line above a number to the line below."""
    if not 0 < place < len(lines) - 1:
        return False
    above, below = lines[place - 1].text, lines[place + 1].text.lstrip()
    return below[0].islower() and len(WORD.findall(above)) >= WORDS and SENTENCE_END.search(above) is None
