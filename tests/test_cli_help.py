"""`galley COMMAND --help`, as a person reads it in a terminal of 80 columns."""

import re

import click
import pytest

from galley.cli.main import galley as main_group

LONG = ("clean", "batch", "info", "extract", "chunks", "resume", "retry", "doctor")
HEADING = re.compile(r"^([A-Z][a-z ]+):$")


def help_of(name: str) -> str:
    context = click.Context(main_group, info_name="galley", help_option_names=["-h", "--help"], terminal_width=80)
    command = main_group.get_command(context, name)
    assert command is not None
    return command.get_help(click.Context(command, info_name=name, parent=context, terminal_width=80))


def sections(name: str) -> dict[str, list[str]]:
    """The options under each heading, by their long names."""
    found: dict[str, list[str]] = {}
    for line in help_of(name).splitlines():
        if heading := HEADING.match(line):
            found[heading[1]] = []
        elif option := re.match(r"  (?:-\w, )?--([a-z-]+)", line):
            found[list(found)[-1]].append(option[1])
    return found


def test_what_clean_takes_stands_under_the_heading_where_it_is_looked_for() -> None:
    shown = sections("clean")
    assert list(shown) == ["Input", "How to clean", "Model and engine", "Output", "Run"]
    assert shown["Input"] == ["pages", "max-chars", "extractor", "password"]
    assert shown["How to clean"][:2] == ["mode", "language"]
    assert {"model", "engine", "base-url", "jobs"} <= set(shown["Model and engine"])
    assert shown["Output"] == ["output", "force", "json", "quiet"]
    assert shown["Run"] == ["fresh", "session-dir", "set", "help"]


def test_in_batch_jobs_are_the_runs_and_slots_the_models() -> None:
    shown = sections("batch")
    assert {"retry-failed", "jobs", "ray"} <= set(shown["Run"])
    assert "slots" in shown["Model and engine"]


@pytest.mark.parametrize("name", LONG)
def test_each_option_is_listed_once_and_only_a_commands_own_ones_under_options(name: str) -> None:
    command = main_group.get_command(click.Context(main_group), name)
    assert command is not None
    taken = sorted(
        max(param.opts, key=len).removeprefix("--")
        for param in command.params
        if param.name != "help"
        if isinstance(param, click.Option)
    )
    shown = sections(name)
    assert sorted(name for names in shown.values() for name in names) == sorted([*taken, "help"])
    own = {"extract": ["prepared"], "doctor": ["speed", "gpu-selftest"]}
    assert shown.get("Options", []) == own.get(name, [])


@pytest.mark.parametrize("name", LONG)
def test_what_an_option_does_stands_in_one_column_and_the_examples_at_the_end(name: str) -> None:
    lines = help_of(name).splitlines()
    examples = lines.index("  Examples:")
    assert not any(HEADING.match(line) for line in lines[examples:])
    listed = [line for line in lines[:examples] if re.match(r"  (-\w, )?--", line)]
    begins = {match.end() for line in listed if (match := re.match(r"  -.*?  +(?=\S)", line))}
    assert len(begins) == 1, "one column for all headings"
    assert len(listed) > 4
