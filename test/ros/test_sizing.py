"""Engines for the cameras' images before anything is asked, and a smaller input under load."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import CompressedImage, Image

from ris_ros.geometry.letterbox import smallest_input
from ris_ros.pipeline.adapt import WINDOW
from ris_ros.ros.sizing import Sizing
from ris_ros.ros.statistics import Statistics
from ris_ros.types import Frame

pytestmark = pytest.mark.ros

LARGEST = 512, 384
MS = 1_000_000


class FakePerceiver:
    """Remembers what it was asked to prepare for."""

    def __init__(self, fixed_size_px: tuple[int, int] | None = None) -> None:
        self.backend = SimpleNamespace(fixed_size_px=fixed_size_px)
        self.input_size_px = LARGEST
        self.prepared: list[tuple[tuple[int, int], int, int]] = []
        self.fails: Exception | None = None

    def input_for(self, sizes_px: Any) -> tuple[int, int]:
        return self.backend.fixed_size_px or smallest_input(sizes_px, self.input_size_px, 32)

    def prepare(self, sizes_px: Any, commands: int) -> None:
        if self.fails is not None:
            raise self.fails
        self.prepared.append((self.input_for(sizes_px), len(sizes_px), commands))


class Desk:
    def __init__(self, adaptive: bool, fixed_size_px: tuple[int, int] | None = None) -> None:
        self.perceiver = FakePerceiver(fixed_size_px)
        self.now_s = 0.0
        self.statistics = Statistics(clock=lambda: self.now_s)
        self.problems: list[str] = []
        self.sizing = Sizing(
            self.perceiver,  # type: ignore[arg-type]
            adaptive,
            8,
            self.statistics,
            lambda _, sentence: self.problems.append(sentence),
        )

    def meet(self, camera: str = "camera", width: int = 1280, height: int = 720) -> None:
        self.sizing.meet(camera, Image(width=width, height=height, encoding="rgb8"))
        for _ in range(10):
            before = len(self.perceiver.prepared)
            self.sizing.prepare_next()
            assert len(self.perceiver.prepared) <= before + 1

    def look(self, look_ms: int, times: int = 1, period_s: float = 1 / 30) -> None:
        frame = Frame("camera", np.zeros((9, 16, 3), np.uint8), 0, camera_size_px=(1280, 720))
        for _ in range(times):
            self.now_s += period_s
            self.statistics.frame_in("camera")
            self.sizing.looked([frame], look_ms * MS)


def test_engines_are_made_once_for_the_images_of_each_camera() -> None:
    desk = Desk(adaptive=False)
    for _ in range(3):
        desk.meet()
    assert desk.perceiver.prepared == [((512, 288), 1, 1), ((512, 288), 1, 8)]
    desk.perceiver.prepared.clear()
    desk.meet("rear", 640, 480)
    desk.meet("rear", 640, 480)
    assert desk.perceiver.prepared == [((512, 384), 2, 1), ((512, 384), 2, 8)]


def test_an_adaptive_input_is_prepared_at_every_size() -> None:
    desk = Desk(adaptive=True)
    desk.meet()
    assert desk.perceiver.prepared == [
        ((512, 288), 1, 1),
        ((512, 288), 1, 8),
        ((416, 256), 1, 1),
        ((320, 192), 1, 1),
    ]
    assert desk.perceiver.input_size_px == LARGEST
    desk.perceiver.prepared.clear()
    desk.meet("rear")
    assert desk.perceiver.prepared == [((512, 288), 2, 1), ((512, 288), 2, 8)], "smaller ones would push these out"


def test_a_failure_is_told_of_and_a_damaged_image_left_to_the_decoder() -> None:
    desk = Desk(adaptive=True)
    desk.sizing.meet("camera", CompressedImage(format="jpeg", data=b"nothing"))
    assert not desk.problems
    assert not desk.perceiver.prepared
    desk.perceiver.fails = MemoryError("no room")
    desk.meet()
    assert len(desk.problems) == 1
    assert "no room" in desk.problems[0]
    assert desk.perceiver.input_size_px == LARGEST
    desk.meet()
    assert len(desk.problems) == 1


def test_the_input_shrinks_under_load_and_recovers() -> None:
    desk = Desk(adaptive=True)
    desk.look(20, 40)
    assert desk.perceiver.input_size_px == LARGEST
    assert desk.sizing.input_size_px == (512, 288)
    desk.look(40, WINDOW + 1)
    assert desk.perceiver.input_size_px < LARGEST
    desk.look(1)
    assert desk.sizing.input_size_px == (416, 256)
    desk.look(5, 3 * WINDOW)
    assert desk.perceiver.input_size_px == LARGEST


@pytest.mark.parametrize("desk", [Desk(adaptive=False), Desk(adaptive=True, fixed_size_px=(512, 288))])
def test_where_it_is_not_wanted_or_cannot_be_the_size_stays(desk: Desk) -> None:
    desk.meet()
    desk.look(100, 3 * WINDOW)
    assert desk.perceiver.input_size_px == LARGEST
    assert desk.sizing.input_size_px == (512, 288)
