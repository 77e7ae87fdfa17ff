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
    lost_words: int = 7
    """So many words of running text missing at the source's head or tail are a loss; debris does not count."""
    leaked_words: int = 6
    """So many words of the prompt in a row, not in the source, are a leak."""
    loop_words: int = 8
    """Length in words of the runs that are looked at for loops."""
    loop_share: float = 0.3
    """Share of the cleaned text that repeats what it said before, more often than the source does."""
    kept_warning: float = 0.45
    """Share of the source's running text that must be kept for no question to be asked."""
    kept_error: float = 0.3
    """Share of the source's running text below which the attempt failed."""
    precision_warning: float = 0.65
    """Share of the cleaned text's words that must stand in a run of three of the source for no question to be asked."""
    precision_error: float = 0.5
    """Share of words in such runs below which the attempt failed."""
    invented_warning: float = 3.0
    """So many words that the source lacks within a sentence's length are a question; a word put in the place of another
    counts half, a new name or number as much as four new words."""
    invented_error: float = 8.0
    """So many within a sentence's length are a failure."""
    glued_labels: int = 2
    """So many labels of a figure that ran together (`synthesizefeedbackFeedback`) are a finding."""
