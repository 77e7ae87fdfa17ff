"""Themes: ours can be read by everybody and in every terminal, and a user's own never breaks the app."""

import asyncio
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from rich._palettes import STANDARD_PALETTE
from rich.color import Color as RichColor
from rich.color import ColorSystem, ColorType
from textual.app import App, ComposeResult
from textual.color import Color

from galley.core.errors import ConfigError
from galley.core.paths import config_dir
from galley.tui import themes
from galley.tui.themes import COLORS, DEFAULT, DIFF, GalleyTheme, load_all, load_theme, own_files, stamp
from galley.tui.widgets.diffview import DiffView

OURS = {path.stem: load_theme(path) for path in own_files()}
FIXED = [name for name, theme in OURS.items() if not theme.ansi]
"""Themes that bring their own colours; those of `ansi` are the terminal's, and no test can know them."""

DEPTHS = (ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD)
MARKS = (("deleted", "deleted_background"), ("inserted", "inserted_background"))
PLAIN = ("foreground", "background")
TEXTS = ("foreground", "deleted", "inserted", "reflow", "uncertain")
READ = (
    *MARKS,
    PLAIN,
    ("reflow", "background"),
    *(("uncertain", ground) for ground in ("background", "deleted_background", "inserted_background")),
    *((text, "evidence") for text in TEXTS),
)
"""What the diff writes on what: an uncertain edit keeps its ground, a flag's evidence keeps its letters."""
AROUND = (
    *(("foreground", ground) for ground in ("surface", "panel", "boost")),
    *(
        (text, ground)
        for text in ("primary", "accent", "warning", "error", "success")
        for ground in ("background", "surface", "panel")
    ),
    ("background", "primary"),
)
"""What lists, lines and dialogs write on what."""
RAISED = tuple((text, "boost") for text in ("primary", "accent", "warning", "error", "success"))
"""And in the cursor's line of a list without the keys; of 16 colours there are too few for that."""
LEGIBLE = 4.5
"""WCAG 2.2, level AA; 7 is level AAA."""
LEGIBLE_IN_16 = 2.8
"""A palette of 16 has little between 3 and 5, and none of them is ours."""

Rgb = tuple[int, int, int]
Matrix = tuple[tuple[float, float, float], ...]

BLINDNESS: dict[str, Matrix] = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""On linear RGB, severity 1.0: Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color
Vision Deficiency, IEEE Transactions on Visualization and Computer Graphics 15 (6), 2009."""


def color(theme: GalleyTheme, key: str) -> Color:
    return Color.parse({**theme.colors, **theme.diff}[key])


def at(depth: ColorSystem, theme: GalleyTheme, key: str) -> RichColor:
    """The colour as Textual writes it to a terminal of that depth (`Strip.render_ansi`)."""
    return color(theme, key).rich_color.downgrade(depth)


def seen(depth: ColorSystem, theme: GalleyTheme, key: str) -> Rgb:
    """The same as RGB, with the 16 colours of the palette that the fall to 16 is measured by."""
    found = at(depth, theme, key)
    if found.type is ColorType.STANDARD:
        return tuple(STANDARD_PALETTE[found.number or 0])
    return tuple(found.get_truecolor())


def code(depth: ColorSystem, theme: GalleyTheme, *keys: str) -> tuple[object, ...]:
    return tuple((found.type, found.number, found.triplet) for found in (at(depth, theme, key) for key in keys))


def linear(channel: float) -> float:
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def contrast(one: Rgb, other: Rgb) -> float:
    """Of 1 (none) to 21, as WCAG 2 defines it."""
    low, high = sorted(
        sum(w * linear(c) for w, c in zip((0.2126, 0.7152, 0.0722), rgb, strict=True)) for rgb in (one, other)
    )
    return (high + 0.05) / (low + 0.05)


def lab(light: tuple[float, ...]) -> tuple[float, float, float]:
    """CIE L*a*b* (white D65) of linear RGB of 0 to 1."""
    rows = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    parts = (sum(w * c for w, c in zip(row, light, strict=True)) / sum(row) for row in rows)
    x, y, z = (part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116 for part in parts)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: Color, other: Color, eye: Matrix | None = None) -> float:
    """CIE76 distance in L*a*b*, for somebody who sees all colours or with an `eye` of BLINDNESS."""
    lights = [tuple(linear(channel) for channel in c.rgb) for c in (one, other)]
    if eye is not None:
        lights = [
            tuple(min(1.0, max(0.0, sum(w * c for w, c in zip(row, light, strict=True)))) for row in eye)
            for light in lights
        ]
    return math.dist(lab(lights[0]), lab(lights[1]))


def confusions(theme: GalleyTheme) -> Iterator[str]:
    """Kinds of text that a terminal of some depth would show alike."""
    for depth in DEPTHS:
        pairs = {keys: code(depth, theme, *keys) for keys in (*MARKS, PLAIN)}
        for (one, its), (other, others) in combinations(pairs.items(), 2):
            if its == others:
                yield f"{one[0]} is {other[0]} in {depth.name}"
        if not theme.ansi and code(depth, theme, "evidence") == code(depth, theme, "background"):
            yield f"evidence is background in {depth.name}"


def strains(theme: GalleyTheme, least: float = LEGIBLE) -> Iterator[str]:
    """What could not be read, or not well."""
    for text, ground in (*READ, *AROUND):
        for depth in DEPTHS:
            wanted = {ColorSystem.TRUECOLOR: least, ColorSystem.EIGHT_BIT: least - 0.7}.get(depth, LEGIBLE_IN_16)
            found = contrast(seen(depth, theme, text), seen(depth, theme, ground))
            if found < wanted:
                yield f"{text} on {ground} in {depth.name}: {found:.1f}"
    for text, ground, wanted in (*((*pair, least) for pair in RAISED), ("secondary", "background", 3)):
        found = contrast(seen(ColorSystem.TRUECOLOR, theme, text), seen(ColorSystem.TRUECOLOR, theme, ground))
        if found < wanted:
            yield f"{text} on {ground}: {found:.1f}"


def lookalikes(theme: GalleyTheme) -> Iterator[str]:
    """Colours of deleted and inserted text that somebody colour-blind could take for each other."""
    for one, other in zip(*MARKS, strict=True):
        for name, eye in BLINDNESS.items():
            found = distance(color(theme, one), color(theme, other), eye)
            if found < 20:
                yield f"{one} and {other} for {name}: {found:.0f}"


def with_diff(theme: GalleyTheme, **diff: str) -> GalleyTheme:
    return replace(theme, diff={**theme.diff, **diff})


def text_of(name: str = "mine", primary: str = "#123456", **more: str) -> str:
    """A whole theme file."""
    colors = dict.fromkeys(COLORS, "#808080") | {"primary": primary}
    lines = [f'name = "{name}"', "dark = true", "[colors]", *(f'{key} = "{value}"' for key, value in colors.items())]
    return "\n".join([*lines, "[diff]", *(f'{key} = "{more.get(key, "#ffffff")}"' for key in DIFF), ""])


def test_there_is_a_theme_for_each_need_and_the_default_is_one_of_them() -> None:
    assert {"galley-dark", "galley-light", "high-contrast", "colour-blind", "ansi"} <= set(OURS)
    assert DEFAULT in OURS
    assert all(theme.name == stem and theme.description for stem, theme in OURS.items())
    assert [name for name, theme in OURS.items() if not theme.dark] == ["galley-light"]


@pytest.mark.parametrize("name", OURS)
def test_deleted_inserted_and_plain_text_stay_apart_with_few_colours(name: str) -> None:
    assert list(confusions(OURS[name])) == []


@pytest.mark.parametrize("name", FIXED)
def test_everything_can_be_read_on_its_ground(name: str) -> None:
    assert list(strains(OURS[name], 7 if name == "high-contrast" else LEGIBLE)) == []


def test_changes_are_told_apart_by_every_kind_of_eye() -> None:
    assert list(lookalikes(OURS["colour-blind"])) == []


def test_the_terminals_palette_is_left_to_the_terminal() -> None:
    theme = OURS["ansi"]
    assert all(value.startswith("ansi_") for value in (*theme.colors.values(), *theme.diff.values()))
    assert theme.to_textual().ansi
    for depth in DEPTHS:
        assert code(depth, theme, *COLORS, *DIFF) == code(ColorSystem.TRUECOLOR, theme, *COLORS, *DIFF)


@pytest.mark.parametrize(
    ("check", "planted", "found"),
    [
        (confusions, {"deleted": "#f08080", "inserted": "#f08081"}, "deleted is inserted in EIGHT_BIT"),
        (confusions, {"evidence": "#16191b"}, "evidence is background in EIGHT_BIT"),
        (strains, {"deleted": "#a04040"}, "deleted on deleted_background in TRUECOLOR: 2"),
        (strains, {"evidence": "#5b4a14"}, "reflow on evidence in TRUECOLOR: 3"),
        (lookalikes, {"deleted": "#d98880", "inserted": "#9fb37a"}, "deleted and inserted for deuteranopia"),
    ],
)
def test_a_bad_theme_is_found_out(
    check: Callable[[GalleyTheme], Iterator[str]], planted: dict[str, str], found: str
) -> None:
    bad = with_diff(OURS["galley-dark"], **{"inserted_background": "#4a1f1c", **planted})
    assert any(fault.startswith(found) for fault in check(bad))


def test_the_measures_are_those_of_the_standards() -> None:
    black, white = Color.parse("#000000"), Color.parse("#ffffff")
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
    assert distance(black, white) == pytest.approx(100, abs=0.1)
    assert distance(Color.parse("#ff0000"), Color.parse("#00ff00")) == pytest.approx(170.6, abs=0.5)
    for eye in BLINDNESS.values():
        assert distance(black, white, eye) == pytest.approx(100, abs=0.1)
        assert all(sum(row) == pytest.approx(1, abs=1e-5) for row in eye)


@pytest.mark.parametrize(
    ("wrong", "right", "message", "hint"),
    [
        ("primary =", "primry =", "mine.toml has colors.primry, which", "Did you mean colors.primary?"),
        ("deleted_background =", "deleted-background =", "has diff.deleted-background", "diff.deleted_background?"),
        ("[colors]", "[colours]", "has colours, which nothing reads", "Did you mean colors?"),
        ("[colors]", 'error = "red"\n[colors]', "has error, which nothing reads", "Did you mean colors.error?"),
        ("[colors]", "zzz = 1\n[colors]", "has zzz, which nothing reads", "docs/themes.md"),
        ("uncertain =", "# uncertain =", "mine.toml lacks diff.uncertain", "docs/themes.md"),
        ('name = "mine"', "", "mine.toml lacks name", "docs/themes.md"),
        ("dark = true", "", "mine.toml lacks dark", "docs/themes.md"),
        ("dark = true", 'dark = "yes"', "dark is 'yes'", "true or false"),
        ('name = "mine"', "name = 7", "name is 7", "one line of text"),
        ('name = "mine"', 'name = "a\\u001b[31m"', "name is 'a\\x1b[31m'", "one line of text"),
        ('"#123456"', '"blu"', "colors.primary is no colour: 'blu'", "Did you mean 'blue'?"),
        ('"#123456"', '"#12345"', "colors.primary is no colour: '#12345'", "#rrggbb"),
        ('"#123456"', "123456", "colors.primary is no colour: 123456", "#rrggbb"),
        ('"#123456"', '"ansi_rde"', "colors.primary is no colour: 'ansi_rde'", "Did you mean"),
        ("[colors]", "[colors", "mine.toml is no valid TOML", "docs/themes.md"),
        ("dark = true", "dark = " + "[" * 9000, "mine.toml is no valid TOML", "docs/themes.md"),
        ("dark = true", "dark = " + "1" * 9000, "mine.toml is no valid TOML", "docs/themes.md"),
    ],
)
def test_a_mistake_is_named_with_its_file_its_key_and_the_nearest_right_one(
    tmp_path: Path, wrong: str, right: str, message: str, hint: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text_of().replace(wrong, right, 1))
    with pytest.raises(ConfigError) as caught:
        load_theme(path)
    assert message in caught.value.message
    assert str(path) in caught.value.message
    assert hint in caught.value.hint


def test_a_table_that_is_missing_or_no_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    for diff in ("", "diff = 3\n"):
        path.write_text(diff + text_of().partition("[diff]")[0])
        with pytest.raises(ConfigError, match=r"mine\.toml has no \[diff\]"):
            load_theme(path)


def test_what_cannot_be_read_is_told_and_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    (tmp_path / "nowhere.toml").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe.toml")
    found, errors = load_all(tmp_path)
    assert found == OURS
    told = "\n".join(str(error) for error in errors)
    assert len(errors) == 4
    for part in ("folder.toml is no file", "latin.toml can't be read: it is not UTF-8", "nowhere.toml", "pipe.toml is"):
        assert part in told


def test_a_broken_theme_is_told_and_the_others_are_there(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(text_of("a").replace("accent =", "acent ="))
    (tmp_path / "b.toml").write_text("\ufeff" + text_of("b"))
    found, errors = load_all(tmp_path)
    assert found.keys() == {*OURS, "b"}
    assert [str(error) for error in errors] == [
        f"The theme {tmp_path / 'a.toml'} has colors.acent, which nothing reads. Did you mean colors.accent?"
    ]


def test_a_theme_of_the_users_replaces_ours_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "any.toml").write_text(text_of(DEFAULT, primary="#abcdef"))
    found, errors = load_all(tmp_path)
    assert (found.keys(), errors) == (OURS.keys(), [])
    assert found[DEFAULT].colors["primary"] == "#abcdef"


def test_a_broken_theme_with_the_name_of_ours_leaves_ours(tmp_path: Path) -> None:
    (tmp_path / f"{DEFAULT}.toml").write_text("dark = true")
    found, errors = load_all(tmp_path)
    assert (found, len(errors)) == (OURS, 1)


def test_of_two_themes_with_one_name_the_second_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(text_of("same", primary="#111111"))
    (tmp_path / "b.toml").write_text(text_of("same", primary="#222222"))
    found, errors = load_all(tmp_path)
    assert found["same"].colors["primary"] == "#111111"
    assert ["b.toml has the name 'same', as a.toml has" in error.message for error in errors] == [True]


def test_a_theme_is_seen_when_it_is_saved_changed_and_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    stamps = [stamp(folder)]
    assert load_all(folder) == (OURS, [])
    folder.mkdir()
    assert stamp(folder) == stamps[0]
    path = folder / "mine.toml"
    path.write_text(text_of())
    stamps.append(stamp(folder))
    assert "mine" in load_all(folder)[0]
    (folder / ".mine.toml.swp").write_text("x")
    (folder / ".#mine.toml").symlink_to("somebody@somewhere")
    assert stamp(folder) == stamps[1]
    assert load_all(folder)[1] == []
    path.write_text(text_of(primary="#654321"))
    os.utime(path, ns=(1, 1))  # saved at another moment, whatever this disk's clock can tell apart
    stamps.append(stamp(folder))
    assert load_all(folder)[0]["mine"].colors["primary"] == "#654321"
    path.unlink()
    assert stamp(folder) == stamps[0]
    assert len(set(stamps)) == 3


def test_a_users_themes_lie_beside_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GALLEY_HOME", str(tmp_path))
    assert themes.user_themes_dir() == config_dir() / "themes" == tmp_path / "themes"


class Wearing(App[None]):
    """Wears a theme and shows a diff, with the app's own style sheet."""

    CSS_PATH = Path(themes.__file__).with_name("galley.tcss")

    def __init__(self, theme: GalleyTheme) -> None:
        super().__init__()
        self.register_theme(theme.to_textual())
        self.theme = theme.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.variable_defaults()

    def compose(self) -> ComposeResult:
        yield DiffView()


def worn(theme: GalleyTheme) -> dict[str, tuple[RichColor | None, RichColor | None]]:
    """Letters and ground of each kind of text, as the app draws them."""

    async def look() -> dict[str, tuple[RichColor | None, RichColor | None]]:
        app = Wearing(theme)
        async with app.run_test() as pilot:
            await pilot.pause()
            view = app.query_one(DiffView)
            styles = {kind: view.get_component_rich_style(f"diff--{kind}") for kind in ("deleted", "inserted")}
            return {kind: (style.color, style.bgcolor) for kind, style in styles.items()}

    return asyncio.run(look())


@pytest.mark.parametrize("name", OURS)
def test_the_diff_is_drawn_in_the_colours_of_the_theme(name: str) -> None:
    theme = OURS[name]
    assert worn(theme) == {
        kind: (color(theme, kind).rich_color, color(theme, ground).rich_color) for kind, ground in MARKS
    }


@pytest.mark.parametrize("value", ["transparent", "#fff8", "hsl(10, 50%, 50%)", " teal ", "ansi_default", "ansi_red"])
def test_every_form_of_a_colour_can_be_worn(tmp_path: Path, value: str) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(text_of("a b/ç").replace("#808080", value).replace("#ffffff", value))
    assert worn(load_theme(path))
