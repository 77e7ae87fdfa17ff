"""Settings of where models are looked for."""

from ..options import Options


class ModelsOptions(Options):
    """Where models are looked for, besides Galley's own cache and those of Hugging Face, Ollama, LM Studio, GPT4All and
    llama.cpp."""

    folders: tuple[str, ...] = ()
    """Folders that hold model files, with the folders in them."""
