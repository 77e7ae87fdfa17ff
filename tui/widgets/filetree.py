"""The file browser: folders, and the files that Galley can take."""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text, TextType
from textual.binding import Binding, BindingType
from textual.widgets import DirectoryTree
from textual.widgets.directory_tree import DirEntry
from textual.widgets.tree import TreeNode

from ...core.wording import printable

SUFFIXES = frozenset({".pdf", ".txt", ".text", ".md"})


class FileTree(DirectoryTree):
    """PDFs and text files below a folder; names that begin with a dot only when asked for."""

    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    ICON_FILE = "  "
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False, id="files_down"),
        Binding("k", "cursor_up", "Up", show=False, id="files_up"),
        Binding("g", "scroll_home", "First", show=False, id="files_first"),
        Binding("G", "scroll_end", "Last", show=False, id="files_last"),
    ]

    def __init__(self, path: Path, *, hidden: bool = False, id: str | None = None) -> None:
        super().__init__(path, id=id)
        self.hidden = hidden
        self.guide_depth = 2
        self.show_guides = False
        self.show_root = False  # its name stands above, and a first Enter would fold it

    @property
    def current(self) -> Path | None:
        """The path under the cursor."""
        node = self.cursor_node
        return node.data.path if node is not None and node.data is not None else None

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        return [path for path in paths if self._wanted(path)]

    def _populate_node(self, node: TreeNode[DirEntry], content: Iterable[Path]) -> None:
        super()._populate_node(node, content)
        if node is self.root:
            self.call_after_refresh(self._to_first)

    def _to_first(self) -> None:
        """Enter is to open something from the beginning."""
        if self.cursor_node in (None, self.root) and self.root.children:
            self.move_cursor(self.root.children[0])

    def process_label(self, label: TextType) -> Text:
        return Text(printable(label if isinstance(label, str) else label.plain).replace("\n", "·"))

    def render_label(self, node: TreeNode[DirEntry], base_style: Style, style: Style) -> Text:
        label = super().render_label(node, base_style, style)
        return label.append("/", style) if node.allow_expand and node is not self.root else label

    def go_to(self, start: str) -> bool:
        """Put the cursor on the next entry whose name begins with, or else holds, `start`; False when none does."""
        wanted = start.casefold()
        nodes = [node for node in self._listed(self.root) if node.data is not None]
        at = next((i for i, node in enumerate(nodes) if node is self.cursor_node), -1)
        turned = nodes[at:] + nodes[:at] if at >= 0 else nodes
        for fits in (str.startswith, str.__contains__):
            for node in turned:
                if node.data is not None and fits(node.data.path.name.casefold(), wanted):
                    self.move_cursor(node)
                    return True
        return False

    def _wanted(self, path: Path) -> bool:
        if path.name.startswith(".") and not self.hidden:
            return False
        return self._safe_is_dir(path) or path.suffix.lower() in SUFFIXES

    def _listed(self, node: TreeNode[DirEntry]) -> Iterable[TreeNode[DirEntry]]:
        """The node and what is unfolded below it, in the order on the screen."""
        yield node
        if node.is_expanded:
            for child in node.children:
                yield from self._listed(child)
