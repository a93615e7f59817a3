"""What can be said of one labelled image: its things, their places and their surroundings, read once per image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ris_ros.data.classes import BY_NAME, CLASSES, VOID
from ris_ros.data.colours import ruled_out_colours
from ris_ros.data.expressions.attributes import Known
from ris_ros.data.labeled_image import InstanceInfo, LabeledImage

if TYPE_CHECKING:
    from ris_ros.data.expressions.predicates import Predicate

_MIN_THING_PX = 12
# What has no class and reaches higher, from the lower edge of the picture, is more than our own bonnet.
_BONNET_TOP = 0.7
_PAINTED = frozenset({"car", "van", "truck", "bus"})


@dataclass(frozen=True, slots=True)
class Thing:
    """One instance as it lies in the image.

    Attributes:
        key: Its value in the instance map.
        class_name: Its class.
        info: What the source knows of it.
        area_px: Visible pixels.
        box: (x0, y0, x1, y1) in pixels, ends exclusive.
        centre_x: Mean x of its pixels' middles.
        cut_below: Whether the lower image edge cuts it, so that its foot is out of sight.
        cut_aside: Whether the left or right image edge cuts it.
        known: Noun, count and phrases out of ``info``.
    """

    key: int
    class_name: str
    info: InstanceInfo
    area_px: int
    box: tuple[int, int, int, int]
    centre_x: float
    cut_below: bool
    cut_aside: bool
    known: Known

    @property
    def merged(self) -> bool:
        """Whether it is several things, counted or not: never to be named as one."""
        return self.known.count != 1

    @property
    def width(self) -> int:
        """Box width in pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> int:
        """Box height in pixels."""
        return self.box[3] - self.box[1]

    @property
    def foot_y(self) -> int:
        """Row just below its lowest pixel."""
        return self.box[3]


class Scene:
    """Facts of one image, computed from its maps as they stand (after any flip or crop)."""

    def __init__(self, image: LabeledImage) -> None:
        self.image = image
        self.height, self.width = image.class_map.shape
        self.class_area_px: NDArray[np.int64] = np.bincount(image.class_map.ravel(), minlength=len(CLASSES))
        self.content = _content_box(image.class_map)
        self.things: tuple[Thing, ...] = tuple(self._find_things())
        # What is surely true of each thing, by key, as far as somebody has asked.
        self.claims: dict[int, list[Predicate]] = {}
        # Whether things of these classes would all be known, as far as somebody has asked.
        self.deniable: dict[frozenset[str], bool] = {}
        self._by_key: dict[int, Thing] = {thing.key: thing for thing in self.things}
        self._by_class: dict[str, list[Thing]] = {}
        for thing in self.things:
            self._by_class.setdefault(thing.class_name, []).append(thing)
        self._unlabelled_share: float | None = None
        self._road_brightness: float | None = None
        self._ruled_out: dict[int, frozenset[str]] = {}
        self._side_masks: dict[str, dict[str, NDArray[np.bool_]]] = {}
        self._surroundings: dict[tuple[str, int], dict[str, float]] = {}

    @property
    def content_width(self) -> int:
        """Columns that show the world rather than padding."""
        return self.content[2] - self.content[0]

    @property
    def content_height(self) -> int:
        """Rows that show the world rather than padding."""
        return self.content[3] - self.content[1]

    def ruled_out_colours(self, thing: Thing) -> frozenset[str]:
        """Colours that a vehicle surely does not have; none are ruled out for anything else."""
        if thing.key not in self._ruled_out:
            ruled_out: frozenset[str] = frozenset()
            if thing.class_name in _PAINTED and not thing.merged:
                x0, y0, x1, y1 = thing.box
                window = (slice(y0, y1), slice(x0, x1))
                inside = np.equal(self.image.instance_map[window], thing.key)
                ruled_out = ruled_out_colours(self.image.image_rgb[window], inside, self.road_brightness)
            self._ruled_out[thing.key] = ruled_out
        return self._ruled_out[thing.key]

    @property
    def road_brightness(self) -> float:
        """Median brightness of the road, 0 to 255: the grey that paint is judged against; 0 where no road is seen."""
        if self._road_brightness is None:
            sample = self.image.image_rgb[::4, ::4][self.image.class_map[::4, ::4] == BY_NAME["road"].id]
            self._road_brightness = float(np.median(sample.max(axis=1))) if len(sample) else 0.0
        return self._road_brightness

    @property
    def unlabelled_share(self) -> float:
        """Share of the picture that has no class, the strip at its lower edge (our own bonnet) aside."""
        if self._unlabelled_share is None:
            x0, y0, x1, y1 = self.content
            void = np.equal(self.image.class_map[y0:y1, x0:x1], VOID)
            _, labels, stats, _ = cv2.connectedComponentsWithStats(void.view(np.uint8), connectivity=8)
            at_foot = np.isin(np.arange(len(stats)), labels[-1])
            bonnet = at_foot & (stats[:, cv2.CC_STAT_TOP] > _BONNET_TOP * len(void))
            inside = np.setdiff1d(np.arange(1, len(stats)), np.flatnonzero(bonnet))
            self._unlabelled_share = float(stats[inside, cv2.CC_STAT_AREA].sum()) / void.size
        return self._unlabelled_share

    def across(self, x: float) -> float:
        """Place of a point x across the picture: 0 at its left edge, 1 at its right; a column's middle is at .5."""
        return (x - self.content[0]) / self.content_width

    def share(self, class_name: str) -> float:
        """Share of the picture that the class covers."""
        return float(self.class_area_px[BY_NAME[class_name].id]) / (self.content_width * self.content_height)

    def thing(self, key: int) -> Thing:
        """The thing of this instance."""
        return self._by_key[key]

    def of_class(self, *class_names: str) -> list[Thing]:
        """The things of these classes."""
        return [thing for name in class_names for thing in self._by_class.get(name, ())]

    def mask(self, *keys: int) -> NDArray[np.bool_]:
        """bool [H, W] of these instances together."""
        if len(keys) == 1:
            return np.equal(self.image.instance_map, keys[0])
        return np.isin(self.image.instance_map, keys)

    def class_mask(self, *class_names: str) -> NDArray[np.bool_]:
        """bool [H, W] of these classes together."""
        mask = np.equal(self.image.class_map, BY_NAME[class_names[0]].id)
        for name in class_names[1:]:
            mask |= self.image.class_map == BY_NAME[name].id
        return mask

    def below(self, thing: Thing) -> dict[str, float]:
        """Share of each class in a strip right under the thing: what it stands on."""
        x0, _, x1, y1 = thing.box
        return self._shares("below", (x0, y1 - 1, x1, y1 + max(3, thing.height // 12)), thing.key)

    def around(self, thing: Thing) -> dict[str, float]:
        """Share of each class beside and above the thing's upper two thirds: what it is seen against."""
        x0, y0, x1, y1 = thing.box
        margin_x, margin_y = max(3, thing.width // 2), max(3, thing.height // 6)
        return self._shares("around", (x0 - margin_x, y0 - margin_y, x1 + margin_x, y1 - thing.height // 3), thing.key)

    def sides(self, class_name: str) -> dict[str, NDArray[np.bool_]]:
        """Masks of a stuff class on the left and on the right, for the sides that are clearly apart."""
        if class_name not in self._side_masks:
            self._side_masks[class_name] = self._split_sides(class_name)
        return self._side_masks[class_name]

    def _shares(self, where: str, box: tuple[int, int, int, int], key: int) -> dict[str, float]:
        """Share of each class among the pixels of a window that are not the thing's own."""
        if (where, key) not in self._surroundings:
            x0, y0, x1, y1 = (max(0, edge) for edge in box)
            classes = self.image.class_map[y0:y1, x0:x1][self.image.instance_map[y0:y1, x0:x1] != key]
            counts = np.bincount(classes, minlength=len(CLASSES)).tolist()
            shares = {c.name: counts[c.id] / len(classes) for c in CLASSES if counts[c.id]}
            self._surroundings[where, key] = shares
        return self._surroundings[where, key]

    def _split_sides(self, class_name: str) -> dict[str, NDArray[np.bool_]]:
        mask = self.class_mask(class_name)
        count, labels, stats, centroids = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
        picked: dict[str, list[int]] = {"left": [], "right": []}
        total, undecided = 0, 0
        for label in range(1, count):
            area = int(stats[label, cv2.CC_STAT_AREA])
            first = self.across(float(stats[label, cv2.CC_STAT_LEFT]))
            last = self.across(float(stats[label, cv2.CC_STAT_LEFT] + stats[label, cv2.CC_STAT_WIDTH]))
            centre = self.across(float(centroids[label, 0]) + 0.5)
            total += area
            if last < 0.56 and centre < 0.44:
                picked["left"].append(label)
            elif first > 0.44 and centre > 0.56:
                picked["right"].append(label)
            else:
                undecided += area
        if total == 0 or undecided > 0.12 * total:
            return {}
        return {side: np.isin(labels, chosen) for side, chosen in picked.items() if chosen}

    def _find_things(self) -> list[Thing]:
        flat = self.image.instance_map
        rows, columns = np.nonzero(flat)
        if not len(rows):
            return []
        keys = flat[rows, columns]
        present, index = np.unique(keys, return_inverse=True)
        count = len(present)
        area = np.bincount(index, minlength=count)
        mean_x = np.bincount(index, weights=columns, minlength=count) / area + 0.5
        low_x, low_y = np.full(count, self.width), np.full(count, self.height)
        high_x, high_y = np.zeros(count, np.int64), np.zeros(count, np.int64)
        np.minimum.at(low_x, index, columns)
        np.maximum.at(high_x, index, columns)
        np.minimum.at(low_y, index, rows)
        np.maximum.at(high_y, index, rows)
        x0, _, x1, y1 = self.content
        known = {
            i: Known.read(self.image.instances[key])
            for i, key in enumerate(present.tolist())
            if key in self.image.instances
        }
        return [
            Thing(
                key=int(present[i]),
                class_name=known[i].class_name,
                info=self.image.instances[int(present[i])],
                area_px=int(area[i]),
                box=(int(low_x[i]), int(low_y[i]), int(high_x[i]) + 1, int(high_y[i]) + 1),
                centre_x=float(mean_x[i]),
                cut_below=bool(high_y[i] >= y1 - 2),
                cut_aside=bool(low_x[i] <= x0 + 1 or high_x[i] >= x1 - 2),
                known=known[i],
            )
            for i in range(count)
            if area[i] >= _MIN_THING_PX and i in known
        ]


def _content_box(class_map: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Box of everything labelled: letterbox padding is void and says nothing about left and right."""
    labelled = class_map != VOID
    columns = np.flatnonzero(labelled.any(axis=0))
    rows = np.flatnonzero(labelled.any(axis=1))
    if not len(columns):
        return 0, 0, class_map.shape[1], class_map.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
