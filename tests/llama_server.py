"""llama.cpp's own HTTP server with the embedded model, on a port of this machine: a real server for the tests.

Run as a script it serves until its standard input ends, which it does when the tests end, however they do.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from galley.core.engine.local import CALM_THREADS

SECRET = "secret-of-the-test"


@dataclass(frozen=True)
class LlamaServer:
    """A server that runs."""

    address: str
    """As in "http://127.0.0.1:34567", without /v1."""
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


@contextmanager
def llama_server(model: Path, port: int = 0) -> Generator[LlamaServer]:
    """A server with two slots of 2048 tokens, which wants SECRET as its key."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(model), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**CALM_THREADS, **os.environ},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().decode().strip()
        assert address, "llama.cpp's server did not start"
        yield LlamaServer(address, process)
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def main() -> None:
    """Serve the model that is named first on the port that is named second (0 takes a free one)."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the library may print
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.n_ctx = 4096
    params.n_parallel = 2
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 2
    params.cache_ram_mib = 0
    params.verbosity = -1
    params.warmup = False
    params.hostnames = ["127.0.0.1"]
    params.port = int(sys.argv[2])
    params.api_keys = [SECRET]
    server = xllamacpp.Server(params)
    print(server.listening_address, file=answers, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
