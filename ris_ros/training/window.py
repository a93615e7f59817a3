"""What stays true of a picture when only a window of it is shown, or its mirror image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.place_words import depends_on_frame, mirrored_text
from ris_ros.data.saying import Saying

_KEPT_SHARE = 0.85
"""Of what a sentence names so much must lie in the window for the sentence to be asked of it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of an image and the rectangle of the network's input that it is drawn into.

    Attributes:
        source_xywh: In pixels of the image.
        content_xywh: In pixels of the input.
        mirrored: Whether left and right change places.
    """

    source_xywh: tuple[int, int, int, int]
    content_xywh: tuple[int, int, int, int]
    mirrored: bool

    def shows_all(self, image: LabeledImage) -> bool:
        """Whether no part of the image lies outside."""
        height, width = image.class_map.shape
        return self.source_xywh == (0, 0, width, height)


def surviving_sayings(image: LabeledImage, window: Window) -> tuple[Saying, ...]:
    """The sayings that are true of what the window shows, in its words and with its masks.

    Mirroring swaps left and right in the words. In a part of the picture, sentences that lean on the whole of it
    (sides, order, distance) fall away, and so do those whose thing is cut.
    """
    whole = window.shows_all(image)
    survivors = []
    for saying in image.sayings:
        if not whole and (depends_on_frame(saying.text) or not _is_inside(saying, image, window)):
            continue
        survivors.append(
            replace(
                saying,
                text=mirrored_text(saying.text) if window.mirrored else saying.text,
                object_mask=_moved(saying.object_mask, window),
                region_mask=_moved(saying.region_mask, window),
            )
        )
    return tuple(survivors)


def surviving_instances(image: LabeledImage, window: Window) -> Mapping[int, InstanceInfo]:
    """The instances with the words that are true of what the window shows."""
    whole = window.shows_all(image)
    if whole and not window.mirrored:
        return image.instances
    return {
        key: replace(
            info,
            attributes=tuple(
                mirrored_text(words) if window.mirrored else words
                for words in info.attributes
                if whole or not depends_on_frame(words)
            ),
        )
        for key, info in image.instances.items()
    }


def _is_inside(saying: Saying, image: LabeledImage, window: Window) -> bool:
    x, y, width, height = window.source_xywh
    part = (slice(y, y + height), slice(x, x + width))
    for key in saying.keys:
        mask = image.instance_map == key
        if np.count_nonzero(mask[part]) < _KEPT_SHARE * np.count_nonzero(mask):
            return False
    for area in (saying.object_mask, saying.region_mask):
        if area is not None and np.count_nonzero(area[part]) < _KEPT_SHARE * np.count_nonzero(area):
            return False
    return True


def _moved(mask: NDArray[np.bool_] | None, window: Window) -> NDArray[np.bool_] | None:
    if mask is None:
        return None
    x, y, width, height = window.source_xywh
    part = np.ascontiguousarray(mask[y : y + height, x : x + width]).view(np.uint8)
    resized = cv2.resize(part, window.content_xywh[2:], interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(resized[:, ::-1] if window.mirrored else resized).view(np.bool_)
