"""Small questions over a screen. Each gives its answer back and does nothing itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ...core.errors import GalleyError
from ...core.export import FORMATS, format_for
from ...core.paths import expanded
from ...core.runner import Retry
from ..widgets.form import Field, Form
from ..widgets.rowlist import Cell, RowList

BACK: list[BindingType] = [Binding("escape", "back", "Back", id="dialog_back")]
OWN = "the session's own"


class Ask(ModalScreen[str | None]):
    """Choices with a letter each; Escape is None."""

    BINDINGS: ClassVar[list[BindingType]] = BACK

    def __init__(self, title: str, text: str, choices: Sequence[tuple[str, str, str]]) -> None:
        """`choices` are (key, answer, label); Enter takes the first."""
        super().__init__()
        self._title, self._text, self._choices = title, text, choices

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Static(self._text, classes="dialog-text", markup=False)
            for key, _, label in self._choices:
                yield Static(f"[{key}] {label}", markup=False)
            first = self._choices[0][0]
            yield Static(f"Enter is {first} · Esc goes back", classes="dialog-keys", markup=False)

    def on_key(self, event: Key) -> None:
        for key, answer, _ in self._choices:
            if event.key == key or (event.key == "enter" and answer == self._choices[0][1]):
                event.stop()
                self.dismiss(answer)
                return

    def action_back(self) -> None:
        self.dismiss(None)


class Confirm(ModalScreen[bool]):
    """Yes or no; Enter is yes, Escape is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,q", "answer(False)", "No", id="confirm_no"),
        Binding("enter,y", "answer(True)", "Yes", id="confirm_yes"),
    ]

    def __init__(self, title: str, text: str, yes: str = "Yes") -> None:
        super().__init__()
        self._title, self._text, self._yes = title, text, yes

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Static(self._text, classes="dialog-text", markup=False)
            yield Static(f"[y] {self._yes}   [n] No   Enter is y · Esc is n", classes="dialog-keys", markup=False)

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)


class Prompt(ModalScreen[str | None]):
    """A line to type; Escape is None."""

    BINDINGS: ClassVar[list[BindingType]] = BACK

    def __init__(self, title: str, label: str, value: str = "", *, password: bool = False, note: str = "") -> None:
        super().__init__()
        self._title, self._label, self._value = title, label, value
        self._password, self._note = password, note

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            if self._note:
                yield Static(self._note, classes="dialog-text", markup=False)
            yield Static(self._label, markup=False)
            yield Input(self._value, password=self._password, select_on_focus=False)
            yield Static("Enter takes it · Esc goes back", classes="dialog-keys", markup=False)

    @on(Input.Submitted)
    def taken(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)

    def action_back(self) -> None:
        self.dismiss(None)


class Options(RowList, can_focus=True):
    """Lines to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="options_down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="options_up"),
    ]
    DEFAULT_CSS = "Options { height: auto; max-height: 16; }"

    def __init__(self, labels: Sequence[str], at: int) -> None:
        super().__init__()
        self._labels, self._at = labels, at
        self.styles.height = len(labels)

    def on_mount(self) -> None:
        self.reset(self._at)

    def row_count(self) -> int:
        return len(self._labels)

    def cells(self, position: int, width: int) -> Sequence[Cell]:
        return [(self._labels[position], "")]

    def action_move(self, by: int) -> None:
        self.cursor += by


class Choose(ModalScreen[str | None]):
    """One of some lines; Escape is None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *BACK,
        Binding("enter", "take", "Take", id="choose_take"),
        Binding("q", "back", "Back", show=False, id="choose_quit"),
    ]

    def __init__(self, title: str, options: Sequence[tuple[str, str]], current: str | None = None) -> None:
        """`options` are (answer, label)."""
        super().__init__()
        self._title, self._options = title, options
        self._at = next((at for at, (answer, _) in enumerate(options) if answer == current), 0)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="dialog-title", markup=False)
            yield Options([label for _, label in self._options], self._at)
            yield Static("Enter takes it · Esc goes back", classes="dialog-keys", markup=False)

    def action_take(self) -> None:
        self.dismiss(self._options[self.query_one(Options).cursor][0])

    def action_back(self) -> None:
        self.dismiss(None)


class RetryForm(ModalScreen[Retry | None]):
    """How a chunk is to be cleaned once more."""

    BINDINGS: ClassVar[list[BindingType]] = [*BACK, Binding("q", "back", "Back", show=False, id="retry_quit")]

    def __init__(
        self,
        chunk: int,
        mode: str,
        *,
        prompts: Sequence[str],
        models: Sequence[str],
        temperature: float,
        model: str = OWN,
    ) -> None:
        """`chunk` is from 0; the rest is what the session does now, or what was chosen for retries."""
        super().__init__()
        self._chunk = chunk
        self._fields = [
            Field("mode", "Mode", mode, ("rules", "verbatim", "rewrite")),
            Field("model", "Model", model, (OWN, *models)),
            Field("prompt", "Prompt", OWN, (OWN, *prompts), "of rewrite"),
            Field("temperature", "Temperature", f"{temperature:g}" if temperature else "", note="of rewrite, 0 to 2"),
            Field("go", "Clean it again", action=True),
        ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(f"Clean chunk {self._chunk + 1} again", classes="dialog-title", markup=False)
            yield Form(self._fields)
            yield Static("", id="retry-note", markup=False)
            yield Static("←→ changes · Enter begins · Esc goes back", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(Form).focus()

    @on(Form.Submitted)
    def submitted(self, event: Form.Submitted) -> None:
        given = {key: "" if value == OWN else value.strip() for key, value in event.values.items()}
        try:
            temperature = float(given["temperature"]) if given["temperature"] else None
        except ValueError:
            temperature = -1.0
        if temperature is not None and not 0 <= temperature <= 2:
            self.query_one("#retry-note", Static).update("The temperature is a number from 0 to 2.")
            return
        self.dismiss(Retry(self._chunk, given["mode"], given["prompt"], given["model"], temperature))

    def action_back(self) -> None:
        self.dismiss(None)


class WriteForm(ModalScreen[Path | None]):
    """Where the text goes, and as what. Replacing a file takes a second Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [*BACK, Binding("q", "back", "Back", show=False, id="write_quit")]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._warned: Path | None = None

    def compose(self) -> ComposeResult:
        fields = [
            Field("suffix", "Format", self._path.suffix, tuple(FORMATS)),
            Field("path", "File", str(self._path), note="Enter to change"),
            Field("go", "Write", action=True),
        ]
        with Vertical(classes="dialog"):
            yield Static("Write the text", classes="dialog-title", markup=False)
            yield Form(fields)
            yield Static("", id="write-note", markup=False)
            yield Static("←→ changes · Enter writes · Esc goes back", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(Form).focus()

    @on(Form.Changed)
    def changed(self, event: Form.Changed) -> None:
        path = expanded(event.form.values()["path"])
        if event.key == "suffix":
            event.form.set_value("path", str(path.with_suffix(event.value)))
        elif path.suffix.lower() in FORMATS:
            event.form.set_value("suffix", path.suffix.lower())
        self._note("")

    @on(Form.Submitted)
    def submitted(self, event: Form.Submitted) -> None:
        path = expanded(event.values["path"])
        try:
            format_for(path)
        except GalleyError as error:
            self._note(str(error))
            return
        if path.is_dir() or not path.parent.is_dir():
            self._note(f"{path} is a folder." if path.is_dir() else f"There is no folder {path.parent}.")
        elif path.exists() and self._warned != path:
            self._warned = path
            self._note(f"{path.name} is there already: Enter again replaces it.")
        else:
            self.dismiss(path)

    def _note(self, text: str) -> None:
        self.query_one("#write-note", Static).update(text)

    def action_back(self) -> None:
        self.dismiss(None)
