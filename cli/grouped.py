"""Help of the commands with many options: these stand under headings, in one column."""

import click

WIDEST = 23
"""Cells of the column of names; a longer one has a line of its own."""
OWN = "Options"
HELP = "help"

HEADINGS: dict[str, tuple[str, ...]] = {
    "Input": ("pages", "max_chars", "extractor", "password"),
    "How to clean": (
        "mode",
        "language",
        "chunk_size",
        "chunk_unit",
        "prompt",
        "temperature",
        "top_p",
        "seed",
        "retries",
    ),
    "Model and engine": ("model", "engine", "base_url", "gpu_layers", "threads", "jobs"),
    "Output": ("output", "format_", "force", "as_json", "quiet"),
    "Run": ("fresh", "retry_failed", "workers", "address", "session_dir", "assignments", HELP),
}
"""Which options stand under which heading, in this order, by the names that the functions get them under."""


class Grouped(click.Command):
    """A command whose options are listed under HEADINGS. What stands in none of them comes first, under OWN."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        shown: dict[str, tuple[str, str]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None:
                shown[HELP if param is self.get_help_option(ctx) else param.name or ""] = record
        known = {name for names in HEADINGS.values() for name in names}
        own = tuple(name for name in shown if name not in known)
        width = max(len(name) for name, _ in shown.values() if len(name) <= WIDEST)
        for heading, names in {OWN: own, **HEADINGS}.items():
            rows = [(f"{shown[name][0]:{width}}", shown[name][1]) for name in names if name in shown]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows, col_max=width)
