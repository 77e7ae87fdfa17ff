"""`galley doctor`: what is here, what is wrong, and what would make it faster."""

import json
import locale
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import click

from ..core import job as jobs
from ..core.config import Config
from ..core.doctor import Finding, Section, Speed, examine, faster, measure, selftest
from ..core.engine.devices import drivers, gpus
from ..core.errors import GalleyError, ModelError
from ..core.model import on_server
from ..core.wording import printable
from . import options
from .grouped import Grouped
from .output import say, wrapped

MARKS = {"ok": " ", "note": "!", "bad": "✗"}
COLOURS = {"truecolor": "16 million", "24bit": "16 million"}
WIDTH = 20


@click.command(
    cls=Grouped,
    epilog="""\b
Examples:
  galley doctor                  the whole report; about fifteen seconds
  galley doctor --no-speed       without the measurement
  galley doctor --json > report.json
  galley doctor --gpu-selftest   does the GPU answer as the CPU does?

\b
Exit codes: 0 fine, 1 something is wrong (marked ✗), 2 usage.""",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--speed/--no-speed", default=True, help="Measure how fast the model reads and writes.")
@click.option("--gpu-selftest", is_flag=True, help="Run the model on CPU and GPU, and compare.")
@click.option("--model", metavar="M", help="The model to look at and to measure.")
@options.engine_options
@options.common_options
def doctor(as_json: bool, speed: bool, gpu_selftest: bool, **given: Any) -> int:
    """Look at this machine, the settings and the model, and say what to do."""
    config = options.settings(given)
    report: list[Section] = []

    def tell(section: Section) -> None:
        report.append(section)
        if not as_json:
            show(section)

    if gpu_selftest:
        model = jobs.find_model(config.engine.model, config)
        if model is None or model.info is None:
            raise ModelError("The test needs a model file.", "Name one with --model, or do: galley models pull")
        for finding in selftest(model.info, config):  # each takes half a minute, and is shown once it is known
            tell(Section(finding.name, [finding]))
    else:
        tell(Section("Terminal", terminal()))
        for section in examine(config):
            tell(section)
        if speed:
            tell(measured(config, as_json))
    if as_json:
        click.echo(json.dumps([asdict(section) for section in report], ensure_ascii=False, indent=2))
    return 1 if any(finding.state == "bad" for section in report for finding in section.findings) else 0


def show(section: Section) -> None:
    click.echo(section.name)
    for finding in section.findings:
        click.echo(wrapped(printable(finding.value), sys.stdout, f"{MARKS[finding.state]} {finding.name:{WIDTH}} "))
        if finding.advice:
            click.echo(wrapped(finding.advice, sys.stdout, f"  {'':{WIDTH}} → "))


def measured(config: Config, quiet: bool) -> Section:
    """The speed of the configured model, or why it could not be measured."""
    findings: list[Finding] = []
    try:
        model = jobs.find_model(config.engine.model, config)
        if model is None:
            return Section("Speed", [Finding("model", "not fetched yet", "note", "galley models pull")])
        say(f"Measuring {model.name} for ten seconds …", quiet)
        engine = jobs.make_engine(model, config, config.chunk)
        try:
            findings = speed_findings(measure(engine), config)
        finally:
            engine.close()
    except GalleyError as error:
        findings.append(Finding("error", error.message, "bad", error.hint))
    return Section("Speed", findings)


def speed_findings(speed: Speed, config: Config) -> list[Finding]:
    info = speed.info
    shape = f"{info.slots} at a time, {info.context} tokens of context each"
    threads = f", {info.threads} threads" if info.threads else ""
    findings = [
        Finding("engine", f"{info.engine} {info.version}, {shape}{threads}".replace("  ", " ")),
        Finding("loading", f"{speed.load_seconds:.1f} s"),
        Finding("reads", f"{speed.read_per_second:.0f} tokens/s"),
        Finding("writes", f"{speed.written_per_second:.0f} tokens/s, one request at a time"),
        Finding("verbatim decides", f"by {info.decides}"),
    ]
    findings += [Finding("note", note, "note") for note in info.notes]
    unused = bool(drivers()) and (not gpus() or config.engine.gpu_layers == 0) and not on_server(config)
    findings += [Finding("faster", advice, "note") for advice in faster(speed, unused)]
    return findings


def terminal() -> list[Finding]:
    """What the app will find to draw on."""
    findings: list[Finding] = []
    term = os.environ.get("TERM", "")
    size = shutil.get_terminal_size()
    shape = f"{size.columns}×{size.lines}" if sys.stdout.isatty() else "not a terminal"
    advice = "The app needs a terminal." if term in ("", "dumb") else ""
    findings.append(Finding("TERM", f"{term or 'none'}, {shape}", "note" if advice else "ok", advice))
    colour = COLOURS.get(os.environ.get("COLORTERM", ""), "256" if "256" in term else "16")
    if "NO_COLOR" in os.environ:
        colour = "none (NO_COLOR)"
    advice = "export COLORTERM=truecolor, if your terminal has it, and themes look as meant." if colour == "256" else ""
    findings.append(Finding("colours", colour, "note" if advice else "ok", advice))
    encoding = locale.getpreferredencoding()
    advice = "" if encoding.lower().replace("-", "") == "utf8" else "export LC_ALL=C.UTF-8, or lines break."
    findings.append(Finding("locale", encoding, "bad" if advice else "ok", advice))
    if os.environ.get("SSH_CONNECTION"):
        findings.append(Finding("SSH", "yes"))
    if os.environ.get("TMUX"):
        findings += tmux()
    return findings


def tmux() -> list[Finding]:
    """tmux and its settings that matter to the app."""
    findings = [Finding("tmux", ask_tmux("-V"))]
    clipboard = ask_tmux("show-options", "-gsv", "set-clipboard")
    if clipboard != "on":
        advice = "Copying reaches your own clipboard with: tmux set -s set-clipboard on"
        findings.append(Finding("set-clipboard", clipboard or "?", "note", advice))
    escape = ask_tmux("show-options", "-gsv", "escape-time")
    if escape.isdigit() and int(escape) > 50:
        advice = "Escape waits that long: tmux set -s escape-time 10"
        findings.append(Finding("escape-time", f"{escape} ms", "note", advice))
    return findings


def ask_tmux(*arguments: str) -> str:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(["tmux", *arguments], capture_output=True, text=True, timeout=5, check=True)
        return done.stdout.strip()
    return ""
