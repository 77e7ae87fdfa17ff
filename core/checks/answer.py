"""Outputs that are no cleaning at all: nothing, half of it, talk about the task, the prompt."""

import re
from collections.abc import Iterator

from .flags import Flag, flag
from .options import CheckOptions
from .pair import Pair
from .words import Reading, covered, grams

OPENINGS = (
    r"(?:sure|certainly|of course|okay|ok|absolutely|got it|understood)\b[^.\n]{0,80}[!,.:\n]",
    r"here(?:'s| is| are|’s)\b[^.\n]{0,80}\b(?:text|version|output|transcript|passage|result|cleaned)\b",
    r"(?:the |this is the |below is the |your )?(?:cleaned|processed|rewritten|revised|edited|clean)(?:[ -]up)?"
    r" (?:text|version|output|transcript)\b",
    r"(?:i(?:'m| am|’m) (?:sorry|ready|happy|unable|an ai)|i (?:cannot|can't|can’t|will now|have (?:removed|cleaned))|"
    r"as an ai|i(?:'ll|’ll| will) (?:clean|process|remove|rewrite))\b",
    r"please (?:provide|share|paste|send)\b[^.\n]{0,60}\b(?:text|chunk|input|passage)\b",
    r"(?:hier ist|voici|aquí (?:está|tienes)|ecco)\b[^.\n]{0,60}\b(?:text|texte|texto|testo|version|versión)\b",
)
CLOSINGS = (
    r"let me know\b[^.\n]{0,120}",
    r"(?:i hope this|hope this helps)\b[^.\n]{0,80}",
    r"\(?note\s?:[^\n]{0,60}\b(?:i (?:have )?|text|removed|cleaned|output|processed)\b[^\n]{0,60}",
    r"i(?:'ve|’ve| have)? (?:removed|cleaned|rewritten|rephrased|omitted|kept)\b[^.\n]{0,80}",
    r"is there anything else\b[^.\n]{0,80}",
    r"(?:feel free to|would you like me to)\b[^.\n]{0,80}",
)
OPENING = re.compile(rf"[\W_]{{0,10}}({'|'.join(OPENINGS)})", re.IGNORECASE)
CLOSING = re.compile(rf"(?:^|[.!?\n(*]\s{{0,3}})({'|'.join(CLOSINGS)})", re.IGNORECASE)
REACH = 400
"""Talk about the task stands within so many characters of the text's end."""


def empty(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    if len(pair.cleaned) < options.empty_words and pair.prose_words >= options.source_words:
        yield flag("empty", "error", [pair.cleaned.text])
    elif not len(pair.cleaned) and len(pair.source) >= options.empty_words:
        yield flag("empty", "error", [])


def truncated(pair: Pair, hit_token_limit: bool) -> Iterator[Flag]:
    if hit_token_limit:
        yield flag("truncated", "error", [pair.cleaned.text.rstrip()[-60:]])


def acknowledged(pair: Pair) -> Iterator[Flag]:
    """Talk about the task at the head or the end, in words that the source does not have."""
    closings = [match.group(1) for match in CLOSING.finditer(pair.cleaned.text[-REACH:])]
    yield from talk(pair, [*opening(pair), *closings])


def opened(pair: Pair) -> Iterator[Flag]:
    """`acknowledged` as far as the head alone tells."""
    yield from talk(pair, opening(pair))


def opening(pair: Pair) -> list[str]:
    match = OPENING.match(pair.cleaned.text.lstrip()[:REACH])
    return [match.group(1)] if match else []


def talk(pair: Pair, found: list[str]) -> Iterator[Flag]:
    if not found:
        return
    known = {*grams(pair.source.forms, 2)}
    new = [words for words in found if not set(grams(Reading(words).forms, 2)) <= known]
    if new:
        yield flag("acknowledged", "error", new)


def prompt_leaked(pair: Pair, prompt: str, options: CheckOptions) -> Iterator[Flag]:
    size = options.leaked_words
    leaked = set(grams(Reading(prompt).forms, size)) - set(grams(pair.source.forms, size))
    marks = covered(pair.cleaned.forms, leaked, size)
    if any(marks):
        yield flag("prompt_leaked", "error", runs(pair.cleaned, marks))


def runs(reading: Reading, marks: list[bool]) -> Iterator[str]:
    """The text of each unbroken run of marked words."""
    start = None
    for at, mark in enumerate([*marks, False]):
        if mark and start is None:
            start = at
        elif not mark and start is not None:
            yield reading.quote(start, at - 1)
            start = None
