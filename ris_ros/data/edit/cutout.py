"""Things cut out of pictures, with what is needed to put them into others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME
from ris_ros.data.edit.phrases import moved
from ris_ros.data.expressions.ground import GroundView
from ris_ros.data.expressions.nouns import RIDERLESS
from ris_ros.data.expressions.scene import Scene, Thing
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage
from ris_ros.data.place_words import mirrored_text

_MIN_AREA_PX = 350
_MIN_HEIGHT_PX = 26
_MIN_LIGHT = 40.0
# Height over rows below the horizon: height of the thing over that of the camera, with room for both to be misjudged.
_RISES: Mapping[str, tuple[float, float]] = MappingProxyType({
    "car": (0.6, 2.6), "van": (1.0, 2.6), "truck": (1.2, 3.2), "bus": (1.4, 3.4), "pedestrian": (0.85, 1.6),
    "bicyclist": (0.85, 1.6), "cone": (0.3, 0.9),
})  # fmt: skip
# Drawn in proportion, so that what streets show seldom is seen often.
_RARITY: Mapping[str, float] = MappingProxyType(
    {"bus": 6.0, "truck": 5.0, "van": 4.0, "bicyclist": 4.0, "cone": 2.0, "car": 1.0, "pedestrian": 1.0}
)
_TOLD = 2.5
_IMAGES_PER_DRAW = 3


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """One whole thing, as its picture shows it.

    Attributes:
        image_rgb: uint8 [h, w, 3], its box.
        inside: bool [h, w], its pixels.
        info: What stays true of it anywhere.
        class_id: Its value in class maps.
        rise: Its height over the rows between its foot and the horizon: on flat ground the same at any distance.
        bearing: Column of its middle from the picture's, as a share of the width; we see its side accordingly.
        light_rgb: float32 [3], how the road looked beside it.
        known_classes: The classes that its source tells apart.
    """

    image_rgb: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    info: InstanceInfo
    class_id: int
    rise: float
    bearing: float
    light_rgb: NDArray[np.float32]
    known_classes: frozenset[str]

    @property
    def rarity(self) -> float:
        """How much rather than a plain car it is to be drawn."""
        told = self.info.colour is not None or bool(self.info.attributes)
        return _RARITY[self.info.class_name] * (_TOLD if told else 1.0)

    def mirrored(self) -> Cutout:
        """Its mirror image, with left and right exchanged in what is told of it."""
        return replace(
            self,
            image_rgb=np.ascontiguousarray(self.image_rgb[:, ::-1]),
            inside=np.ascontiguousarray(self.inside[:, ::-1]),
            info=replace(self.info, attributes=tuple(map(mirrored_text, self.info.attributes))),
            bearing=-self.bearing,
        )


def road_light(image: LabeledImage) -> NDArray[np.float32] | None:
    """Median of each channel over the road, float32 [3]; None where no road is seen."""
    sample = image.image_rgb[::4, ::4][image.class_map[::4, ::4] == BY_NAME["road"].id]
    return np.asarray(np.median(sample, axis=0), np.float32) if len(sample) else None


def cut_out(image: LabeledImage) -> tuple[Cutout, ...]:
    """Every vehicle, person and cone that is seen whole, alone and large enough, and stands on visible ground."""
    light = road_light(image)
    scene = Scene(image)
    view = GroundView.estimate(scene)
    if view is None or light is None or float(light.max()) < _MIN_LIGHT:
        return ()
    found = []
    for thing in scene.things:
        rise = thing.height / max(1.0, thing.foot_y - view.horizon_y)
        lowest, highest = _RISES.get(thing.class_name, (1.0, 0.0))
        if not lowest <= rise <= highest or not _is_whole(scene, thing):
            continue
        x0, y0, x1, y1 = thing.box
        inside = image.instance_map[y0:y1, x0:x1] == thing.key
        class_id = int(image.class_map[y0:y1, x0:x1][inside][0])
        found.append(
            Cutout(
                image.image_rgb[y0:y1, x0:x1].copy(),
                inside,
                InstanceInfo(thing.class_name, thing.info.colour, attributes=moved(thing.info.attributes)),
                class_id,
                rise,
                (thing.centre_x - 0.5 * scene.width) / scene.width,
                light,
                image.known_classes,
            )
        )
    return tuple(found)


class ThingBank:
    """Things cut out of pictures as they are asked for.

    What is drawn follows from the pictures and the source of chance alone, not from what was drawn before.

    Args:
        images: Where things are cut out of.
        memory_px: Pixels of cut-outs that are kept (four bytes each); the pictures longest not asked for are cut anew.
    """

    def __init__(self, images: Sequence[LabeledImage], memory_px: int = 12_000_000) -> None:
        self._images = images
        self._memory_px = memory_px
        self._kept: OrderedDict[int, tuple[Cutout, ...]] = OrderedDict()
        self._kept_px = 0

    def draw(self, rng: np.random.Generator) -> Cutout | None:
        """One thing of a few pictures, the rare and the well described ones first; None where they offer none."""
        picked = rng.integers(len(self._images), size=_IMAGES_PER_DRAW)
        chance = float(rng.random())
        things = [thing for index in picked for thing in self._of(int(index))]
        if not things:
            return None
        edges = np.cumsum([thing.rarity for thing in things])
        return things[int(np.searchsorted(edges, chance * edges[-1], side="right"))]

    def _of(self, index: int) -> tuple[Cutout, ...]:
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        things = cut_out(self._images[index])
        self._kept[index] = things
        self._kept_px += _pixels(things)
        while self._kept_px > self._memory_px and len(self._kept) > 1:
            self._kept_px -= _pixels(self._kept.popitem(last=False)[1])
        return things


def _pixels(things: tuple[Cutout, ...]) -> int:
    return sum(thing.inside.size for thing in things)


def _is_whole(scene: Scene, thing: Thing) -> bool:
    """Neither cut by the border, nor a group, nor hidden by something nearer, with ground under its foot."""
    x0, y0, x1, y1 = thing.box
    if thing.merged or thing.cut_below or thing.cut_aside or y0 <= scene.content[1]:
        return False
    if thing.area_px < _MIN_AREA_PX or thing.height < _MIN_HEIGHT_PX or thing.known.noun == RIDERLESS:
        return False
    window = (slice(max(0, y0 - 2), y1 + 2), slice(max(0, x0 - 2), x1 + 2))
    keys = scene.image.instance_map[window]
    inside = (keys == thing.key).view(np.uint8)
    ring = (cv2.dilate(inside, np.ones((5, 5), np.uint8)) > 0) & (inside == 0)
    feet = {other.key: other.foot_y for other in scene.things}
    touching, counts = np.unique(keys[ring & (keys > 0)], return_counts=True)
    nearer = sum(
        int(count)
        for key, count in zip(touching, counts, strict=True)
        if feet.get(int(key), 0) > thing.foot_y - 0.06 * thing.height
    )
    if nearer > 0.02 * np.count_nonzero(ring):
        return False
    under = ring.copy()
    under[: -max(3, thing.height // 8)] = False
    ground = np.isin(scene.image.class_map[window], (BY_NAME["road"].id, BY_NAME["sidewalk"].id))
    return bool(under.any()) and float(ground[under].mean()) > 0.7
