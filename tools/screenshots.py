"""Pictures for the docs, from the real app and the real model on the sample paper. Run by `make screenshots`."""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from galley.core.models import models_dir, pull
from galley.tui.app import GalleyApp
from galley.tui.screens.proof import Proof
from galley.tui.screens.start import StartScreen

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "pictures"
SIZE = (112, 30)


async def wait_for(pilot: Pilot[int], true: object) -> None:
    assert callable(true)
    for _ in range(3000):
        if true():
            await pilot.pause(0.3)
            return
        await asyncio.sleep(0.05)
    sys.exit("a screen did not come about")


def save(app: GalleyApp, name: str) -> None:
    """The screen as SVG, without the font that its template would fetch."""
    picture = re.sub(r"\s*@font-face \{.*?\}", "", app.export_screenshot(), flags=re.S)
    picture = re.sub(r"terminal-\d+", "terminal", picture)
    (DOCS / f"{name}.svg").write_text(picture, encoding="utf-8")


async def take() -> None:
    app = GalleyApp("papers/sample.pdf", folder=Path("papers"))
    async with app.run_test(size=SIZE) as pilot:
        await wait_for(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.ready)
        save(app, "start")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, Proof))
        proof = app.screen
        assert isinstance(proof, Proof)
        await wait_for(pilot, lambda: not proof.runner.busy)
        app.clear_notifications()
        await pilot.press("a", "a", "x", "right_square_bracket")
        await pilot.pause(1.0)
        save(app, "proof")
        await pilot.press("d")
        await pilot.pause(0.5)
        save(app, "side")
        await pilot.press("q")
        await pilot.pause(1.5)
        save(app, "desk")


def main() -> None:
    model = pull()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"GALLEY_HOME": f"{folder}/home", "GALLEY_MODELS": str(models_dir())}
        assert model.is_file()
        papers = Path(folder) / "papers"
        papers.mkdir()
        shutil.copy(ROOT / "tests" / "data" / "sample.pdf", papers)
        shutil.copy(ROOT / "tests" / "data" / "sample.pdf", papers / "an-older-paper.pdf")
        (papers / "notes.txt").write_text("A note.\n")
        os.chdir(folder)
        DOCS.mkdir(exist_ok=True)
        asyncio.run(take())


if __name__ == "__main__":
    main()
