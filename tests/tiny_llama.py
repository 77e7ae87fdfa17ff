"""Llamas of two layers with random weights, for the tests of engines: they write nonsense, and the same each time.

`write_gguf` and `write_ggml` write one and the same model in today's format and in that of before August 2023. Older
format: https://github.com/ggml-org/llama.cpp/blob/dadbed99e65252d79f81101a392d0d6497b86caa/llama.cpp
"""

import struct
from pathlib import Path

import gguf
import numpy as np

CONTEXT = 2048
WIDTH, HEADS, LAYERS = 64, 4, 2
MULTIPLE, HIDDEN = 32, 192
"""A GGML file gives the first number, from which the library reckons the second."""
EPSILON = 5e-6
"""What the library takes for a GGML file, which does not say."""
SPREAD = 0.3
"""Of the last layer's weights: some tokens are far likelier than others, and none is certain."""
UNKNOWN, BOS, EOS = 0, 1, 2
SPACE = "▁"
GGJT = 0x67676A74, 3
WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "that",
    "is",
    "was",
    "for",
    "it",
    "with",
    "as",
    "his",
    "on",
    "be",
    "at",
    "by",
    "had",
    "not",
    "are",
    "but",
    "from",
    "or",
    "have",
    "an",
    "they",
    "which",
    "one",
    "you",
    "were",
    "all",
    "her",
    "she",
    "there",
    "would",
    "their",
    "we",
    "him",
    "been",
    "has",
    "when",
    "who",
    "will",
    "no",
    "more",
    "if",
    "out",
    "so",
    "up",
    "said",
    "what",
    "its",
    "about",
    "than",
    "into",
    "them",
    "can",
    "only",
    "other",
    "time",
    "new",
    "some",
    "could",
    "these",
    "two",
    "may",
    "first",
    "then",
    "do",
    "any",
    "like",
    "my",
    "now",
    "over",
    "such",
    "our",
    "man",
    "even",
    "most",
    "made",
    "after",
    "also",
    "did",
    "many",
    "fore",
    "must",
    "through",
    "years",
    "where",
    "much",
    "your",
    "way",
    "well",
    "down",
    "should",
    "because",
    "long",
    "each",
    "just",
    "state",
    "those",
    "people",
    "too",
    "mister",
    "how",
    "little",
    "good",
    "world",
    "make",
    "very",
    "year",
    "still",
    "see",
    "own",
    "work",
    "men",
    "day",
    "get",
    "here",
    "old",
    "life",
    "both",
    "between",
    "being",
    "under",
    "three",
    "never",
    "know",
    "same",
    "last",
    "another",
    "while",
    "us",
    "off",
    "might",
    "great",
    "go",
    "come",
    "since",
    "against",
    "right",
    "came",
    "take",
    "used",
    "himself",
    "few",
    "house",
    "use",
    "place",
    "during",
    "high",
    "without",
    "again",
    "home",
    "around",
    "small",
    "however",
    "found",
    "part",
    "school",
    "thought",
    "went",
    "say",
    "general",
    "once",
    "upon",
    "system",
    "your",
    "answer",
    "question",
    "text",
    "clean",
    "word",
    "page",
    "line",
    "sentence",
    "chunk",
    "model",
    "token",
    "cat",
    "dog",
    "sat",
    "mat",
    "proof",
    "galley",
    "printer",
    "book",
    "Hello",
    "The",
    "A",
    "Say",
    "Yes",
    "No",
    "user",
    "assistant",
    "system",
    "instruction",
    "response",
    "human",
    "un",
    "self",
    "infor",
    "mation",
    "pany",
    "com",
    "locked",
    "taught",
]


def vocabulary(extra: tuple[str, ...] = ()) -> list[str]:
    """Words are reached letter by letter, as SentencePiece merges only what makes a token at each step."""
    letters = [chr(code) for code in range(33, 127)]
    starts = [SPACE + word[:length] for word in WORDS for length in range(1, len(word) + 1)]
    pieces = list(dict.fromkeys([SPACE, *letters, *starts, *extra]))
    return ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]


def tensors(vocabulary_size: int) -> dict[str, np.ndarray]:
    """By their names in a GGUF file."""
    random = np.random.default_rng(20230821)

    def weights(rows: int, columns: int, spread: float) -> np.ndarray:
        return random.normal(0.0, spread, (rows, columns)).astype(np.float32)

    ones = np.ones(WIDTH, dtype=np.float32)
    made = {"token_embd.weight": weights(vocabulary_size, WIDTH, 1.0)}
    for layer in range(LAYERS):
        made[f"blk.{layer}.attn_norm.weight"] = ones
        for part in ("q", "k", "v", "output"):
            made[f"blk.{layer}.attn_{part}.weight"] = weights(WIDTH, WIDTH, 0.15)
        made[f"blk.{layer}.ffn_norm.weight"] = ones
        made[f"blk.{layer}.ffn_gate.weight"] = weights(HIDDEN, WIDTH, 0.15)
        made[f"blk.{layer}.ffn_down.weight"] = weights(WIDTH, HIDDEN, 0.15)
        made[f"blk.{layer}.ffn_up.weight"] = weights(HIDDEN, WIDTH, 0.15)
    made["output_norm.weight"] = ones
    made["output.weight"] = weights(vocabulary_size, WIDTH, SPREAD)
    return made


def write_gguf(
    path: Path, *, chat_template: str = "", extra: tuple[str, ...] = (), marks: tuple[str, ...] = (), nan: bool = False
) -> Path:
    """The model as GGUF. `extra` are more pieces of text, `marks` more control tokens; `nan` spoils its weights."""
    tokens = [*vocabulary(extra), *marks]
    types = [token_type(number, token in marks) for number, token in enumerate(tokens)]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([score(number) for number in range(len(tokens))])
    writer.add_token_types(types)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_unk_token_id(UNKNOWN)
    if chat_template:
        writer.add_chat_template(chat_template)
    for name, tensor in tensors(len(tokens)).items():
        writer.add_tensor(name, np.full_like(tensor, np.nan) if nan and name == "output.weight" else tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_ggml(path: Path) -> Path:
    """The same model as GGML: version 3 of `ggjt`, the last before GGUF."""
    tokens = vocabulary()
    numbers = len(tokens), WIDTH, MULTIPLE, HEADS, LAYERS, WIDTH // HEADS, 0
    with path.open("wb") as file:
        file.write(struct.pack("<II", *GGJT) + struct.pack("<7I", *numbers))
        for number, token in enumerate(tokens):
            text = old_text(number, token)
            file.write(struct.pack("<I", len(text)) + text + struct.pack("<f", score(number)))
        for name, tensor in tensors(len(tokens)).items():
            label = old_name(name).encode()
            file.write(struct.pack("<III", tensor.ndim, len(label), 0))
            file.write(struct.pack(f"<{tensor.ndim}I", *reversed(tensor.shape)) + label)
            file.write(bytes(-file.tell() % 32) + tensor.tobytes())
    return path


def score(number: int) -> float:
    """A piece is merged before those that come after it."""
    return 0.0 if number < 259 else float(259 - number)


def token_type(number: int, mark: bool) -> gguf.TokenType:
    if number == UNKNOWN:
        return gguf.TokenType.UNKNOWN
    if number in (BOS, EOS) or mark:
        return gguf.TokenType.CONTROL
    return gguf.TokenType.BYTE if number < 259 else gguf.TokenType.NORMAL


def old_text(number: int, token: str) -> bytes:
    """As the converters of 2023 wrote tokens: control tokens are empty, bytes themselves."""
    if number < 3:
        return " \u2047 ".encode() if number == UNKNOWN else b""
    return bytes([number - 3]) if number < 259 else token.replace(SPACE, " ").encode()


def old_name(name: str) -> str:
    renamed = {
        "token_embd": "tok_embeddings",
        "output_norm": "norm",
        "blk": "layers",
        "attn_norm": "attention_norm",
        "attn_q": "attention.wq",
        "attn_k": "attention.wk",
        "attn_v": "attention.wv",
        "attn_output": "attention.wo",
        "ffn_gate": "feed_forward.w1",
        "ffn_down": "feed_forward.w2",
        "ffn_up": "feed_forward.w3",
    }
    return ".".join(renamed.get(part, part) for part in name.split("."))
