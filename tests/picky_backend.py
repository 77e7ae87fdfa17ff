"""A backend for the worker process that dies, as a GPU library may, unless few enough layers go on its GPU."""

import os

from galley.core.engine.protocol import Payload

FIT = 5


class Picky:
    def __init__(self, options: Payload) -> None:
        layers = int(options["gpu_layers"])
        if layers < 0:
            os.abort()
        if layers > FIT:
            raise RuntimeError("out of memory")
        self.info: Payload = {
            "engine": "picky",
            "version": "1",
            "model": "m",
            "context": options["context"],
            "slots": 1,
            "threads": 1,
            "devices": [f"{layers} layers"],
            "load_seconds": 0.0,
            "decides": "probabilities",
            "notes": [],
        }

    def count(self, text: str) -> int:
        return len(text)

    def close(self) -> None:
        """There is nothing to let go of."""


class Never(Picky):
    def __init__(self, options: Payload) -> None:
        raise RuntimeError("it is no Llama")
