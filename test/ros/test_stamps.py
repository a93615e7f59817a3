"""Times and clocks, and what a command becomes when it comes in."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.config.node import NodeConfig
from ris_ros.errors import CommandError
from ris_ros.ros.intake import Asked, to_command
from ris_ros.ros.stamps import NS_PER_S, CameraClock, node_time, same_clock, set_ns, to_ns
from ris_ros.types import Target

NOW_NS = 1_700_000_000 * NS_PER_S
CAMERAS = ("front", "rear")


def read(text: str = "the red car", **fields: Any) -> Any:
    asked = Asked(**{"id": "", "text": text, "target": 0, "arrival_ns": NOW_NS, **fields})
    return to_command(asked, "c-1", CAMERAS, NodeConfig(time_to_live_s=5.0))


@given(st.integers(-(2**31) * NS_PER_S, 2**31 * NS_PER_S - 1))
def test_nanoseconds_survive_a_message(ns: int) -> None:
    time = SimpleNamespace(sec=0, nanosec=0)
    set_ns(time, ns)
    assert 0 <= time.nanosec < NS_PER_S
    assert to_ns(time) == ns


@pytest.mark.parametrize(
    ("off_s", "same"), [(0, True), (3, True), (-3, True), (11, False), (-11, False), (-86_400 * 365, False)]
)
def test_a_stamp_far_from_its_arrival_is_another_clock_s(off_s: int, same: bool) -> None:
    stamp_ns = NOW_NS + off_s * NS_PER_S
    assert same_clock(stamp_ns, NOW_NS, 10 * NS_PER_S) is same
    assert node_time(stamp_ns, NOW_NS, 10 * NS_PER_S) == (stamp_ns if same else NOW_NS)


def test_no_stamp_is_no_time_even_at_the_beginning_of_a_simulation() -> None:
    assert not same_clock(0, 0, 10 * NS_PER_S)
    assert node_time(0, 5, 10 * NS_PER_S) == 5


TOLERANCE_NS = 10 * NS_PER_S


def judge(clock: CameraClock, *images: tuple[float, float]) -> list[bool]:
    """What a camera's clock is held for at images of (seconds since now of arrival, age on arrival)."""
    arrivals = [(NOW_NS + int(at_s * NS_PER_S), int(age_s * NS_PER_S)) for at_s, age_s in images]
    return [clock.is_ours(arrival - age, arrival, TOLERANCE_NS) for arrival, age in arrivals]


def test_an_image_that_comes_late_is_old_and_not_another_clock_s() -> None:
    assert judge(CameraClock(), (0, 0.1), (20, 20.0), (40, 40.0)) == [True, True, True]
    # A queue that is let go at once after fifteen seconds.
    assert all(judge(CameraClock(), (0, 0.1), *((15, 15 - number / 30) for number in range(100))))


def test_another_clock_is_noticed_at_once_or_after_a_while() -> None:
    assert not any(judge(CameraClock(), *((number / 10, 5000.0) for number in range(20))))
    switched = judge(CameraClock(), (0, 0.1), *((number / 10, 5000.0) for number in range(1, 200)))
    assert switched.index(False) == pytest.approx(101, abs=2)
    assert not any(switched[switched.index(False) :])


def test_a_frozen_stamp_of_another_clock_stays_of_another_clock() -> None:
    assert not any(judge(CameraClock(), *((number, 5000.0 + number) for number in range(60))))


def test_a_clock_that_is_set_right_is_believed_again() -> None:
    clock = CameraClock()
    assert judge(clock, (0, 5000.0), (1, 0.1), (2, 30.0)) == [False, True, True]
    assert not clock.is_ours(0, NOW_NS, TOLERANCE_NS)


def test_what_is_not_stated_is_filled_in() -> None:
    command = read()
    assert (command.id, command.target, command.confidence) == ("c-1", Target.OBJECT, 1.0)
    assert command.uttered_ns == NOW_NS
    assert command.time_to_live_ns == 5 * NS_PER_S
    assert read("park behind the van").target is Target.REGION
    assert read(id="mine", time_to_live_ns=7).time_to_live_ns == 7


@pytest.mark.parametrize(
    ("stamp_s", "uttered_s"), [(-2, -2), (2, 0), (-100, 0), (100, 0)], ids=["past", "ahead", "long_ago", "far_ahead"]
)
def test_a_command_is_never_younger_than_its_arrival(stamp_s: int, uttered_s: int) -> None:
    assert read(stamp_ns=NOW_NS + stamp_s * NS_PER_S).uttered_ns == NOW_NS + uttered_s * NS_PER_S


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "🚗"},
        {"text": "x" * 1001},
        {"target": 3},
        {"target": -1},
        {"cameras": ("front", "attic")},
        {"confidence": math.nan},
        {"confidence": math.inf},
        {"confidence": -0.5},
        {"time_to_live_ns": -1},
        {"id": "i" * 201},
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(fields: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match=r"\.$"):
        read(**fields)
