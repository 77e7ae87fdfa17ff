"""What is meant by the inputs of a batch: files, folders, patterns, lists, manifests and addresses, as entries.

Entries come in a fixed order and one at a time, so that a shelf of a million files is never held in memory.
"""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from ..errors import InputError
from .entry import SUFFIXES, Entry, is_address, shown
from .manifest import SUFFIXES as MANIFESTS
from .manifest import read_manifest
from .own import Own
from .remote import find_remote, stem_of

LIST = "-"
DEEP = "**"


def find(inputs: Iterable[str], folder: Path, lines: Iterable[str] = (), own: Own | None = None) -> Iterator[Entry]:
    """The documents that `inputs` mean; `folder` is the batch's own, which is never read from. `lines` is the list that
    `-` stands for. `own` keeps count of what is left out of folders and patterns.

    Raises InputError for an input that is not there or holds nothing.
    """
    own = own or Own()
    for given in inputs:
        if given == LIST:
            yield from listed(lines, folder, own)
        else:
            yield from meant(given, folder, own)


def listed(lines: Iterable[str], folder: Path, own: Own) -> Iterator[Entry]:
    """The entries of a list, an input a line. One that means nothing (no such file, a pattern without a match, an empty
    folder) is the batch's to report, like any other fault; a manifest's mistakes are a person's to mend first.
    """
    for name in lines:
        if not name.strip():
            continue
        try:
            yield from meant(name, folder, own, named=False)
        except InputError as error:
            if is_manifest(absolute(name)) and not is_address(name):
                raise
            source = name if is_address(name) else str(absolute(name))
            yield Entry(source, stem_of(name) if is_address(name) else Path(source).stem, fault=str(error))


def meant(given: str, folder: Path, own: Own, *, named: bool = True) -> Iterator[Entry]:
    """The entries of one input; with `named` a person typed it, and a file that is missing is an error."""
    if is_address(given):
        yield from find_remote(given, SUFFIXES)
        return
    if not given:
        raise InputError("An input is empty.", "Name a file or a folder; . is this one.")
    path = absolute(given)
    if os.path.isdir(path):  # os.path, for which a name that is too long is merely none
        yield from in_folder(path, folder, own)
    elif is_manifest(path):
        yield from read_manifest(path)
    elif os.path.exists(path) or (not named and not glob.has_magic(given)):
        yield single(path)
    elif glob.has_magic(given):
        yield from matching(given, folder, own)
    else:
        raise InputError(f"There is no file or folder {shown(given)}.", "Check the name.")


def absolute(given: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(given)))


def is_manifest(path: Path) -> bool:
    return path.suffix.lower() in MANIFESTS and os.path.isfile(path)


def single(path: Path) -> Entry:
    return Entry(str(path), path.stem)


def in_folder(root: Path, folder: Path, own: Own) -> Iterator[Entry]:
    """All documents below `root`, in order of their names; hidden ones, those in the batch's own folder and what Galley
    wrote stay out."""
    results = folder.resolve()
    if root.resolve() == results:
        raise InputError(f"{shown(str(root))} is the batch's own folder too.", "Give another folder with -o.")
    found = False
    for place, folders, files in os.walk(root, onerror=unreadable):
        inside = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(name for name in inside if Path(place, name).resolve() != results)
        for name in sorted(files):
            path = Path(place, name)
            if path.suffix.lower() not in SUFFIXES or name.startswith("."):
                continue
            if not own.leaves_out(path, root):
                found = True
                yield Entry(str(path), str(path.relative_to(root).with_suffix("")))
    if not found:
        raise nothing(f"{shown(str(root))} holds no PDF and no text file", own, "Check that it is the right folder.")


def nothing(said: str, own: Own, hint: str) -> InputError:
    """No document was found; it may be that all there is are Galley's own."""
    if own.left_out:
        return InputError(f"{said} but what Galley wrote.", "To clean that again, name the files one by one.")
    return InputError(f"{said}.", hint)


def unreadable(error: OSError) -> None:
    """Raises InputError: a folder that can't be looked into is not left out in silence."""
    raise InputError(
        f"{shown(str(error.filename))} can't be read: {error.strerror}.", "Check its permissions, or name others."
    ) from error


def matching(pattern: str, folder: Path, own: Own) -> Iterator[Entry]:
    """The files that a pattern matches, their names relative to the part of it that is no pattern."""
    base = Path(os.path.abspath(os.path.expanduser(fixed_part(pattern))))
    results, found = folder.resolve(), False
    for name in sorted(set(expanded(os.path.expanduser(pattern)))):
        path = Path(os.path.abspath(name))
        if path.is_file() and not path.resolve().is_relative_to(results) and not own.leaves_out(path, base):
            found = True
            inside = path.is_relative_to(base) and path != base
            yield Entry(str(path), str(path.relative_to(base).with_suffix("")) if inside else path.stem)
    if not found:
        raise nothing(f"{shown(pattern)} matches no file", own, "Check the pattern.")


def expanded(pattern: str) -> Iterator[str]:
    """What a pattern matches, some of it more than once. `**` goes into no link to a folder: `glob` goes round a loop
    forty times, and two loops without end.
    """
    head, deep, tail = divided(pattern)
    if not deep:
        yield from glob.iglob(pattern)
        return
    for base in glob.iglob(head) if head else [os.curdir]:
        for place, folders, _ in os.walk(base, onerror=unreadable):
            folders[:] = [name for name in folders if not name.startswith(".")]
            below = glob.escape(place if head else os.path.relpath(place))
            yield from expanded(os.path.join(below, tail or "*"))


def divided(pattern: str) -> tuple[str, bool, str]:
    """What stands before the first `**` of a pattern, whether there is one, and what comes after it."""
    parts = PurePosixPath(pattern).parts
    if DEEP not in parts:
        return pattern, False, ""
    at = parts.index(DEEP)
    return os.path.join(*parts[:at]) if at else "", True, os.path.join("", *parts[at + 1 :])


def fixed_part(pattern: str) -> str:
    """The folders of a pattern before the first one with a wild card."""
    parts = PurePosixPath(pattern).parts
    plain = [part for at, part in enumerate(parts[:-1]) if not any(glob.has_magic(p) for p in parts[: at + 1])]
    return str(PurePosixPath(*plain)) if plain else "."
