"""Citations: which words only cite, and which the sentence can't do without.

Several citations in a row go together with what parts them, so that none leaves a comma or an "and" behind. The first
is a part of its sentence as an object ("by [3]"), as a subject ("[3] shows") and behind a word like "and" or "while";
the others share its lot. But a comma and an "and" before one, and a verb or the like behind it, begin a clause of its
own ("[1], and [2] shows"), which can't do without it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..edits import Candidate

YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d[a-z]?\b")
PARENTHESES = re.compile(r"[ \t]?\([^()\n]{2,400}\)")
BRACKETS = re.compile(r"[ \t]?\[[^\[\]\n]{1,200}\]")
NUMBERS = re.compile(r"\d{1,3}[a-z]?(?:\s?[,;–-]\s?\d{1,3}[a-z]?)*")
AUTHOR_LABEL = re.compile(r"[A-Z][A-Za-z+]{1,12}\d\d[a-z]?(?:\s?[,;]\s?[A-Z][A-Za-z+]{1,12}\d\d[a-z]?)*")
NARRATIVE = re.compile(
    r"(?:1[5-9]|20)\d\d[a-z]?(?:, ?(?:[a-z]|(?:1[5-9]|20)\d\d[a-z]?))*"
    r"(?:, ?(?:pp?|S|[Cc]h(?:ap)?|[Ss]ect?)\.[ ]?\d{1,4}(?:[–-]\d{1,4})?)?"
)
"""A year, several, or a year and a page."""
ET_AL_NUMBER = re.compile(r"(?<=\bet al)(?P<stop>\.?)(?P<number>[ \t]\(\d{1,3}(?:, ?\d{1,3}|[–-]\d{1,3})*\))")
"""A number that would be one of a formula anywhere else: "Lee et al (7) show"."""
ENCLOSED = re.compile(
    r"[ \t]?\((?:(?:see|see also|e\.g\.,?|cf\.,?|i\.e\.,?|siehe|vgl\.)[ \t])?"
    r"(?P<cited>\[[^\[\]\n]{1,200}\](?:(?:[,;]?[ \t](?:and[ \t])?|[–-])\[[^\[\]\n]{1,200}\])*)\)"
)
"""Nothing but citations in brackets between parentheses, which would be left empty: "(see [3])"."""
DATE = re.compile(
    r"(?<!and )(?<!& )\b(?:Jan(?:uary|uar)?|Feb(?:ruary|ruar)?|Mar(?:ch)?|März|Apr(?:il)?|May|Mai|June?|Juni|July?|Juli"
    r"|Aug(?:ust)?|Sept?(?:ember)?|O[ck]t(?:ober)?|Nov(?:ember)?|De[cz](?:ember)?)\.?[ ]"
    r"(?:\d{1,2}(?:st|nd|rd|th)?,?[ ])?(?:1[5-9]|20)\d\d\b"
)
LEAD = re.compile(r"^[ \t]*for(?:[ ][\w-]{1,20}){1,5},?[ ]see(?:[ ]also)?\b,?")
"""What leads to a citation and goes with it: "for an overview, see"."""
TAIL = re.compile(r"(?<=\w)[,:]?[ ](?:see(?:[ ]also)?|e\.g\.,?|cf\.|siehe|vgl\.)[ ][A-Z][^;()]{3,200}$")
"""A citation behind words that do not cite: "(a new way, see Lee, 2020)"."""
LOCATOR = re.compile(
    r",?[ ]pp?\.[ ]\d{1,4}(?:[–-]\d{1,4})?(?:,?[ ](?:pp?\.[ ]|§{1,2}[ ]?|(?:[Pp]roposition|[Tt]heorem|[Ll]emma"
    r"|[Cc]orollary|[Ee]xample|[Dd]efinition|[Cc]hapter|[Ss]ection)[ ])\d{1,4}(?:\.\d{1,3}|[–-]\d{1,4}){0,3}){0,4}"
)
"""The page in a source, and what stands there: "[7] p. 197 Proposition 14.18"."""
OPERATOR = re.compile(r"[=<≤≥∈∉⊂⊆×∪∩·^→≈∼][ \t]*$")
INDEXED = re.compile(r"(?:(?<!\w)[^\W\d_]|\w_\w*)$")
"""What an index follows at once: "A[1]", "my_list[2]"."""
VALUE_GOES_ON = re.compile(r"\w|\^|[ \t]*[=∈⊂⊆×]")
INTERVAL = re.compile(r"\b(?:range|intervals?|bounds?|Intervall|Bereich)[ \t]*$")
PAIR = re.compile(r"\d{1,3}, ?\d{1,3}")
NAME = re.compile(r"(?:et al\.?|[A-Z][\w’'-]+)$")
LINKING = frozenset(
    [
        "among",
        "others",
        "references",
        "therein",
        "submitted",
        "prep",
        "example",
        "instance",
        "latter",
        "eds.",
        "ed.",
        "el",
        "zu",
        "dal",
        "della",
        "dello",
        "das",
        "do",
        "het",
        "te",
        "see",
        "also",
        "e.g.",
        "e.g",
        "i.e.",
        "cf.",
        "cf",
        "c.f",
        "and",
        "&",
        "et",
        "al.",
        "al",
        "und",
        "y",
        "le",
        "la",
        "de",
        "da",
        "di",
        "du",
        "van",
        "von",
        "der",
        "den",
        "del",
        "dos",
        "ten",
        "ter",
        "in",
        "press",
        "forthcoming",
        "unpublished",
        "pp.",
        "pp",
        "p.",
        "p",
        "chap.",
        "chapter",
        "sec.",
        "section",
        "table",
        "fig.",
        "vol.",
        "no.",
        "for",
        "a",
        "an",
        "review",
        "reviews",
    ]
)
NEEDED = re.compile(
    r"(?:\b(?:see|see also|in|by|of|from|to|at|on|with|via|than|as|visit|under|for|after|between|against|like|unlike"
    r"|those|refs?\.?|(?-i:references?)|and|or|but|that|because|since|whether|if|when|where|whereas|while|although|though|(?-i:Following)"
    r"|siehe|von|bei|unter|aus|nach|mit|und|oder|aber|dass|weil|wenn|wo|während|obwohl)"
    r"|\b(?:e\.g|i\.e|cf)\.,?|&)[ \t]*$",
    re.I,
)
"""What makes the citation or the address behind it part of the sentence: "see [14]", "write to a@b.org"."""
STATED = re.compile(r"\b(?:is|are|was|were|be|being|ist|sind|war|lautet|est|sont|es|son)[ \t]*:?[ \t]*$", re.I)
"""What an address behind it completes: "The repository is https://…"."""
JOINT = re.compile(r"[ \t]*(?:[,;/–-]?[ \t]*(?:(?:and|or|und|oder|as well as)\b|&)?)[ \t]*")
"""What parts citations in a row: "[1], [2]", "[3]–[5]"."""
CLAUSE_JOINT = re.compile(r"[ \t]*[,;][ \t]*\w")
"""The beginning of a joint that may part clauses: ", and"."""
WORDS = re.compile(r"[\w&]")
SENTENCE_START = re.compile(r"(?:^|[.!?:][\"'”’)\]]*[ \t]+|\n[ \t]*)$")
ABBREVIATED = re.compile(r"\b(?:al|e\.g|i\.e|cf|vs|etc|resp|Figs?|Eqs?|Sect?|Refs?)\.[ \t]+$")
ASIDE = re.compile(r"[ \t]*[(\[](?:see|e\.g|cf|i\.e|for\b[^()]{1,60}\bsee)\b", re.I)
"""How a citation begins that is no part of any sentence."""
PREDICATE = re.compile(r"[ \t]+[a-zäöüß]")
BEFORE = 24
"""Characters looked at before a citation."""
PART_OF_SENTENCE = 0.1


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation with its brackets and the blank before it: text[start:end]."""

    start: int
    end: int
    prior: float
    narrative: bool = False
    """A bare year behind the name that the sentence tells of: "Lee (2021)"."""


def citations(text: str, language: str) -> Iterator[Candidate]:
    """Citations in parentheses and in brackets, with the blank before them."""
    found: list[Cited] = []
    for match in PARENTHESES.finditer(text):
        if YEAR.search(match.group()):
            parts = parenthesis_citations(text, match)
            if isinstance(parts, Cited):
                found.append(parts)
            else:
                yield from parts
    enclosed = [cited for match in ENCLOSED.finditer(text) if (cited := enclosed_citation(text, match)) is not None]
    found += enclosed
    for match in BRACKETS.finditer(text):
        cited = bracket_citation(text, match)
        if cited is not None and not any(one.start <= match.start() < one.end for one in enclosed):
            found.append(cited)
    for match in ET_AL_NUMBER.finditer(text):
        found.append(Cited(match.start("number"), match.end(), 0.8, narrative=True))
    yield from linked(text, sorted(found, key=lambda cited: cited.start))


def enclosed_citation(text: str, match: re.Match[str]) -> Cited | None:
    """All of the parentheses if all that is in the brackets cites."""
    start, end = match.span("cited")
    inside = [bracket_citation(text, bracket) for bracket in BRACKETS.finditer(text, start, end)]
    priors = [cited.prior for cited in inside if cited is not None]
    return Cited(match.start(), match.end(), min(priors)) if len(priors) == len(inside) else None


def bracket_citation(text: str, match: re.Match[str]) -> Cited | None:
    """A citation if the brackets hold numbers, labels, or names and years."""
    inner = match.group().strip()[1:-1].strip()
    if NARRATIVE.fullmatch(inner):
        return narrative_citation(text, match)
    if NUMBERS.fullmatch(inner):
        if is_value(text, match, inner):
            return None
        located = LOCATOR.match(text, match.end())
        return Cited(match.start(), located.end() if located else match.end(), 0.3 if inner == "0" else 0.9)
    if AUTHOR_LABEL.fullmatch(inner):
        return Cited(match.start(), match.end(), 0.85)
    return Cited(match.start(), match.end(), citation_prior(inner)) if YEAR.search(inner) else None


def is_value(text: str, match: re.Match[str], inner: str) -> bool:
    """Whether the numbers are a vector, an interval or an index: "β = [1, 2]", "the range [1, 5]", "A[1]"."""
    before = text[max(0, match.start() - BEFORE) : match.start()]
    if before.endswith(("[", "]]")) or (inner != "0" and "0" in re.split(r"\D+", inner)):
        return True
    if VALUE_GOES_ON.match(text, match.end()) or OPERATOR.search(before):
        return True
    if PAIR.fullmatch(inner) and INTERVAL.search(before):
        return True
    return match.group().startswith("[") and INDEXED.search(before) is not None


def linked(text: str, found: Sequence[Cited]) -> Iterator[Candidate]:
    """Each citation by what stands around it; one that follows another takes along what parts them."""
    before: Cited | None = None
    needed = False
    first = 0
    ends = ends_of_rows(text, found)
    for cited, end in zip(found, ends, strict=True):
        start, prior = cited.start, cited.prior
        joint = text[before.end : cited.start] if before is not None else ""
        follows = before is not None and JOINT.fullmatch(joint) is not None
        if not follows:
            first = cited.start
        if not cited.narrative:
            if not follows:
                needed = is_needed(text, cited.start, end)
            elif before is not None and before.narrative:
                needed = WORDS.search(joint) is not None
            elif begins_clause(text, joint, cited.end):
                needed = True
            if needed:
                prior = min(prior, PART_OF_SENTENCE)
            elif follows and before is not None:
                start = before.end
        left, right = widened(text, first, end)
        start, stop = left if start == first else start, right if cited.end == end else cited.end
        yield Candidate(start, stop, "", "citation", prior)
        before = cited


def widened(text: str, start: int, end: int) -> tuple[int, int]:
    """The place of a deletion with the marks that would be too many without text[start:end]: a second full stop, a
    comma behind an opening bracket or before a closing one, and brackets around nothing."""
    left = len(text[:start].rstrip(" \t"))
    before, after = text[left - 1 : left], text[end : end + 1]
    if before and before in ".!?" and after == "." and text[end + 1 : end + 2] != ".":
        return start, end + 1
    if before and before in ",;" and after and after in ")]":
        return left - 1, end
    if before and before in "([" and after and after in ",;":
        return left, end + 1 + len(text[end + 1 :]) - len(text[end + 1 :].lstrip(" \t"))
    if before + after == "()":
        return len(text[: left - 1].rstrip(" \t")), end + 1
    return start, end


def ends_of_rows(text: str, found: Sequence[Cited]) -> list[int]:
    """For each citation where the last of those that follow it in a row ends."""
    ends = [cited.end for cited in found]
    for place in range(len(found) - 2, -1, -1):
        here, after = found[place], found[place + 1]
        if not (here.narrative or after.narrative) and JOINT.fullmatch(text[here.end : after.start]):
            ends[place] = ends[place + 1]
    return ends


def begins_clause(text: str, joint: str, end: int) -> bool:
    """Whether the citation that ends at `end` is a subject: `joint` is a comma and an "and", and a verb may follow."""
    return CLAUSE_JOINT.match(joint) is not None and PREDICATE.match(text, end) is not None


def parenthesis_citations(text: str, match: re.Match[str]) -> Cited | list[Candidate]:
    """All of it when all of it cites; else the citing parts, so that "(LLMs; Brown, 2020)" keeps "(LLMs)"."""
    body = match.group().strip()[1:-1]
    if NARRATIVE.fullmatch(body.strip()):
        return narrative_citation(text, match)
    parts = body.split(";")
    priors = priors_of(parts)
    at = match.start() + match.group().index("(") + 1
    tail = TAIL.search(body)
    if priors[-1] < 0.5 and tail is not None and citation_prior(tail.group()) >= 0.5:
        return [Candidate(at + tail.start(), at + tail.end(), "", "citation", citation_prior(tail.group()))]
    if min(priors) >= 0.5 or len(parts) == 1:
        return Cited(match.start(), match.end(), sum(priors) / len(priors))
    return citing_parts(at, parts, priors)


def priors_of(parts: Sequence[str]) -> list[float]:
    """For each part how much it looks like a citation; a year alone goes on from the names before it."""
    priors: list[float] = []
    for part in parts:
        year = priors and NARRATIVE.fullmatch(part.strip())
        priors.append(priors[-1] if year else citation_prior(part))
    return priors


def citing_parts(at: int, parts: Sequence[str], priors: Sequence[float]) -> list[Candidate]:
    """The parts that cite, each with one of the semicolons around it; `at` is where the first begins."""
    citing: list[Candidate] = []
    leading = True
    for number, (part, prior) in enumerate(zip(parts, priors, strict=True)):
        end = at + len(part)
        if prior < 0.5:
            leading = False
        elif leading:
            begin, rest = end - len(part.lstrip()), parts[number + 1]
            citing.append(Candidate(begin, end + 1 + len(rest) - len(rest.lstrip()), "", "citation", prior))
        else:
            citing.append(Candidate(at - 1, end, "", "citation", prior))
        at = end + 1
    return citing


def narrative_citation(text: str, match: re.Match[str]) -> Cited:
    """A bare year, which goes where a name stands before it."""
    named = NAME.search(text, max(0, match.start() - 40), match.start())
    return Cited(match.start(), match.end(), 0.7 if named else 0.35, narrative=True)


def citation_prior(part: str) -> float:
    """How much `part` looks like names and a year and like nothing else. A word too many is more than a citation: what
    it says would be lost."""
    part = LEAD.sub("", part)
    if not YEAR.search(part) or DATE.search(part):
        return 0.1
    words = [word.strip(",.;:()'’") for word in YEAR.sub(" ", part).split()]
    plain = [w for w in words if w and w[0].islower() and len(w) > 1 and w not in LINKING and f"{w}." not in LINKING]
    names = [w for w in words if w and w[0].isupper()]
    return 0.95 if names and not plain else 0.15


def is_needed(text: str, start: int, end: int) -> bool:
    """Whether the sentence would be broken without text[start:end], one citation or several in a row: an object, a
    subject, or what an "and" joins."""
    if ASIDE.match(text, start, end):
        return False
    if is_object(text, start):
        return True
    before = text[max(0, start - BEFORE) : start + (text[start] in " \t")]
    begins = SENTENCE_START.search(before) and not ABBREVIATED.search(before)
    return bool(begins) and PREDICATE.match(text, end) is not None


def is_object(text: str, start: int) -> bool:
    """Whether what begins at `start` stands behind a word that needs something behind it."""
    return NEEDED.search(text, max(0, start - BEFORE), start) is not None


def is_stated(text: str, start: int) -> bool:
    """Whether the address that begins at `start` is all that its sentence tells, or the object of a word before it."""
    return is_object(text, start) or STATED.search(text, max(0, start - BEFORE), start) is not None
