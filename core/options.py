"""The base of every options class: frozen, and strict about names, so that a typo is an error and not a default."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """A group of settings; unknown keys are refused and values never change after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
