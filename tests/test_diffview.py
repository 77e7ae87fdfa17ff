"""The diff view in an app: what stands on the screen, where it scrolls to, and that it reads no markup."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from galley.core.checks import Flag
from galley.core.edits import EditDecision
from galley.tui import themes
from galley.tui.widgets.diffview import AT_ONCE, DiffView

SOURCE = "The old model (Wei, 2022) was locked away in the cold room for good [3]."
EDITS = (
    EditDecision(13, 25, "", "citation", 0.9, True),
    EditDecision(67, 71, "", "citation", 0.45, False),
)
CLEANED = "The old model was locked away in the cold room for good [3]."
SENTENCE = "Nobody had read it twice and so nobody found it."
LONG = "\n\n".join(f"Paragraph {number} (A{number}) of many. {SENTENCE}" for number in range(100))
SHORTER = "\n\n".join(f"Paragraph {number} of many. {SENTENCE}" for number in range(100))


class Shown(App[None]):
    """The view alone, and the messages it sent."""

    CSS = "DiffView { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[int, int]] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.variable_defaults()

    def compose(self) -> ComposeResult:
        yield DiffView()

    def on_diff_view_stop_changed(self, event: DiffView.StopChanged) -> None:
        self.told.append((event.number, event.count))


Test = Callable[[Shown, DiffView, Pilot[None]], Awaitable[None]]


def on_screen(test: Test, size: tuple[int, int] = (80, 24)) -> None:
    async def main() -> None:
        app = Shown()
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await test(app, app.query_one(DiffView), pilot)

    asyncio.run(main())


def segments(widget: Widget) -> list[Segment]:
    return [segment for y in range(widget.size.height) for segment in widget.render_line(y)]


def rows(app: Shown) -> list[str]:
    return ["".join(s.text for s in strip).rstrip() for strip in app.screen._compositor.render_strips()]


def drawn(view: DiffView, **attributes: bool) -> list[str]:
    """Texts of the segments that have these text attributes."""
    return [s.text for s in segments(view) if s.style and all(getattr(s.style, k) is v for k, v in attributes.items())]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_changes_are_told_apart_by_attributes_alone(size: tuple[int, int]) -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show("one gone two\nthree", "one two new three")
        await pilot.pause()
        assert drawn(view, strike=True) == ["gone "]
        assert [text.strip() for text in drawn(view, bold=True, underline=True)] == ["new"]
        assert rows(app)[0].startswith("one gone two")

    on_screen(test, size)


def test_the_last_cells_of_a_line_are_not_under_the_scrollbar() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        for text in (LONG, "x" * 3000):
            view.show(text, text)
            await pilot.pause()
            words = "".join("".join(row[:79].split()) for row in rows(app))
            assert "".join(text.split()).startswith(words)

    on_screen(test)


def test_text_of_a_document_is_never_markup() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        text = "[bold]x[/bold] [12] [/] [link=file:///]y"
        view.show(text, text)
        await pilot.pause()
        assert rows(app)[0] == text
        view.show_message(text)
        await pilot.pause()
        assert rows(app)[0] == text
        view.stream(text, "[12] tokens")
        await pilot.pause()
        assert rows(app)[:2] == [text, "[12] tokens"]

    on_screen(test)


def test_stops_are_gone_through_and_told() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show(SOURCE, CLEANED, edits=EDITS)
        await pilot.pause()
        assert (view.current_number, view.stop_count, view.current_stop) == (0, 2, None)
        view.next_stop()
        assert view.current_stop is not None
        assert view.current_stop.edit == 0
        assert drawn(view, reverse=True) == [" (Wei, 2022)"]
        view.next_stop()
        view.next_stop()
        assert view.current_stop.edit == 1
        assert drawn(view, reverse=True) == ["?", " [3]"]
        assert drawn(view, reverse=True, italic=True) == [" [3]"]
        view.previous_stop()
        await pilot.pause()
        assert app.told == [(0, 2), (1, 2), (2, 2), (2, 2), (1, 2)]

    on_screen(test)


def test_a_stop_out_of_sight_is_scrolled_to() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show(LONG, SHORTER)
        await pilot.pause()
        for _ in range(60):
            view.next_stop()
        await pilot.pause()
        assert "".join(drawn(view, reverse=True)).strip() == "(A59)"
        assert any("(A59)" in row for row in rows(app))

    on_screen(test)


def test_what_a_flag_points_at_has_a_background_of_its_own() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show("a kept [12] mark", "a kept [12] mark", flags=[Flag("debris_kept", "warning", ("[12]",))])
        await pilot.pause()
        (found,) = [s for s in segments(view) if s.text == "[12]"]
        (other,) = [s for s in segments(view) if s.text == "a kept "]
        assert found.style
        assert other.style
        assert found.style.bgcolor != other.style.bgcolor

    on_screen(test)


def test_side_by_side_needs_room_and_says_so() -> None:
    async def narrow(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.view = "side"
        view.show(SOURCE, CLEANED)
        await pilot.pause()
        assert view.effective_view == "inline"
        assert "│" not in rows(app)[0]
        await pilot.resize_terminal(130, 24)
        await pilot.pause()
        assert view.effective_view == "side"
        assert " │ " in rows(app)[0]

    on_screen(narrow)


def test_the_result_shows_no_changes() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show(SOURCE, CLEANED, edits=EDITS)
        view.view = "result"
        await pilot.pause()
        assert rows(app)[0] == CLEANED
        assert drawn(view, strike=True) == []

    on_screen(test)


def test_another_width_or_view_keeps_the_stop_in_its_row() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show(LONG, SHORTER)
        for _ in range(50):
            view.next_stop()
        await pilot.pause()
        stop = view.current_stop
        assert stop is not None
        row = stop.line - view.scroll_offset.y
        await pilot.resize_terminal(44, 24)
        await pilot.pause()
        for turned in ("result", "inline"):
            view.view = turned
            await pilot.pause()
            now = view.current_stop
            assert now is not None
            assert now.source == stop.source
            assert now.line - view.scroll_offset.y == row

    on_screen(test)


def test_the_same_chunk_shown_again_stays_where_it_is() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show(LONG, SHORTER)
        await pilot.pause()
        view.scroll_to(y=40, animate=False)
        await pilot.pause()
        told = len(app.told)
        view.show(LONG, SHORTER, keep_scroll=True)
        await pilot.pause()
        assert view.scroll_offset.y == 40
        assert len(app.told) == told
        view.show(LONG, SHORTER + " New.", keep_scroll=True)
        await pilot.pause()
        assert abs(view.scroll_offset.y - 40) <= 1
        view.show(LONG, SHORTER)
        await pilot.pause()
        assert view.scroll_offset.y == 0

    on_screen(test)


def test_an_edit_that_is_switched_stays_the_current_one() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show(SOURCE, CLEANED, edits=EDITS)
        view.next_stop()
        view.next_stop()
        off = (EDITS[0], EditDecision(67, 71, "", "citation", 0.45, True))
        view.show(SOURCE, CLEANED.replace(" [3]", ""), edits=off, keep_scroll=True)
        await pilot.pause()
        assert view.current_stop is not None
        assert view.current_stop.edit == 1
        assert drawn(view, reverse=True, strike=True) == [" [3]"]

    on_screen(test)


def test_layout_can_be_hidden_and_shown() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show("they un-\nlocked it", "they unlocked it")
        await pilot.pause()
        assert (rows(app)[0], view.stop_count) == ("they un-↵locked it", 1)
        view.reflow = False
        await pilot.pause()
        assert (rows(app)[0], view.stop_count) == ("they unlocked it", 0)

    on_screen(test)


def test_a_stream_is_followed_until_the_person_scrolls_away() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        text = "\n".join(f"line {number}" for number in range(100))
        view.stream(text, "")
        await pilot.pause()
        assert rows(app)[-1].startswith("line 99")
        view.stream(f"{text}\nline 100", "")
        await pilot.pause()
        assert rows(app)[-1].startswith("line 100")
        view.scroll_to(y=10, animate=False)
        await pilot.pause()
        view.stream(f"{text}\nline 100\nline 101", "")
        await pilot.pause()
        assert rows(app)[0].startswith("line 10")
        assert view.stop_count == 0

    on_screen(test)


def test_a_long_text_is_compared_while_the_app_goes_on() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        text = "word " * (AT_ONCE // 4)
        view.show(f"gone {text}", text)
        assert view.stop_count == 0
        for _ in range(500):
            if view.stop_count:
                break
            await pilot.pause(0.02)
        await pilot.pause()
        assert rows(app)[0].startswith("gone word word")

    on_screen(test)


def test_a_text_that_was_left_while_it_was_compared_does_not_come_back() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        text = "word " * (AT_ONCE // 4)
        view.show(f"gone {text}", text)
        view.show_message("It failed.")
        await app.workers.wait_for_complete()
        await pilot.pause(0.1)
        assert rows(app)[0] == "It failed."
        view.show(f"gone {text}", text)
        view.show("a b", "a")
        await app.workers.wait_for_complete()
        await pilot.pause(0.1)
        assert rows(app)[0] == "a b"

    on_screen(test)


def test_nothing_is_left_of_a_text_that_was_cleared() -> None:
    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show(LONG, SHORTER)
        view.next_stop()
        view.clear()
        await pilot.pause()
        assert "".join(rows(app)).strip(" ▁▂▃▄▅▆▇█") == ""
        assert (view.stop_count, view.current_number) == (0, 0)

    on_screen(test)


def test_attributes_stay_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def test(app: Shown, view: DiffView, pilot: Pilot[None]) -> None:
        view.show("one gone two", "one two new")
        view.next_stop()
        await pilot.pause()
        styles = {s.text.strip(): s.style for strip in app.screen._compositor.render_strips() for s in strip}
        assert app.no_color
        assert styles["gone"] is not None
        assert styles["gone"].strike
        assert styles["gone"].reverse

    on_screen(test)
