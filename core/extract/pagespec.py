"""Page selections as people write them ("3-17,20", "5-", "-3"), both ways."""

import re
from collections.abc import Iterable

from ..errors import InputError

RANGE = re.compile(r"(?a:(\d*)\s*-\s*(\d*)|(\d+))")
LONGEST_NUMBER = 9


def select_pages(spec: str, page_count: int) -> list[int]:
    """The page numbers that `spec` names, ascending and without repeats; an empty spec names all pages.

    Raises InputError for what is no number, reversed, or outside 1 to `page_count`.
    """
    if not spec.strip():
        return list(range(1, page_count + 1))
    chosen: set[int] = set()
    for part in spec.split(","):
        first, last = _bounds(part.strip(), page_count)
        chosen.update(range(first, last + 1))
    return sorted(chosen)


def check_pages(spec: str) -> None:
    """Raises InputError for what can name pages of no file, however many it has."""
    for part in spec.split(",") if spec.strip() else []:
        _bounds(part.strip(), 10**LONGEST_NUMBER)


def _bounds(part: str, page_count: int) -> tuple[int, int]:
    match = RANGE.fullmatch(part)
    if match is None or part == "-" or any(len(number or "") > LONGEST_NUMBER for number in match.groups()):
        raise InputError(f'"{part[:40]}" is no page or range of pages.', 'Write pages as in "3-17,20", "5-" or "-3".')
    start, end, single = match.groups()
    first = int(single or start or 1)
    last = int(single or end or max(page_count, first))
    if first > last:
        raise InputError(f'The page range "{part}" runs backwards.', f'Write "{last}-{first}".')
    if first < 1:
        raise InputError(f"There is no page {first}.", "The first page is 1.")
    if last > page_count:
        wrong = first if first > page_count else last
        raise InputError(f"There is no page {wrong}.", f"The file has pages 1 to {page_count}.")
    return first, last


def format_pages(numbers: Iterable[int]) -> str:
    """Page numbers as a person would write them: [1, 2, 3, 7] is "1-3, 7"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def name_pages(numbers: Iterable[int], *, longest: int = 120) -> str:
    """ "page 4" or "pages 1-3, 7", shortened when there are very many runs."""
    listed = sorted(set(numbers))
    text = format_pages(listed)
    if len(text) > longest:
        text = f"{text[:longest].rpartition(',')[0]} and others, {len(listed)} in all"
    return f"page {text}" if len(listed) == 1 else f"pages {text}"
