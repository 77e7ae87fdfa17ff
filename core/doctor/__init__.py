"""Looking at this machine: what is there, what is wrong, and what would make Galley faster."""

from .examine import Finding, Section, examine
from .gpu import selftest
from .speed import Speed, faster, measure

__all__ = ["Finding", "Section", "Speed", "examine", "faster", "measure", "selftest"]
