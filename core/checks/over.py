"""Where a text that is still being written has come to the end of its source, and goes on all the same.

A small model copies a passage to its last word and doesn't know that it has finished: it begins again, or makes up what
might come next. What it wrote until then is its cleaning.
"""

import re

from .certain import closed, without_last
from .options import CheckOptions
from .pair import ANCHOR, Pair
from .patterns import debris_spans
from .words import grams

LAST = 6
"""So many words, if the source has them in a row only once, are its end."""
BEHIND = 6
"""So many words behind them tell whether the text goes on with what it passed over."""
MARKS = re.compile(r"[^\w\s]*")


def said_all(source: str, written: str, options: CheckOptions) -> int | None:
    """The character at which `written` has said the source's last words, if no more can be meant to come.

    None where it ends within a few words, or goes on with a passage of the source that it has not said yet: a caption
    that is brought behind its sentence. None too where it has left out too much for having reached the end. Whatever
    comes behind these few words, the answer is the same.
    """
    pair = Pair(source, written)
    words, last = pair.cleaned_text, tuple(word.form for word in pair.source_text[-LAST:])
    runs = list(grams(tuple(word.form for word in pair.source_text), LAST))
    at = next((at for at, run in enumerate(grams(tuple(word.form for word in words), LAST)) if run == last), None)
    if at is None or runs.count(last) != 1 or len(words) < at + LAST + BEHIND:
        return None
    behind = tuple(word.form for word in words[at + LAST : at + LAST + BEHIND])
    end = closed_behind(written, words[at + LAST - 1].end)
    said = Pair(source, written[:end])
    passed_over = said.source_grams(ANCHOR) - set(grams(said.cleaned.forms, ANCHOR))
    if said.kept < options.kept_warning or any(run in passed_over for run in grams(behind, ANCHOR)):
        return None
    return end


def surely_said_all(source: str, written: str, options: CheckOptions) -> int | None:
    """`said_all` of every text that begins with `written`, as far as is known."""
    return said_all(source, closed(without_last(written, 1)), options)


def closed_behind(text: str, end: int) -> int:
    """`end` with the citations and the marks that stand right behind it."""
    for first, last in debris_spans(text):
        if end <= first and not text[end:first].strip():
            end = last
    marks = MARKS.match(text, end)
    return marks.end() if marks else end
