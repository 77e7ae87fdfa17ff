"""Characters for how others are set: accents that stand alone, as fonts of TeX have them, and raised digits."""

import unicodedata

MARKS = {
    "´": "\u0301",
    "¨": "\u0308",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "¯": "\u0304",
    "ˉ": "\u0304",
    "˙": "\u0307",
    "ˇ": "\u030c",
    "˘": "\u0306",
    "˚": "\u030a",
    "`": "\u0300",
}
"""The mark that goes on a letter, for each accent that stands alone."""
DOTLESS = {"ı": "i"}
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
"""Digits set as a footnote's mark or an exponent, by their values."""


def accented(letter: str, mark: str) -> str:
    """One character where Unicode has it, else the letter with its mark."""
    return unicodedata.normalize("NFC", DOTLESS.get(letter, letter) + mark)
