"""What stands around a chunk in words: its caption, the status of the run, the change under the cursor."""

from collections.abc import Mapping

from rich.cells import cell_len
from textual.content import Content

from ..core.board import InHand, Notice
from ..core.edits import EditDecision
from ..core.engine.base import EngineInfo
from ..core.events import AttemptFinished, AttemptRefused, ChunkFailed, Progress, ServerWaited
from ..core.review import uncertain
from ..core.session import Attempt, ChunkRecord
from ..core.wording import duration, estimate, middle, plural, printable

EVIDENCE_SHOWN = 3
SEVERITY_MARKS = {"error": "‼", "warning": "!", "info": "i"}


def caption(chunk: ChunkRecord, attempt: Attempt | None, hand: InHand | None) -> Content:
    """Which chunk it is, how it was made, and what is wrong with it; document text in it is plain."""
    first, last = chunk.pages
    parts: list[str | tuple[str, str]] = [(f"Chunk {chunk.index + 1}", "bold")]
    parts.append(f" · page {first}" if first == last else f" · pages {first}-{last}")
    if chunk.decision:  # before how it was made, which a narrow line cuts off
        parts.append((f" · {'source kept' if chunk.decision == 'source' else chunk.decision}", "bold"))
    if hand is not None:
        parts.append(f" · being cleaned in {hand.mode}{progress_of(hand)}")
    elif attempt is not None:
        parts.append(f" · {made_by(attempt)}")
    elif chunk.state == "pending":
        parts.append(" · waiting; this is its source")
    if chunk.state == "failed":
        parts.append((f"\n‼ failed: {printable(chunk.note)} r tries again, x keeps the source.", "bold"))
    for flag in attempt.flags if attempt is not None and hand is None else ():
        parts.append((f"\n{SEVERITY_MARKS[flag.severity]} {flag.name.replace('_', ' ')}", "bold"))
        if flag.evidence:
            more = len(flag.evidence) - EVIDENCE_SHOWN
            shown = ", ".join(f"“{piece}”" for piece in flag.evidence[:EVIDENCE_SHOWN])
            parts.append(f": {shown}{f' and {more} more' if more > 0 else ''}")
    return Content.assemble(*parts)


def made_by(attempt: Attempt) -> str:
    """Mode, why it was made when it was not the first, model and time: what a narrow line cuts off matters least."""
    parts = [attempt.mode]
    if attempt.reason != "first":
        parts.append(attempt.reason)
    if attempt.model:
        parts.append(attempt.model.removesuffix(".gguf"))
    if attempt.seconds >= 0.05:
        parts.append(duration(attempt.seconds))
    return printable(" · ".join(parts))


def progress_of(hand: InHand) -> str:
    if hand.mode == "verbatim" and hand.total:
        return f", {hand.done} of {hand.total} edits decided"
    return f", {plural(hand.done, 'token')}" if hand.done else ""


def status(
    progress: Progress | None,
    tally: Mapping[str, int],
    total: int,
    state: str,
    what: str,
    engine: EngineInfo | None,
) -> str:
    """The line below: done of total, time left, what is left to look at, speed, and what runs.

    `tally` is the list's; `what` is the mode and the model. The time stands early: a line of 80 cells ends before the
    speed.
    """
    done = tally["finished"]
    parts = [state, f"{done}/{total} done"]
    goes = progress if state == "running" else None
    if goes is not None and goes.seconds_left is not None and done < total:
        parts.append(f"{estimate(goes.seconds_left)} left")
    parts += [f"{tally['to_see']} flagged to see", f"{tally['decided']} decided"]
    if goes is not None and goes.tokens_per_second >= 1:
        parts.append(f"{goes.tokens_per_second:.0f} tokens/s")
    if engine is not None:
        what += f" on {engine.engine}"
    return " · ".join([*parts, what])


def notice(event: Notice, write_key: str) -> tuple[str, str]:
    """What happened in the run, and its severity; no words where it is nothing to be told.

    `write_key` is said when all is cleaned: the run itself writes no file.
    """
    if isinstance(event, AttemptRefused):
        return f"Chunk {event.chunk + 1}: {event.message}\n{event.hint}".rstrip(), "error"
    if isinstance(event, ChunkFailed):
        return f"Chunk {event.chunk + 1} failed: {event.reason}\nThe run goes on; r tries it again.", "error"
    if isinstance(event, ServerWaited):
        return event.words, "warning" if event.gone else "information"
    if isinstance(event, AttemptFinished):
        what = f"could not be cleaned again: {event.error}" if event.error else f"was cleaned again in {event.mode}"
        severity = "error" if event.error else "warning" if event.word else "information"
        return f"Chunk {event.chunk + 1} {what}.\n{event.word}".rstrip(), severity
    if event.how != "finished":
        return "", ""
    figures = event.progress
    failed = f", {figures.failed} failed" if figures.failed else ""
    done = f"All {plural(figures.total, 'chunk')} are cleaned: {figures.flagged} flagged{failed}."
    return f"{done}\n{write_key} writes the text to a file.", "information"


def change(number: int, count: int, edit: EditDecision | None, threshold: float) -> str:
    """The change under the cursor: "change 2/7", and of an edit what became of what, and how sure the model was.

    The key stands before the figures, so that 80 columns have it.
    """
    if not count:
        return "no changes after the repairs"
    words = f"change {number}/{count}" if number else f"{plural(count, 'change')} · ] goes to the first"
    if edit is None:
        return words
    done, undone = ("changed", "left as it is") if edit.replacement else ("removed", "kept")
    words += f" · {edit.kind.replace('_', ' ')} {done if edit.applied else undone} · t switches it"
    if edit.probability is not None:
        words += f" · {100 * edit.probability:.0f} % likely"
    if uncertain(edit, threshold):
        words += " (uncertain)"
    return words


def path_within(path: str, cells: int) -> str:
    """`path` in so many cells: the middle of its folder gives way, and the file's name only when all of that has."""
    shown, length = path, min(len(path), cells + 1)  # hardly a character is narrower than a cell
    while length > 1 and cell_len(shown) > cells:
        length -= 1
        shown = shortened(path, length)
    return shown


def shortened(path: str, length: int) -> str:
    folder, slash, name = path.rpartition("/")
    room = length - len(name)
    if room < 3:  # not enough for a letter and a mark of what is left out and the slash
        return f"…{name}" if room > 0 else middle(name, length)
    return middle(folder + slash, room) + name
