"""What is certainly wrong with a text that is still being written: no word that may follow can mend it.

Most failures of a small model are there after a dozen words. Seen at once, they cost no more than these.
"""

from .answer import opened, prompt_leaked
from .content import invented
from .ends import cut_start
from .flags import Flag
from .loop import going_on
from .options import CheckOptions
from .pair import Pair

OPEN_WORDS = 8
"""So many of the last words are not judged by their content: what follows may make them a part of something else."""
HEAD_WORDS = 12
"""The beginning is known when so many words are there."""


def certain(source: str, written: str, options: CheckOptions, prompt: str) -> tuple[Flag, ...]:
    """The errors that `check` would find in every text that begins with `written`; see there for the arguments."""
    words = written.split()
    if len(words) < 2:
        return ()
    whole = Pair(source, written.rsplit(None, 1)[0])
    found = [*opened(whole), *prompt_leaked(whole, prompt, options), *going_on(whole, options)]
    settled = Pair(source, closed(written.rsplit(None, OPEN_WORDS)[0])) if len(words) > OPEN_WORDS else None
    if settled is not None and len(settled.cleaned) >= HEAD_WORDS:
        found += [*cut_start(settled), *invented(settled, options)]
    return tuple(flag for flag in found if flag.severity == "error")


def closed(text: str) -> str:
    """`text` up to a bracket that is still open: it may come to be a citation."""
    opening = max(text.rfind("("), text.rfind("["))
    return text if opening <= max(text.rfind(")"), text.rfind("]")) else text[:opening]
