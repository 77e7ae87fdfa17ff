"""The app under test: opened on a folder or a session, driven by keys, read as a person reads it."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from making import attempt, document
from textual.pilot import Pilot

from galley.core.checks import Flag
from galley.core.chunk import ChunkOptions, chunk
from galley.core.edits import EditDecision
from galley.core.paths import sessions_dir
from galley.core.prepare import prepare
from galley.core.session import Session
from galley.core.settings import RunSettings
from galley.tui.app import GalleyApp
from galley.tui.screens.proof import Proof

SOURCES = (
    "The old model (Wei, 2022) was locked away in the cold room for good [3].",
    "A second paragraph tells of [12] and [bold]markup[/bold] that is none at all.",
    "The third one speaks of 我們讀校樣 and of cafe\u0301 tables in the long street outside.",
    "The fourth paragraph was read twice and still nobody found the error in it.",
    "The fifth paragraph is the last of them, and after it the document is over.",
)
EDITS = (
    EditDecision(13, 25, "", "citation", 0.9, True),
    EditDecision(67, 71, "", "citation", 0.45, False),
)
FIRST = "The old model was locked away in the cold room for good [3]."

App = GalleyApp
AppPilot = Pilot[int]


def a_session(folder: Path, *, pending: int = 0, settings: RunSettings | None = None) -> Path:
    """A session of five chunks: an edited citation, a flag, an unflagged one, a failed one, one more.

    The last `pending` ones are not yet cleaned. It is closed again."""
    paper = folder / "paper.pdf"
    paper.write_bytes(b"%PDF-1.4 stand-in")
    made = replace(document("\n\n".join(SOURCES), paper), sha256=hashlib.sha256(paper.read_bytes()).hexdigest())
    prepared = prepare(made)
    chunks = chunk(prepared, ChunkOptions(size=80))
    assert len(chunks) == len(SOURCES)
    with Session.create(sessions_dir(), made, prepared, chunks, settings or RunSettings()) as session:
        add = session.add_attempt
        texts = [one.source.strip() for one in session.chunks()]
        if pending < 5:
            add(attempt(0, FIRST, edits=EDITS, flags=()), choose=True, state="done")
        if pending < 4:
            add(attempt(1, texts[1], flags=(Flag("debris_kept", "warning", ("[12]",)),)), choose=True, state="done")
        if pending < 3:
            add(attempt(2, texts[2].replace("long ", ""), flags=(), edits=()), choose=True, state="done")
        if pending < 2:
            why = "The worker process died 3 times on this chunk."
            add(attempt(3, "", flags=(), edits=(), error="died", died=True), choose=False, state="failed", note=why)
        if pending < 1:
            add(attempt(4, texts[4], flags=(), edits=()), choose=True, state="done")
        return session.path


def screen_text(app: GalleyApp) -> str:
    """What stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def until(pilot: AppPilot, true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something to come about."""
    for _ in range(int(seconds / 0.02)):
        if true():
            await pilot.pause()
            return
        await asyncio.sleep(0.02)
    app = cast(GalleyApp, pilot.app)
    raise AssertionError(f"it did not come about; notices:\n{told(app)}\nscreen:\n{screen_text(app)}")


@asynccontextmanager
async def app_on(
    target: Path | str = "", folder: Path | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncGenerator[tuple[GalleyApp, AppPilot]]:
    """The app, once its first screen stands: the desk, or the proof of a session."""
    app = GalleyApp(str(target), folder=folder or Path(os.environ["GALLEY_HOME"]))
    async with app.run_test(size=size) as pilot:
        if target and str(target).endswith(".galley"):
            await until(pilot, lambda: isinstance(app.screen, Proof))
        await pilot.pause()
        yield app, pilot


def piloted(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test written with await, as a plain one."""

    def run(*given: Any, **named: Any) -> None:
        asyncio.run(test(*given, **named))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    run.__wrapped__ = test  # type: ignore[attr-defined]  # so that pytest sees the fixtures
    return run


async def press(pilot: AppPilot, *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


def proof_of(app: GalleyApp) -> Proof:
    """The proof on the stack, under whatever dialog stands over it."""
    return next(screen for screen in app.screen_stack if isinstance(screen, Proof))


def told(app: GalleyApp) -> str:
    """All notices, as one text."""
    return "\n".join(notice.message for notice in app._notifications)


Step = Callable[[GalleyApp, AppPilot], Awaitable[None]]


def decisions(path: Path) -> list[str | None]:
    """What was decided of each chunk."""
    with Session.open(path, write=False) as session:
        return [row.decision for row in session.rows()]
