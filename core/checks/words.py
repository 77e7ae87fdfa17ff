"""A text as a sequence of normalised words that remember where they stand.

Every repair a faithful cleaning may make (a closed hyphen, a ligature, a straight quote, a joined line, another
case) must vanish here, so that no detector has to know about it. Words are normalised one by one, which keeps the
way back to the text: evidence is always the text's own characters.
"""

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Scripts written without spaces: each character counts as a word."""

MARKS = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff\u200c\u200d"
"""Marks that belong to a word but are no letters to the `re` module: accents, vowel signs, joiners."""

LETTER = f"(?:[^\\W_{UNSPACED}]|[{MARKS}])"
HYPHENS = "-\u00ad\u2010\u2011"
ACCENTS = "`\u00b4\u00a8\u02dc\u02c6"
WORD = re.compile(f"[{UNSPACED}]|{LETTER}+(?:(?:[{HYPHENS}]\\s{{0,4}}|['\u2019{ACCENTS}])(?={LETTER}){LETTER}+)*")
"""A word, with hyphens (also those at a line's end), apostrophes and accents that a PDF set apart."""

HYPHEN = re.compile(f"[{HYPHENS}]")


def normalise(word: str) -> str:
    """Letters and digits alone: compatibility forms, ligatures, accents, case and hyphens are gone."""
    folded = unicodedata.normalize("NFKD", word).casefold()
    return unicodedata.normalize("NFC", "".join(char for char in folded if not is_ornament(char)))


@lru_cache(maxsize=4096)
def is_ornament(char: str) -> bool:
    return "\u0300" <= char <= "\u036f" or not (char.isalnum() or unicodedata.category(char) in ("Mn", "Mc"))


class Word(NamedTuple):
    """A word: its normalised form and its place in the text (character offsets). A tuple is made three times as fast as
    a dataclass, and these are what the checks make most of."""

    form: str
    start: int
    end: int
    prose: bool
    """A word of running text: it begins small, or its script knows no case, and it is no single Latin letter. Names,
    titles, affiliations, tables and formulas have few of them in any language."""


class Reading:
    """A text with its words."""

    def __init__(self, text: str, like: "Reading | None" = None) -> None:
        """`like` is one of a text with the same words at the same places."""
        self.text = text
        self._like = like

    def __len__(self) -> int:
        return len(self._raw)

    @cached_property
    def _raw(self) -> list[str]:
        """The words as they stand. No more is asked of most texts, and places take longer."""
        if self._like is not None:
            return self._like._raw
        return [raw for raw in WORD.findall(self.text) if judged(raw)[0]]

    @cached_property
    def words(self) -> tuple[Word, ...]:
        return self._like.words if self._like is not None else tuple(read_words(self.text))

    @cached_property
    def forms(self) -> tuple[str, ...]:
        return tuple(word.form for word in self.words)

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.forms)

    def without(self, spans: Sequence[tuple[int, int]]) -> tuple[Word, ...]:
        """The words outside `spans` (sorted character ranges)."""
        kept: list[Word] = []
        at = 0
        for word in self.words:
            while at < len(spans) and spans[at][1] <= word.start:
                at += 1
            if at == len(spans) or word.end <= spans[at][0]:
                kept.append(word)
        return tuple(kept)

    @cached_property
    def hyphenated(self) -> tuple[str, ...]:
        """The words with a hyphen inside, as they stand."""
        return tuple(raw for raw in self._raw if HYPHEN.search(raw))

    def quote(self, first: int, last: int) -> str:
        """The text from word `first` to word `last`, both included."""
        return self.text[self.words[first].start : self.words[last].end]


def read_words(text: str) -> Iterator[Word]:
    for match in WORD.finditer(text):
        form, prose = judged(match.group())
        if form:
            yield Word(form, match.start(), match.end(), prose)


@lru_cache(maxsize=65536)
def judged(raw: str) -> tuple[str, bool]:
    """A word's form, and whether it is of running text."""
    form = normalise(raw)
    return form, bool(form) and is_prose(raw, form)


def is_prose(raw: str, form: str) -> bool:
    head = raw[0]
    if not head.isalpha() or head.isupper() or head.istitle():
        return False
    return len(form) > 1 and form.isalpha() if head.islower() else True


def grams(forms: Sequence[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """All runs of `size` words (or of one thing for each word); none if there are fewer."""
    return zip(*(forms[start:] for start in range(size)), strict=False)


def covered(forms: Sequence[Item], known: Container[tuple[Item, ...]], size: int) -> list[bool]:
    """For each word (or one thing for each) whether it stands in a run of `size` words that is in `known`."""
    marks = [False] * len(forms)
    until = 0
    for at, gram in enumerate(grams(forms, size)):
        if gram in known:
            for place in range(max(at, until), at + size):
                marks[place] = True
            until = at + size
    return marks
