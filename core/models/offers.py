"""What can be fetched, said before it is: name, size and licence; and which model is taken when none is named."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..errors import ModelError
from .catalogue import Entry, catalogue, look_up
from .reference import parse_reference

REACH_SECONDS = 3.0
HUB = "https://huggingface.co"
OFFLINE_WORDS = {"1", "true", "yes", "on"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that can be fetched."""

    name: str
    reference: str
    """What `pull` takes."""
    bytes: int
    """About; 0 where nobody says before it is asked for."""
    licence: str
    """Empty where nobody says."""


class NotHere(ModelError):
    """A model that is known and has not been fetched."""

    def __init__(self, offer: Offer) -> None:
        super().__init__(f"The model {offer.name} is not on this machine yet.", f"Do: galley models pull {offer.name}")
        self.offer = offer


def offer_for(text: str) -> Offer:
    """What `text` would fetch. Raises ModelError for what is no model's name or address."""
    reference = parse_reference(text)
    if reference.kind != "catalogue":
        return Offer(text, text, 0, "")
    entry = look_up(reference.name)
    source = entry.choose(reference.quantization) or entry
    return Offer(text, text, source.bytes or source.about_bytes, entry.licence)


def default_offer() -> Offer:
    """The catalogue's default where a hub can be reached, and else the embedded model."""
    entries = catalogue()
    name = next((name for name, entry in entries.items() if entry.default), None)
    if name is None or not hub_reachable():
        name = next(iter(entries))
    return offer_for(name)


def hub_reachable() -> bool:
    """Whether the hub (HF_ENDPOINT) answers at all within a few seconds."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in OFFLINE_WORDS:
        return False
    import httpx2  # only who asks the network should wait for it

    with suppress(httpx2.HTTPError, httpx2.InvalidURL, OSError):
        endpoint = os.environ.get("HF_ENDPOINT") or HUB
        return httpx2.head(endpoint, timeout=REACH_SECONDS, follow_redirects=True).status_code < 500
    return False


def name_on_disk(entry: Entry) -> str:
    """What the file of a catalogue's model is called once it is here: as the places name it."""
    reference = entry.reference
    if reference.kind == "hf":
        return str(PurePosixPath(reference.repo, reference.file).with_suffix(""))
    return PurePosixPath(reference.member or reference.address).stem
