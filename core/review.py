"""What a person does with a session, in one place for every front: what needs a look, what can be accepted at once,
where a word stands, and edits switched on and off by hand."""

from collections.abc import Iterable, Sequence
from typing import Literal

from .edits import Candidate, EditDecision, apply_candidates
from .errors import SessionError
from .session import Attempt, Row, Session

Filter = Literal["all", "flagged", "undecided", "edited"]
FILTERS: tuple[Filter, ...] = ("all", "flagged", "undecided", "edited")
SURE = 0.2
"""An edit is uncertain when its probability is within this of the threshold."""


def filter_named(name: str) -> Filter:
    """The filter of that name; all for a name that is none."""
    for known in FILTERS:
        if known == name:
            return known
    return "all"


def needs_look(row: Row) -> bool:
    """Whether a person still has to say something: it is finished, and nothing was said."""
    return row.undecided


def shown(row: Row, filter: Filter) -> bool:
    """Whether a list has the chunk under this filter."""
    if filter == "flagged":
        return row.flagged
    if filter == "undecided":
        return row.undecided
    return filter == "all" or row.decision == "edited"


def acceptable(rows: Iterable[Row]) -> list[int]:
    """Chunks that can be accepted without a look: done, without a flag that asks for one, and nothing was said."""
    return [row.index for row in rows if row.undecided and not row.flagged]


def next_to_look_at(rows: Sequence[Row], index: int, *, back: bool = False) -> int | None:
    """The next of `rows` after chunk `index` that needs a look, around the end; None when none does.

    `rows` are ascending and may be some of the session's only.
    """
    wanted = [row.index for row in rows if needs_look(row) and row.index != index]
    if not wanted:
        return None
    if back:
        return next((at for at in reversed(wanted) if at < index), wanted[-1])
    return next((at for at in wanted if at > index), wanted[0])


def next_to_come(rows: Sequence[Row], index: int) -> int | None:
    """The first of `rows` after chunk `index` that is still to be cleaned; None when there is none."""
    return next((row.index for row in rows if row.index > index and row.state == "pending"), None)


def search(session: Session, text: str) -> list[int]:
    """Chunks whose source or text as it stands has `text`, whatever the case; ascending."""
    wanted = text.casefold()
    return [
        result.chunk.index
        for result in session.results()
        if wanted in result.chunk.source.casefold() or wanted in (result.text or "").casefold()
    ]


def uncertain(edit: EditDecision, threshold: float) -> bool:
    """Whether the model was nearly as likely to decide otherwise."""
    return edit.probability is not None and abs(edit.probability - threshold) < SURE


def switched_edits(session: Session, index: int) -> tuple[Attempt, tuple[EditDecision, ...]]:
    """The chunk's attempt that counts and its edits, as they stand after what was switched by hand.

    Raises SessionError when the attempt has no edits, or the text was edited in another way.
    """
    attempt, decision = session.chosen(index), session.decision(index)
    if attempt is None or not attempt.edits:
        why = "Nothing in it was in doubt." if attempt and attempt.mode == "verbatim" else "Only verbatim has them."
        raise SessionError(f"Chunk {index + 1} has no edits to switch.", why)
    if decision is None or decision.kind == "accepted":
        return attempt, attempt.edits
    if decision.kind == "edited" and decision.switched:
        return attempt, flipped(attempt.edits, decision.switched)
    raise SessionError(f"The text of chunk {index + 1} is no longer the attempt's.", "Undo that first.")


def switch_edit(session: Session, index: int, number: int) -> str:
    """Switch one edit of the chunk's verbatim attempt on or off; returns the text as it stands then.

    An alternative at the same place (a hyphen closed or kept) gives way. Back at the attempt's own choices the decision
    is taken back. Raises SessionError.
    """
    attempt, edits = switched_edits(session, index)
    if not 0 <= number < len(edits):
        raise SessionError(f"Chunk {index + 1} has no edit {number + 1}.", f"It has {len(edits)}.")
    on = not edits[number].applied
    now = [
        on if at == number else edit.applied and not (on and overlap(edit, edits[number]))
        for at, edit in enumerate(edits)
    ]
    switched = [at for at, edit in enumerate(attempt.edits) if edit.applied != now[at]]
    source = session.chunk(index).source
    text = apply_candidates(source, chosen(attempt.edits, now)).strip()
    if switched:
        session.decide(index, "edited", text, switched=switched)
    else:
        session.decide(index, None)
    return text


def flipped(edits: Sequence[EditDecision], numbers: Iterable[int]) -> tuple[EditDecision, ...]:
    turned = set(numbers)
    return tuple(
        EditDecision(e.start, e.end, e.replacement, e.kind, e.probability, e.applied != (at in turned))
        for at, e in enumerate(edits)
    )


def overlap(one: EditDecision, other: EditDecision) -> bool:
    """Whether both cannot be applied."""
    return one.start < other.end and other.start < one.end


def chosen(edits: Sequence[EditDecision], on: Sequence[bool]) -> list[Candidate]:
    return [
        Candidate(edit.start, edit.end, edit.replacement, edit.kind, 0.0)
        for edit, applied in zip(edits, on, strict=True)
        if applied
    ]
