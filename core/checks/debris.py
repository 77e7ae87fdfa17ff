"""`debris_kept`: what a page carries besides its text and cleaning should have taken away.

A broken word or an address is a finding by itself, and so is a citation of the kind `(Moxon, 1683)`, which stops a
listener. Other citations (`[4]`, `[Mox83]`, `(Moxon et al. 1683)`) are one where the cleaning took half of them out
and left the others, since many a good text keeps them all. Of formulas only those
count that extraction ran together.
"""

import re
from collections.abc import Iterator

from .flags import Flag, flag
from .options import CheckOptions
from .pair import Pair
from .patterns import BARE, COMMA_YEAR, EMAIL, SQUARE, STAMP, citations
from .words import HYPHENS, Reading, judged, normalise

BROKEN = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,40})[-\u00ad\u2010][ \t\r\n]{1,4}([^\W\d_]{2,40})")
SUSPENDED = frozenset(("and", "or", "to", "und", "oder", "bis", "et", "ou", "og", "och", "en", "nor", "versus", "vs"))
"""After these a hyphen in front of a blank is right: `pre- and post-training`."""
TOKEN = re.compile(r"\S{3,200}")
OPERATOR = re.compile(r"([=∼≻≺⊕⊗∑∏∫∈∥|≤≥≈∝∇∂·<>±×√])\1*")
"""A sign, drawn out or not: `=====⇒` is one long arrow."""
BRACKET = re.compile(r"[(){}\[\]]")
OPERATORS = 3
SIGNS = 5
RUN_ON = re.compile(r"(?<![\w(])\w{1,2}\)[a-z]{5,20}")
"""A word that ran into a formula: `s)stands`."""
LONGEST = 80
FEW = 2
"""So many formulas, addresses and citations in round brackets are no more than a remark, and so are labels (`[4]`)."""
GLUED = re.compile(r"(?<!\w)[A-Z]?[a-z]{3,40}[A-Z][a-z]{3,40}[A-Za-z]{0,60}(?!\w)")
GLUED_LENGTH = 16


def debris_kept(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    text = pair.cleaned.text
    damage = [*broken_words(pair), *(match.group() for match in RUN_ON.finditer(text))]
    labels = list(glued(text))
    if len(labels) >= options.glued_labels:
        damage += labels
    left = [match.group() for match in EMAIL.finditer(text)] if "@" in text else []
    left += [match.group() for match in STAMP.finditer(text)]
    left += [*kept_citations(pair), *formulas(text)]
    if damage or left:
        many = sum(not item.startswith("[") for item in left) > FEW
        yield flag("debris_kept", "warning" if damage or many else "info", [*damage, *left])


def kept_citations(pair: Pair) -> list[str]:
    """The citations that stop a listener; all of them where the cleaning took at least half of them out."""
    text = pair.cleaned.text
    cited = [text[start:end] for start, end in citations(text)]
    if cited and not pair.unchanged and 2 * len(cited) <= sum(1 for _ in citations(pair.source.text[: pair.covers])):
        return cited
    if any(loud(item) for item in cited):
        return [item for item in cited if loud(item)]
    bare = [match.group() for match in BARE.finditer(SQUARE.sub(" ", text))]
    return bare if len(bare) > FEW else []


def loud(citation: str) -> bool:
    return citation.startswith("(") and COMMA_YEAR.search(citation) is not None


def broken_words(pair: Pair) -> Iterator[str]:
    """Words still broken at a hyphen, and hyphens where the source has none."""
    for match in BROKEN.finditer(pair.cleaned.text):
        if match[2].casefold() not in SUSPENDED and not match[2][0].isupper():
            yield match.group()
    source = dict(hyphenated(pair.source))
    for form, raw in hyphenated(pair.cleaned):
        before = source.get(form)
        if before not in (None, raw) and head(raw) not in heads(before):
            yield raw


def hyphenated(reading: Reading) -> Iterator[tuple[str, str]]:
    """Words with hyphens inside, normalised and as they stand."""
    for raw in reading.hyphenated:
        if len(raw) <= LONGEST and raw[0].isalpha():
            yield judged(raw)[0], raw


def head(raw: str) -> str:
    return normalise(re.split(f"[{HYPHENS}]", raw, maxsplit=1)[0])


def heads(raw: str) -> set[str]:
    """What stands before each hyphen of a word."""
    pieces = [normalise(piece) for piece in re.split(f"[{HYPHENS}]", raw)]
    return {"".join(pieces[:at]) for at in range(1, len(pieces))}


def formulas(text: str) -> Iterator[str]:
    """Formulas without a blank in them, as extraction leaves them.

    A formula with its blanks is not told from one that a careful editor kept.
    """
    if not OPERATOR.search(text):
        return
    for match in TOKEN.finditer(text):
        operators = len(OPERATOR.findall(match.group()))
        signs = operators + len(BRACKET.findall(match.group()))
        if operators >= OPERATORS or (operators and signs >= SIGNS):
            yield match.group()


def glued(text: str) -> Iterator[str]:
    """Labels of a figure that ran together: `synthesizefeedbackFeedback`."""
    for match in GLUED.finditer(text):
        if len(match.group()) >= GLUED_LENGTH and match.group()[0].islower():
            yield match.group()
