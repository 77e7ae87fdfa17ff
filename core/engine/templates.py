"""Chat templates, for an engine that has none of its own: the text that stands around the messages of a conversation.

A template gives pieces, one before each message and one behind the last, and never sees a message: what a document says
can change nothing in it. `<s>` and `</s>` in a piece are the tokens that begin and end a text.

A model file's own template is a program in Jinja that anyone may have written. It runs in Jinja's sandbox, and that in
a process of its own with little memory and time (`python -m galley.core.engine.templates`), since the sandbox forbids
neither a text of a terabyte nor loops without end.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

BOS, EOS = "<s>", "</s>"
LONGEST_SOURCE = 64_000
LONGEST_OUTPUT = 64_000
"""Characters of a file's template, and of what it makes of a conversation without contents."""
MEMORY_BYTES = 512 << 20
CPU_SECONDS = 3
WAIT_SECONDS = 30.0
SENTINEL = "\ue000{}\ue001"


class TemplateError(ValueError):
    """There is no such template, or it doesn't work; the message says why."""


class Exhausting(TemplateError):
    """A template that takes more than it may have: there is no use in trying it again."""


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """How a model wants to be spoken to."""

    name: str
    stops: tuple[str, ...]
    """Texts at which an answer ends, beside the token that ends it."""
    render: Callable[[Sequence[str]], list[str]]

    def pieces(self, roles: Sequence[str]) -> list[str]:
        """The text before each message and behind the last: one piece more than there are roles.

        Raises TemplateError for roles that it has no place for.
        """
        return self.render(tuple(roles))


@dataclass(frozen=True, slots=True)
class Form:
    """A published format as data: what stands before and behind a message of each role."""

    user: tuple[str, str]
    assistant: tuple[str, str]
    system: tuple[str, str]
    answer: str = ""
    """Opens the answer that is asked for."""
    opening: str = BOS
    default: str = ""
    """Stands in place of a system message where there is none."""
    joined: bool = False
    """The system message stands inside the first user's turn."""
    stops: tuple[str, ...] = ()


FORMS = {
    # https://github.com/meta-llama/llama/blob/main/llama/generation.py
    "llama-2": Form(
        system=(f"{BOS}[INST] <<SYS>>\n", "\n<</SYS>>\n\n"),
        user=(f"{BOS}[INST] ", " [/INST]"),
        assistant=(" ", f" {EOS}"),
        opening="",
        joined=True,
        stops=("[INST]",),
    ),
    # https://github.com/lm-sys/FastChat/blob/main/docs/vicuna_weights_version.md
    "vicuna": Form(
        system=("", " "),
        user=("USER: ", " "),
        assistant=("ASSISTANT: ", EOS),
        answer="ASSISTANT:",
        default="A chat between a curious user and an artificial intelligence assistant. "
        "The assistant gives helpful, detailed, and polite answers to the user's questions. ",
        stops=("\nUSER:",),
    ),
    # https://github.com/tatsu-lab/stanford_alpaca#data-release
    "alpaca": Form(
        system=("### Instruction:\n", "\n\n"),
        user=("### Instruction:\n", "\n\n"),
        assistant=("### Response:", EOS),
        answer="### Response:",
        opening=f"{BOS}Below is an instruction that describes a task. "
        "Write a response that appropriately completes the request.\n\n",
        joined=True,
        stops=("\n### Instruction:",),
    ),
    # https://github.com/openai/openai-python/blob/v0.28.1/chatml.md
    "chatml": Form(
        system=("<|im_start|>system\n", "<|im_end|>\n"),
        user=("<|im_start|>user\n", "<|im_end|>\n"),
        assistant=("<|im_start|>assistant\n", "<|im_end|>\n"),
        answer="<|im_start|>assistant\n",
        stops=("<|im_end|>", "<|im_start|>"),
    ),
    # https://huggingface.co/HuggingFaceH4/zephyr-7b-beta
    "zephyr": Form(
        system=("<|system|>\n", f"{EOS}\n"),
        user=("<|user|>\n", f"{EOS}\n"),
        assistant=("<|assistant|>\n", f"{EOS}\n"),
        answer="<|assistant|>\n",
        stops=("<|user|>", "<|system|>", "<|assistant|>"),
    ),
}
TURN_MARKS = ("<|im_end|>", "<|im_start|>", "<|user|>", "<|end|>", "<|eot_id|>", "<end_of_turn>", "[INST]")
"""What of a file's own template an answer may run into."""


def template(name: str) -> ChatTemplate:
    """A published template by its name. Raises TemplateError when there is none."""
    form = FORMS.get(name)
    if form is None:
        raise TemplateError(f"there is no chat template {name}; there are {', '.join(FORMS)}")
    return ChatTemplate(name, form.stops, partial(fill, form))


def fill(form: Form, roles: Sequence[str]) -> list[str]:
    turns = {"system": form.system, "user": form.user, "assistant": form.assistant}
    pieces: list[str] = []
    text = form.opening + (form.default if "system" not in roles[:1] else "")
    inside = False
    for role in roles:
        if role not in turns:
            raise TemplateError(f"a conversation has no place for the role {role}")
        before, after = turns[role]
        pieces.append(text + ("" if inside else before))
        inside = form.joined and role == "system"
        text = after
    return [*pieces, text + (form.answer if roles[-1:] != ("assistant",) else "")]


def from_jinja(source: str, bos: str = BOS, eos: str = EOS) -> ChatTemplate:
    """A model file's own template. Raises TemplateError when it is too large; what it does shows when it is used."""
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(f"it has {len(source):,} characters")
    stops = tuple(mark for mark in TURN_MARKS if mark in source)
    return ChatTemplate("the file's own", stops, cache(partial(run, source, bos, eos)))


def run(source: str, bos: str, eos: str, roles: Sequence[str]) -> list[str]:
    """What the template makes of `roles`; one that knows no system message gets that before the first user's text."""
    try:
        return ask(source, bos, eos, roles)
    except Exhausting:
        raise
    except TemplateError:
        if tuple(roles[:2]) != ("system", "user"):
            raise
    opening, *others = ask(source, bos, eos, roles[1:])
    return [opening, "\n\n", *others]


def ask(source: str, bos: str, eos: str, roles: Sequence[str]) -> list[str]:
    """Have the template rendered, and cut out where the contents go. Raises TemplateError."""
    question = json.dumps({"source": source, "bos": bos, "eos": eos, "roles": list(roles)})
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "galley.core.engine.templates"],
            input=question.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=WAIT_SECONDS,
            check=False,
        )
        answer: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        raise Exhausting("it takes too long or too much memory") from None
    if "error" in answer:
        raise TemplateError("".join(letter for letter in answer["error"][:200] if letter.isprintable()))
    return cut(answer["text"], len(roles))


def cut(text: str, messages: int) -> list[str]:
    """The pieces around the sentinels, each of which has to be there once, in order."""
    pieces: list[str] = []
    for number in range(messages):
        sentinel = SENTINEL.format(number)
        before, found, text = text.partition(sentinel)
        if not found:
            raise TemplateError("it leaves out a message")
        pieces.append(before)
    pieces.append(text)
    if any(letter in piece for piece in pieces for letter in SENTINEL.format("")):
        raise TemplateError("it repeats a message")
    return pieces


def render(source: str, bos: str, eos: str, roles: Sequence[str]) -> str:
    """The conversation with sentinels for contents, by Jinja, in this process. Raises whatever a template may raise."""
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: object = "") -> None:
        raise TemplateError(f"it says: {message}")

    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    compiled = made.from_string(source, {"raise_exception": refuse})  # by convention there is such a function
    messages = [{"role": role, "content": SENTINEL.format(number)} for number, role in enumerate(roles)]
    text, values = "", {"messages": messages, "bos_token": bos, "eos_token": eos, "add_generation_prompt": True}
    for part in compiled.generate(**values):
        text += part
        if len(text) > LONGEST_OUTPUT:
            raise TemplateError("it writes without end")
    return text


def limit() -> None:
    """Little memory and time, no files, and no core dump when one of them ends."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    if sys.platform != "darwin":  # where address space is not counted
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main() -> None:
    """Answer one question of `ask`."""
    limit()
    question: dict[str, Any] = json.load(sys.stdin)
    try:
        answer = {"text": render(**question)}
    except TemplateError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "it takes too much memory"}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
