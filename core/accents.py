"""Accents that stand as characters of their own, as fonts of TeX set them, and letters with one on."""

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


def accented(letter: str, mark: str) -> str:
    """One character where Unicode has it, else the letter with its mark."""
    return unicodedata.normalize("NFC", DOTLESS.get(letter, letter) + mark)
