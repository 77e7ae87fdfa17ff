"""Typesets `sample.pdf` from `sample.source.txt`, writes its clean text beside it, and makes the unusable PDFs.

Lines are broken here and not by fpdf2, because the point of the sample is what line breaking does to text: hyphens
that belong to the margin, hyphens that belong to the word, ligatures. One source gives both the page and its
reference text, so the two can't drift apart. How to run it: README.md in this folder.
"""

import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import fpdf
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter

HERE = Path(__file__).parent
REGULAR = HERE / "fonts" / "GalleySampleSerif-Regular.ttf"
BOLD = HERE / "fonts" / "GalleySampleSerif-Bold.ttf"

PAGE_WIDTH, PAGE_HEIGHT = 160.0, 220.0
MARGIN, GUTTER = 12.0, 6.0
TOP, BOTTOM = 22.0, 206.0
COLUMN = (PAGE_WIDTH - 2 * MARGIN - GUTTER) / 2
LEADING = 1.28
"""Millimetres and a factor: from line to line the type's size times this."""

STAMP = "arXiv:2511.99999v2 [cs.CL] 16 Nov 2025"
EVEN_HEAD, ODD_HEAD = "Fennimore and Quillon", "The Second Pair of Eyes"
LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
VOWELS = "aeiouy"
UNBREAKABLE = {"th", "ch", "sh", "ph", "gh", "ck", "qu", "wh", "ng"}
MARK = re.compile(r"\[\^(\d)\]|([\^_])\{(\w+)\}")


@dataclass
class Piece:
    """Letters set in one way: `raise_by` is in parts of the type's size."""

    text: str
    scale: float = 1.0
    raise_by: float = 0.0


@dataclass
class Line:
    pieces: list[Piece]
    size: float
    bold: bool = False
    indent: float = 0.0
    centred: bool = False
    space_before: float = 0.0
    notes: list[str] = field(default_factory=list)
    """Footnotes called on this line."""

    @property
    def height(self) -> float:
        return self.size * LEADING * 25.4 / 72 + self.space_before


class Page(fpdf.FPDF):
    """A page size, two fonts, and a dry measure of pieces."""

    def __init__(self) -> None:
        super().__init__(unit="mm", format=(PAGE_WIDTH, PAGE_HEIGHT))
        self.set_auto_page_break(False)
        self.add_font("serif", "", REGULAR)
        self.add_font("serif", "B", BOLD)
        self.set_title("The Second Pair of Eyes: A Short History of Reading Proof")
        self.set_author("Ada Fennimore and Piet Quillon")
        self.set_creation_date(datetime(2025, 11, 16, tzinfo=UTC))

    def measure(self, pieces: list[Piece], size: float, bold: bool = False) -> float:
        width = 0.0
        for piece in pieces:
            self.set_font("serif", "B" if bold else "", size * piece.scale)
            width += self.get_string_width(ligated(piece.text))
        return width

    def draw(self, line: Line, x: float, y: float, width: float) -> None:
        """Set a line whose top is at `y`."""
        baseline = y + line.height - 0.3 * line.size * 25.4 / 72
        x += (width - self.measure(line.pieces, line.size, line.bold)) / 2 if line.centred else line.indent
        for piece in joined(line.pieces):
            self.set_font("serif", "B" if line.bold else "", line.size * piece.scale)
            self.text(x, baseline - piece.raise_by * line.size * 25.4 / 72, ligated(piece.text))
            x += self.get_string_width(ligated(piece.text))


def ligated(text: str) -> str:
    for letters, ligature in LIGATURES.items():
        text = text.replace(letters, ligature)
    return text


def joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours set in the same way become one, so that spaces are in the text layer."""
    result: list[Piece] = []
    for piece in pieces:
        if result and (result[-1].scale, result[-1].raise_by) == (piece.scale, piece.raise_by):
            result[-1] = Piece(result[-1].text + piece.text, piece.scale, piece.raise_by)
        else:
            result.append(piece)
    return result


def pieces_of(word: str) -> list[Piece]:
    """Footnote marks and `^{…}`, `_{…}` become small raised and lowered pieces."""
    pieces: list[Piece] = []
    at = 0
    for match in MARK.finditer(word):
        pieces.append(Piece(word[at : match.start()]))
        down = match[2] == "_"
        pieces.append(Piece(match[1] or match[3], 0.65, -0.15 if down else 0.35))
        at = match.end()
    pieces.append(Piece(word[at:]))
    return [piece for piece in pieces if piece.text]


def break_points(word: str) -> list[tuple[str, str]]:
    """The ways to end a line within `word`, longest start first.

    After its own hyphen, or between two consonants that stand between vowels, with three letters on either side.
    """
    ways: list[tuple[str, str]] = []
    if MARK.search(word) or "@" in word:
        return ways
    if "://" in word:
        return [(word[: at + 1], word[at + 1 :]) for at in range(len(word) - 2, 7, -1) if word[at] == "/"]
    for at in range(len(word) - 3, 2, -1):
        before, left, right, after = word[at - 2 : at + 2].lower()
        if word[at - 1] == "-" and word[at].isalpha():
            ways.append((word[:at], word[at:]))
        elif (
            "-" not in word
            and word[at - 3 : at + 3].isalpha()
            and before in VOWELS
            and after in VOWELS
            and left not in VOWELS
            and right not in VOWELS
            and left + right not in UNBREAKABLE
        ):
            ways.append((word[:at] + "-", word[at:]))
    return ways


def broken(
    page: Page, text: str, size: float, width: float, first_indent: float = 0.0, hang: float = 0.0
) -> list[Line]:
    """`text` as lines; as much of a word goes on a line as a break point lets fit."""
    words = text.split(" ")
    lines: list[Line] = []
    current: list[Piece] = []
    indent = first_indent
    while words:
        space = [Piece(" ")] if current else []
        for start, rest in [(words[0], ""), *break_points(words[0])]:
            trial = [*current, *space, *pieces_of(start)]
            if page.measure(trial, size) <= width - indent:
                current = trial
                words[:1] = [rest] if rest else []
                if rest:
                    lines.append(Line(current, size, indent=indent))
                    current, indent = [], hang
                break
        else:
            if not current:
                raise SystemExit(f"{words[0]!r} is wider than its column")
            lines.append(Line(current, size, indent=indent))
            current, indent = [], hang
    return [*lines, Line(current, size, indent=indent)] if current else lines


def with_notes(lines: list[Line], text: str) -> list[Line]:
    """Say on which lines footnotes are called."""
    for line in lines:
        line.notes = [
            piece.text
            for piece in line.pieces
            if piece.raise_by > 0 and f"[^{piece.text}]" in text and piece.text.isdigit()
        ]
    return lines


class Flow:
    """Fills column after column, with footnotes at the foot of the column that calls them."""

    def __init__(self, page: Page, notes: dict[str, str]) -> None:
        self.page = page
        self.notes = {number: self.note_lines(number, text) for number, text in notes.items()}
        self.column = -1
        self.y = BOTTOM
        self.foot: list[Line] = []
        self.page_top = TOP

    def note_lines(self, number: str, text: str) -> list[Line]:
        lines = broken(self.page, text, 7.5, COLUMN, first_indent=2.0)
        lines[0].indent = 0.0
        lines[0].pieces.insert(0, Piece(number + " ", 0.8, 0.2))
        return lines

    def place(self, line: Line, keep: float = 0.0) -> None:
        """Put a line; `keep` is the room in millimetres that must be left under it."""
        called = [low for number in line.notes for low in self.notes[number]]
        floor = BOTTOM - sum(low.height for low in [*self.foot, *called]) - (2.0 if self.foot or called else 0.0)
        if self.y + line.height + keep > floor:
            self.next_column()
        self.foot += called
        if self.y == self.page_top:
            line.space_before = 0.0
        self.page.draw(line, self.x, self.y, COLUMN)
        self.y += line.height

    @property
    def x(self) -> float:
        return MARGIN + self.column % 2 * (COLUMN + GUTTER)

    def next_column(self) -> None:
        self.finish_column()
        self.column += 1
        if self.column % 2 == 0:
            self.page.add_page()
            self.page_top = TOP
            running_head(self.page)
        self.y = self.page_top

    def finish_column(self) -> None:
        if self.foot:
            y = BOTTOM - sum(line.height for line in self.foot)
            self.page.line(self.x, y - 0.8, self.x + 18, y - 0.8)
            for line in self.foot:
                self.page.draw(line, self.x, y, COLUMN)
                y += line.height
        self.foot = []


def running_head(page: Page) -> None:
    """Number outside, title or authors inside; the first page has its number below and the stamp in its margin."""
    number = page.page_no()
    page.set_font("serif", "", 8)
    if number == 1:
        page.text(PAGE_WIDTH / 2, PAGE_HEIGHT - 8, "1")
        page.set_font("serif", "", 13)
        with page.rotation(90, x=8.5, y=160):
            page.text(8.5, 160, STAMP)
        return
    head = f"{number}    {EVEN_HEAD}" if number % 2 == 0 else f"{ODD_HEAD}    {number}"
    x = MARGIN if number % 2 == 0 else PAGE_WIDTH - MARGIN - page.get_string_width(head)
    page.text(x, 14, head)


def title_block(flow: Flow, title: str, authors: list[str]) -> None:
    """Over both columns of the first page."""
    page = flow.page
    flow.next_column()
    y = TOP - 4
    width = PAGE_WIDTH - 2 * MARGIN
    for line in broken(page, title, 15, width * 0.8):
        line.bold, line.centred, line.indent = True, True, 0.0
        page.draw(line, MARGIN, y, width)
        y += line.height
    for author in authors:
        line = Line([Piece(author)], 9.5, centred=True, space_before=0.8)
        page.draw(line, MARGIN, y, width)
        y += line.height
    flow.y = flow.page_top = y + 6


def table(flow: Flow, caption: str, rows: list[list[str]]) -> None:
    """A caption and rows between rules; a table is not broken over columns."""
    size, page = 8.0, flow.page
    caption_lines = broken(page, caption, size, COLUMN)
    caption_lines[0].space_before = 3.0
    row_height = Line([], size).height
    keep = sum(line.height for line in caption_lines) + row_height * len(rows) + 6
    for at, line in enumerate(caption_lines):
        flow.place(line, keep if at == 0 else 0.0)
    flow.y += 1.5
    for at, row in enumerate(rows):
        if at in (0, 1):
            page.line(flow.x, flow.y, flow.x + COLUMN, flow.y)
        for cell, x in zip(row, (0.0, 32.0, 43.0, 55.0), strict=True):
            page.draw(Line([Piece(cell)], size), flow.x + x, flow.y, COLUMN)
        flow.y += row_height
    page.line(flow.x, flow.y, flow.x + COLUMN, flow.y)
    flow.y += 3


def typeset(source: list[str]) -> Page:
    """The paper as pages."""
    page = Page()
    flow = Flow(page, {line[2]: line[5:] for line in source if line.startswith("[^")})
    title_block(flow, source[0][2:], [line[2:] for line in source if line.startswith("@ ")])
    rows = [line[2:] for line in source if line.startswith("| ")]
    for line in source[1:]:
        kind, _, text = line.partition(" ")
        if kind == "##":
            size = 9.5
            flow.place(Line([Piece(text)], size, bold=True, space_before=3.0), keep=3 * 5.0)
            flow.y += 1.0
        elif kind == "|" and text == rows[0]:
            table(flow, text, [row.split(" ; ") for row in rows[1:]])
        elif kind == "!":
            place_all(flow, broken(page, text, 8.5, COLUMN))
        elif kind == "-":
            place_all(flow, broken(page, text, 8.0, COLUMN, hang=4.0))
        elif line and kind not in ("@", "|") and not line.startswith("[^"):
            place_all(flow, with_notes(broken(page, line, 9.5, COLUMN, first_indent=3.5), line))
    flow.finish_column()
    return page


def place_all(flow: Flow, lines: list[Line]) -> None:
    for line in lines:
        flow.place(line)


def reference(source: list[str]) -> str:
    """The clean text: a paragraph a line, an empty line between them; footnotes after the paragraph they belong to."""
    paragraphs: list[str] = []
    for line in source:
        if line:
            text = re.sub(r"^(#+|@|!|\||-|\[\^\d\]) ", "", line)
            paragraphs.append(MARK.sub(lambda match: match[3] or "", text).replace(" ; ", " "))
    return "\n\n".join(paragraphs) + "\n"


def scanned() -> fpdf.FPDF:
    """A page that is only a picture of text."""
    image = Image.new("1", (800, 300), 1)
    pen = ImageDraw.Draw(image)
    pen.text((40, 60), "This page was scanned.", font=ImageFont.truetype(REGULAR, 48))
    pen.text((40, 140), "It has no text layer.", font=ImageFont.truetype(REGULAR, 48))
    page = fpdf.FPDF()
    page.set_creation_date(datetime(2025, 11, 16, tzinfo=UTC))
    page.add_page()
    page.image(image, x=20, y=30, w=160)
    return page


def encrypted(sound: Path, target: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(sound))
    for page in range(len(writer.pages) - 1, 0, -1):
        writer.remove_page(page)
    writer.encrypt("galley", owner_password="owner of the galley", algorithm="AES-256")
    writer.write(target)


def main(folder: Path) -> None:
    source = (HERE / "sample.source.txt").read_text("utf-8").splitlines()
    sample = folder / "sample.pdf"
    typeset(source).output(str(sample))
    (folder / "sample.reference.txt").write_text(reference(source), "utf-8")
    scanned().output(str(folder / "no_text_layer.pdf"))
    encrypted(sample, folder / "encrypted.pdf")
    whole = sample.read_bytes()
    (folder / "damaged.pdf").write_bytes(whole[:200] + bytes(range(256)) * 4 + whole[200:2000])


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
