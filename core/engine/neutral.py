"""Document text on its way to a server, which reads control tokens wherever they stand in a message.

A server's tokenizer can't be told that `<|im_end|>` in a PDF is text. A word joiner, which nobody sees, between its
characters makes it so, and is taken out of the answer again.
"""

import re

JOINER = "\u2060"
WORDS = (
    "s|bos|eos|pad|unk|mask|sep|cls|image|audio|video|tool_call|tool_response|tools|think|mask_\\d+|unused\\d+"
    "|extra_id_\\d+|reserved_\\w+|(?:start|end|begin)_of_\\w+|fim_\\w+|file_sep|repo_name|endoftext|sentinel_\\w+"
)
CONTROL = re.compile(
    r"<(?=[|｜][^<>]{0,80}>)"  # <|im_end|>, <｜User｜>, <|turn>
    r"|<(?=[^<>|｜]{0,80}[|｜]>)"  # <turn|>
    rf"|<(?=/?(?:{WORDS})>)"
    r"|<(?=</?SYS>>)"
    r"|\[(?=/?(?:INST|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|TOOL_ARGS|SYSTEM_PROMPT|PREFIX|MIDDLE|SUFFIX"
    r"|IMG|IMG_BREAK|IMG_END|AUDIO|BEGIN_AUDIO|THINK|ARGS|CALL_ID|CONTROL_\d+|gMASK|CLS|SEP|PAD|UNK|MASK|BOS|EOS)\])",
    re.IGNORECASE,
)
"""The first character of what a tokenizer may take for a control token."""
PLACED = re.compile(rf"([<\[]){JOINER}")


def neutral(text: str) -> str:
    """`text` with a word joiner inside everything that looks like a control token."""
    return CONTROL.sub(rf"\g<0>{JOINER}", text)


def restored(text: str, source: str) -> str:
    """An answer without the word joiners that `neutral` put into `source`; the source's own stay."""
    if JOINER not in source:
        return text.replace(JOINER, "")
    return PLACED.sub(r"\1", text) if not PLACED.search(source) else text
