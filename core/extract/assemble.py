"""Turns what the workers bring in into a Document, and says in its notes what the user should know of it."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ..document import Document, Page, SkippedPage
from ..errors import InputError
from .agreement import MUCH
from .failures import named
from .options import ExtractOptions
from .pagespec import name_pages, select_pages
from .protocol import OFF_PAGE, Item, Opened
from .source import check_source
from .supervise import Harvest, Supervisor
from .team import Team

DEFAULTS = ExtractOptions()
LEAST_UNSEEN = 40
"""Characters on a page: fewer are stray labels of figures and the like, and say nothing."""
NOT_COMPARED = "pdfium and pypdf were not compared: cleaning ended before that was done."
"""Stands among a document's notes until they are."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of holding the two extractors against each other."""

    agreements: dict[int, float | None]
    """By page number; None where a page says nothing."""
    notes: tuple[str, ...]
    """All notes of the document."""

    def added_to(self, document: Document) -> Document:
        pages = tuple(replace(page, agreement=self.agreements.get(page.number)) for page in document.pages)
        return replace(document, pages=pages, notes=self.notes)


class Extraction:
    """One file being extracted: `read` it, then `compare`. Use as a context manager: leaving it ends the workers."""

    def __init__(
        self,
        path: Path,
        options: ExtractOptions = DEFAULTS,
        *,
        password: str | None = None,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """`progress` is called with (pages done, pages asked for) as it goes on; `cancelled` is asked ten times a
        second."""
        self._path = path
        self._options = options
        self._progress = progress
        self._first = Supervisor(path, options, password, cancelled)
        self._team = Team(self._first)
        self._items: list[Item] = []
        self._opened: list[str] = []
        self._texts: list[str] = []
        self._losses: list[str] = []
        """Notes on opening the file, on its pages' texts, and on what is missing, in the order in which they stand."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """End the workers, from the thread that uses them."""
        self._team.end()

    def read(self) -> Document:
        """All pages; where they are still to be compared, a note says that they were not.

        Raises InputError in one sentence for whatever is wrong with the file or the page selection, PasswordNeeded for
        an encrypted one, and ExtractionCancelled.
        """
        path, options = self._path, self._options
        check_source(path)
        opened = self._first.open()
        selected = select_pages(options.pages, opened.page_count)

        def settled(count: int) -> None:
            if self._progress is not None:
                self._progress(count, len(selected))

        self._items = plan(selected, opened.extractors, options)
        harvest = self._team.take(self._items, settled, alone=options.max_chars > 0)
        pages, cut = _limit(harvest, options.max_chars)
        if not any(page.text.strip() for page in pages):
            raise _nothing(path, opened, harvest, selected)
        self._opened = opened.notes
        self._texts = _notes_on_texts(path, opened, harvest)
        self._losses = [*_notes_on_losses(harvest, options), *_left_out(opened, harvest, selected, cut, options)]
        return Document(
            path=path,
            sha256=opened.sha256,
            kind=opened.kind,
            page_count=opened.page_count,
            pages=pages,
            skipped=_skipped(harvest),
            metadata=opened.metadata,
            stripped_controls=harvest.removed,
            notes=self._notes([NOT_COMPARED] if self.compares else _notes_on_agreement({}, self._items)),
        )

    @property
    def compares(self) -> bool:
        """Whether there is anything for `compare` to do."""
        return self._team.compares

    def compare(self, *, gently: bool = False) -> Comparison:
        """How the extractors agree on the pages that were read; `gently`, when others may go first.

        Raises ExtractionCancelled.
        """
        agreements = self._team.compare(gently=gently)
        return Comparison(agreements, self._notes(_notes_on_agreement(agreements, self._items)))

    def hurry(self) -> None:
        """Compare gently no longer, since somebody waits. From any thread."""
        self._team.hurry()

    def stop(self) -> None:
        """Have what is under way end with ExtractionCancelled. From any thread."""
        self._team.stop()

    def _notes(self, on_agreement: list[str]) -> tuple[str, ...]:
        return (*self._opened, *self._team.notes, *self._texts, *on_agreement, *self._losses)


def extract(
    path: Path,
    options: ExtractOptions = DEFAULTS,
    *,
    password: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Document:
    """Take the text of a PDF or text file, page by page, in worker processes, and compare the extractors.

    Arguments as of `Extraction`; raises as `Extraction.read`.
    """
    with Extraction(path, options, password=password, progress=progress, cancelled=cancelled) as extraction:
        document = extraction.read()
        return extraction.compare().added_to(document)


def plan(selected: list[int], extractors: list[str], options: ExtractOptions) -> list[Item]:
    """What to do with each page. Where both extractors are there, an even sample of the pages is compared: pypdf takes
    about 35 ms a page, which a paper can afford and a book of a thousand pages can't."""
    if len(extractors) < 2 or not options.compare_pages:
        return [Item(number, extractors) for number in selected]
    total, sample = len(selected), min(len(selected), options.compare_pages)
    return [Item(number, extractors, index * sample % total < sample) for index, number in enumerate(selected)]


def _limit(harvest: Harvest, max_chars: int) -> tuple[tuple[Page, ...], int]:
    """The pages whose joined text has at most `max_chars` characters, and how many were cut off the last of them.

    Only the last page harvested can reach beyond the limit, since no more were asked for.
    """
    pages = list(harvest.pages.values())
    surplus = harvest.characters - max_chars
    if not max_chars or surplus <= 0 or not pages:
        return tuple(pages), 0
    last = pages.pop()
    if len(last.text) <= surplus and pages:  # the separator before it was the last character allowed
        harvest.left.insert(0, last.number)
        return tuple(pages), 0
    return (*pages, replace(last, text=last.text[:-surplus])), surplus


def _skipped(harvest: Harvest) -> tuple[SkippedPage, ...]:
    given_up = dict.fromkeys(harvest.left, harvest.gave_up) if harvest.gave_up else {}
    return tuple(SkippedPage(number, reason) for number, reason in sorted((harvest.skipped | given_up).items()))


def _notes_on_texts(path: Path, opened: Opened, harvest: Harvest) -> list[str]:
    notes: list[str] = []
    pages = harvest.pages.values()
    empty = [page.number for page in pages if not page.text.strip()]
    if empty and opened.kind == "pdf":
        notes.append(f"No text layer on {name_pages(empty)}; {_ocr(path)} can add one.")
    by_pypdf = [page.number for page in pages if page.extractor == "pypdf" and "pdfium" in opened.extractors]
    if by_pypdf:
        notes.append(f"pypdf's text was taken on {name_pages(by_pypdf)}, where pdfium failed or found nothing.")
    return notes


def _notes_on_agreement(agreements: dict[int, float | None], items: list[Item]) -> list[str]:
    notes: list[str] = []
    apart = [number for number, found in agreements.items() if found is not None and found < MUCH]
    if apart:
        notes.append(f"pdfium and pypdf disagree much on {name_pages(apart)}: look at their text before trusting it.")
    asked = sum(item.compare for item in items)
    if 0 < asked < len(items):
        notes.append(f"pdfium and pypdf were compared on {asked:,} of {len(items):,} pages, evenly spread.")
    return notes


def _notes_on_losses(harvest: Harvest, options: ExtractOptions) -> list[str]:
    notes: list[str] = []
    pages = harvest.pages.values()
    unread = [page.number for page in pages if "\ufffd" in page.text]
    if unread:
        count = sum(page.text.count("\ufffd") for page in pages)
        notes.append(f"{count:,} characters could not be read and stand as \ufffd, on {name_pages(unread)}.")
    notes += _unseen(harvest, options)
    if harvest.skipped:
        first = min(harvest.skipped)
        limits = " timeout_seconds and memory_mb in the [extract] settings bound it." if harvest.deaths else ""
        notes.append(f"Could not read {name_pages(harvest.skipped)} ({harvest.skipped[first]}).{limits}")
    return notes


def _unseen(harvest: Harvest, options: ExtractOptions) -> list[str]:
    """What a reader of the pages does not see, where a page has enough of it to say something."""
    pages: dict[str, dict[int, int]] = {}
    for page, counts in sorted(harvest.unseen.items()):
        if page in harvest.pages and sum(counts.values()) >= LEAST_UNSEEN:
            for why, count in counts.items():
                pages.setdefault(why, {})[page] = count
    off = pages.pop(OFF_PAGE, {})
    notes: list[str] = []
    if pages:
        parts = [f"{sum(on.values()):,} {why} on {name_pages(on)}" for why, on in pages.items()]
        what = "They are in the text" if options.keep_unseen else "They were left out of the text"
        notes.append(f"Characters that a reader of the page does not see: {'; '.join(parts)}. {what}.")
    if off:
        notes.append(f"{sum(off.values()):,} characters off the page were left out, on {name_pages(off)}.")
    return notes


def _left_out(opened: Opened, harvest: Harvest, selected: list[int], cut: int, options: ExtractOptions) -> list[str]:
    notes: list[str] = []
    outside = set(range(1, opened.page_count + 1)) - set(selected)
    if outside:
        notes.append(
            f"Left out by the choice of pages: {name_pages(outside)}, {len(outside):,} of {opened.page_count:,}."
        )
    if harvest.gave_up:
        notes.append(f"Gave up on {name_pages(harvest.left)}: {harvest.gave_up}.")
    elif cut or harvest.left:
        lost = [f"{cut:,} characters of the last page taken"] if cut else []
        lost += [f"all of {name_pages(harvest.left)} ({len(harvest.left):,})"] if harvest.left else []
        notes.append(f"Cut at {options.max_chars:,} characters by choice: {' and '.join(lost)} left out.")
    return notes


def _nothing(path: Path, opened: Opened, harvest: Harvest, selected: list[int]) -> InputError:
    """Why there is no text at all."""
    name = named(path)
    if opened.kind == "text":
        return InputError(f"{name} holds no text.", "Check that it is the right file.")
    if harvest.skipped:
        first = min(harvest.skipped)
        return InputError(
            f"No page of {name} could be read; page {first}: {harvest.skipped[first]}.",
            "Export or download it again, or allow more time and memory in the [extract] settings.",
        )
    where = "" if len(selected) == opened.page_count else f" on {name_pages(selected)}"
    return InputError(
        f"{name} has no text layer{where}: its pages are probably scanned images.", f"Add one: {_ocr(path)}"
    )


def _ocr(path: Path) -> str:
    name = named(path)
    return f"ocrmypdf --skip-text {shlex.quote(name)} {shlex.quote(f'{Path(name).stem}-ocr.pdf')}"
