"""Settings of the deterministic repairs; each switch is one step."""

from ..options import Options


class PrepareOptions(Options):
    """Which repairs are made to the extracted text."""

    unicode: bool = True
    """Ligatures, broken encodings, look-alike spaces and quotes of no meaning (ftfy)."""
    hyphens: bool = True
    """Words hyphenated at a line's end are closed, by the document's own words and a frequency list."""
    paragraphs: bool = True
    """Lines are joined into paragraphs."""
    running_heads: bool = True
    """Running heads, footers, page numbers and the numbers of lines in a margin are removed."""
    initials: bool = True
    """Drop caps and headings with blanks between their letters are put together."""
    margin_stamps: bool = True
    """arXiv's stamp in the margin is taken out of the text and set above it, once."""
    figure_text: bool = True
    """Tick labels, axis names and legends from inside a figure that tear a sentence are removed; captions stay."""
    torn_sentences: bool = False
    """A sentence that a caption, a table or a footnote tears is put together before it; needs `paragraphs`."""
    drop_figure_text: bool = False
    """All tick labels, axis names and legends go, wherever they stand."""
    drop_references: bool = False
    """The reference list goes."""
    drop_footnotes: bool = False
    """Footnotes go."""
    drop_tables: bool = False
    """Tables go."""
    drop_urls: bool = False
    """URLs and e-mail addresses go."""
    drop_citations: bool = False
    """Citations in parentheses and brackets go."""
    language: str = "auto"
    """The text's language as an ISO 639-1 code; `auto` finds it by the words."""
