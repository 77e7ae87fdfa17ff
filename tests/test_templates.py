"""Chat templates: the published ones against what their makers' code writes, and model files' own, which are programs
that anyone may have written."""

import pytest

from galley.core.engine.templates import FORMS, LONGEST_SOURCE, ChatTemplate, TemplateError, from_jinja, template

TALK = (("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello."), ("user", "Bye"))
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}"
)


def filled(made: ChatTemplate, talk: tuple[tuple[str, str], ...]) -> str:
    """The conversation as text."""
    pieces = made.pieces([role for role, _ in talk])
    assert len(pieces) == len(talk) + 1
    return "".join(piece + content for piece, (_, content) in zip(pieces, (*talk, ("", "")), strict=True))


PUBLISHED = {
    "llama-2": "<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nHi [/INST] Hello. </s><s>[INST] Bye [/INST]",
    "vicuna": "<s>Be kind. USER: Hi ASSISTANT: Hello.</s>USER: Bye ASSISTANT:",
    "alpaca": (
        "<s>Below is an instruction that describes a task. Write a response that appropriately completes the request."
        "\n\n### Instruction:\nBe kind.\n\nHi\n\n### Response:Hello.</s>### Instruction:\nBye\n\n### Response:"
    ),
    "chatml": (
        "<s><|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n"
    ),
    "zephyr": (
        "<s><|system|>\nBe kind.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello.</s>\n<|user|>\nBye</s>\n<|assistant|>\n"
    ),
}
WITHOUT_SYSTEM = {
    "llama-2": "<s>[INST] Hi [/INST]",
    "vicuna": (
        "<s>A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, "
        "detailed, and polite answers to the user's questions. USER: Hi ASSISTANT:"
    ),
    "alpaca": (
        "<s>Below is an instruction that describes a task. Write a response that appropriately completes the request."
        "\n\n### Instruction:\nHi\n\n### Response:"
    ),
    "chatml": "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "zephyr": "<s><|user|>\nHi</s>\n<|assistant|>\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_conversation_looks_as_the_format_was_published(name: str) -> None:
    assert filled(template(name), TALK) == PUBLISHED[name]
    assert filled(template(name), (("user", "Hi"),)) == WITHOUT_SYSTEM[name]


@pytest.mark.parametrize("name", FORMS)
def test_an_answer_ends_where_another_turn_would_begin(name: str) -> None:
    stops = template(name).stops
    assert stops
    assert any(stop.strip() in PUBLISHED[name] for stop in stops)


def test_names_and_roles_that_do_not_exist_are_refused() -> None:
    with pytest.raises(TemplateError, match="no chat template llama-9; there are llama-2, vicuna"):
        template("llama-9")
    with pytest.raises(TemplateError, match="no place for the role tool"):
        template("llama-2").pieces(["user", "tool"])


def test_a_files_own_template_is_cut_around_the_contents() -> None:
    made = from_jinja(CHATML)
    assert filled(made, TALK) == PUBLISHED["chatml"].removeprefix("<s>")
    assert made.stops == ("<|im_end|>", "<|im_start|>")


def test_a_template_that_refuses_a_system_message_gets_it_with_the_first_question() -> None:
    made = from_jinja(NO_SYSTEM)
    assert filled(made, TALK) == "<s>[INST] Be kind.\n\nHi [/INST]Hello.</s>[INST] Bye [/INST]"
    with pytest.raises(TemplateError, match="roles must alternate"):
        made.pieces(["user", "user"])


def test_a_template_that_drops_the_system_message_gets_it_with_the_first_question() -> None:
    source = "{% for m in messages if m.role != 'system' %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
    assert filled(from_jinja(source), TALK[:2]) == "user: Be kind.\n\nHi\nassistant:"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ 'a' * 10 ** 10 }}", "too much memory"),
        ("{% set n = namespace(x='a') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}", "memory"),
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "too long"),
        ("{% for i in range(99999) %}{{ 'aaaaaaaaaa' }}{% endfor %}", "without end"),
        ("{{ 'a' * 70000 }}", "without end"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "RecursionError"),
        ("{{ " + "(" * 30_000 + "1" + ")" * 30_000 + " }}", "RecursionError"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "SecurityError"),
        ("{{ cycler.__init__.__globals__.os.system('true') }}", "SecurityError|Undefined"),
        ("{% include '/etc/passwd' %}", "TypeError"),
        ("{{ messages.append(1) }}", "SecurityError"),
        ("{{ nothing.at.all }}", "UndefinedError"),
        ("{{ ", "TemplateSyntaxError"),
        ("{{ raise_exception('\x1b[31mred') }}", r"it says: \[31mred"),
        ("no messages in it", "leaves out a message"),
        ("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", "repeats a message"),
        ("{% for m in messages | reverse %}{{ m.content }}{% endfor %}", "leaves out a message"),
    ],
)
def test_a_template_that_does_harm_or_nothing_is_told_in_words(source: str, reason: str) -> None:
    with pytest.raises(TemplateError, match=reason):
        from_jinja(source).pieces(["user", "assistant", "user"])


def test_a_very_large_template_is_not_even_read() -> None:
    with pytest.raises(TemplateError, match="64,001 characters"):
        from_jinja("a" * (LONGEST_SOURCE + 1))
