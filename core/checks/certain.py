"""What is certainly wrong with a text that is still being written: no word that may follow can mend it.

Most failures of a small model are there after a dozen words. Seen at once, they cost no more than these.
"""

import re

from .answer import opened, prompt_leaked
from .content import invented
from .ends import cut_start
from .flags import Flag
from .loop import going_on
from .options import CheckOptions
from .pair import Pair
from .words import HYPHEN

OPEN_WORDS = 8
"""So many of the last words are not judged by their content: what follows may make them a part of something else."""
SEEN_WORDS = 2
"""So many words before those are only looked at: how much the words in front of them weigh depends on them."""
HEAD_WORDS = 12
"""The beginning is known when so many words are there."""
BRACKETS = re.compile(r"[()\[\]]")


def certain(source: str, written: str, options: CheckOptions, prompt: str) -> tuple[Flag, ...]:
    """The errors that `check` finds, as far as is known, in every text that begins with `written`; see there for the
    arguments.
    """
    whole = Pair(source, without_last(written, 1))
    if not whole.cleaned.words:
        return ()
    found = [*opened(whole), *prompt_leaked(whole, prompt, options), *going_on(whole, written, options)]
    settled = Pair(source, closed(without_last(written, OPEN_WORDS)))
    if len(settled.cleaned) >= HEAD_WORDS:
        found += [*cut_start(settled), *invented(settled, options, SEEN_WORDS)]
    return tuple(flag for flag in found if flag.severity == "error")


def without_last(text: str, count: int) -> str:
    """`text` without so many of its last words, and without what the next word may be joined to."""
    parts = text.rsplit(None, count)
    kept = parts[0] if len(parts) > count else ""
    while kept and HYPHEN.match(kept[-1]):
        kept = kept.rsplit(None, 1)[0] if len(kept.split(None, 1)) > 1 else ""
    return kept


def closed(text: str) -> str:
    """`text` up to a bracket that is still open: it may come to be a citation."""
    still_open: list[int] = []
    for match in BRACKETS.finditer(text):
        if match.group() in "([":
            still_open.append(match.start())
        elif still_open:
            still_open.pop()
    return text[: still_open[0]] if still_open else text
