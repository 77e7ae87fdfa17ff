"""What can be fetched, said before it is: name, size and licence; and which model is taken when none is named."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ..errors import ModelError
from .catalogue import EMBEDDED_NAME, Source, catalogue, look_up
from .hub import the_hub
from .reference import parse_reference

REACH_SECONDS = 3.0


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
    source = entry.choose(reference.quantization)  # None for one that only the hub may have
    return Offer(text, text, (source.bytes or source.about_bytes) if source else 0, entry.licence)


def default_offer() -> Offer:
    """The catalogue's default where a hub can be reached, and else the embedded model."""
    entries = catalogue()
    name = next((name for name, entry in entries.items() if entry.default), None)
    return offer_for(name if name is not None and hub_reachable() else EMBEDDED_NAME)


def hub_reachable() -> bool:
    """Whether the hub answers at all within a few seconds."""
    hub = the_hub()
    if hub.offline:
        return False
    import httpx2  # only who asks the network should wait for it

    with suppress(httpx2.HTTPError, httpx2.InvalidURL, OSError):
        return httpx2.head(hub.endpoint, timeout=REACH_SECONDS, follow_redirects=True).status_code < 500
    return False


def name_on_disk(source: Source) -> str:
    """What the file of a catalogue's model is called once it is here: as the places name it."""
    reference = source.reference
    if reference.kind == "hf":
        return str(PurePosixPath(reference.repo, reference.file).with_suffix(""))
    return PurePosixPath(reference.member or urlsplit(reference.address).path).stem
