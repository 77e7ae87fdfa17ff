"""The mode in which the model writes the cleaned chunk freely, as the notebook did.

Only tokens that the model generated are ever taken; the prompt is never cut out of a longer text, which is how the
notebook lost the head of every output.
"""

from ..engine.base import Cancelled, Completion, Engine, Message, OnText, Sampling
from ..prompts import Prompt
from .options import CleanOptions

EXTRA_TOKENS = 64
"""Room on top of the chunk's own tokens, for short chunks."""


def messages_for(prompt: Prompt, source: str) -> list[Message]:
    """System text, examples as earlier turns, and the chunk as the user's last turn."""
    messages = [Message("system", prompt.system.strip())]
    for example in prompt.examples:
        messages += [Message("user", example.source), Message("assistant", example.cleaned)]
    return [*messages, Message("user", source.strip())]


def rewrite(
    engine: Engine,
    prompt: Prompt,
    source: str,
    sampling: Sampling,
    cancelled: Cancelled,
    on_text: OnText | None = None,
) -> Completion:
    """One free cleaning of `source`. Raises what the engine raises."""
    return engine.complete(messages_for(prompt, source), sampling, on_text, cancelled)


def sampling_for(engine: Engine, source: str, options: CleanOptions, seed: int, temperature: float) -> Sampling:
    """The token limit follows from the chunk's own length in the model's tokens."""
    limit = int(engine.count_tokens(source) * options.token_ratio) + EXTRA_TOKENS
    return Sampling(limit, temperature, options.top_p if temperature else 1.0, seed)
