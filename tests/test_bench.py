"""The speed benchmarks measure what they say: their chunks, their sums, their pictures and the program around them."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fake import FakeEngine
from pypdf import PdfReader

from bench import ideas
from bench.__main__ import benchmarks, first_sentence
from bench.growth import Table, clean_by_rules, peak_of, repeated
from bench.limit import Rates, Watched, by_level
from bench.notebook import NOTHING, Galley, Notebook, Taken, report, spread, word_bounded
from bench.plots import Line, Plot, apart, round_step, svg

ROOT = Path(__file__).resolve().parent.parent
SVG = "{http://www.w3.org/2000/svg}"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_notebooks_chunks_hold_all_words_and_stay_within_the_size() -> None:
    text = "Proofs were  read\naloud by two, and what\tboth had heard was right. " * 40
    chunks = word_bounded(text, 100)
    assert " ".join(chunks).split() == text.split()
    assert max(map(len, chunks)) < 100
    assert min(map(len, chunks[:-1])) > 80


def test_a_word_longer_than_a_chunk_stands_alone() -> None:
    assert word_bounded("a " + "b" * 50 + " c d", 10) == ["a", "b" * 50, "c d"]
    assert word_bounded("  ", 10) == []


def test_chunks_are_taken_from_all_over_the_document() -> None:
    assert spread([str(number) for number in range(10)], 3) == ["0", "3", "6"]
    assert spread(["a"], 3) == ["a"]


def test_ways_to_share_the_processor_are_named_as_the_table_in_the_docs_has_them() -> None:
    assert list(ideas.OPTIONS)[:3] == ["1 slot, 1 thread", "1 slot, 2 threads", "2 slots, 1 thread"]


def test_a_ratio_is_of_all_rounds_and_the_lowest_stands_beside_it() -> None:
    quick, quicker = Taken(2, 2.0, 10, 20, 2), Taken(2, 1.0, 10, 20, 4)
    slow = Taken(2, 20.0, 500, 400, 2)
    rows = list(report([{"notebook": slow, "verbatim": quick}, {"notebook": slow, "verbatim": quicker}]))
    cells = [cell.strip() for cell in rows[3].split("|")[1:-1]]
    assert cells[0] == "verbatim"
    assert cells[-3:] == ["13.3", "10.0", "12"]


def test_the_notebooks_side_says_what_its_interpreter_lacks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="needs torch"):
        Notebook(sys.executable, tmp_path / "none.gguf", "Clean.")
    assert "Error" in capfd.readouterr().err


def test_galleys_side_cleans_by_the_policy_of_a_run(embedded_model: Path) -> None:
    galley = Galley(embedded_model, "verbatim")
    try:
        taken = galley.clean(["Readers were paid by the sheet (Moxon, 1683).", "They read aloud."])
    finally:
        galley.close()
    assert (taken.chunks, taken.attempts) == (2, 2)
    assert taken.written > 0
    assert taken.seconds > 0
    assert (taken + NOTHING).rate == taken.rate


def test_time_is_told_by_how_many_requests_were_under_way() -> None:
    changes = [(1.0, 1), (2.0, 1), (3.0, -1), (5.0, -1)]
    assert by_level(changes, 0.0, 6.0) == {0: 2.0, 1: 3.0, 2: 1.0}
    assert by_level(changes, 2.5, 4.0) == {0: 0.0, 1: 1.0, 2: 0.5}


def test_a_watched_engine_answers_as_it_did_and_is_idle_between_requests() -> None:
    engine = Watched(FakeEngine(lambda source, seed: source))
    assert engine.start().engine == "fake"
    assert engine.count_tokens("abcdef") == 2
    assert engine.compare("a", "b", ("c", "d"), lambda: False).logprobs == (0.0, -5.0)
    busy = engine.busy(0.0, 1e9)
    assert engine.requests == 2
    assert 0.0 < busy[0] < 1e9
    assert sum(busy.values()) == pytest.approx(1e9)


def test_the_limit_takes_the_best_rates() -> None:
    rates = Rates({512: 100.0, 1024: 200.0}, {1: 10.0, 8: 50.0}, {8: 90.0})
    assert rates.seconds(400, 100) == pytest.approx(4.0)


def test_short_questions_are_also_held_against_the_rate_of_short_questions() -> None:
    rates = Rates({512: 300.0}, {1: 10.0, 8: 50.0}, {8: 100.0, 32: 200.0})
    assert rates.seconds_as_asked(200, 0, 20, 2) == pytest.approx(2.0)
    assert rates.seconds_as_asked(200, 10, 7, 2) == pytest.approx(1.0 + 1.0)
    assert rates.seconds_as_asked(900, 0, 2, 2) == pytest.approx(3.0)


def test_a_repeated_document_has_so_many_pages(sample_pdf: Path, tmp_path: Path) -> None:
    large = repeated(sample_pdf, 6, tmp_path / "large.pdf")
    texts = [page.extract_text() for page in PdfReader(large).pages]
    assert len(texts) == 6
    assert texts[4] == texts[0]


def test_rules_are_timed_stage_by_stage(sample_pdf: Path) -> None:
    stages = clean_by_rules(sample_pdf, "pdfium")
    assert list(stages) == ["extract", "prepare", "chunk", "session", "run"]
    assert min(stages.values()) > 0


def test_the_peak_is_that_of_the_process_and_what_takes_too_long_is_stopped() -> None:
    child = "import time; data = bytearray(160_000_000); time.sleep(30)"
    script = (
        "import subprocess, sys, time; data = bytearray(80_000_000);"
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(1000)"
    )
    peak = peak_of([sys.executable, "-c", script], {}, 3.0)
    assert 80 < peak.own < 160
    assert 160 < peak.worker < 240


def test_a_plot_names_each_line_and_draws_each_point() -> None:
    lines = (Line("rules & more", ((1, 0.5), (10, 4.0), (100, 41.0))), Line("even", ((1, 1), (100, 100)), even=True))
    drawn = ElementTree.fromstring(svg(Plot("Time <by pages>", "pages", "s", lines, log_x=True, log_y=True)))
    texts = [element.text for element in drawn.iter(f"{SVG}text")]
    assert {"rules & more", "even", "Time <by pages>", "pages", "s", "1", "10", "100"} <= set(texts)
    circles = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in drawn.iter(f"{SVG}circle")]
    assert len(circles) == 3
    assert circles == sorted(circles, key=lambda place: (place[0], -place[1]))
    assert "prefers-color-scheme:dark" in (drawn.findtext(f"{SVG}style") or "")


def test_a_plot_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="needs points"):
        svg(Plot("Nothing", "x", "y", ()))
    with pytest.raises(ValueError, match="no place for 0"):
        svg(Plot("Zero", "x", "y", (Line("a", ((0, 1),)),), log_x=True))


def test_names_of_lines_never_cover_each_other() -> None:
    assert apart([10, 12, 100]) == [10, 25, 100]
    assert [round_step(span) for span in (0, 1, 7, 430)] == [1, 0.2, 2, 100]


def test_a_table_is_a_line_and_markdown() -> None:
    table = Table(("pages", "s"), ((1, 0.254), (100, 1200.4)))
    assert table.markdown().splitlines()[2:] == ["| 1 | 0.25 |", "| 100 | 1,200 |"]
    assert table.line("rules", "s").points == ((1, 0.254), (100, 1200.4))


def test_all_benchmarks_are_listed_with_a_line_each() -> None:
    listed = run()
    assert listed.returncode == 0
    assert run("--help").stdout == listed.stdout
    lines = dict(line.split(maxsplit=1) for line in listed.stdout.splitlines())
    assert lines == benchmarks()
    assert {"notebook", "limit", "growth"} <= set(lines)
    assert first_sentence("How fast: `python -m bench.x`. More.") == "How fast"


def test_a_name_that_is_none_is_answered_with_those_there_are() -> None:
    wrong = run("nothing")
    assert wrong.returncode == 2
    assert "notebook" in wrong.stderr


def test_a_benchmark_runs_under_machine_versions_and_command() -> None:
    done = run("link", "--rate", "0", "--", sys.executable, "-c", "print('measured')")
    assert done.returncode == 0
    machine, versions, command = done.stdout.splitlines()[:3]
    assert machine.startswith("Machine: ")
    assert "xllamacpp" in versions
    assert command.startswith("Command: python -m bench link --rate 0")
    assert done.stdout.rstrip().endswith("measured")
