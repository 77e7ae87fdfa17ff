"""What a batch says of its folder: `report.json` for programs, `report.html` for people.

Both are written from the ledger, a document at a time. The page loads nothing and runs nothing: whatever a document is
called or says stands in it as text.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..atomic import write_atomically
from ..extract.controls import strip_controls
from ..wording import duration, plural
from .dataset import FOLDER
from .entry import shown
from .ledger import Ledger, row_errors
from .records import DONE, Record, Totals

JSON, HTML = "report.json", "report.html"
LEFT_OUT = "left_out"
"""The fact of a ledger that says what of the inputs was taken for Galley's own, in a sentence."""
WAITS = "waits"
"""The fact that lists, as JSON, what was said of a server that was waited for in the last call."""
MOST_ROWS = 5000
"""Documents on the page, worst first; all of them are in `report.json`."""
STYLE = """
:root { color-scheme: light dark; --line: #8886; --bad: #c0392b; --warn: #b9770e }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
th { position: sticky; top: 0; background: Canvas }
td { overflow-wrap: anywhere }
td a { color: inherit }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tr.failed td:first-child { border-left: 4px solid var(--bad) }
tr.flagged td:first-child { border-left: 4px solid var(--warn) }
small { opacity: .75; display: block; unicode-bidi: isolate }
"""


def write_reports(folder: Path, ledger: Ledger) -> tuple[Path, Path]:
    """Write both into the folder; returns their paths. Raises StorageError or SessionError."""
    write_atomically(folder / JSON, (part.encode() for part in as_json(ledger)))
    write_atomically(folder / HTML, (part.encode() for part in as_html(folder, ledger)))
    return folder / JSON, folder / HTML


def as_json(ledger: Ledger) -> Iterator[str]:
    yield '{\n "totals": ' + json.dumps(asdict(ledger.totals()))
    yield ',\n "left_out": ' + json.dumps(ledger.facts().get(LEFT_OUT) or None, ensure_ascii=False)
    yield ',\n "waits": ' + json.dumps(waits_of(ledger), ensure_ascii=False)
    yield ',\n "documents": ['
    comma = ""
    for record in ledger.documents():
        yield f"{comma}\n  " + json.dumps(facts_of(record), ensure_ascii=False)
        comma = ","
    yield "\n ]\n}\n"


def waits_of(ledger: Ledger) -> list[str]:
    with row_errors(ledger.path):
        return [plain(str(words)) for words in json.loads(ledger.facts().get(WAITS) or "[]")]


def facts_of(record: Record) -> dict[str, Any]:
    """A document in the report."""
    outcome = record.outcome if record.state != "failed" else None
    facts: dict[str, Any] = {
        "document": record.output,
        "input": shown(record.source),
        "state": record.state,
        "reason": plain(record.reason) or None,
    }
    if outcome is None:
        return facts
    return facts | {
        "output": f"{FOLDER}/{record.part}" if record.part else f"{record.output}.txt",
        "session": plain(outcome.session),
        "replaced": plain(outcome.replaced) or None,
        "sha256": outcome.sha256,
        "mode": outcome.mode,
        "pages": outcome.pages,
        "chunks": outcome.chunks,
        "failed_chunks": outcome.failed,
        "flagged": outcome.flagged,
        "flags": outcome.flags,
        "skipped_pages": [{"page": page, "reason": plain(reason)} for page, reason in outcome.skipped],
        "notes": [plain(note) for note in outcome.notes],
        "characters": outcome.characters,
        "tokens": outcome.tokens,
        "seconds": outcome.seconds,
    }


def as_html(folder: Path, ledger: Ledger) -> Iterator[str]:
    totals = ledger.totals()
    title = f"Batch: {plain(folder.resolve().name)}"
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n"
        f"<p>{escape(sentence(totals))} {escape(ledger.facts().get(LEFT_OUT, ''))}</p>\n"
    )
    yield "".join(f"<p>{escape(words)}</p>\n" for words in waits_of(ledger))
    yield "<table><thead><tr><th>Document</th><th>State</th>"
    yield "".join(f'<th class="n">{name}</th>' for name in ("Pages", "Chunks", "Flagged", "Time"))
    yield "<th>Flags, and what was left out</th></tr></thead><tbody>\n"
    for count, record in enumerate(ledger.documents(worst_first=True)):
        if count == MOST_ROWS:
            yield f'<tr><td colspan="7">{totals.documents - count:,} more are in {JSON}.</td></tr>\n'
            break
        yield row_of(record)
    yield "</tbody></table>\n</body></html>\n"


def row_of(record: Record) -> str:
    outcome = record.outcome if record.state != "failed" else None
    kind = "failed" if record.troubled else "flagged" if outcome and outcome.flagged else "plain"
    figures = ("", "", "", "")
    remarks = [plain(record.reason)] if record.reason else []
    if outcome is not None:
        failed = f" ({outcome.failed} failed)" if outcome.failed else ""
        figures = (
            f"{outcome.pages:,}",
            f"{outcome.chunks:,}{failed}",
            f"{outcome.flagged:,}",
            duration(outcome.seconds),
        )
        remarks += [", ".join(f"{name} {count}" for name, count in outcome.flags.items())]
        remarks += [f"Page {page} left out: {plain(reason)}." for page, reason in outcome.skipped[:20]]
        remarks += [plain(note) for note in outcome.notes]
    cells = "".join(f'<td class="n">{escape(figure)}</td>' for figure in figures)
    said = "<br>".join(escape(remark) for remark in remarks if remark)
    name = f"{linked(record)}<small>{escape(shown(record.source))}</small>"
    return f'<tr class="{kind}"><td>{name}</td><td>{escape(record.state)}</td>{cells}<td>{said}</td></tr>\n'


def linked(record: Record) -> str:
    """A document's name, which leads to its text where it has one: a place below the page, and none elsewhere."""
    name = escape(record.output)
    if record.state != DONE or record.part:
        return name
    return f'<a href="./{quote(os.fsencode(record.output))}.txt">{name}</a>'


def sentence(totals: Totals) -> str:
    """The sums in words."""
    parts = [f"{totals.done:,} done"]
    parts += [f"{totals.failed:,} failed"] if totals.failed else []
    parts += [f"{totals.waiting:,} waiting"] if totals.waiting else []
    figures = f"{plural(totals.pages, 'page')}, {plural(totals.chunks, 'chunk')}, {totals.flagged:,} to look at"
    failed = f", {totals.failed_chunks:,} failed" if totals.failed_chunks else ""
    return f"{plural(totals.documents, 'document')}: {', '.join(parts)}. {figures}{failed}."


def plain(text: str) -> str:
    """Text of somebody else's on one line, without what paints or hides."""
    return " ".join(strip_controls(text).text.split())
