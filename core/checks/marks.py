"""`markdown`: marks of a writer's format that the source does not have."""

import re
from collections.abc import Iterator

from .flags import MAX_EVIDENCE, Flag, flag
from .pair import Pair

SHAPES = tuple(
    re.compile(shape, re.MULTILINE)
    for shape in (
        r"\*\*",
        r"__[^\s_]",
        r"(?<![\w*])\*[^\s*][^*\n]{0,80}\*(?![\w*])",
        r"^[ \t]{0,8}#{1,6}[ \t]+\S[^\n]{0,60}",
        r"^[ \t]{0,8}[*+-][ \t]+\S[^\n]{0,60}",
        r"^[ \t]{0,8}(?:-{3,}|={3,}|\*{3,}|_{3,})[ \t]*$",
        r"^[ \t]{0,8}>[ \t]+\S[^\n]{0,60}",
        r"```|~~~",
        r"`[^`\s][^`\n]{0,60}`",
        r"\[[^\[\]\n]{1,100}\]\((?:https?:|#|/)[^()\s]{1,200}\)",
        r"^[ \t]{0,8}\|[^\n]{1,200}\|[ \t]*$",
        r"\\[()\[\]]|\\[a-zA-Z]{3,20}\{|\$\$",
        r"</?(?:b|i|p|br|em|strong|h[1-6]|ul|li|div|span)\s?/?>",
        r"[\U0001f300-\U0001faff\u2705\u2728\u274c]",
    )
)
SIGNS = "#+*>|`"
"""Signs that are no marks where the source has as many, wherever its lines break: `# instances`, `a + b`."""
LOOK_BACK = 20


def markdown(pair: Pair) -> Iterator[Flag]:
    """Each kind of mark counts by how much more of it there is than in the source."""
    text = pair.cleaned.text
    carried = {sign for sign in SIGNS if pair.source.text.count(sign) >= text.count(sign)}
    found: list[str] = []
    for shape in SHAPES:
        there = [match for match in shape.finditer(text) if match.group().lstrip()[0] not in carried]
        if there:
            new = there[sum(1 for _ in shape.finditer(pair.source.text)) :]
            found += [shown(text, match) for match in new[:MAX_EVIDENCE]]
    if found:
        yield flag("markdown", "warning", found)


def shown(text: str, match: re.Match[str]) -> str:
    """The mark with a few of the words around it."""
    start, end = match.span()
    return text[max(0, start - LOOK_BACK) : end + LOOK_BACK] if end - start < 4 else match.group()
