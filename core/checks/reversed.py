"""`reversed`: in one place the cleaned text says the opposite, and all around it is the source's.

A model that lost a "not" leaves a sentence that reads as well as before, and no count of words shows it.
"""

from collections.abc import Iterator
from itertools import pairwise

from .flags import Flag, flag
from .pair import Pair
from .words import grams, normalise

NEGATIONS = (
    "not no never nor neither without hardly barely "
    "nicht kein keine keinen keinem keiner keines nie niemals ohne weder kaum "
    "ne pas jamais sans nunca sin non mai senza não nem sem niet geen nooit zonder"
)
"""Words that turn a sentence around, in the languages that papers are written in most."""

OPPOSITES = (
    "increase decrease, increases decreases, increased decreased, increasing decreasing, more less, more fewer, "
    "most least, higher lower, highest lowest, high low, larger smaller, largest smallest, large small, "
    "greater smaller, greater less, longer shorter, stronger weaker, faster slower, better worse, best worst, "
    "positive negative, before after, above below, over under, upper lower, first last, earlier later, "
    "always never, with without, maximum minimum, possible impossible, likely unlikely, similar different, "
    "equal unequal, same different, true false, significant insignificant, all none, can cannot, can cant, "
    "could couldnt, is isnt, are arent, was wasnt, were werent, do dont, does doesnt, did didnt, has hasnt, "
    "have havent, will wont, would wouldnt, should shouldnt, "
    "mehr weniger, größer kleiner, höher niedriger, hoch niedrig, vor nach, über unter, immer nie, mit ohne, "
    "positiv negativ, möglich unmöglich, alle keine, ein kein, eine keine, einen keinen, einem keinem, einer keiner"
)


def both_ways() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one, other in (pair.split() for pair in OPPOSITES.split(", ")):
        found.setdefault(normalise(one), set()).add(normalise(other))
        found.setdefault(normalise(other), set()).add(normalise(one))
    return {word: frozenset(others) for word, others in found.items()}


OPPOSITE = both_ways()
NEGATION = frozenset(map(normalise, NEGATIONS.split()))


def turned_round(pair: Pair) -> Iterator[Flag]:
    """Each place, with the words beside it."""
    places = sorted({*lost(pair), *put_in(pair)})
    if places:
        yield flag("reversed", "warning", (pair.cleaned.text[start:end] for start, end in places))


def lost(pair: Pair) -> Iterator[tuple[int, int]]:
    """Where two words are neighbours that the source has with a "not" between them and nowhere without one."""
    parted = {
        (before.form, behind.form)
        for words in (pair.source.words, pair.source_text)
        for before, word, behind in grams(words, 3)
        if word.form in NEGATION and word.prose and (before.prose or behind.prose)
    } - pair.source_grams(2)
    if parted:
        for before, behind in pairwise(pair.judged):
            if (before.form, behind.form) in parted:
                yield before.start, behind.end


def put_in(pair: Pair) -> Iterator[tuple[int, int]]:
    """Where a "not" parts two neighbours of the source, or a word stands in the place of its opposite."""
    runs, neighbours = pair.source_grams(3), pair.source_grams(2)
    for before, word, behind in grams(pair.judged, 3):
        if not word.prose or (before.form, word.form, behind.form) in runs:
            continue
        negated = word.form in NEGATION and (before.form, behind.form) in neighbours
        if negated or any((before.form, other, behind.form) in runs for other in OPPOSITE.get(word.form, ())):
            yield before.start, behind.end
