"""The chunks of a document: number, pages, state, flags and decision of each."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from textual.reactive import reactive

from ...core.board import InHand
from ...core.review import Filter, shown
from ...core.session import Row
from .rowlist import Cell, RowList

BAR = 6
WIDE = 34
"""From so many cells on a row says everything in words."""
STATES: dict[str, Cell] = {
    "pending": ("· waiting", "dim"),
    "done": ("✓ done   ", "good"),
    "failed": ("✗ failed ", "error"),
}
DECISIONS: dict[str | None, Cell] = {
    None: ("", ""),
    "accepted": ("accepted", "good"),
    "edited": ("edited", "accent"),
    "source": ("source", "accent"),
}
TOKENS_PER_CHARACTER = 0.25
"""Only for the little bar of a rewrite: how long the answer will be is not known."""


class ChunkList(RowList):
    """Shows some of the chunks; the cursor is a chunk's, and stays on it while others come and go."""

    can_focus = False
    COMPONENT_CLASSES: ClassVar[set[str]] = RowList.COMPONENT_CLASSES
    filter: reactive[Filter] = reactive("all", init=False)

    def __init__(self, moved: Callable[[], None] | None = None, *, id: str | None = None) -> None:
        """`moved` is called when another chunk is under the cursor."""
        super().__init__(id=id)
        self._moved = moved
        self._rows: list[Row] = []
        self._matches: frozenset[int] | None = None
        self._visible: list[int] = []
        self._places: dict[int, int] = {}
        self._in_hand: dict[int, InHand] = {}
        self._tally: Counter[str] = Counter()

    @property
    def tally(self) -> Mapping[str, int]:
        """How many chunks are `finished`, `decided`, and flagged and still `to_see`."""
        return self._tally

    @property
    def rows(self) -> Sequence[Row]:
        """All chunks, ascending."""
        return self._rows

    @property
    def in_hand(self) -> Mapping[int, InHand]:
        """Chunks that are being cleaned now."""
        return self._in_hand

    @property
    def shown_rows(self) -> list[Row]:
        """Those that the filter and the search let through, ascending."""
        return [self._rows[index] for index in self._visible]

    @property
    def current(self) -> int | None:
        """The chunk under the cursor; None when none is shown."""
        return self._visible[self.cursor] if self._visible else None

    @property
    def place(self) -> tuple[int, int]:
        """(position of the cursor from 1, chunks shown), as in [3/101]."""
        return (self.cursor + 1 if self._visible else 0, len(self._visible))

    def row_count(self) -> int:
        return len(self._visible)

    def set_rows(self, rows: Sequence[Row], current: int | None = None) -> None:
        self._rows = list(rows)
        self._tally = Counter(mark for row in rows for mark in marks_of(row))
        self._sift(current)

    def update_rows(self, rows: Iterable[Row]) -> None:
        """Some chunks have changed."""
        sift = False
        for row in rows:
            self._tally.subtract(marks_of(self._rows[row.index]))
            self._tally.update(marks_of(row))
            self._rows[row.index] = row
            sift = sift or (row.index in self._places) != self._lets_through(row)
            if row.index in self._places:
                self.refresh_row(self._places[row.index])
        if sift:
            self._sift(self.current)

    def set_in_hand(self, in_hand: Mapping[int, InHand]) -> None:
        """Which chunks are being cleaned now; only rows that look otherwise are drawn."""
        before, self._in_hand = self._in_hand, dict(in_hand)
        for index in before.keys() | in_hand.keys():
            if self._bar(before.get(index), index) != self._bar(in_hand.get(index), index) and index in self._places:
                self.refresh_row(self._places[index])

    def set_matches(self, matches: Iterable[int] | None) -> None:
        """Show only what a search found; None shows all again."""
        self._matches = None if matches is None else frozenset(matches)
        self._sift(self.current)

    def go_to(self, index: int) -> bool:
        """Put the cursor on a chunk; False when it is not shown."""
        if index not in self._places:
            return False
        self.cursor = self._places[index]
        return True

    def watch_filter(self) -> None:
        self._sift(self.current)

    def _lets_through(self, row: Row) -> bool:
        return shown(row, self.filter) and (self._matches is None or row.index in self._matches)

    def _sift(self, current: int | None) -> None:
        """Which chunks are shown; the cursor stays on its chunk, or goes to the one that took its place."""
        before = self.current if self._visible and self.cursor < len(self._visible) else None
        self._visible = [row.index for row in self._rows if self._lets_through(row)]
        self._places = {index: position for position, index in enumerate(self._visible)}
        at = 0
        if current is not None:
            at = next((place for place, index in enumerate(self._visible) if index >= current), len(self._visible) - 1)
        same = self.cursor == max(0, at)
        self.reset(max(0, at))
        if same and self.current != before:
            self.cursor_moved()

    def cursor_moved(self) -> None:
        if self._moved is not None and self._visible:
            self._moved()

    def cells(self, position: int, width: int) -> Sequence[Cell]:
        row = self._rows[self._visible[position]]
        digits = len(str(len(self._rows)))
        first, last = row.pages
        pages = f"{first}" if first == last else f"{first}-{last}"
        marks: list[Cell] = []
        if row.errors:
            marks.append((f"‼{row.errors} ", "error"))
        if row.warnings:
            marks.append((f"!{row.warnings} ", "warning"))
        if row.infos:
            marks.append((f"i{row.infos} ", "dim"))
        hand = self._in_hand.get(row.index)
        number: Cell = (f"{row.index + 1:>{digits}} ", "bold")
        if width < WIDE:
            glyph = (
                (self._bar(hand, row.index), "accent")
                if hand
                else (f"{STATES[row.state][0][0]} ", STATES[row.state][1])
            )
            text, name = DECISIONS[row.decision]
            return [number, (f"{'p' + pages:<6} ", "dim"), glyph, *(() if hand else marks), (text[:6], name)]
        gap = max(0, 8 - sum(len(text) for text, _ in marks))
        state = (self._bar(hand, row.index), "accent") if hand else STATES[row.state]
        return [
            number,
            (f"{'p' + pages:<8}", "dim"),
            state,
            (" ", ""),
            *marks,
            (" " * gap, ""),
            DECISIONS[row.decision],
        ]

    def _bar(self, hand: InHand | None, index: int) -> str:
        """How far a chunk is, in nine cells; unknown is a bar without an end."""
        if hand is None:
            return ""
        total = hand.total or self._rows[index].characters * TOKENS_PER_CHARACTER
        full = min(BAR, int(BAR * hand.done / total)) if total else 0
        return f"▸ {'█' * full}{'░' * (BAR - full)} "


def marks_of(row: Row) -> list[str]:
    """What a chunk counts as."""
    found = ["finished"] if row.state != "pending" else []
    if row.decision is not None:
        found.append("decided")
    if row.flagged and row.undecided:
        found.append("to_see")
    return found
