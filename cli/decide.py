"""`galley decide`, `undo`, `redo` and `retry`: what the app's keys do to a session, from the command line."""

import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..core import review
from ..core.config import load_config
from ..core.errors import GalleyError, InputError, SessionError
from ..core.events import AttemptFinished, AttemptRefused, Event
from ..core.extract.controls import strip_controls
from ..core.extract.pagespec import format_pages
from ..core.job import Model, as_made, session_model
from ..core.models import EMBEDDED, offer_for
from ..core.paths import sessions_dir
from ..core.runner import Retry, Runner
from ..core.session import Session, resolve
from . import options
from .grouped import Grouped
from .models import bring, obtain
from .output import plural, say
from .signals import stop_on_signals

LONGEST_NUMBER = 9
LONGEST_SPAN = 40
"""Characters; Python refuses to read numbers of thousands of digits."""
SESSION = click.argument("session", metavar="SESSION")
DIRECTORY = click.option("--session-dir", metavar="DIR", help="Where session files lie.")


@contextmanager
def opened(name: str, session_dir: str | None) -> Generator[Session]:
    """The session, open for writing."""
    overrides: dict[str, object] = {"session.directory": session_dir} if session_dir else {}
    directory = load_config(overrides=overrides).session.folder or sessions_dir()
    with Session.open(resolve(name, directory)) as session:
        yield session


def numbers(session: Session, spec: str) -> list[int]:
    """Chunks by their numbers as people say them ("3", "3-7,12"), from 0, ascending. Raises SessionError."""
    total = session.status().total
    found: set[int] = set()
    for part in spec.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or len(part) > LONGEST_SPAN:
            raise SessionError(f"{part.strip()[:40]!r} names no chunks.", 'Write them as in "3" or "3-7,12".')
        span = range(int(first), int(last or first) + 1)
        if not span or span.start < 1 or span.stop - 1 > total:
            none = "There are no chunks" if last else "There is no chunk"
            raise SessionError(f"{none} {part.strip()}.", f"The session has {total}.")
        found.update(number - 1 for number in span)
    return sorted(found)


@click.command(
    epilog="""\b
Examples:
  galley decide paper-1a2b accept 3        take the cleaned text of chunk 3
  galley decide paper-1a2b accept clean    all undecided without a flag
  galley decide paper-1a2b source 4-6      keep what the PDF has
  galley decide paper-1a2b edit 7 new.txt  a text of your own (- is stdin)
  galley decide paper-1a2b switch 7 2      make or unmake edit 2 (verbatim)
  galley decide paper-1a2b choose 7 15     let attempt 15 count
  galley decide paper-1a2b clear 7         take back what was said"""
)
@SESSION
@click.argument("what", type=click.Choice(["accept", "source", "edit", "switch", "choose", "clear"]))
@click.argument("chunks", metavar="CHUNKS")
@click.argument("value", required=False)
@DIRECTORY
def decide(session: str, what: str, chunks: str, value: str | None, session_dir: str | None) -> None:
    """Say what becomes of CHUNKS of SESSION; galley undo takes it back."""
    needs_value = {"edit": "a file with the text", "switch": "an edit's number", "choose": "an attempt's id"}
    if (what in needs_value) != (value is not None):
        raise click.UsageError(
            f"{what} takes {needs_value[what]}." if what in needs_value else f"{what} takes no value."
        )
    with opened(session, session_dir) as found:
        if what == "accept":
            say(accept(found, chunks))
            return
        indices = numbers(found, chunks)
        if what in needs_value and len(indices) > 1:
            raise click.UsageError(f"{what} takes one chunk at a time.")
        if what in {"source", "clear"}:
            found.decide_all(indices, "source" if what == "source" else None)
        elif what == "edit":
            found.decide(indices[0], "edited", text_of(str(value)))
        elif what == "switch":
            review.switch_edit(found, indices[0], whole(str(value)) - 1)
        else:
            found.choose(indices[0], whole(str(value)))
        say(f"{plural(len(indices), 'chunk')}: {what}. galley undo takes it back.")


def accept(session: Session, chunks: str) -> str:
    """Accept in one step; what has no cleaned text can't be. Returns what to say."""
    if chunks == "clean":
        indices = review.acceptable(session.rows())
    else:
        indices = numbers(session, chunks)
        for index in indices:
            if session.text_of(index) is None:
                raise SessionError(f"Chunk {index + 1} has no cleaned text to accept yet.", "source keeps its source.")
    session.decide_all(indices, "accepted")
    return f"{plural(len(indices), 'chunk')} accepted."


def whole(text: str) -> int:
    if not text.isdecimal() or len(text) > LONGEST_NUMBER:
        raise click.UsageError(f"{text[:40]!r} is no number that anything here has.")
    return int(text)


def text_of(name: str) -> str:
    """The text of a file or of standard input, without control characters."""
    try:
        raw = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{name} can't be read: {why}.", "Give a text file, or - for standard input.") from error
    clean = strip_controls(raw)
    if clean.text != raw:
        say("Control characters were taken out of the text.")
    return clean.text.strip("\n")


@click.command(epilog="\b\nExample:\n  galley undo paper-1a2b")
@SESSION
@DIRECTORY
def undo(session: str, session_dir: str | None) -> None:
    """Take the last decision on SESSION back."""
    with opened(session, session_dir) as found:
        say(turned(found.undo(), "Undone", "undo"))


@click.command(epilog="\b\nExample:\n  galley redo paper-1a2b")
@SESSION
@DIRECTORY
def redo(session: str, session_dir: str | None) -> None:
    """Make the decision again that galley undo took back."""
    with opened(session, session_dir) as found:
        say(turned(found.redo(), "Done again", "do again"))


def turned(indices: Sequence[int], word: str, none: str) -> str:
    if not indices:
        return f"There is nothing to {none}."
    if len(indices) == 1:
        return f"{word}: chunk {indices[0] + 1}."
    return f"{word}: {len(indices)} chunks ({format_pages(index + 1 for index in indices)})."


@click.command(
    cls=Grouped,
    epilog="""\b
Examples:
  galley retry paper-1a2b 3 --mode rewrite --temperature 0.7
  galley retry paper-1a2b 3-5 --model ~/models/llama-3.2-1b.gguf""",
)
@SESSION
@click.argument("chunks", metavar="CHUNKS")
@click.option("--mode", type=click.Choice(["rules", "verbatim", "rewrite"]), help="The session's own by default.")
@click.option("--model", metavar="M", default="", help="A GGUF file or a model's name.")
@click.option("--prompt", metavar="P", default="", help="Prompt of rewrite: a name or a TOML file.")
@click.option("--temperature", metavar="X", type=click.FloatRange(0, 2), help="Sampling temperature of rewrite.")
@options.engine_options
@options.common_options
def retry(
    session: str, chunks: str, mode: str | None, model: str, prompt: str, temperature: float | None, **given: Any
) -> int:
    """Clean CHUNKS of SESSION once more.

    The new attempts count from then on, but not before a text that you edited; the old ones are kept."""
    config = options.settings(given)
    path = resolve(session, config.session.folder or sessions_dir())
    events: list[Event] = []
    failures: list[GalleyError] = []
    told, stop = threading.Event(), threading.Event()

    def listen(event: Event) -> None:
        if isinstance(event, AttemptRefused) or (isinstance(event, AttemptFinished) and event.asked):
            events.append(event)
            told.set()

    def failed(error: GalleyError) -> None:
        failures.append(error)
        told.set()

    with Session.open(path) as found:
        wanted = numbers(found, chunks)
        if model and (mode or found.settings.clean.mode) == "rules":
            raise click.UsageError("rules uses no model: add --mode verbatim or --mode rewrite.")

        def model_of(name: str) -> Model | None:
            if not name:
                return session_model(found, config, lambda: bring(offer_for(EMBEDDED.name), quiet=False))
            return obtain(name, as_made(found, config), quiet=False)

        runner = Runner(found, config, model_of, listen, failed)
        try:
            with stop_on_signals(stop, None):  # the worker ends by itself when this process does
                for index in wanted:
                    runner.retry(Retry(index, mode or found.settings.clean.mode, prompt, model, temperature))
                while len(events) < len(wanted) and not failures and not stop.is_set():
                    told.wait(0.2)
                    told.clear()
        finally:
            runner.close()
        wrong = sum(map(outcome, events))
        if failures:
            raise failures[0]
        return 130 if stop.is_set() else int(wrong > 0)


def outcome(event: Event) -> bool:
    """Say what came of an attempt; whether it failed."""
    if isinstance(event, AttemptRefused):
        say(f"Chunk {event.chunk + 1}: {event.message} {event.hint}".rstrip())
        return True
    assert isinstance(event, AttemptFinished)
    if event.error is not None:
        say(f"Chunk {event.chunk + 1}: no output in {event.mode}: {event.error}")
        return True
    flags = ", ".join(flag.name for flag in event.flags)
    say(f"Chunk {event.chunk + 1}: cleaned again in {event.mode}" + (f"; flags: {flags}." if flags else "; no flags."))
    if event.word:
        say(event.word)
    return False
