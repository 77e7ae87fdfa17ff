"""Figures and texts in a few words, as both fronts say them."""

import time

EXCERPT = 100
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
FINENESS = (
    (55.0, 10.0, 1.0, "s"),
    (19.5 * MINUTE, MINUTE, MINUTE, "min"),
    (57.5 * MINUTE, 5 * MINUTE, MINUTE, "min"),
    (9.75 * HOUR, HOUR / 2, HOUR, "h"),
    (47.5 * HOUR, HOUR, HOUR, "h"),
    (float("inf"), DAY, DAY, "days"),
)
"""Below so many seconds an estimate goes by steps of so many, and is said in this unit."""


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 page", "3 pages"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def excerpt(text: str, length: int = EXCERPT) -> str:
    """`text` on one line, cut with an ellipsis."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def middle(text: str, length: int) -> str:
    """`text` cut in its middle. Most of what is left is its end, where names that begin alike differ."""
    if len(text) <= length:
        return text
    tail = (length - 1) * 2 // 3
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def ago(touched: float) -> str:
    """How long ago, in the largest unit: "5 min", "3 h", "12 d". `touched` is in seconds since 1970."""
    seconds = max(0.0, time.time() - touched)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "now"


def printable(text: str) -> str:
    """`text` as it can be shown: what would paint or move the cursor is a dot, line ends stay."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else "·" for char in text)


def size(bytes_: int) -> str:
    """Bytes in decimal units: "98.4 MB"."""
    amount = float(bytes_)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError


def duration(seconds: float) -> str:
    """Seconds that were measured, as a person says them: "8 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def estimate(seconds: float) -> str:
    """Seconds that were reckoned, no finer than they are known: "about 50 s", "about 40 min", "about 1.5 h"."""
    if seconds < 10:
        return "a few seconds"
    for below, step, unit, name in FINENESS:
        if seconds < below:
            return f"about {max(1, round(seconds / step)) * step / unit:g} {name}"
    raise AssertionError


def parameters(count: int) -> str:
    """A model's size as people say it: "135 M", "1.24 B"."""
    for unit, amount in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= amount:
            return f"{count / amount:.3g} {unit}"
    return str(count or "?")
