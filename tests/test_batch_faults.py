"""What goes wrong around a batch is one sentence, harms no other document, and costs nothing that stands already."""

from pathlib import Path
from typing import Any

from batches import PROSE

from galley.core.batch.tasks import Task
from galley.core.batch.worker import work
from galley.core.session import Session


class Opening:
    """A channel whose other end opens the session the moment it hears of it, as a cleaner does."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def progress(self, counted: str, done: int, total: int) -> None:
        """Not wanted."""

    def send(self, **message: Any) -> None:
        self.heard.append(message["event"])
        with Session.open(Path(message["session"])) as session:
            assert session.status().pending


def test_a_session_that_a_worker_tells_of_is_free_to_be_opened(tmp_path: Path, own_home: Path) -> None:
    (tmp_path / "a.txt").write_text(PROSE)
    channel = Opening()
    work(Task(1, str(tmp_path / "a.txt"), {"clean": {"mode": "rules"}}, None, "", False), channel)  # type: ignore[arg-type]
    assert channel.heard == ["begun"]
