"""Keys: declared once, reachable over SSH, free of clashes, and a person's own checked."""

import re
from pathlib import Path

import pytest

from galley.tui import keys
from galley.tui.screens.attempts import AttemptsScreen
from galley.tui.screens.desk import Desk
from galley.tui.screens.proof import Proof

SCREENS = {keys.DESK: Desk, keys.PROOF: Proof, keys.ATTEMPTS: AttemptsScreen}
DOCS = Path(__file__).parent.parent / "docs" / "keys.md"


@pytest.mark.parametrize("preset", keys.PRESETS)
def test_no_preset_clashes_with_itself(preset: str) -> None:
    held, problems = keys.keymap(preset, {})
    assert problems == []
    assert [(id, keys.clashing(id, own, held)) for id, own in held.items() if keys.clashing(id, own, held)] == []


@pytest.mark.parametrize("command", keys.COMMANDS, ids=lambda command: command.id)
def test_every_command_is_an_action_of_its_screens_with_words_for_it(command: keys.Command) -> None:
    assert command.label
    assert command.help.endswith(".")
    for screen in command.screens:
        assert callable(getattr(SCREENS[screen], f"action_{command.id}"))


def test_the_default_keys_survive_ssh_and_tmux() -> None:
    plain = re.compile(r"[a-zA-Z]|f\d+|up|down|left|right|home|end|pageup|pagedown|enter|space|escape|tab|backspace")
    for command in keys.COMMANDS:
        for key in command.keys.split(","):
            assert plain.fullmatch(key) or key in keys.SPELT.values(), key


def test_ids_are_unique() -> None:
    assert len(keys.BY_ID) == len(keys.COMMANDS)


def test_own_keys_go_over_the_preset_and_symbols_may_be_typed_as_they_are() -> None:
    held, problems = keys.keymap("vim", {"help": "f9, ~", "accept": "ctrl+g"})
    assert held["help"] == "f9,tilde" or problems
    assert held["accept"] == "ctrl+g"
    assert keys.keymap("default", {"accept": "Z"})[0]["accept"] == "Z"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"acept": "z"}, "did you mean accept?"),
        ({"accept": "x"}, "x already is keep_source"),
        ({"accept": ""}, "names no key"),
        ({"accept": "z", "edit": "z"}, "z already is"),
    ],
)
def test_what_cannot_hold_is_said_and_the_old_key_stays(own: dict[str, str], expected: str) -> None:
    held, problems = keys.keymap("default", own)
    assert any(expected in problem for problem in problems), problems
    assert held["accept"] == "a" or held["edit"] == "e"


def test_keys_that_trade_places_do_not_clash() -> None:
    held, problems = keys.keymap("default", {"accept": "x", "keep_source": "a"})
    assert problems == []
    assert (held["accept"], held["keep_source"]) == ("x", "a")


def test_the_table_in_the_docs_is_the_one_that_is_generated() -> None:
    assert keys.table() in DOCS.read_text(encoding="utf-8"), "python -m galley.tui.keys > docs/keys.md"
