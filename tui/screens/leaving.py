"""Leaving a proof: back to the desk, out of Galley, or on to the next document of a batch."""

import asyncio
from contextlib import suppress
from pathlib import Path

from textual import work
from textual.widgets import Input

from ...core.errors import GalleyError
from ...core.wording import plural, printable
from .. import keys
from ..widgets.line import Line
from .deciding import Deciding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...core.batch import ToLookAt


class Leaving(Deciding):
    """How a session is let go, and what is opened after it."""

    following: Path | None = None
    """The session that the desk opens next."""
    _let_go = False
    _query = ""
    _place: dict[str, str]

    def end_search(self) -> None:
        raise NotImplementedError

    @work
    async def action_leave(self) -> None:
        if isinstance(self.focused, Input):
            self.end_search()
        elif self._query:
            self._query = ""
            self.chunks.set_matches(None)
            self.show_chunk()
        else:
            await self._leave()

    async def _leave(self) -> None:
        from .dialogs import Ask

        answer: str | None = "desk"
        if self.runner.busy:
            status = self.session.status()
            done = f"{status.done + status.failed} of {plural(status.total, 'chunk')}"
            text = f"{done} are done and saved; the rest can be resumed."
            where = "go to the desk" if self.following is None else "go on to the next document"
            choices = [("s", "desk", f"Stop the run and {where}"), ("l", "quit", "Stop it and leave Galley")]
            answer = await self.galley.push_screen_wait(Ask("A run is under way", text, choices))
        if answer is None:
            self.following = None
            return
        self.query_one("#status", Line).say("Stopping; what is finished is saved…")
        if not self._let_go:
            self._let_go = True  # here, where keys and messages are heard: none of them reads what is being closed
            await asyncio.to_thread(self._close_session)
        if answer == "quit":
            self.galley.exit(0)
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Once the session is being let go, there is nothing left for a key to be done to."""
        return not self._let_go and super().check_action(action, parameters)

    def close_session(self) -> None:
        """Keep the place, stop the run, and let the session go. Harmless when called again."""
        if not self._let_go:
            self._let_go = True
            self._close_session()

    def _close_session(self) -> None:
        with suppress(GalleyError):  # the decisions are on disk; only the cursor's place is not
            self.session.keep_place(self._place)
        self.runner.close()
        self.session.close()

    def on_unmount(self) -> None:
        self.close_session()

    # The batch

    @work(group="batch", exclusive=True)
    async def action_next_document(self) -> None:
        if self.galley.batch is None:
            self.galley.say("This was opened by itself: galley review DIR opens a batch's results one after another.")
            return
        with self.told():
            found = await self._next_document()
            if found is None:
                self._say_next(found)
            elif not self._let_go:
                self.following = found.session
                await self._leave()

    @work(group="batch", exclusive=True)
    async def tell_next_document(self) -> None:
        """Where nothing is left to see here, what is next in the batch, and at its end that there is nothing."""
        with self.told():
            self._say_next(await self._next_document())

    async def _next_document(self) -> "ToLookAt | None":
        from ...core.batch import next_to_look_at

        assert self.galley.batch is not None
        return await asyncio.to_thread(next_to_look_at, self.galley.batch, self.session.path)

    def _say_next(self, found: "ToLookAt | None") -> None:
        left = self.chunks.tally["to_see"]
        waiting = sum(row.state == "pending" for row in self.chunks.rows)
        if found is not None:
            key = keys.one_shown(self.galley.held["next_document"].split(",")[0])
            name = f"{printable(found.record.output)} ({found.flagged} flagged)"
            self.galley.say(f"No flagged chunk is left here. {key} goes to the next of the batch: {name}.")
        elif left:
            chunks = f"{plural(left, 'flagged chunk')} {'is' if left == 1 else 'are'}"
            self.galley.say(f"The other documents of the batch are reviewed; {chunks} left here.")
        elif waiting:
            chunks = f"{plural(waiting, 'chunk')} {'is' if waiting == 1 else 'are'}"
            self.galley.say(f"No flagged chunk of the batch is left yet: {chunks} still to be cleaned here.")
        else:
            self.galley.say("All documents of the batch are reviewed: no flagged chunk is left undecided.")
