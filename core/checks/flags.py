"""What a check gives back. A flag shows its words, so that a person can judge it without reading both texts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

Severity = Literal["info", "warning", "error"]

MAX_EVIDENCE = 8
MAX_EVIDENCE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Flag:
    """One named finding about a cleaned text."""

    name: str
    severity: Severity
    """`error`: the attempt failed; `warning`: a person should look; `info`: good to know."""
    evidence: tuple[str, ...]
    """Verbatim words: at most 8 pieces of at most 80 characters, without control characters. What was lost is
    quoted from the source, everything else from the cleaned text."""

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "severity": self.severity, "evidence": list(self.evidence)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Flag":
        """The flag that `to_dict` wrote. Raises KeyError or ValueError where it is not one."""
        severity = data["severity"]
        if severity not in get_args(Severity):
            raise ValueError(f"no severity: {severity!r}")
        return cls(str(data["name"]), cast(Severity, severity), tuple(str(item) for item in data["evidence"]))


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about one cleaned text, with the numbers they rest on."""

    flags: tuple[Flag, ...]
    measures: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def failed(self) -> bool:
        """Whether any flag is an error."""
        return any(flag.severity == "error" for flag in self.flags)

    def to_dict(self) -> dict[str, Any]:
        """`{"flags": [{"name", "severity", "evidence"}], "measures": {…}}`"""
        return {"flags": [flag.to_dict() for flag in self.flags], "measures": dict(self.measures)}


def flag(name: str, severity: Severity, evidence: Iterable[str]) -> Flag:
    """A flag whose evidence is distinct, short and safe to print; empty pieces are left out."""
    pieces: list[str] = []
    for piece in evidence:
        shown = shorten(piece)
        if shown and shown not in pieces:
            pieces.append(shown)
        if len(pieces) == MAX_EVIDENCE:
            break
    return Flag(name, severity, tuple(pieces))


def shorten(piece: str) -> str:
    """The first 80 characters: white space as one blank each, whatever does not print left out."""
    plain = " ".join(piece[: 4 * MAX_EVIDENCE_LENGTH].split())
    return "".join(char for char in plain if char.isprintable())[:MAX_EVIDENCE_LENGTH].strip()
