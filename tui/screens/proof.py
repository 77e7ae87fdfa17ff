"""The proof of one document: its chunks, what was changed in each, and the run that cleans them."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Input

from ...core import review
from ...core.board import Board, News
from ...core.config import Config
from ...core.engine.base import EngineInfo
from ...core.errors import GalleyError
from ...core.events import Progress, RunEnded, ServerWaited
from ...core.runner import Runner
from ...core.session import Session
from ...core.wording import printable
from .. import captions, keys
from ..opening import model_finder
from ..widgets.chunklist import ChunkList
from ..widgets.diffview import TERMINAL_FROM, DiffView
from ..widgets.line import Line
from .base import KeyLine, bindings
from .leaving import Leaving

LOOKS_A_SECOND = 4
STATUS_EVERY_LOOKS = 2
KEEP_PLACE_AFTER_SECONDS = 1.0
NARROW = 100
TINY = 60
VIEWS = ("inline", "side", "result")


class Proof(Leaving):
    """Owns the session, its runner, and where the person is in it."""

    KIND = keys.PROOF
    BINDINGS: ClassVar[list[BindingType]] = bindings(keys.PROOF)

    def __init__(self, session: Session, config: Config, *, begin: bool) -> None:
        super().__init__()
        self.session = session
        self.config = config
        self._begin = begin
        self._server_gone = False
        self._board = Board()
        self.runner = Runner(session, config, model_finder(session, config), self._board, self._failed_outside)
        self._progress: Progress | None = None
        self._engine: EngineInfo | None = None
        mode, model = session.settings.clean.mode, session.settings.model_name
        self._what = mode if mode == "rules" else f"{mode} {model.removesuffix('.gguf')}"
        self._since_status = 0
        self._place: dict[str, str] = {}
        self._place_timer: Timer | None = None
        self._finished = 0  # chunks when a run's end was told last: one that made an attempt asked for alone tells none
        self._waits = False  # the chunk in view has no text yet: it is its source that is shown

    def compose(self) -> ComposeResult:
        yield Line(id="proof-title")
        with Horizontal(id="panes"):
            yield ChunkList(self.moved, id="chunks")
            with Vertical(id="text-pane"):
                yield Line(id="caption")
                yield DiffView(id="diff")
                yield Line(id="change")
        yield Input(placeholder="Search source and text", id="search", classes="hidden")
        yield Line(id="status")
        yield KeyLine(self.KIND)

    @property
    def busy(self) -> bool:
        """Whether a run would be cut off by leaving."""
        return self.runner.busy

    def on_mount(self) -> None:
        place = self.session.place()
        view = place.get("view", self.galley.look.view)
        self.diff.view = view if view in VIEWS else "inline"
        self.diff.reflow = self.galley.look.reflow
        self.chunks.filter = review.filter_named(place.get("filter", ""))
        chunk = place.get("chunk", "0")
        self.chunks.set_rows(self.session.rows(), int(chunk) if chunk.isdigit() else 0)
        self._finished = self.chunks.tally["finished"]
        self.show_chunk()
        self.set_interval(1 / LOOKS_A_SECOND, self._look)
        self.call_after_refresh(self.galley.settle)
        if self._begin:
            self.runner.prefer(self.current or 0)
            self.runner.go()
        self._show_status()  # after the run is begun: the first picture of it must not say "paused"
        self.tell_drafts()
        if not self._begin and self.session.status().pending:
            self.galley.say(f"{keys.shown(self.galley.held['pause'])} lets the run go on.")
        if self.galley.batch is not None and not (self.chunks.tally["to_see"] or self.session.status().pending):
            self.tell_next_document()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < NARROW, "narrow")
        self.set_class(event.size.width < TINY, "tiny")

    # What the run tells

    def _look(self) -> None:
        """Take what came in the last quarter of a second, and draw what it changed."""
        if self._let_go:
            return
        news = self._board.take()
        with self.told():
            self._draw(news)

    def _draw(self, news: News) -> None:
        touched = sorted(news.touched)
        self.refresh_rows(touched, status=False)
        self.chunks.set_in_hand(news.in_hand)
        self._progress = news.progress or self._progress
        if news.engine is not None and news.engine is not self._engine:
            self._engine = news.engine
            if news.engine.notes:
                self.galley.say("\n".join(news.engine.notes))
        current = self.current
        if current is not None and (current in news.touched or current in news.in_hand):
            self.show_chunk(keep=True)
        for event in news.notices:
            if isinstance(event, ServerWaited | RunEnded):
                self._server_gone = isinstance(event, ServerWaited) and event.gone
            words, severity = captions.notice(event, keys.one_shown(self.galley.held["write"].split(",")[0]))
            if isinstance(event, RunEnded):
                words = words if self.chunks.tally["finished"] > self._finished else ""
                self._finished = self.chunks.tally["finished"]
            if words:
                self.galley.say(words, severity, answer=False)
        if news.notices or self._since_status >= STATUS_EVERY_LOOKS:
            self._show_status()
        self._since_status += 1

    def refresh_rows(self, indices: list[int], *, status: bool = True) -> None:
        """These chunks have changed in the session."""
        if indices:
            self.chunks.update_rows(self.session.rows(indices))
            self._show_title()
        if status:
            self._show_status()

    def _failed_outside(self, error: GalleyError) -> None:
        """From the runner's thread."""
        if not self._let_go:
            self.galley.call_from_thread(self.galley.tell, error)

    def _state(self) -> str:
        if self.runner.going:
            loading = self._engine is None and self.session.settings.clean.mode != "rules"
            return "loading the model" if loading else "waiting for the server" if self._server_gone else "running"
        if self.runner.busy:
            again = any(self.chunks.rows[index].state != "pending" for index in self.chunks.in_hand)
            return "cleaning again" if again else "finishing what is in hand"
        return "paused" if self.chunks.tally["finished"] < len(self.chunks.rows) else "finished"

    def _show_status(self) -> None:
        words = captions.status(
            self._progress, self.chunks.tally, len(self.chunks.rows), self._state(), self._what, self._engine
        )
        self._since_status = 0
        self.query_one("#status", Line).say(words)

    # What is on the screen

    def _show_title(self) -> None:
        at, of = self.chunks.place
        parts = [printable(self.session.document.path.name), f"[{at}/{of}]"]
        parts += [self.chunks.filter] if self.chunks.filter != "all" else []
        if self._query:
            parts.append(f"/{printable(self._query)}")
        self.query_one("#proof-title", Line).say("  ".join(parts))

    def moved(self) -> None:
        """Another chunk is under the cursor."""
        if not self.is_mounted:
            return
        with self.told():
            self.show_chunk()
        if self.current is not None:
            self.runner.prefer(self.current)
        self._keep_place_soon()

    def show_chunk(self, *, keep: bool = False) -> None:
        """The chunk under the cursor; `keep` leaves the text where it is scrolled to."""
        self._show_title()
        index = self.current
        if index is None:
            self.query_one("#caption", Line).say("Nothing fits the filter: f shows others.")
            self.diff.clear()
            self.query_one("#change", Line).say("")
            return
        result = self.session.result(index)
        chunk, attempt, text = result.chunk, result.attempt, result.text
        hand, self._waits = self.chunks.in_hand.get(index), text is None
        self.query_one("#caption", Line).say(captions.caption(chunk, attempt, hand))
        if hand is not None and hand.text:
            self.diff.stream(hand.text, "")
        elif text is None:
            self.diff.show(chunk.source, chunk.source, keep_scroll=keep)
        else:
            own = attempt is not None and chunk.decision in {None, "accepted"}
            self.diff.show(
                chunk.source.rstrip(),  # what is lost at its end is only the gap to the next chunk
                text,
                edits=self.edits(),
                flags=attempt.flags if attempt is not None and own else (),
                threshold=self.session.settings.clean.threshold,
                keep_scroll=keep,
            )
        self._show_change()

    @on(DiffView.StopChanged)
    def _show_change(self) -> None:
        if self._let_go:
            return
        stop, edits = self.diff.current_stop, self.edits()
        edit = edits[stop.edit] if stop is not None and stop.edit is not None and stop.edit < len(edits) else None
        threshold = self.session.settings.clean.threshold
        at, of = self.diff.current_number, self.diff.stop_count
        words = "" if self._waits else captions.change(at, of, edit, threshold)
        if self.diff.effective_view != self.diff.view and not at:  # of a change there is more to say than fits
            words = f"side by side needs {TERMINAL_FROM} columns · {words}".removesuffix(" · ")
        self.query_one("#change", Line).say(words)

    # Moving

    def action_next_chunk(self) -> None:
        self.chunks.cursor += 1

    def action_previous_chunk(self) -> None:
        self.chunks.cursor -= 1

    def action_first_chunk(self) -> None:
        self.chunks.cursor = 0

    def action_last_chunk(self) -> None:
        self.chunks.cursor = self.chunks.row_count() - 1

    def action_next_change(self) -> None:
        if not self.diff.next_stop():
            self._no_change("last")

    def action_previous_change(self) -> None:
        if not self.diff.previous_stop():
            self._no_change("first")

    def _no_change(self, end: str) -> None:
        """A key that does nothing says why."""
        if self._waits and self.current is not None:
            self.galley.say(f"Chunk {self.current + 1} is not cleaned yet: this is its source.")
            return
        held = self.galley.held
        on = f"{keys.shown(held['next_look'])} and {keys.shown(held['next_chunk'])} go on to other chunks."
        what = f"This is the {end} change." if self.diff.stop_count else "Nothing was changed here."
        self.galley.say(f"{what} {on}")

    def action_page_down(self) -> None:
        self.diff.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        self.diff.scroll_page_up(animate=False)

    def action_scroll_down(self) -> None:
        self.diff.scroll_down(animate=False)

    def action_scroll_up(self) -> None:
        self.diff.scroll_up(animate=False)

    # Seeing and finding

    def action_diff_view(self) -> None:
        self.diff.view = VIEWS[(VIEWS.index(self.diff.view) + 1) % len(VIEWS)]
        self._show_change()
        self._keep_place_soon()

    def action_reflow(self) -> None:
        self.diff.reflow = not self.diff.reflow
        self.galley.say("Changes of layout are shown." if self.diff.reflow else "Changes of layout are hidden.")
        self._show_change()

    def action_filter(self) -> None:
        at = review.FILTERS.index(self.chunks.filter)
        self.chunks.filter = review.FILTERS[(at + 1) % len(review.FILTERS)]
        self.show_chunk()
        self._keep_place_soon()

    def action_search(self) -> None:
        line = self.query_one("#search", Input)
        line.remove_class("hidden")
        line.value = self._query
        line.focus()

    @on(Input.Submitted, "#search")
    def searched(self, event: Input.Submitted) -> None:
        self.end_search()
        if self._let_go:
            return
        with self.told():
            found = review.search(self.session, event.value) if event.value else None
            if found == []:
                self.galley.say(f"Nothing has “{printable(event.value)}”.", "warning")
                return
            self._query = event.value
            self.chunks.set_matches(found)
            self.show_chunk()

    def end_search(self) -> None:
        self.query_one("#search", Input).add_class("hidden")
        self.set_focus(None)

    # The run

    def action_pause(self) -> None:
        if self.runner.going:
            self.runner.pause()
        elif self.session.status().pending:
            self.runner.go()
        else:
            self.galley.say("Nothing is left to clean.")
        self._show_status()

    def _keep_place_soon(self) -> None:
        self._place = {"filter": self.chunks.filter, "view": self.diff.view}
        if self.current is not None:
            self._place["chunk"] = str(self.current)
        if self._place_timer is not None:
            self._place_timer.stop()
        self._place_timer = self.set_timer(KEEP_PLACE_AFTER_SECONDS, self._keep_place_now)

    def _keep_place_now(self) -> None:
        if not self._let_go:
            with self.told():
                self.session.keep_place(self._place)
