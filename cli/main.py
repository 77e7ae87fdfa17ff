"""The `galley` command: finds the sub-command, loads only its module, and turns errors into one line and a code.

Sub-commands are imported when they are asked for, so that `galley --version` and `--help` never wait for pydantic,
pypdf or a model library.
"""

import gc
import importlib
import os
import shlex
import sys
from contextlib import suppress
from importlib.metadata import version

import click

COMMANDS: dict[str, tuple[str, str]] = {
    "review": ("galley.cli.app:review", "Open the app on a file or a session."),
    "clean": ("galley.cli.clean:clean", "Clean a PDF or text file; resumes where it stopped."),
    "batch": ("galley.cli.batch:batch", "Clean many: files, folders, lists, addresses; into one folder."),
    "resume": ("galley.cli.resume:resume", "Go on with an interrupted session."),
    "info": ("galley.cli.inspect:info", "Pages, metadata, text layer, and what would happen."),
    "extract": ("galley.cli.inspect:extract", "The text as it comes out of the file."),
    "chunks": ("galley.cli.inspect:chunks", "The prepared text cut into chunks."),
    "check": ("galley.cli.check:check", "Compare any cleaned text with its source."),
    "sessions": ("galley.cli.sessions:sessions", "List, show and remove sessions."),
    "decide": ("galley.cli.decide:decide", "Accept, keep the source, edit, switch edits: what the app's keys do."),
    "undo": ("galley.cli.decide:undo", "Take the last decision on a session back."),
    "redo": ("galley.cli.decide:redo", "Make it again."),
    "retry": ("galley.cli.decide:retry", "Clean some chunks once more, with other settings."),
    "export": ("galley.cli.export:export", "Write a session's text: txt, md or jsonl."),
    "models": ("galley.cli.models:models", "The models on this machine, and fetching more."),
    "doctor": ("galley.cli.doctor:doctor", "Look at this machine: what works, what is wrong, how fast."),
    "config": ("galley.cli.config:config", "Show settings and where they come from, change them, make a file of them."),
}

LARGE = 300_000
"""Bytes of a PDF."""
NEW_OBJECTS = 20_000
"""So many more have to be there before Python looks for unused ones: a document becomes hundreds of thousands of small
tuples, all of them in use, and looking through them at every 700 took a tenth of the time."""
EPILOG = """\b
Examples:
  galley                                     the app: browse, clean, review
  galley review paper.pdf                    the app on one document
  galley clean paper.pdf                     to clean_paper.txt beside it
  galley clean paper.pdf --mode rules -o -   repairs only, no model
  galley clean paper.pdf --model llama3.2    a model by its name or file
  galley sessions                            what was begun, and how far it is

\b
Exit codes: 0 clean, 1 finished with failed chunks, 2 usage or bad input,
130 interrupted (everything finished is saved; the resume command is printed)."""


class LazyGroup(click.Group):
    """A group whose commands are named in COMMANDS and imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A file given in place of a command is a likely slip, and so is a letter too many: say what to type."""
        name = args[0]
        if name not in COMMANDS and (os.path.exists(name) or name.lower().endswith(".pdf")):
            ctx.fail(f"{name!r} is a file, not a command. To clean it: galley clean {shlex.quote(name)}")
        if name not in COMMANDS and not name.startswith("-"):
            raise click.exceptions.NoSuchCommand(name, possibilities=COMMANDS, ctx=ctx)
        if name == "clean" and not ctx.resilient_parsing:
            read_ahead(args)
        return super().resolve_command(ctx, args)


def read_ahead(args: list[str]) -> None:
    """Have the workers that will read a PDF start while the command is loaded, which takes as long as they do.

    A second one if the file is so large that it most likely has pages for two.
    """
    with suppress(OSError):  # no such file, or no process to be had: whoever needs it will say so
        sizes = [os.path.getsize(name) for name in args if name.lower().endswith(".pdf") and os.path.isfile(name)]
        if sizes:
            from ..core.cores import cores
            from ..core.extract.process import start_ahead

            start_ahead(min(cores(), 2 if sizes[0] > LARGE else 1))


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(version("galley-tui"), "--version", prog_name="galley")
@click.pass_context
def galley(context: click.Context) -> int | None:
    """Turn a PDF into clean text that a podcast writer can trust. Without a command, the app opens.

    The text is extracted, repaired, cut into chunks and cleaned by a local Llama. Every attempt is kept in a session
    file, so a run that was cut off goes on where it stopped.
    """
    if context.invoked_subcommand is not None:
        return None
    from .app import open_app

    return open_app()


def main() -> None:
    """The console script. Exit codes: see EPILOG."""
    gc.set_threshold(NEW_OBJECTS)
    try:
        code = galley(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away, which is its right; nothing may be written to stdout after that.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.exit(report(error))
    sys.exit(code if isinstance(code, int) else 0)


def report(error: Exception) -> int:
    """The exit code. News for the user becomes one line on stderr; anything else is a bug and keeps its traceback."""
    from ..core.errors import GalleyError
    from .output import say

    if not isinstance(error, GalleyError):
        raise error
    say(f"galley: {error}")
    return error.exit_code
