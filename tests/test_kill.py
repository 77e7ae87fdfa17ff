"""kill -9 at random moments of a real run: it is resumed, nothing is lost or done twice, the result is the same.

KILLS sets how many; the default keeps the suite short.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from galley.core.paths import sessions_dir
from galley.core.session import Session, list_sessions, resolve

KILLS = int(os.environ.get("KILLS", "6"))
GALLEY = [sys.executable, "-c", "from galley.cli.main import main; main()"]
CLEAN = ["clean", "sample.pdf", "-o", "out.txt", "--chunk-size", "400"]


def start(folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*GALLEY, *CLEAN, *more], cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True)


def finish(folder: Path) -> str:
    done = subprocess.run([*GALLEY, *CLEAN], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return (folder / "out.txt").read_text()


def attempts(home: Path) -> dict[int, list[int]]:
    """Ids of the attempts that did not die, by chunk."""
    found = list_sessions(home / "sessions")
    if not found or found[0].error:
        return {}
    with Session.open(found[0].path, write=False) as session:
        return {c.index: [a.id for a in session.attempts(c.index) if not a.died] for c in session.chunks()}


def test_a_run_survives_kill_9_of_parent_and_worker_at_random_moments(
    tmp_path: Path, own_home: Path, sample_pdf: Path, embedded_model: Path
) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    for folder in (whole, torn):
        folder.mkdir()
        (folder / "sample.pdf").write_bytes(sample_pdf.read_bytes())
    expected = finish(whole)
    for summary in list_sessions(own_home / "sessions"):
        summary.path.unlink()
    chance = random.Random(1683)
    struck = 0
    before: dict[int, list[int]] = {}
    seen: list[psutil.Process] = []
    while struck < KILLS:
        parent = start(torn)
        time.sleep(chance.uniform(0.2, 4.0))
        family = [psutil.Process(parent.pid), *psutil.Process(parent.pid).children()] if parent.poll() is None else []
        seen += family
        victim = chance.choice(family) if family else None
        if victim is not None:
            victim.send_signal(signal.SIGKILL)
            struck += 1
        if victim is None or victim.pid == parent.pid:
            parent.wait(timeout=120)
        else:
            time.sleep(chance.uniform(0, 1))
            parent.kill()
            parent.wait()
        now = attempts(own_home)
        assert all(now[chunk][: len(ids)] == ids for chunk, ids in before.items()), "a finished attempt is gone"
        assert all(len(ids) <= 1 for ids in now.values()), "an attempt was made twice"
        if now and all(now.values()):
            for summary in list_sessions(own_home / "sessions"):
                summary.path.unlink()
            (torn / "out.txt").unlink(missing_ok=True)  # with its session gone nobody may replace it
            now = {}
        before = now
    assert finish(torn) == expected
    _, alive = psutil.wait_procs(seen, timeout=10)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == [], "a worker was left behind"


def test_ctrl_c_saves_everything_and_prints_the_command_that_resumes(
    tmp_path: Path, sample_pdf: Path, embedded_model: Path
) -> None:
    (tmp_path / "sample.pdf").write_bytes(sample_pdf.read_bytes())
    elsewhere = tmp_path / "models" / "mine.gguf"
    elsewhere.parent.mkdir()
    elsewhere.symlink_to(embedded_model)
    command = [*GALLEY, *CLEAN, "--mode", "rewrite", "--model", str(elsewhere)]
    running = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    for line in running.stderr:
        if re.match(r"Cleaning [1-9]", line):
            break
    running.send_signal(signal.SIGINT)
    said = running.stderr.read()
    assert running.wait(timeout=60) == 130
    running.stderr.close()
    assert "done and saved" in said
    resume = next(line for line in said.splitlines() if line.startswith("To go on: galley resume "))
    path = resolve(resume.removeprefix("To go on: galley resume "), sessions_dir())
    with Session.open(path, write=False) as session:
        done = session.status().done
        assert done >= 1
        model = session.settings.model
    assert model.startswith("mine.gguf:")
    listed = subprocess.run([*GALLEY, "sessions", "--json"], capture_output=True, text=True, check=True)
    assert [entry["state"] for entry in json.loads(listed.stdout)] == ["interrupted"]
    resumed = subprocess.run(
        [*GALLEY, "resume"], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False
    )
    assert resumed.returncode == 0, resumed.stderr
    assert f"{done} of " in resumed.stderr
    assert len((tmp_path / "clean_sample.txt").read_text()) > 5000
