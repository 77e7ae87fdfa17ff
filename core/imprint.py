"""What a style file, a publisher or an editor's office prints on a paper, and leftovers of its setting.

No sentence of the author's is among it, and nobody reads it out: the version of a draft and the style it is set in,
the line of a journal, dates of receipt, copyright and licences, permission to copy, subject codes, the dots in a table
of contents, the pieces that a large bracket is drawn of, a margin's numbers of lines. Each pattern closes itself, by a
date, a version, an e-mail address or a sentence that is always the same, so that a text which talks about such things
stays: "submitted to" alone is no imprint.
"""

import re
from collections.abc import Iterable, Iterator

MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
DATE = (
    rf"(?:{DAY} {MONTH},? \d{{4}}|{MONTH} {DAY},? \d{{4}}|\d{{4}},? {MONTH} {DAY}|{MONTH},? \d{{4}}"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})(?!\w)"
)
BLANK = r"(?:XXX|xxx|YYY|ZZZ|TBD|DATE|\d{4} \?{2,5}|[–—-]{1,3}|_{2,20}|\?{1,5})(?!\w)"
"""What stands where a date is to come."""
LATEX = r"(?:T ?E ?X ?/ ?)?L ?A? ?T ?E ?X(?: ?2[eεϵ])?"
EMAIL = r"[\w.+-]{1,64} ?@ ?[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"
INITIAL = r"(?:[A-Z]\.[ -]?){1,3}"
NAME = rf"(?:{INITIAL} ?|[A-ZÀ-Þ][\w’'-]{{1,30}} |(?:de|der|van|von|la|du|di) ){{1,5}}[A-ZÀ-Þ][\w’'-]{{1,30}}"
DEED = (
    r"(?:originally )?(?:received(?: by the editors)?|revised|accepted|submitted|resubmitted|published(?: online)?|"
    r"available online|first published|in (?:original|revised|final) form)"
    r"(?: in (?:original|revised|final) form)?(?: for publication)?"
)
HISTORY = rf"(?i:\(?{DEED}:? (?:{DATE}|{BLANK})(?: ?[;,./|–—] ?| (?:and )?)?)"
"""One date of a paper's history: "Accepted 2021 December 20. "."""
COPYRIGHT = r"(?:©|c ?⃝|○c|ⓒ|\([cC]\))"
HOLDER = (
    r"(?:by|the|and|of|for|on|behalf|held|in|published|licen[cs]e[de]?|under|exclusive|to|rights|reserved\.|holder|"
    r"authors?|author\(s\)|&|[A-ZÀ-Þ(][^\s=<>]{0,40})(?!\S)"
)
"""A word of who has the copyright."""
VENUE = r"(?:the )?[A-Z&](?:[^\n.;:()]|\.(?=\S)){1,60}"
END = r"\.? ?(?=\n|\Z)"
OWN_WORDS = r" (?:and (?:so|we)|so|we|who|because|which (?!permit|allow))\b"
"""What no licence says and an author does who talks about one."""

OPENING = (
    rf"(?i:draft version {DATE})",
    rf"(?i:(?:preprint )?typeset (?:using|with|in) ){LATEX}(?: [a-z]{{2,12}}){{0,3}}"
    r" (?:in |with )?(?:AASTeX ?v?[\d.]*\d|emulateapj(?: v\.? ?[\d/]*\d)?|REVTeX ?[\d.-]*\d|mn2e)",
    rf"(?:MNRAS|Mon\. ?Not\. ?R\. ?Astron\. ?Soc\.) (?:\d{{1,3}}|0000?), \d+[–-]\d+ \(\d{{4}}\)"
    rf" (?:Preprint|Printed) {DATE}",
    r"(?:MNRAS|Mon\. ?Not\. ?R\. ?Astron\. ?Soc\.) 000, \d+[–-]\d+ \(\d{4}\)",
    rf"(?:Preprint|Printed) {DATE}{END}",
    rf"\(?(?:Compiled using )?MN(?:RAS)? {LATEX} style file v\d+\.\d+\)?",
    rf"Astronomy (?:&|and) Astrophysics manuscript no\. ?[^\s©]{{1,60}}(?: (?:{COPYRIGHT}|c) ?ESO \d{{4}})?"
    rf"(?: {DATE})?",
    rf"{COPYRIGHT} ?ESO \d{{4}}(?: {DATE})?",
    rf"(?:{HISTORY}){{2,5}}\)?(?! ?[a-z])",
    rf"(?:{HISTORY}\)?){END}",
    rf"\(Dated: {DATE}\)",
    rf"(?:(?:Re-?s|S)ubmitted (?:for publication )?(?:to|in)|Accepted (?:for publication )?(?:in|by)|To appear in"
    rf"|Prepared for submission to) {VENUE}{END}",
    r"(?:Submitted|Accepted) (?:for publication )?(?:to|in|by) [A-Z][\w& ]{1,30}?(?= (?:Preprint t|T)ypeset )",
    r"Prepared for submission to [A-Z]{2,8}(?!\w)",
    rf"The Astrophysical Journal(?: Letters| Supplement Series)?, \d+:\w+ \(\d+pp\), (?:{DATE}|{BLANK}|\d{{4}})",
    rf"(?:(?:Confidential )?[mM]anuscript|Preprint) submitted to {VENUE}{END}",
    rf"Preprint submitted to [A-Z](?:(?! (?:is|was|are|has) )[^\n]){{1,60}}? {DATE}",
    r"[A-Z][^\n.]{2,60} manuscript No\.\s{1,2}\(will be inserted by the editor\)",
    r"\(will be inserted by the editor\)",
    r"(?:Under review|Published|Accepted) as an? (?:conference|workshop|journal) paper (?:at|in) "
    r"[A-Z][^\n.]{1,60}? \d{4}(?!\w)",
    rf"Preprint\. (?:Under review|Work in progress)(?:\. Do not distribute)?{END}",
    rf"\d{{1,2}}(?:st|nd|rd|th) Conference on [A-Z][^\n.()]{{5,80}} \([A-Z][A-Za-z]{{1,9}}[ ’']{{0,2}}\d{{2,4}}\),"
    rf" [A-Z][^\n.]{{3,60}}{END}",
    rf"(?:Copyright )?{COPYRIGHT} ?\d{{4}}(?:[ –-]\d{{4}})?(?:,? {HOLDER}){{0,16}}{END}",
    rf"{COPYRIGHT} ?0000 \(copyright holder\)",
    rf"{COPYRIGHT} ?\d{{4}} American Mathematical Society"
    r"(?: \d{4}-\d{3}[\dX]/\d\d \$[\d.]+(?: \+ \$[\d.]+ per page)?)?",
    rf"(?:Copyright )?{COPYRIGHT} ?\d{{4}}(?!\d)[^\n]{{0,120}}?All rights reserved\.",
    rf"[*∗†✉]? ?Corresponding author(?:s|\(s\))?[.:]?(?: {NAME})?"
    rf"(?:,? (?:[Ee]-?mail(?: address(?:es)?)?:? )?{EMAIL})?{END}",
    rf"Send (?:offprint|reprint) requests? to:? {NAME}",
    rf"Contents lists available at (?:SciVerse )?ScienceDirect{END}",
    rf"journal homepage: ?\S+{END}",
    r"(?:PACS|Pacs)(?: [Nn]umbers?)?:? \d\d\.\d\d\.[\w+-]{1,3}(?:[,;]? \d\d\.\d\d\.[\w+-]{1,3})*\.?",
    r"(?:\d{4} )?(?:AMS |MSC ?|Mathematics )(?:\d{4} )?(?:[Ss]ubject [Cc]lassifications?)?(?: ?\(?\d{4}\)?)?[.:]?"
    r"(?: (?:(?:Primary|Secondary):? )?\d\d(?:[A-Z]\d\d|-\d\d|[A-Z]xx)[,;.]?){1,20}",
    r"CCS Concepts:? [•·][^\n]{5,600}?(?= ?(?:Additional )?Key ?[Ww]ords| ?ACM Reference|\n|\Z)",
    rf"ORCID(?: iDs?)?:? {END}",
)
"""What begins a paragraph, or follows another of these."""
INSIDE = (
    rf"This (?:paper|manuscript|article) has been typeset from a {LATEX} file prepared by the author\.?",
    rf"This (?:preprint|paper|manuscript) was prepared with the AAS {LATEX} macros v[\d.]*\d\.?",
    rf"Corresponding authors?: {NAME}(?:(?:,| and| &) {NAME}){{0,3}}(?:[ ,(]{{1,2}}|\n\n)"
    rf"{EMAIL}(?:, {EMAIL}){{0,3}}\)?",
    r"(?:Submitted to|Preliminary work\. Under review by) [^\n.]{5,100}\. Do not distribute\.",
    r"Proceedings of the \d{1,2}(?:st|nd|rd|th) [^\n]{10,200}?Copyright \d{4} by the author\(s\)\.",
    rf"Correspondence to: [^\n<>]{{3,80}} ?<{EMAIL}>\.?",
    r"Permission to make digital or hard copies of [^.\n]{40,500}\.",
    r"Copyrights? for (?:third-party )?components of this work (?:owned by others than [^.\n]{2,60} )?"
    r"must be honored\.",
    r"Abstracting with credit is permitted\.",
    r"To copy otherwise, (?:or |to )?republish, [^.\n]{20,200}\.",
    rf"Request permissions from {EMAIL}\.?",
    r"For all other uses, contact the owner/author\(s\)\.",
    r"(?:Copyright is held by the owner/author\(s\)|Publication rights licensed to [A-Z][^.\n]{2,40})\.",
    rf"{COPYRIGHT} ?\d{{4}} (?:Copyright held by (?:the )?[^.\n]{{5,60}}|Association for Computing Machinery)\.",
    r"ACM Reference [Ff]ormat:\s{1,2}[^\n]{20,500}?\d{1,3} pages\.(?:\s{1,2}https?://(?:dx\.)?doi\.org/\S{5,60})?",
    rf"{COPYRIGHT} ?\d{{4}} (?:Wiley Periodicals, Inc|Elsevier (?:B\.V|Ltd|Inc)|IEEE|ACM)\.(?: All rights reserved\.)?",
    rf"[*∗†✉]? ?Corresponding author: {EMAIL}",
    r"(?:ACM ISBN )?97[89]-[\dxX-]{10,14}/[\dY]{2}/[\dM]{2}[ .…]{1,6}\$\d+\.\d\d",
    r"(?:ACM ISBN [\dX-]{10,20}/\d\d/\d\d|\d{4}-\d{3}[\dX]/\d{4}/\d{1,2}-ART\d+)(?:[ .]{1,6}\$\d+\.\d\d)?",
    r"This (?:work|article|paper) is (?:an open access article )?"
    r"(?:licensed|distributed|published) under (?:the terms (?:and conditions )?of )?(?:a|the) Creative Commons "
    rf"(?:(?!{OWN_WORDS})(?:[^.\n]|\.(?=\S))){{2,400}}\.",
    r"This is an [Oo]pen[ -][Aa]ccess article (?=[^\n]{0,120}(?:[Ll]icen[cs]e|CC[ -]BY))"
    rf"(?:published|distributed|under) (?:(?!{OWN_WORDS})(?:[^.\n]|\.(?=\S))){{10,500}}\.",
    r"Licensee MDPI, Basel, Switzerland\.",
    r"The images or other third party material in this article are included in [^.\n]{20,200}\.",
    r"If material is not included in the article’s Creative Commons licen[cs]e [^.\n]{40,300}\.",
    r"To view a copy of this licen[cs]e, visit https?://\S{10,80}",
    r"Publisher’s [Nn]ote:? Springer Nature remains neutral [^.\n]{40,140}\.",
    r"Personal use of this material is permitted\.",
    r"Permission from IEEE must be obtained for all other uses, [^.\n]{20,400}\.",
    rf"Downloaded from (?:https?://)?[\w-]{{1,40}}\.\S{{2,80}} (?:by|at) [^\n.]{{3,80}}? on {DATE}(?!,? [a-z])",
    r"(?:ORCID(?: iDs?)?:? )?(?<![\w-])0000-000\d-\d{4}-\d{3}[\dX](?![\w-])",
)
"""What stands anywhere: the same words in every paper, or closed by what no sentence has."""
LEADERS = r"(?<!\.[ \t])(?:(?:\.[ \t]){5,}\.|\.{6,})(?=[ \t\n]{1,2}(?:\d{1,4}|[ivxlc]{1,7})(?!\w)|[ \t]?(?:\n|\Z))"
"""The dots between a heading and its page in a table of contents; a number or a line's end is behind them."""
PIECES = r"[\uf8e6-\uf8fe\u239b-\u23ad](?:[ \t]?[\uf8e6-\uf8fe\u239b-\u23ad])+"
"""Pieces of brackets that reach over several lines of a formula; one alone may be a sign of its own."""
NUMBERS = re.compile(r"(?<!\S)\d{1,5}(?:\s{1,2}\d{1,5}(?!\S)){29,}")
FIRST_YEAR, LAST_YEAR = 1500, 2100
COUNTED = 30
"""So many numbers that go up by one are the lines of a page in its margin; an axis has fewer."""
PARAGRAPH = re.compile(rf"^(?:(?:{'|'.join(OPENING)})[ ,;.|]{{0,3}}){{1,6}}(?![ ,;.|]{{0,3}}(?:is|are|was)\b)", re.M)
ANYWHERE = re.compile(rf"(?<!\S)(?:{'|'.join((*INSIDE, LEADERS, PIECES))})")
CUE = re.compile(
    r"(?i:draft version|typeset|style file|manuscript|received|accepted|submi|published|revised|dated:|review|"
    r"appear in|astrophysical journal|97[89]-|conference on|copyright|author|offprint|reprint|lists available|homepage|"
    r"pacs|classif|msc|ccs|orcid|permission|permitted|honored|reference format|isbn|-art\d|creative|open.access|mdpi|"
    r"third party|licen|publisher|downloaded|preprint|mnras|all rights)|©|⃝|○c|ⓒ|0000-000|\. ?\. ?\. ?\. ?\.|Mon\.|"
    r"[\uf8e6-\uf8fe\u239b-\u23ad]"
)
"""One of these is in every text that has an imprint; most have none."""


def imprints(text: str) -> Iterator[tuple[int, int]]:
    """Spans of imprints and leftovers, ascending, and apart by more than a blank."""
    found = [*counted(text)]
    for pattern in (PARAGRAPH, ANYWHERE) if CUE.search(text) else ():
        found += [(match.start(), match.start() + len(match.group().rstrip())) for match in pattern.finditer(text)]
    yield from together(text, sorted(found))


def counted(text: str) -> Iterator[tuple[int, int]]:
    """Long rows of numbers that go up by one."""
    for match in NUMBERS.finditer(text):
        words = list(re.finditer(r"\d+", match.group()))
        first = 0
        for place in range(1, len(words) + 1):
            if place == len(words) or int(words[place].group()) != int(words[place - 1].group()) + 1:
                if place - first >= COUNTED and not FIRST_YEAR <= int(words[first].group()) <= LAST_YEAR:
                    yield match.start() + words[first].start(), match.start() + words[place - 1].end()
                first = place


def together(text: str, found: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans that overlap or stand side by side as one."""
    start = end = -1
    for first, last in found:
        if start >= 0 and text[end:first].strip(" \t") == "" and first <= end + 1:
            end = max(end, last)
            continue
        if start >= 0:
            yield start, end
        start, end = first, last
    if start >= 0:
        yield start, end
