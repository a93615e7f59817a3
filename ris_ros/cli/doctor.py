"""``ris doctor``: what is installed, what works, and what to do about the rest."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ris_ros.cli import backend_checks, checks
from ris_ros.cli.checks import Finding, State
from ris_ros.runtime.bundle import default_path
from ris_ros.runtime.devices import usable_cores

EXAMPLE = """\
ris doctor
ris doctor --json | python -m json.tool"""

_SIGNS = {State.OK: "ok", State.ABSENT: "-", State.WARNING: "!", State.FAILURE: "FAIL"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``ris doctor``."""
    parser.add_argument(
        "--model", type=Path, default=None, help="bundle to try the backends on (default: the shipped one)"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(args: argparse.Namespace) -> int:
    """Examine this machine.

    Returns:
        0 when the node can run, 1 when it cannot.
    """
    findings = examine(args.model or default_path())
    print(as_json(findings) if args.json else as_table(findings))
    return 0 if can_run_node(findings) else 1


def examine(bundle: Path) -> list[Finding]:
    """Run every check on this machine and its environment."""
    cpuinfo = Path("/proc/cpuinfo")
    return [
        checks.check_python(sys.version_info[:2]),
        *checks.check_ros(os.environ),
        checks.check_text_weights(),
        *backend_checks.check_backends(bundle),
        checks.check_processor(cpuinfo.read_text(encoding="utf-8") if cpuinfo.is_file() else "", usable_cores()),
        backend_checks.check_gpu(),
        *checks.check_transport(os.environ),
    ]


def can_run_node(findings: Sequence[Finding]) -> bool:
    """Whether nothing that was found keeps the node from running."""
    return all(finding.state is not State.FAILURE for finding in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """The findings for programs."""
    rows = [{"topic": f.topic, "state": f.state.value, "text": f.text, "advice": f.advice} for f in findings]
    return json.dumps({"can_run_node": can_run_node(findings), "findings": rows}, indent=2, ensure_ascii=False)


def as_table(findings: Sequence[Finding]) -> str:
    """The findings for people: a line each, and below it what to do."""
    width = max(len(finding.topic) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{_SIGNS[finding.state]:>4}  {finding.topic:<{width}}  {finding.text}")
        if finding.advice:
            lines.append(f"{'':>4}  {'':<{width}}  -> {finding.advice}")
    lines.append("")
    if can_run_node(findings):
        lines.append("The node can run.")
    else:
        lines.append("The node cannot run: mend what is marked FAIL first.")
    return "\n".join(lines)
