"""What the codes of TeX's mathematical fonts mean.

These fonts name their glyphs in ways that no list of glyph names knows (`angbracketleft`), and where a PDF has no map
to Unicode for them, a reader is left with the bare code: a prime comes out as "0", a norm as "k". The tables follow the
encodings OML, OMS and OMX of The TeXbook (Knuth 1986, appendix F), and the AMS's own fonts as far as they are common.
"""

import unicodedata

NEGATION = "\ufdd0"
"""Stands for the slash of its own by which TeX strikes a relation through, set before it: "6=" is "≠"; no character."""
STROKE = "\u0338"
MAPS_TO, HOOKED = "\u21a6", "\u21aa"
"""Stand for the ends of arrows, which are set before them."""
NEGATED = "=<>≤≥≡∼≃≈≅∈∋⊂⊃⊆⊇∃∣∥⊢←→↔⇐⇒⇔"
OMS = (
    "−·×∗÷⋄±∓⊕⊖⊗⊘⊙○◦•≍≡⊆⊇≤≥⪯⪰∼≈⊂⊃≪≫≺≻"
    "←→↑↓↔↗↘≃⇐⇒⇑⇓⇔↖↙∝′∞∈∋△▽" + NEGATION + MAPS_TO + "∀∃¬∅ℜℑ⊤⊥"
    "ℵABCDEFGHIJKLMNOPQRSTUVWXYZ∪∩⊎∧∨⊢⊣⌊⌋⌈⌉{}⟨⟩|‖↕⇕\\≀√⨿∇∫⊔⊓⊑⊒§†‡¶♣♢♡♠"
)
OML = (
    "ΓΔΘΛΞΠΣΥΦΨΩαβγδϵζηθικλμνξπρστυϕχψωεϑϖϱςφ↼↽⇀⇁↪\0▷◁0123456789.,</>⋆∂ABCDEFGHIJKLMNOPQRSTUVWXYZ♭♮♯⌣⌢"
    "ℓabcdefghijklmnopqrstuvwxyzıȷ℘"
)
"""Without the two accents at its end. The hook of an arrow to the left, which stands behind it, is left out."""
DELIMITERS = "()[]⌊⌋⌈⌉{}⟨⟩"
NOTHING = "\0"
"""Pieces of what is drawn around a formula, and no sign of their own: brackets' extensions, tips of braces."""
OMX = (
    DELIMITERS
    + "|‖/\\()"
    + DELIMITERS
    + "/\\"
    + DELIMITERS
    + "/\\/\\"
    + "()[]"
    + NOTHING * 4
    + NOTHING * 4
    + "{}"
    + NOTHING * 6
    + "⟨⟩⊔⊔∮∮⊙⊙⊕⊕⊗⊗∑∏∫⋃⋂⊎⋀⋁∑∏∫⋃⋂⊎⋀⋁∐∐"
    + "ˆˆˆ˜˜˜"
    + "[]⌊⌋⌈⌉{}√√√√"
    + NOTHING * 12
)
BARS = "\x0c\x0d"
"""Codes in OMX."""
PIECES = {
    "\uf8eb": "(",
    "\uf8f6": ")",
    "\uf8ee": "[",
    "\uf8f9": "]",
    "\uf8f2": "{",
    "\uf8fd": "}",
} | dict.fromkeys("\uf8ec\uf8ed\uf8f7\uf8f8\uf8ef\uf8f0\uf8fa\uf8fb\uf8f1\uf8f3\uf8f4\uf8fc\uf8fe", "")
"""Adobe's private codes for the pieces of tall brackets: one piece stands for the bracket."""
TABLES: tuple[tuple[str, str], ...] = (
    ("CMSY", OMS),
    ("CMBSY", OMS),
    ("CMEX", OMX),
    ("CMMI", OML),
    ("MSAM", "⊡⊞⊠□■"),
    ("MSBM", ""),
)


def is_symbolic(font: str) -> bool:
    """Whether there is a table for the font; `font` as a PDF names it."""
    return font.rpartition("+")[2].upper().startswith(tuple(name for name, _ in TABLES))


def is_piece(font: str, code: int) -> bool:
    """Whether the glyph is one of several, set below each other, that a tall bar is drawn of."""
    return font.rpartition("+")[2].upper().startswith("CMEX") and chr(code) in BARS


def meaning(font: str, code: int) -> str | None:
    """What the glyph `code` of `font` stands for: empty for a piece of a drawing, None where no table says."""
    family = font.rpartition("+")[2].upper()
    for name, table in TABLES:
        if family.startswith(name):
            found = table[code : code + 1]
            return "" if found == NOTHING else found or None
    return None


def with_negations(text: str) -> str:
    """Each stroke put on the relation that it crosses, before or behind it; a stray one goes."""
    if not any(sign in text for sign in (NEGATION, MAPS_TO, HOOKED)):
        return text
    out: list[str] = []
    pending = False
    for character in text:
        if character == NEGATION:
            if out and out[-1] in NEGATED:
                out[-1] = struck(out[-1])
            else:
                pending = True
        elif pending and character in NEGATED:
            out.append(struck(character))
            pending = False
        elif character == "→" and out and out[-1] in (MAPS_TO, HOOKED):
            continue
        else:
            pending = pending and character.isspace()
            out.append(character)
    return "".join(out)


def struck(relation: str) -> str:
    return unicodedata.normalize("NFC", relation + STROKE)
