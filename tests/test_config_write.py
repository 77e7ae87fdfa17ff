"""Writing settings: into a person's own file, of which nothing but the setting may change."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galley.core.config import Config, example, known_keys, load_config, value_of
from galley.core.config_write import overridden, set_values
from galley.core.engine.registry import AUTO, ENGINES
from galley.core.errors import ConfigError, StorageError
from galley.core.paths import config_file

MINE = """\
# mine, all mine

[prepare]   # repairs
hyphens = false  # the publisher has its own

# how it is cleaned
[clean]
seed = 7
mode = 'rules'\t# no model on this machine
# retries = 3

# small chunks read better
[chunk]
size = 500
"""
LAYOUTS = [
    "",
    "# nothing yet",
    MINE,
    MINE.rstrip("\n"),
    MINE.replace("\n", "\r\n"),
    example(),
    'clean.mode = "rules"\nchunk.size = 500\n',
    'clean = { mode = "rules", seed = 3 } # on one line\n[chunk]\nunit = "tokens"\n',
    '[clean]\nkinds = [\n  "citation", # these\n  # not these: "contact"\n  "debris",\n]\n',
    "[keys]\n# none\n\n# of mine\n[ui]\n\n[session] # of nothing\n",
    '["clean"]\n"mode" = "rules"\n[keys]\n"a.b" = "x"\n\n\n\n[chunk]',
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def after(path: Path, text: str, values: Mapping[str, object]) -> str:
    path.write_text(text, newline="")
    set_values(path, values)
    return path.read_bytes().decode()


def test_a_change_leaves_every_other_byte_of_the_file(path: Path) -> None:
    text = after(path, MINE, {"clean.mode": "verbatim"})
    assert text == MINE.replace("'rules'", '"verbatim"')


def test_a_new_key_comes_behind_the_last_of_its_section_and_no_comment_changes_hands(path: Path) -> None:
    text = after(path, MINE, {"prepare.unicode": False, "clean.retries": 2})
    assert "has its own\nunicode = false\n\n# how it is cleaned\n[clean]\n" in text
    assert "this machine\nretries = 2\n# retries = 3\n\n# small chunks" in text
    assert [line for line in text.splitlines() if line in MINE.splitlines()] == MINE.splitlines()


def test_a_key_of_a_section_without_keys_comes_behind_its_comments(path: Path) -> None:
    text = after(path, "[keys]\n# mine\n\n# accept = 'a'\n\n# the look\n[ui]\n", {"keys.accept": "b"})
    assert text == "[keys]\n# mine\n\n# accept = 'a'\naccept = \"b\"\n\n# the look\n[ui]\n"


def test_a_new_section_comes_behind_the_others(path: Path) -> None:
    assert after(path, MINE, {"ui.theme": "paper"}) == MINE + '\n[ui]\ntheme = "paper"\n'


def test_a_file_without_a_last_line_end_takes_a_new_section(path: Path) -> None:
    assert after(path, "[chunk]\nsize = 500", {"ui.theme": "x"}) == '[chunk]\nsize = 500\n\n[ui]\ntheme = "x"\n'


def test_line_ends_stay_as_they_are(path: Path) -> None:
    text = after(path, MINE.replace("\n", "\r\n"), {"clean.mode": "auto", "keys.accept": "a"})
    assert text.count("\n") == text.count("\r\n") == MINE.count("\n") + 3


def test_none_removes_a_key_and_its_default_holds_again(path: Path) -> None:
    text = after(path, MINE, {"clean.seed": None, "clean.retries": None, "ui.theme": None})
    assert text == MINE.replace("seed = 7\n", "")
    assert load_config(path, {}).clean.seed == Config().clean.seed


def test_a_wrong_key_that_stands_in_the_file_can_be_taken_out(path: Path) -> None:
    assert after(path, "[clean]\nmoed = 1\nseed = 2\n", {"clean.moed": None}) == "[clean]\nseed = 2\n"
    assert after(path, "# top\nmode = 1\n[clean]\n", {"mode": None}) == "# top\n[clean]\n"


def test_keys_with_their_section_in_front_can_be_changed_and_taken_out(path: Path) -> None:
    text = after(path, 'clean.mode = "rules" # mine\nchunk.size = 500\n', {"clean.mode": "auto", "chunk.size": None})
    assert text == 'clean.mode = "auto" # mine\n'


def test_a_list_on_several_lines_keeps_the_comments_of_the_entries_that_stay(path: Path) -> None:
    before = '[clean]\nkinds = [\n  "citation", # these\n  # and those\n  "debris",\n]\n'
    text = after(path, before, {"clean.kinds": ("citation", "debris", "hyphen")})
    assert "# these" in text
    assert "# and those" in text
    assert load_config(path, {}).clean.kinds == ("citation", "debris", "hyphen")
    set_values(path, {"clean.kinds": ("hyphen", "citation")})
    assert load_config(path, {}).clean.kinds == ("hyphen", "citation")


def test_a_value_that_is_there_already_is_not_written_another_way(path: Path) -> None:
    before = "[clean]\nmode = 'rules'\nseed = 1_000\nthreshold = 5e-1"
    path.write_text(before)
    stamp = path.stat()
    set_values(path, {"clean.mode": "rules", "clean.seed": 1000, "clean.threshold": "0.5", "ui.theme": None})
    assert path.read_text() == before
    assert path.stat().st_ino == stamp.st_ino


def test_a_missing_file_is_made_for_its_owner_alone(own_home: Path) -> None:
    path = config_file()
    set_values(path, {"clean.mode": "rules", "keys.accept": "a,enter", "clean.seed": 4})
    header, *rest = path.read_text().splitlines()
    assert header.startswith("# Galley's settings")
    assert rest == ["", "[clean]", 'mode = "rules"', "seed = 4", "", "[keys]", 'accept = "a,enter"']
    assert path.stat().st_mode & 0o777 == 0o600
    assert own_home in path.parents


def test_nothing_to_write_makes_no_file(path: Path) -> None:
    set_values(path, {})
    set_values(path, {"clean.mode": None})
    assert not path.exists()


def test_a_file_that_is_there_keeps_its_mode_and_stays_a_link(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(MINE)
    real.chmod(0o640)
    path.symlink_to(real)
    set_values(path, {"clean.seed": 8})
    assert path.is_symlink()
    assert "seed = 8" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        (MINE, {"clean.moed": "rules"}, r"no setting clean\.moed.*Did you mean clean\.mode\?"),
        (MINE, {"clean.moed": None}, r"no setting clean\.moed"),
        (MINE, {"clean": "rules"}, r"no setting clean "),
        (MINE, {"keys.": "a"}, r"no setting keys\."),
        (MINE, {"clean.seed": 8, "clean.mode": "fast"}, r"clean\.mode \(new value\) is wrong.*not 'fast'"),
        (MINE, {"chunk.size": 3}, r"chunk\.size .*greater than or equal to 50"),
        (MINE, {"keys.accept": 5}, r"keys\.accept \(new value\) is wrong.*not 5\. Write it as text"),
        (MINE, {"session.directory": "caf\udce9"}, r"session\.directory.* is wrong.*no Unicode"),
        (MINE, {"keys.caf\udce9": "a"}, r"keys\.caf.* is wrong.*no Unicode"),
        ("[clean\n", {"clean.seed": 8}, r"no valid TOML: .*line 1"),
        ("clean = 3\n", {"clean.seed": 8}, r"clean\.seed can't be changed in .* without harm"),
        ("[[clean]]\nseed = 1\n", {"clean.seed": 8}, r"clean\.seed can't be changed in .* without harm"),
    ],
)
def test_a_mistake_is_named_and_the_file_is_untouched(
    path: Path, text: str, values: dict[str, object], expected: str
) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError, match=expected):
        set_values(path, values)
    assert path.read_text() == text
    assert os.listdir(path.parent) == ["config.toml"]


def test_a_folder_that_can_not_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises((StorageError, ConfigError), match="taken"):
        set_values(tmp_path / "taken" / "config.toml", {"clean.seed": 8})


def test_the_variable_that_goes_over_the_file_is_named_and_the_file_is_written_all_the_same(path: Path) -> None:
    environ = {"GALLEY_CLEAN_SEED": "5", "GALLEY_KEYS_NEXT_LOOK": "n"}
    assert overridden("clean.seed", environ) == "environment GALLEY_CLEAN_SEED"
    assert overridden("keys.next_look", environ) == "environment GALLEY_KEYS_NEXT_LOOK"
    assert overridden("clean.mode", environ) is None
    set_values(path, {"clean.seed": 8})
    assert load_config(path, {}).clean.seed == 8
    assert load_config(path, environ).clean.seed == 5


def values_of(key: str) -> st.SearchStrategy[Any]:
    """Any value that a key allows."""
    if key == "engine.name":  # checked against the engines that there are, which its type does not say
        return st.sampled_from([AUTO, *ENGINES])
    section, _, name = key.partition(".")
    field = Config.model_fields[section].annotation.model_fields[name]  # type: ignore[union-attr]
    allowed = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return st.from_type(allowed).filter(lambda value: value == value)


SETTING = st.sampled_from(sorted(known_keys())).flatmap(lambda key: st.tuples(st.just(key), values_of(key)))
ACTION = st.tuples(st.text(min_size=1).map(lambda name: f"keys.{name}"), st.text())


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SETTING | ACTION, min_size=1, max_size=4), st.sampled_from([None, *LAYOUTS]), st.booleans())
def test_what_is_written_is_what_is_read_and_no_comment_is_lost(
    pairs: list[tuple[str, object]], layout: str | None, at_once: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        if layout is not None:
            path.write_text(layout, newline="")
        before = load_config(path, {})
        wanted = dict(pairs)
        for values in [wanted] if at_once else [{key: value} for key, value in wanted.items()]:
            set_values(path, values)
        config = load_config(path, {})
        for key, value in wanted.items():
            assert value_of(config, key) == value
        for key in known_keys().keys() - wanted.keys():
            assert value_of(config, key) == value_of(before, key)
        assert config.keys == before.keys | {k[5:]: v for k, v in wanted.items() if k.startswith("keys.")}
        text = path.read_bytes().decode()
        kept = iter(text.splitlines())
        alone = [line.strip() for line in (layout or "").splitlines() if line.lstrip().startswith("#")]
        assert all(any(comment == line.strip() for line in kept) for comment in alone)
        set_values(path, dict.fromkeys(wanted))
        config = load_config(path, {})
        for key in wanted:
            assert value_of(config, key) == value_of(Config(), key)


def galley(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from galley.cli.main import main; main()", *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_line_sets_and_unsets_and_names_the_file_and_the_variable_over_it() -> None:
    path = config_file()
    done = galley("config", "set", "engine.gpu_layers", "-1", GALLEY_ENGINE_GPU_LAYERS="3")
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stderr
    assert "environment GALLEY_ENGINE_GPU_LAYERS" in done.stderr
    assert "gpu_layers = -1" in path.read_text()
    done = galley("config", "unset", "engine.gpu_layers")
    assert (done.returncode, "gpu_layers" in path.read_text()) == (0, False)
    assert "environment" not in done.stderr
    done = galley("config", "set", "clean.mode", "fast")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_command_line_shows_the_keys_of_actions_that_are_set() -> None:
    galley("config", "set", "keys.next_look", "n")
    shown = galley("config", "show").stdout
    assert any(line.split()[:2] == ["keys.next_look", "'n'"] for line in shown.splitlines())
