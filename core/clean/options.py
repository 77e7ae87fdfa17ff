"""Settings of cleaning: the mode, the prompt, sampling, and what `verbatim` may touch."""

from typing import Literal

from pydantic import Field

from ..options import Options


class CleanOptions(Options):
    """How chunks are cleaned."""

    mode: Literal["auto", "rules", "verbatim", "rewrite"] = "auto"
    """`auto` is `rewrite` for a model of a billion parameters or more, `verbatim` below."""
    prompt: str = "default"
    """A prompt of ours by name, one in the config directory's prompts folder, or a path to a TOML file."""
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    """Sampling temperature of `rewrite`; 0 takes the likeliest token each time."""
    top_p: float = Field(default=0.9, gt=0.0, le=1.0)
    """Nucleus sampling of `rewrite`; without effect at temperature 0."""
    seed: int = Field(default=1, ge=0)
    """Seed of the first attempt; retries count up from it."""
    retries: int = Field(default=-1, ge=-1, le=10)
    """How often a `rewrite` whose checks fail is tried again before `verbatim` takes over; -1 is once with a model of a
    billion parameters or more, and not at all with a smaller one, which hardly ever does better."""
    stop_failed: bool = True
    """A `rewrite` that has failed for certain (it repeats the prompt, invents, turns in circles) is ended there."""
    token_ratio: float = Field(default=1.3, gt=0.0, le=10.0)
    """Token limit of a `rewrite`, as a multiple of the chunk's own tokens (and 64 on top)."""
    threshold: float = Field(default=0.5, ge=0.0, le=1.0)
    """`verbatim` makes an edit from this probability on."""
    kinds: tuple[Literal["citation", "contact", "footnote_mark", "debris", "hyphen", "aside"], ...] = (
        "citation",
        "contact",
        "footnote_mark",
        "debris",
        "hyphen",
        "aside",
    )
    """What `verbatim` proposes: to remove citations, e-mail and web addresses and marks of footnotes, and to close
    broken words and torn symbols (hyphen), and to bring a caption or a footnote in the middle of a sentence behind it
    (aside). Of debris, what a publisher or a style prints on a paper is taken out, and so are the dots of a table of
    contents, pieces of large brackets and numbers of lines in a margin; remains of tables, formulas and figures are
    proposed and left in, for a person to switch. What the repairs left undecided is always proposed."""
