"""All attempts on a chunk, side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from ...core.session import Attempt
from ...core.wording import duration, plural, printable
from .. import keys
from ..captions import SEVERITY_MARKS
from ..widgets.diffview import DiffView
from ..widgets.line import Line
from .base import GalleyScreen, KeyLine, bindings

if TYPE_CHECKING:
    from .deciding import Deciding

LOOK_SECONDS = 0.5
INSTEAD = {"edited": "your edited text counts", "source": "its source is kept"}
"""What goes before any attempt, by the decision."""


class AttemptsScreen(GalleyScreen):
    """A column an attempt, against the source; the one that counts is marked."""

    KIND = keys.ATTEMPTS
    BINDINGS: ClassVar[list[BindingType]] = bindings(keys.ATTEMPTS)

    def __init__(self, proof: "Deciding", index: int) -> None:
        super().__init__()
        self._proof = proof
        self._index = index
        self._attempts: Sequence[Attempt] = ()
        self._at = 0

    def compose(self) -> ComposeResult:
        yield Line(id="proof-title")
        yield Horizontal(id="attempts")
        yield KeyLine(self.KIND)

    async def on_mount(self) -> None:
        await self._load()
        self.set_interval(LOOK_SECONDS, self._look)

    async def _look(self) -> None:
        """A retry that was asked for here may have come in."""
        if len(self._proof.session.attempts(self._index)) != len(self._attempts):
            await self._load()

    async def _load(self) -> None:
        session = self._proof.session
        self._attempts = session.attempts(self._index)
        chosen = session.chosen(self._index)
        chunk = session.chunk(self._index)
        said = INSTEAD.get(chunk.decision or "", "")
        self.query_one("#proof-title", Line).say(
            " · ".join([f"Chunk {self._index + 1}", plural(len(self._attempts), "attempt"), *([said] if said else [])])
        )
        box = self.query_one("#attempts", Horizontal)
        await box.remove_children()
        columns: list[Vertical] = []
        for attempt in self._attempts:
            counts = chosen is not None and attempt.id == chosen.id
            diff = DiffView()
            columns.append(
                Vertical(
                    Static(head(attempt, counts, over=bool(said)), markup=False, classes="attempt-head"),
                    diff,
                    classes="attempt",
                )
            )
        await box.mount_all(columns)
        for column, attempt in zip(columns, self._attempts, strict=True):
            diff = column.query_one(DiffView)
            if attempt.error is not None:
                diff.show_message(f"No output: {printable(attempt.error)}")
            else:
                diff.show(chunk.source, attempt.output, edits=attempt.edits, flags=attempt.flags)
        self._at = next((at for at, a in enumerate(self._attempts) if chosen is not None and a.id == chosen.id), 0)
        self._mark()

    def _mark(self) -> None:
        for at, column in enumerate(self.query(".attempt")):
            column.set_class(at == self._at, "-current")
            if at == self._at:
                column.scroll_visible(animate=False)

    def action_left_attempt(self) -> None:
        self._at = max(0, self._at - 1)
        self._mark()

    def action_right_attempt(self) -> None:
        self._at = min(len(self._attempts) - 1, self._at + 1)
        self._mark()

    def action_choose(self) -> None:
        with self.told():
            session, attempt = self._proof.session, self._attempts[self._at]
            chosen = session.chosen(self._index)
            said = INSTEAD.get(session.chunk(self._index).decision or "", "")
            if chosen is None or chosen.id != attempt.id:
                session.choose(self._index, attempt.id)
                instead = f", no longer {said.removesuffix(' counts').removesuffix(' is kept')}" if said else ""
                self.galley.say(f"Attempt {self._at + 1} counts now{instead}. u in the proof takes it back.")
            elif said:
                self.galley.say(f"{said[0].upper()}{said[1:]}: u takes that back, and then this attempt counts.")
            self.dismiss(None)

    def action_retry(self) -> None:
        self._proof.action_retry()

    def action_retry_with(self) -> None:
        self._proof.action_retry_with()

    def action_leave(self) -> None:
        self.dismiss(None)


def head(attempt: Attempt, counts: bool, *, over: bool = False) -> Text:
    """Mode, model, seed, time and flags of an attempt; `over` says that a person's own text goes before it."""
    text = Text()
    mark = ("○ chosen · " if over else "● counts · ") if counts else ""
    text.append(f"{mark}{attempt.mode}", "bold")
    if attempt.model:
        text.append(f" · {attempt.model.removesuffix('.gguf')}")
    text.append(f"\nseed {attempt.seed}")
    if attempt.temperature:
        text.append(f" · temperature {attempt.temperature:g}")
    if attempt.prompt:
        text.append(f" · prompt {attempt.prompt}")
    text.append(f" · {duration(attempt.seconds)} · {printable(attempt.reason)}")
    flags = ", ".join(f"{SEVERITY_MARKS[flag.severity]} {flag.name}" for flag in attempt.flags)
    text.append(f"\n{flags or 'no flags'}")
    return text
