"""An image with what is known of every pixel: the one form that all data sources are brought to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.saying import Saying


@dataclass(frozen=True, slots=True)
class InstanceInfo:
    """What is known of one instance beyond its pixels.

    Attributes:
        class_name: Name in :data:`ris_ros.data.classes.CLASSES`.
        colour: Plain colour word ("red", "white", ...) or None when not certain.
        distance_m: Distance from the camera along the optical axis, or None.
        attributes: Further words that are true of it, such as "parked" or "wearing a blue jacket".
        merged: True when the pixels may hold several touching things that could not be told apart
            (a connected component of a semantic map): usable as a group, not as a single thing.
    """

    class_name: str
    colour: str | None = None
    distance_m: float | None = None
    attributes: tuple[str, ...] = ()
    merged: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class LabeledImage:
    """One image, its class map and its instance map, all of one size.

    Attributes:
        id: Unique within the source, stable between runs.
        image_rgb: uint8 [H, W, 3].
        class_map: uint8 [H, W], ids of :data:`ris_ros.data.classes.CLASSES`.
        instance_map: int32 [H, W], 0 where no countable thing is, else a key of ``instances``.
        instances: What is known of each instance.
        known_classes: The classes that the source tells apart. A thing of another class may hide under one of them
            (a van under "car"), so that its absence cannot be claimed.
        sayings: What people said about it; empty where only a grammar can speak.
    """

    id: str
    image_rgb: NDArray[np.uint8]
    class_map: NDArray[np.uint8]
    instance_map: NDArray[np.int32]
    instances: Mapping[int, InstanceInfo] = field(default_factory=lambda: MappingProxyType({}))
    known_classes: frozenset[str] = frozenset(BY_NAME)
    sayings: tuple[Saying, ...] = ()

    def __post_init__(self) -> None:
        size = self.image_rgb.shape[:2]
        if self.image_rgb.dtype != np.uint8 or self.image_rgb.shape != (*size, 3):
            raise ValueError("image_rgb must be uint8 [H, W, 3]")
        if self.class_map.dtype != np.uint8 or self.class_map.shape != size:
            raise ValueError("class_map must be uint8 [H, W] of the image's size")
        if self.instance_map.dtype != np.int32 or self.instance_map.shape != size:
            raise ValueError("instance_map must be int32 [H, W] of the image's size")
