"""Settings: where they come from, and what a mistake is told."""

from pathlib import Path

import pytest

from galley.core.config import Config, example, init, known_keys, load_config
from galley.core.errors import ConfigError
from galley.core.job import run_settings

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    assert load_config(tmp_path / "none.toml", environ={}) == Config()


def test_environment_goes_over_file_and_options_over_both(tmp_path: Path) -> None:
    path = write(tmp_path, '[clean]\nmode = "rules"\nseed = 5\nretries = 3\n')
    config = load_config(path, {"GALLEY_CLEAN_SEED": "6", "GALLEY_CLEAN_RETRIES": "4"}, {"clean.retries": 2})
    assert (config.clean.mode, config.clean.seed, config.clean.retries) == ("rules", 6, 2)


def test_values_from_the_environment_get_the_keys_type(tmp_path: Path) -> None:
    environ = {"GALLEY_PREPARE_HYPHENS": "no", "GALLEY_CLEAN_KINDS": "citation, debris", "GALLEY_CHUNK_SIZE": "500"}
    config = load_config(tmp_path / "none.toml", environ)
    assert config.prepare.hyphens is False
    assert config.clean.kinds == ("citation", "debris")
    assert config.chunk.size == 500


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[clean]\nmoed = "rules"\n', r"no setting clean\.moed \(file .*config\.toml\)\. Did you mean clean\.mode\?"),
        ('[clean]\nmode = "fast"\n', r"clean\.mode \(file .*config\.toml\) is wrong: .*'rules'.*not 'fast'"),
        ("[chunk]\nsize = 3\n", r"chunk\.size .*greater than or equal to 50"),
        ('[chunk]\nsize = "big"\n', r"chunk\.size .*integer"),
        ("[chunk\n", r"no valid TOML: .*line 1"),
        ("mode = 1\n", r"no setting mode "),
        ("[claen]\n", r"no setting claen"),
        ('[claen]\nmode = "rules"\n', r"no setting claen\.mode .*Did you mean clean\.mode"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_nearest_right_key(tmp_path: Path, text: str, expected: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ={})
    assert caught.match(expected)


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(ConfigError, match=r"environment GALLEY_CLEAN_MODUS.*Did you mean clean\.mode"):
        load_config(Path("none.toml"), {"GALLEY_CLEAN_MODUS": "rules"})
    with pytest.raises(ConfigError, match=r"GALLEY_CLEAN_SEED.*is wrong"):
        load_config(Path("none.toml"), {"GALLEY_CLEAN_SEED": "x"})


def test_places_of_ours_are_no_settings(tmp_path: Path) -> None:
    environ = {"GALLEY_HOME": "x", "GALLEY_MODELS": "y", "GALLEY_CONFIG": "z", "OTHER": "1"}
    assert load_config(tmp_path / "none.toml", environ) == Config()


def test_a_config_file_that_is_named_and_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"GALLEY_CONFIG names .*nowhere\.toml"):
        load_config(environ={"GALLEY_CONFIG": str(tmp_path / "nowhere.toml")})
    path = write(tmp_path, "[clean]\nseed = 9\n")
    assert load_config(environ={"GALLEY_CONFIG": str(path)}).clean.seed == 9


def test_a_config_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        load_config(tmp_path, environ={})
    (tmp_path / "latin.toml").write_bytes(b'[clean]\nprompt = "caf\xe9"\n')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path / "latin.toml", environ={})


def test_the_home_of_nobody_is_a_folder_like_any_other(tmp_path: Path) -> None:
    config = load_config(tmp_path / "none.toml", {}, {"session.directory": "~nobody-of-this-name/x"})
    assert config.session.folder == Path("~nobody-of-this-name/x")


def test_the_example_documents_every_key_and_holds_the_defaults() -> None:
    assert EXAMPLE.read_text() == example(), "write it anew: galley config init, or example()"
    assert load_config(EXAMPLE, environ={}) == Config()
    assert all(known_keys().values()), "a key without a docstring"


def test_init_writes_the_example_and_never_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    init(path)
    assert path.read_text() == example()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="already"):
        init(path)


def test_the_keys_of_actions_come_from_the_file_and_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, '[keys]\nnext_look = "n,j"\naccept = "a"\n')
    config = load_config(path, {"GALLEY_KEYS_ACCEPT": "y", "GALLEY_KEYS_CLEAR": "true", "GALLEY_UI_KEYS": "vim"})
    assert config.keys == {"next_look": "n,j", "accept": "y", "clear": "true"}
    assert config.ui.keys == "vim"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[keys]\naccept = 5\n", r"keys\.accept \(file .*config\.toml\) is wrong.*string, not 5.*next_look = \"n\""),
        ('[keys]\naccept = ["a"]\n', r"keys\.accept .*not \['a'\]"),
        ('[keys.clear]\naccept = "a"\n', r"keys\.clear .*is wrong"),
        ('keys = "vim"\n', r"no setting keys "),
        ('[key]\naccept = "a"\n', r"no setting key\.accept .*Did you mean keys\.accept\?"),
    ],
)
def test_a_wrong_key_of_an_action_is_named_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        load_config(write(tmp_path, text), environ={})


def test_a_key_variable_without_an_action_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="environment GALLEY_KEYS"):
        load_config(Path("none.toml"), {"GALLEY_KEYS": "vim"})


def test_the_line_that_shows_how_keys_are_written_works_when_its_mark_goes(tmp_path: Path) -> None:
    path = write(tmp_path, example().replace('# next_look = "n"', 'next_look = "n"'))
    assert load_config(path, {}).keys == {"next_look": "n"}


def test_how_the_app_looks_is_no_part_of_what_makes_two_runs_the_same(tmp_path: Path) -> None:
    overrides = {"ui.theme": "other", "ui.keys": "vim", "ui.reflow": "no", "keys.accept": "y"}
    config = load_config(tmp_path / "none.toml", {}, overrides)
    assert config != Config()
    assert run_settings(config, None).digest() == run_settings(Config(), None).digest()
