"""Deterministic repairs: pure steps from a document's raw text to prepared text, each one traceable."""

from .options import PrepareOptions
from .pipeline import Prepared, prepare

__all__ = ["PrepareOptions", "Prepared", "prepare"]
