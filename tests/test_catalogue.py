"""The models that are known by name, and the user's own list of them."""

from pathlib import Path

import pytest

from galley.core import models
from galley.core.errors import ConfigError, ModelError
from galley.core.models.catalogue import catalogue, look_up
from galley.core.models.hub import quantization_of

HEX = "ab" * 32


@pytest.fixture
def user_file(own_home: Path) -> Path:
    own_home.mkdir(parents=True, exist_ok=True)
    return own_home / "models.toml"


def test_every_entry_says_what_it_is_and_where_its_checksum_is_from() -> None:
    entries = catalogue()
    assert next(iter(entries)) == models.EMBEDDED.name
    assert [name for name, entry in entries.items() if entry.default] == ["llama-3.2-1b"]
    for entry in entries.values():
        assert entry.licence
        assert entry.parameters
        assert entry.sha256 or entry.sha256_from == "hub"
        for quantization, source in {entry.quantization: entry, **entry.quantizations}.items():
            assert source.about_bytes
            assert quantization_of((source.reference.file or source.reference.member).replace("/", "-")) == quantization


def test_a_quantization_is_chosen_in_any_case() -> None:
    entry = look_up("LLAMA-3.2-1B")
    assert entry.choose("") is entry
    assert entry.choose("Q4_K_M") is entry
    assert entry.choose("Q8_0") is entry.quantizations["Q8_0"]
    assert entry.choose("Q1_0") is None


def test_an_unknown_name_leads_to_the_nearest_known_one() -> None:
    with pytest.raises(ModelError, match=r"no model called 'llama-3.2-2b'.*Did you mean llama-3.2-"):
        look_up("llama-3.2-2b")
    with pytest.raises(ModelError, match=r"Known: smollm2-135m, "):
        look_up("zzz")


def test_the_users_list_adds_entries_and_changes_ours(user_file: Path) -> None:
    user_file.write_text(
        '[mine]\nsource = "https://example.org/mine.gguf"\n'
        f'sha256 = "{HEX.upper()}"\ndefault = true\n'
        '["llama-3.2-1b"]\nnote = "Ours."\n'
        '["llama-3.2-3b"]\nsource = "https://example.org/three.gguf"\n'
    )
    entries = catalogue()
    assert entries["mine"].sha256 == HEX
    assert [name for name, entry in entries.items() if entry.default] == ["mine"]
    ours = entries["llama-3.2-1b"]
    assert (ours.note, ours.licence) == ("Ours.", "Llama 3.2 Community License")
    other = entries["llama-3.2-3b"]
    assert other.licence == "Llama 3.2 Community License"
    assert (other.sha256_from, other.about_bytes, other.quantizations) == ("", 0, {})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[mine", r"no valid TOML"),
        ("[mine]\n", r"wrong at mine.source: field required"),
        ('mine = "x"\n', r"wrong at mine: it should be a table"),
        ('[mine]\nsource = "ftp://x"\n', r"wrong at mine.source: .*is no model that can be fetched"),
        ('[mine]\nsource = "llama-3.2-1b"\n', r"wrong at mine.source: a source begins with hf:"),
        ('[mine]\nsource = "hf:a/b/c.gguf"\nlicense = "MIT"\n', r"wrong at mine.license: extra inputs"),
        ('[mine]\nsource = "hf:a/b/c.gguf"\nsha256 = "12"\n', r"wrong at mine.sha256: a SHA-256 has 64"),
        ('[mine]\nsource = "hf:a/b/c.gguf"\nabout_bytes = -1\n', r"wrong at mine.about_bytes: "),
        ('[mine]\nsource = "https://h/c.gguf"\nsha256_from = "hub"\n', r"wrong at mine: sha256_from"),
        ('[mine]\nsource = "hf:a/b/c.gguf"\n[mine.quantizations.Q8_0]\n', r"wrong at mine.quantizations.Q8_0.source"),
        ('[llama-3.2-1b]\nnote = "x"\n', r"wrong at llama-3.*in quotes"),
        ("\x00", r"no valid TOML"),
    ],
)
def test_a_mistake_in_the_users_list_is_one_sentence_with_file_and_key(
    content: str, sentence: str, user_file: Path
) -> None:
    user_file.write_text(content)
    with pytest.raises(ConfigError, match=sentence) as caught:
        catalogue()
    assert str(user_file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_not_text_is_refused(user_file: Path) -> None:
    user_file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        catalogue()
    user_file.unlink()
    user_file.mkdir()
    with pytest.raises(ConfigError, match="can't be read"):
        catalogue()
