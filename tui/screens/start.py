"""What would happen to a file, before it happens."""

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from ...core import job as jobs
from ...core.config import Config
from ...core.errors import ConfigError, GalleyError
from ...core.extract import PasswordNeeded
from ...core.model import BIG
from ...core.models import EMBEDDED
from ...core.plan import Plan
from ...core.wording import estimate, plural, printable, size
from ..opening import Opened, plan_for, start
from ..typed import galley_app, this_worker
from ..widgets.form import Field, Form
from .dialogs import Prompt

BACK = "Esc goes back"
SOON = f"It starts when it is read · {BACK}"
MODES = ("auto", "rules", "verbatim", "rewrite")


class StartScreen(ModalScreen[Opened | None]):
    """Reads the file, shows the plan, and opens the session when told to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Back", id="start_cancel"),
        Binding("F", "fresh", "Begin anew", id="start_fresh"),
    ]

    def __init__(self, path: Path, config: Config) -> None:
        super().__init__()
        self._path = path
        self._config = config
        self._password: str | None = None
        self._reading: jobs.Reading | None = None
        self._plan: Plan | None = None
        self._begun = False
        self._reads = True
        self._wanted: bool | None = None
        """Enter (False) or F (True: anew) came while the file was still being read."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(printable(self._path.name), classes="dialog-title", markup=False)
            yield Static("Reading…", id="plan", markup=False)
            yield Form([Field("mode", "Mode", self._config.clean.mode, MODES, "←→ changes it")], id="start-form")
            yield Static(BACK, id="start-keys", classes="dialog-keys", markup=False)

    @property
    def ready(self) -> bool:
        """Whether the plan is made and Enter begins."""
        return self._plan is not None and not self._begun

    def on_mount(self) -> None:
        self.query_one(Form).focus()
        self.read()

    @work(thread=True, group="plan", exclusive=True)
    def read(self) -> None:
        """Make the plan; a file that was read for another mode is not read again."""
        worker = this_worker()
        call = galley_app(self).call_from_thread
        last = -1

        def progress(done: int, total: int) -> None:
            nonlocal last
            share = 20 * done // max(1, total)
            if share != last and not worker.is_cancelled:
                last = share
                call(self._show, f"Reading page {done} of {total}…")

        try:
            plan = plan_for(self._path, self._config, self._password, progress, self._reading)
            words = self._words(plan)
        except PasswordNeeded as error:
            if not worker.is_cancelled:
                call(self._ask_password, error)
            return
        except GalleyError as error:
            if not worker.is_cancelled:
                call(self._can_not, f"{error.message}\n{error.hint}")
            return
        if not worker.is_cancelled:
            call(self._planned, plan, words)

    def _words(self, plan: Plan) -> str:
        document = plan.reading.document
        lines = [
            f"{plural(document.page_count, 'page')}, {plural(plan.characters, 'character')}, "
            f"{plural(len(plan.reading.chunks), 'chunk')}"
        ]
        if plan.mode == "rules":
            lines.append("rules: repairs alone, without a model")
        elif plan.model is not None:
            lines.append(f"{plan.mode} with {plan.model.name}")
        else:
            lines.append(f"{plan.mode} with {EMBEDDED.name}, which will be fetched first ({size(EMBEDDED.size)});")
            lines.append("`galley models pull` brings a larger one where a hub can be reached")
        if plan.mode == "rewrite" and plan.model is not None and 0 < plan.model.parameters < BIG:
            lines.append(
                "It is small for that: what fails the checks, often most of it, is done in verbatim after all."
            )
        if plan.mode == "verbatim":
            lines.append(f"The model will decide about {plural(plan.decisions, 'edit')}.")
        begun, left = plan.begun, plan.left
        if left and plan.seconds is not None and plan.pace is not None:
            speed = f" at {plan.pace.tokens_per_second:.0f} tokens/s" if plan.pace.tokens_per_second >= 1 else ""
            rest = " for the rest" if begun is not None else ""
            lines.append(f"It takes {estimate(plan.seconds)}{rest}{speed}, as measured on this machine.")
        elif left:
            lines.append("How long it takes is not known yet: nothing like it ran here before.")
        for page in document.skipped[:3]:
            lines.append(f"Page {page.number} is left out: {page.reason}")
        if len(document.skipped) > 3:
            lines.append(f"… and {len(document.skipped) - 3} more pages.")
        if begun is not None:
            lines.append(
                f"It was begun before: {begun.done + begun.failed} of {begun.total} chunks are done, "
                f"{begun.decided} decided. Enter {'goes on' if left else 'opens it'}; F begins anew and keeps the old "
                "session aside."
            )
        return "\n".join(lines)

    def _show(self, words: str) -> None:
        self.query_one("#plan", Static).update(printable(words))

    def _can_not(self, words: str) -> None:
        """There is no plan, and nothing to wait for."""
        self._reads, self._wanted = False, None
        self._show(words)
        self.query_one("#start-keys", Static).update(BACK)

    def _planned(self, plan: Plan, words: str) -> None:
        self._plan, self._reading, self._reads = plan, plan.reading, False
        self._show(words)
        self.query_one("#start-keys", Static).update(f"Enter starts · {BACK}")
        wanted, self._wanted = self._wanted, None
        if wanted is not None and (plan.model is not None or plan.mode == "rules"):  # a model is fetched after a look
            self._begin(fresh=wanted)

    @work
    async def _ask_password(self, error: PasswordNeeded) -> None:
        note = error.message if self._password is not None else ""
        given = await galley_app(self).push_screen_wait(
            Prompt(printable(self._path.name), "Its password", password=True, note=note)
        )
        if given is None:
            self.dismiss(None)
            return
        self._password = given
        self.read()

    @on(Form.Changed)
    def mode_changed(self, event: Form.Changed) -> None:
        if self._begun:
            return
        self._plan = self._wanted = None
        self._reads = True
        self.query_one("#start-keys", Static).update(BACK)
        clean = self._config.clean.model_copy(update={"mode": event.value})
        self._config = self._config.model_copy(update={"clean": clean})
        self._show("Looking again…")
        self.read()

    @on(Form.Submitted)
    def begin(self) -> None:
        self._begin(fresh=False)

    def action_fresh(self) -> None:
        self._begin(fresh=True)

    def _begin(self, *, fresh: bool) -> None:
        if self._plan is None and self._reads:
            self._wanted = fresh
            self.query_one("#start-keys", Static).update(SOON)
        if self._plan is None or not self.ready:
            return
        self._begun = True
        self._show("Opening…")
        self.open_it(self._plan, fresh)

    @work(thread=True, group="plan", exclusive=True)
    def open_it(self, plan: Plan, fresh: bool) -> None:
        """Fetch what is missing, make the session, and hand it on."""
        call = galley_app(self).call_from_thread
        last = -1

        def fetched(done: int, total: int) -> None:
            nonlocal last
            share = 50 * done // max(1, total)
            if share != last:
                last = share
                call(self._show, f"Fetching the model: {size(done)} of {size(total)}")

        try:
            opened = start(plan, self._config, self._password, fresh, fetched)
        except (GalleyError, ConfigError) as error:
            self._begun = False
            call(self._show, f"{error.message}\n{error.hint}")
            return
        if self.is_attached:
            call(self.dismiss, opened)
        else:
            opened.session.close()

    def action_cancel(self) -> None:
        if not self._begun:
            self.dismiss(None)
