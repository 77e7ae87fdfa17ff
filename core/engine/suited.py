"""Which engine can load which model file, told from the file's header alone.

The architectures are those that llama.cpp's converter knew at the time of the pinned `xllamacpp`, without the ones that
write no text; a test holds the list against the `gguf` package. An architecture that is missing here is refused by its
name, since the library would only say that loading failed.
"""

from ..models.info import ModelInfo

KINDS = {
    "embedding": "it is an embedding model, which turns text into numbers and writes none",
    "vision": "it is the part of a model that looks at pictures",
    "adapter": "it is an adapter (LoRA), which changes another model and is none itself",
    "imatrix": "it is the statistics for quantizing a model and no model",
    "vocab": "it is a vocabulary without a model",
}
WRITE_NO_TEXT = frozenset(
    "bert clip eurobert gemma-embedding jina-bert-v2 jina-bert-v3 llama-embed modern-bert neo-bert nomic-bert "
    "nomic-bert-moe t5 t5encoder wavtokenizer-dec dream llada llada-moe rnd1".split()
)
"""Architectures that embed, look, speak, translate or diffuse: none of them continues a text."""
KNOWN = frozenset(
    "afmoe apertus arcee arctic arwkv7 baichuan bailingmoe bailingmoe2 bitnet bloom chameleon chatglm codeshell cogvlm "
    "cohere2 command-r dbrx deci deepseek deepseek2 deepseek2-ocr dots1 ernie4_5 ernie4_5-moe exaone exaone-moe exaone4 "
    "falcon falcon-h1 gemma gemma2 gemma3 gemma3n gemma4 glm-dsa glm4 glm4moe gpt-oss gpt2 gptj gptneox granite "
    "granitehybrid granitemoe grok grovemoe hunyuan-dense hunyuan-moe hunyuan_vl internlm2 jais jais2 jamba kimi-linear "
    "lfm2 lfm2moe llama llama4 maincoder mamba mamba2 mimo2 minicpm minicpm3 minimax-m2 mistral3 mistral4 mpt nemotron "
    "nemotron_h nemotron_h_moe olmo olmo2 olmoe openelm orion paddleocr pangu-embedded phi2 phi3 phimoe plamo plamo2 plamo3 plm qwen "
    "qwen2 qwen2moe qwen2vl qwen3 qwen35 qwen35moe qwen3moe qwen3next qwen3vl qwen3vlmoe refact rwkv6 rwkv6qwen2 rwkv7 "
    "seed_oss smallthinker smollm3 stablelm starcoder starcoder2 step35 xverse".split()
)
OLD_TYPES = frozenset("F32 F16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K".split())
"""Quantizations that llama.cpp of September 2023 reads."""


def llamacpp_refuses(model: ModelInfo) -> str:
    """Why llama.cpp can't run it; empty when it can, as far as the header tells."""
    if model.format == "ggml":
        return "it is a GGML file, of before August 2023, which llama.cpp no longer reads"
    reason = never(model)
    if reason:
        return reason
    return "" if model.architecture in KNOWN else f"its architecture, {model.architecture}, is unknown to llama.cpp"


def ctransformers_refuses(model: ModelInfo) -> str:
    """Why ctransformers can't run it; empty when it can, as far as the header tells."""
    reason = never(model)
    if reason:
        return reason
    if model.architecture != "llama":
        return f"ctransformers is here for Llamas, and its architecture is {model.architecture}"
    if not model.sentencepiece:
        return "its vocabulary is no SentencePiece one, and ctransformers' llama.cpp of September 2023 knows no other"
    if model.quantization not in OLD_TYPES:
        return f"its quantization, {model.quantization}, is newer than ctransformers' llama.cpp of September 2023"
    return ""


def never(model: ModelInfo) -> str:
    """Why no engine can run it."""
    if model.missing:
        return f"{len(model.missing)} of its parts are missing, the first of them {model.missing[0]}"
    if model.kind != "model":
        return KINDS.get(model.kind, f"it holds no model but says it is of the kind {model.kind}")
    if model.architecture in WRITE_NO_TEXT:
        return f"its architecture, {model.architecture}, continues no text"
    return ""


def instead(model: ModelInfo) -> str:
    """What to do with a model that no engine runs."""
    if model.missing:
        return "Fetch the missing parts into the same folder."
    return "Take a GGUF file of a Llama that follows instructions (`galley models` lists what is here)."
