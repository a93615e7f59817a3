"""From a map of segments with a class each to a labelled image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME, VOID
from ris_ros.data.instances import describe_instance, find_instances, road_brightness
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

MIN_INSTANCE_PX = 40
"""Smaller things stay in the class map only."""

_CONTACT_PX = 7


class Extent(Enum):
    """What one segment of a class of things is."""

    ONE = "one thing"
    GROUP = "several things that were not told apart"
    AREA = "all pixels of the class, its things to be found among them"


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that has a street class.

    Attributes:
        class_name: Name in :data:`ris_ros.data.classes.CLASSES`.
        extent: What it is, if the class is one of things.
        attributes: Further words that are true of it.
    """

    class_name: str
    extent: Extent = Extent.ONE
    attributes: tuple[str, ...] = ()


def label(
    image_id: str,
    image_rgb: NDArray[np.uint8],
    segment_map: NDArray[np.int32],
    segments: Mapping[int, Segment],
    known_classes: frozenset[str],
) -> LabeledImage:
    """A labelled image.

    Args:
        image_id: Unique within the source.
        image_rgb: uint8 [H, W, 3].
        segment_map: int32 [H, W].
        segments: The segments that have a street class; the pixels of all others become void.
        known_classes: The classes that the source tells apart.
    """
    present, inverse = np.unique(segment_map, return_inverse=True)
    inverse = inverse.reshape(segment_map.shape)
    class_of = np.full(len(present), VOID, np.uint8)
    loose = np.zeros(len(present), np.bool_)
    things: list[tuple[int, Segment]] = []
    for place, value in enumerate(present.tolist()):
        segment = segments.get(value)
        if segment is None:
            continue
        class_of[place] = BY_NAME[segment.class_name].id
        if not BY_NAME[segment.class_name].thing or segment.extent is Extent.AREA:
            loose[place] = True
        else:
            things.append((place, segment))
    class_map = class_of[inverse]
    # Only what was not told apart is searched for connected components.
    searched = np.where(loose, class_of, VOID).astype(np.uint8)[inverse]
    instance_map, instances = find_instances(image_rgb, searched, MIN_INSTANCE_PX)
    brightness = road_brightness(image_rgb, class_map == BY_NAME["road"].id)
    for place, segment in things:
        info = _write(instance_map, inverse == place, segment, image_rgb, brightness, len(instances) + 1)
        if info is not None:
            instances[len(instances) + 1] = info
    return LabeledImage(image_id, image_rgb, class_map, instance_map, instances, known_classes)


def _write(
    instance_map: NDArray[np.int32],
    mask: NDArray[np.bool_],
    segment: Segment,
    image_rgb: NDArray[np.uint8],
    brightness: float,
    key: int,
) -> InstanceInfo | None:
    """Write a thing into the instance map, unless it is too small."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    window = (slice(y, y + height), slice(x, x + width))
    inside = mask[window]
    if np.count_nonzero(inside) < MIN_INSTANCE_PX:
        return None
    instance_map[window][inside] = key
    info = describe_instance(
        segment.class_name,
        image_rgb[window],
        inside,
        brightness,
        whole=x > 0 and x + width < mask.shape[1],
        merged=segment.extent is Extent.GROUP,
    )
    return replace(info, attributes=(*info.attributes, *segment.attributes))


def contacts(segment_map: NDArray[np.int32], value: int) -> dict[int, int]:
    """Which segments lie at one: segment -> pixels within three of it."""
    mask = (segment_map == value).view(np.uint8)
    x, y, width, height = cv2.boundingRect(mask)
    reach = _CONTACT_PX // 2
    window = (slice(max(0, y - reach), y + height + reach), slice(max(0, x - reach), x + width + reach))
    near = cv2.dilate(mask[window], np.ones((_CONTACT_PX, _CONTACT_PX), np.uint8)).view(np.bool_)
    values, counts = np.unique(segment_map[window][near], return_counts=True)
    return {int(v): int(n) for v, n in zip(values, counts, strict=True) if v != value}
