"""What a person does to the chunk under the cursor: decide, edit, retry, take along. The other half of the proof."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import work
from textual.app import SuspendNotSupported

from ...core import export, review
from ...core.atomic import write_atomically
from ...core.edits import EditDecision
from ...core.errors import SessionError
from ...core.extract.controls import strip_controls
from ...core.models import list_models
from ...core.paths import config_dir, private_dir, sessions_dir
from ...core.prompts import prompt_names
from ...core.runner import Retry, Runner
from ...core.session import Session
from ...core.wording import plural
from .. import captions, drafts, keys
from ..widgets.chunklist import ChunkList
from ..widgets.diffview import DiffView
from .base import GalleyScreen

if TYPE_CHECKING:
    from ...core.config import Config


DRAFTS_NAMED = 5
NOTICE_EDGES = 4
"""Cells of a notice, which has half of the screen's, that are no text."""


class Deciding(GalleyScreen):
    """Actions on a session; the screen that shows it has the widgets."""

    session: Session
    config: "Config"
    runner: Runner
    retry_model: str = ""
    """Chosen for retries here; empty is the session's own."""

    @property
    def chunks(self) -> ChunkList:
        return self.query_one("#chunks", ChunkList)

    @property
    def diff(self) -> DiffView:
        return self.query_one("#diff", DiffView)

    @property
    def current(self) -> int | None:
        """The chunk under the cursor."""
        return self.chunks.current

    def show_chunk(self, *, keep: bool = False) -> None:
        raise NotImplementedError

    def refresh_rows(self, indices: list[int], *, status: bool = True) -> None:
        raise NotImplementedError

    def tell_next_document(self) -> object:
        raise NotImplementedError

    def edits(self) -> Sequence[EditDecision]:
        """Edits of the attempt in view as they stand; none where its text was edited otherwise."""
        if self.current is None:
            return ()
        try:
            return review.switched_edits(self.session, self.current)[1]
        except SessionError:
            return ()

    def setting_written(self, key: str) -> None:
        if key == "ui.view":
            self.diff.view = self.galley.look.view
        elif key == "ui.reflow":
            self.diff.reflow = self.galley.look.reflow

    # Deciding

    def action_accept(self) -> None:
        self._decide("accepted")

    def action_keep_source(self) -> None:
        self._decide("source")

    def _decide(self, kind: str, text: str | None = None) -> None:
        index = self.current
        if index is None:
            return
        with self.told():
            if kind == "accepted" and self.session.text_of(index) is None:
                raise SessionError(f"Chunk {index + 1} has no cleaned text to accept yet.", "x keeps its source.")
            if kind == "accepted" and self.session.row(index).decision in {"edited", "source"}:
                raise SessionError(
                    f"Chunk {index + 1} is decided already: its text is not the model's.", "u takes that back."
                )
            self.session.decide(index, kind, text)
            self._decided(index)

    def _decided(self, index: int) -> None:
        """Show it, and go to the next that needs a look."""
        shown = [row.index for row in self.chunks.shown_rows]
        to_see = self.chunks.tally["to_see"]
        self.refresh_rows([index])
        rows = [self.chunks.rows[at] for at in shown]
        following = review.next_to_look_at(rows, index)
        if following is None:
            following = review.next_to_come(rows, index)
        if self.galley.batch is not None and to_see > self.chunks.tally["to_see"] == 0:
            self.tell_next_document()
        elif following is None:
            self.galley.say("Nothing more needs a look here.")
        if following is None or not self.chunks.go_to(following):
            self.show_chunk(keep=True)

    def action_next_look(self) -> None:
        self._look_at(back=False)

    def action_previous_look(self) -> None:
        self._look_at(back=True)

    def _look_at(self, *, back: bool) -> None:
        at = self.current if self.current is not None else 0
        following = review.next_to_look_at(self.chunks.shown_rows, at, back=back)
        if following is not None:
            self.chunks.go_to(following)
            return
        waiting = sum(row.state == "pending" for row in self.chunks.shown_rows)
        if self.galley.batch is not None and not self.chunks.tally["to_see"] and not waiting:
            self.tell_next_document()
            return
        ahead = (
            f" yet: {plural(waiting, 'chunk')} {'is' if waiting == 1 else 'are'} still to be cleaned" if waiting else ""
        )
        self.galley.say(f"Nothing else needs a look here{ahead}.")

    @work
    async def action_accept_clean(self) -> None:
        from .dialogs import Confirm

        found = review.acceptable(self.chunks.rows)
        if not found:
            self.galley.say("No finished chunk without flags is undecided.")
            return
        text = f"{plural(len(found), 'finished chunk')} without a flag will be accepted. u takes it back."
        if await self.galley.push_screen_wait(Confirm("Accept all without flags?", text, yes="Accept")):
            with self.told():
                self.session.decide_all(found, "accepted")
                self.refresh_rows(found)
                self.show_chunk(keep=True)
                self.galley.say(f"{plural(len(found), 'chunk')} accepted.")

    def action_undo(self) -> None:
        with self.told():
            self._turned(self.session.undo(), "Undone")

    def action_redo(self) -> None:
        with self.told():
            self._turned(self.session.redo(), "Done again")

    def _turned(self, indices: list[int], word: str) -> None:
        if not indices:
            self.galley.say("There is nothing to undo." if word == "Undone" else "There is nothing to do again.")
            return
        self.refresh_rows(indices)
        if self.current not in indices:
            self.chunks.go_to(indices[0])
        self.show_chunk(keep=True)
        which = f"chunk {indices[0] + 1}" if len(indices) == 1 else f"{len(indices)} chunks"
        self.galley.say(f"{word}: {which}.")

    def action_switch_edit(self) -> None:
        stop, index = self.diff.current_stop, self.current
        if index is None:
            return
        with self.told():
            review.switched_edits(self.session, index)  # says why there is nothing to switch
            if stop is None or stop.edit is None:
                self.galley.say("Go to an edit first: ] and [ go through them.")
                return
            review.switch_edit(self.session, index, stop.edit)
            self.refresh_rows([index])
            self.show_chunk(keep=True)

    # Editing

    @work
    async def action_edit(self) -> None:
        index, before = self.current, self._text_to_edit()
        if index is not None and before is not None:
            await self._edit(index, before, drafts.draft_of(self.session, index))

    async def _edit(self, index: int, before: str, begin: str = "") -> None:
        """The text in place until it is on disk or the person throws it away; `begin` goes on with what was typed."""
        from .edit import EditScreen

        draft = partial(drafts.keep, self.session, index)
        while True:
            title = f"Chunk {index + 1}"
            after = await self.galley.push_screen_wait(EditScreen(title, before, begin or before, draft))
            if self._edited(index, before, after):
                with self.told():
                    draft("")
                return
            begin = after or ""  # what could not be written goes back into the person's hands

    @work
    async def action_edit_outside(self) -> None:
        """The text in the person's own editor, which has the terminal meanwhile."""
        from ..outside import edit_outside

        index, before = self.current, self._text_to_edit()
        if index is None or before is None:
            return
        try:
            made = edit_outside(f"chunk-{index + 1}.txt", before, self.galley.suspend)
        except SuspendNotSupported:
            self.galley.say("This terminal lends itself to no editor: edit here with e.", "error")
            return
        if made.text is None or (made.doubt and made.text == before):
            self.galley.say(made.doubt if made.text is None else f"{made.doubt}: nothing was changed.", "warning")
        elif made.doubt:
            self.galley.say(f"{made.doubt}. Here is what it saved: F2 keeps it, Esc asks.", "warning")
            await self._edit(index, before, made.text)
        elif not self._edited(index, before, made.text):
            await self._edit(index, before, made.text)

    def tell_drafts(self) -> None:
        """Say what was being typed when the app ended; on opening a session."""
        left = [index for index in drafts.left(self.session) if index < len(self.chunks.rows)]
        if left:
            where = ", ".join(str(index + 1) for index in left[:DRAFTS_NAMED]) + ("…" if left[DRAFTS_NAMED:] else "")
            key = keys.one_shown(self.galley.held["edit"].split(",")[0])
            chunk = "chunk" if len(left) == 1 else "chunks"
            self.galley.say(f"You were editing {chunk} {where} when Galley ended: {key} goes on with it.", "warning")

    def _text_to_edit(self) -> str | None:
        if self.current is None:
            return None
        text = self.session.text_of(self.current)
        return text if text is not None else self.session.chunk(self.current).source.strip()

    def _edited(self, index: int, before: str, after: str | None) -> bool:
        """Take the text; False when it could not be written down, which was told."""
        if after is None or after == before:
            self.galley.say("Nothing was changed.")
            return True
        with self.told():
            clean = strip_controls(after)
            self.session.decide(index, "edited", clean.text)
            if clean.text != after:
                self.galley.say("Control characters were taken out of the text.", "warning")
            self._decided(index)
            return True
        return False

    # Cleaning again

    def action_retry(self) -> None:
        index = self.current
        if index is None:
            return
        attempt, mode = self.session.chosen(index), self.session.settings.clean.mode
        if attempt is not None and (mode != "rewrite" or attempt.error):
            self.galley.say(f"{mode} gives the same text each time: choose what is to be different.")
            self.action_retry_with()
            return
        with self.told():
            self.runner.retry(Retry(index, mode))

    @work
    async def action_retry_with(self) -> None:
        from .dialogs import OWN, RetryForm

        index = self.current
        if index is None:
            return
        clean = self.session.settings.clean
        names = [model.name for model in list_models(self.galley.config().models.folders).models]
        retry = await self.galley.push_screen_wait(
            RetryForm(
                index,
                clean.mode,
                prompts=prompt_names(),
                models=names,
                temperature=clean.temperature,
                model=self.retry_model or OWN,
            )
        )
        if retry is not None:
            with self.told():
                self.runner.retry(retry)

    @work
    async def action_attempts(self) -> None:
        from .attempts import AttemptsScreen

        index = self.current
        if index is None:
            return
        if not self.session.attempts(index):
            self.galley.say(f"Chunk {index + 1} has not been tried yet.")
            return
        await self.galley.push_screen_wait(AttemptsScreen(self, index))
        self.refresh_rows([index])
        self.show_chunk(keep=True)

    def action_model(self) -> None:
        from .model import choose_model

        choose_model(self, self.retries_by)

    def retries_by(self, model: str) -> None:
        """What the form of a retry begins with from now on."""
        self.retry_model = model

    # Taking along

    @work
    async def action_write(self) -> None:
        from .dialogs import WriteForm

        usual = export.default_target(self.session.document.path)
        target = await self.galley.push_screen_wait(WriteForm(await self._text_of_batch() or usual))
        if target is None:
            return
        with self.told():
            folder, format = self.galley.config().session.folder or sessions_dir(), export.format_for(target)
            report = export.write(self.session, target, format, force=True, notes=folder)  # the form has asked
            shown = captions.path_within(str(target), self.size.width // 2 - NOTICE_EDGES)
            words = f"{plural(report.characters, 'character')} of {plural(report.chunks, 'chunk')} in\n{shown}"
            if report.pending or report.failed:
                words += f"\n{report.pending + report.failed} without clean text stand there as their source, marked."
            if report.undecided_flagged:
                words += f"\n{plural(report.undecided_flagged, 'flagged chunk')} nobody has decided."
            if report.replaced:
                words += f"\nIt replaced {report.replaced.what}, which is in {report.replaced.session.stem}."
            self.galley.say(words, "warning" if "\n" in words else "information")

    async def _text_of_batch(self) -> Path | None:
        """The text that a batch under review has of this document, for what was decided to go there."""
        from ...core.batch import text_of

        if self.galley.batch is not None:
            with self.told():
                return await asyncio.to_thread(text_of, self.galley.batch, self.session.path)
        return None

    def action_copy(self) -> None:
        index = self.current
        if index is None:
            return
        text = self.session.text_of(index)
        if text is None:
            self.galley.say(f"Chunk {index + 1} has no cleaned text yet.")
            return
        with self.told():
            path = private_dir(config_dir()) / "copied.txt"
            write_atomically(path, [strip_controls(text).text.encode()])
            self.galley.copy_to_clipboard(strip_controls(text).text)
            self.galley.say(f"Sent to the terminal, which may ignore it; also in {path}")
