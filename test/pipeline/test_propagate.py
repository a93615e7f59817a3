"""Answers carried forward: marked, consistent, never more than the model said, and not for long."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ris_ros.pipeline import masks
from ris_ros.pipeline.propagate import Propagator
from ris_ros.pipeline.thresholds import Thresholds
from ris_ros.types import Command, Frame, Grounding, MaskAnswer, Target

SIZE = 480, 270
MS = 1_000_000
SECOND = 1000 * MS
HALF = Thresholds(0.5, 0.5, 0.5)


def texture(seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    total = np.zeros((SIZE[1] * 2, SIZE[0] * 2), np.float32)
    for cells in (10, 40, 120):
        total += cv2.resize(rng.random((cells, cells), np.float32), (SIZE[0] * 2, SIZE[1] * 2))
    grey = cv2.normalize(total, None, 30, 225, cv2.NORM_MINMAX).astype(np.uint8)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


WORLD, OTHER_WORLD = texture(0), texture(1)


def view(x: int, y: int, stamp_ns: int, world: NDArray[np.uint8] = WORLD) -> Frame:
    return Frame("camera", world[100 + y : 100 + y + SIZE[1], 100 + x : 100 + x + SIZE[0]], stamp_ns)


def box(x: int, y: int, size_px: tuple[int, int] = SIZE, side: int = 60, soft: float = 6.0) -> MaskAnswer:
    """A soft box, as the answer of a model."""
    confidence = np.zeros(size_px[::-1], np.uint8)
    confidence[max(0, y) : max(0, y + side), max(0, x) : max(0, x + side)] = 250
    confidence = np.asarray(cv2.GaussianBlur(confidence, (0, 0), soft), np.uint8)
    row, column = divmod(int(np.argmax(confidence)), size_px[0])
    return masks.cut(confidence, (column, row), 0.5)


NOTHING = masks.cut(np.full(SIZE[::-1], 20, np.uint8), (7, 9), None)


def answer(frame: Frame, thing: MaskAnswer, id_: str = "a", target: Target = Target.OBJECT) -> Grounding:
    region = target is Target.REGION
    return Grounding(
        command=Command(id_, "the thing", target, uttered_ns=0),
        frame=frame,
        found=not thing.empty,
        existence=0.9,
        score=thing.score,
        object=NOTHING if region else thing,
        region=thing if region else NOTHING,
        candidates=1,
        reason="It is probably not there." if thing.empty else "",
    )


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def check(carried: Grounding, key: Grounding, frame: Frame) -> None:
    """What is true of every answer that was carried."""
    assert carried.command is key.command
    assert carried.frame is frame
    assert carried.propagated_ns == frame.stamp_ns - key.frame.stamp_ns > 0
    assert carried.stage_ns.keys() == {"flow", "warp"}
    assert carried.existence == key.existence
    assert carried.found <= key.found, "something was invented"
    assert carried.score == carried.asked.score
    assert bool(carried.reason) != carried.found
    for now, was in ((carried.object, key.object), (carried.region, key.region)):
        assert now.size_px == was.size_px
        assert np.array_equal(now.mask, now.confidence >= masks.threshold_level(0.5)) or now.empty
        assert now.confidence.max() <= was.confidence.max()
        x, y = now.peak_xy
        assert 0 <= x < now.size_px[0]
        assert 0 <= y < now.size_px[1]
        if not now.empty:
            assert now.mask[y, x]
            assert cv2.boundingRect(now.mask.view(np.uint8)) == now.roi_xywh


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.tuples(st.integers(-8, 8), st.integers(-8, 8)), min_size=1, max_size=5),
    st.sampled_from([Target.OBJECT, Target.REGION]),
    st.sampled_from([1, 2]),
)
def test_masks_go_with_what_they_are_on(steps: list[tuple[int, int]], target: Target, shrunk: int) -> None:
    key_frame = view(0, 0, SECOND)
    size_px = SIZE[0] // shrunk, SIZE[1] // shrunk  # the answer may be smaller than the image
    thing = box(200 // shrunk, 100 // shrunk, size_px, 60 // shrunk, 6.0 / shrunk)
    key = dataclasses.replace(answer(key_frame, thing, target=target))
    propagator = Propagator()
    propagator.renew([key])
    x = y = 0
    for number, (dx, dy) in enumerate(steps, start=1):
        x, y = x + dx, y + dy
        frame = view(x, y, SECOND + number * 33 * MS)
        (carried,) = propagator.carry(frame, HALF, SECOND)
        check(carried, key, frame)
        truth = box((200 - x) // shrunk, (100 - y) // shrunk, size_px, 60 // shrunk, 6.0 / shrunk)
        assert iou(carried.asked.mask, truth.mask) > 0.8
        assert np.hypot(*np.subtract(carried.asked.peak_xy, truth.peak_xy)) < 40 / shrunk


def test_what_was_not_found_stays_not_found() -> None:
    key = answer(view(0, 0, SECOND), NOTHING)
    propagator = Propagator()
    propagator.renew([key])
    for number in range(1, 5):
        frame = view(4 * number, 0, SECOND + number * 33 * MS)
        (carried,) = propagator.carry(frame, HALF, SECOND)
        check(carried, key, frame)
        assert not carried.found
        assert carried.object.empty
        assert carried.region.empty
        assert carried.reason == key.reason


def test_what_leaves_the_view_is_lost() -> None:
    key = answer(view(0, 0, SECOND), box(5, 100, side=40))
    propagator = Propagator()
    propagator.renew([key])
    for number in range(1, 9):
        frame = view(8 * number, 0, SECOND + number * 33 * MS)
        (carried,) = propagator.carry(frame, HALF, SECOND)
        check(carried, key, frame)
    assert not carried.found
    assert "left the view" in carried.reason
    assert carried.candidates == 0


@pytest.mark.parametrize(("age_ms", "carried"), [(199, True), (200, True), (201, False)])
def test_nothing_is_carried_beyond_its_age(age_ms: int, carried: bool) -> None:
    propagator = Propagator()
    propagator.renew([answer(view(0, 0, SECOND), box(200, 100))])
    propagator.carry(view(2, 0, SECOND + 100 * MS), HALF, 200 * MS)
    answers = propagator.carry(view(4, 0, SECOND + age_ms * MS), HALF, 200 * MS)
    assert bool(answers) == carried


def test_nothing_is_carried_to_another_place_or_against_time() -> None:
    propagator = Propagator()
    key = answer(view(0, 0, SECOND), box(200, 100))
    propagator.renew([key])
    assert propagator.carry(view(0, 0, SECOND + 33 * MS, OTHER_WORLD), HALF, SECOND) == []
    for stamp_ns in (SECOND, SECOND - 33 * MS, 0):
        propagator.renew([key])
        assert propagator.carry(view(2, 0, stamp_ns), HALF, SECOND) == []
        assert propagator.carry(view(4, 0, stamp_ns + MS), HALF, SECOND) == [], "its beginning is gone"


def test_a_fresh_answer_for_a_frame_that_was_passed_is_carried_on_from_there() -> None:
    frames = [view(6 * number, 0, SECOND + number * 33 * MS) for number in range(6)]
    wrong, right = answer(frames[0], box(40, 40)), answer(frames[2], box(200 - 12, 100))
    propagator = Propagator()
    propagator.renew([wrong])
    for frame in frames[1:5]:
        propagator.carry(frame, HALF, SECOND)
    propagator.renew([right])
    (carried,) = propagator.carry(frames[5], HALF, SECOND)
    check(carried, right, frames[5])
    assert carried.propagated_ns == 3 * 33 * MS
    assert iou(carried.object.mask, box(200 - 30, 100).mask) > 0.85


def test_every_answer_is_carried_in_order_until_they_are_forgotten() -> None:
    frame = view(0, 0, SECOND)
    propagator = Propagator()
    assert propagator.carry(frame, HALF, SECOND) == []
    keys = [
        answer(frame, box(40, 40), "a"),
        answer(frame, NOTHING, "b"),
        answer(frame, box(300, 90), "c", Target.REGION),
    ]
    propagator.renew(keys)
    carried = propagator.carry(view(3, 0, SECOND + MS), HALF, SECOND)
    assert [one.command.id for one in carried] == ["a", "b", "c"]
    assert [one.found for one in carried] == [True, False, True]
    propagator.forget()
    assert propagator.carry(view(6, 0, SECOND + 2 * MS), HALF, SECOND) == []
    propagator.renew(keys)
    propagator.renew([])
    assert propagator.carry(view(9, 0, SECOND + 3 * MS), HALF, SECOND) == []


def test_frames_may_be_smaller_copies_of_the_camera_s() -> None:
    def small(frame: Frame, width: int, height: int) -> Frame:
        image = cv2.resize(frame.image_rgb, (width, height), interpolation=cv2.INTER_AREA)
        return dataclasses.replace(frame, image_rgb=image, camera_size_px=SIZE)

    key = answer(small(view(0, 0, SECOND), 416, 234), box(200, 100))
    propagator = Propagator()
    propagator.renew([key])
    frame = small(view(10, 0, SECOND + 33 * MS), 320, 180)
    (carried,) = propagator.carry(frame, HALF, SECOND)
    check(carried, key, frame)
    assert iou(carried.object.mask, box(190, 100).mask) > 0.85
