"""The policy of the input's size: it follows the load, and settles."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.pipeline.adapt import FIRST_PAUSE_S, WINDOW, InputSize, ladder

SIZES = ladder((512, 384), 32)
PERIOD_S = 1.0 / 30.0
Load = Callable[[tuple[int, int]], float]


def area_share(size_px: tuple[int, int]) -> float:
    return size_px[0] * size_px[1] / (SIZES[0][0] * SIZES[0][1])


def run(policy: InputSize, load: Load, seconds: float, begin_s: float = 0.0) -> list[tuple[float, tuple[int, int]]]:
    """The sizes that a load leads to, each with the time of the step to it."""
    now_s, steps = begin_s, []
    while now_s < begin_s + seconds:
        look_s = load(policy.size_px)
        now_s += max(look_s, PERIOD_S)
        if policy.looked(look_s, PERIOD_S, now_s):
            steps.append((now_s, policy.size_px))
    return steps


@given(st.integers(1, 64), st.integers(1, 64))
def test_a_ladder_goes_down_from_the_largest_in_whole_steps(width: int, height: int) -> None:
    sizes = ladder((32 * width, 32 * height), 32)
    assert sizes[0] == (32 * width, 32 * height)
    areas = [size[0] * size[1] for size in sizes]
    assert areas == sorted(set(areas), reverse=True)
    assert all(side % 32 == 0 and side > 0 for size in sizes for side in size)


@given(st.floats(0.0, 0.2), st.floats(0.0, 0.5))
def test_any_constant_load_settles(fixed_s: float, whole_s: float) -> None:
    policy = InputSize(SIZES)
    steps = run(policy, lambda size: fixed_s + whole_s * area_share(size), 20.0)
    sizes = [size for _, size in steps]
    assert sizes == list(SIZES[1 : len(sizes) + 1]), "only ever down"
    assert not steps or steps[-1][0] < 2 * (WINDOW + 1) * (fixed_s + whole_s) + 1.0
    at_rest_s = fixed_s + whole_s * area_share(policy.size_px)
    assert at_rest_s <= PERIOD_S or policy.size_px == SIZES[-1]


@given(st.lists(st.floats(0.001, 0.1), min_size=len(SIZES), max_size=len(SIZES)))
def test_a_load_that_grows_as_it_likes_is_tried_ever_more_seldom(looks_s: list[float]) -> None:
    times = dict(zip(SIZES, looks_s, strict=True))
    changes = run(InputSize(SIZES), times.__getitem__, 1200.0)
    ups = [when for (when, size), (_, before) in zip(changes[1:], changes, strict=False) if size > before]
    pauses = [late - early for early, late in itertools.pairwise(ups)]
    assert len(ups) <= 6
    assert all(pause > FIRST_PAUSE_S for pause in pauses)


def test_it_gives_way_to_a_load_and_comes_back_after_it() -> None:
    policy = InputSize(SIZES)

    def idle(size_px: tuple[int, int]) -> float:
        return 0.004 + 0.016 * area_share(size_px)

    def busy(size_px: tuple[int, int]) -> float:
        return 3.0 * idle(size_px)

    assert not run(policy, idle, 5.0)
    down = run(policy, busy, 5.0, 5.0)
    assert [size for _, size in down] == list(SIZES[1:])
    up = run(policy, idle, 5.0, 10.0)
    assert [size for _, size in up] == [SIZES[1], SIZES[0]]
    assert up[-1][0] < 10.0 + 3 * WINDOW * PERIOD_S


@given(st.lists(st.sampled_from([0.01, 0.02]), min_size=WINDOW * 4, max_size=WINDOW * 8), st.data())
def test_single_slow_looks_change_nothing(looks_s: list[float], data: st.DataObject) -> None:
    for index in data.draw(st.sets(st.integers(0, len(looks_s) // 3 - 1))):
        looks_s[3 * index] = 0.5
    policy = InputSize(SIZES)
    assert not any(policy.looked(look_s, PERIOD_S, float(index)) for index, look_s in enumerate(looks_s))


def test_the_first_look_at_a_size_may_take_its_time() -> None:
    policy = InputSize(SIZES)
    for _ in range(3):
        assert not policy.looked(60.0, PERIOD_S, 0.0) or policy.size_px != SIZES[0]
    assert policy.size_px == SIZES[0]


def test_a_ladder_needs_a_size() -> None:
    with pytest.raises(ValueError, match="size"):
        InputSize(())
