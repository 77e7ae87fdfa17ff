"""A form for the keyboard: a line a field, arrows for choices, Enter to type a text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from ..captions import path_within
from ..typed import galley_app
from .rowlist import Cell, RowList

LABEL = 14


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a form."""

    key: str
    """Empty for a heading."""
    label: str
    value: str = ""
    choices: tuple[str, ...] = ()
    """Empty for a text."""
    note: str = ""
    action: bool = False
    """Enter on it submits; it has no value."""


class Form(RowList, can_focus=True):
    """Fields of choices (left and right turn them) and of text (Enter begins to type)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="form_down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="form_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="form_page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="form_page_up"),
        Binding("home,g", "to_end(1)", "First", show=False, id="form_first"),
        Binding("end,G", "to_end(-1)", "Last", show=False, id="form_last"),
        Binding("right,l", "turn(1)", "Next choice", show=False, id="form_right"),
        Binding("left,h", "turn(-1)", "Choice before", show=False, id="form_left"),
        Binding("enter", "enter", "Take", show=False, id="form_enter"),
    ]
    DEFAULT_CSS = "Form { height: auto; max-height: 100%; }"

    class Changed(Message):
        """A field has another value."""

        def __init__(self, form: "Form", key: str, value: str) -> None:
            super().__init__()
            self.form, self.key, self.value = form, key, value

    class Submitted(Message):
        """Enter on a field that is not typed."""

        def __init__(self, form: "Form", values: dict[str, str]) -> None:
            super().__init__()
            self.form, self.values = form, values

    def __init__(self, fields: Sequence[Field], *, submits: bool = True, id: str | None = None) -> None:
        """`submits`: Enter on a choice submits; without it, it turns to the next."""
        super().__init__(id=id)
        self._fields = list(fields)
        self._submits = submits
        self.styles.height = min(len(self._fields), 40) if submits else "1fr"

    def on_mount(self) -> None:
        self.reset(next((at for at, field in enumerate(self._fields) if field.key), 0))

    @property
    def current(self) -> Field:
        """The field under the cursor."""
        return self._fields[self.cursor]

    def values(self) -> dict[str, str]:
        """Every field's value by its key."""
        return {field.key: field.value for field in self._fields if field.key and not field.action}

    def set_value(self, key: str, value: str) -> None:
        """Change a field without a message."""
        for at, field in enumerate(self._fields):
            if field.key == key:
                self._fields[at] = replace(field, value=value)
                self.refresh_row(at)

    def row_count(self) -> int:
        return len(self._fields)

    def cells(self, position: int, width: int) -> Sequence[Cell]:
        field = self._fields[position]
        if not field.key:
            return [(field.label, "accent")]
        if field.action:
            return [(f"[ {field.label} ]  ", "bold"), (field.note, "dim")]
        label = max(LABEL, *(len(one.label) + 1 for one in self._fields if one.key and not one.action))
        text = path_within(field.value, width - label - 1) or "—"
        value = f"‹ {field.value or '—'} ›" if field.choices else text
        return [(f"{field.label:<{label}} ", "dim"), (f"{value}  ", "bold"), (field.note, "dim")]

    def action_move(self, by: int) -> None:
        at = self.cursor + by
        while 0 <= at < len(self._fields) and not self._fields[at].key:
            at += by
        if 0 <= at < len(self._fields):
            self.cursor = at

    def action_page(self, by: int) -> None:
        """A page on; on a heading, the field behind it."""
        self._land(self.cursor + by * max(1, self.size.height - 1), by)

    def action_to_end(self, inward: int) -> None:
        """The first field (1) or the last (-1)."""
        self._land(0 if inward > 0 else len(self._fields) - 1, inward)

    def _land(self, at: int, by: int) -> None:
        """The field nearest to a line, which may be a heading's; on in the direction of `by` where two are as near."""
        fields = [i for i, field in enumerate(self._fields) if field.key]
        self.cursor = min(fields, key=lambda i: (abs(i - at), -by * i))

    def action_turn(self, by: int) -> None:
        field = self.current
        if not field.choices:
            return
        choices = [*field.choices, *([field.value] if field.value not in field.choices else [])]
        self._set(field.key, choices[(choices.index(field.value) + by) % len(choices)])

    def action_enter(self) -> None:
        field = self.current
        if field.action or (field.choices and self._submits):
            self.post_message(self.Submitted(self, self.values()))
        elif field.choices:
            self.action_turn(1)
        elif field.key:
            self._type(field)

    def _type(self, field: Field) -> None:
        """Let the person type a text; Escape leaves the old one."""
        from ..screens.dialogs import Prompt

        def typed(value: str | None) -> None:
            if value is not None and value != field.value:
                self._set(field.key, value)

        galley_app(self).push_screen(Prompt(field.label, field.note, field.value), typed)

    def _set(self, key: str, value: str) -> None:
        self.set_value(key, value)
        self.post_message(self.Changed(self, key, value))
