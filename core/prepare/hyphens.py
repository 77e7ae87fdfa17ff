"""Hyphens at line ends: closed where they only broke a word, kept where they belong to it.

The document itself is the best dictionary: a word that stands elsewhere in it decides. Then word frequencies decide
(wordfreq, Speer 2022), then the shape of the parts. What stays doubtful becomes a candidate for a model.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..traced import Edit, Traced
from .doubts import Doubt, around
from .frequency import zipf
from .lines import lower_words
from .paragraphs import CAPTION, CAPTION_HEAD
from .torn import mend_torn

WORD_PART = r"[^\W\d_]"
FIRST_PART = rf"(?<![\w-])((?:\w{{1,40}}['’-]){{0,8}}{WORD_PART}*\w)"
INLINE_PART = rf"(?<![\w-])((?:{WORD_PART}+-){{0,3}}{WORD_PART}{{2,30}})"
SUSPENDED = frozenset(
    [
        "and",
        "or",
        "to",
        "nor",
        "as",
        "und",
        "oder",
        "bis",
        "bzw",
        "sowie",
        "et",
        "ou",
        "o",
        "y",
        "e",
        "u",
        "i",
        "en",
        "of",
        "als",
        "versus",
        "vs",
    ]
)
WORD = re.compile(rf"{WORD_PART}+(?:-{WORD_PART}+)*")
MARKED = re.compile(r"(?:[’']s?)?\d*\Z")
"""What ends a word and is no part of it: a genitive, the mark of a footnote."""
SOLID_LANGUAGES = frozenset({"de", "nl", "sv", "da", "nb", "fi", "hu"})
"""Languages that write compounds as one word: there a hyphen before a small letter is nearly always a break."""
PREFIXES = frozenset(
    [
        "self",
        "non",
        "well",
        "ill",
        "ex",
        "all",
        "half",
        "quasi",
        "cross",
        "high",
        "low",
        "long",
        "short",
        "large",
        "small",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "first",
        "second",
        "third",
        "single",
        "double",
        "triple",
        "fine",
        "coarse",
        "semi",
        "state",
        "real",
        "open",
        "closed",
        "near",
        "mid",
        "best",
        "least",
        "most",
        "less",
        "more",
        "low-cost",
        "data",
        "time",
        "user",
        "task",
        "domain",
        "human",
    ]
)
JOINING = frozenset(
    [
        *("anti", "bi", "bio", "co", "counter", "de", "electro", "geo", "hydro", "hyper", "infra", "inter", "intra"),
        *(
            "macro",
            "magneto",
            "meta",
            "micro",
            "mini",
            "mono",
            "multi",
            "nano",
            "neuro",
            "non",
            "over",
            "para",
            "photo",
        ),
        *(
            "poly",
            "post",
            "pre",
            "proto",
            "pseudo",
            "psycho",
            "radio",
            "re",
            "retro",
            "socio",
            "spectro",
            "sub",
            "super",
        ),
        *("supra", "thermo", "trans", "tri", "ultra", "un", "under"),
    ]
)
"""Prefixes that English joins, unless the document has the habit of hyphenating them."""
MOSTLY_HYPHENATED = frozenset(["anti", "non"])
"""Those of them that papers hyphenate before rarer words three times out of four ("non-trivial"), unless this one joins
them."""
PARTICLES = frozenset(["in", "up", "on", "off", "out", "by", "to", "down", "over"])
NAME_PREFIXES = frozenset(["Mc"])
"""What is never hyphenated to the name behind it."""
SUFFIXES = frozenset(["able", "ably", "ally", "less", "ness", "fully"])
"""Endings that are no words of a compound, though some are words elsewhere."""
KNOWN = 2.5
LINKING = 5.5
"""Zipf frequency of the small words inside "state-of-the-art"."""
COMMON = 3.0
"""Zipf frequency of a word that stands on its own: once in a million words."""
AS_COMMON = 1.0
"""A whole that is rarer than its rarer part by no more than this is a word of its own ("refresher")."""
SLOPPY = 2.0
"""A whole that is rarer than its parts by more than this is how some people write a compound ("longterm")."""
FAR = 3.5
"""So much rarer than both parts no word is that a line breaks ("socalled")."""
SHOWN = 30
"""Characters in which a caption's beginning shows."""
DOUBT = 0.02
"""Below this probability the other way is not worth a question."""


class Cut:
    """A pattern for a word that a hyphen and white space cut: `first`, with no white space inside, `hyphen`, `rest`.

    The hyphens are few, so the pattern is tried in front of each and not at every word of the text.
    """

    def __init__(self, first: str, hyphen: str, rest: str) -> None:
        self._hyphen = re.compile(hyphen)
        self._before = re.compile(rf"{first}\Z")
        self.whole = re.compile(f"{first}{hyphen}{rest}")

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """What the pattern finds."""
        at = 0
        for hyphen in self._hyphen.finditer(text):
            if hyphen.start() < at:
                continue
            blank = text.rfind(" ", at, hyphen.start())
            first = self._before.search(text, max(at, blank), hyphen.start())
            match = self.whole.match(text, first.start()) if first else None
            at = hyphen.end()
            if match:
                at = match.end()
                yield match


BROKEN = Cut(FIRST_PART, r"[-‐\u00ad][ \t]*[\n\f]", rf"\s*((?:{WORD_PART}|\d(?!\d?\.? ?[A-Z]))[\w’']*(?:-\w+)*)")
INLINE = Cut(INLINE_PART, "- ", rf"({WORD_PART}{{2,30}})(?![\w-])")


@dataclass(frozen=True, slots=True)
class Break:
    """A broken word: its two parts, and the offsets of what stands between them."""

    left: str
    right: str
    start: int
    end: int


def vocabulary(text: str) -> Counter[str]:
    """How often each word stands in the text unbroken, in lower case, with its hyphens."""
    unbroken = without_broken(text)
    words = Counter(lower_words(WORD, unbroken))
    # "sub-" counts the different words that the document hyphenates after "sub".
    words.update(f"{word.partition('-')[0]}-" for word in list(words) if "-" in word)
    return words


def without_broken(text: str) -> str:
    """The text with a blank for each word that is broken at a line's end."""
    parts: list[str] = []
    at = 0
    for match in BROKEN.finditer(text):
        parts += [text[at : match.start()], " "]
        at = match.end()
    return "".join([*parts, text[at:]])


def breaks(text: str) -> list[Break]:
    """Words broken at a line's end, if no caption tears them, and words cut by a hyphen and a blank inside a line."""
    broken = (m for m in BROKEN.finditer(text) if not begins_caption(text[m.start(2) : m.start(2) + SHOWN]))
    found = [Break(m[1], m[2], m.end(1), m.start(2)) for m in broken]
    found += [Break(m[1], m[2], m.end(1), m.start(2)) for m in INLINE.finditer(text) if m[2].lower() not in SUSPENDED]
    return sorted(found, key=lambda b: b.start)


def begins_caption(text: str) -> bool:
    return text[0].isupper() and (CAPTION_HEAD.match(text) or CAPTION.match(text)) is not None


def close_hyphens(traced: Traced, language: str) -> tuple[Traced, dict[str, int], list[Doubt], list[int]]:
    """The text with its breaks mended, counts, the doubtful places, and where in the text lines ended in a hyphen."""
    words = vocabulary(traced.text)
    torn = mend_torn(traced.text, words, language)
    traced = traced.apply(torn)
    edits: list[Edit] = []
    counts = {"hyphens closed": 0, "hyphens kept": 0, "words torn by floats": len(torn) // 2}
    doubts: list[Doubt] = []
    end = -1
    for place in breaks(traced.text):
        if place.start < end:
            continue
        end = place.end
        if place.right in SUSPENDED and is_suspended(place, words, language):
            edits.append(Edit(place.start, place.end, "- "))
            counts["hyphens kept"] += 1
            continue
        closing = closing_probability(place.left, place.right, words, language)
        closed = closing >= 0.5
        edits.append(Edit(place.start, place.end, "" if closed else "-"))
        counts["hyphens closed" if closed else "hyphens kept"] += 1
        other = 1 - closing if closed else closing
        if other >= DOUBT:
            doubts.append(around(traced, place.start, place.end, "-" if closed else "", "hyphen", other))
    return traced.apply(edits), counts, doubts, list(line_ends(traced.text, edits))


def line_ends(text: str, edits: Sequence[Edit]) -> Iterator[int]:
    """Offsets in the text that the edits make, of those that take a line's end out of `text`."""
    shift = 0
    for edit in edits:
        if not text[edit.start : edit.end].endswith(" "):
            yield edit.start + shift
        shift += len(edit.text) - (edit.end - edit.start)


def is_suspended(place: Break, words: Counter[str], language: str) -> bool:
    """ "pre-" at a line's end before "and post-": a suspended hyphen, whose blank stays; not in "points-to set"."""
    known = words[f"{place.left}-{place.right}".lower()] > 0
    return place.left[-1].isalpha() and not known and not is_word(place, words, language)


def is_word(place: Break, words: Counter[str], language: str) -> bool:
    """Whether the halves are a word, as "propos-als" is in English: then "als" is no conjunction."""
    whole = (place.left + place.right).lower()
    return words[whole] > 0 or zipf(whole, language) >= KNOWN > zipf(place.left.lower(), language)


def closing_probability(left: str, right: str, words: Counter[str], language: str) -> float:
    """How likely left + right is one word without a hyphen."""
    if not left[-1].isalpha() or not right[0].isalpha():
        return 0.02
    tail = left.rpartition("-")[2]
    head = right.partition("-")[0]
    bare = MARKED.sub("", head, count=1)
    head, right = bare, bare + right[len(head) :]
    solid = words[(tail + head).lower()]
    hyphenated = words[f"{tail}-{head}".lower()] or words[f"{left}-{right}".lower()]
    if solid != hyphenated:
        return 0.995 if solid > hyphenated else 0.01
    if len(tail) == 1 or len(head) == 1:  # hardly a line is broken behind or before a single letter
        whole = zipf((tail + head).lower(), language)
        return 0.9 if head.islower() and whole >= COMMON and zipf(head, language) < whole - SLOPPY else 0.02
    if head[0].isupper() and not (left.isupper() and right.isupper()):
        return 0.95 if tail in NAME_PREFIXES else 0.02
    if tail[-2:].isupper() and head.islower() and zipf((tail + head).lower(), language) < COMMON:
        return 0.05
    return by_frequency(left.lower(), right.lower(), words, language)


def by_frequency(left: str, right: str, words: Counter[str], language: str) -> float:
    """The same for a word that the document does not have elsewhere; both parts in lower case."""
    tail, head = left.rpartition("-")[2], right.partition("-")[0]
    closed = zipf(tail + head, language)
    first, second = zipf(tail, language), zipf(head, language)
    parts = min(first, second)
    chained = (tail != left and first >= LINKING) or (head != right and second >= LINKING)
    if chained and closed < parts - 1.0:
        return 0.05
    if closed < COMMON and (left.count("-") >= 2 or (tail != left and first >= COMMON)):
        return 0.05
    if language in SOLID_LANGUAGES:
        return 0.98
    if head in PARTICLES and len(head) == 2 and closed < parts - SLOPPY:  # "face-on": two letters are seldom broken off
        return 0.12
    if closed >= COMMON:
        return 0.99
    if tail in MOSTLY_HYPHENATED and second >= 2.0 and joined(tail, words, language) <= words[f"{tail}-"]:
        return 0.3
    if tail in JOINING and second >= 2.0:
        return 0.35 if words[f"{tail}-"] > 1 and closed < parts - AS_COMMON else 0.8
    if tail in PREFIXES and (not closed or closed < parts - SLOPPY):
        return 0.05 if parts >= COMMON else 0.2
    if closed > 0:
        if closed < parts - FAR:
            return 0.2
        whole = len(tail) > 2 and (len(head) > 3 or head in PARTICLES) and head not in SUFFIXES
        return 0.3 if parts >= 4.0 and closed < 2.0 and whole else 0.95
    own = parts >= COMMON or (words[tail] > 0 and words[head] > 0)  # both are words, in general or in this document
    if own and len(tail) > 2 and len(head) > 2:
        return 0.12
    if parts >= KNOWN and min(len(tail), len(head)) > 3:
        return 0.25
    return 0.9 if parts < 2.0 else 0.7


def joined(prefix: str, words: Counter[str], language: str) -> int:
    """How many different rarer words the document joins to the prefix."""
    whole = (word for word in words if word.startswith(prefix) and "-" not in word and zipf(word, language) < COMMON)
    return sum(zipf(word.removeprefix(prefix), language) >= 2.0 for word in whole)
