"""Many documents in one go: on this machine, or handed to a cluster."""

from .batch import Batch
from .clerk import Plan
from .inputs import find
from .ledger import BatchBusyError, Ledger, is_batch
from .own import Own
from .records import Outcome, Record, Totals
from .report import LEFT_OUT, WAITS, sentence, write_reports
from .worst import ToLookAt, next_to_look_at, worst, worst_first

__all__ = [
    "LEFT_OUT",
    "WAITS",
    "Batch",
    "BatchBusyError",
    "Ledger",
    "Outcome",
    "Own",
    "Plan",
    "Record",
    "ToLookAt",
    "Totals",
    "find",
    "is_batch",
    "next_to_look_at",
    "sentence",
    "worst",
    "worst_first",
    "write_reports",
]
