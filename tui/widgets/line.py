"""A line of words that changes often: drawn anew by itself, where Static would have the whole screen laid out again."""

from textual.content import Content
from textual.widget import Widget


class Line(Widget):
    """Shows a text and is as high as its style says; longer texts are cut."""

    DEFAULT_CSS = "Line { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._words = Content(text)

    def say(self, words: str | Content) -> None:
        """Show other words; a plain string is never markup. The height follows the number of lines."""
        content = Content(words) if isinstance(words, str) else words
        if content == self._words and content.spans == self._words.spans:
            return
        lines = content.plain.count("\n") + 1
        if lines != self._words.plain.count("\n") + 1:
            self.styles.height = lines
        self._words = content
        self.refresh()

    def render(self) -> Content:
        return self._words
