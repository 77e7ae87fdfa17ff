"""`debris_kept`: what a page carries besides its text and cleaning should have taken away.

A broken word or an address is a finding by itself, and so is a citation of the kind `(Moxon, 1683)`, which stops a
listener. Other citations (`[4]`, `[Mox83]`, `(Moxon et al. 1683)`) are one where the cleaning took half of them out
and left the others, since many a good text keeps them all. Remains of formulas and figures count where they come thick.
"""

import re
from collections.abc import Iterator

from .flags import Flag, flag
from .options import CheckOptions
from .pair import Pair
from .patterns import BARE, COMMA_YEAR, EMAIL, SQUARE, STAMP, citations
from .words import HYPHENS, WORD, normalise

BROKEN = re.compile(r"(?<![^\W\d_])([^\W\d_]{2,40})[-\u00ad\u2010][ \t\r\n]{1,4}([^\W\d_]{2,40})")
SUSPENDED = frozenset(("and", "or", "to", "und", "oder", "bis", "et", "ou", "og", "och", "en", "nor", "versus", "vs"))
"""After these a hyphen in front of a blank is right: `pre- and post-training`."""
FORMULA = re.compile(r"\S{0,40}[=∼≻≺⊕⊗∑∏∫∈∥|≤≥≈∝∇∂·]\S{0,40}")
SYMBOLS = re.compile(r"[=∼≻≺⊕⊗∑∏∫∈∥|≤≥≈∝∇∂·(){}\[\]α-ωϕϵ]")
GLUED = re.compile(r"(?<!\w)[A-Z]?[a-z]{3,40}[A-Z][a-z]{3,40}[A-Za-z]{0,60}(?!\w)")
GLUED_LENGTH = 16


def debris_kept(pair: Pair, options: CheckOptions) -> Iterator[Flag]:
    text = pair.cleaned.text
    sure = [*broken_words(pair), *(match.group() for shape in (EMAIL, STAMP) for match in shape.finditer(text))]
    remains = [*formulas(text), *glued(text)]
    if len(remains) >= options.formulas:
        sure += remains
    cited = [text[start:end] for start, end in citations(text)]
    loud = [item for item in cited if item.startswith("(") and COMMA_YEAR.search(item)]
    bare = [match.group() for match in BARE.finditer(SQUARE.sub(" ", text))]
    if loud or 2 * len(cited) <= sum(1 for _ in citations(pair.source.text)):
        loud = cited
    found = [*sure, *(loud or bare)]
    if found:
        yield flag("debris_kept", "warning" if sure or len(found) > 2 else "info", found)


def broken_words(pair: Pair) -> Iterator[str]:
    """Words still broken at a hyphen, and hyphens where the source has none."""
    for match in BROKEN.finditer(pair.cleaned.text):
        if match[2].casefold() not in SUSPENDED and not match[2][0].isupper():
            yield match.group()
    source = dict(hyphenated(pair.source.text))
    for form, raw in hyphenated(pair.cleaned.text):
        before = source.get(form)
        if before is not None and not {head(raw)} <= heads(before):
            yield raw


def hyphenated(text: str) -> Iterator[tuple[str, str]]:
    """Words with one hyphen inside, normalised and as they stand."""
    for match in WORD.finditer(text):
        raw = match.group()
        if sum(raw.count(hyphen) for hyphen in HYPHENS) and raw[0].isalpha():
            yield normalise(raw), raw


def head(raw: str) -> str:
    return normalise(re.split(f"[{HYPHENS}]", raw, maxsplit=1)[0])


def heads(raw: str) -> set[str]:
    """What stands before each hyphen of a word."""
    pieces = [normalise(piece) for piece in re.split(f"[{HYPHENS}]", raw)]
    return {"".join(pieces[:at]) for at in range(1, len(pieces))}


def formulas(text: str) -> Iterator[str]:
    """Pieces dense with signs of mathematics."""
    for match in FORMULA.finditer(text):
        if len(SYMBOLS.findall(match.group())) >= 3:
            yield match.group()


def glued(text: str) -> Iterator[str]:
    """Labels of a figure that ran together: `synthesizefeedbackFeedback`."""
    for match in GLUED.finditer(text):
        if len(match.group()) >= GLUED_LENGTH and match.group()[0].islower():
            yield match.group()
