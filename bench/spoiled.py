"""Faithful cleanings spoiled in one known way each, for the findings that the labelled pairs say nothing about."""

from collections.abc import Callable, Iterator

from bench.controls import Control


def spoiled(controls: list[Control]) -> Iterator[tuple[str, Control]]:
    """Every fifth control of running text, each spoiled in every way, with the flag that should find it."""
    for control in [item for item in controls if item.kind == "joined"][::5]:
        for name, spoil in WAYS:
            yield name, Control(name, control.name, control.source, spoil(control.cleaned))


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


WAYS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("head_lost", without_head),
    ("cut_start", from_third_word),
    ("tail_lost", half_tail),
    ("loop", looped),
    ("acknowledged", talked),
    ("markdown", starred),
    ("invented", continued),
    ("summarised", few_sentences),
)
