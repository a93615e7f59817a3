from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from ris_ros.errors import CommandError, ImageError
from ris_ros.types import Command, Frame, Grounding, GroundOutput, MaskAnswer, Target, TextBatch, TextFeatures


def command(**changes: Any) -> Command:
    values: dict[str, Any] = {"id": "1", "text": "the car", "target": Target.OBJECT, "uttered_ns": 100}
    return Command(**(values | changes))


def answer(filled: bool, size: tuple[int, int] = (6, 4)) -> MaskAnswer:
    mask = np.full((size[1], size[0]), filled)
    roi = (0, 0, *size) if filled else (0, 0, 0, 0)
    return MaskAnswer(mask.astype(np.uint8), mask, roi, (0, 0), float(filled))


@pytest.mark.parametrize("name", ["auto", "object", "region", "REGION"])
def test_targets_are_read_by_name(name: str) -> None:
    assert Target.parse(name).name == name.upper()


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(CommandError, match="auto, object or region"):
        Target.parse("thing")


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 6), np.uint8), np.zeros((4, 6, 4), np.uint8), np.zeros((4, 6, 3), np.float32)],
)
def test_a_frame_is_uint8_rgb(image: Any) -> None:
    with pytest.raises(ValueError, match="image_rgb"):
        Frame("front", image, 0)


def test_an_empty_frame_is_refused_with_its_cameras_name() -> None:
    with pytest.raises(ImageError, match="'front'"):
        Frame("front", np.zeros((0, 6, 3), np.uint8), 0)
    assert Frame("front", np.zeros((4, 6, 3), np.uint8), 0).size_px == (6, 4)


def test_a_frames_size_is_its_cameras_however_small_the_image_is() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    assert Frame("front", image, 0, camera_size_px=(1200, 800)).size_px == (1200, 800)
    with pytest.raises(ValueError, match="camera_size_px"):
        Frame("front", image, 0, camera_size_px=(0, 800))


def test_the_mask_inside_its_box_is_all_of_it() -> None:
    full, empty = answer(True), answer(False)
    assert full.size_px == empty.size_px == (6, 4)
    assert full.inside.sum() == full.mask.sum() > 0 and full.inside.shape == full.roi_xywh[:1:-1]
    assert empty.inside.size == 0


@pytest.mark.parametrize("changes", [{"id": ""}, {"text": ""}, {"confidence": 1.1}, {"time_to_live_ns": -1}])
def test_a_command_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        command(**changes)


def test_a_command_lives_to_the_end_of_its_time() -> None:
    assert not command(time_to_live_ns=50).expired(150)
    assert command(time_to_live_ns=50).expired(151)
    assert not command(time_to_live_ns=0).expired(10**18)


def test_a_command_without_cameras_concerns_all() -> None:
    assert command().concerns("front")
    assert command(cameras=("rear",)).concerns("rear")
    assert not command(cameras=("rear",)).concerns("front")


def test_text_features_stack_to_a_batch() -> None:
    one = TextFeatures(np.ones((5, 8), np.float32), np.ones(5, np.float32), np.ones(8, np.float32))
    batch = TextBatch.stack([one, one], [0, 3])
    assert batch.words.shape == (2, 5, 8)
    assert batch.camera_index.tolist() == [0, 3]
    with pytest.raises(ValueError, match="camera_index"):
        TextBatch.stack([one, one], [0])
    with pytest.raises(ValueError, match="word_mask"):
        TextFeatures(np.ones((5, 8), np.float32), np.ones(4, np.float32), np.ones(8, np.float32))


def test_ground_outputs_have_one_size() -> None:
    maps = np.zeros((2, 4, 6), np.float32)
    GroundOutput(maps, maps, np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="region_logits"):
        GroundOutput(maps, maps[:, :3], np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="existence_logit"):
        GroundOutput(maps, maps, np.zeros(3, np.float32))


def test_what_was_not_found_cannot_carry_a_mask() -> None:
    frame = Frame("front", np.zeros((4, 6, 3), np.uint8), 0)
    with pytest.raises(ValueError, match="empty masks"):
        Grounding(command(), frame, False, 0.1, 0.0, answer(False), answer(True))
    with pytest.raises(ValueError, match="target decided"):
        Grounding(command(target=Target.AUTO), frame, True, 0.9, 0.9, answer(True), answer(False))
    with pytest.raises(ValueError, match="older"):
        Grounding(command(), frame, True, 0.9, 0.9, answer(True), answer(False), propagated_ns=-1)


def test_the_mask_asked_for_is_that_of_the_target() -> None:
    frame = Frame("front", np.zeros((4, 6, 3), np.uint8), 0)
    one = Grounding(command(), frame, True, 0.9, 0.9, answer(True), answer(False))
    assert one.asked is one.object
    assert (
        Grounding(command(target=Target.REGION), frame, True, 0.9, 0.9, answer(True), answer(True)).asked.empty is False
    )


def test_values_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        command().text = "another"  # type: ignore[misc]
