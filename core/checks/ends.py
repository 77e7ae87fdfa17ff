"""What happened at the two ends: `head_lost` and `tail_lost` of the source, `cut_start` of the cleaned text."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from .flags import Flag, flag
from .options import CheckOptions
from .pair import ANCHOR, Pair
from .patterns import HAS_YEAR
from .words import Word

LOOK_AHEAD = 6
"""The first run that ties the cleaned text to the source begins within so many words."""
NEAR = 12
"""A reworded start still stands within so many words of the source's."""
SOLID = 9
"""So many words in a row that both texts have are no chance."""
CHANCE = 0.3
"""Share of lost words that may stand in the cleaned text by chance."""
UNOPENED = re.compile(r"[^()\[\]{}]{1,80}[)\]]")
STOPS = (*".!?:;…。！？；：।؟•–—",)
CLOSERS = "\"'”’»)]} \n\t"


def head_lost(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    lost = missing(pair.source_text, pair.anchored, unlike(pair.cleaned_text, pair.copied))
    if count(lost) >= options.lost_words:
        yield flag("head_lost", "error", [quote(pair, lost)])


def tail_lost(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    new = unlike(pair.cleaned_text[::-1], pair.copied[::-1])
    lost = missing(pair.source_text[::-1], pair.anchored[::-1], new)[::-1]
    if count(lost) >= options.lost_words:
        yield flag("tail_lost", "error", [quote(pair, lost)])


def unlike(words: Sequence[Word], copied: Sequence[bool]) -> frozenset[str]:
    """The words before the first copied one."""
    first = copied.index(True) if any(copied) else len(words)
    return frozenset(word.form for word in words[:first])


def missing(words: Sequence[Word], anchored: Sequence[bool], reworded: frozenset[str]) -> Sequence[Word]:
    """The words before the first passage that the cleaned text has too; none if most of them were only reworded.

    A few words in a row are found again anywhere, so that some of the lost words may have been. None either where the
    texts share nothing: that is another finding.
    """
    if not any(anchored):
        return ()
    lost = words[: lost_until(words, anchored)]
    prose = [word for word in lost if word.prose]
    gone = sum(word.form not in reworded for word in prose)
    return lost if 2 * gone > len(prose) else ()


def lost_until(words: Sequence[Word], anchored: Sequence[bool]) -> int:
    """The end of the longest beginning of which hardly anything is there, before a long run that is."""
    until = prose = chance = run = 0
    for at, (word, there) in enumerate(zip(words, anchored, strict=True)):
        run = run + 1 if there else 0
        if run >= SOLID:
            break
        prose += word.prose
        chance += there and word.prose
        if not there and chance <= CHANCE * prose:
            until = at + 1
    return until


def count(words: Sequence[Word]) -> int:
    return sum(word.prose for word in words)


def quote(pair: Pair, words: Sequence[Word]) -> str:
    return pair.source.text[words[0].start : words[-1].end]


def cut_start(pair: Pair) -> Iterator[Flag]:
    """The cleaned text begins inside a word, or inside a sentence that the source does not begin in."""
    if pair.cleaned.words and pair.source.words and begins_inside(pair):
        last = min(len(pair.cleaned), 8) - 1
        yield flag("cut_start", "error", [pair.cleaned.quote(0, last)])


def begins_inside(pair: Pair) -> bool:
    place = anchor(pair)
    first = pair.cleaned.words[0]
    if inside_word(pair, first, place) or inside_bracket(pair):
        return True
    small = begins_small(pair.cleaned.text[first.start])
    if place is None:
        return small and not begins_alike(pair)
    skipped, at = place
    start = max(0, at - skipped)
    if skipped == 0 and inside_debris(pair, at):
        return True
    before = count([word for word in pair.source_text if word.start < pair.source.words[start].start])
    if before <= (3 if skipped else 0):
        return False
    if not small:
        return skipped == 0 and follows_prose(pair, at)
    return bool(skipped) or not after_stop(pair, at)


def begins_small(char: str) -> bool:
    """A small letter, or one of a script that knows no case."""
    return char.isalpha() and not char.isupper() and not char.istitle()


def anchor(pair: Pair) -> tuple[int, int] | None:
    """How many words of the cleaned text precede its first run that the source has, and at which word that is there."""
    forms = pair.cleaned.forms[: LOOK_AHEAD + ANCHOR]
    for skipped in range(LOOK_AHEAD):
        at = pair.places.get(tuple(forms[skipped : skipped + ANCHOR]))
        if at is not None:
            return skipped, at
    return None


def inside_word(pair: Pair, first: Word, place: tuple[int, int] | None) -> bool:
    """The first word is no word of the source but the rest of one that stands where the cleaned text begins."""
    words = pair.source.words
    shown = pair.cleaned.text[first.start]
    if first.form in pair.source.known:
        if place is None or place[0] != 1 or place[1] == 0:
            return False
        word = words[place[1] - 1]
        return rest_of(first.form, shown, word.form, pair.source.text[word.start : word.end])
    if place is not None:
        start = max(0, place[1] - place[0])
        words = words[max(0, start - NEAR) : start + NEAR]
    return any(rest_of(first.form, shown, word.form, pair.source.text[word.start : word.end]) for word in words)


def rest_of(form: str, shown: str, whole: str, raw: str) -> bool:
    """Whether a word is the end of another, letters of letters or digits of digits; words that ran together are two."""
    if len(whole) <= len(form) or not whole.endswith(form):
        return False
    before = whole[-len(form) - 1]
    return before.isdigit() == form[0].isdigit() and not (shown.isupper() and glued(raw, shown))


def inside_bracket(pair: Pair) -> bool:
    """A bracket closes that the cleaned text has not opened, after a year or several words; so `1)` is none."""
    closing = UNOPENED.match(pair.cleaned.text)
    if closing is None or UNOPENED.match(pair.source.text):
        return False
    return HAS_YEAR.search(closing.group()) is not None or len(closing.group().split()) > 2


def inside_debris(pair: Pair, at: int) -> bool:
    """Within a citation or an address, after its first word."""
    start = pair.source.words[at].start
    before = pair.source.words[at - 1].start if at else -1
    return any(first <= before and start < last for first, last in pair.source_debris)


def follows_prose(pair: Pair, at: int) -> bool:
    """For a capital: a name in the middle of a line of running text, as the source writes it."""
    word, before = pair.source.words[at], pair.source.words[max(0, at - 1)]
    between = pair.source.text[before.end : word.start]
    if between.strip() or "\n" in between or not before.prose:
        return False
    debris = any(first <= before.start < last for first, last in pair.source_debris)
    return pair.source.text[word.start].isupper() and not debris


def glued(raw: str, capital: str) -> bool:
    """Two words that ran together, as in `RetrievalQUILL`."""
    return any(left.islower() and right == capital for left, right in pairwise(raw))


def after_stop(pair: Pair, at: int) -> bool:
    """A sentence, a heading or a paragraph ends before this word of the source."""
    start = pair.source.words[at].start
    before = pair.source.text[max(0, start - 40) : start]
    if "\n\n" in before.replace(" ", ""):
        return True
    return before.rstrip(CLOSERS).endswith(STOPS)


def begins_alike(pair: Pair) -> bool:
    """Without a common run: both begin small, and with the same words."""
    head = [word.form for word in pair.source_text[:NEAR]]
    opening = [word.form for word in pair.cleaned_text[:4]]
    return 2 * sum(form in head for form in opening) >= len(opening)
