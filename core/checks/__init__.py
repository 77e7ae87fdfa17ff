"""What looks wrong in a cleaned text, found by comparing it with its source.

Each family of findings has its file. All detectors look at one `Pair`, so that what counts as the same word is decided
in one place; none of them knows which cleaner made the text.
"""

from dataclasses import replace

from .answer import acknowledged, empty, prompt_leaked, truncated
from .certain import certain
from .content import heaviest, invented, new_words, rewritten, summarised
from .debris import debris_kept
from .ends import cut_start, head_lost, tail_lost
from .flags import Flag, Report, Severity, flag
from .loop import loop
from .marks import markdown
from .options import CheckOptions
from .over import said_all, surely_said_all
from .pair import Pair
from .reversed import turned_round

__all__ = [
    "FLAG_NAMES",
    "CheckOptions",
    "Flag",
    "Report",
    "Severity",
    "certain",
    "check",
    "said_all",
    "stopped",
    "surely_said_all",
]

FLAG_NAMES = (
    "empty",
    "truncated",
    "acknowledged",
    "prompt_leaked",
    "markdown",
    "loop",
    "head_lost",
    "tail_lost",
    "cut_start",
    "summarised",
    "rewritten",
    "invented",
    "reversed",
    "debris_kept",
    "ran_on",
    "stopped",
)
"""All flags, in the order in which a report has them."""


def check(
    source: str,
    cleaned: str,
    options: CheckOptions = CheckOptions(),  # noqa: B008 (a frozen value)
    *,
    hit_token_limit: bool = False,
    prompt: str = "",
    left_out: str = "",
) -> Report:
    """All findings about `cleaned` as a cleaning of `source`. Pure, and linear in the length of the texts.

    `hit_token_limit` says that the model was stopped by its limit; `prompt` is what the model was told; `left_out` is
    what it wrote behind `cleaned` when it had said all of the source (`said_all`).
    An empty text is spared all questions but how it ended and where it begins.
    """
    report = examine(Pair(source, cleaned), options, hit_token_limit, prompt)
    return replace(report, flags=(*report.flags, flag("ran_on", "info", [left_out]))) if left_out else report


def examine(pair: Pair, options: CheckOptions, hit_token_limit: bool, prompt: str) -> Report:
    """All findings about a pair. What is about differences is not asked where there are none."""
    found = [*empty(pair, options), *truncated(pair, hit_token_limit)]
    if any(one.name == "empty" for one in found):
        found += cut_start(pair)
    elif pair.unchanged:
        found += [*acknowledged(pair), *debris_kept(pair, options)]
    else:
        found += acknowledged(pair)
        found += prompt_leaked(pair, prompt, options)
        found += markdown(pair)
        found += loop(pair, options)
        found += [*head_lost(pair, options), *tail_lost(pair, options), *cut_start(pair)]
        found += [*summarised(pair, options), *rewritten(pair, options), *invented(pair, options)]
        found += turned_round(pair)
        found += debris_kept(pair, options)
    return Report(tuple(found), measures(pair))


def stopped(source: str, written: str, failures: tuple[Flag, ...]) -> Report:
    """The report on a text that was ended where `certain` found failures. What it lacks is not held against it."""
    last = flag("stopped", "info", [written.rstrip()[-60:]])
    return Report((*failures, last), measures(Pair(source, written)))


def measures(pair: Pair) -> dict[str, float]:
    """Words on both sides, the share kept, the share copied, new words in all and in one sentence's length."""
    found = [] if pair.unchanged else new_words(pair)
    return {
        "source_words": float(len(pair.source)),
        "cleaned_words": float(len(pair.cleaned)),
        "kept": 1.0 if pair.unchanged else round(pair.kept, 4),
        "precision": 1.0 if pair.unchanged else round(pair.precision, 4),
        "new_words": float(len(found)),
        "new_words_together": heaviest(found),
    }
