"""Ask a public register of vulnerabilities about every package that Galley needs to run.

Fails when it knows one. Where the register can't be reached (no internet) nothing can be said, and that is what is
said; the check goes on.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "requirements" / "runtime.txt"
SECONDS = 60
UNREACHABLE = (
    "ConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "ServiceError",
    "HTTPError",
    "SSLError",
    "ProxyError",
    "JSONDecodeError",
)
"""How the last line of pip-audit's complaint names an exception of the network."""


def ask(pins: Path, *options: str) -> list[dict[str, Any]] | str:
    """What pip-audit found out for each pin, or in a few words why nobody could be asked."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--require-hashes", "--disable-pip"]
    service = ["--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off", *options]
    try:
        done = subprocess.run([*command, *service], capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    try:
        return json.loads(done.stdout)["dependencies"]
    except ValueError:
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if any(name in why.partition(": ")[0] for name in UNREACHABLE):
        return why.partition(":")[0]
    sys.exit(f"pip-audit failed: {why}")


def main() -> None:
    found = ask(PINS, *sys.argv[1:])
    if isinstance(found, str):
        print(f"NOT AUDITED: the register of vulnerabilities could not be reached ({found}). Nothing is known.")
        return
    skipped = [one["name"] for one in found if "skip_reason" in one]
    if len(skipped) == len(found):
        print("NOT AUDITED: the register of vulnerabilities knew none of the packages. Nothing is known.")
        return
    bad = [(one, fault) for one in found for fault in one.get("vulns", [])]
    for one, fault in bad:
        fixed = ", ".join(fault["fix_versions"]) or "no version yet"
        print(f"{one['name']} {one['version']}: {fault['id']} (fixed in {fixed})")
    if skipped:
        print(f"Nothing is known of {', '.join(skipped)}.")
    if bad:
        sys.exit(f"{len(bad)} known vulnerabilities: raise the versions (tools/lock.py --upgrade).")
    print(f"No known vulnerability in {len(found) - len(skipped)} packages.")


if __name__ == "__main__":
    main()
