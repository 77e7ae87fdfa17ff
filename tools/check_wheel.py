"""Build the wheel through the sdist and compare what it holds with what the packages hold: nothing more or less."""

import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = {".py", ".toml", ".tcss"}


def expected() -> set[str]:
    """The files of every package that pyproject.toml lists, by their place in the wheel."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders: dict[str, str] = settings["package-dir"]
    files: set[str] = set()
    for package in settings["packages"]:
        top = ".".join(package.split(".")[:2])
        folder = ROOT / folders[top] / Path(*package.split(".")[2:])
        files |= {f"{package.replace('.', '/')}/{path.name}" for path in folder.iterdir() if path.suffix in KEPT}
    return files


def unlisted() -> set[str]:
    """Folders with Python files that no package names: they would be missing from the wheel."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    listed = set(settings["packages"])
    found = {path.parent for top in settings["package-dir"].values() for path in (ROOT / top).rglob("*.py")}
    return {str(p.relative_to(ROOT)) for p in found if ".".join(("galley", *p.relative_to(ROOT).parts)) not in listed}


def built() -> set[str]:
    """What a wheel holds that was built from an sdist, its metadata left out."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, str(ROOT)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"The wheel could not be built:\n{done.stdout}\n{done.stderr}")
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return {name for name in archive.namelist() if ".dist-info/" not in name}


def main() -> None:
    wanted, got = expected(), built()
    problems = [f"missing from the wheel: {name}" for name in sorted(wanted - got)]
    problems += [f"not wanted in the wheel: {name}" for name in sorted(got - wanted)]
    problems += [f"a folder that no package names: {name}" for name in sorted(unlisted())]
    if problems:
        sys.exit("\n".join(problems))
    print(f"The wheel holds the {len(got)} files of the packages and nothing else.")


if __name__ == "__main__":
    main()
