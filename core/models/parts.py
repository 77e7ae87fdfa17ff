"""Models in several files, which are named NAME-00001-of-00003.gguf and so on."""

import re

PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf)", re.IGNORECASE)
MOST_PARTS = 999


def parts_of(name: str) -> list[str]:
    """All files of a model whose name (or path) says that it is one of several; else itself."""
    match = PART.fullmatch(name)
    if not match or not 1 <= int(match["count"]) <= MOST_PARTS:
        return [name]
    count = int(match["count"])
    return [f"{match['stem']}-{number:05}-of-{count:05}{match['suffix']}" for number in range(1, count + 1)]
