"""Faithful cleanings spoiled in one known way each, for the findings that the labelled pairs say nothing about."""

import random
import re
from collections.abc import Callable, Iterator

from bench.controls import Control

NUMBER = re.compile(r"(?<=[a-z] )[1-9]\d{1,3}(?= [a-z])")
DECIMAL = re.compile(r"(?<=[a-z] )(\d+\.)(\d+)(?= ?[a-z%])")
NAME = re.compile(r"(?<=[a-z] )[A-Z][a-z]{3,}(?= [a-z])")
OPPOSITES = (("more", "less"), ("higher", "lower"), ("larger", "smaller"), ("before", "after"), ("with", "without"))
OPPOSITE = re.compile(rf"(?<=[a-z] )(?:{'|'.join(word for word, _ in OPPOSITES)})(?= [a-z])")
FILLERS = ("approach", "clearly", "important", "various", "generally", "technique", "improves", "remarkable")
SMALL_WORDS = re.compile(r"\b(?:the|an?|of|that|also|very|not only) ")


def spoiled(controls: list[Control]) -> Iterator[tuple[str, Control]]:
    """Every fifth control of running text, each spoiled in every way that changes it, with the flag that should find
    it; the control's kind is the way's name."""
    for control in every_fifth(controls):
        for name, spoil in WAYS:
            text = spoil(control.cleaned)
            if text != control.cleaned:
                yield name, Control(spoil.__name__, control.name, control.source, text)


def shortened(controls: list[Control]) -> Iterator[Control]:
    """The same controls with words left out."""
    for control in every_fifth(controls):
        for name, shorten in SHORTENED:
            yield Control(name, control.name, control.source, shorten(control.cleaned))


def every_fifth(controls: list[Control]) -> list[Control]:
    return [item for item in controls if item.kind == "joined"][::5]


def without_head(text: str) -> str:
    """What a program leaves that slices 98 characters too many."""
    return text[98:]


def from_third_word(text: str) -> str:
    """Two words and a piece of the third are gone."""
    words = text.split(" ")
    return " ".join([words[2][len(words[2]) // 2 :], *words[3:]])


def half_tail(text: str) -> str:
    return text[: len(text) * 2 // 3]


def looped(text: str) -> str:
    return text[: len(text) // 2] + text[len(text) // 2 - 120 : len(text) // 2] * 5


def talked(text: str) -> str:
    return "Here is the cleaned text:\n\n" + text


def starred(text: str) -> str:
    return "## Overview\n\n**" + text[:40] + "**" + text[40:]


def continued(text: str) -> str:
    return text + (
        " Critics in Geneva disputed this in 1987, and the museum's curators quietly withdrew the pottery"
        " from its galleries after several furious letters."
    )


def few_sentences(text: str) -> str:
    """Each third sentence of the text, the first among them, ended as a summary is."""
    return ". ".join(text.split(". ")[::3]).rstrip(". ") + "."


def reworded(text: str) -> str:
    """Phrases of two to five words, half of them turned around, with words put in between."""
    chance = random.Random(text)
    words = text.split()
    written: list[str] = []
    while words:
        size = chance.randint(2, 5)
        phrase, words = words[:size], words[size:]
        written += reversed(phrase) if chance.random() < 0.5 else phrase
        written += [chance.choice(FILLERS)] if chance.random() < 0.4 else []
    return " ".join(written)


def miscounted(text: str) -> str:
    """One number in running text is another; the text as it is where there is none."""
    return NUMBER.sub(lambda match: str(int(match.group()) * 3 + 7), text, count=1)


def misread(text: str) -> str:
    """The places behind the point of one number are others; the text as it is where there is none."""
    return DECIMAL.sub(lambda match: f"{match[1]}{(int(match[2]) * 3 + 7) % 100}", text, count=1)


def renamed(text: str) -> str:
    """One name inside a sentence is another; the text as it is where there is none."""
    return NAME.sub("Plantin", text, count=1)


def without_not(text: str) -> str:
    """Without its first "not"; the text as it is where there is none."""
    return re.sub(r"(?<=[a-z]) not(?= [a-z])", "", text, count=1)


def with_not(text: str) -> str:
    """With a "not" behind the first verb that can bear one."""
    return re.sub(
        r"(?<=[a-z] )(?:is|are|was|were|can|may|will|does|do|has|have)(?= [a-z])", r"\g<0> not", text, count=1
    )


def opposite(text: str) -> str:
    """With the opposite of the first word that has one in a short list."""
    return OPPOSITE.sub(lambda match: dict(OPPOSITES)[match.group()], text, count=1)


def thinned(text: str) -> str:
    """Each fifth word is left out, in no order: much is gone, and nothing is new."""
    chance = random.Random(text)
    return " ".join(word for word in text.split() if chance.random() > 0.2)


def terse(text: str) -> str:
    """Without articles and other small words."""
    return SMALL_WORDS.sub("", text)


WAYS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("head_lost", without_head),
    ("cut_start", from_third_word),
    ("tail_lost", half_tail),
    ("loop", looped),
    ("acknowledged", talked),
    ("markdown", starred),
    ("invented", continued),
    ("invented", miscounted),
    ("invented", misread),
    ("invented", renamed),
    ("reversed", without_not),
    ("reversed", with_not),
    ("reversed", opposite),
    ("rewritten", reworded),
    ("summarised", few_sentences),
)
SHORTENED: tuple[tuple[str, Callable[[str], str]], ...] = (("thinned", thinned), ("terse", terse))
"""Ways to leave out words that make nothing new: neither `rewritten` nor `invented`."""
