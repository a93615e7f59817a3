"""Where the pixels of a camera's newest image lay in an earlier one, by dense optical flow from image to image.

The flow of two neighbouring images is that of DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search",
ECCV 2016) as OpenCV has it, always from the later to the earlier image: what is warped by it has no holes. Flows are
chained, because the flow of one step is small and sure where that of many at once is neither; docs/propagation.md has
the measurement, and what the settings below were chosen by.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.geometry.letterbox import resized
from ris_ros.types import Frame

LONGER_SIDE_PX = 320
_SHORTEST_SIDE_PX = 32
_FINEST_SCALE = 1
"""Flow is sought down to images of half the size; the preset FAST stops at a quarter, and loses what is thin."""
_BLUR_PX = 9
_NEAR_PX = 2.0
_SURE, _LOST = 20.0, 40.0
"""Grey levels, of 255, by which a pixel may differ from where it came from: up to the first it is trusted, from the
second on it is not."""


@dataclass(frozen=True, slots=True, eq=False)
class Correspondence:
    """Where the pixels of the newest image lay in the first of a trail.

    Attributes:
        source_xy: float32 [h, w, 2], for each pixel of the newest image its (x, y) in the first, as ``cv2.remap`` takes
            it: the middle of the first pixel is (0, 0).
        trust: uint8 [h, w], 255 where the place can be trusted, 0 where it was out of view or looks otherwise.
        likeness: Share of the places that were in view that look alike, 0 to 1.
    """

    source_xy: NDArray[np.float32]
    trust: NDArray[np.uint8]
    likeness: float

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.trust.shape[1], self.trust.shape[0]

    def warp(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Carry a map over the first image forward to the newest; what cannot be trusted fades.

        Args:
            values: uint8 [h, w].
        """
        moved = cv2.remap(values, self.source_xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(cv2.multiply(moved, self.trust, scale=1.0 / 255.0), np.uint8)

    def where(self, xy: tuple[float, float]) -> tuple[int, int] | None:
        """The pixel (x, y) of the newest image that shows a place of the first; None where none that is trusted does.

        Args:
            xy: A place in the first image, as in ``source_xy``.
        """
        columns, rows = cv2.split(self.source_xy)
        distance = cv2.magnitude(cv2.add(columns, -xy[0]), cv2.add(rows, -xy[1]))
        nearest, _, at, _ = cv2.minMaxLoc(distance, mask=self.trust)
        # Where things grow, neighbours lie up to a few pixels apart; (-1, -1) is where nothing is trusted.
        return (at[0], at[1]) if at[0] >= 0 and nearest <= _NEAR_PX else None


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """An image of the trail.

    Attributes:
        stamp_ns: When it was taken.
        grey: uint8 [h, w].
        step: float32 [h, w, 2], from its pixels to the same ones in the image before; None of the first.
    """

    stamp_ns: int
    grey: NDArray[np.uint8]
    step: NDArray[np.float32] | None


class Trail:
    """A camera's latest images as flow sees them; belongs to one thread."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._dis.setFinestScale(_FINEST_SCALE)
        self._dis.setVariationalRefinementIterations(0)
        self._seen: deque[_Seen] = deque()
        self._way: NDArray[np.float32] | None = None
        self._in_view: NDArray[np.uint8] | None = None
        self._grid = np.empty((0, 0, 2), np.float32)

    @property
    def start_ns(self) -> int | None:
        """When the first image was taken; None where there is none."""
        return self._seen[0].stamp_ns if self._seen else None

    @property
    def end_ns(self) -> int | None:
        """When the newest image was taken; None where there is none."""
        return self._seen[-1].stamp_ns if self._seen else None

    def forget(self) -> None:
        """Forget every image."""
        self._seen.clear()
        self._way = self._in_view = None

    def extend(self, frame: Frame) -> None:
        """Add the newest image. One that is not newer, or of another size, begins a trail of its own."""
        grey = grey_of(frame)
        if self.end_ns is None or frame.stamp_ns <= self.end_ns or grey.shape != self._seen[-1].grey.shape:
            self.forget()
            self._seen.append(_Seen(frame.stamp_ns, grey, None))
            return
        step = self._flow(grey, self._seen[-1].grey)
        self._seen.append(_Seen(frame.stamp_ns, grey, step))
        if self._way is not None or len(self._seen) == 2:
            self._follow(step)

    def begin_at(self, frame: Frame) -> None:
        """Let the trail begin with an image, one of it or not, and keep what is newer."""
        while self._seen and self._seen[0].stamp_ns < frame.stamp_ns:
            self._seen.popleft()
        if not self._seen or self._seen[0].stamp_ns != frame.stamp_ns:
            self._prepend(_Seen(frame.stamp_ns, grey_of(frame), None))
        self._way = self._in_view = None
        for seen in list(self._seen)[1:]:
            assert seen.step is not None
            self._follow(seen.step)

    def forget_before(self, stamp_ns: int) -> None:
        """Forget images that were taken before a time. The trail leads nowhere then, until it begins at another."""
        while self._seen and self._seen[0].stamp_ns < stamp_ns:
            self._seen.popleft()
            self._way = self._in_view = None

    def since_start(self) -> Correspondence:
        """From the newest image to the first.

        Raises:
            ValueError: There are not two images, or the first was forgotten.
        """
        if self._way is None or self._in_view is None:
            raise ValueError("this trail leads nowhere")
        source_xy = self._way + self._grid
        first, newest = (cv2.blur(seen.grey, (_BLUR_PX, _BLUR_PX)) for seen in (self._seen[0], self._seen[-1]))
        came_from = cv2.remap(first, source_xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        difference = cv2.subtract(newest, came_from, dtype=cv2.CV_32F)
        # A camera that adapts its exposure makes everything brighter or darker at once.
        off = np.abs(difference - cv2.mean(difference)[0])
        alike = np.clip((_LOST - off) * (255.0 / (_LOST - _SURE)), 0.0, 255.0).astype(np.uint8)
        trust = np.asarray(cv2.multiply(alike, self._in_view, scale=1.0 / 255.0), np.uint8)
        return Correspondence(source_xy, trust, cv2.mean(alike, self._in_view)[0] / 255.0)

    def _prepend(self, first: _Seen) -> None:
        if self._seen and self._seen[0].grey.shape != first.grey.shape:
            self._seen.clear()
        elif self._seen:
            second = self._seen.popleft()
            self._seen.appendleft(_Seen(second.stamp_ns, second.grey, self._flow(second.grey, first.grey)))
        self._seen.appendleft(first)

    def _flow(self, later: NDArray[np.uint8], earlier: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(self._dis.calc(later, earlier, None), np.float32)

    def _follow(self, step: NDArray[np.float32]) -> None:
        """Lengthen the way to the first image by a step from the newest to the one before."""
        height, width = step.shape[:2]
        if self._grid.shape != step.shape:
            columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
            self._grid = np.dstack((columns, rows))
        whole = np.full((height, width), 255, np.uint8) if self._in_view is None else self._in_view
        before = step + self._grid
        self._in_view = np.asarray(
            cv2.remap(whole, before, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8
        )
        if self._way is None:
            self._way = step
        else:
            rest = cv2.remap(self._way, before, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            self._way = np.asarray(step + rest, np.float32)


def flow_size(image_size_px: tuple[int, int]) -> tuple[int, int]:
    """(width, height) at which flow is sought in an image of this (width, height): of its aspect, but for slivers."""
    scale = min(1.0, LONGER_SIDE_PX / max(image_size_px))
    width, height = (max(_SHORTEST_SIDE_PX, round(side * scale)) for side in image_size_px)
    return width, height


def grey_of(frame: Frame) -> NDArray[np.uint8]:
    """A frame as flow sees it, uint8 [h, w], of the :func:`flow_size` of the camera's images."""
    size_px = flow_size(frame.size_px)
    image_rgb = frame.image_rgb
    small = image_rgb if image_rgb.shape[1::-1] == size_px else resized(image_rgb, size_px)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
