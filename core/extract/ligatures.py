"""Ligatures and dashes that a PDF has as bare codes, as TeX's older fonts and some others have them.

"first" then comes out as "\\x1crst", and without the code as "rst". Which code is which ligature differs from file to
file, so the words of the page say it: what makes "first" of "\\x1crst" is "fi".
"""

import re
from collections import Counter

LIGATURES = {"ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ", "ffi": "ﬃ", "ffl": "ﬄ"}
CODES = "\x01\x03-\x08\x0b\x0c\x0e-\x1f"
"""Not 2, which pdfium writes for a hyphen at a line's end."""
CODED = re.compile(f"[{CODES}]")
CODED_WORD = re.compile(rf"[^\W\d_]{{0,20}}(?:(?<=[^\W\d_])[{CODES}]|[{CODES}](?=[^\W\d_]))[^\W\d_]{{0,20}}")
STEMS = {
    "ff": "(?<!r)effe[ck]t|effort|differ|offer|affect|suffer|diffus|öffent|öffn|stoff|schaff|treff|effet|affair|buffer",
    "fi": "first|field|find|defin|défin|specif|spezif|scientif|signif|identif|benefi|classif|modif|final|finit|figur"
    "|config|artific|verif|profil|filter|finan|fichier|confirm",
    "fl": "influen|\\beinfl|flow|refle[ck]t|réfle|conflict|konflikt|float|flexib|fluid|fluss|fläch|pflicht|flat|flux"
    "|fluctu|flight|flaw|flour|deflect|inflat",
    "ffi": "sufficien|efficien|coefficien|effizien|koeffizien|difficult|difficil|office|offici|offizi|affin|traffic",
    "ffl": "shuffl|baffl|waffl|löffl|offline|afflu|effluen|afflict|stoffl",
}
"""What words begin with or have in them that are common in texts of several languages, by their ligature."""
FILLED = {ligature: re.compile(stems) for ligature, stems in STEMS.items()}
TIMES = 3
"""So many times as many words must speak for a ligature as for any other."""
FEWEST = 2
"""So many codes of T1 show that it is T1."""
T1 = {"\x1b": "ﬀ", "\x1c": "ﬁ", "\x1d": "ﬂ", "\x1e": "ﬃ", "\x1f": "ﬄ"}
T1_SIGNS = {"\x10": "“", "\x11": "”", "\x15": "–", "\x16": "—"}
"""What TeX's encoding T1 has below its ligatures."""


def meanings(text: str) -> dict[str, str]:
    """What the codes in a page's text stand for, as far as its words tell: one character for each."""
    votes: dict[str, Counter[str]] = {}
    for word in (match.group().lower() for match in CODED_WORD.finditer(text)):
        codes = set(CODED.findall(word))
        if len(codes) == 1:
            code = codes.pop()
            spoken = votes.setdefault(code, Counter())
            spoken.update(name for name, filled in FILLED.items() if filled.search(word.replace(code, name)))
    found: dict[str, str] = {}
    for code, counts in votes.items():
        (best, count), (_, second) = [*counts.most_common(2), ("", 0), ("", 0)][:2]
        if count >= max(1, TIMES * second):
            found[code] = LIGATURES[best]
    if sum(T1.get(code) == meaning for code, meaning in found.items()) >= FEWEST and not set(found) - set(T1):
        found = T1 | T1_SIGNS | found
    return found


def with_ligatures(codes: str) -> str:
    """A page's characters, as many as before, with a ligature for each code in a word, and T1's dashes and quotes."""
    known = meanings(codes) if CODED.search(codes) else {}
    if not known:
        return codes
    words = CODED_WORD.sub(lambda match: CODED.sub(lambda code: known.get(code.group(), code.group()), match[0]), codes)
    return words.translate({ord(code): sign for code, sign in known.items() if code in T1_SIGNS})
