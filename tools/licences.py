"""The licence of every package that Galley needs to run; fails on one that nobody has looked at.

What a package says of itself is read from its installed metadata. Licences are allowed by name below; where a package
says something unclear, its licence text was read, and the finding stands here beside the words it was made for, so
that it no longer counts once the package says something else. `--write` writes docs/licences.md, which is compared.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements" / "runtime.txt"
DOC = ROOT / "docs" / "licences.md"

ALLOWED = {
    "Apache-2.0": "permissive",
    "BSD-2-Clause": "permissive",
    "BSD-3-Clause": "permissive",
    "CNRI-Python": "permissive: parts of regex that come from Python 1.6",
    "MIT": "permissive",
    "MIT-0": "permissive",
    "MPL-2.0": "copyleft for its own files only, which are used as published",
    "PSF-2.0": "permissive",
}
USUAL_NAMES = {"MIT License": "MIT", "Apache Software License": "Apache-2.0"}
"""Licences by the names of their classifiers, where those are exact; "BSD License" is not."""

REVIEWED = {
    "jinja2": ("BSD License", "BSD-3-Clause"),  # by the text in its LICENSE.txt
    "locate": ("Other/Proprietary License", "MIT"),  # by the text in its LICENSE
    "pypdfium2": ("BSD-3-Clause, Apache-2.0, dependency licenses", "BSD-3-Clause AND Apache-2.0"),
}
ELSEWHERE = {"colorama": "BSD-3-Clause", "httpx2-jsfetch": "BSD-3-Clause", "pywin32-ctypes": "BSD-3-Clause"}
"""Packages for systems on which this check does not run, as their own files say."""

HEAD = """# Licences

What Galley needs to run, and under which licence each package is. Written by `make licences` from what the packages
say of themselves; `make check` fails on a licence that nobody has looked at. Galley itself is under
[Apache-2.0](../LICENSE).

| package | licence |
|---|---|
"""
TAIL = """
pypdfium2 and xllamacpp carry compiled libraries (PDFium and llama.cpp with what they are built from); the licences of
those are in the packages. The word lists in wordfreq may be passed on under CC BY-SA 4.0.
"""


def pins() -> dict[str, str]:
    """Name to version, as locked, whatever the system."""
    found = re.findall(r"(?m)^([a-z0-9._-]+)==([^\s\\;]+)", PINS.read_text(encoding="utf-8"))
    return dict(found)


def stated(name: str) -> str:
    """What an installed package says its licence is. Raises PackageNotFoundError."""
    about = metadata.metadata(name)
    classifiers = [
        line.rpartition("::")[2].strip() for line in about.get_all("Classifier") or [] if line.startswith("License ::")
    ]
    said = about.get("License-Expression") or about.get("License") or " AND ".join(classifiers)
    return " ".join(said.split())[:80]


def licence(name: str, said: str) -> str:
    """`said` as an SPDX expression, by the review where there is one."""
    if name in REVIEWED and REVIEWED[name][0] == said:
        return REVIEWED[name][1]
    return USUAL_NAMES.get(said, said)


def allowed(expression: str) -> bool:
    """Whether every part that is needed is allowed, and one of each choice."""
    needed = expression.strip("()").split(" AND ")
    return all(any(one.strip("() ") in ALLOWED for one in part.split(" OR ")) for part in needed)


def documented() -> dict[str, str]:
    text = DOC.read_text(encoding="utf-8") if DOC.exists() else ""
    return dict(re.findall(r"(?m)^\| ([a-z0-9._-]+) \| (.+) \|$", text))


def main() -> None:
    rows: dict[str, str] = {}
    problems: list[str] = []
    was = documented()
    for name, version in pins().items():
        try:
            rows[name] = licence(name, stated(name))
        except metadata.PackageNotFoundError:
            rows[name] = ELSEWHERE.get(name) or was.get(name, "")
            version += " (not installed here)"
        print(f"{name:24} {version:36} {rows[name]}")
        if not allowed(rows[name]):
            problems.append(f"{name} says its licence is {rows[name] or 'nothing'!r}, which nobody has allowed")
    text = HEAD + "".join(f"| {name} | {rows[name]} |\n" for name in sorted(rows)) + TAIL
    if "--write" in sys.argv:
        DOC.write_text(text, encoding="utf-8")
    elif not DOC.exists() or DOC.read_text(encoding="utf-8") != text:
        problems.append("docs/licences.md is out of date: make licences")
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(rows)} packages, every licence allowed.")


if __name__ == "__main__":
    main()
