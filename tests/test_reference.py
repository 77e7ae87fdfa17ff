"""How a person names a model that is to be fetched."""

import pytest

from galley.core.errors import ModelError
from galley.core.models.fetching import parse_reference
from galley.core.models.hub import quantization_of


class TestReference:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("llama-3.2-1b", {"kind": "catalogue", "name": "llama-3.2-1b"}),
            ("llama-3.2-1b:q8_0", {"name": "llama-3.2-1b", "quantization": "Q8_0"}),
            ("hf:a/b/c/d.gguf", {"kind": "hf", "repo": "a/b", "file": "c/d.gguf"}),
            ("hf://a/b:Q4_K_M", {"repo": "a/b", "quantization": "Q4_K_M"}),
            ("hf:a/b@v1/d.gguf", {"revision": "v1", "file": "d.gguf"}),
            ("https://h/x%20y.gguf", {"kind": "https", "address": "https://h/x%20y.gguf"}),
            ("http://localhost:1/x.gguf", {"kind": "https"}),
            ("http://[::1]/x.gguf", {"kind": "https"}),
            (f"https://h/x.gguf?a=1#sha256={'A' * 64}", {"address": "https://h/x.gguf?a=1", "sha256": "a" * 64}),
            ("pypi:x==1.0", {"kind": "pypi", "requirement": "x==1.0", "member": ""}),
            ("pypi:x==1.0/x/y.gguf", {"requirement": "x==1.0", "member": "x/y.gguf"}),
        ],
    )
    def test_is_read_into_its_parts(self, text: str, expected: dict[str, str]) -> None:
        reference = parse_reference(text)
        assert {name: getattr(reference, name) for name in expected} == expected

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "-x",
            "a b",
            "a/b",
            "../x.gguf",
            "hf:a",
            "hf:a/b/c.txt",
            "hf:a/b/../../c.gguf",
            "pypi:x",
            "pypi:x>=1",
            "pypi:-r==1",
            "pypi:x==1.0/../y.gguf",
            "https:///x.gguf",
            "https://h:port/x.gguf",
            "https://h/x.zip",
            "https://h/x.gguf#md5=1",
            "https://h/x.gguf#sha256=12",
            "http://h/x.gguf",
            "http://127.0.0.1.h/x.gguf",
            "https://h/\x1b[0mx.gguf",
            "ftp://h/x.gguf",
        ],
    )
    def test_is_refused_in_one_sentence(self, text: str) -> None:
        with pytest.raises(ModelError) as caught:
            parse_reference(text)
        assert str(caught.value).isprintable()

    def test_never_has_credentials_and_does_not_repeat_them(self) -> None:
        for text in ("https://me:secret@h/x.gguf", "https://secret@h/x.gguf?key=secret"):
            with pytest.raises(ModelError, match="name or password") as caught:
                parse_reference(text)
            assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "quantization"),
        [
            ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
            ("smollm2-360m-instruct-q8_0.gguf", "Q8_0"),
            ("tinyllama.Q5_1.gguf", "Q5_1"),
            ("Q6_K/big-00001-of-00002.gguf", "Q6_K"),
            ("x-IQ2_XXS.gguf", "IQ2_XXS"),
            ("x-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
            ("x-bf16.gguf", "BF16"),
            ("model.gguf", ""),
        ],
    )
    def test_a_quantization_is_read_from_a_file_name(self, name: str, quantization: str) -> None:
        assert quantization_of(name) == quantization
