"""The measuring tool measures: three processes, and figures that can be."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy")

from tiny_bundle import BUNDLE, TEXT_WEIGHTS

from ris_ros.ros.latency import main, running

pytestmark = pytest.mark.ros


def run(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ris_ros.ros.latency", *map(str, arguments)],
        env={**os.environ, "RIS_TEXT_WEIGHTS": str(TEXT_WEIGHTS)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_it_tells_latency_counts_and_stages() -> None:
    done = run("--size", "640x480", "--frames", 10, "--model", BUNDLE, "--backend", "onnx", "--text", "the red car")
    assert done.returncode == 0, done.stderr
    p50, p99, count = re.search(r"p50 ([\d.]+) ms, p99 ([\d.]+) ms over (\d+) frames", done.stdout).groups()
    assert 0 < float(p50) <= float(p99) < 5000
    assert int(count) == 10
    arrived, grounded, dropped = map(
        int, re.search(r"arrived (\d+), grounded (\d+), dropped (\d+)", done.stdout).groups()
    )
    assert grounded >= 10
    assert 0 <= arrived - grounded - dropped <= 1
    assert "vision" in done.stdout


def test_a_node_that_cannot_work_is_told_with_its_reason() -> None:
    done = run("--model", "/nowhere")
    assert done.returncode == 2
    assert "there is no model bundle" in done.stderr


@pytest.mark.parametrize("arguments", [("--size", "64by48"), ("--size", "0x48"), ("--frames", 0), ("--rate", "fast")])
def test_bad_arguments_are_refused(arguments: tuple[Any, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code == 2
    assert f"argument {arguments[0]}" in capsys.readouterr().err


def test_a_domain_that_does_not_exist_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "900")
    assert main([]) == 2
    error = capsys.readouterr().err
    assert error.startswith("latency: ROS domain 900") and error.count("\n") == 1


def test_a_process_that_ignores_interrupts_does_not_outlive_its_time(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    code = "import pathlib, signal, sys, time; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    command = [sys.executable, "-c", f"{code}; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)", str(deaf)]
    with running(command, patience_s=0.2) as process:
        while not deaf.exists():
            assert process.poll() is None
            time.sleep(0.01)
    assert process.returncode == -signal.SIGKILL
