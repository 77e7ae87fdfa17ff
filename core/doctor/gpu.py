"""`galley doctor --gpu-selftest`: does a model say the same on the GPU as on the CPU, and how much faster?

Written for machines with a GPU; where there is none it says so.
"""

from collections.abc import Iterator

from ..config import Config
from ..engine.base import Message, Sampling
from ..engine.devices import drivers, gpus
from ..engine.local import LocalEngine
from ..engine.options import EngineOptions
from ..errors import ConfigError, GalleyError
from ..models.info import ModelInfo
from .examine import GPU_DOCS, Finding
from .speed import measure

CONTEXT = 2048
SECONDS = 5.0
QUESTION = ("Fruits: apple, pear,", " plum, and", (" cherry", " granite"))
CLOSE = 0.5
"""Largest difference of log-odds between CPU and GPU, which round differently."""


def selftest(model: ModelInfo, config: Config) -> Iterator[Finding]:
    """Each step as it is done. Raises ConfigError when llama.cpp sees no GPU."""
    seen = gpus()
    if not seen:
        why = (
            f"A driver is there ({', '.join(drivers())}), but llama.cpp sees no GPU." if drivers() else "There is none."
        )
        raise ConfigError(f"No GPU can be tested. {why}", GPU_DOCS if drivers() else "")
    base = config.engine.model_copy(update={"name": "llama.cpp"})
    cases = {
        "CPU": base.model_copy(update={"gpu_layers": 0}),
        "GPU, all that fits": base.model_copy(update={"gpu_layers": -1}),
        "GPU, half of the layers": base.model_copy(update={"gpu_layers": max(1, model.layers // 2)}),
        "GPU, flash attention and q8_0 cache": base.model_copy(
            update={"gpu_layers": -1, "flash_attention": "on", "kv_type": "q8_0"}
        ),
    }
    if len(seen) > 1:
        cases["GPUs, split evenly"] = base.model_copy(
            update={"gpu_layers": -1, "tensor_split": tuple(1.0 for _ in seen)}
        )
    odds: dict[str, float] = {}
    for name, options in cases.items():
        try:
            odds[name], words = one_case(model, options)
        except GalleyError as error:
            yield Finding(name, str(error), "bad")
            continue
        far = abs(odds[name] - odds.get("CPU", odds[name])) > CLOSE
        yield Finding(name, words, "bad" if far else "ok", "It answers otherwise than the CPU." if far else "")


def one_case(model: ModelInfo, options: EngineOptions) -> tuple[float, str]:
    """Log-odds of a fixed question, and the speed in words."""
    engine = LocalEngine(model, options, min(CONTEXT, model.context or CONTEXT))
    try:
        prefix, query, answers = QUESTION
        compared = engine.compare(prefix, query, answers, lambda: False)
        told = engine.complete([Message("user", "Say yes.")], Sampling(max_tokens=8), None, lambda: False)
        speed = measure(engine, SECONDS)
        difference = compared.logprobs[0] - compared.logprobs[1]
        notes = " ".join(speed.info.notes)
        return difference, (
            f"reads {speed.read_per_second:.0f} and writes {speed.written_per_second:.0f} tokens/s, "
            f"loaded in {speed.load_seconds:.1f} s, log-odds {difference:+.2f}, says {told.text[:20]!r}"
            f"{notes and f'. {notes}'}"
        )
    finally:
        engine.close()
