"""One attempt on one chunk: run a step of the policy, check its output, and say what came of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ..checks import CheckOptions, Flag, Report, certain, check, said_all, stopped, surely_said_all
from ..edits import Candidate, EditDecision
from ..engine.base import Cancelled, Engine, RequestCancelled, Usage, WorkerDied
from ..errors import EngineError
from ..extract.controls import strip_controls
from ..prompts import Judge, Prompt
from .candidates import find_candidates, is_common, is_function_word, words_of
from .options import CleanOptions
from .policy import Past, Step
from .rewrite import rewrite, sampling_for
from .verbatim import Verbatim
from .watch import Watch

OnText = Callable[[str, int], None]
OnDecision = Callable[[int, int], None]
PROSE_WORDS = 8


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a step. `report` is None when there was no output."""

    step: Step
    output: str = ""
    report: Report | None = None
    edits: tuple[EditDecision, ...] = ()
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    started_at: str = ""
    error: str | None = None
    died: bool = False

    def past(self, source: str, language: str) -> Past:
        """As the policy sees it."""
        flags = self.report.flags if self.report else ()
        return past(self.step.mode, flags, self.error, self.died, source, language)


def past(mode: str, flags: Sequence[Flag], error: str | None, died: bool, source: str, language: str) -> Past:
    """An attempt as the policy sees it. An empty output is a failure only where the source has prose."""
    failed = [flag.name for flag in flags if flag.severity == "error"]
    if "empty" in failed and not has_prose(source, language):
        failed.remove("empty")
    return Past(mode, tuple(failed), error, died)


@dataclass(frozen=True, slots=True)
class Written:
    """What a step wrote."""

    text: str
    edits: tuple[EditDecision, ...] = ()
    usage: Usage = field(default_factory=Usage)
    hit_limit: bool = False
    """The token limit ended it."""
    failures: tuple[Flag, ...] = ()
    """What was certainly wrong with it when it was ended, if that is how it ended."""
    left_out: str = ""
    """What the model wrote behind it, when it had said all of the source and went on."""


class Cleaner:
    """Makes attempts with one engine, prompt and set of options. May be used from several threads."""

    def __init__(
        self,
        engine: Engine | None,
        prompt: Prompt,
        judge: Judge,
        clean: CleanOptions,
        checks: CheckOptions,
        language: str,
    ) -> None:
        """`engine` may be None for `rules` alone; `language` is the document's, as an ISO 639-1 code."""
        self._engine = engine
        self._prompt = prompt
        self._options = clean
        self._checks = checks
        self._language = language
        self._verbatim = Verbatim(engine, judge, clean.threshold, self._written) if engine is not None else None

    def make(
        self,
        step: Step,
        source: str,
        candidates: Sequence[Candidate],
        cancelled: Cancelled,
        on_text: OnText | None = None,
        on_decision: OnDecision | None = None,
    ) -> Made:
        """Run `step` on `source`; `candidates` are those found while the document was prepared.

        Raises RequestCancelled, and EngineError when the engine is gone for good; a refusal or the death of a worker
        is part of the result.
        """
        began, started_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            written = self._run(step, source, candidates, cancelled, on_text, on_decision)
        except EngineError as error:
            if error.lasting:
                raise
            seconds = time.monotonic() - began
            died = isinstance(error, WorkerDied)
            return Made(step, error=error.message, died=died, seconds=seconds, started_at=started_at)
        report = self._report(step, source, written)
        return Made(step, written.text, report, written.edits, written.usage, time.monotonic() - began, started_at)

    def _report(self, step: Step, source: str, written: Written) -> Report:
        if written.failures:
            return stopped(source, written.text, written.failures)
        prompt = self._prompt.shown if step.mode == "rewrite" else ""
        return check(
            *(source, written.text, self._checks),
            hit_token_limit=written.hit_limit,
            prompt=prompt,
            left_out=written.left_out,
        )

    def _run(
        self,
        step: Step,
        source: str,
        candidates: Sequence[Candidate],
        cancelled: Cancelled,
        on_text: OnText | None,
        on_decision: OnDecision | None,
    ) -> Written:
        if step.mode == "rules" or self._engine is None or self._verbatim is None:
            return Written(source.strip())
        if step.mode == "verbatim":
            found = find_candidates(source, self._options.kinds, self._language, candidates)
            result = self._verbatim.clean(source, found, cancelled, on_decision)
            return Written(result.text.strip(), result.edits, result.usage)
        return self._rewrite(self._engine, step, source, cancelled, on_text)

    def _rewrite(
        self, engine: Engine, step: Step, source: str, cancelled: Cancelled, on_text: OnText | None
    ) -> Written:
        sampling = sampling_for(engine, source, self._options, step.seed, step.temperature)
        free = step.to_the_end or not self._options.stop_failed

        def failures(text: str) -> tuple[Flag, ...]:
            return () if free else certain(source, plain(text), self._checks, self._prompt.shown)

        def end(text: str) -> int | None:
            return None if free else surely_said_all(source, plain(text), self._checks)

        watch = Watch(failures, end, on_text, cancelled)
        try:
            answer = rewrite(engine, self._prompt, source, sampling, watch.cancelled, watch.on_text)
        except RequestCancelled as stop:
            if not watch.over or cancelled():
                raise
            usage = replace(stop.usage, output_tokens=max(stop.usage.output_tokens, watch.tokens))
            return ended(plain(watch.text), watch.end, usage, watch.found)
        text = plain(answer.text)
        at = None if free else said_all(source, text, self._checks)
        if at is not None:  # it went on for a few words, and ended before it was looked at
            return ended(text, at, answer.usage)
        return Written(text, usage=answer.usage, hit_limit=answer.hit_limit)

    def _written(self, source: str, cancelled: Cancelled) -> tuple[str, Usage]:
        """What the model makes of a text when it may write freely: evidence for `verbatim`, and nothing more."""
        assert self._engine is not None
        sampling = sampling_for(self._engine, source, self._options, self._options.seed, 0.0)
        answer = rewrite(self._engine, self._prompt, source, sampling, cancelled, None)
        return strip_controls(answer.text).text, answer.usage


def ended(text: str, at: int | None, usage: Usage, failures: tuple[Flag, ...] = ()) -> Written:
    """A text that was ended, for its failures or because it had said all of its source `at` a character."""
    if at is None:
        return Written(text, usage=usage, failures=failures)
    return Written(text[:at], usage=usage, left_out=text[at:].strip())


def plain(text: str) -> str:
    """A model's answer without control characters, which are for terminals."""
    return strip_controls(text).text.strip()


def has_prose(source: str, language: str) -> bool:
    """Whether there is a sentence's worth of words, function words among them."""
    words = words_of(source)
    common = [word for word in words if is_common(word, language)]
    return len(common) >= PROSE_WORDS and sum(is_function_word(word, language) for word in common) >= 2
