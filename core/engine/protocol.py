"""The lines that go between Galley and its worker process: one JSON object a line, in both directions.

A request has an `id` and an `op` (`load`, `complete`, `compare`, `count`, `cancel`); an answer repeats the id with an
`event` (`text`, `done`, `cancelled`, `error`). Nothing else is written to the worker's stdout, which is why it keeps a
private copy of that descriptor and points fd 1 at its log.
"""

import json
from typing import Any, cast

Payload = dict[str, Any]


def encode(payload: Payload) -> bytes:
    """One line. ASCII only, so that no separator of any alphabet can split it."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Payload:
    """Raises ValueError when the line is no JSON object."""
    payload = json.loads(line)
    if not isinstance(payload, dict):
        raise ValueError("not a JSON object")
    return cast(Payload, payload)
