"""Source and cleaned text side by side: what the detectors share, each computed once.

Nothing here aligns the two texts word by word, which is quadratic at worst. Runs of words that both texts have
stand in for an alignment: they are found through sets, in linear time, for a chunk as for a book.
"""

from collections import Counter
from functools import cached_property
from itertools import groupby

from .patterns import debris_spans
from .words import Reading, Word, covered, grams

ANCHOR = 3
"""Length in words of the runs that tie a place in the cleaned text to one in the source."""
PASSAGE = 5
"""Words that are looked at together to tell running text from what stands in tables."""
FEW_WORDS = 8
LAST_WORDS = 12
"""A cleaned text that has a run of the source's last words has come to its end."""


def stops_inside(text: str) -> bool:
    """Whether the text ends without a sentence's end."""
    return not text.rstrip().rstrip("\"'”’»)]}*_").endswith(tuple(".!?…。！？।؟։"))


def is_plain(raw: str) -> bool:
    """Whether a word has no capital inside and more than two letters, if its script has capitals at all."""
    return not any(char.isupper() for char in raw) and (len(raw) > 2 or not raw.islower())


class Pair:
    """The two texts, with their words and the runs they share."""

    def __init__(self, source: str, cleaned: str) -> None:
        self.source = Reading(source)
        self.unchanged = source.rstrip() == cleaned
        """The cleaned text is the source; `rules` leaves every chunk so, and half of what can be asked is answered."""
        self.cleaned = Reading(cleaned, self.source if self.unchanged else None)

    @cached_property
    def source_text(self) -> tuple[Word, ...]:
        """The source's words without citations, addresses and stamps."""
        return self.source.without(self.source_debris)

    @cached_property
    def source_debris(self) -> list[tuple[int, int]]:
        """Where citations, addresses and stamps stand in the source (character ranges)."""
        return debris_spans(self.source.text)

    @cached_property
    def cleaned_text(self) -> tuple[Word, ...]:
        """The cleaned text's words without citations, addresses and stamps."""
        return self.cleaned.without(debris_spans(self.cleaned.text))

    @cached_property
    def prose_words(self) -> int:
        """How many words of running text the source has."""
        return sum(word.prose for word in self.source_text)

    def source_grams(self, size: int) -> set[tuple[str, ...]]:
        """Runs of the source, as it is and with its citations removed: both are faithful."""
        bare = tuple(word.form for word in self.source_text)
        return {*grams(self.source.forms, size), *grams(bare, size)}

    @cached_property
    def places(self) -> dict[tuple[str, ...], int]:
        """At which word of the source each short run stands first, its citations read or passed over."""
        found: dict[tuple[str, ...], int] = {}
        for at, gram in enumerate(grams(self.source.forms, ANCHOR)):
            found.setdefault(gram, at)
        number = {word.start: at for at, word in enumerate(self.source.words)}
        forms = tuple(word.form for word in self.source_text)
        for word, gram in zip(self.source_text, grams(forms, ANCHOR), strict=False):
            found.setdefault(gram, number[word.start])
        return found

    @cached_property
    def anchored(self) -> list[bool]:
        """For each word of `source_text`, whether it stands in a run that the cleaned text has too."""
        forms = tuple(word.form for word in self.source_text)
        bare = tuple(word.form for word in self.cleaned_text)
        return covered(forms, {*grams(self.cleaned.forms, ANCHOR), *grams(bare, ANCHOR)}, ANCHOR)

    @cached_property
    def copied(self) -> list[bool]:
        """For each word of `cleaned_text`, whether it stands in a run that the source has too."""
        return covered(tuple(word.form for word in self.cleaned_text), self.source_grams(ANCHOR), ANCHOR)

    @cached_property
    def precision(self) -> float:
        """Share of the cleaned text's words of running text that stand in a short run of the source.

        A word that was left out costs nothing as long as three stay together on both sides, so that a text that was
        thinned out is told from one that was worded anew. Single words between numbers don't count: a table may be
        read by row or by column. 1 if there is hardly any running text.
        """
        marks = [there for running, there in zip(self.running, self.copied, strict=False) if running]
        return sum(marks) / len(marks) if len(marks) >= FEW_WORDS else 1.0

    @cached_property
    def running(self) -> list[bool]:
        """For each of `judged`, whether it is of running text, among other such words; "dimBn" is of a formula."""
        text = self.cleaned.text
        prose = tuple(word.prose and is_plain(text[word.start : word.end]) for word in self.judged)
        among = covered(prose, {run for run in grams(prose, PASSAGE) if 2 * sum(run) > PASSAGE}, PASSAGE)
        return [word and other for word, other in zip(prose, among, strict=True)]

    @cached_property
    def strange(self) -> list[int]:
        """For each of `judged`, how many words in a row stand in no run of the source; 0 for a word in such a run."""
        lengths: list[int] = []
        for there, run in groupby(self.copied[: len(self.judged)]):
            length = sum(1 for _ in run)
            lengths += [0 if there else length] * length
        return lengths

    @cached_property
    def ends_open(self) -> bool:
        """The cleaned text stops inside a sentence: it was cut off, which is another finding than a summary."""
        return stops_inside(self.cleaned.text)

    @cached_property
    def judged(self) -> tuple[Word, ...]:
        """The words of `cleaned_text` that can be held against the source.

        Where the source stops inside a sentence, nobody can say whether what follows that place is right; it is
        judged all the same if it makes the cleaned text longer than the source.
        """
        words = self.cleaned_text
        if len(self.cleaned.text) > len(self.source.text) or not stops_inside(self.source.text):
            return words
        last = set(grams(tuple(word.form for word in self.source_text[-LAST_WORDS:]), ANCHOR))
        runs = list(grams(tuple(word.form for word in words), ANCHOR))
        reached = max((at for at, run in enumerate(runs) if run in last), default=len(words))
        return words[: reached + ANCHOR]

    @cached_property
    def reached(self) -> int:
        """How many words of the source the cleaned text has got through; 0 if the two share no run.

        A run that the source has twice may be from either place. Its first place counts: then a text in the source's
        order never seems to have come further than it has.
        """
        bare = tuple(word.form for word in self.cleaned_text)
        runs = {*grams(self.cleaned.forms, ANCHOR), *grams(bare, ANCHOR)} & self.places.keys()
        return max((self.places[run] + ANCHOR for run in runs), default=0)

    @cached_property
    def covers(self) -> int:
        """The source up to this character is what the cleaned text can be held against.

        It is less than all where the cleaned text stops inside a sentence: it was cut off, and not every finding
        about what it left out may be made of that.
        """
        if self.ends_open and self.reached:
            return self.source.words[self.reached - 1].end
        return len(self.source.text)

    @cached_property
    def kept(self) -> float:
        """Share of the source's running text whose words are in the cleaned text (each as often as it is there).

        The source counts as far as `covers`. 1 if there is no running text.
        """
        wanted = Counter(word.form for word in self.source_text if word.prose and word.end <= self.covers)
        there = wanted & Counter(self.cleaned.forms)
        return there.total() / wanted.total() if wanted else 1.0
