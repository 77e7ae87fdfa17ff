"""Many documents in one go: on this machine, or handed to a cluster."""

from .batch import Batch
from .clerk import Plan
from .inputs import find
from .ledger import BatchBusyError, Ledger, is_batch
from .records import Outcome, Record, Totals
from .report import sentence, write_reports
from .worst import worst, worst_first

__all__ = [
    "Batch",
    "BatchBusyError",
    "Ledger",
    "Outcome",
    "Plan",
    "Record",
    "Totals",
    "find",
    "is_batch",
    "sentence",
    "worst",
    "worst_first",
    "write_reports",
]
