"""The trial of the transport: two real processes, and what it says of them."""

from __future__ import annotations

import os

import pytest

from ris_ros.errors import ConfigError
from ris_ros.ros import transport
from ris_ros.ros.transport_trial import Load, Outcome, main, run_trial, without_settings

LOAD = Load(size_px=(320, 240), rate_hz=30.0, seconds=0.5, reliable=True, depth=5)


def test_an_environment_without_settings_keeps_everything_else() -> None:
    made = dict(transport.plan(2, environ={}).environment)

    assert without_settings({"HOME": "/home", **made}) == {"HOME": "/home"}


def test_a_line_tells_what_arrived_and_how_late() -> None:
    assert Outcome(4, [1.0, 2.0, 3.0], 0.25).as_line("settings") == (
        "settings    75 % of 4 delivered, p50 2.0 ms, p99 3.0 ms, receiver 25 % of a core"
    )
    assert Outcome(4, [], 0.0).as_line("defaults") == "defaults     0 % of 4 delivered"


@pytest.mark.parametrize("change", [{"rate_hz": 0.0}, {"seconds": -1.0}, {"size_px": (0, 5)}, {"depth": 0}])
def test_a_load_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    values = {"size_px": (320, 240), "rate_hz": 30.0, "seconds": 0.5, "reliable": True, "depth": 5, **change}
    with pytest.raises(ConfigError, match="positive"):
        Load(**values)  # type: ignore[arg-type]


def test_a_size_that_is_none_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--size", "big"]) == 2
    assert capsys.readouterr().err == "transport_trial: 'big' is no size: give it like 1280x720.\n"


@pytest.mark.ros
def test_images_get_from_one_process_to_another() -> None:
    environment = without_settings(os.environ)
    outcome = run_trial(LOAD, environment | dict(transport.plan(2, environ=environment).environment))

    assert outcome.sent == 15 and len(outcome.latencies_ms) >= 10
    assert min(outcome.latencies_ms) > 0 and outcome.processor_share > 0
