"""Whether a model fits in this machine, on its GPUs or in its memory, with the settings in force."""

from dataclasses import dataclass

from .config import Config
from .engine.devices import Device, gpus
from .engine.llamacpp import default_slots, spare_slots
from .engine.registry import engines_for
from .model import Model, context_for
from .models.info import ModelInfo
from .models.memory import Memory, Room, fits, free_memory, memory_for


@dataclass(frozen=True, slots=True)
class Fit:
    """A model against the machine."""

    need: Memory
    room: Room
    fits: bool
    how: str
    """`yes`, `on the GPU`, `in part on the GPU` or `no`."""

    def sentence(self) -> str:
        """In words, with the figures."""
        wanted = f"{self.need.total / 1e9:.1f} GB with its cache"
        have = f"{self.room.free / 1e9:.1f} GB of {self.room.where} are free"
        return {
            "no": f"It does not fit: it takes {wanted}, and {have}.",
            "in part on the GPU": f"It fits in part: it takes {wanted}, {have}, and the rest goes into memory.",
        }.get(self.how, f"It fits: it takes {wanted}, and {have}.")


@dataclass(frozen=True, slots=True)
class Machine:
    """Free memory, looked at once."""

    memory: Room
    gpus: tuple[Device, ...]

    @staticmethod
    def look() -> "Machine":
        return Machine(free_memory(), gpus())

    @property
    def gpu_room(self) -> Room:
        return Room(", ".join(gpu.description for gpu in self.gpus), sum(gpu.memory_free for gpu in self.gpus))


def fit(info: ModelInfo, config: Config, machine: Machine) -> Fit:
    """Estimate what a model takes with these settings, and hold it against the machine."""
    options = config.engine
    model = Model(info.path, "", info.parameters, info.context, info)
    context = context_for(options, config.chunk.size, config.chunk.unit, model)
    on_gpu = bool(machine.gpus) and options.gpu_layers != 0
    slots = (options.jobs or default_slots(on_gpu)) + spare_slots(on_gpu)
    if engines_for(info) == ["ctransformers"]:
        slots = 1
    need = memory_for(info, context, slots, options.kv_type, options.micro_batch)
    if on_gpu and fits(need, machine.gpu_room):
        return Fit(need, machine.gpu_room, True, "on the GPU")
    if fits(need, machine.memory):
        if on_gpu:
            return Fit(need, machine.gpu_room, True, "in part on the GPU")
        return Fit(need, machine.memory, True, "yes")
    return Fit(need, machine.memory, False, "no")
