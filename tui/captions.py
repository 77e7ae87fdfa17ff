"""What stands around a chunk in words: its caption, the status of the run, the change under the cursor."""

from rich.text import Text

from ..core.board import InHand
from ..core.edits import EditDecision
from ..core.engine.base import EngineInfo
from ..core.events import Progress
from ..core.review import uncertain
from ..core.session import Attempt, ChunkRecord, Row
from ..core.wording import duration, plural

EVIDENCE_SHOWN = 3
SEVERITY_MARKS = {"error": "‼", "warning": "!", "info": "i"}


def caption(chunk: ChunkRecord, attempt: Attempt | None, hand: InHand | None) -> Text:
    """Which chunk it is, how it was made, and what is wrong with it; document text in it is plain."""
    first, last = chunk.pages
    text = Text()
    text.append(f"Chunk {chunk.index + 1}", "bold")
    text.append(f" · page {first}" if first == last else f" · pages {first}-{last}")
    if hand is not None:
        text.append(f" · being cleaned in {hand.mode}{progress_of(hand)}")
    elif attempt is not None:
        text.append(f" · {made_by(attempt)}")
    elif chunk.state == "pending":
        text.append(" · waiting; this is its source")
    if chunk.decision:
        text.append(f" · {'source kept' if chunk.decision == 'source' else chunk.decision}", "bold")
    if chunk.state == "failed":
        text.append(f"\n‼ failed: {chunk.note} r tries again, x keeps the source.", "bold")
    for flag in attempt.flags if attempt is not None and hand is None else ():
        text.append(f"\n{SEVERITY_MARKS[flag.severity]} {flag.name.replace('_', ' ')}", "bold")
        if flag.evidence:
            more = len(flag.evidence) - EVIDENCE_SHOWN
            shown = ", ".join(f"“{piece}”" for piece in flag.evidence[:EVIDENCE_SHOWN])
            text.append(f": {shown}{f' and {more} more' if more > 0 else ''}")
    return text


def made_by(attempt: Attempt) -> str:
    """Mode, model, time, and why it was made when it was not the first."""
    parts = [attempt.mode]
    if attempt.model:
        parts.append(attempt.model.removesuffix(".gguf"))
    if attempt.seconds >= 0.05:
        parts.append(duration(attempt.seconds))
    if attempt.reason != "first":
        parts.append(attempt.reason)
    return " · ".join(parts)


def progress_of(hand: InHand) -> str:
    if hand.mode == "verbatim" and hand.total:
        return f", {hand.done} of {hand.total} edits decided"
    return f", {plural(hand.done, 'token')}" if hand.done else ""


def status(
    progress: Progress | None, rows: list[Row], state: str, mode: str, model: str, engine: EngineInfo | None
) -> str:
    """The line below: done of total, speed, time left, what is left to look at, and what runs."""
    done = sum(row.state != "pending" for row in rows)
    left = sum(row.flagged and row.undecided for row in rows)
    decided = sum(row.decision is not None for row in rows)
    parts = [f"{done}/{len(rows)} done", f"{left} flagged to see", f"{decided} decided"]
    if progress is not None and state == "running":
        if progress.tokens_per_second >= 1:
            parts.append(f"{progress.tokens_per_second:.0f} tokens/s")
        if progress.seconds_left is not None and done < len(rows):
            parts.append(f"{duration(max(1, round(progress.seconds_left)))} left")
    what = mode if mode == "rules" else f"{mode} {model.removesuffix('.gguf')}"
    if engine is not None:
        what += f" on {engine.engine}"
    return " · ".join([*parts, what, state])


def change(number: int, count: int, edit: EditDecision | None, threshold: float) -> str:
    """The change under the cursor: "change 2/7", and of an edit what it is and how sure the model was."""
    if not count:
        return "no changes"
    words = f"change {number}/{count}" if number else f"{plural(count, 'change')} · ] goes to the first"
    if edit is None:
        return words
    words += f" · {edit.kind.replace('_', ' ')} {'made' if edit.applied else 'not made'}"
    if edit.probability is not None:
        words += f" · {100 * edit.probability:.0f} % likely"
    if uncertain(edit, threshold):
        words += " (uncertain)"
    return words + " · t switches it"
