"""The repairs in their order, from a document's raw text to prepared text.

Each step takes edits to a traced text, so that any character can be followed back through all of them to its page.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..document import Document
from ..edits import Candidate
from ..traced import Edit, Traced, page_at
from . import furniture, removals
from .characters import mend_characters
from .doubts import Doubt, placed, without_overlaps
from .figures import clear_figures
from .hyphens import close_hyphens
from .initials import initials
from .language import detect_language
from .ligatures import behind_signs, ligatures_in, lost_blanks
from .linenumbers import line_numbers
from .lines import PAGE_BREAK
from .options import PrepareOptions
from .paragraphs import join_lines
from .spaces import spaces
from .tears import join_torn


@dataclass(frozen=True, slots=True)
class Prepared:
    """The document after the repairs."""

    text: str
    traced: Traced
    """The same text with, for each character, its offset in `Document.text`."""
    page_starts: tuple[tuple[int, int], ...]
    """As in `Document.page_starts`."""
    counts: dict[str, int]
    """How much each step did."""
    candidates: tuple[Candidate, ...]
    """Places where the repairs were not sure; offsets in `text`."""
    language: str
    """ISO 639-1 code."""

    def pages(self, start: int, end: int) -> tuple[int, int]:
        """Numbers of the first and the last page that text[start:end] has characters of; it must not be empty."""
        origins = self.traced.origins
        return page_at(self.page_starts, origins[start]), page_at(self.page_starts, origins[end - 1])

    def page_runs(self) -> tuple[tuple[int, int], ...]:
        """(offset in `text`, page number) wherever the page changes, ascending."""
        runs: list[tuple[int, int]] = []
        for start, number in self.page_starts:
            offset = bisect_left(self.traced.origins, start)
            if offset < len(self.text):
                if runs and runs[-1][0] == offset:
                    runs.pop()
                runs.append((offset, number))
        return tuple(runs)


def prepare(document: Document, options: PrepareOptions | None = None) -> Prepared:
    """Repair a document's text; pure, and linear in its length."""
    options = options or PrepareOptions()
    traced = Traced.of(document.text)
    ligatures = ligatures_in(traced.text)
    counts: dict[str, int] = {}
    doubts: list[Doubt] = []

    def step(name: str, wanted: bool, find: Callable[[str], Sequence[Edit]]) -> None:
        nonlocal traced
        if wanted:
            edits = find(traced.text)
            traced = traced.apply(edits)
            counts[name] = len(edits)

    if options.unicode:
        traced, counts = mend_characters(traced)
    language = detect_language(traced.text) if options.language == "auto" else options.language
    step("blanks behind ligatures", options.unicode, lambda text: list(lost_blanks(traced, ligatures, language)))
    step("blanks behind signs", options.unicode, lambda text: list(behind_signs(text, language)))
    stamp = furniture.stamp_of(traced.text) if options.margin_stamps else ""
    step("margin stamps", options.margin_stamps, lambda text: furniture.stamps(text, stamp))
    if options.running_heads:
        paged = document.kind == "pdf" or PAGE_BREAK in traced.text
        step("line numbers", True, lambda text: line_numbers(text, furniture.pages_of(text, paged)))
        traced, counts["running heads"], unsure = furniture.clear_heads(traced, document.kind == "pdf")
        doubts += unsure
    traced = traced.apply([Edit(0, 0, f"{stamp}\n\n")] if stamp else [])
    step("letters brought together", options.initials, lambda text: initials(text, language))
    if options.figure_text or options.drop_figure_text:
        traced, counts["figures"], unsure = clear_figures(traced, everything=options.drop_figure_text)
        doubts += unsure
    step("reference lists", options.drop_references, removals.references)
    step("footnotes", options.drop_footnotes, removals.footnotes)
    step("table rows", options.drop_tables, removals.tables)
    line_ends: Sequence[int] = ()
    if options.hyphens:
        given, traced = [traced], Traced.of("")
        # Out of the list, so that nothing here holds the text as it was: of a large document a third copy is not kept.
        traced, hyphens, unsure, line_ends = close_hyphens(given.pop(), language)
        counts |= hyphens
        doubts += unsure
    if options.paragraphs:
        edits, joins = join_lines(traced.text, line_ends)
        traced = traced.apply(edits)
        counts["lines joined"] = joins
        step("torn sentences", options.torn_sentences, lambda text: join_torn(text, language))
        if options.torn_sentences:
            counts["torn sentences"] //= 2  # each is two edits
    step("addresses", options.drop_urls, removals.addresses)
    step("citations", options.drop_citations, removals.citations)
    candidates = without_overlaps([*placed(doubts, traced), *spaces(traced.text, language)])
    return Prepared(traced.text, traced, document.page_starts, counts, candidates, language)
