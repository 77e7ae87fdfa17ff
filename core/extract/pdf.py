"""A PDF as the worker sees it: both libraries open on the same bytes, each making up for the other.

A file counts as unusable only when neither library can use it. Each step of opening is announced first, so that the
parent knows which step to leave out when a hostile file makes one hang or crash.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..errors import InputError
from .failures import named, password_needed, quoted
from .pdfium import PdfiumReader
from .protocol import Job
from .pypdfreader import PypdfReader
from .readers import CannotOpen, CannotRead, Reader

ReaderT = TypeVar("ReaderT", bound=Reader)

LONGEST_VALUE = 500
MOST_VALUES = 40


class PdfFile:
    """An open PDF. Raises InputError, or PasswordNeeded, from the constructor."""

    kind = "pdf"

    def __init__(self, job: Job, data: bytes, announce: Callable[[str], None]) -> None:
        self.notes: list[str] = []
        self._path = Path(job.path)
        self._readers: dict[str, Reader] = {}
        self._refusals: dict[str, CannotOpen] = {}
        self._open(job, data, announce)
        wanted = {"pdfium", "pypdf"} if job.extractor == "auto" else {job.extractor}
        self.extractors = [name for name in ("pdfium", "pypdf") if name in wanted and name in self._readers]
        if not self.extractors:
            raise self._refusal(job)
        self.encrypted = any(reader.encrypted for reader in self._readers.values())
        self.page_count = self._count_pages()
        if self.page_count == 0:
            raise InputError(f"{named(self._path)} has no pages.", "Export or download it again.")
        announce("metadata")
        self.metadata = self._metadata() if "metadata" not in job.avoid else {}

    def text(self, number: int, extractor: str) -> str:
        """The page's raw text. Raises CannotRead."""
        reader = self._readers.get(extractor)
        if reader is None:
            raise CannotRead("it could not open the file")
        if number > reader.page_count:
            raise CannotRead("the page is missing from the page tree")
        return reader.text(number)

    def unseen(self, extractor: str) -> dict[str, int]:
        """Characters of the page last read that a reader of it does not see; pypdf can't tell."""
        reader = self._readers[extractor]
        return reader.unseen if isinstance(reader, PdfiumReader) else {}

    def close(self) -> None:
        for reader in self._readers.values():
            reader.close()

    def _open(self, job: Job, data: bytes, announce: Callable[[str], None]) -> None:
        pypdf = self._try(job, "pypdf", announce, lambda: PypdfReader(data, job.password))
        if job.extractor != "pypdf":
            self._try(job, "pdfium", announce, lambda: PdfiumReader(data, job.password, job.drop_unseen))
        if pypdf is None:
            return
        refusal = self._refusals.get("pdfium")
        if refusal and refusal.why == "damaged" and "repair" not in job.avoid:
            announce("repair")
            mended = pypdf.rewritten()
            if mended is not None:
                self._try(job, "pdfium", announce, lambda: PdfiumReader(mended, None, job.drop_unseen))
        if pypdf.complaints:
            said = "; ".join(quoted(complaint, 100).rstrip(".") for complaint in pypdf.complaints)
            self.notes.append(f"The file's structure is damaged and was repaired as far as possible ({said}).")
        elif refusal and "pdfium" in self._readers:
            self.notes.append("The file's structure is damaged; pypdf repaired it.")

    def _try(
        self, job: Job, name: str, announce: Callable[[str], None], open_reader: Callable[[], ReaderT]
    ) -> ReaderT | None:
        if name in job.avoid:
            return None
        announce(name)
        try:
            reader = open_reader()
        except CannotOpen as error:
            self._refusals[name] = error
            return None
        self._readers[name] = reader
        return reader

    def _refusal(self, job: Job) -> InputError:
        reasons = {refusal.why: refusal.detail for refusal in self._refusals.values()}
        name = named(self._path)
        if "password" in reasons:
            return password_needed(self._path, job.password is not None)
        if "encryption" in reasons:
            return InputError(
                f"{name} is encrypted in a way that can't be opened: {reasons['encryption']}.",
                "Remove its protection with the program that made it, or with qpdf --decrypt.",
            )
        if self._readers:
            return InputError(f"{job.extractor} can't open {name}.", "Use --extractor auto.")
        return InputError(
            f"{name} is damaged beyond repair: {reasons.get('damaged') or 'no library can open it'}.",
            "Download or export it again.",
        )

    def _count_pages(self) -> int:
        """pypdf walks the page tree; pdfium may take the file's word for it, so its surplus must be seen to exist."""
        pypdf, pdfium = self._readers.get("pypdf"), self._readers.get("pdfium")
        if pypdf is None or not isinstance(pdfium, PdfiumReader):
            return (pypdf or pdfium or next(iter(self._readers.values()))).page_count
        if pypdf.page_count == pdfium.page_count:
            return pypdf.page_count
        surplus = pdfium.page_count > pypdf.page_count and pdfium.has_page(pypdf.page_count + 1)
        count = pdfium.page_count if surplus else pypdf.page_count
        self.notes.append(
            f"The page tree is inconsistent: pdfium counts {pdfium.page_count:,} pages, pypdf "
            f"{pypdf.page_count:,}; the count taken is {count:,}."
        )
        return count

    def _metadata(self) -> dict[str, str]:
        reader = self._readers.get("pypdf") or self._readers["pdfium"]
        tidy = ((quoted(k, 60), quoted(v, LONGEST_VALUE)) for k, v in list(reader.metadata().items())[:MOST_VALUES])
        return {key: value for key, value in tidy if key and value}
