"""Flow between images whose motion is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.pipeline.flow import LONGER_SIDE_PX, Trail, flow_size
from ris_ros.types import Frame

SIZE = 320, 180
MARGIN = 60


def texture(seed: int = 0) -> NDArray[np.uint8]:
    """A picture with detail of every size, larger than a frame by a margin on each side."""
    rng = np.random.default_rng(seed)
    height, width = SIZE[1] + 2 * MARGIN, SIZE[0] + 2 * MARGIN
    total = np.zeros((height, width), np.float32)
    for cells in (8, 20, 60, 150):
        grid = rng.random((cells, cells), np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.normalize(total, None, 20, 235, cv2.NORM_MINMAX).astype(np.uint8)


WORLD = texture()


def view(x: int, y: int, stamp_ns: int, brighter: int = 0, world: NDArray[np.uint8] = WORLD) -> Frame:
    """The frame at (x, y) of the world, relative to its middle."""
    part = world[MARGIN + y : MARGIN + y + SIZE[1], MARGIN + x : MARGIN + x + SIZE[0]]
    return Frame("camera", cv2.cvtColor(cv2.add(part, float(brighter)), cv2.COLOR_GRAY2RGB), stamp_ns)


def moved_x(trail: Trail) -> float:
    """By how much the middle of the newest image lies to the right of where it was."""
    return float(np.median(middle(trail.since_start().source_xy[..., 0] - np.arange(SIZE[0]))))


def middle(values: NDArray[np.generic]) -> NDArray[np.generic]:
    return values[MARGIN:-MARGIN, MARGIN:-MARGIN]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=1, max_size=6))
def test_a_trail_leads_back_to_where_things_were(steps: list[tuple[int, int]]) -> None:
    trail = Trail()
    trail.begin_at(view(0, 0, 0))
    x = y = 0
    for number, (dx, dy) in enumerate(steps, start=1):
        x, y = x + dx, y + dy
        trail.extend(view(x, y, number))
    way = trail.since_start()
    columns, rows = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    off = np.hypot(way.source_xy[..., 0] - columns - x, way.source_xy[..., 1] - rows - y)
    assert np.percentile(middle(off), 95) < 0.5 + 0.25 * len(steps)
    assert np.percentile(middle(way.trust), 5) > 200
    at = way.where((160.0, 90.0))
    assert at is not None
    assert np.hypot(at[0] - 160 + x, at[1] - 90 + y) < 2.0


def test_what_was_out_of_view_is_not_trusted() -> None:
    trail = Trail()
    trail.begin_at(view(0, 0, 0))
    for number in range(1, 6):
        trail.extend(view(8 * number, 0, number))
    way = trail.since_start()
    assert not way.trust[:, -30:].any()
    assert (middle(way.trust)[:, :-40] > 200).mean() > 0.95
    assert way.where((2.0, 90.0)) is None, "it has left the view"


def test_another_scene_is_not_trusted_and_another_exposure_is() -> None:
    trail = Trail()
    trail.begin_at(view(0, 0, 0))
    trail.extend(view(0, 0, 1, brighter=40))
    assert (trail.since_start().trust > 200).mean() > 0.9
    assert trail.since_start().likeness > 0.95
    trail.extend(view(0, 0, 2, world=texture(1)))
    assert trail.since_start().likeness < 0.75


def test_a_trail_can_begin_later_and_at_a_frame_that_it_does_not_hold() -> None:
    frames = [view(3 * number, 0, number) for number in range(6)]
    whole, later, between = Trail(), Trail(), Trail()
    for frame in frames:
        whole.extend(frame)
        later.extend(frame)
        if frame.stamp_ns != 2:
            between.extend(frame)
    for trail in (whole, later, between):
        trail.begin_at(frames[2])
        assert trail.start_ns == 2
        assert moved_x(trail) == pytest.approx(9, abs=0.2)


def test_a_trail_that_lost_its_beginning_leads_nowhere_until_it_begins_again() -> None:
    trail = Trail()
    for number in range(5):
        trail.extend(view(number, 0, number))
    trail.forget_before(2)
    assert trail.start_ns == 2
    with pytest.raises(ValueError, match="nowhere"):
        trail.since_start()
    trail.extend(view(5, 0, 5))
    with pytest.raises(ValueError, match="nowhere"):
        trail.since_start()
    trail.begin_at(view(3, 0, 3))
    assert moved_x(trail) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("stamp_ns", [4, 3])
def test_stamps_that_do_not_increase_begin_anew(stamp_ns: int) -> None:
    trail = Trail()
    trail.begin_at(view(0, 0, 1))
    trail.extend(view(1, 0, 4))
    trail.extend(view(2, 0, stamp_ns))
    assert (trail.start_ns, trail.end_ns) == (stamp_ns, stamp_ns)


def test_images_of_another_size_begin_anew() -> None:
    trail = Trail()
    trail.begin_at(view(0, 0, 1))
    trail.extend(Frame("camera", np.zeros((64, 64, 3), np.uint8), 2))
    assert trail.start_ns == 2


@given(st.integers(1, 8000), st.integers(1, 8000))
def test_flow_is_sought_in_small_images_of_the_same_aspect(width: int, height: int) -> None:
    small = flow_size((width, height))
    assert max(small) <= LONGER_SIDE_PX
    assert min(small) >= 32
    if min(small) > 32 and max(width, height) > LONGER_SIDE_PX:
        assert small[0] / small[1] == pytest.approx(width / height, rel=0.03)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 700), st.integers(1, 700))
def test_images_of_any_size_have_flow(width: int, height: int) -> None:
    trail = Trail()
    image = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    trail.begin_at(Frame("camera", image, 0))
    trail.extend(Frame("camera", image, 1))
    assert trail.since_start().size_px == flow_size((width, height))
