"""The thresholds of the checks."""

from ..options import Options


class CheckOptions(Options):
    """Where a finding begins.

    Shares are of 1. "Words of running text" are those that begin small, or of a script without case: names, tables
    and formulas have few of them.
    """

    empty_words: int = 3
    """A cleaned text with fewer words than this is empty, if the source has running text."""
    source_words: int = 12
    """A source with fewer words of running text than this may be left out altogether."""
    lost_words: int = 10
    """So many words of running text missing at the source's head or tail are a loss; debris does not count."""
    leaked_words: int = 6
    """So many words of the prompt in a row, not in the source, are a leak."""
    loop_words: int = 8
    """Length in words of the runs that are looked at for loops."""
    loop_share: float = 0.3
    """Share of the cleaned text that repeats what it said before, more often than the source does."""
    kept_warning: float = 0.6
    """Share of the source's running text that must be kept for no question to be asked."""
    kept_error: float = 0.45
    """Share of the source's running text below which the attempt failed."""
    precision_warning: float = 0.6
    """Share of the cleaned text's 5-word runs that must stand in the source for no question to be asked."""
    precision_error: float = 0.35
    """Share of 5-word runs below which the attempt failed."""
    invented_warning: int = 3
    """So many numbers, names and content words that the source lacks are a question."""
    invented_error: int = 10
    """So many of them are a failure."""
    formulas: int = 3
    """So many remains of formulas or figures in a cleaned text are a finding."""
    citation_density: float = 6.0
    """Citations in a thousand characters, of any style, that are a finding. A citation in round brackets with a
    comma before its year is one by itself: read aloud, it is in the way."""
