"""What stands around a chunk: paths in the room that there is."""

import pytest
from rich.cells import cell_len

from galley.tui.captions import path_within


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (40, "/home/reader/papers/proofs/survey.txt"),
        (30, "/home/r…pers/proofs/survey.txt"),
        (13, "/…/survey.txt"),
        (11, "…survey.txt"),
        (10, "survey.txt"),
        (6, "su…txt"),
    ],
)
def test_of_a_long_path_the_folder_gives_way_before_the_files_name(cells: int, shown: str) -> None:
    assert path_within("/home/reader/papers/proofs/survey.txt", cells) == shown


def test_a_path_in_letters_of_two_cells_takes_no_more_room_than_it_has() -> None:
    shown = path_within("/home/讀校樣的人/校樣/a-survey.txt", 20)
    assert shown.endswith("/a-survey.txt")
    assert cell_len(shown) <= 20
