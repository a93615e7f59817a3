"""The measurement of carried masks, on a clip whose motion and truth are known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from ris_ros.data.drive import SampleDrive
from ris_ros.evaluation.propagation import Moment, by_truth, measure_propagation, sample_clip
from ris_ros.types import Frame

SIZE = 320, 200
PERIOD_NS = 50_000_000


def clip(speed_px: int, count: int = 10, gone_from: int = 99) -> list[Moment]:
    """A textured disc that goes to the right before a textured wall."""
    rng = np.random.default_rng(2)
    wall, disc = (cv2.resize(rng.integers(30, 220, (50, 80), np.uint8), SIZE) for _ in range(2))
    moments = []
    for number in range(count):
        x = 60 + speed_px * number
        spot = cv2.circle(np.zeros(SIZE[::-1], np.uint8), (x, 100), 35, 1, -1).astype(np.bool_)
        if number >= gone_from:
            spot[:] = False
        grey = np.where(spot, np.roll(disc, speed_px * number, axis=1), wall)
        image = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
        moments.append(Moment(Frame("camera", image, (1 + number) * PERIOD_NS), {"disc": spot}))
    return moments


def test_a_mask_that_is_carried_beats_one_that_is_kept_the_more_the_older() -> None:
    figures = measure_propagation([clip(4)], by_truth, key_every=4)
    assert [age.frames for age in figures.ages] == list(range(1, 9))
    gains = [age.carried - age.kept for age in figures.ages]
    assert all(gain > 0.02 for gain in gains)
    assert gains[5] > gains[0]
    assert [age.seconds for age in figures.ages] == pytest.approx([0.05 * age for age in range(1, 9)])
    assert all(age.fresh > 0.93 for age in figures.ages)
    assert figures.flow_ms > 0.0
    assert figures.warp_ms > 0.0
    assert figures.table().count("\n| ") == 8


def test_where_nothing_moves_all_masks_are_the_same() -> None:
    for age in measure_propagation([clip(0)], by_truth).ages:
        assert age.kept_to_fresh == pytest.approx(1.0)
        assert age.carried_to_fresh > 0.98


def test_pairs_need_the_thing_in_both_frames() -> None:
    figures = measure_propagation([clip(2, gone_from=4)], by_truth, key_every=8)
    assert [(age.frames, age.pairs) for age in figures.ages] == [(1, 1), (2, 1), (3, 1)]


def test_where_a_clip_is_cut_nothing_is_carried_and_nothing_counted() -> None:
    moments = clip(2, 8)
    for number, moment in enumerate(moments[4:], start=4):
        elsewhere = np.ascontiguousarray(255 - moment.frame.image_rgb[:, ::-1])
        moments[number] = dataclasses.replace(moment, frame=dataclasses.replace(moment.frame, image_rgb=elsewhere))
    figures = measure_propagation([moments], by_truth, key_every=8)
    assert [age.frames for age in figures.ages] == [1, 2, 3]


def test_the_sample_drive_is_a_clip(repository: Path) -> None:
    drive = SampleDrive(repository / "sample")
    moments, commands = sample_clip(drive)
    assert len(moments) == 120
    assert {command.id for command in commands} == set(moments[0].truth)
    figures = measure_propagation([moments[:5]], by_truth, ages=(1, 4))
    assert all(age.carried > age.kept + 0.03 for age in figures.ages)
