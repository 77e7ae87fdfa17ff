"""Line plots as SVG, written by hand: no library, no script, readable on light and on dark pages.

Colours are of a middle lightness and the background is left open, so a picture stands on whatever page shows it; where
the viewer says that it is dark, text and grid turn light.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 132, 44, 46
COLOURS = ("#2b7bba", "#d1662b", "#3a9a5b", "#9a63b5")
"""Told apart by the colour-blind too; each line's name stands at its end besides."""
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#444}.title{font-size:14px;font-weight:600}"
    ".grid{stroke:#8884;stroke-width:1}.line{fill:none;stroke-width:2.2}.even{stroke-dasharray:2 5;stroke-width:1.4}"
    "@media(prefers-color-scheme:dark){text{fill:#ccc}}"
)
NAME_HEIGHT = 15


@dataclass(frozen=True, slots=True)
class Line:
    """One row of measurements."""

    name: str
    points: tuple[tuple[float, float], ...]
    """(x, y), ascending by x."""
    even: bool = False
    """Dashed and grey: what it is held against, and not measured."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture with one pair of axes."""

    title: str
    x: str
    y: str
    lines: tuple[Line, ...]
    log_x: bool = False
    log_y: bool = False


def svg(plot: Plot) -> str:
    """The picture. Raises ValueError when there is nothing to draw, or 0 or less on a logarithmic axis."""
    places = [point for line in plot.lines for point in line.points]
    if not places:
        raise ValueError("a plot needs points")
    xs, ys = zip(*places, strict=True)
    x_ticks, across = scale(xs, plot.log_x, LEFT, WIDTH - RIGHT)
    y_ticks, up = scale([*ys] if plot.log_y else [0.0, *ys], plot.log_y, HEIGHT - BOTTOM, TOP)
    if not plot.log_y and min(ys) < 0:
        raise ValueError("nothing that is measured here can be negative")
    if len(set(xs)) <= 8:
        x_ticks = sorted(set(xs))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(plot.title, quote=True)}">',
        f"<style>{STYLE}</style>",
        f'<text class="title" x="{LEFT}" y="22">{escape(plot.title)}</text>',
        *(grid_line(LEFT, up(tick), WIDTH - RIGHT, up(tick)) for tick in y_ticks),
        *(label(LEFT - 8, up(tick) + 4, number(tick), "end") for tick in y_ticks),
        *(label(across(tick), HEIGHT - BOTTOM + 18, number(tick), "middle") for tick in x_ticks),
        label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, plot.x, "middle"),
        label(LEFT, TOP - 8, plot.y, "start"),
    ]
    ends = apart([up(line.points[-1][1]) for line in plot.lines])
    for place, line, end in zip(range(len(plot.lines)), plot.lines, ends, strict=True):
        parts += drawn(line, COLOURS[place % len(COLOURS)], across, up, end)
    return "\n".join([*parts, "</svg>"]) + "\n"


def drawn(
    line: Line, colour: str, across: Callable[[float], float], up: Callable[[float], float], end: float
) -> list[str]:
    """The line, its points, and its name at height `end`."""
    colour = "#888" if line.even else colour
    places = [(across(x), up(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline class="line{" even" if line.even else ""}" stroke="{colour}" points="{path}"/>']
    if not line.even:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    name = f'<text x="{places[-1][0] + 8:.1f}" y="{end + 4:.1f}" style="fill:{colour}">{escape(line.name)}</text>'
    return [*parts, name]


def scale(
    values: Sequence[float], logarithmic: bool, low: float, high: float
) -> tuple[list[float], Callable[[float], float]]:
    """Round numbers that span the values, and where on the picture a value lies."""
    if logarithmic:
        if min(values) <= 0:
            raise ValueError("a logarithmic axis has no place for 0")
        first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        last = max(last, first + 1)
        ticks = [10.0**power for power in range(first, last + 1)]
        return ticks, lambda value: low + (math.log10(value) - first) / (last - first) * (high - low)
    step = round_step(max(values) - min(values))
    first, last = math.floor(min(values) / step), math.ceil(max(values) / step)
    last = max(last, first + 1)
    ticks = [step * count for count in range(first, last + 1)]
    return ticks, lambda value: low + (value / step - first) / (last - first) * (high - low)


def round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, of which some five make the span."""
    if span <= 0:
        return 1.0
    rough = span / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)


def apart(heights: Sequence[float]) -> list[float]:
    """The heights of names, moved down as far as it takes that none covers another."""
    moved = list(heights)
    order = sorted(range(len(moved)), key=lambda place: moved[place])
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + NAME_HEIGHT)
    return moved


def number(value: float) -> str:
    """Short: 0.25, 3, 40, 1,000."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.3g}"


def grid_line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
