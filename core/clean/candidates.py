"""What the rules propose in a chunk: places where a deletion or a repair may be right.

Every finder is a pure function from text to candidates and knows one kind. It may propose too much, since a model
decides, but each candidate carries the rules' own opinion as its prior, so that a weak model does little harm.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from ..edits import Candidate
from ..imprint import imprints
from ..prepare.frequency import zipf
from ..prepare.furniture import INLINE_STAMP
from ..prepare.removals import EMAIL
from ..prepare.tears import KIND as ASIDE
from ..signs import RAISED
from .citations import PART_OF_SENTENCE, citations, is_stated, widened

CITATION = "citation"
DEBRIS = "debris"
GOES_ON = (
    # "arXiv.2310. 04793", "2022. findings-naacl.18": a DOI's last part, where else a full stop ends a sentence.
    r"(?:(?<=[a-zA-Z]\.\d{4}\.)[ ]\d{4,8}(?=[\s.,;:)\]]|$)|(?<=/\d{4}\.)[ ][a-z][a-z-]{1,40}\.\d{1,5}\b"
    # "https://arxiv. org/abs"
    r"|(?<=[a-z]\.)[ ](?:org|com|net|edu|gov|io)/[^\s<>\"]{1,200}|(?<=[?&])[ ]\w{1,20}=[^\s<>\"]{0,200}"
    # Signs and endings that no word of a sentence has, numbers of papers, and names that letters and digits mix.
    r"|(?<=[/=?&_-])[ ](?:(?=\S{0,80}(?:\w_\w|\?\w|&\w{1,20}=|%[\dA-F]{2}|[a-z]/\d{4}"
    r"|\.(?:html?|pdf|php|txt|zip|json)\b))|(?=10\.\d{4,6}/|(?:arXiv[.:])?\d{4}\.\d{4,5}|\d{4}\.[a-z-]{1,40}\.\d"
    r"|(?=\w{8})[\w-]{0,20}\d[a-wyz]{1,20}\d|[a-z]{1,20}\d{3,20}/))[a-z\d][^\s<>\"]{0,200})"
)
"""How an address goes on behind a blank that a line's end left; a plain "input/output" there is the sentence's."""
GOES_ON_IN_REFERENCE = (
    rf"(?:{GOES_ON}|(?<=[/=?&_-])[ ](?![a-z]{{1,40}}(?:[/-][a-z]{{1,40}}){{1,20}}[.,;:)]{{0,3}}(?:\s|$))"
    r"(?=\S{0,80}(?:[/?=_]|\w\.\w|-\S{1,80}-)|\d{5})[a-z\d][^\s<>\"]{0,200})"
)
"""Behind "Available:" no sentence stands, but the next reference."""
URL = re.compile(
    r"[ \t]?(?:\[(?:Online|online)\]\.?[ \t]?)?(?P<led>\b(?:Available|URL)(?:[ \t]at)?:[ \t]?)?"
    rf"(?<![A-Za-z\d_])(?:https?:[ \t]?//|www\.)[^\s<>\"]{{3,400}}(?(led)(?:{GOES_ON_IN_REFERENCE})?|(?:{GOES_ON})?)"
)
"""With the words that only lead to it, and over blanks that a line's end left behind the colon or inside."""
LED_TO = re.compile(
    r"(?:(?<=[Aa]vailable)|(?<=[Aa]ccessible)|(?<=[Dd]ownloaded))(?:[ ]online)?[ ](?:at|from|on|via|under):?[ \t]*$"
    r"|(?<![^\W\d_])[ \t]?\b[Ee]-?[Mm]ail:[ \t]*$|[ \t]?\b(?:doi|DOI):[ \t]*$"
)
"""The end of what only leads to an address: "are available at", "E-mail:"."""
MORE_ADDRESSES = re.compile(r"[ \t]*(?:[,;]|and\b|or\b|&)[ \t]*(?:and[ \t]|or[ \t])?(?:https?:|www\.|\S{1,64}@)")
TORN_OFF = re.compile(r"^[/_-] [a-z\d]")
"""The end of an address that may go on behind a line's end."""
DOI = re.compile(
    r"[ \t]?(?<![^\W\d_])(?:doi|DOI|Doi):?[ \t]?10\.\d{4,9}/(?:[ ](?=\S{0,80}\d))?[^\s\"]{2,200}"
    r"(?:(?:(?<=[/_-])[ ](?=\S{0,80}\d)|(?<=\d\.)[ ](?=\d{4}\.\d{4,9})|(?<=\(\d\d\))[ ](?=\d{3,6}-\w))[^\s\"]{2,200})?"
)
"""A DOI that is no web address, and how it goes on behind a line's end."""
NOTED = re.compile(rf"(?<=[\d)\]”\"][.,;:])(?P<mark>[{RAISED}]{{1,2}})(?=\s|$)")
"""A footnote's mark behind a full stop that no word stands before: "(see Table 1).²"."""
MARK = re.compile(
    r"(?<=[^\W\d_]{3})(?:[.,;:]?(?P<mark>[†‡§¶∗*]{1,3})(?=[\s.,;:)]|$)|(?P<apart> [†‡§¶∗*]{1,3})(?=,|\n|$))"
)
"""Right behind a word, or behind a name in a list: elsewhere a star is an operator or the margin of a comment."""
NOTE_NUMBER = re.compile(r"(?<=[a-z][.,;:])\d{1,2}(?=\s+[A-Z])")
RAISED_MARK = re.compile(
    rf"(?:(?<![^\W\d_])(?P<number>\d[ \u2009]?))?(?<!\w)(?P<word>[^\W\d_{RAISED}]{{2,40}})(?P<stop>[.,;:!?)”’\"]?)"
    rf"(?P<mark>[{RAISED}]{{1,2}}(?:,[ ]?[{RAISED}]{{1,2}})*)(?=[\s.,;:!?)\]]|$)"
)
RAISED_OPENING = re.compile(
    rf"^[{RAISED}]{{1,2}}(?=[^\W\d_{RAISED}]{{3}}|(?:We|In|It|No|To|If|An|By|On|A|My|Our)[ ][a-z]|https?://|www\.)"
    rf"(?![^\n]{{0,2000}}\s[{RAISED}]{{1,2}}[^\W\d_{RAISED}]{{3}})",
    re.M,
)
"""The number of a footnote before its text, and none of several that part a line into names or addresses."""
POWERS = frozenset("²³")
FUNCTIONS = "sin cos tan cot sec csc sinh cosh tanh log ln exp det dim max min arg grad curl"
GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega"
)
UNITS = (
    "mm cm dm km nm μm µm fm pc kpc mpc ft in mi yd lb kg mg ml dl ms ns sec min hr hz khz mhz ghz ev kev mev gev deg "
    "rad arcsec arcmin arcsecond arcseconds arcminute arcminutes parsec parsecs degree degrees radian radians pixel "
    "pixels inch inches foot feet yard yards mile miles acre acres meter meters metre metres centimeter centimeters "
    "centimetre centimetres millimeter millimeters millimetre millimetres kilometer kilometers kilometre kilometres "
    "micrometer micrometers micrometre micrometres micron microns zentimeter second seconds minute minutes hour hours "
    "gauss tesla volt volts newton newtons kelvin"
)
QUANTITIES = (
    "error errors residual residuals deviation deviations bias variance distance radius velocity speed length width "
    "height charge score slope radii diameter wavelength frequency amplitude momentum force voltage current matrix"
)
RAISED_TO = frozenset(f"{FUNCTIONS} {GREEK} {UNITS} {QUANTITIES}".split())
"""What is raised to a power: functions, letters, units, and what statistics and formulas are about."""
LEAST_NOTED = 5
"""Letters of a word whose raised two or three may be a footnote's: a shorter one is as likely a symbol ("mc²")."""
OPERATOR = re.compile(r"[ \t]*[=<>+−–·/≈~×±∝≤≥*^-]")
OPERAND = re.compile(r"(?:[=<>+−·/≈~×±∝≤≥*^√∑Σ][ \t]?|\b(?:per|pro)[ \t])$")
"""The end of what stands before a word in a formula or a unit: "lb/in²", "per person²"."""
FIRST_NAME = re.compile(r"(?:^|(?<=\s))(?!The )[A-Z][\w’.-]{1,20}[ ]$")
NEXT_NAME = re.compile(r",|[ \t]*(?:\n|$)|[ ]and[ ][A-Z]")
ADDRESS_PART = re.compile(r"[/.\d][^\s/]{0,40}[.,;:]$")
"""The end of a web address or DOI: "2023.emnlp-main." before "67"."""
BROKEN = re.compile(r"(?<![\w-])([^\W\d_]{2,30}(?:-[^\W\d_]{1,30}){0,3})- ([^\W\d_]{2,30})\b")
SUSPENDED = frozenset(
    ["and", "or", "to", "nor", "as", "und", "oder", "bis", "bzw", "et", "ou", "o", "y", "e", "u", "i", "en", "of"]
)
HATTED = re.compile(r"(?<![\w∫∑∏])(?<![∫∑∏] )[^\x00-\x7f\W\d_][^\W\d_] (?=\d(?![\w/:%]|[.,]\d))")
"""A vector with a hat, an index and a second one: "êp 3"."""
SCRIPTS = (
    (re.compile(r"(?<![\w.])[^\W\d_][234] (?=[b-df-hj-np-tv-xzα-ωi](?:[\s,./=\]]|\)(?! [A-Z])|$))"), 0.8),
    (re.compile(r"(?<=[∈⊆⊂→×=∪:] )[B-HJ-Z] (?=(?:[nm]|n[+−-]1|[234])(?![\w=)-]))"), 0.8),
    (re.compile(r"(?<![\w.])[^\W\d_] (?=−1 ?\()"), 0.8),
    (re.compile(r"(?:(?<=[^\W\d_]−1)|(?<=[^\W\d_] −1)) (?=\((?!\d{1,3}[a-z]?\)))"), 0.6),
    (HATTED, 0.7),
)
"""What ends in the blank that should go: "c2 s" with a square and an index, "∈ R n", "f −1 (U)"."""
BARE_CONSONANTS = frozenset(["en", "de", "fr", "es", "pt", "it", "nl"])
"""Languages in which a consonant alone is no word, as it is in Polish or Czech."""
UNIT = re.compile(r"[^\n]+?(?:[.!?][\"'”’)\]]*(?=\s+[A-Z0-9(“\"])|(?=\n)|$)", re.S)
GOES_ON_BEFORE = re.compile(r"[^\W\d_][\w,)\]]$")
"""The end of what a sentence goes on from."""
DEBRIS_TOKENS = 6
"""Fewer tokens are a page range or an initial in a reference rather than remains of anything."""
LEAST_DEBRIS, LIKELIEST_DEBRIS = 0.125, 0.45
IMPRINT = 0.95
"""How likely an imprint goes: it is always the same words."""
BLANKS = re.compile(r"[ \t]+")
NOTE_BEGINNING = re.compile(rf"(?:\A|\n)((?:\d{{1,2}}[.)]?|[{RAISED}]{{1,2}})[ \t]*)\Z")
"""Of a footnote, before an address that is all of it."""
NOTE_MARK = re.compile(r"(?:\A|\n)([*∗†‡§¶✉]{1,2}[ \t]*)\Z")
CLOSING = ".,;:!?)]}'’”"
"""Signs that are no part of the address before them."""
LONGEST_NUMBER = 8
LONGEST_LEAD = 32
"""Characters before an address in which words that only lead to it are looked for."""
LINE_END = re.compile(r"\.?[ \t]*(?=\n|\Z)")
PARAGRAPH_END = re.compile(r"[ \t]*\n+")
TOKEN = re.compile(r"\S+")
WORD = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")


def find_candidates(
    text: str, kinds: Collection[str], language: str = "en", known: Iterable[Candidate] = ()
) -> tuple[Candidate, ...]:
    """Candidates of the asked kinds in `text`, ordered; two of them may overlap, and then only one can be chosen.

    `kinds` are those of `CleanOptions`; `language` is an ISO 639-1 code that wordfreq knows; `known` are what the whole
    document proposes in `text`.
    """
    finders = (FINDERS[kind] for kind in kinds if kind != ASIDE)
    found = {whole_paragraph(text, candidate) for finder in finders for candidate in finder(text, language)}
    found |= {one for one in known if one.kind not in (ASIDE, CITATION) or one.kind in kinds}
    return tuple(sorted(without_parts(found)))


def without_parts(found: Collection[Candidate]) -> Iterator[Candidate]:
    """Candidates but for those inside an imprint, which goes whole with its e-mail address. Where it tore a sentence,
    the sentence is whole without it, and it is not put behind it."""
    imprinted = [one for one in found if one.kind == DEBRIS and one.prior == IMPRINT]
    for one in found:
        part = any(whole.start <= one.start and one.end <= whole.end and one != whole for whole in imprinted)
        mended = one.kind == ASIDE and any(
            whole.replacement and one.start <= whole.start and whole.end <= one.end for whole in imprinted
        )
        if not (part or mended):
            yield one


def whole_paragraph(text: str, candidate: Candidate) -> Candidate:
    """A deletion of all of a paragraph takes the empty line after it along, one of its beginning the blank after it."""
    if candidate.replacement or text[max(0, candidate.start - 8) : candidate.start].rstrip(" ")[-1:] not in {"", "\n"}:
        return candidate
    after = PARAGRAPH_END.match(text, candidate.end) or BLANKS.match(text, candidate.end)
    return replace(candidate, end=after.end()) if after else candidate


def contacts(text: str, language: str) -> Iterator[Candidate]:
    """E-mail and web addresses, DOIs, and arXiv's stamp above the text."""
    stamp = INLINE_STAMP.match(text)
    if stamp:
        yield Candidate(0, stamp.end(), "", "contact", 0.95)
    for match in EMAIL.finditer(text):
        yield address(text, *match.span(), 0.9)
    yield from dois(text)
    for match in URL.finditer(text):
        end = match.start() + len(match.group().rstrip(CLOSING))
        number = NOTE_BEGINNING.search(text, max(0, match.start() - LONGEST_NUMBER), match.start())
        closing = LINE_END.match(text, end)
        if number and closing:
            prior = PART_OF_SENTENCE if is_stated(text, match.start()) else 0.7
            yield Candidate(number.start(1), closing.end(), "", "contact", prior)
        elif match.group().strip().startswith(("http", "www")):
            yield address(text, match.start(), end, 0.7)
        else:
            yield Candidate(match.start(), end, "", "contact", 0.7)


def dois(text: str) -> Iterator[Candidate]:
    """DOIs, each with the comma before it that would end up before a full stop or a line's end."""
    for match in DOI.finditer(text):
        end = match.start() + len(match.group().rstrip(CLOSING))
        while text.count("(", match.start(), end) > text.count(")", match.start(), end) and text[end : end + 1] == ")":
            end += 1
        if text[max(0, match.start() - 1) : match.start()] in {"", "\n"}:
            end = closing.end() if (closing := LINE_END.match(text, end)) else end
        found = address(text, match.start(), end, 0.7)
        before = len(text[: found.start].rstrip(" \t"))
        listed = text[before - 1 : before] in {",", ";"} and not text[before : match.start()].strip(" \t")
        listed = listed and (text[end : end + 1] in CLOSING or LINE_END.match(text, end) is not None)
        yield replace(found, start=before - 1) if listed else found


def address(text: str, start: int, end: int, prior: float) -> Candidate:
    """An address with what only leads to it, and with the marks that would be too many without it. What its sentence
    needs stays by the rules."""
    led = LED_TO.search(text, max(0, start - LONGEST_LEAD), start)
    if led and not MORE_ADDRESSES.match(text, end) and not TORN_OFF.search(text[end - 1 : end + 3]):
        start = led.start()
        mark = NOTE_MARK.search(text, max(0, start - LONGEST_NUMBER), start)
        start = mark.start(1) if mark and LINE_END.match(text, end) else start
    elif is_stated(text, start):
        return Candidate(start, end, "", "contact", PART_OF_SENTENCE)
    if text.startswith(". ", end) and text[max(0, start - 1) : start] in {"", "\n", *RAISED}:
        return Candidate(start, end + 2, "", "contact", prior)
    return Candidate(*widened(text, start, end), "", "contact", prior)


def footnote_marks(text: str, language: str) -> Iterator[Candidate]:
    """Marks and numbers that point at a footnote."""
    for match in MARK.finditer(text):
        group = "mark" if match["mark"] else "apart"
        yield Candidate(match.start(group), match.end(), "", "footnote_mark", 0.8 if group == "mark" else 0.6)
    for match in RAISED_MARK.finditer(text):
        prior = raised_prior(match, language)
        if prior:
            yield Candidate(match.start("mark"), match.end(), "", "footnote_mark", prior)
    for match in NOTED.finditer(text):
        yield Candidate(match.start(), match.end(), "", "footnote_mark", 0.8)
    for match in RAISED_OPENING.finditer(text):
        link = URL.match(text, match.end())
        if link and LINE_END.match(text, link.start() + len(link.group().rstrip(CLOSING))):
            continue
        yield Candidate(match.start(), match.end(), "", "footnote_mark", 0.8)
    for match in NOTE_NUMBER.finditer(text):
        if ADDRESS_PART.search(text, max(0, match.start() - 60), match.start()):
            continue
        yield Candidate(match.start(), match.end(), "", "footnote_mark", 0.7)


def raised_prior(match: re.Match[str], language: str) -> float:
    """How likely a raised number behind a word is a footnote's mark; 0 where it may be a power.

    A model is shown the number without its word and can't tell, so that none is proposed in doubt: a number too many
    is a blemish, a power lost is a wrong text.
    """
    word = match["word"].lower()
    if word in RAISED_TO or in_formula(match):
        return 0.0
    if match["stop"] not in {"", ")"} or is_authors(match):
        return 0.8
    if match["mark"] not in POWERS:
        return 0.8 if match["stop"] or len(word) > 2 or match["mark"][0] == "¹" else 0.0
    if match["number"] or match["stop"] or len(word) < LEAST_NOTED:
        return 0.0
    return 0.8 if is_common(word, language) else 0.3


def is_authors(match: re.Match[str]) -> bool:
    """Whether the raised number stands behind a first and a last name in a list: "Ming Li², Chongyang Tao³"."""
    before, text = match.start("word"), match.string
    first = FIRST_NAME.search(text, max(0, before - 24), before)
    return match["word"].istitle() and bool(first and NEXT_NAME.match(text, match.end()))


def in_formula(match: re.Match[str]) -> bool:
    """Whether an operator stands before the word or behind its raised number."""
    before, text = match.start("word"), match.string
    return bool(OPERATOR.match(text, match.end()) or OPERAND.search(text, max(0, before - 8), before))


def debris(text: str, language: str) -> Iterator[Candidate]:
    """Imprints, and sentences and lines that read like remains of a table, a formula or a figure."""
    for start, end in imprints(text):
        yield without_imprint(text, start, end)
    for match in UNIT.finditer(text):
        unit = match.group()
        prior = debris_prior(unit, language)
        if prior >= LEAST_DEBRIS:
            start = match.start() + len(unit) - len(unit.lstrip())
            yield Candidate(start, match.end(), "", DEBRIS, prior)


def without_imprint(text: str, start: int, end: int) -> Candidate:
    """What takes an imprint out: with the blank before it in a line, and with both gaps where it tears a sentence."""
    before = len(text[:start].rstrip())
    after = len(text) - len(text[end:].lstrip())
    torn = GOES_ON_BEFORE.search(text[:before][-2:]) and text[after : after + 1].islower()
    if torn and "\n" in text[before:start] + text[end:after]:
        return Candidate(before, after, " ", DEBRIS, IMPRINT)
    left = len(text[:start].rstrip(" \t"))
    return Candidate(start if text[left - 1 : left] in {"", "\n"} else left, end, "", DEBRIS, IMPRINT)


def debris_prior(unit: str, language: str) -> float:
    """From 0 (prose) to 0.45 (numbers and symbols): the share of tokens that hold no word of two letters.

    Below one half, since most of what looks like this is a table or a formula that belongs to the text.
    """
    tokens = TOKEN.findall(unit)
    if len(tokens) < DEBRIS_TOKENS:
        return 0.0
    linking = sum(is_function_word(word, language) for word in words_of(unit))
    if linking >= 2 and linking / len(tokens) > 0.12:
        return 0.0
    odd = sum(WORD.search(token) is None for token in tokens) / len(tokens)
    return max(0.0, min(LIKELIEST_DEBRIS, odd - 0.4))


def words_of(text: str) -> list[str]:
    """Words of two letters and more, in lower case."""
    return [word.lower() for word in WORD.findall(text)]


def is_common(word: str, language: str) -> bool:
    return zipf(word, language) >= 2.5


def is_function_word(word: str, language: str) -> bool:
    """So frequent that only a sentence would hold it."""
    return len(word) > 1 and zipf(word, language) >= 6.0


def hyphens(text: str, language: str) -> Iterator[Candidate]:
    """Words that a hyphen and a blank cut in two: closed, or joined with their hyphen."""
    for match in BROKEN.finditer(text):
        if match[2].lower() in SUSPENDED:
            continue
        closed = is_common((match[1].rpartition("-")[2] + match[2]).lower(), language)
        start, end = match.end(1), match.start(2)
        yield Candidate(start, end, "", "hyphen", 0.9 if closed else 0.4)
        yield Candidate(start, end, "-", "hyphen", 0.1 if closed else 0.6)


def scripts(text: str, language: str) -> Iterator[Candidate]:
    """Blanks that part a symbol from its index or exponent, which stood a little lower or higher on the page."""
    if language not in BARE_CONSONANTS:
        return
    for pattern, prior in SCRIPTS:
        for match in pattern.finditer(text):
            if pattern is HATTED and is_common(match.group().strip().lower(), language):
                continue
            yield Candidate(match.end() - 1, match.end(), "", "symbol", prior)


def broken_words(text: str, language: str) -> Iterator[Candidate]:
    """What a blank cut in two: words at a hyphen, symbols at an index."""
    yield from hyphens(text, language)
    yield from scripts(text, language)


Finder = Callable[[str, str], Iterator[Candidate]]
FINDERS: dict[str, Finder] = {
    "citation": citations,
    "contact": contacts,
    "footnote_mark": footnote_marks,
    DEBRIS: debris,
    "hyphen": broken_words,
}
