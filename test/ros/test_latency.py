"""The measuring tool measures: three processes, and figures that can be."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from tiny_bundle import BUNDLE, TEXT_WEIGHTS

from ris_ros.errors import TransportError
from ris_ros.ros.latency import Trial, measure, measure_start, running

pytestmark = pytest.mark.ros
PARAMETERS = {"bundle": str(BUNDLE), "backend": "onnx"}


@pytest.fixture(autouse=True)
def tiny_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIS_TEXT_WEIGHTS", str(TEXT_WEIGHTS))


def test_it_tells_latency_counts_stages_and_memory() -> None:
    told = []
    trial = Trial((640, 480), frames=40, texts=("the red car",), parameters=PARAMETERS)
    latency = measure(trial, lambda count, total: told.append((count, total)))
    assert latency.ages_ms.shape == (40,) and np.all(latency.ages_ms > 0)
    assert told[-1] == (40, 40)
    assert 0 < latency.grounded_per_s < 45
    # One image may wait at either end of what is counted.
    assert abs(latency.arrived - latency.grounded - sum(latency.dropped.values())) <= 1
    assert latency.grounded >= 40
    assert {"vision", "ground", "image_age"} <= set(latency.stages_ms)
    assert all(0 <= p50 <= p99 for p50, p99 in latency.stages_ms.values())
    assert latency.not_model is not None and 0 < latency.not_model < 1
    assert latency.engine["backend"] == "onnx"
    assert min(latency.memory_mb) > 10 and latency.cpu_percent > 0
    assert latency.start_s > 0.1


def test_starting_is_measured_with_empty_caches_and_with_those_that_were_left() -> None:
    start = measure_start(Trial((64, 48), parameters=PARAMETERS), warm_starts=1)
    assert start.cold_s > 0.1 and len(start.warm_s) == 1 and start.warm_s[0] > 0.1


def test_a_node_that_cannot_work_is_told_with_its_reason() -> None:
    with pytest.raises(TransportError, match="there is no model bundle"):
        measure(Trial(parameters={"bundle": "/nowhere"}), lambda count, total: None)


@pytest.mark.parametrize("wrong", [{"size_px": (0, 48)}, {"frames": 0}, {"rate_hz": -1}, {"texts": ()}])
def test_what_cannot_be_measured_is_refused(wrong: dict) -> None:
    with pytest.raises(TransportError, match="above 0"):
        Trial(**wrong)


def test_a_domain_that_does_not_exist_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "900")
    with pytest.raises(TransportError, match="ROS domain 900"):
        measure(Trial(), lambda count, total: None)


def test_a_process_that_ignores_interrupts_does_not_outlive_its_time(tmp_path: Path) -> None:
    deaf = tmp_path / "deaf"
    code = "import pathlib, signal, sys, time; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    command = [sys.executable, "-c", f"{code}; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)", str(deaf)]
    with running(command, patience_s=0.2) as process:
        while not deaf.exists():
            assert process.poll() is None
            time.sleep(0.01)
    assert process.returncode == -signal.SIGKILL
