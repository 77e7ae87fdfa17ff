"""The desk: files on the left, sessions on the right."""

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import DirectoryTree, Input

from ...core.paths import expanded
from ...core.wording import printable
from .. import keys
from ..typed import this_worker
from ..widgets.filetree import FileTree
from ..widgets.line import Line
from ..widgets.sessionlist import SessionList
from .base import GalleyScreen, KeyLine, bindings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...core.session import SessionSummary
    from ..opening import Opened

INFO_AFTER_SECONDS = 0.3
BOTH_FROM = 72
"""Cells from which on files and sessions stand beside each other."""


class Desk(GalleyScreen):
    """Home. Nothing of core's heavier parts is loaded before it has been drawn."""

    KIND = keys.DESK
    BINDINGS: ClassVar[list[BindingType]] = bindings(keys.DESK)

    def __init__(self, folder: Path, target: str = "") -> None:
        super().__init__()
        self._folder = folder
        self._target = target
        self._asked_info: Path | None = None

    def compose(self) -> ComposeResult:
        yield Line("Galley", id="title")
        with Horizontal(id="panes"):
            with Vertical(id="files-pane"):
                yield Line(id="folder")
                yield FileTree(self._folder, hidden=self.galley.look.hidden, id="files")
                yield Line(id="info")
            with Vertical(id="sessions-pane"):
                yield Line("Sessions", id="sessions-title")
                yield SessionList(id="sessions")
        yield Input(placeholder="Begin of a name", id="type-ahead", classes="hidden")
        yield KeyLine(self.KIND)

    @property
    def files(self) -> FileTree:
        return self.query_one("#files", FileTree)

    @property
    def sessions(self) -> SessionList:
        return self.query_one("#sessions", SessionList)

    def on_mount(self) -> None:
        self._show_folder(self._folder)
        self.files.focus()
        self.call_after_refresh(self._begin)

    def on_screen_resume(self) -> None:
        if self.is_mounted and not self._target:
            self.look_at_sessions()

    def _begin(self) -> None:
        self.look_at_sessions()
        if self._target:
            target, self._target = self._target, ""
            self.open_target(target)

    @work(thread=True, group="sessions", exclusive=True)
    def look_at_sessions(self) -> None:
        """List them, then see what has become of their documents, which takes longer."""
        from ...core.errors import ConfigError
        from ...core.session import list_sessions
        from ..opening import folder_of

        worker = this_worker()
        try:
            config = self.galley.config()
        except ConfigError as error:
            self.galley.call_from_thread(self.galley.tell, error)
            return
        found = list_sessions(folder_of(config))
        if worker.is_cancelled:
            return
        self.galley.call_from_thread(self.sessions.set_sessions, found)
        changed = {str(one.path): word for one in found if (word := what_became(one))}
        if not worker.is_cancelled:
            self.galley.call_from_thread(self.sessions.set_changed, changed)

    def on_resize(self, event: Resize) -> None:
        """Two panes need the room for two: in less, the one that has the keys is shown."""
        self.set_class(event.size.width < BOTH_FROM, "narrow")
        self._show_title()

    def on_descendant_focus(self) -> None:
        self.set_class(self.focused is self.sessions, "at-sessions")  # a name that is typed is one of the files
        self._show_title()

    def _show_title(self) -> None:
        other = "files" if self.has_class("at-sessions") else "sessions"
        key = keys.one_shown(self.galley.held["other_pane"].split(",")[0])
        self.query_one("#title", Line).say(
            f"Galley · {key} shows the {other}" if self.has_class("narrow") else "Galley"
        )

    def _show_folder(self, folder: Path) -> None:
        self.query_one("#folder", Line).say(printable(str(folder)))

    def go_to_folder(self, folder: Path) -> None:
        """Show another folder."""
        self.files.path = folder
        self._show_folder(folder)
        self.files.focus()

    # What the cursor stands on

    @on(FileTree.NodeHighlighted)
    def file_pointed_at(self) -> None:
        self.set_timer(INFO_AFTER_SECONDS, self._ask_info)

    def _ask_info(self) -> None:
        """Once the cursor rests: a person who scrolls by wants to know nothing of a file."""
        path = self.files.current
        if path is None or path == self._asked_info or not self.is_current:
            return
        self._asked_info = path
        self.query_one("#info", Line).say("")
        if path.is_file():
            self.look_at_file(path)

    @work(thread=True, group="info", exclusive=True)
    def look_at_file(self, path: Path) -> None:
        """Size and pages of the file under the cursor."""
        from ...core.errors import GalleyError
        from ...core.extract import probe
        from ...core.wording import plural, size

        worker = this_worker()
        try:
            info = probe(path)
            pages = "locked" if info.locked else plural(info.page_count, "page")
            words = f"{size(info.size)}, {pages}" if info.kind == "pdf" else f"{size(info.size)}, text"
            if info.has_text_layer is False:
                words += ", no text layer"
        except GalleyError as error:
            words = error.message
        if not worker.is_cancelled:
            self.galley.call_from_thread(self.query_one("#info", Line).say, words)

    # Opening

    @on(DirectoryTree.FileSelected)
    def file_chosen(self, event: DirectoryTree.FileSelected) -> None:
        """Enter on a file; a folder that is gone is one for the tree."""
        if event.path.is_file():
            self.open_file(event.path)

    def open_target(self, target: str) -> None:
        """What was named on the command line: a session or a file."""
        from ...core.session import SUFFIX, resolve
        from ..opening import folder_of

        path = expanded(target)
        with self.told():
            if path.is_file() and path.suffix != SUFFIX:
                self.open_file(path)
            else:
                self.open_session(resolve(target, folder_of(self.galley.config())))

    def open_file(self, path: Path) -> None:
        """Say what would happen to it, and begin when the person says so."""
        from .start import StartScreen

        if isinstance(self.galley.screen, StartScreen):  # a quick hand's second Enter
            return
        with self.told():
            self.galley.push_screen(StartScreen(path, self.galley.config()), self._opened)

    def open_session(self, path: Path) -> None:
        """Go on with a session. A second Enter while it is opened would find it open elsewhere: here."""
        if not any(worker.group == "opening" and not worker.is_finished for worker in self.workers):
            self._open_session(path)

    @work(thread=True, group="opening")
    def _open_session(self, path: Path) -> None:
        from ...core.errors import GalleyError
        from ..opening import open_session

        try:
            opened = open_session(path, self.galley.config())
        except GalleyError as error:
            self.galley.call_from_thread(self.galley.tell, error)
            return
        self.galley.call_from_thread(self._opened, opened)

    def _opened(self, opened: "Opened | None") -> None:
        if opened is None:
            return
        from .proof import Proof

        for note in opened.notes:
            self.galley.say(note, "warning")
        proof = Proof(opened.session, opened.config, begin=opened.begin)
        self.galley.push_screen(proof, lambda _: self.open_session(proof.following) if proof.following else None)

    def action_open(self) -> None:
        if self.focused is self.sessions:
            one = self.sessions.current
            if one is not None and one.error is not None:
                self.galley.say(f"{one.error}\nX deletes it; it is left as it is otherwise.", "error")
            elif one is not None:
                self.open_session(one.path)
        else:
            self.files.action_select_cursor()

    # Moving about

    def action_other_pane(self) -> None:
        (self.files if self.focused is self.sessions else self.sessions).focus()

    def action_parent(self) -> None:
        here = Path(self.files.path).resolve()
        if here.parent != here:
            self.go_to_folder(here.parent)

    def action_home(self) -> None:
        self.go_to_folder(Path.home())

    def action_reload(self) -> None:
        self.files.reload()
        self.look_at_sessions()

    def action_hidden(self) -> None:
        self.files.hidden = not self.files.hidden
        self.files.reload()

    def setting_written(self, key: str) -> None:
        if key == "ui.hidden" and self.files.hidden != self.galley.look.hidden:
            self.action_hidden()

    def action_recent(self) -> None:
        from .dialogs import Choose

        folders = list(dict.fromkeys(str(one.document_path.parent) for one in self.sessions.sessions if not one.error))
        if not folders:
            self.galley.say("No folder was used before: sessions remember theirs.")
            return
        self.galley.push_screen(Choose("Folders used before", [(f, printable(f)) for f in folders]), self._to_recent)

    def _to_recent(self, folder: str | None) -> None:
        if folder is None:
            return
        if Path(folder).is_dir():
            self.go_to_folder(Path(folder))
        else:
            self.galley.say(f"{printable(folder)} is gone.", "warning")

    def action_search(self) -> None:
        line = self.query_one("#type-ahead", Input)
        line.remove_class("hidden")
        line.value = ""
        line.focus()

    @on(Input.Changed, "#type-ahead")
    def typed(self, event: Input.Changed) -> None:
        if event.value:
            self.files.go_to(event.value)

    @on(Input.Submitted, "#type-ahead")
    def typed_enough(self, event: Input.Submitted) -> None:
        """Enter opens what was found, without another Enter. A quick hand's Enter may come before the last letters
        were looked for, so that is done again."""
        self._end_typing()
        if event.value and not self.files.go_to(event.value):
            self.galley.say(f"Nothing here is called {event.value}.", "warning")
            return
        self.files.action_select_cursor()

    def _end_typing(self) -> None:
        self.query_one("#type-ahead", Input).add_class("hidden")
        self.files.focus()

    # The rest

    def action_model(self) -> None:
        from .model import choose_model

        choose_model(self)

    @work
    async def action_remove(self) -> None:
        from ...core.export import forget
        from ...core.session import remove
        from .dialogs import Confirm

        one = self.sessions.current
        if self.focused is not self.sessions or one is None:
            self.galley.say("Put the cursor on a session first.")
            return
        text = f"{one.path.stem}\nAll its attempts and decisions go with it."
        if await self.galley.push_screen_wait(Confirm("Delete this session?", text, yes="Delete")):
            with self.told():
                remove(one.path)
                forget([one.path], one.path.parent)
            self.look_at_sessions()

    def action_quit(self) -> None:
        self.galley.exit(0)

    def action_end_typing(self) -> None:
        """Escape: one too many on the way back from a document must not end the app, and says what does."""
        if isinstance(self.focused, Input):
            self._end_typing()
        else:
            self.galley.say(f"{keys.shown(self.galley.held['quit'])} leaves Galley.")


def what_became(summary: "SessionSummary") -> str:
    """ "gone", "changed", or nothing to say of a session's document."""
    from ...core import job as jobs
    from ...core.errors import InputError

    if summary.error is not None:
        return ""
    try:
        return "" if jobs.file_digest(summary.document_path) == summary.sha256 else "changed"
    except InputError:
        return "gone"
