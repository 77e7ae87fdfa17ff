"""How long it takes to list a thousand model files: `python -m bench.listing`.

The files are a thousand hard links to the embedded model, so the vocabulary (98,000 strings) and the 272 tensors of
each are real. Compared with the `gguf` package's reader on a few of them, side by side; and with a second look, which
the index makes cheap.
"""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import gguf

from galley.core.models import list_models, pull
from galley.core.models.gguf import WALKED, describe_gguf

FILES = 1000
READ_BY_PACKAGE = 3


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    model = pull()
    with tempfile.TemporaryDirectory(dir=model.parent, prefix=".bench-") as name:
        folder = Path(name)
        for number in range(FILES):
            (folder / f"model-{number:04}.gguf").hardlink_to(model)
        os.environ["GALLEY_MODELS"] = str(folder)
        os.environ["GALLEY_HOME"] = str(folder / "home")
        paths = sorted(folder.glob("*.gguf"))
        one = seconds(lambda: describe_gguf(paths[0]))
        WALKED.clear()
        first = seconds(list_models)
        again = seconds(list_models)
        package = seconds(lambda: [gguf.GGUFReader(path) for path in paths[:READ_BY_PACKAGE]]) / READ_BY_PACKAGE
    print(f"one file, nothing known before          {one * 1000:8.1f} ms")
    print(f"{FILES} files, for the first time           {first:8.2f} s   {first / FILES * 1000:.2f} ms a file")
    print(f"{FILES} files again, from the index         {again:8.2f} s")
    print(f"gguf.GGUFReader, one file               {package * 1000:8.1f} ms   ratio {package / (first / FILES):.0f}")


if __name__ == "__main__":
    main()
