"""Every key of the app, declared once: its id, what it does, where it holds, and how the presets have it.

Bindings, the help screen, the command palette, the table in the docs and the check of a user's own keys all come from
COMMANDS. Plain letters, arrows and function keys only: over SSH and in tmux the others arrive as something else.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DESK, PROOF, ATTEMPTS = "desk", "proof", "attempts"
EVERYWHERE = (DESK, PROOF, ATTEMPTS)
PRESETS = ("default", "vim", "emacs")
NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "tilde": "~",
    "full_stop": ".",
    "comma": ",",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "backspace": "Backspace",
}
"""Keys that Textual spells out, and how a person reads them."""
SPELT = {shown: name for name, shown in NAMES.items() if len(shown) == 1 and shown.isascii()}


NOTE = """Every key can be another one: in the app's settings, or in the config file by its id.

    [ui]
    keys = "vim"          # a preset: default, vim or emacs

    [keys]
    accept = "z"          # one key
    help = "?,f1"         # or several

A key that is another command's on the same screen is refused with a notice, and the old one stays. The lists and forms
have arrows, `j` and `k` besides; `F2` keeps an edit, `Esc` leaves any dialog."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something a key does."""

    id: str
    """Stable: what the `[keys]` table of the config file calls it, and the action's name."""
    keys: str
    """Textual's key names, comma between them."""
    label: str
    """One or two words, for the footer."""
    help: str
    """A sentence, for the help screen, the palette and the docs."""
    group: str
    screens: tuple[str, ...]
    footer: bool = False
    vim: str = ""
    """Keys of the preset; empty keeps `keys`."""
    emacs: str = ""


COMMANDS: tuple[Command, ...] = (
    Command("next_chunk", "j,down", "Next", "Go to the next chunk.", "Moving", (PROOF,), emacs="ctrl+n,down"),
    Command("previous_chunk", "k,up", "Previous", "Go to the chunk before.", "Moving", (PROOF,), emacs="ctrl+p,up"),
    Command(
        "next_look",
        "n",
        "Next to see",
        "Go to the next chunk that needs a look: finished, and nothing said of it.",
        "Moving",
        (PROOF,),
        footer=True,
    ),
    Command("previous_look", "N", "Previous to see", "Go back to one that needs a look.", "Moving", (PROOF,)),
    Command(
        "next_document",
        "b",
        "Next document",
        "Go to the next document of a batch that needs a look.",
        "Moving",
        (PROOF,),
    ),
    Command(
        "first_chunk", "g,home", "First", "Go to the first chunk.", "Moving", (PROOF,), emacs="less_than_sign,home"
    ),
    Command("last_chunk", "G,end", "Last", "Go to the last chunk.", "Moving", (PROOF,), emacs="greater_than_sign,end"),
    Command(
        "next_change",
        "right_square_bracket,right",
        "Next change",
        "Go to the next change in the text.",
        "Moving",
        (PROOF,),
    ),
    Command(
        "previous_change",
        "left_square_bracket,left",
        "Previous change",
        "Go to the change before.",
        "Moving",
        (PROOF,),
    ),
    Command(
        "page_down",
        "pagedown",
        "Text down",
        "Scroll the text by a page.",
        "Moving",
        (PROOF,),
        vim="pagedown,ctrl+f",
        emacs="pagedown,ctrl+v",
    ),
    Command("page_up", "pageup", "Text up", "Scroll the text back by a page.", "Moving", (PROOF,)),
    Command("scroll_down", "J", "Line down", "Scroll the text by a line.", "Moving", (PROOF,), vim="J,ctrl+e"),
    Command("scroll_up", "K", "Line up", "Scroll the text back by a line.", "Moving", (PROOF,), vim="K,ctrl+y"),
    Command("accept", "a", "Accept", "Take the cleaned text as it is.", "Deciding", (PROOF,), footer=True),
    Command("keep_source", "x", "Source", "Keep the source of this chunk.", "Deciding", (PROOF,), footer=True),
    Command("edit", "e", "Edit", "Edit the text here.", "Deciding", (PROOF,), footer=True),
    Command("edit_outside", "E", "Editor", "Edit the text in $VISUAL or $EDITOR.", "Deciding", (PROOF,)),
    Command(
        "switch_edit",
        "t",
        "Switch edit",
        "Switch the edit under the cursor on or off (verbatim).",
        "Deciding",
        (PROOF,),
    ),
    Command("undo", "u", "Undo", "Take the last decision back.", "Deciding", (PROOF,), footer=True, emacs="ctrl+z,u"),
    Command("redo", "U", "Redo", "Make the decision again that was taken back.", "Deciding", (PROOF,), vim="U,ctrl+r"),
    Command(
        "accept_clean",
        "A",
        "Accept all",
        "Accept every finished chunk that has no flag; asks first.",
        "Deciding",
        (PROOF,),
    ),
    Command("retry", "r", "Retry", "Clean this chunk once more.", "Cleaning", (PROOF, ATTEMPTS), footer=True),
    Command(
        "retry_with",
        "R",
        "Retry with",
        "Clean this chunk once more with another mode, prompt, model or temperature.",
        "Cleaning",
        (PROOF, ATTEMPTS),
    ),
    Command("attempts", "o,enter", "Attempts", "See all attempts on this chunk.", "Cleaning", (PROOF,)),
    Command("pause", "space", "Pause", "Pause the run, or let it go on.", "Cleaning", (PROOF,), footer=True),
    Command("model", "m", "Model", "Choose the model of coming runs and retries.", "Cleaning", (DESK, PROOF)),
    Command(
        "search", "slash", "Search", "Search source and text, or the files.", "Finding", (DESK, PROOF), emacs="ctrl+s"
    ),
    Command(
        "filter", "f", "Filter", "Show all, flagged, undecided or edited chunks.", "Finding", (PROOF,), footer=True
    ),
    Command("diff_view", "d", "View", "Changes in line, side by side, or the result alone.", "Seeing", (PROOF,), True),
    Command("reflow", "D", "Layout", "Show or hide changes of layout alone.", "Seeing", (PROOF,)),
    Command("write", "w", "Write", "Write the text to a file.", "Taking along", (PROOF,), footer=True),
    Command(
        "copy", "y", "Copy", "Send this chunk's text to the terminal's clipboard, and a file.", "Taking along", (PROOF,)
    ),
    Command("open", "enter,o", "Open", "Open the file or session under the cursor.", "Desk", (DESK,), footer=True),
    Command("other_pane", "tab", "Other side", "Go to the files or the sessions.", "Desk", (DESK,), footer=True),
    Command("parent", "backspace,h,left", "Up", "Go to the folder above.", "Desk", (DESK,), footer=True),
    Command("home", "tilde", "Home", "Go to your home folder.", "Desk", (DESK,)),
    Command("recent", "b", "Recent", "Choose a folder used before.", "Desk", (DESK,), footer=True),
    Command("hidden", "full_stop", "Hidden", "Show or hide files whose names begin with a dot.", "Desk", (DESK,)),
    Command("remove", "X", "Remove", "Delete the session under the cursor; asks first.", "Desk", (DESK,)),
    Command("reload", "f5", "Reload", "Look at the folder and the sessions again.", "Desk", (DESK,)),
    Command("choose", "enter", "Choose", "Let this attempt count.", "Attempts", (ATTEMPTS,), footer=True),
    Command("left_attempt", "left,h", "Left", "Go to the attempt on the left.", "Attempts", (ATTEMPTS,), footer=True),
    Command("right_attempt", "right,l", "Right", "Go to the one on the right.", "Attempts", (ATTEMPTS,), footer=True),
    Command("settings", "S,f3", "Settings", "Change mode, model, theme, keys and more.", "Galley", (DESK, PROOF)),
    Command("palette", "colon,f4", "Commands", "Find any command by its name.", "Galley", EVERYWHERE),
    Command("help", "question_mark,f1", "Help", "Show every key.", "Galley", EVERYWHERE, footer=True),
    Command(
        "leave",
        "q,escape",
        "Back",
        "Go back.",
        "Galley",
        (PROOF, ATTEMPTS),
        footer=True,
        emacs="q,escape,ctrl+g",
    ),
    Command("quit", "q", "Quit", "Leave Galley.", "Galley", (DESK,), footer=True),
    Command(
        "end_typing",
        "escape",
        "End typing",
        "Leave the line that a name is typed in.",
        "Desk",
        (DESK,),
        emacs="escape,ctrl+g",
    ),
)
BY_ID = {command.id: command for command in COMMANDS}
GROUPS = tuple(dict.fromkeys(command.group for command in COMMANDS))


def keymap(preset: str, own: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Keys by command id, and a sentence for each of the user's own that can't hold; such a one is left out."""
    held = {command.id: getattr(command, preset, "") or command.keys for command in COMMANDS}
    problems: list[str] = []
    for id, keys in own.items():
        if id not in BY_ID:
            near = difflib.get_close_matches(id, BY_ID, n=1, cutoff=0.4)
            problems.append(
                f"There is no command {id!r} for keys.{id}" + (f"; did you mean {near[0]}?" if near else ".")
            )
            continue
        wanted = normal(keys)
        if not wanted:
            problems.append(f"keys.{id} names no key.")
            continue
        clash = clashing(id, wanted, {**held, **{k: normal(v) for k, v in own.items() if k in BY_ID and normal(v)}})
        if clash:
            other, key = clash
            problems.append(f"keys.{id}: {shown(key)} already is {other} ({BY_ID[other].label}); it keeps its old key.")
        else:
            held[id] = wanted
    return held, problems


def normal(keys: str) -> str:
    """Keys as Textual names them: "?" is question_mark; "," itself has to be written comma."""
    return ",".join(SPELT.get(key.strip(), key.strip()) for key in keys.split(",") if key.strip())


def clashing(id: str, keys: str, held: Mapping[str, str]) -> tuple[str, str] | None:
    """Another command of one of the same screens that has one of the keys, and the key."""
    screens = set(BY_ID[id].screens)
    for other, its in held.items():
        if other != id and screens & set(BY_ID[other].screens):
            both = set(keys.split(",")) & set(its.split(","))
            if both:
                return other, min(both)
    return None


def of_screen(screen: str) -> list[Command]:
    return [command for command in COMMANDS if screen in command.screens]


def shown(keys: str) -> str:
    """Keys as a person reads them: "?, F1"."""
    return " ".join(one_shown(key) for key in keys.split(","))


def shown_raw(keys: str) -> str:
    """Keys as a person may type them into the config file: "?,f1"."""
    return ",".join(NAMES[key] if key in SPELT.values() and key != "comma" else key for key in keys.split(","))


def one_shown(key: str) -> str:
    if key in NAMES:
        return NAMES[key]
    if key.startswith("ctrl+"):
        return f"Ctrl-{key.removeprefix('ctrl+').upper()}"
    return (
        key.upper()
        if key[:1] == "f" and key[1:].isdigit()
        else {"less_than_sign": "<", "greater_than_sign": ">"}.get(key, key)
    )


def table(commands: Iterable[Command] = COMMANDS) -> str:
    """The keys as a Markdown table, for the docs."""
    lines = ["| key | id | what it does | vim | emacs |", "|---|---|---|---|---|"]
    for group in GROUPS:
        lines.append(f"| **{group}** | | | | |")
        for command in commands:
            if command.group == group:
                cells = [
                    shown(command.keys),
                    f"`{command.id}`",
                    command.help,
                    *(shown(k) if k else "" for k in (command.vim, command.emacs)),
                ]
                lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(f"# Keys\n\nWritten by `python -m galley.tui.keys > docs/keys.md`.\n\n{NOTE}\n\n{table()}", end="")
