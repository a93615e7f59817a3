from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_ros.runtime.openvino.streams import PAIR, Pool, plan_commands, run

CAMERAS = st.lists(st.integers(0, 5), min_size=1, max_size=40).map(lambda cameras: np.array(cameras, np.int64))


@given(CAMERAS, st.integers(1, 8))
def test_every_command_is_answered_once_with_others_about_the_same_image_longest_first(
    cameras: np.ndarray, streams: int
) -> None:
    groups = plan_commands(cameras, streams)
    assert sorted(row for group in groups for row in group) == list(range(len(cameras)))
    assert all(len({cameras[row] for row in group}) == 1 for group in groups)
    lengths = [len(group) for group in groups]
    assert lengths == sorted(lengths, reverse=True) and lengths[0] <= PAIR


@pytest.mark.parametrize(
    ("commands", "streams", "lengths"),
    [
        (1, 2, [1]),
        (2, 2, [1, 1]),  # not a pair on one stream while the other idles
        (4, 2, [2, 2]),
        (5, 2, [2, 2, 1]),
        (6, 2, [2, 2, 1, 1]),
        (16, 2, [2] * 8),
        (3, 1, [2, 1]),
        (6, 4, [2, 2, 2]),
    ],
)
def test_streams_end_together(commands: int, streams: int, lengths: list[int]) -> None:
    assert [len(group) for group in plan_commands(np.zeros(commands, np.int64), streams)] == lengths


class Request:
    """Stands in for an infer request, which runs until it is waited for."""

    def __init__(self, flying: set[Request], fails: bool) -> None:
        self.flying, self.fails = flying, fails
        self.most_at_once = 0
        self.shown: dict[str, Any] = {}

    def set_tensor(self, name: str, tensor: Any) -> None:
        assert self not in self.flying, "shown another tensor while it runs"
        self.shown[name] = tensor

    def start_async(self) -> None:
        self.flying.add(self)
        self.most_at_once = len(self.flying)

    def wait(self) -> None:
        self.flying.discard(self)
        if self.fails:
            raise RuntimeError("out of memory")

    def infer(self) -> None:
        assert not self.flying
        self.start_async()
        self.wait()


class Model:
    """Stands in for a compiled model."""

    outputs = ()

    def __init__(self, fails: bool = False) -> None:
        self.flying: set[Request] = set()
        self.made: list[Request] = []
        self.fails = fails

    def create_infer_request(self) -> Request:
        self.made.append(Request(self.flying, self.fails))
        return self.made[-1]


def jobs(pool: Pool, count: int) -> list[tuple[Pool, Mapping[str, Any]]]:
    return [(pool, {"words": number}) for number in range(count)]


@pytest.mark.parametrize("streams", [1, 2, 3])
def test_no_more_run_at_once_than_there_are_streams(streams: int) -> None:
    model = Model()
    pool = Pool(model, streams)
    for count in (1, 2, 7):
        run(jobs(pool, count), streams)
        assert not model.flying and len(pool.idle) == streams
    assert max(request.most_at_once for request in model.made) == streams
    assert all("words" in request.shown for request in model.made)


def test_after_a_failure_nothing_runs_and_all_requests_are_idle() -> None:
    model = Model(fails=True)
    pool = Pool(model, 2)
    with pytest.raises(RuntimeError, match="out of memory"):
        run(jobs(pool, 5), 2)
    assert not model.flying and len(pool.idle) == 2
